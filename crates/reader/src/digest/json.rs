//! JSON documents as jsonb understands them: the order of keys means nothing, of a repeated key
//! the last counts, numbers are numerics.

use json_event_parser::{JsonEvent, SliceJsonParser};
use migrator_model::canonical::Canonical;

use super::{
    decimal,
    nul::Nul,
    values::{Bound, each},
};
use crate::vector::{Data, Vector};

/// A column's document is a bad value to the load when it is nested deeper than 512 levels, and
/// one inside a type of 24 levels may stand so much deeper, twice where they are maps.
const MAX_DEPTH: usize = 512 + 2 * 24;

/// A text that is no JSON document.
#[derive(Debug)]
pub struct NoJson;

type Read = Result<(), NoJson>;

/// Binds a JSON text.
pub fn bind<'c>(nul: Nul<'c>, vector: &'c Vector<'c>) -> Option<Bound<'c>> {
    let Data::Str(stored) = &vector.data else { return None };
    Some(each(vector.validity, stored, move |text, out| put(text.bytes(), nul, out)))
}

/// Appends a document, or what is none as it is.
pub fn put(text: &[u8], nul: Nul<'_>, out: &mut Canonical) {
    let mut document = Canonical::default();
    let mut reader = Reader { parser: SliceJsonParser::new(text), nul: nul.in_document() };
    match reader.whole(&mut document) {
        Ok(()) => out.raw(document.bytes()),
        Err(NoJson) => out.invalid(text),
    }
}

struct Reader<'t> {
    parser: SliceJsonParser<'t>,
    nul: Nul<'t>,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<JsonEvent<'t>, NoJson> {
        self.parser.parse_next().map_err(|_| NoJson)
    }

    fn whole(&mut self, out: &mut Canonical) -> Read {
        let first = self.next()?;
        self.value(first, 0, out)?;
        match self.next()? {
            JsonEvent::Eof => Ok(()),
            _ => Err(NoJson),
        }
    }

    fn value(&mut self, event: JsonEvent<'t>, depth: usize, out: &mut Canonical) -> Read {
        match event {
            JsonEvent::Null => out.json_null(),
            JsonEvent::Boolean(value) => out.json_bool(value),
            JsonEvent::String(text) => self.string(text.as_bytes(), out),
            JsonEvent::Number(digits) => {
                return decimal::put(digits.as_bytes(), out).then_some(()).ok_or(NoJson);
            }
            _ if depth >= MAX_DEPTH => return Err(NoJson),
            JsonEvent::StartArray => return self.array(depth, out),
            JsonEvent::StartObject => return self.object(depth, out),
            _ => return Err(NoJson),
        }
        Ok(())
    }

    fn string(&self, text: &[u8], out: &mut Canonical) {
        match self.nul.parts(text) {
            None => out.text(text),
            Some(parts) => out.text_of(parts),
        }
    }

    fn array(&mut self, depth: usize, out: &mut Canonical) -> Read {
        let (mut items, mut count) = (Canonical::default(), 0);
        loop {
            match self.next()? {
                JsonEvent::EndArray => break,
                event => self.value(event, depth + 1, &mut items)?,
            }
            count += 1;
        }
        out.json_array(count);
        out.raw(items.bytes());
        Ok(())
    }

    fn object(&mut self, depth: usize, out: &mut Canonical) -> Read {
        let mut members = Vec::new();
        while let JsonEvent::ObjectKey(key) = self.next()? {
            let mut value = Canonical::default();
            let event = self.next()?;
            self.value(event, depth + 1, &mut value)?;
            members.push((self.key(key.as_bytes()), value.bytes().to_vec()));
        }
        out.json_object(members);
        Ok(())
    }

    fn key(&self, key: &[u8]) -> Vec<u8> {
        match self.nul.parts(key) {
            None => key.to_vec(),
            Some(parts) => parts.collect::<Vec<_>>().concat(),
        }
    }
}

/// Appends a document without the blanks between its parts: numbers and the order of keys stay.
pub fn compact(text: &[u8], out: &mut Vec<u8>) -> Read {
    let mut parser = SliceJsonParser::new(text);
    let (mut depth, mut needs_comma) = (0_usize, false);
    loop {
        let event = parser.parse_next().map_err(|_| NoJson)?;
        let closes = matches!(event, JsonEvent::EndArray | JsonEvent::EndObject);
        if needs_comma && !closes && event != JsonEvent::Eof {
            out.push(b',');
        }
        needs_comma = true;
        match event {
            JsonEvent::Null => out.extend_from_slice(b"null"),
            JsonEvent::Boolean(true) => out.extend_from_slice(b"true"),
            JsonEvent::Boolean(false) => out.extend_from_slice(b"false"),
            JsonEvent::Number(digits) => out.extend_from_slice(digits.as_bytes()),
            JsonEvent::String(value) => string(&value, out),
            JsonEvent::ObjectKey(key) => {
                string(&key, out);
                out.push(b':');
                needs_comma = false;
            }
            JsonEvent::StartArray | JsonEvent::StartObject => {
                out.push(if event == JsonEvent::StartArray { b'[' } else { b'{' });
                depth += 1;
                needs_comma = false;
            }
            JsonEvent::EndArray | JsonEvent::EndObject => {
                out.push(if event == JsonEvent::EndArray { b']' } else { b'}' });
                depth -= 1;
            }
            JsonEvent::Eof => return Ok(()),
        }
        if depth > MAX_DEPTH {
            return Err(NoJson);
        }
    }
}

/// Appends a string with its quotes and escapes.
pub fn string(text: &str, out: &mut Vec<u8>) {
    // A string always serialises.
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<u8> {
        let mut out = Canonical::default();
        put(text.as_bytes(), Nul::Kept, &mut out);
        out.bytes().to_vec()
    }

    fn invalid(text: &str) -> Vec<u8> {
        let mut out = Canonical::default();
        out.invalid(text.as_bytes());
        out.bytes().to_vec()
    }

    #[test]
    fn a_document_is_what_jsonb_understands() {
        assert_eq!(
            of(r#"{"b": 1.50, "a": [true, null, "x"]}"#),
            of(r#"{"a":[true,null,"\u0078"],"b":15e-1}"#)
        );
        assert_eq!(of(r#"{"a":1,"b":2,"a":3}"#), of(r#"{"b":2,"a":3}"#));
        assert_ne!(of(r#"{"a":1,"b":2,"a":3}"#), of(r#"{"b":2,"a":1}"#));
        assert_eq!(of("-0.0"), of("0"));
        assert_ne!(of("[]"), of("{}"));
        assert_ne!(of("[[],1]"), of("[[1]]"));
        assert_eq!(of("\"a\\u0000b\""), of("\"ab\""));
        assert_eq!(of("\"\\ud83d\\ude00\""), of("\"😀\""));
    }

    #[test]
    fn nul_bytes_are_replaced_as_the_load_was_told() {
        let mut out = Canonical::default();
        put(br#"{"a\u0000":"\u0000"}"#, Nul::Replaced(b"?"), &mut out);
        assert_eq!(out.bytes(), of(r#"{"a?":"?"}"#));
    }

    #[test]
    fn a_document_has_these_bytes() {
        let mut wanted = Canonical::default();
        let (mut one, mut other) = (Canonical::default(), Canonical::default());
        one.json_array(2);
        one.numeric(true, 0, [1_u16].as_slice());
        one.json_null();
        other.json_bool(true);
        let members = [("k", one), ("a", other)];
        let member = |(key, value): (&str, Canonical)| (key.into(), value.bytes().to_vec());
        wanted.json_object(members.map(member).into());
        assert_eq!(of(r#"{"k":[-1,null],"a":true}"#), wanted.bytes());
    }

    #[test]
    fn what_is_no_json_is_invalid() {
        let texts =
            ["", "{", "[1,]", "NaN", "1 2", "\"\\ud800\"", "01", "'a'", "1e131072", "\"abc"];
        for text in texts {
            assert_eq!(of(text), invalid(text), "{text}");
            assert!(text == "1e131072" || compact(text.as_bytes(), &mut Vec::new()).is_err());
        }
    }

    #[test]
    fn deep_documents_are_refused_and_no_stack_overflows() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert_ne!(of(&nested(512)), invalid(&nested(512)));
        assert_eq!(of(&nested(100_000)), invalid(&nested(100_000)));
        assert!(compact(nested(100_000).as_bytes(), &mut Vec::new()).is_err());
    }

    #[test]
    fn a_compact_document_keeps_its_digits_and_its_keys() {
        let mut out = Vec::new();
        let text = r#" { "b" : [ 1.50 , [ ] , { } , "\u00e9\u0000" ] , "a" : -0e1, "a":null } "#;
        compact(text.as_bytes(), &mut out).unwrap();
        let wanted = "{\"b\":[1.50,[],{},\"é\\u0000\"],\"a\":-0e1,\"a\":null}";
        assert_eq!(String::from_utf8(out).unwrap(), wanted);
    }
}
