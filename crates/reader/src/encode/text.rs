//! Texts, bytes, bits and UUIDs.

use migrator_model::{
    BadValue, PgType,
    layout::Physical,
    policy::{Loss, Losses, NulBytes},
};

use super::{
    Cells, Policy,
    bind::{Column, each},
    varlena,
};
use crate::vector::{Data, HugeInt, Vector};

/// Binds VARCHAR, JSON, BLOB and GEOMETRY to text and bytea.
pub fn bind<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Box<dyn Cells + 'c>> {
    let Data::Str(values) = &vector.data else { return None };
    let (physical, policy) = (column.physical, column.policy);
    let limit = match &column.target.pg {
        PgType::Bytea => {
            return Some(each(vector.validity, values, move |value, out, _| {
                varlena::bytes(out, &physical, value.bytes())
            }));
        }
        PgType::Text => None,
        PgType::Varchar(limit) => *limit,
        _ => return None,
    };
    Some(each(vector.validity, values, move |value, out, losses| {
        put(value.bytes(), limit, &physical, policy, out, losses)
    }))
}

/// Appends a text, after the policy for NUL bytes and the limit in characters.
pub fn put(
    bytes: &[u8],
    limit: Option<u32>,
    physical: &Physical,
    policy: &Policy,
    out: &mut Vec<u8>,
    losses: &mut Losses,
) -> Result<(), BadValue> {
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
    if bytes.contains(&0) {
        let clean = without_nul(text, policy, losses)?;
        check_length(&clean, limit)?;
        return varlena::bytes(out, physical, clean.as_bytes());
    }
    check_length(text, limit)?;
    varlena::bytes(out, physical, bytes)
}

/// What is stored must fit: after the policy for NUL bytes, which may shorten or lengthen it.
fn check_length(text: &str, limit: Option<u32>) -> Result<(), BadValue> {
    match limit {
        Some(limit) if text.len() > limit as usize && text.chars().count() > limit as usize => {
            let message = format!("value too long for type character varying({limit})");
            Err(BadValue::new("22001", message))
        }
        _ => Ok(()),
    }
}

fn not_utf8(bytes: &[u8], at: usize) -> BadValue {
    let shown: Vec<_> = bytes[at..].iter().take(3).map(|byte| format!("0x{byte:02x}")).collect();
    let message = format!("invalid byte sequence for encoding \"UTF8\": {}", shown.join(" "));
    BadValue::new("22021", message)
}

/// The text as the policy for NUL bytes leaves it; counted as a loss, which choosing the policy
/// has agreed to.
pub fn without_nul(text: &str, policy: &Policy, losses: &mut Losses) -> Result<String, BadValue> {
    let instead = match &policy.nul_bytes {
        NulBytes::Strip => "",
        NulBytes::Replace(instead) => instead,
        NulBytes::Error | NulBytes::Reject => {
            let message = "invalid byte sequence for encoding \"UTF8\": 0x00";
            return Err(BadValue::new("22021", message));
        }
    };
    losses.count(Loss::NulBytes);
    Ok(text.replace('\0', instead))
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

/// Binds BIT to bit varying.
pub fn bind_bit<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Box<dyn Cells + 'c>> {
    let (Data::Str(values), PgType::Varbit(limit)) = (&vector.data, &column.target.pg) else {
        return None;
    };
    let physical = column.physical;
    Some(each(vector.validity, values, move |value, out, _| {
        let (count, bytes) =
            bits(value.bytes()).ok_or_else(|| BadValue::new("22P03", "malformed bit string"))?;
        if limit.is_some_and(|limit| count > limit as usize) {
            let message = format!("bit string too long for type {}", PgType::Varbit(*limit));
            return Err(BadValue::new("22001", message));
        }
        let open = varlena::open(out, &physical);
        out.extend_from_slice(&(count as u32).to_le_bytes());
        out.extend_from_slice(&bytes);
        varlena::close(out, &open, &physical)
    }))
}

/// A UUID's bytes: DuckDB flips the first bit, so that they sort as signed numbers.
pub fn uuid(stored: &HugeInt) -> [u8; 16] {
    (stored.value() ^ i128::MIN).to_be_bytes()
}

/// Binds UUID to uuid.
pub fn bind_uuid<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Box<dyn Cells + 'c>> {
    match (&vector.data, &column.target.pg) {
        (Data::I128(values), PgType::Uuid) => {
            Some(each(vector.validity, values, |value, out, _| {
                out.extend_from_slice(&uuid(value));
                Ok(())
            }))
        }
        _ => None,
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
    fn what_is_stored_must_fit_not_what_was_read() {
        let physical = Physical { oid: 25, len: -1, align: 4, packable: true };
        let put = |text: &str, nul_bytes| {
            let policy = Policy { nul_bytes, accept_lossy: false, count_only: false };
            let bytes = text.as_bytes();
            put(bytes, Some(3), &physical, &policy, &mut Vec::new(), &mut Losses::default())
        };
        assert!(put("abc\0", NulBytes::Strip).is_ok());
        let long = put("ab\0", NulBytes::Replace("<NUL>".into()));
        assert_eq!(long.unwrap_err().sqlstate, "22001");
    }

    #[test]
    fn nul_bytes_follow_the_policy() {
        let policy = |nul_bytes| Policy { nul_bytes, accept_lossy: false, count_only: false };
        let mut losses = Losses::default();
        assert!(without_nul("a\0b", &policy(NulBytes::Error), &mut losses).is_err());
        assert_eq!(without_nul("a\0b", &policy(NulBytes::Strip), &mut losses).unwrap(), "ab");
        let replace = policy(NulBytes::Replace("?".into()));
        assert_eq!(without_nul("a\0b", &replace, &mut losses).unwrap(), "a?b");
        assert_eq!(losses.of(Loss::NulBytes), 2);
    }
}
