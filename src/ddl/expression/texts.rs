//! Functions of texts. A position is counted in characters (code points) by both systems.

use super::{
    Untranslatable,
    class::{BIGINT, Class, INTEGER},
    division::once,
    functions::{
        ANY, Call, Function,
        Stability::{Immutable, Queried, Stable},
        counted, joined, line, number, one, pair, same,
    },
    literals,
    operators::shown_as_text,
    refuse,
    text_helpers::{JACCARD, LEVENSHTEIN, REVERSE},
    value::{Literal, Value},
};
use crate::ddl::helper;

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["strlen"], 1..=1, Immutable, |call| number(call, "octet_length")),
    line(&["octet_length"], 1..=1, Immutable, octet_length),
    line(&["bit_length"], 1..=1, Immutable, |call| number(call, "bit_length")),
    line(&["lower", "lcase"], 1..=1, Immutable, |call| same(call, "lower", Class::Text)),
    line(&["upper", "ucase"], 1..=1, Immutable, |call| same(call, "upper", Class::Text)),
    line(&["trim"], 1..=2, Immutable, |call| trim(call, "btrim")),
    line(&["ltrim"], 1..=2, Immutable, |call| trim(call, "ltrim")),
    line(&["rtrim"], 1..=2, Immutable, |call| trim(call, "rtrim")),
    line(&["concat"], 1..=ANY, Immutable, concat),
    line(&["concat_ws"], 2..=ANY, Stable, concat_ws),
    line(&["replace"], 3..=3, Immutable, |call| same(call, "replace", Class::Text)),
    line(&["translate"], 3..=3, Immutable, |call| same(call, "translate", Class::Text)),
    line(&["lpad", "rpad"], 3..=3, Immutable, pad),
    line(&["repeat"], 2..=2, Immutable, repeat),
    line(&["reverse"], 1..=1, Queried, reverse),
    line(&["nfc_normalize"], 1..=1, Immutable, |call| same(call, "normalize", Class::Text)),
    line(&["strpos", "instr", "position"], 2..=2, Immutable, |call| number(call, "strpos")),
    line(&["starts_with", "prefix", "^@"], 2..=2, Immutable, |call| same(call, "starts_with", Class::Boolean)),
    line(&["ends_with", "suffix"], 2..=2, Immutable, ends_with),
    line(&["contains"], 2..=2, Immutable, contains),
    line(&["split_part"], 3..=3, Immutable, split_part),
    line(&["string_split", "str_split", "string_to_array", "split"], 2..=2, Queried, split),
    line(&["levenshtein", "editdist3"], 2..=2, Queried, levenshtein),
    line(&["jaccard"], 2..=2, Queried, jaccard),
];

fn octet_length(call: Call<'_>) -> Out {
    let view = call.context.purpose.view();
    let value = one(call)?;
    match value.class {
        Class::Blob => {
            let sql = format!("pg_catalog.octet_length({})", value.sql);
            Ok(counted(Value::new(sql, INTEGER), view))
        }
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

/// `concat` leaves NULLs out; PostgreSQL's own is not immutable.
fn concat(call: Call<'_>) -> Out {
    let mut parts = Vec::new();
    for arg in call.args {
        parts.push(format!("COALESCE({}, '')", shown_as_text(arg)?.sql));
    }
    Ok(Value::new(format!("({})", parts.join(" || ")), Class::Text))
}

/// Both leave NULLs out, and are NULL where the separator is.
fn concat_ws(call: Call<'_>) -> Out {
    let mut args = Vec::new();
    for (place, arg) in call.args.into_iter().enumerate() {
        args.push(if place == 0 { arg.text("concat_ws")? } else { shown_as_text(arg)? });
    }
    Ok(Value::settled(format!("pg_catalog.concat_ws({})", joined(&args)), Class::Text))
}

/// Too little padding is an error in DuckDB, and PostgreSQL's own padding is a blank.
fn pad(call: Call<'_>) -> Out {
    let name = call.name;
    match call.args.as_slice() {
        [text, count, padding] if matches!(padding.string("the padding"), Ok(by) if !by.is_empty()) =>
        {
            let (text, padding) = (text.clone().text(name)?.sql, padding.clone().text(name)?.sql);
            let count = count.clone().integer(name)?.sql;
            let sql = format!("pg_catalog.{name}({text}, ({count})::integer, {padding})");
            Ok(Value::settled(sql, Class::Text))
        }
        _ => refuse(format!("function {name} with computed or empty padding")),
    }
}

fn repeat(call: Call<'_>) -> Out {
    let (text, count) = pair(call)?;
    let (text, count) = (text.text("repeat")?.sql, count.integer("repeat")?.sql);
    Ok(Value::settled(format!("pg_catalog.repeat({text}, ({count})::integer)"), Class::Text))
}

/// DuckDB keeps together what a reader takes for one character.
fn reverse(call: Call<'_>) -> Out {
    let helpers = call.context.helpers;
    let text = one(call)?.text("reverse")?.sql;
    Ok(Value::settled(helper::call(helpers, &REVERSE, &text)?, Class::Text))
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

/// A separator that is not empty: DuckDB would split into characters.
fn separator(value: Option<&Value>) -> Out {
    match value.map(|value| (value, value.string("a separator"))) {
        Some((value, Ok(text))) if !text.is_empty() => value.clone().text("a separator"),
        _ => refuse("a computed or empty separator is not supported"),
    }
}

/// From the end, if the number is negative, in both systems.
fn split_part(call: Call<'_>) -> Out {
    let by = separator(call.args.get(1))?.sql;
    let place = match call.args.get(2).map(|arg| &arg.literal) {
        Some(Some(Literal::Integer(place @ -0x7fff_ffff..=0x7fff_ffff))) if *place != 0 => *place,
        _ => return refuse("function split_part needs a literal place other than 0"),
    };
    let text = one(call)?.text("split_part")?.sql;
    Ok(Value::settled(format!("pg_catalog.split_part({text}, {by}, {place})"), Class::Text))
}

/// An empty text has one part in DuckDB and none in PostgreSQL.
fn split(call: Call<'_>) -> Out {
    let by = separator(call.args.get(1))?.sql;
    let text = one(call)?.text("string_split")?;
    once(&text)?;
    let sql = format!(
        "(CASE WHEN {0} = '' THEN ARRAY[''::text] ELSE pg_catalog.string_to_array({0}, {by}) END)",
        text.sql
    );
    Ok(Value::settled(sql, Class::List(Box::new(Class::Text))))
}

fn levenshtein(call: Call<'_>) -> Out {
    let helpers = call.context.helpers;
    let (one, two) = pair(call)?;
    let texts = format!("{}, {}", one.text("levenshtein")?.sql, two.text("levenshtein")?.sql);
    Ok(Value::settled(helper::call(helpers, &LEVENSHTEIN, &texts)?, BIGINT))
}

fn jaccard(call: Call<'_>) -> Out {
    let helpers = call.context.helpers;
    let (one, two) = pair(call)?;
    let texts = format!("{}, {}", one.text("jaccard")?.sql, two.text("jaccard")?.sql);
    Ok(Value::settled(helper::call(helpers, &JACCARD, &texts)?, Class::Double))
}
