//! Values that should be unique and are not, found by grouping what the heap holds: an index that
//! has lost a row does not know of its double.

use migrator_model::ident::quote;
use serde::Deserialize;

use super::{look::Look, question::Question, relation::Relation, task::Task};
use crate::{error::Result, pg::spi, validate::check::Check};

/// A unique index.
#[derive(Deserialize)]
struct Index {
    name: String,
    /// The definition of the constraint that it serves, or its own.
    definition: String,
    is_constraint: bool,
    valid: bool,
    /// NULLS NOT DISTINCT
    nulls_equal: bool,
    predicate: Option<String>,
    /// Whether it computes what it compares.
    has_expressions: bool,
    keys: Vec<Key>,
}

/// What it compares.
#[derive(Deserialize)]
struct Key {
    /// The column's name or the expression.
    shown: String,
    /// The same as SQL, with the collation that decides.
    sql: String,
}

/// The unique indexes of one column or expression.
pub fn plan_of_one(look: Look<'_>) -> Result<Vec<Task<'_>>> {
    plan(look, |keys| keys == 1)
}

/// The unique indexes of several.
pub fn plan_of_several(look: Look<'_>) -> Result<Vec<Task<'_>>> {
    plan(look, |keys| keys > 1)
}

fn plan(look: Look<'_>, wanted: fn(usize) -> bool) -> Result<Vec<Task<'_>>> {
    let indexes = indexes(look.relation.oid)?.into_iter();
    Ok(indexes.filter(|index| wanted(index.keys.len())).map(|index| task(look, index)).collect())
}

fn indexes(relation: u32) -> Result<Vec<Index>> {
    spi::rows_of_before(&format!(
        "SELECT c.relname::text AS name, k.oid IS NOT NULL AS is_constraint,
                coalesce(pg_get_constraintdef(k.oid), pg_get_indexdef(c.oid)) AS definition,
                i.indisvalid AND i.indisready AS valid, i.indnullsnotdistinct AS nulls_equal,
                pg_get_expr(i.indpred, i.indrelid) AS predicate,
                i.indexprs IS NOT NULL OR i.indpred IS NOT NULL AS has_expressions,
                ({KEYS}) AS keys
           FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
           LEFT JOIN pg_constraint k ON k.conindid = c.oid AND k.conrelid = i.indrelid
                                    AND k.contype IN ('p', 'u')
          WHERE i.indrelid = {relation} AND i.indisunique
          ORDER BY NOT i.indisprimary, c.relname"
    ))
}

const KEYS: &str = "
    SELECT json_agg(json_build_object(
               'shown', coalesce(a.attname, pg_get_indexdef(i.indexrelid, n + 1, false)),
               'sql', pg_get_indexdef(i.indexrelid, n + 1, false)
                      || coalesce(' COLLATE ' || quote_ident(s.nspname) || '.'
                                  || quote_ident(o.collname), '')
           ) ORDER BY n)
      FROM generate_series(0, i.indnkeyatts - 1) n
      LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n]
                              AND i.indkey[n] <> 0
      LEFT JOIN pg_collation o ON o.oid = i.indcollation[n]
      LEFT JOIN pg_namespace s ON s.oid = o.collnamespace";

fn task(look: Look<'_>, index: Index) -> Task<'_> {
    let columns: Vec<_> = index.keys.iter().map(|key| key.shown.as_str()).collect();
    let check = look.check().column(columns.join(", ")).note(note(&index));
    let check = Check { expected: Some(index.definition.clone()), ..check };
    Task::reading(check, move |check| question(&index, look.relation).answer(look.heap, check))
}

fn note(index: &Index) -> String {
    let what = if index.is_constraint { "constraint" } else { "index" };
    let state = if index.valid { "" } else { ", not valid" };
    format!("{what} {}{state}", quote(&index.name))
}

fn question(index: &Index, relation: &Relation) -> Question {
    let names: Vec<_> = (1..=index.keys.len()).map(|at| format!("v{at}")).collect();
    let names = names.join(", ");
    let (count, keys) = (count(index, relation, &names), keys(index, relation, &names));
    let (from, width) = (relation.from(), relation.key_width());
    let question = Question { from, count, keys, width, role: None };
    match index.has_expressions {
        true => question.with_expressions_of(relation),
        false => question,
    }
}

fn count(index: &Index, relation: &Relation, names: &str) -> String {
    let (values, distinct) = (values(index, relation, ""), distinct(index, names));
    format!(
        "SELECT coalesce(sum(n), 0)::int8 AS n
           FROM (SELECT count(*) AS n FROM ({values}) r {distinct} GROUP BY {names}) d WHERE n > 1"
    )
}

fn keys(index: &Index, relation: &Relation, names: &str) -> String {
    let (mut inner, mut outer) = (String::new(), Vec::new());
    for (at, (sql, name)) in relation.key("").into_iter().enumerate() {
        inner += &format!(", {sql} AS k{at}");
        outer.push(format!("k{at} AS {name}"));
    }
    let (values, distinct) = (values(index, relation, &inner), distinct(index, names));
    format!(
        "SELECT {} FROM (SELECT *, count(*) OVER (PARTITION BY {names}) AS n
                           FROM ({values}) r {distinct}) d WHERE n > 1",
        outer.join(", ")
    )
}

/// What the index would hold. OFFSET 0 keeps the planner from grouping by fewer columns because it
/// believes in another key.
fn values(index: &Index, relation: &Relation, more: &str) -> String {
    let keys = index.keys.iter().zip(1..).map(|(key, at)| format!("{} AS v{at}", key.sql));
    let predicate = index.predicate.as_ref().map(|sql| format!("WHERE {sql}"));
    format!(
        "SELECT {}{more} FROM {} {} OFFSET 0",
        keys.collect::<Vec<_>>().join(", "),
        relation.from(),
        predicate.unwrap_or_default()
    )
}

fn distinct(index: &Index, names: &str) -> String {
    match index.nulls_equal {
        true => String::new(),
        false => format!("WHERE num_nulls({names}) = 0"),
    }
}
