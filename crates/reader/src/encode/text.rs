//! Texts, bytes and UUIDs.

use std::borrow::Cow;

use migrator_model::{
    BadValue, PgType,
    layout::Physical,
    policy::{Loss, Lost, NulBytes},
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
    let length = match &column.target.pg {
        PgType::Bytea => {
            return Some(each(vector.validity, values, move |value, out, _| {
                varlena::bytes(out, &physical, value.bytes())
            }));
        }
        pg => Length::of(pg)?,
    };
    Some(each(vector.validity, values, move |value, out, lost| {
        put(value.bytes(), length, &physical, policy, out, lost)
    }))
}

/// How many characters a text may have, or has.
#[derive(Clone, Copy)]
pub enum Length {
    /// Any number: text, varchar, bpchar.
    Any,
    /// varchar(n)
    AtMost(u32),
    /// character(n): filled with blanks.
    Exactly(u32),
}

impl Length {
    /// The length of a text type; None for any other type.
    pub fn of(pg: &PgType) -> Option<Self> {
        match pg {
            PgType::Text | PgType::Varchar(None) | PgType::Char(None) => Some(Self::Any),
            PgType::Varchar(Some(limit)) => Some(Self::AtMost(*limit)),
            PgType::Char(Some(length)) => Some(Self::Exactly(*length)),
            _ => None,
        }
    }

    /// Whether a text of so many characters is stored as it is.
    fn allows(self, characters: usize) -> bool {
        match self {
            Self::Any => true,
            Self::AtMost(limit) => characters <= limit as usize,
            Self::Exactly(length) => characters == length as usize,
        }
    }

    /// The text as it is stored.
    fn fit(self, text: &str) -> Result<Cow<'_, str>, BadValue> {
        match self {
            Self::Any => Ok(text.into()),
            Self::AtMost(limit) if exceeds(text, limit) => {
                Err(too_long(&format!("character varying({limit})")))
            }
            Self::AtMost(_) => Ok(text.into()),
            Self::Exactly(length) => fill(text, length),
        }
    }
}

/// Fills with blanks, or takes off those that are too many, as bpchar() does.
fn fill(text: &str, length: u32) -> Result<Cow<'_, str>, BadValue> {
    let characters = text.chars().count();
    let missing = (length as usize).saturating_sub(characters);
    if exceeds(text, length) {
        let end = text.char_indices().nth(length as usize).map_or(text.len(), |(at, _)| at);
        let (kept, rest) = text.split_at(end);
        return match rest.trim_start_matches(' ') {
            "" => Ok(kept.into()),
            _ => Err(too_long(&format!("character({length})"))),
        };
    }
    Ok(if missing == 0 { text.into() } else { (text.to_owned() + &" ".repeat(missing)).into() })
}

fn exceeds(text: &str, limit: u32) -> bool {
    text.len() > limit as usize && text.chars().count() > limit as usize
}

fn too_long(type_name: &str) -> BadValue {
    BadValue::new("22001", format!("value too long for type {type_name}"))
}

/// Whether every byte is ASCII and none is NUL: either would leave a high bit.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |bits, byte| bits | byte | byte.wrapping_sub(1)) < 0x80
}

/// Appends a text, after the policy for NUL bytes and the length in characters.
pub fn put(
    bytes: &[u8],
    length: Length,
    physical: &Physical,
    policy: &Policy,
    out: &mut Vec<u8>,
    lost: &mut Lost,
) -> Result<(), BadValue> {
    if length.allows(bytes.len()) && is_plain(bytes) {
        return varlena::bytes(out, physical, bytes);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
    if bytes.contains(&0) {
        // What is stored must fit: the policy may shorten or lengthen it.
        let clean = without_nul(text, policy, lost)?;
        return varlena::bytes(out, physical, length.fit(&clean)?.as_bytes());
    }
    varlena::bytes(out, physical, length.fit(text)?.as_bytes())
}

fn not_utf8(bytes: &[u8], at: usize) -> BadValue {
    let shown: Vec<_> = bytes[at..].iter().take(3).map(|byte| format!("0x{byte:02x}")).collect();
    let message = format!("invalid byte sequence for encoding \"UTF8\": {}", shown.join(" "));
    BadValue::new("22021", message)
}

/// The text as the policy for NUL bytes leaves it; counted as a loss, which choosing the policy
/// has agreed to.
pub fn without_nul(text: &str, policy: &Policy, lost: &mut Lost) -> Result<String, BadValue> {
    let instead = match &policy.nul_bytes {
        NulBytes::Strip => "",
        NulBytes::Replace(instead) => instead,
        NulBytes::Error | NulBytes::Reject => {
            let message = "invalid byte sequence for encoding \"UTF8\": 0x00";
            return Err(BadValue::new("22021", message));
        }
    };
    lost.note(Loss::NulBytes);
    Ok(text.replace('\0', instead))
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
    fn what_is_stored_must_fit_not_what_was_read() {
        let physical = Physical { oid: 25, len: -1, align: 4, packable: true };
        let put = |text: &str, nul_bytes| {
            let policy = Policy { nul_bytes, accept_lossy: false, count_only: false };
            let bytes = text.as_bytes();
            put(bytes, Length::AtMost(3), &physical, &policy, &mut Vec::new(), &mut Lost::default())
        };
        assert!(put("abc\0", NulBytes::Strip).is_ok());
        let long = put("ab\0", NulBytes::Replace("<NUL>".into()));
        assert_eq!(long.unwrap_err().sqlstate, "22001");
    }

    #[test]
    fn character_n_has_n_characters() {
        let fit = |text| Length::Exactly(3).fit(text).map(Cow::into_owned);
        // SELECT 'é'::character(3), 'abc  '::character(3)
        assert_eq!(fit("é").unwrap(), "é  ");
        assert_eq!(fit("abc  ").unwrap(), "abc");
        assert_eq!(fit("").unwrap(), "   ");
        assert_eq!(fit("abc d").unwrap_err().sqlstate, "22001");
    }

    #[test]
    fn nul_bytes_follow_the_policy() {
        let policy = |nul_bytes| Policy { nul_bytes, accept_lossy: false, count_only: false };
        let mut lost = Lost::default();
        assert!(without_nul("a\0b", &policy(NulBytes::Error), &mut lost).is_err());
        assert_eq!(without_nul("a\0b", &policy(NulBytes::Strip), &mut lost).unwrap(), "ab");
        let replace = policy(NulBytes::Replace("?".into()));
        assert_eq!(without_nul("a\0b", &replace, &mut lost).unwrap(), "a?b");
        assert!(lost.has(Loss::NulBytes));
    }
}
