//! Bit strings (utils/varbit.h): the number of bits, then their bytes from the first bit on.

use migrator_model::{BadValue, PgType, layout::Physical, policy::Lost};

use super::{
    Cells,
    bind::{ByRow, Column, each},
    varlena,
};
use crate::vector::{Data, Elements, Validity, Vector};

/// VARBITMAXLEN (utils/varbit.h): a length counts in an int.
const MAX_BITS: usize = i32::MAX as usize - 7;

/// Binds BIT, and lists of 0 and 1, to bit and bit varying.
pub fn bind<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Box<dyn Cells + 'c>> {
    let (length, physical) = (Length::of(&column.target.pg)?, column.physical);
    if let Data::Str(values) = &vector.data {
        return Some(each(vector.validity, values, move |value, out, _| {
            let malformed = || BadValue::new("22P03", "malformed bit string");
            let (count, bytes) = bits(value.bytes()).ok_or_else(malformed)?;
            put(count, &bytes, length, &physical, out)
        }));
    }
    let (elements, child) = vector.elements()?;
    let from =
        From { length, physical, validity: vector.validity, elements, valid: child.validity };
    Some(match &child.data {
        Data::Bool(values) => from.cells(values, |value| Ok(value != 0)),
        Data::I8(values) => from.cells(values, digit),
        Data::U8(values) => from.cells(values, digit),
        _ => return None,
    })
}

/// How many bits a string may have, or has.
#[derive(Clone, Copy)]
enum Length {
    /// bit varying(n)
    AtMost(Option<u32>),
    /// bit(n)
    Exactly(Option<u32>),
}

impl Length {
    fn of(pg: &PgType) -> Option<Self> {
        match pg {
            PgType::Varbit(limit) => Some(Self::AtMost(*limit)),
            PgType::Bit(length) => Some(Self::Exactly(*length)),
            _ => None,
        }
    }

    /// In the words of bit() and varbit().
    fn check(self, count: usize) -> Result<(), BadValue> {
        match self {
            Self::AtMost(Some(limit)) if count > limit as usize => {
                let message = format!("bit string too long for type bit varying({limit})");
                Err(BadValue::new("22001", message))
            }
            Self::Exactly(Some(length)) if count != length as usize => {
                let message =
                    format!("bit string length {count} does not match type bit({length})");
                Err(BadValue::new("22026", message))
            }
            _ if count > MAX_BITS => {
                let message = format!("bit string length exceeds the maximum allowed ({MAX_BITS})");
                Err(BadValue::new("54000", message))
            }
            _ => Ok(()),
        }
    }
}

fn put(
    count: usize,
    bytes: &[u8],
    length: Length,
    physical: &Physical,
    out: &mut Vec<u8>,
) -> Result<(), BadValue> {
    length.check(count)?;
    let open = varlena::open(out, physical);
    out.extend_from_slice(&(count as u32).to_le_bytes());
    out.extend_from_slice(bytes);
    varlena::close(out, &open, physical)
}

/// A BIT's bits: how many, and their bytes from the first bit on, filled with zeros.
/// DuckDB's form: the number of padding bits, then bytes padded in front with ones.
pub fn bits(stored: &[u8]) -> Option<(usize, Vec<u8>)> {
    let (padding, bytes) = stored.split_first()?;
    let padding = usize::from(*padding);
    if padding > 7 {
        return None;
    }
    let count = (bytes.len() * 8).checked_sub(padding)?;
    let next = |at: usize| bytes.get(at + 1).copied().unwrap_or(0);
    let shifted = |at: usize| match padding {
        0 => bytes[at],
        _ => bytes[at] << padding | (u16::from(next(at)) >> (8 - padding)) as u8,
    };
    let packed = (0..count.div_ceil(8)).map(shifted).collect();
    Some((count, packed))
}

/// What a list's bits are taken from.
struct From<'c> {
    length: Length,
    physical: Physical,
    validity: Validity<'c>,
    elements: Elements<'c>,
    /// Which elements are not NULL.
    valid: Validity<'c>,
}

impl<'c> From<'c> {
    fn cells<T: Copy>(
        self,
        values: &'c [T],
        bit: impl Fn(T) -> Result<bool, BadValue> + 'c,
    ) -> Box<dyn Cells + 'c> {
        let Self { length, physical, validity, elements, valid } = self;
        let put = move |row, out: &mut Vec<u8>, _: &mut Lost| {
            let range = elements.rows(row);
            if !valid.are_valid(range.clone()) {
                return Err(BadValue::new("22004", "a bit string holds no NULL"));
            }
            let packed = packed(&values[range.clone()], &bit)?;
            self::put(range.len(), &packed, length, &physical, out)
        };
        Box::new(ByRow { validity, put })
    }
}

/// Eight to a byte, the first one highest, and zeros at the end.
fn packed<T: Copy>(
    values: &[T],
    bit: impl Fn(T) -> Result<bool, BadValue>,
) -> Result<Vec<u8>, BadValue> {
    let byte = |eight: &[T]| {
        eight
            .iter()
            .enumerate()
            .try_fold(0_u8, |byte, (at, value)| Ok(byte | u8::from(bit(*value)?) << (7 - at)))
    };
    values.chunks(8).map(byte).collect()
}

/// In the words of bit_in().
fn digit<T: Into<i16>>(value: T) -> Result<bool, BadValue> {
    match value.into() {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(BadValue::new("22P02", format!("\"{other}\" is not a valid binary digit"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_move_to_the_front() {
        assert_eq!(bits(&[0x03, 0xf5]), Some((5, vec![0b1010_1000])));
        assert_eq!(bits(&[0x00, 0xa5]), Some((8, vec![0xa5])));
        assert_eq!(bits(&[0x07, 0xff, 0x80]), Some((9, vec![0xc0, 0x00])));
        assert_eq!(bits(&[]), None);
        assert_eq!(bits(&[0x09, 0xff, 0xff]), None);
    }

    #[test]
    fn digits_are_packed_from_the_highest_bit() {
        let of = |values: &[i8]| packed(values, digit).map_err(|bad| bad.reason);
        assert_eq!(of(&[1, 0, 1]), Ok(vec![0b1010_0000]));
        assert_eq!(of(&[0, 0, 0, 0, 0, 0, 0, 1, 1]), Ok(vec![1, 0x80]));
        assert_eq!(of(&[]), Ok(vec![]));
        assert_eq!(of(&[1, -1]), Err("\"-1\" is not a valid binary digit".into()));
        assert_eq!(packed(&[1_u8, 2], digit).unwrap_err().sqlstate, "22P02");
    }

    #[test]
    fn a_length_is_a_limit_or_the_length_of_all() {
        let check =
            |pg: PgType, count| Length::of(&pg).unwrap().check(count).map_err(|bad| bad.sqlstate);
        assert_eq!(check(PgType::Varbit(Some(3)), 2), Ok(()));
        assert_eq!(check(PgType::Varbit(Some(3)), 4), Err("22001".into()));
        assert_eq!(check(PgType::Bit(Some(3)), 3), Ok(()));
        assert_eq!(check(PgType::Bit(Some(3)), 2), Err("22026".into()));
        assert_eq!(check(PgType::Bit(None), 70_000), Ok(()));
        assert_eq!(check(PgType::Varbit(None), 2_147_483_640), Ok(()));
        assert_eq!(check(PgType::Varbit(None), 2_147_483_641), Err("54000".into()));
    }
}
