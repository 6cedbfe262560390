//! Structs, maps, unions, tuples, lists and what is in them as JSON text, from vectors of which
//! `read` has made every leaf a boolean, a floating-point number, a text, a document or bytes.
//!
//! The meaning is the load's: a STRUCT is an object, a TUPLE an array, a UNION says its tag, a MAP
//! is an object where its keys are texts and else an array of pairs. Bytes are hexadecimal, what
//! JSON has no number for is a string.

use std::{cell::RefCell, io::Write, ops::Range};

use migrator_model::{
    Field, LogicalType,
    canonical::Kind,
    float_text::{self, Real},
};

use super::{
    bind::Column,
    json,
    values::{Bound, by_row},
    words,
};
use crate::vector::{Data, Vector};

/// A value that is no document: a text that is no UTF-8, or a JSON leaf that is no JSON.
#[derive(Debug)]
struct NoDocument;

type Written = Result<(), NoDocument>;

/// Binds any type to a document, as a text or as jsonb understands it.
pub fn bind<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Bound<'c> {
    let text = RefCell::new(Vec::new());
    by_row(vector.validity, move |row, out| {
        let mut text = text.borrow_mut();
        text.clear();
        let written = value(column.logical, vector, row, &mut text);
        match (written, column.kind) {
            (Err(NoDocument), _) => out.invalid(&text),
            (Ok(()), Kind::Json) => json::put(&text, column.nul, out),
            (Ok(()), _) => out.text(&text),
        }
    })
}

/// Appends a value.
fn value(logical: &LogicalType, vector: &Vector<'_>, row: usize, out: &mut Vec<u8>) -> Written {
    use LogicalType as L;
    if !vector.validity.is_valid(row) || *logical == L::Null {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    match (logical, &vector.data) {
        (L::Struct(fields), Data::Struct(parts)) => {
            let names = fields.iter().map(|field| field.name.as_str());
            let members = fields.iter().zip(parts);
            members_of(out, names.zip(members), |(field, part), out| {
                value(&field.logical, part, row, out)
            })
        }
        (L::Tuple(types), Data::Struct(parts)) => {
            array(out, types.iter().zip(parts), |(logical, part), out| {
                value(logical, part, row, out)
            })
        }
        (L::Union(fields), Data::Union { tags, members }) => {
            union(fields, usize::from(tags[row]), members, row, out)
        }
        (L::Map(key, value), Data::List { entries, child }) => {
            map(key, value, child, entries[row].rows(), out)
        }
        (L::List(element), Data::List { entries, child }) => {
            items(element, child, entries[row].rows(), out)
        }
        (L::Array(element, _), Data::Array { size, child }) => {
            items(element, child, row * size..(row + 1) * size, out)
        }
        (L::Boolean, Data::Bool(stored)) => {
            out.extend_from_slice(if stored[row] == 0 { b"false" } else { b"true" });
            Ok(())
        }
        (L::Float, Data::F32(stored)) => {
            real(stored[row], out);
            Ok(())
        }
        (L::Double, Data::F64(stored)) => {
            real(stored[row], out);
            Ok(())
        }
        (logical, Data::Str(stored)) => leaf(logical, stored[row].bytes(), out),
        _ => Err(NoDocument),
    }
}

/// Appends `[…]`.
fn array<T>(
    out: &mut Vec<u8>,
    items: impl Iterator<Item = T>,
    mut put: impl FnMut(T, &mut Vec<u8>) -> Written,
) -> Written {
    out.push(b'[');
    for (at, item) in items.enumerate() {
        separate(at, out);
        put(item, out)?;
    }
    out.push(b']');
    Ok(())
}

/// Appends `{…}`.
fn members_of<'n, T>(
    out: &mut Vec<u8>,
    members: impl Iterator<Item = (&'n str, T)>,
    mut put: impl FnMut(T, &mut Vec<u8>) -> Written,
) -> Written {
    out.push(b'{');
    for (at, (name, member)) in members.enumerate() {
        separate(at, out);
        json::string(name, out);
        out.push(b':');
        put(member, out)?;
    }
    out.push(b'}');
    Ok(())
}

fn separate(at: usize, out: &mut Vec<u8>) {
    if at > 0 {
        out.push(b',');
    }
}

fn items(
    element: &LogicalType,
    child: &Vector<'_>,
    rows: Range<usize>,
    out: &mut Vec<u8>,
) -> Written {
    array(out, rows, |row, out| value(element, child, row, out))
}

/// `{"tag": name, "value": …}`
fn union(
    fields: &[Field],
    tag: usize,
    members: &[Vector<'_>],
    row: usize,
    out: &mut Vec<u8>,
) -> Written {
    let (field, member) = fields.get(tag).zip(members.get(tag)).ok_or(NoDocument)?;
    out.extend_from_slice(b"{\"tag\":");
    json::string(&field.name, out);
    out.extend_from_slice(b",\"value\":");
    value(&field.logical, member, row, out)?;
    out.push(b'}');
    Ok(())
}

fn map(
    key: &LogicalType,
    element: &LogicalType,
    pairs: &Vector<'_>,
    rows: Range<usize>,
    out: &mut Vec<u8>,
) -> Written {
    let Data::Struct(parts) = &pairs.data else { return Err(NoDocument) };
    let [keys, values] = parts.as_slice() else { return Err(NoDocument) };
    let (open, between, close) = match key {
        LogicalType::Varchar => (b'{', &b""[..], b'}'),
        _ => (b'[', &b"["[..], b']'),
    };
    out.push(open);
    for (at, row) in rows.enumerate() {
        separate(at, out);
        out.extend_from_slice(between);
        value(key, keys, row, out)?;
        out.push(if between.is_empty() { b':' } else { b',' });
        value(element, values, row, out)?;
        if !between.is_empty() {
            out.push(b']');
        }
    }
    out.push(close);
    Ok(())
}

/// Appends what DuckDB gives as a text.
fn leaf(logical: &LogicalType, stored: &[u8], out: &mut Vec<u8>) -> Written {
    use LogicalType as L;
    match logical {
        L::Json | L::Variant => json::compact(stored, out).map_err(|_| NoDocument),
        L::Varchar => {
            json::string(std::str::from_utf8(stored).map_err(|_| NoDocument)?, out);
            Ok(())
        }
        L::Blob | L::Geometry { .. } => {
            hexadecimal(stored, out);
            Ok(())
        }
        scalar => {
            let text = words::postgresql(scalar, stored);
            match words::is_number(scalar) {
                true => out.extend_from_slice(&text),
                false => json::string(std::str::from_utf8(&text).map_err(|_| NoDocument)?, out),
            }
            Ok(())
        }
    }
}

/// JSON has no number for NaN and the infinities, and jsonb none for minus zero: they are strings.
fn real<T: Real>(number: T, out: &mut Vec<u8>) {
    let text = float_text::text(number);
    let number: f64 = number.into();
    match number.is_finite() && !(number == 0.0 && number.is_sign_negative()) {
        true => out.extend_from_slice(text.as_bytes()),
        false => json::string(&text, out),
    }
}

/// As bytea_output = hex shows it.
fn hexadecimal(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"\"\\\\x");
    for byte in bytes {
        // Nothing fails to be written to memory.
        let _ = write!(out, "{byte:02x}");
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ffi::string::StringT,
        vector::{ListEntry, Validity},
    };

    fn vector(data: Data<'_>) -> Vector<'_> {
        Vector { validity: Validity(None), data }
    }

    fn texts<'a>(texts: &[&'a str]) -> Vector<'a> {
        let all: Vec<_> = texts.iter().map(|text| StringT::borrowed(text.as_bytes())).collect();
        vector(Data::Str(Box::leak(all.into())))
    }

    fn field(name: &str, logical: LogicalType) -> Field {
        Field { name: name.into(), logical }
    }

    fn written(logical: &LogicalType, vector: &Vector<'_>) -> String {
        let mut out = Vec::new();
        value(logical, vector, 0, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_struct_is_an_object_and_what_json_has_no_number_for_a_string() {
        use LogicalType as L;
        let logical = L::Struct(vec![
            field("A\"a", L::Double),
            field("b", L::Float),
            field("c", L::Double),
            field("d", L::Decimal { width: 2, scale: 2 }),
            field("e", L::Date),
            field("f", L::Boolean),
            field("g", L::Json),
            field("h", L::Blob),
            field("i", L::Null),
            field("j", L::Varchar),
            field("k", L::HugeInt),
        ]);
        let null = Vector { validity: Validity(Some(&[0])), data: Data::Bool(&[1]) };
        let parts = vec![
            vector(Data::F64(&[f64::NAN])),
            vector(Data::F32(&[-0.0])),
            vector(Data::F64(&[1e300])),
            texts(&["-.05"]),
            texts(&["0001-12-31 (BC)"]),
            null,
            texts(&["{ \"x\" : [1.50, 1.50], \"x\":-0 }"]),
            texts(&["\u{1}ÿ"]),
            vector(Data::Null),
            texts(&["a\u{1}\n\0"]),
            texts(&["-5"]),
        ];
        let wanted = concat!(
            r#"{"A\"a":"NaN","b":"-0","c":1e+300,"d":-0.05,"e":"0001-12-31 BC","f":null,"#,
            r#""g":{"x":[1.50,1.50],"x":-0},"h":"\\x01c3bf","i":null,"j":"a\u0001\n\u0000","k":-5}"#,
        );
        assert_eq!(written(&logical, &vector(Data::Struct(parts))), wanted);
    }

    #[test]
    fn a_map_is_an_object_only_where_its_keys_are_texts() {
        use LogicalType as L;
        let union = || {
            let members = vec![texts(&["5", ""]), texts(&["", "x"])];
            vector(Data::Union { tags: &[0, 1], members })
        };
        let entries = [ListEntry { offset: 0, length: 2 }];
        let map = |keys| {
            let child = Box::new(vector(Data::Struct(vec![keys, union()])));
            vector(Data::List { entries: &entries, child })
        };
        let member = L::Union(vec![field("num", L::Integer), field("s", L::Varchar)]);
        let logical = |key| L::Map(Box::new(key), Box::new(member.clone()));
        assert_eq!(
            written(&logical(L::Date), &map(texts(&["2020-01-01", "infinity"]))),
            r#"[["2020-01-01",{"tag":"num","value":5}],["infinity",{"tag":"s","value":"x"}]]"#
        );
        assert_eq!(
            written(&logical(L::Varchar), &map(texts(&["k", ""]))),
            r#"{"k":{"tag":"num","value":5},"":{"tag":"s","value":"x"}}"#
        );
    }

    #[test]
    fn what_is_no_json_makes_no_document() {
        let logical = LogicalType::List(Box::new(LogicalType::Json));
        let entries = [ListEntry { offset: 0, length: 1 }];
        let child = Box::new(texts(&["1],[2"]));
        let list = vector(Data::List { entries: &entries, child });
        assert!(value(&logical, &list, 0, &mut Vec::new()).is_err());
    }
}
