//! Whole numbers and decimals.

use migrator_model::{BadValue, LogicalType, PgType, policy::Lost};

use super::{
    Cells,
    bind::{ByRow, Column},
    numeric::{self, Decimal},
    short_numeric::ShortLimit,
    varlena::fixed,
};
use crate::vector::{Data, Vector};

/// The number in a row, of any width; None where the data holds no whole numbers, or one above
/// the range of i128.
pub fn value(data: &Data<'_>, row: usize) -> Option<i128> {
    Some(match data {
        Data::I8(values) => values[row].into(),
        Data::I16(values) => values[row].into(),
        Data::I32(values) => values[row].into(),
        Data::I64(values) => values[row].into(),
        Data::U8(values) => values[row].into(),
        Data::U16(values) => values[row].into(),
        Data::U32(values) => values[row].into(),
        Data::U64(values) => values[row].into(),
        Data::I128(values) => values[row].value(),
        Data::U128(values) => i128::try_from(values[row].value()).ok()?,
        _ => return None,
    })
}

/// The number in a row as a decimal: also DECIMAL, UHUGEINT and BIGNUM.
pub fn decimal(logical: &LogicalType, data: &Data<'_>, row: usize) -> Option<Decimal> {
    match (logical, data) {
        (LogicalType::BigNum, Data::Str(values)) => Some(numeric::bignum(values[row].bytes())),
        (_, Data::U128(values)) => Some(Decimal::of(false, values[row].value(), 0)),
        (LogicalType::Decimal { scale, .. }, _) => {
            value(data, row).map(|n| Decimal::of(n < 0, n.unsigned_abs(), (*scale).into()))
        }
        _ => value(data, row).map(|n| Decimal::of(n < 0, n.unsigned_abs(), 0)),
    }
}

/// Binds whole numbers and decimals to integers and numeric; None for anything else.
pub fn bind<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Box<dyn Cells + 'c>> {
    use LogicalType as L;
    let is_number = matches!(
        column.logical,
        L::TinyInt
            | L::SmallInt
            | L::Integer
            | L::BigInt
            | L::UTinyInt
            | L::USmallInt
            | L::UInteger
            | L::UBigInt
            | L::HugeInt
            | L::UHugeInt
            | L::BigNum
            | L::Decimal { .. }
    );
    if !is_number {
        return None;
    }
    match &column.target.pg {
        PgType::Numeric(limit) => Some(to_numeric(column, vector, *limit)),
        PgType::Int2 | PgType::Int4 | PgType::Int8 => {
            same_width(column, vector).or_else(|| Some(to_integer(column, vector)))
        }
        _ => None,
    }
}

/// The common case: the stored form is the on-disk form, or widens to it.
fn same_width<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Box<dyn Cells + 'c>> {
    use super::bind::each;
    let validity = vector.validity;
    Some(match (&column.target.pg, &vector.data) {
        (PgType::Int2, Data::I16(values)) => each(validity, values, |v, out, _| {
            fixed(out, 2, v.to_le_bytes());
            Ok(())
        }),
        (PgType::Int4, Data::I32(values)) => each(validity, values, |v, out, _| {
            fixed(out, 4, v.to_le_bytes());
            Ok(())
        }),
        (PgType::Int8, Data::I64(values)) => each(validity, values, |v, out, _| {
            fixed(out, 8, v.to_le_bytes());
            Ok(())
        }),
        _ => return None,
    })
}

fn to_integer<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Box<dyn Cells + 'c> {
    let pg = &column.target.pg;
    let put = move |row, out: &mut Vec<u8>, _: &mut Lost| {
        check_bignum(&vector.data, row)?;
        let whole = match &vector.data {
            Data::Str(_) => decimal(column.logical, &vector.data, row).and_then(|d| d.to_i128()),
            data => value(data, row),
        };
        let out_of_range = || {
            let shown = decimal(column.logical, &vector.data, row);
            BadValue::out_of_range(shown.map_or_else(String::new, |d| d.to_string()), pg)
        };
        let whole = whole.ok_or_else(out_of_range)?;
        match pg {
            PgType::Int2 => {
                fixed(out, 2, i16::try_from(whole).map_err(|_| out_of_range())?.to_le_bytes());
            }
            PgType::Int4 => {
                fixed(out, 4, i32::try_from(whole).map_err(|_| out_of_range())?.to_le_bytes());
            }
            _ => fixed(out, 8, i64::try_from(whole).map_err(|_| out_of_range())?.to_le_bytes()),
        }
        Ok(())
    };
    Box::new(ByRow { validity: vector.validity, put })
}

/// Refuses a BIGNUM that fits no number of PostgreSQL before its digits are worked out.
pub fn check_bignum(data: &Data<'_>, row: usize) -> Result<(), BadValue> {
    match data {
        Data::Str(values) if numeric::bignum_overflows(values[row].bytes()) => {
            Err(BadValue::new("22003", "value overflows numeric format"))
        }
        _ => Ok(()),
    }
}

/// The common case: DECIMAL of at most 18 digits to a numeric of the same scale.
fn short_numeric<'c>(
    column: Column<'c>,
    vector: &'c Vector<'c>,
    limit: Option<(u16, i16)>,
) -> Option<Box<dyn Cells + 'c>> {
    use super::bind::each;
    let LogicalType::Decimal { scale, .. } = column.logical else { return None };
    let limit = ShortLimit::new(*scale, limit).filter(|_| column.physical.packable)?;
    let validity = vector.validity;
    Some(match &vector.data {
        Data::I16(values) => each(validity, values, move |n, out, _| limit.put((*n).into(), out)),
        Data::I32(values) => each(validity, values, move |n, out, _| limit.put((*n).into(), out)),
        Data::I64(values) => each(validity, values, move |n, out, _| limit.put(*n, out)),
        _ => return None,
    })
}

fn to_numeric<'c>(
    column: Column<'c>,
    vector: &'c Vector<'c>,
    limit: Option<(u16, i16)>,
) -> Box<dyn Cells + 'c> {
    if let Some(cells) = short_numeric(column, vector, limit) {
        return cells;
    }
    let put = move |row, out: &mut Vec<u8>, _: &mut Lost| {
        check_bignum(&vector.data, row)?;
        let number = decimal(column.logical, &vector.data, row)
            .ok_or_else(|| BadValue::new("XX000", "number expected"))?;
        numeric::put(out, &column.physical, &number.limited(limit)?)
    };
    Box::new(ByRow { validity: vector.validity, put })
}
