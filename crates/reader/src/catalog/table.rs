//! One table or view, from the cache's rows.

use std::collections::BTreeMap;

use migrator_model::{
    LogicalType, SourceName,
    catalog::{Column, Constraint, Index, Table},
    ident::quote,
    protocol::Failure,
};

use super::{Found, Listed, collation, raw};
use crate::{ffi::statement::Statement, open::Source};

/// Puts a table together.
pub fn table(source: &Source, listed: &Listed) -> Result<Table, Failure> {
    let Listed { found, relation } = listed;
    let key = relation.key();
    let details = source.catalog().details(source, key)?;
    let raw_columns = details.columns(key);
    let (types, broken) = match types(source, found, raw_columns) {
        Ok(types) => (types, None),
        Err(reason) => (Vec::new(), Some(reason)),
    };
    let sql = relation.sql.as_deref().filter(|_| found.is_stored);
    let collations = collation::of_columns(sql.unwrap_or_default(), raw_columns.len());
    let mut columns = Vec::new();
    for ((raw, logical), collation) in raw_columns.iter().zip(types).zip(collations) {
        let enum_names = enum_names(source, &logical)?;
        columns.push(column(raw, logical, collation, enum_names));
    }
    Ok(Table {
        columns,
        constraints: constraints(details.constraints(key), found),
        indexes: details.indexes(key).iter().map(index).collect(),
        comment: relation.comment.clone(),
        estimated_rows: estimated_rows(source, listed)?,
        sql: relation.sql.clone(),
        broken,
        name: found.name.clone(),
        sql_name: found.sql.clone(),
        kind: found.kind,
    })
}

/// DuckDB's estimate; of a Parquet file the number, which stands in the file.
pub fn estimated_rows(source: &Source, listed: &Listed) -> Result<Option<i64>, Failure> {
    match listed.found.is_stored {
        true => Ok(listed.relation.estimated_size),
        false => Ok(super::count(source, &listed.found)?.and_then(|rows| i64::try_from(rows).ok())),
    }
}

/// The types, from a prepared statement: it gives handles, not text. A view that cannot be bound
/// has none.
fn types(
    source: &Source,
    found: &Found,
    columns: &[raw::Column],
) -> Result<Vec<LogicalType>, String> {
    let list: Vec<_> = columns.iter().map(|column| quote(&column.name)).collect();
    let sql = format!("SELECT {} FROM {}", list.join(", "), found.sql);
    Ok(bound(source, &sql)?.types().to_vec())
}

/// Binds a statement; if that fails, says why in a line.
pub fn bound<'s>(source: &'s Source, sql: &str) -> Result<Statement<'s>, String> {
    source
        .probe()
        .prepare(sql)
        .map_err(|error| source.origin().redact(error.message.lines().next().unwrap_or_default()))
}

fn constraints(all: &[raw::Constraint], found: &Found) -> Vec<Constraint> {
    let mut constraints: Vec<Constraint> = Vec::new();
    for raw in all {
        let constraint = constraint(raw, found);
        // A foreign key declared at a column stands in the catalog twice.
        constraints.extend(constraint.filter(|one| !constraints.contains(one)));
    }
    constraints
}

fn enum_names(source: &Source, logical: &LogicalType) -> Result<Vec<SourceName>, Failure> {
    match logical {
        LogicalType::Enum(labels) => source.catalog().enums(source, labels),
        LogicalType::List(element) | LogicalType::Array(element, _) => enum_names(source, element),
        _ => Ok(Vec::new()),
    }
}

fn column(
    raw: &raw::Column,
    logical: LogicalType,
    collation: Option<String>,
    enum_names: Vec<SourceName>,
) -> Column {
    Column {
        name: raw.name.clone(),
        logical,
        collation,
        nullable: raw.is_nullable,
        // The catalog repeats a generated column's expression as its default.
        default: raw.default.clone().filter(|_| !raw.is_generated),
        generated: raw.generated.clone().filter(|_| raw.is_generated),
        comment: raw.comment.clone(),
        enum_names,
    }
}

fn constraint(raw: &raw::Constraint, found: &Found) -> Option<Constraint> {
    Some(match raw.kind.as_str() {
        "PRIMARY KEY" => Constraint::PrimaryKey(raw.columns.clone()),
        "UNIQUE" => Constraint::Unique(raw.columns.clone()),
        "CHECK" => Constraint::Check(raw.expression.clone()?),
        "FOREIGN KEY" => Constraint::ForeignKey {
            columns: raw.columns.clone(),
            table: parent(raw.parent.clone()?, raw.text.as_deref(), found),
            referenced: raw.referenced.clone()?,
        },
        _ => return None,
    })
}

/// The referenced table. Its schema stands only in the constraint's text:
/// `FOREIGN KEY (a) REFERENCES s.parent(id)`; without one it is the table's own.
fn parent(name: String, text: Option<&str>, found: &Found) -> SourceName {
    let reference = text.and_then(|text| text.split_once(" REFERENCES "));
    let target = reference.and_then(|(_, after)| after.rsplit_once('('));
    let parsed = target.and_then(|(target, _)| SourceName::parse(target).ok());
    let schema = parsed.and_then(|parsed| parsed.schema);
    SourceName { schema: schema.or_else(|| found.name.schema.clone()), name }
}

fn index(raw: &raw::Index) -> Index {
    Index {
        name: raw.name.clone(),
        method: method(raw.sql.as_deref().unwrap_or_default()),
        unique: raw.is_unique,
        expressions: raw.expressions.clone().unwrap_or_default(),
        options: options(raw.sql.as_deref().unwrap_or_default()),
        comment: raw.comment.clone(),
    }
}

/// DuckDB prints `WITH (metric = 'cosine', M = 16 )` behind the columns, where it knows options.
fn options(sql: &str) -> BTreeMap<String, String> {
    let Some((_, with)) = sql.rsplit_once(") WITH (") else { return BTreeMap::new() };
    let list = with.rsplit_once(')').map_or(with, |(list, _)| list);
    let option = |text: &str| {
        let (name, value) = text.split_once('=')?;
        let name = name.trim().trim_matches('"').to_lowercase();
        Some((name, value.trim().trim_matches('\'').to_owned()))
    };
    list.split(',').filter_map(option).collect()
}

/// DuckDB prints `USING HNSW (` for anything but its ordinary index.
fn method(sql: &str) -> String {
    let using = sql.split_once(" USING ").map(|(_, after)| after);
    let word = using.and_then(|after| after.split([' ', '(']).next());
    word.map_or_else(|| "art".to_owned(), str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_read_from_its_statement() {
        let sql = "CREATE INDEX i ON t USING HNSW (e) WITH (metric = 'cosine', \"M\" = 16 );";
        assert_eq!(method(sql), "hnsw");
        let options = options(sql);
        assert_eq!(options.get("metric").map(String::as_str), Some("cosine"));
        assert_eq!(options.get("m").map(String::as_str), Some("16"));
    }

    #[test]
    fn an_ordinary_index_has_no_options() {
        assert_eq!(method("CREATE INDEX i ON t(a);"), "art");
        assert_eq!(options("CREATE INDEX i ON t(a);"), BTreeMap::new());
    }
}
