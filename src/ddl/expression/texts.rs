//! Functions of texts. A position is counted in characters (code points) by both systems.

use super::{
    Untranslatable,
    functions::{Call, one, pair, same},
    literals,
    operators::shown_as_text,
    patterns, refuse,
    value::{Class, INTEGER, Literal, Value},
};

type Out = Result<Value, Untranslatable>;

pub(super) fn octet_length(call: Call<'_>) -> Out {
    let value = one(call)?;
    match value.class {
        Class::Blob => Ok(Value::new(format!("pg_catalog.octet_length({})", value.sql), INTEGER)),
        other => refuse(format!("function octet_length of {} is not supported", other.name())),
    }
}

/// DuckDB trims every character of Unicode's class Zs by default, PostgreSQL the space only.
pub(super) fn trim(call: Call<'_>, pg: &str) -> Out {
    const SPACES: &str = " \u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\
                          \u{2007}\u{2008}\u{2009}\u{200a}\u{202f}\u{205f}\u{3000}";
    let mut args = call.args;
    if args.len() == 1 {
        args.push(literals::string(SPACES));
    }
    same(Call { args, ..call }, pg, Class::Text)
}

/// A start below 1 and a negative length mean other things in DuckDB.
pub(super) fn substring(call: Call<'_>) -> Out {
    let at = |place: usize, least: i128| match call.args.get(place).map(|arg| &arg.literal) {
        None => Ok(String::new()),
        Some(Some(Literal::Integer(n))) if (least..=0x7fff_ffff).contains(n) => {
            Ok(format!(", {n}"))
        }
        Some(_) => refuse(format!("function {} needs literal positions from 1", call.name)),
    };
    let (start, length) = (at(1, 1)?, at(2, 0)?);
    let text = one(call)?.text("substring")?.sql;
    Ok(Value::new(format!("pg_catalog.substr({text}{start}{length})"), Class::Text))
}

pub(super) fn edge(call: Call<'_>) -> Out {
    let name = call.name;
    let (text, count) = pair(call)?;
    match count.literal {
        Some(Literal::Integer(count @ 0..=0x7fff_ffff)) => {
            let sql = format!("pg_catalog.{name}({}, {count})", text.text(name)?.sql);
            Ok(Value::new(sql, Class::Text))
        }
        _ => refuse(format!("function {name} needs a literal length")),
    }
}

/// `concat` leaves NULLs out; PostgreSQL's own is not immutable.
pub(super) fn concat(call: Call<'_>) -> Out {
    let mut parts = Vec::new();
    for arg in call.args {
        parts.push(format!("COALESCE({}, '')", shown_as_text(arg)?.sql));
    }
    Ok(Value::new(format!("({})", parts.join(" || ")), Class::Text))
}

pub(super) fn ends_with(call: Call<'_>) -> Out {
    let (text, end) = pair(call)?;
    let (text, end) = (text.text("ends_with")?.sql, end.text("ends_with")?.sql);
    let sql = format!("(pg_catalog.right({text}, pg_catalog.char_length({end})) = {end})");
    Ok(Value::new(sql, Class::Boolean))
}

pub(super) fn contains(call: Call<'_>) -> Out {
    let found = same(call, "strpos", INTEGER)?;
    Ok(Value::new(format!("({} > 0)", found.sql), Class::Boolean))
}

pub(super) fn regexp(call: Call<'_>, full: bool) -> Out {
    let (text, pattern) = pair(call)?;
    patterns::regexp(text, &pattern, full)
}

pub(super) fn like_escape(call: Call<'_>) -> Out {
    let operator = match call.name {
        "like_escape" => "LIKE",
        "not_like_escape" => "NOT LIKE",
        "ilike_escape" => "ILIKE",
        _ => "NOT ILIKE",
    };
    let escape = match call.args.get(2) {
        Some(escape) => escape.string("the escape character of LIKE")?.to_owned(),
        None => String::new(),
    };
    let (text, pattern) = pair(call)?;
    patterns::like(text, operator, pattern, &escape)
}
