//! pgvector's vector and halfvec: dimensions, then single or half precision numbers.

use half::f16;
use migrator_model::{
    BadValue, PgType,
    policy::{Loss, Lost},
};

use super::{
    Cells, Policy,
    bind::{ByRow, Column},
    float, varlena,
};
use crate::vector::{Data, Elements, Validity, Vector};

/// Binds a list of floats to vector or halfvec.
pub fn bind<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Box<dyn Cells + 'c>> {
    let (elements, child) = match &vector.data {
        Data::List { entries, child } => (Elements::List(entries), child),
        Data::Array { size, child } => (Elements::Array(*size), child),
        _ => return None,
    };
    let from = From { column, validity: vector.validity, elements, valid: child.validity };
    let policy = column.policy;
    Some(match (&child.data, &column.target.pg) {
        (Data::F32(values), PgType::Vector(wanted)) => {
            from.cells(values, *wanted, |numbers, out, _| {
                copy(numbers, out);
                Ok(())
            })
        }
        (Data::F64(values), PgType::Vector(wanted)) => {
            from.each(values, *wanted, |value, out, lost| {
                out.extend_from_slice(&float::narrow(value, policy, lost)?.to_le_bytes());
                Ok(())
            })
        }
        (Data::F32(values), PgType::HalfVec(wanted)) => {
            from.each(values, *wanted, |value, out, lost| {
                put_half(value, value.into(), policy, out, lost)
            })
        }
        (Data::F64(values), PgType::HalfVec(wanted)) => {
            from.each(values, *wanted, |value, out, lost| {
                put_half(value as f32, value, policy, out, lost)
            })
        }
        _ => return None,
    })
}

/// Appends the numbers as they are. Written into room that is there already, so that it becomes
/// one copy.
fn copy(numbers: &[f32], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + numbers.len() * 4, 0);
    let (slots, _) = out[start..].as_chunks_mut();
    slots.iter_mut().zip(numbers).for_each(|(slot, number)| *slot = number.to_le_bytes());
}

/// Whether none is NaN or infinite. It looks at all, because that is many at a time.
fn all_finite<T: Copy + Into<f64>>(numbers: &[T]) -> bool {
    numbers.iter().fold(true, |all, number| all & (*number).into().is_finite())
}

/// What the numbers are taken from.
struct From<'c> {
    column: Column<'c>,
    validity: Validity<'c>,
    elements: Elements<'c>,
    /// Which numbers are not NULL.
    valid: Validity<'c>,
}

impl<'c> From<'c> {
    /// Cells that write the numbers one by one.
    fn each<T: Copy + Into<f64>>(
        self,
        values: &'c [T],
        wanted: Option<u32>,
        put_one: impl Fn(T, &mut Vec<u8>, &mut Lost) -> Result<(), BadValue> + 'c,
    ) -> Box<dyn Cells + 'c> {
        self.cells(values, wanted, move |numbers, out, lost| {
            out.reserve(numbers.len() * 4);
            numbers.iter().try_for_each(|number| put_one(*number, out, lost))
        })
    }

    /// Cells that check a row as a whole, then write its numbers.
    fn cells<T: Copy + Into<f64>>(
        self,
        values: &'c [T],
        wanted: Option<u32>,
        put_all: impl Fn(&[T], &mut Vec<u8>, &mut Lost) -> Result<(), BadValue> + 'c,
    ) -> Box<dyn Cells + 'c> {
        let Self { column, validity, elements, valid } = self;
        let put = move |row, out: &mut Vec<u8>, lost: &mut Lost| {
            let range = elements.rows(row);
            let all_valid = valid.are_valid(range.clone());
            let numbers = &values[range];
            if !all_valid || !all_finite(numbers) {
                lost.note(Loss::NotAVector);
                let reason = "a vector holds neither NULL, NaN nor infinities";
                return Err(BadValue::new("22000", reason));
            }
            check_dimensions(numbers.len(), wanted)?;
            let open = varlena::open(out, &column.physical);
            out.extend_from_slice(&(numbers.len() as u16).to_le_bytes());
            out.extend_from_slice(&[0; 2]);
            put_all(numbers, out, lost)?;
            varlena::close(out, &open, &column.physical)
        };
        Box::new(ByRow { validity, put })
    }
}

fn check_dimensions(have: usize, wanted: Option<u32>) -> Result<(), BadValue> {
    if let Some(wanted) = wanted
        && have != wanted as usize
    {
        return Err(BadValue::new("22000", format!("expected {wanted} dimensions, not {have}")));
    }
    match have {
        0 => Err(BadValue::new("22000", "vector must have at least 1 dimension")),
        1..=16_000 => Ok(()),
        _ => Err(BadValue::new("54000", "vector cannot have more than 16000 dimensions")),
    }
}

/// Rounds as pgvector does: from single precision, to the nearest, ties to even. Not by
/// f16::from_f64, whose portable form forgets the lowest bits before it rounds.
fn put_half(
    single: f32,
    exact: f64,
    policy: &Policy,
    out: &mut Vec<u8>,
    lost: &mut Lost,
) -> Result<(), BadValue> {
    let half = f16::from_f32(single);
    if half.is_infinite() {
        return Err(BadValue::out_of_range(exact, "halfvec"));
    }
    if half.to_f64() != exact {
        policy.lose(Loss::FloatPrecision, lost, "22003")?;
    }
    out.extend_from_slice(&half.to_le_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use migrator_model::policy::NulBytes;

    use super::*;

    fn half(single: f32, exact: f64, accept_lossy: bool) -> Result<(Vec<u8>, bool), BadValue> {
        let policy = Policy { nul_bytes: NulBytes::Error, accept_lossy, count_only: false };
        let (mut out, mut lost) = (Vec::new(), Lost::default());
        put_half(single, exact, &policy, &mut out, &mut lost)?;
        Ok((out, lost.has(Loss::FloatPrecision)))
    }

    #[test]
    fn halves_round_to_the_nearest_with_all_bits_in_view() {
        let tie = 1.0 + 2_f32.powi(-11);
        assert_eq!(half(tie, tie.into(), true).unwrap(), (vec![0x00, 0x3c], true));
        let above = f32::from_bits(tie.to_bits() + 1);
        assert_eq!(half(above, above.into(), true).unwrap(), (vec![0x01, 0x3c], true));
        assert_eq!(half(1.5, 1.5, false).unwrap(), (vec![0x00, 0x3e], false));
    }

    #[test]
    fn a_changed_or_too_large_number_is_a_bad_value() {
        assert_eq!(half(0.1, 0.1, false).unwrap_err().sqlstate, "22003");
        assert_eq!(half(65_520.0, 65_520.0, true).unwrap_err().sqlstate, "22003");
        assert!(half(65_504.0, 65_504.0, false).is_ok());
    }
}
