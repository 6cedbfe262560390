//! Functions of texts. A position is counted in characters (code points) by both systems.

use super::{
    Untranslatable,
    functions::{ANY, Call, Function, Stability::Immutable, line, number, one, pair, same},
    literals,
    operators::shown_as_text,
    refuse,
    value::{Class, INTEGER, Literal, Value},
};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["strlen"], 1..=1, Immutable, |call| number(call, "octet_length")),
    line(&["octet_length"], 1..=1, Immutable, octet_length),
    line(&["lower", "lcase"], 1..=1, Immutable, |call| same(call, "lower", Class::Text)),
    line(&["upper", "ucase"], 1..=1, Immutable, |call| same(call, "upper", Class::Text)),
    line(&["md5"], 1..=1, Immutable, |call| same(call, "md5", Class::Text)),
    line(&["trim"], 1..=2, Immutable, |call| trim(call, "btrim")),
    line(&["ltrim"], 1..=2, Immutable, |call| trim(call, "ltrim")),
    line(&["rtrim"], 1..=2, Immutable, |call| trim(call, "rtrim")),
    line(&["substring", "substr"], 2..=3, Immutable, substring),
    line(&["left", "right"], 2..=2, Immutable, edge),
    line(&["concat"], 1..=ANY, Immutable, concat),
    line(&["replace"], 3..=3, Immutable, |call| same(call, "replace", Class::Text)),
    line(&["strpos", "instr", "position"], 2..=2, Immutable, |call| number(call, "strpos")),
    line(&["starts_with", "prefix"], 2..=2, Immutable, |call| same(call, "starts_with", Class::Boolean)),
    line(&["ends_with", "suffix"], 2..=2, Immutable, ends_with),
    line(&["contains"], 2..=2, Immutable, contains),
];

fn octet_length(call: Call<'_>) -> Out {
    let value = one(call)?;
    match value.class {
        Class::Blob => Ok(Value::new(format!("pg_catalog.octet_length({})", value.sql), INTEGER)),
        other => refuse(format!("function octet_length of {} is not supported", other.name())),
    }
}

/// DuckDB trims every character of Unicode's class Zs by default, PostgreSQL the space only.
fn trim(call: Call<'_>, pg: &str) -> Out {
    const SPACES: &str = " \u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\
                          \u{2007}\u{2008}\u{2009}\u{200a}\u{202f}\u{205f}\u{3000}";
    let mut args = call.args;
    if args.len() == 1 {
        args.push(literals::string(SPACES));
    }
    same(Call { args, ..call }, pg, Class::Text)
}

/// A start below 1 and a negative length mean other things in DuckDB.
fn substring(call: Call<'_>) -> Out {
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

fn edge(call: Call<'_>) -> Out {
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
fn concat(call: Call<'_>) -> Out {
    let mut parts = Vec::new();
    for arg in call.args {
        parts.push(format!("COALESCE({}, '')", shown_as_text(arg)?.sql));
    }
    Ok(Value::new(format!("({})", parts.join(" || ")), Class::Text))
}

fn ends_with(call: Call<'_>) -> Out {
    let (text, end) = pair(call)?;
    let (text, end) = (text.text("ends_with")?.sql, end.text("ends_with")?.sql);
    let sql = format!("(pg_catalog.right({text}, pg_catalog.char_length({end})) = {end})");
    Ok(Value::new(sql, Class::Boolean))
}

fn contains(call: Call<'_>) -> Out {
    let found = same(call, "strpos", INTEGER)?;
    Ok(Value::new(format!("({} > 0)", found.sql), Class::Boolean))
}
