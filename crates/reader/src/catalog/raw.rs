//! The catalog queries, and their rows as DuckDB gives them. Columns: reference/duckdb.md §6.

use std::{collections::HashMap, iter};

use migrator_model::ident::quote;
use serde::Deserialize;

use super::cache::Key;

/// The relation that a row belongs to.
#[derive(Clone, Copy, Deserialize)]
pub struct Relates {
    pub schema_oid: i64,
    pub oid: i64,
}

/// A row about a relation.
#[derive(Deserialize)]
pub struct Of<T> {
    #[serde(flatten)]
    pub key: Relates,
    #[serde(flatten)]
    pub of: T,
}

pub const SCHEMAS: &str = "
    SELECT oid, schema_name AS name, parent_schema_oid AS parent, internal, comment,
           database_name AS database
      FROM duckdb_schemas() WHERE database_name = current_database()";

/// A schema as DuckDB 2.0 has it: it nests them and names only the leaf.
#[derive(Clone, Deserialize)]
pub struct Leaf {
    pub oid: i64,
    pub name: String,
    pub parent: Option<i64>,
    pub internal: bool,
    pub comment: Option<String>,
    pub database: String,
}

/// A schema with its path.
pub struct Schema {
    pub name: String,
    pub quoted: String,
    pub internal: bool,
    pub comment: Option<String>,
}

/// No schema lies deeper; nor does one lie in itself.
const DEEPEST: usize = 64;

impl Schema {
    /// Puts the paths together.
    pub fn with_paths(leaves: Vec<Leaf>) -> HashMap<i64, Self> {
        let all: HashMap<_, _> = leaves.into_iter().map(|leaf| (leaf.oid, leaf)).collect();
        let schema = |leaf: &Leaf| {
            let parents = iter::successors(Some(leaf), |leaf| all.get(&leaf.parent?));
            let mut path: Vec<_> = parents.take(DEEPEST).map(|leaf| leaf.name.as_str()).collect();
            path.reverse();
            let Leaf { internal, comment, database, .. } = leaf.clone();
            let name = path.join(".");
            // A name of both database and schema means neither.
            if path.first().is_some_and(|first| first.eq_ignore_ascii_case(&database)) {
                path.insert(0, &database);
            }
            let quoted: Vec<_> = path.iter().map(|name| quote(name)).collect();
            (leaf.oid, Self { name, quoted: quoted.join("."), internal, comment })
        };
        all.values().map(schema).collect()
    }
}

pub const TABLES: &str = "
    SELECT schema_oid, table_oid AS oid, table_name AS name, false AS is_view, estimated_size,
           column_count, has_primary_key, comment, sql
      FROM duckdb_tables() WHERE NOT internal AND NOT temporary
       AND database_name = current_database() $which";

pub const VIEWS: &str = "
    SELECT schema_oid, view_oid, view_name, true, NULL, column_count, false, comment, sql
      FROM duckdb_views() WHERE NOT internal AND NOT temporary
       AND database_name = current_database()";

#[derive(Clone, Deserialize)]
pub struct Relation {
    #[serde(flatten)]
    pub key: Relates,
    pub name: String,
    pub is_view: bool,
    pub estimated_size: Option<i64>,
    pub column_count: Option<i64>,
    pub has_primary_key: bool,
    pub comment: Option<String>,
    pub sql: Option<String>,
}

impl Relation {
    /// What its columns, constraints and indexes are found by.
    pub fn key(&self) -> Key {
        (self.key.schema_oid, self.key.oid)
    }
}

pub const COLUMNS: &str = "
    SELECT schema_oid, table_oid AS oid, column_name AS name, is_nullable,
           column_default AS \"default\", is_generated, generation_expression AS generated, comment
      FROM duckdb_columns() WHERE NOT internal AND database_name = current_database() $which
     ORDER BY schema_oid, table_oid, column_index";

#[derive(Deserialize)]
pub struct Column {
    pub name: String,
    pub is_nullable: bool,
    pub default: Option<String>,
    pub is_generated: bool,
    pub generated: Option<String>,
    pub comment: Option<String>,
}

pub const CONSTRAINTS: &str = "
    SELECT schema_oid, table_oid AS oid, constraint_type AS kind, constraint_text AS text,
           expression, constraint_column_names AS columns, referenced_table AS parent,
           referenced_column_names AS referenced
      FROM duckdb_constraints()
     WHERE database_name = current_database() AND constraint_type <> 'NOT NULL' $which
     ORDER BY schema_oid, table_oid, constraint_index";

#[derive(Deserialize)]
pub struct Constraint {
    pub kind: String,
    pub text: Option<String>,
    pub expression: Option<String>,
    pub columns: Vec<String>,
    pub parent: Option<String>,
    pub referenced: Option<Vec<String>>,
}

pub const INDEXES: &str = "
    SELECT schema_oid, table_oid AS oid, index_name AS name, is_unique,
           CAST(expressions AS VARCHAR[]) AS expressions, sql, comment
      FROM duckdb_indexes() WHERE database_name = current_database() $which
     ORDER BY schema_oid, table_oid, index_name";

#[derive(Deserialize)]
pub struct Index {
    pub name: String,
    pub is_unique: bool,
    pub expressions: Option<Vec<String>>,
    pub sql: Option<String>,
    pub comment: Option<String>,
}

pub const SEQUENCES: &str = "
    SELECT schema_oid, sequence_name AS name, start_value AS start, min_value AS min,
           max_value AS max, increment_by AS increment, cycle, last_value, comment
      FROM duckdb_sequences() WHERE NOT temporary AND database_name = current_database()
     ORDER BY ALL";

#[derive(Deserialize)]
pub struct Sequence {
    pub schema_oid: i64,
    pub name: String,
    pub start: i64,
    pub min: i64,
    pub max: i64,
    pub increment: i64,
    pub cycle: bool,
    pub last_value: Option<i64>,
    pub comment: Option<String>,
}

pub const ENUMS: &str = "
    SELECT schema_oid, type_name AS name, labels FROM duckdb_types()
     WHERE NOT internal AND logical_type = 'ENUM' AND database_name = current_database()
     ORDER BY ALL";

#[derive(Deserialize)]
pub struct Enum {
    pub schema_oid: i64,
    pub name: String,
    pub labels: Vec<String>,
}

pub const TYPES: &str = "
    SELECT schema_oid, type_name AS name, logical_type AS kind, labels, comment
      FROM duckdb_types() WHERE NOT internal AND database_name = current_database()
     ORDER BY ALL";

#[derive(Deserialize)]
pub struct NamedType {
    pub schema_oid: i64,
    pub name: String,
    pub kind: String,
    pub labels: Option<Vec<String>>,
    pub comment: Option<String>,
}

pub const MACROS: &str = "
    SELECT s.oid AS schema_oid, f.function_name AS name, f.function_type = 'table_macro' AS is_table,
           f.parameters, f.parameter_types, f.macro_definition AS definition, f.comment
      FROM duckdb_functions() f JOIN duckdb_schemas() s
        ON s.database_oid = f.database_oid AND s.schema_name = f.schema_name
     WHERE NOT f.internal AND f.function_type IN ('macro', 'table_macro')
       AND f.macro_definition IS NOT NULL AND f.database_name = current_database()
     ORDER BY ALL";

#[derive(Deserialize)]
pub struct Macro {
    pub schema_oid: i64,
    pub name: String,
    pub is_table: bool,
    pub parameters: Vec<String>,
    pub parameter_types: Vec<Option<String>>,
    pub definition: String,
    pub comment: Option<String>,
}

pub const TRIGGERS: &str = "
    SELECT schema_oid, trigger_name AS name, table_name AS \"table\", sql, comment
      FROM duckdb_triggers() WHERE NOT temporary AND database_name = current_database()
     ORDER BY ALL";

#[derive(Deserialize)]
pub struct Trigger {
    pub schema_oid: i64,
    pub name: String,
    pub table: String,
    pub sql: Option<String>,
    pub comment: Option<String>,
}
