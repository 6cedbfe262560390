//! Finds tables and views by what a user calls them.

use std::rc::Rc;

use migrator_model::{
    SourceName,
    protocol::{Failure, SourceKind},
};

use super::{Found, Listed, query};
use crate::open::Source;

/// Finds a table or view: spelled exactly so, or else differing in case only. Without a schema it
/// is one of `main`.
pub fn find(source: &Source, wanted: &SourceName) -> Result<Rc<Found>, Failure> {
    let cache = source.catalog();
    if !cache.has_relations()
        && let Some(known) = cache.known(source, wanted)
    {
        return Ok(known.found.clone());
    }
    Ok(find_listed(source, wanted)?.found.clone())
}

/// The same with what the catalog says of it. Tables and views share their names, so a table that is
/// found is no view.
pub fn find_listed(source: &Source, wanted: &SourceName) -> Result<Rc<Listed>, Failure> {
    let cache = source.catalog();
    if !cache.has_relations()
        && source.kind() == SourceKind::Database
        && let Some(table) = pick(&cache.tables(source, &wanted.name)?, wanted)
    {
        return Ok(table);
    }
    let all = cache.relations(source)?;
    pick(all, wanted).ok_or_else(|| not_found(wanted, all))
}

/// The one that is meant.
fn pick(all: &[Rc<Listed>], wanted: &SourceName) -> Option<Rc<Listed>> {
    let schema = wanted.schema.as_deref().unwrap_or("main");
    let exact = |listed: &&Rc<Listed>| {
        let name = &listed.found.name;
        name.schema.as_deref() == Some(schema) && name.name == wanted.name
    };
    let folded = |listed: &&Rc<Listed>| {
        let name = &listed.found.name;
        let same_schema = name.schema.as_deref().is_some_and(|name| same(name, schema));
        same_schema && same(&name.name, &wanted.name)
    };
    all.iter().find(exact).or_else(|| all.iter().find(folded)).cloned()
}

/// What names a row of a base table; None for whatever else, or where a column has that name.
pub fn row_id(source: &Source, found: &Found) -> Result<Option<&'static str>, Failure> {
    if !found.is_stored {
        return Ok(None);
    }
    let prepared = source.probe().prepare(&format!("FROM {}", found.sql));
    let names = prepared.map_err(|error| source.explain(&error))?.names();
    Ok((!names.iter().any(|name| same(name, "rowid"))).then_some("rowid"))
}

/// The rows of a table that is called so.
pub fn count_of(source: &Source, wanted: &SourceName) -> Result<Option<u64>, Failure> {
    count(source, &*find(source, wanted)?)
}

/// The rows of a base table or Parquet file, which DuckDB counts without reading them; None for
/// whatever else.
pub fn count(source: &Source, found: &Found) -> Result<Option<u64>, Failure> {
    #[derive(serde::Deserialize)]
    struct Count {
        rows: u64,
    }
    if !found.has_statistics(source.kind()) {
        return Ok(None);
    }
    let sql = format!("SELECT count(*) AS rows FROM {}", found.sql);
    Ok(query::rows::<Count>(source, &sql)?.first().map(|count| count.rows))
}

/// DuckDB compares names without regard to case.
pub fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn not_found(wanted: &SourceName, all: &[Rc<Listed>]) -> Failure {
    let failure = Failure::new("42P01", format!("table \"{wanted}\" does not exist in the source"));
    let names = all.iter().map(|listed| &listed.found.name);
    let near = names.filter(|name| same(&name.name, &wanted.name));
    let near: Vec<_> = near.map(shown_name).collect();
    match (near.is_empty(), all.len()) {
        (false, _) => failure.hint(format!("Perhaps you mean {}.", near.join(" or "))),
        (true, 0) => failure.detail("The source has no tables and no views."),
        (true, _) => failure.hint("source_tables() lists the tables and views of the source."),
    }
}

/// A name as a user would have to write it.
fn shown_name(name: &SourceName) -> String {
    let part = |part: &str| migrator_model::ident::duckdb_name(part);
    let schema = name.schema.as_deref().map_or_else(String::new, |s| format!("{}.", part(s)));
    format!("{schema}{}", part(&name.name))
}
