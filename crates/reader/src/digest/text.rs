//! Texts, labels, bytes and UUIDs.

use migrator_model::{
    LogicalType,
    canonical::{Canonical, Kind},
    float_text,
};

use super::{
    bind::Column,
    nul::Nul,
    values::{Bound, by_row, each},
    words,
};
use crate::vector::{Data, HugeInt, Vector};

/// What becomes a text, with blanks at the end or without.
pub fn bind<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Bound<'c>> {
    use LogicalType as L;
    let (validity, nul) = (vector.validity, column.nul);
    let put = match column.kind {
        Kind::Char => put_char,
        _ => put_text,
    };
    Some(match (column.logical, &vector.data) {
        (L::Varchar | L::Json | L::Variant, Data::Str(stored)) => match column.kind {
            Kind::Char => each(validity, stored, move |text, out| put_char(text.bytes(), nul, out)),
            _ => each(validity, stored, move |text, out| put_text(text.bytes(), nul, out)),
        },
        (L::Enum(labels), data) => by_row(validity, move |row, out| {
            let label = index(data, row).and_then(|at| labels.get(at));
            match label {
                Some(label) => put(label.as_bytes(), nul, out),
                None => out.invalid(b""),
            }
        }),
        (L::Float, Data::F32(stored)) => each(validity, stored, move |number, out| {
            put(float_text::text(*number).as_bytes(), nul, out);
        }),
        (L::Double, Data::F64(stored)) => each(validity, stored, move |number, out| {
            put(float_text::text(*number).as_bytes(), nul, out);
        }),
        (logical, Data::Str(stored)) if words::are_known(logical) => {
            each(validity, stored, move |text, out| {
                put(&words::postgresql(logical, text.bytes()), nul, out);
            })
        }
        _ => return None,
    })
}

fn put_text(text: &[u8], nul: Nul<'_>, out: &mut Canonical) {
    match nul.parts(text) {
        None => out.text(text),
        Some(parts) => out.text_of(parts),
    }
}

fn put_char(text: &[u8], nul: Nul<'_>, out: &mut Canonical) {
    match nul.parts(text) {
        None => out.char(text),
        Some(parts) => out.char(&parts.collect::<Vec<_>>().concat()),
    }
}

/// The place of an ENUM's label.
fn index(data: &Data<'_>, row: usize) -> Option<usize> {
    Some(match data {
        Data::U8(stored) => usize::from(stored[row]),
        Data::U16(stored) => usize::from(stored[row]),
        Data::U32(stored) => stored[row] as usize,
        _ => return None,
    })
}

/// What becomes bytes or a UUID. A text's bytes are its UTF-8, NUL included; a geometry's
/// are the ISO WKB that DuckDB holds.
pub fn bind_bytes<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Bound<'c>> {
    use LogicalType as L;
    let validity = vector.validity;
    Some(match (column.kind, column.logical, &vector.data) {
        (Kind::Bytes, L::Varchar | L::Blob | L::Geometry { .. }, Data::Str(stored)) => {
            each(validity, stored, |bytes, out| out.blob(bytes.bytes()))
        }
        (Kind::Uuid, L::Uuid, Data::I128(stored)) => {
            each(validity, stored, |value, out| out.uuid(uuid(*value)))
        }
        _ => return None,
    })
}

/// DuckDB flips the first bit, so that UUIDs sort as signed numbers.
fn uuid(stored: HugeInt) -> [u8; 16] {
    let mut bytes = stored.value().to_be_bytes();
    bytes[0] ^= 0x80;
    bytes
}

#[cfg(test)]
mod tests {
    use migrator_model::canonical::profile::canonical as of;

    use super::*;

    #[test]
    fn a_uuid_has_its_first_bit_back() {
        let stored =
            HugeInt { lower: 0x8899_aabb_ccdd_eeff, upper: i64::MIN | 0x0011_2233_4455_6677 };
        assert_eq!(uuid(stored)[..4], [0x00, 0x11, 0x22, 0x33]);
        assert_eq!(uuid(stored)[15], 0xff);
    }

    #[test]
    fn a_text_and_a_character_text_without_their_nul_bytes() {
        let nul = Nul::Replaced(b" ");
        assert_eq!(of(|out| put_text(b"a\0b\0", nul, out)), of(|out| out.text(b"a b ")));
        assert_eq!(of(|out| put_char(b"a\0b\0", nul, out)), of(|out| out.text(b"a b")));
        assert_eq!(of(|out| put_text(b"a\0", Nul::Kept, out)), of(|out| out.text(b"a\0")));
    }
}
