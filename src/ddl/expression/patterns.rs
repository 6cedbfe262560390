//! LIKE and GLOB. DuckDB's LIKE has no escape character unless one is named.

use migrator_model::ident::literal;

use super::{
    Untranslatable,
    class::Class,
    functions::{Call, Function, Stability::Immutable, line, pair},
    refuse,
    value::Value,
};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["like_escape", "ilike_escape", "not_like_escape", "not_ilike_escape"], 3..=3, Immutable, like_escape),
];

/// [NOT] LIKE or ILIKE with an escape character, or with none.
pub(super) fn like(
    value: Value,
    operator: &str,
    pattern: Value,
    escape: &str,
) -> Result<Value, Untranslatable> {
    if escape.chars().count() > 1 {
        return refuse("an escape character of LIKE is one character");
    }
    let (value, pattern) = (value.text(operator)?, pattern.text(operator)?);
    let escape = literal(escape);
    let sql = format!("({} {operator} {} ESCAPE {escape})", value.sql, pattern.sql);
    Ok(Value::new(sql, Class::Boolean))
}

fn like_escape(call: Call<'_>) -> Out {
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
    like(text, operator, pattern, &escape)
}
