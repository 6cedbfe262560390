//! Reads DuckDB's catalog into the model. It knows names and types; what they become in
//! PostgreSQL is the type rules' business.

mod query;
mod raw;

use std::collections::HashMap;

use migrator_model::{
    LogicalType, SourceName,
    catalog::{Catalog, Column, Constraint, Index, Sequence, Table, TableKind, TableSummary},
    ident::quote,
    protocol::Failure,
};

use crate::open::Source;

/// The names of a file: what there is, and how to write it in SQL.
pub struct Names<'s> {
    source: &'s Source,
    schemas: HashMap<i64, raw::Schema>,
    relations: Vec<raw::Relation>,
}

/// A table or view that was found.
pub struct Found {
    /// Its full name, as DuckDB spells it.
    pub name: SourceName,
    /// Its name in DuckDB SQL.
    pub sql: String,
    /// Table or view.
    pub kind: TableKind,
    relation: raw::Relation,
}

impl<'s> Names<'s> {
    /// Reads the names.
    pub fn read(source: &'s Source) -> Result<Self, Failure> {
        let schemas = query::rows::<raw::Schema>(source, raw::SCHEMAS)?;
        let schemas = schemas.into_iter().map(|schema| (schema.oid, schema)).collect();
        let relations = query::rows(source, raw::RELATIONS)?;
        Ok(Self { source, schemas, relations })
    }

    /// Everything, by schema and name.
    fn all(&self) -> Vec<Found> {
        let mut all: Vec<_> = self.relations.iter().filter_map(|one| self.found(one)).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    fn found(&self, relation: &raw::Relation) -> Option<Found> {
        let schema = self.schemas.get(&relation.schema_oid)?;
        Some(Found {
            name: SourceName { schema: Some(schema.name.clone()), name: relation.name.clone() },
            sql: format!("{}.{}", schema.quoted, quote(&relation.name)),
            kind: if relation.is_view { TableKind::View } else { TableKind::Table },
            relation: relation.clone(),
        })
    }

    /// Finds a table or view: spelled exactly so, or else differing in case only. Without a
    /// schema it is one of `main`.
    pub fn find(&self, wanted: &SourceName) -> Result<Found, Failure> {
        let mut all = self.all();
        let schema = wanted.schema.as_deref().unwrap_or("main");
        let exact = |found: &Found| {
            found.name.schema.as_deref() == Some(schema) && found.name.name == wanted.name
        };
        let folded = |found: &Found| {
            let same_schema = found.name.schema.as_deref().is_some_and(|name| same(name, schema));
            same_schema && same(&found.name.name, &wanted.name)
        };
        match all.iter().position(exact).or_else(|| all.iter().position(folded)) {
            Some(position) => Ok(all.swap_remove(position)),
            None => Err(not_found(wanted, &all)),
        }
    }
}

impl Names<'_> {
    /// What names a row of a base table; None for a view, or where a column has that name.
    pub fn row_id(&self, found: &Found) -> Result<Option<&'static str>, Failure> {
        if found.kind == TableKind::View {
            return Ok(None);
        }
        let columns = self.of::<raw::Column>(found, raw::COLUMNS)?;
        let hidden = columns.iter().any(|column| same(&column.name, "rowid"));
        Ok(if hidden { None } else { Some("rowid") })
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
}

/// DuckDB compares names without regard to case.
fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
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

/// Answers `source_tables()`.
pub fn tables(source: &Source) -> Result<Vec<TableSummary>, Failure> {
    let summary = |found: Found| TableSummary {
        name: found.name,
        kind: found.kind,
        estimated_rows: found.relation.estimated_size,
        column_count: found.relation.column_count,
        has_primary_key: found.relation.has_primary_key,
        comment: found.relation.comment,
    };
    Ok(Names::read(source)?.all().into_iter().map(summary).collect())
}

/// Describes one table or view, or all.
pub fn describe(source: &Source, wanted: Option<&SourceName>) -> Result<Catalog, Failure> {
    let names = Names::read(source)?;
    let found = match wanted {
        Some(wanted) => vec![names.find(wanted)?],
        None => names.all(),
    };
    let enums = names.enums()?;
    let tables = found.into_iter().map(|found| names.table(found, &enums));
    Ok(Catalog { tables: tables.collect::<Result<_, _>>()?, sequences: names.sequences()? })
}

/// Enum types by their labels: the catalog does not say which type a column has.
type Enums = HashMap<Vec<String>, Vec<SourceName>>;

impl Names<'_> {
    fn enums(&self) -> Result<Enums, Failure> {
        let mut enums = Enums::new();
        for found in query::rows::<raw::Enum>(self.source, raw::ENUMS)? {
            let name = self.qualified(found.schema_oid, found.name);
            enums.entry(found.labels).or_default().push(name);
        }
        Ok(enums)
    }

    fn qualified(&self, schema_oid: i64, name: String) -> SourceName {
        SourceName { schema: self.schemas.get(&schema_oid).map(|s| s.name.clone()), name }
    }

    fn sequences(&self) -> Result<Vec<Sequence>, Failure> {
        let sequence = |found: raw::Sequence| Sequence {
            name: self.qualified(found.schema_oid, found.name),
            start: found.start,
            min: found.min,
            max: found.max,
            increment: found.increment,
            cycle: found.cycle,
            last_value: found.last_value,
            comment: found.comment,
        };
        let found = query::rows::<raw::Sequence>(self.source, raw::SEQUENCES)?;
        Ok(found.into_iter().map(sequence).collect())
    }

    /// The rows of a catalog query about one relation.
    fn of<T: serde::de::DeserializeOwned>(
        &self,
        one: &Found,
        sql: &str,
    ) -> Result<Vec<T>, Failure> {
        let sql = sql
            .replace("$schema", &one.relation.schema_oid.to_string())
            .replace("$oid", &one.relation.oid.to_string());
        query::rows(self.source, &sql)
    }

    fn table(&self, found: Found, enums: &Enums) -> Result<Table, Failure> {
        let raw_columns = self.of::<raw::Column>(&found, raw::COLUMNS)?;
        let (types, broken) = match self.types(&found, &raw_columns) {
            Ok(types) => (types, None),
            Err(reason) => (Vec::new(), Some(reason)),
        };
        let columns = raw_columns.into_iter().zip(types).map(|(raw, logical)| {
            let enum_names = enum_names(&logical, enums);
            column(raw, logical, enum_names)
        });
        Ok(Table {
            columns: columns.collect(),
            constraints: self.constraints(&found)?,
            indexes: self.of(&found, raw::INDEXES)?.into_iter().map(index).collect(),
            comment: found.relation.comment.clone(),
            estimated_rows: found.relation.estimated_size,
            broken,
            name: found.name,
            kind: found.kind,
        })
    }

    /// The types, from a prepared statement: it gives handles, not text. A view that cannot be
    /// bound has none.
    fn types(&self, found: &Found, columns: &[raw::Column]) -> Result<Vec<LogicalType>, String> {
        let list: Vec<_> = columns.iter().map(|column| quote(&column.name)).collect();
        let sql = format!("SELECT {} FROM {}", list.join(", "), found.sql);
        let statement = self
            .source
            .session()
            .prepare(&sql)
            .map_err(|error| error.message.lines().next().unwrap_or_default().to_owned())?;
        Ok(statement.types().to_vec())
    }

    fn constraints(&self, found: &Found) -> Result<Vec<Constraint>, Failure> {
        let mut constraints: Vec<Constraint> = Vec::new();
        for raw in self.of::<raw::Constraint>(found, raw::CONSTRAINTS)? {
            let constraint = constraint(raw, found);
            // A foreign key declared at a column stands in the catalog twice.
            constraints.extend(constraint.filter(|one| !constraints.contains(one)));
        }
        Ok(constraints)
    }
}

fn enum_names(logical: &LogicalType, enums: &Enums) -> Vec<SourceName> {
    match logical {
        LogicalType::Enum(labels) => enums.get(labels).cloned().unwrap_or_default(),
        LogicalType::List(element) | LogicalType::Array(element, _) => enum_names(element, enums),
        _ => Vec::new(),
    }
}

fn column(raw: raw::Column, logical: LogicalType, enum_names: Vec<SourceName>) -> Column {
    Column {
        name: raw.name,
        logical,
        nullable: raw.is_nullable,
        // The catalog repeats a generated column's expression as its default.
        default: raw.default.filter(|_| !raw.is_generated),
        generated: raw.generated.filter(|_| raw.is_generated),
        comment: raw.comment,
        enum_names,
    }
}

fn constraint(raw: raw::Constraint, found: &Found) -> Option<Constraint> {
    Some(match raw.kind.as_str() {
        "PRIMARY KEY" => Constraint::PrimaryKey(raw.columns),
        "UNIQUE" => Constraint::Unique(raw.columns),
        "CHECK" => Constraint::Check(raw.expression?),
        "FOREIGN KEY" => Constraint::ForeignKey {
            columns: raw.columns,
            table: parent(raw.parent?, raw.text.as_deref(), found),
            referenced: raw.referenced?,
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

fn index(raw: raw::Index) -> Index {
    Index {
        name: raw.name,
        method: method(raw.sql.as_deref().unwrap_or_default()),
        unique: raw.is_unique,
        expressions: raw.expressions.unwrap_or_default(),
        comment: raw.comment,
    }
}

/// DuckDB prints `USING HNSW (` for anything but its ordinary index.
fn method(sql: &str) -> String {
    let using = sql.split_once(" USING ").map(|(_, after)| after);
    let word = using.and_then(|after| after.split([' ', '(']).next());
    word.map_or_else(|| "art".to_owned(), str::to_lowercase)
}
