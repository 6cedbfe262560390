//! Finds tables and views by what a user calls them.

use migrator_model::{SourceName, catalog::TableKind, protocol::Failure};

use super::{Cache, Found, query};
use crate::open::Source;

/// Finds a table or view: spelled exactly so, or else differing in case only. Without a schema it
/// is one of `main`.
pub fn find<'c>(cache: &'c Cache, wanted: &SourceName) -> Result<&'c Found, Failure> {
    let schema = wanted.schema.as_deref().unwrap_or("main");
    let exact = |found: &&Found| {
        found.name.schema.as_deref() == Some(schema) && found.name.name == wanted.name
    };
    let folded = |found: &&Found| {
        let same_schema = found.name.schema.as_deref().is_some_and(|name| same(name, schema));
        same_schema && same(&found.name.name, &wanted.name)
    };
    let all = || cache.relations.iter();
    let found = all().find(exact).or_else(|| all().find(folded));
    found.ok_or_else(|| not_found(wanted, &cache.relations))
}

/// What names a row of a base table; None for a view, or where a column has that name.
pub fn row_id(cache: &Cache, found: &Found) -> Option<&'static str> {
    let columns = cache.columns.get(&found.relation.key()).map_or(&[][..], Vec::as_slice);
    let hidden = columns.iter().any(|column| same(&column.name, "rowid"));
    (found.kind == TableKind::Table && !hidden).then_some("rowid")
}

/// The rows of a base table, which DuckDB counts without reading them; None for a view.
pub fn count(source: &Source, found: &Found) -> Result<Option<u64>, Failure> {
    #[derive(serde::Deserialize)]
    struct Count {
        rows: u64,
    }
    if found.kind == TableKind::View {
        return Ok(None);
    }
    let sql = format!("SELECT count(*) AS rows FROM {}", found.sql);
    Ok(query::rows::<Count>(source, &sql)?.first().map(|count| count.rows))
}

/// DuckDB compares names without regard to case.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn not_found(wanted: &SourceName, all: &[Found]) -> Failure {
    let failure = Failure::new("42P01", format!("table \"{wanted}\" does not exist in the source"));
    let near = all.iter().filter(|found| same(&found.name.name, &wanted.name));
    let near: Vec<_> = near.map(|found| shown_name(&found.name)).collect();
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
