//! One table or view, from the cache's rows.

use migrator_model::{
    LogicalType, SourceName,
    catalog::{Column, Constraint, Index, Table, TableKind},
    ident::quote,
};

use super::{Cache, Found, collation, raw};
use crate::open::Source;

/// Puts a table together.
pub fn table(source: &Source, cache: &Cache, found: &Found) -> Table {
    let key = found.relation.key();
    let raw_columns = cache.columns.get(&key).map_or(&[][..], Vec::as_slice);
    let (types, broken) = match types(source, found, raw_columns) {
        Ok(types) => (types, None),
        Err(reason) => (Vec::new(), Some(reason)),
    };
    let sql = found.relation.sql.as_deref().filter(|_| found.kind == TableKind::Table);
    let collations = collation::of_columns(sql.unwrap_or_default(), raw_columns.len());
    let parts = raw_columns.iter().zip(types).zip(collations);
    let columns =
        parts.map(|((raw, logical), collation)| column(cache, raw, logical, collation)).collect();
    let indexes = cache.indexes.get(&key).into_iter().flatten();
    Table {
        columns,
        constraints: constraints(cache, found),
        indexes: indexes.map(index).collect(),
        comment: found.relation.comment.clone(),
        estimated_rows: found.relation.estimated_size,
        sql: found.relation.sql.clone(),
        broken,
        name: found.name.clone(),
        kind: found.kind,
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
    let statement = source
        .probe()
        .prepare(&sql)
        .map_err(|error| error.message.lines().next().unwrap_or_default().to_owned())?;
    Ok(statement.types().to_vec())
}

fn constraints(cache: &Cache, found: &Found) -> Vec<Constraint> {
    let mut constraints: Vec<Constraint> = Vec::new();
    for raw in cache.constraints.get(&found.relation.key()).into_iter().flatten() {
        let constraint = constraint(raw, found);
        // A foreign key declared at a column stands in the catalog twice.
        constraints.extend(constraint.filter(|one| !constraints.contains(one)));
    }
    constraints
}

fn enum_names(cache: &Cache, logical: &LogicalType) -> Vec<SourceName> {
    match logical {
        LogicalType::Enum(labels) => cache.enums.get(labels).cloned().unwrap_or_default(),
        LogicalType::List(element) | LogicalType::Array(element, _) => enum_names(cache, element),
        _ => Vec::new(),
    }
}

fn column(
    cache: &Cache,
    raw: &raw::Column,
    logical: LogicalType,
    collation: Option<String>,
) -> Column {
    let enum_names = enum_names(cache, &logical);
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
        comment: raw.comment.clone(),
    }
}

/// DuckDB prints `USING HNSW (` for anything but its ordinary index.
fn method(sql: &str) -> String {
    let using = sql.split_once(" USING ").map(|(_, after)| after);
    let word = using.and_then(|after| after.split([' ', '(']).next());
    word.map_or_else(|| "art".to_owned(), str::to_lowercase)
}
