//! Rows that a CHECK constraint forbids: those that were there before it, or came past it.

use migrator_model::ident::quote;
use serde::Deserialize;

use super::{look::Look, question::Question, task::Task};
use crate::{error::Result, pg::spi, validate::check::Check};

#[derive(Deserialize)]
struct Constraint {
    name: String,
    definition: String,
    expression: String,
    columns: Option<String>,
    validated: bool,
}

/// The CHECK constraints, validated or not.
pub fn plan(look: Look<'_>) -> Result<Vec<Task<'_>>> {
    let constraints: Vec<Constraint> = spi::rows_of_before(&format!(
        "SELECT k.conname::text AS name, pg_get_constraintdef(k.oid) AS definition,
                pg_get_expr(k.conbin, k.conrelid) AS expression, k.convalidated AS validated,
                (SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_attribute a
                  WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)) AS columns
           FROM pg_constraint k
          WHERE k.conrelid = {} AND k.contype = 'c' ORDER BY k.conname",
        look.relation.oid
    ))?;
    Ok(constraints.into_iter().map(|constraint| task(look, constraint)).collect())
}

fn task(look: Look<'_>, constraint: Constraint) -> Task<'_> {
    let state = if constraint.validated { "" } else { ", not validated" };
    let check = Check {
        column_name: constraint.columns,
        expected: Some(constraint.definition),
        ..look.check().note(format!("constraint {}{state}", quote(&constraint.name)))
    };
    // What is neither true nor false is allowed.
    let condition = format!("({}) IS FALSE", constraint.expression);
    let question =
        Question::rows_with(look.relation, &condition).with_expressions_of(look.relation);
    Task::reading(check, move |check| question.answer(look.heap, check))
}
