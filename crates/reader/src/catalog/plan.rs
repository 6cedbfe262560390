//! What DuckDB's own plan of reading a table says of it. The plan names the table as the catalog does,
//! and tells the collations of its columns; and it is made for the one table that is asked for, where
//! the catalog functions walk through all tables and make a hundred views of DuckDB's own first.

use std::rc::Rc;

use migrator_model::{SourceName, catalog::TableKind, ident::literal, protocol::SourceKind};
use serde::Deserialize;

use super::{Found, names::same, query};
use crate::open::Source;

/// A base table.
pub struct Known {
    /// The table.
    pub found: Rc<Found>,
    /// Its columns' collations, in order.
    pub collations: Vec<Option<String>>,
}

#[derive(Deserialize)]
struct Row {
    plan: Plan,
}

/// It has no plans where DuckDB makes none.
#[derive(Deserialize)]
struct Plan {
    #[serde(default)]
    plans: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    children: Vec<Node>,
    function_data: Option<Function>,
    expressions: Option<Vec<Expression>>,
}

/// Where a scan reads from.
#[derive(Deserialize)]
struct Function {
    schema: Option<String>,
    table: Option<String>,
    qualified_name: Option<Path>,
}

#[derive(Deserialize)]
struct Path {
    path: Vec<String>,
}

#[derive(Deserialize)]
struct Expression {
    return_type: Type,
}

#[derive(Deserialize)]
struct Type {
    type_info: Option<Info>,
}

#[derive(Deserialize)]
struct Info {
    collation: Option<String>,
}

/// Looks a name up. None: it is not one of a base table's, or the plan does not say so; then the
/// catalog functions have to be asked.
pub fn look_up(source: &Source, wanted: &SourceName) -> Option<Known> {
    let schema = wanted.schema.as_deref().unwrap_or("main");
    // Schemas of schemas are called by their path.
    if source.kind() != SourceKind::Database || schema.contains('.') {
        return None;
    }
    let name = SourceName { schema: Some(schema.to_owned()), name: wanted.name.clone() };
    let from = format!("FROM {}", name.quoted());
    let sql = format!("SELECT json_serialize_plan({}) AS plan", literal(&from));
    let Ok(rows) = query::rows::<Row>(source, &sql) else {
        source.recover();
        return None;
    };
    let plan = rows.into_iter().flat_map(|row| row.plan.plans).next();
    known(&plan?, schema, &wanted.name)
}

fn known(plan: &Node, schema: &str, name: &str) -> Option<Known> {
    let scanned = scanned(plan)?;
    let (found_schema, found_name) = (scanned.schema.as_deref()?, scanned.table.as_deref()?);
    let is_at_top = scanned.qualified_name.as_ref()?.path.len() == 3;
    // A view is planned as what it reads; none has the name of a table in its schema.
    if !is_at_top || !same(found_schema, schema) || !same(found_name, name) {
        return None;
    }
    let collation = |one: &Expression| {
        let collation = one.return_type.type_info.as_ref()?.collation.clone();
        collation.filter(|collation| !collation.is_empty())
    };
    let collations = plan.expressions.as_ref()?.iter().map(collation).collect();
    let name = SourceName { schema: Some(found_schema.to_owned()), name: found_name.to_owned() };
    let sql = name.quoted();
    let found = Found { name, sql, kind: TableKind::Table, is_stored: true };
    Some(Known { found: Rc::new(found), collations })
}

/// The only table that is scanned.
fn scanned(node: &Node) -> Option<&Function> {
    match (node.children.as_slice(), &node.function_data) {
        ([], Some(function)) => Some(function),
        ([child], None) => scanned(child),
        _ => None,
    }
}
