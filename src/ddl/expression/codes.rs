//! Characters and bytes as numbers, digits and hashes.

use super::{
    Untranslatable,
    class::{Class, INTEGER},
    division::once,
    functions::{
        Call, Function,
        Stability::{Immutable, Queried, Stable},
        line, one, same,
    },
    refuse,
    text_helpers::{SHA1, URL_ENCODE},
    value::Value,
};
use crate::ddl::helper::{self, Helper};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["ascii"], 1..=1, Immutable, |call| same(call, "ascii", INTEGER)),
    line(&["unicode", "ord"], 1..=1, Immutable, unicode),
    line(&["chr"], 1..=1, Immutable, chr),
    line(&["md5"], 1..=1, Immutable, |call| same(call, "md5", Class::Text)),
    line(&["sha256"], 1..=1, Stable, sha256),
    line(&["sha1"], 1..=1, Queried, |call| text_helper(call, &SHA1)),
    line(&["hex", "to_hex"], 1..=1, Stable, hex),
    line(&["unhex", "from_hex"], 1..=1, Immutable, unhex),
    line(&["bin", "to_binary"], 1..=1, Immutable, bin),
    line(&["to_base64", "base64"], 1..=1, Immutable, to_base64),
    line(&["from_base64"], 1..=1, Immutable, from_base64),
    line(&["encode"], 1..=1, Stable, encode),
    line(&["decode"], 1..=1, Stable, decode),
    line(&["url_encode"], 1..=1, Queried, |call| text_helper(call, &URL_ENCODE)),
];

fn text_helper(call: Call<'_>, helper: &'static Helper) -> Out {
    let (name, context) = (call.name, call.context);
    let text = one(call)?.text(name)?.sql;
    Ok(Value::settled(helper::call(context.helpers, helper, &text)?, Class::Text))
}

/// -1 for an empty text; `ascii` has 0 for it.
fn unicode(call: Call<'_>) -> Out {
    let text = one(call)?.text("unicode")?;
    once(&text)?;
    let sql = format!("(CASE WHEN {0} = '' THEN -1 ELSE pg_catalog.ascii({0}) END)", text.sql);
    Ok(Value::settled(sql, INTEGER))
}

/// PostgreSQL's texts cannot hold `chr(0)`: an error.
fn chr(call: Call<'_>) -> Out {
    let code = one(call)?.integer("chr")?;
    Ok(Value::settled(format!("pg_catalog.chr(({})::integer)", code.sql), Class::Text))
}

/// The bytes of a text or a BLOB.
fn bytes(value: Value, place: &str) -> Result<String, Untranslatable> {
    match value.class {
        Class::Blob => Ok(value.sql),
        Class::Text | Class::Untyped => {
            Ok(format!("pg_catalog.convert_to({}, 'UTF8')", value.text(place)?.sql))
        }
        other => refuse(format!("function {place} of {} is not supported", other.name())),
    }
}

fn sha256(call: Call<'_>) -> Out {
    let bytes = bytes(one(call)?, "sha256")?;
    let sql = format!("pg_catalog.encode(pg_catalog.sha256({bytes}), 'hex')");
    Ok(Value::settled(sql, Class::Text))
}

/// Capital letters; a negative number has 64 bits.
fn hex(call: Call<'_>) -> Out {
    let value = one(call)?;
    let sql = match value.class {
        Class::Integer { digits: ..=19, .. } => {
            format!("pg_catalog.upper(pg_catalog.to_hex(({})::bigint))", value.sql)
        }
        _ => format!("pg_catalog.upper(pg_catalog.encode({}, 'hex'))", bytes(value, "hex")?),
    };
    Ok(Value::settled(sql, Class::Text))
}

/// An odd number of digits lacks a zero in front.
fn unhex(call: Call<'_>) -> Out {
    let text = one(call)?.text("unhex")?;
    once(&text)?;
    let sql = format!(
        "pg_catalog.decode(pg_catalog.repeat('0', pg_catalog.char_length({0}) % 2) || {0}, 'hex')",
        text.sql
    );
    Ok(Value::settled(sql, Class::Blob))
}

/// A negative number has 64 bits.
fn bin(call: Call<'_>) -> Out {
    let value = one(call)?;
    let Class::Integer { digits: ..=19, .. } = value.class else {
        return refuse(format!("function bin of {} is not supported", value.class.name()));
    };
    let digits = format!("(({})::bigint::bit(64))::text", value.sql);
    let sql = format!("pg_catalog.regexp_replace({digits}, '^0{{1,63}}', '')");
    Ok(Value::settled(sql, Class::Text))
}

/// PostgreSQL breaks the lines.
fn to_base64(call: Call<'_>) -> Out {
    let value = one(call)?;
    if value.class != Class::Blob {
        return refuse(format!("function to_base64 of {} is not supported", value.class.name()));
    }
    let digits = format!("pg_catalog.encode({}, 'base64')", value.sql);
    Ok(Value::settled(format!("pg_catalog.translate({digits}, E'\\n', '')"), Class::Text))
}

fn from_base64(call: Call<'_>) -> Out {
    let text = one(call)?.text("from_base64")?.sql;
    Ok(Value::settled(format!("pg_catalog.decode({text}, 'base64')"), Class::Blob))
}

fn encode(call: Call<'_>) -> Out {
    let text = one(call)?.text("encode")?.sql;
    Ok(Value::settled(format!("pg_catalog.convert_to({text}, 'UTF8')"), Class::Blob))
}

fn decode(call: Call<'_>) -> Out {
    let value = one(call)?;
    if value.class != Class::Blob {
        return refuse(format!("function decode of {} is not supported", value.class.name()));
    }
    Ok(Value::settled(format!("pg_catalog.convert_from({}, 'UTF8')", value.sql), Class::Text))
}
