//! The catalog queries, and their rows as DuckDB gives them. Columns: reference/duckdb.md §6.

use serde::Deserialize;

/// Schemas with their path: DuckDB 2.0 nests them and names only the leaf.
pub const SCHEMAS: &str = "
    WITH RECURSIVE path(oid, name, quoted) AS (
        SELECT oid, schema_name, '\"' || replace(schema_name, '\"', '\"\"') || '\"'
          FROM duckdb_schemas()
         WHERE database_name = current_database() AND parent_schema_oid IS NULL
        UNION ALL
        SELECT s.oid, p.name || '.' || s.schema_name,
               p.quoted || '.\"' || replace(s.schema_name, '\"', '\"\"') || '\"'
          FROM duckdb_schemas() s JOIN path p ON s.parent_schema_oid = p.oid
         WHERE s.database_name = current_database())
    SELECT oid, name, quoted FROM path";

#[derive(Deserialize)]
pub struct Schema {
    pub oid: i64,
    pub name: String,
    pub quoted: String,
}

pub const RELATIONS: &str = "
    SELECT schema_oid, table_oid AS oid, table_name AS name, false AS is_view, estimated_size,
           column_count, has_primary_key, comment
      FROM duckdb_tables() WHERE NOT internal AND NOT temporary
       AND database_name = current_database()
    UNION ALL
    SELECT schema_oid, view_oid, view_name, true, NULL, column_count, false, comment
      FROM duckdb_views() WHERE NOT internal AND NOT temporary
       AND database_name = current_database()";

#[derive(Clone, Deserialize)]
pub struct Relation {
    pub schema_oid: i64,
    pub oid: i64,
    pub name: String,
    pub is_view: bool,
    pub estimated_size: Option<i64>,
    pub column_count: Option<i64>,
    pub has_primary_key: bool,
    pub comment: Option<String>,
}

pub const COLUMNS: &str = "
    SELECT column_name AS name, is_nullable, column_default AS \"default\", is_generated,
           generation_expression AS generated, comment
      FROM duckdb_columns()
     WHERE database_name = current_database() AND schema_oid = $schema AND table_oid = $oid
     ORDER BY column_index";

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
    SELECT constraint_type AS kind, constraint_text AS text, expression,
           constraint_column_names AS columns, referenced_table AS parent,
           referenced_column_names AS referenced
      FROM duckdb_constraints()
     WHERE database_name = current_database() AND schema_oid = $schema AND table_oid = $oid
       AND constraint_type <> 'NOT NULL'
     ORDER BY constraint_index";

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
    SELECT index_name AS name, is_unique, CAST(expressions AS VARCHAR[]) AS expressions, sql,
           comment
      FROM duckdb_indexes()
     WHERE database_name = current_database() AND schema_oid = $schema AND table_oid = $oid
     ORDER BY index_name";

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
