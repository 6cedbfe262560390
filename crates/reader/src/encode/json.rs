//! JSON documents: read from text with every digit and every repeated key, written as text.

use std::fmt::{self, Write};

use jiter::{Jiter, JiterError, JsonErrorType, Peek};
use migrator_model::{
    BadValue, PgType,
    policy::{Loss, Lost},
};

use super::{
    Cells, Policy,
    bind::{Column, each},
    jsonb,
    numeric::Decimal,
    text, varlena,
};
use crate::vector::{Data, Vector};

/// Deeper documents are a bad value: PostgreSQL's own functions would run out of stack on them.
const MAX_DEPTH: usize = 512;

/// A document.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// null
    Null,
    /// true, false
    Bool(bool),
    /// A number by its text.
    Number(String),
    /// A string, without escapes.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object: members in order, keys may repeat.
    Object(Vec<(String, Json)>),
}

/// Binds a JSON or VARCHAR column to json or jsonb.
pub fn bind<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Box<dyn Cells + 'c>> {
    let Data::Str(values) = &vector.data else { return None };
    let (physical, policy) = (column.physical, column.policy);
    Some(match &column.target.pg {
        PgType::Jsonb => each(vector.validity, values, move |value, out, lost| {
            jsonb::put(out, &physical, parse(value.bytes())?, policy, lost)
        }),
        _ => each(vector.validity, values, move |value, out, _| {
            parse(value.bytes())?;
            varlena::bytes(out, &physical, value.bytes())
        }),
    })
}

/// Reads a document.
pub fn parse(bytes: &[u8]) -> Result<Json, BadValue> {
    let mut reader = Jiter::new(bytes);
    let json = (|| {
        let peek = reader.peek()?;
        let json = value(&mut reader, peek, 0)?;
        reader.finish()?;
        Ok(json)
    })();
    json.map_err(|error| match error {
        Stop::Deep => BadValue::new(
            "54001",
            format!("JSON document is nested deeper than {MAX_DEPTH} levels"),
        ),
        Stop::Syntax(reason) => {
            BadValue::new("22P02", format!("invalid input syntax for type json: {reason}"))
        }
    })
}

enum Stop {
    Deep,
    Syntax(String),
}

impl From<JiterError> for Stop {
    fn from(error: JiterError) -> Self {
        match &error.error_type {
            jiter::JiterErrorType::JsonError(JsonErrorType::RecursionLimitExceeded) => Self::Deep,
            reason => Self::Syntax(reason.to_string()),
        }
    }
}

fn value(reader: &mut Jiter<'_>, peek: Peek, depth: usize) -> Result<Json, Stop> {
    if depth > MAX_DEPTH {
        return Err(Stop::Deep);
    }
    Ok(match peek {
        Peek::Null => {
            reader.known_null()?;
            Json::Null
        }
        Peek::True | Peek::False => Json::Bool(reader.known_bool(peek)?),
        Peek::String => Json::String(reader.known_str()?.to_owned()),
        Peek::Array => array(reader, depth)?,
        Peek::Object => object(reader, depth)?,
        number => {
            let digits = reader.known_number_bytes(number)?;
            Json::Number(String::from_utf8_lossy(digits).into_owned())
        }
    })
}

fn array(reader: &mut Jiter<'_>, depth: usize) -> Result<Json, Stop> {
    let mut items = Vec::new();
    let mut next = reader.known_array()?;
    while let Some(peek) = next {
        items.push(value(reader, peek, depth + 1)?);
        next = reader.array_step()?;
    }
    Ok(Json::Array(items))
}

fn object(reader: &mut Jiter<'_>, depth: usize) -> Result<Json, Stop> {
    let mut members = Vec::new();
    let mut next = reader.known_object()?.map(str::to_owned);
    while let Some(key) = next {
        let peek = reader.peek()?;
        members.push((key, value(reader, peek, depth + 1)?));
        next = reader.next_key()?.map(str::to_owned);
    }
    Ok(Json::Object(members))
}

/// A string as jsonb can hold it: without NUL, by the policy, or else as an agreed loss.
pub fn storable(string: String, policy: &Policy, lost: &mut Lost) -> Result<String, BadValue> {
    use migrator_model::policy::NulBytes;
    if !string.contains('\0') {
        return Ok(string);
    }
    match policy.nul_bytes {
        NulBytes::Strip | NulBytes::Replace(_) => text::without_nul(&string, policy, lost),
        NulBytes::Error | NulBytes::Reject => {
            // The code that the policy for NUL bytes goes by: see the scan's rejects.
            let reject = policy.nul_bytes == NulBytes::Reject;
            policy.lose(Loss::NulBytes, lost, if reject { "22021" } else { "22P05" })?;
            Ok(string.replace('\0', ""))
        }
    }
}

/// A number as jsonb can hold it. Minus zero loses its sign.
pub fn number(digits: &str, policy: &Policy, lost: &mut Lost) -> Result<Decimal, BadValue> {
    let number = Decimal::parse(digits)?;
    if number.is_negative_zero() {
        policy.lose(Loss::NegativeZero, lost, "22003")?;
    }
    Ok(number)
}

impl fmt::Display for Json {
    /// Writes compact text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Number(digits) => f.write_str(digits),
            Json::String(string) => write_string(f, string),
            Json::Array(items) => write_list(f, ['[', ']'], items, |f, item| write!(f, "{item}")),
            Json::Object(members) => write_list(f, ['{', '}'], members, |f, (key, value)| {
                write_string(f, key)?;
                write!(f, ":{value}")
            }),
        }
    }
}

fn write_list<T>(
    f: &mut fmt::Formatter<'_>,
    [open, close]: [char; 2],
    items: &[T],
    write: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    f.write_char(open)?;
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            f.write_char(',')?;
        }
        write(f, item)?;
    }
    f.write_char(close)
}

fn write_string(f: &mut fmt::Formatter<'_>, string: &str) -> fmt::Result {
    // A string always serialises.
    f.write_str(&serde_json::to_string(string).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str) -> String {
        parse(text.as_bytes()).unwrap().to_string()
    }

    #[test]
    fn digits_and_repeated_keys_are_kept() {
        let text =
            r#"{"a":1.10,"a":123456789012345678901234567890,"b":[1e400,-0,null,true,"x\ny"]}"#;
        assert_eq!(round(text), text);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", "[1,]", "NaN", "{\"a\":Infinity}", "1 2", "\"\\ud800\"", "01", "'a'"]
        {
            assert_eq!(parse(text.as_bytes()).unwrap_err().sqlstate, "22P02", "{text}");
        }
    }

    #[test]
    fn deep_documents_are_refused() {
        let deep = "[".repeat(100_000);
        assert_eq!(parse(deep.as_bytes()).unwrap_err().sqlstate, "54001");
    }
}
