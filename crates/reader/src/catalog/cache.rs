//! The catalog, read once with a handful of queries: each of DuckDB's catalog functions walks the
//! whole catalog, so that asking them about one table at a time would take the square of it.

use std::collections::HashMap;

use migrator_model::{SourceName, protocol::Failure};
use serde::de::DeserializeOwned;

use super::{Found, query, raw};
use crate::open::Source;

/// Schema and relation.
pub type Key = (i64, i64);

/// What there is in the file.
pub struct Cache {
    /// Schemas by their OIDs.
    pub schemas: HashMap<i64, raw::Schema>,
    /// Tables and views, by schema and name.
    pub relations: Vec<Found>,
    /// The columns of each, in order.
    pub columns: HashMap<Key, Vec<raw::Column>>,
    /// The constraints of each table, in order.
    pub constraints: HashMap<Key, Vec<raw::Constraint>>,
    /// The indexes of each table, by name.
    pub indexes: HashMap<Key, Vec<raw::Index>>,
    /// Enum types by their labels: the catalog does not say which type a column has.
    pub enums: HashMap<Vec<String>, Vec<SourceName>>,
}

impl Cache {
    /// Reads it.
    pub fn read(source: &Source) -> Result<Self, Failure> {
        let schemas = query::rows::<raw::Schema>(source, raw::SCHEMAS)?;
        let schemas = schemas.into_iter().map(|schema| (schema.oid, schema)).collect();
        let mut cache = Self {
            relations: relations(&schemas, query::rows(source, raw::RELATIONS)?),
            columns: grouped(source, raw::COLUMNS)?,
            constraints: grouped(source, raw::CONSTRAINTS)?,
            indexes: grouped(source, raw::INDEXES)?,
            enums: HashMap::new(),
            schemas,
        };
        for one in query::rows::<raw::Enum>(source, raw::ENUMS)? {
            let name = cache.qualified(one.schema_oid, one.name);
            cache.enums.entry(one.labels).or_default().push(name);
        }
        Ok(cache)
    }

    /// The name of something in a schema.
    pub fn qualified(&self, schema_oid: i64, name: String) -> SourceName {
        SourceName { schema: self.schemas.get(&schema_oid).map(|s| s.name.clone()), name }
    }
}

fn relations(schemas: &HashMap<i64, raw::Schema>, raw: Vec<raw::Relation>) -> Vec<Found> {
    let found = |relation: raw::Relation| {
        schemas.get(&relation.key.schema_oid).map(|schema| Found::new(schema, relation))
    };
    let mut all: Vec<_> = raw.into_iter().filter_map(found).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// The rows of a query by the relation that they belong to, in the query's order.
fn grouped<T: DeserializeOwned>(
    source: &Source,
    sql: &str,
) -> Result<HashMap<Key, Vec<T>>, Failure> {
    let mut groups = HashMap::new();
    for row in query::rows::<raw::Of<T>>(source, sql)? {
        let key = (row.key.schema_oid, row.key.oid);
        groups.entry(key).or_insert_with(Vec::new).push(row.of);
    }
    Ok(groups)
}
