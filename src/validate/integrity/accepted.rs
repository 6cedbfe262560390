//! Values that the user wants, and no others. NULL is not_null's business.

use migrator_model::{
    ident::{literal, quote},
    reject::shown,
};
use serde::Deserialize;
use serde_json::Value;

use super::{look::Look, options::constant, question::Question, task::Task};
use crate::{error::Result, pg::spi, validate::check::Check};

#[derive(Deserialize)]
struct Column {
    name: String,
    /// Its type, qualified; what a domain is made of, because a domain may refuse a constant.
    type_name: String,
}

/// The columns of `options.accepted_values`.
pub fn plan_of_values(look: Look<'_>) -> Result<Vec<Task<'_>>> {
    let wanted = &look.options.accepted_values;
    let columns = columns(look, wanted.keys())?.into_iter();
    Ok(columns.filter_map(|one| Some(values(look, &one, wanted.get(&one.name)?))).collect())
}

/// The columns of `options.accepted_range`.
pub fn plan_of_range(look: Look<'_>) -> Result<Vec<Task<'_>>> {
    let wanted = &look.options.accepted_range;
    let columns = columns(look, wanted.keys())?.into_iter();
    Ok(columns.filter_map(|one| Some(range(look, &one, wanted.get(&one.name)?))).collect())
}

fn columns<'a>(look: Look<'_>, names: impl Iterator<Item = &'a String>) -> Result<Vec<Column>> {
    let names: Vec<_> = names.map(|name| literal(name)).collect();
    spi::rows_of_before(&format!(
        "SELECT a.attname::text AS name, format('%I.%I', n.nspname, t.typname) AS type_name
           FROM pg_attribute a JOIN pg_type d ON d.oid = a.atttypid
           JOIN pg_type t ON t.oid = CASE WHEN d.typtype = 'd' THEN d.typbasetype ELSE d.oid END
           JOIN pg_namespace n ON n.oid = t.typnamespace
          WHERE a.attrelid = {} AND a.attname = ANY (ARRAY[{}]::text[])
            AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
        look.relation.oid,
        names.join(", ")
    ))
}

fn values<'a>(look: Look<'a>, column: &Column, wanted: &[Value]) -> Task<'a> {
    let texts: Vec<_> = wanted.iter().filter_map(constant).collect();
    let constants: Vec<_> = texts.iter().map(|text| column.constant(text)).collect();
    let Column { name, type_name } = column;
    let condition =
        format!("{} <> ALL (ARRAY[{}]::{type_name}[])", quote(name), constants.join(", "));
    task(look, column, &condition, format!("one of: {}", shown(&texts.join(", "))))
}

fn range<'a>(look: Look<'a>, column: &Column, [least, greatest]: &[Value; 2]) -> Task<'a> {
    let (least, greatest) = (constant(least), constant(greatest));
    let beyond = |operator: &str, end: &Option<String>| {
        let end = end.as_ref()?;
        Some(format!("{} {operator} {}", quote(&column.name), column.constant(end)))
    };
    let beyond: Vec<_> =
        [beyond("<", &least), beyond(">", &greatest)].into_iter().flatten().collect();
    let condition = if beyond.is_empty() { "false".to_owned() } else { beyond.join(" OR ") };
    let expected = match (least, greatest) {
        (Some(least), Some(greatest)) => format!("from {} to {}", shown(&least), shown(&greatest)),
        (Some(least), None) => format!("at least {}", shown(&least)),
        (None, Some(greatest)) => format!("at most {}", shown(&greatest)),
        (None, None) => "any value".to_owned(),
    };
    task(look, column, &condition, expected)
}

fn task<'a>(look: Look<'a>, column: &Column, condition: &str, expected: String) -> Task<'a> {
    let question = Question::rows_with(look.relation, condition);
    let check = Check { expected: Some(expected), ..look.check().column(column.name.as_str()) };
    Task::reading(check, move |check| question.answer(look.heap, check))
}

impl Column {
    fn constant(&self, text: &str) -> String {
        format!("{}::{}", literal(text), self.type_name)
    }
}
