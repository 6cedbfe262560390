//! What a DuckDB file holds: tables, views, constraints, indexes, sequences, enum types.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{LogicalType, SourceName};

/// Whether a relation of the source holds rows or computes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TableKind {
    /// A base table.
    Table,
    /// A view.
    View,
}

impl TableKind {
    /// The word users see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::View => "view",
        }
    }
}

/// One line of `source_tables()`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSummary {
    /// Schema (path) and name.
    pub name: SourceName,
    /// Table or view.
    pub kind: TableKind,
    /// DuckDB's estimate; None for a view.
    pub estimated_rows: Option<i64>,
    /// Number of columns; None for a view that cannot be bound.
    pub column_count: Option<i64>,
    /// Whether a PRIMARY KEY is declared.
    pub has_primary_key: bool,
    /// COMMENT ON TABLE or VIEW.
    pub comment: Option<String>,
}

/// A column of a table or view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The name as DuckDB spells it.
    pub name: String,
    /// The type.
    pub logical: LogicalType,
    /// COLLATE, as DuckDB spells it: `nocase`.
    pub collation: Option<String>,
    /// False when NOT NULL or part of the primary key.
    pub nullable: bool,
    /// The DEFAULT expression in DuckDB SQL.
    pub default: Option<String>,
    /// The expression of a generated column in DuckDB SQL.
    pub generated: Option<String>,
    /// COMMENT ON COLUMN.
    pub comment: Option<String>,
    /// The named enum types whose labels are this column's, as `schema.name`.
    pub enum_names: Vec<SourceName>,
}

/// Between what the values of a column lie, by DuckDB's statistics: none lies outside, but the ends need
/// not occur.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Bounds {
    /// The lower end, as DuckDB prints it.
    pub low: String,
    /// The upper end.
    pub high: String,
}

impl Column {
    /// What is different about a column with a collation.
    pub fn collation_note(&self) -> Option<String> {
        let collation = self.collation.as_ref()?;
        Some(format!("COLLATE {collation} is left behind: values are compared exactly"))
    }
}

/// A table constraint other than NOT NULL. Columns are named as DuckDB spells them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Constraint {
    /// PRIMARY KEY
    PrimaryKey(Vec<String>),
    /// UNIQUE
    Unique(Vec<String>),
    /// CHECK, with its expression in DuckDB SQL.
    Check(String),
    /// FOREIGN KEY
    ForeignKey {
        /// The referencing columns.
        columns: Vec<String>,
        /// The referenced table.
        table: SourceName,
        /// The referenced columns, in the same order.
        referenced: Vec<String>,
    },
}

/// A secondary index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Its method, lower case: `art` is DuckDB's ordinary one.
    pub method: String,
    /// UNIQUE
    pub unique: bool,
    /// Columns or expressions in DuckDB SQL, in order.
    pub expressions: Vec<String>,
    /// What stands in WITH, as far as DuckDB tells it; names are lower case.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// COMMENT ON INDEX.
    pub comment: Option<String>,
}

/// A sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    /// Schema and name.
    pub name: SourceName,
    /// START
    pub start: i64,
    /// MINVALUE
    pub min: i64,
    /// MAXVALUE
    pub max: i64,
    /// INCREMENT
    pub increment: i64,
    /// CYCLE
    pub cycle: bool,
    /// The last value handed out; None when never used.
    pub last_value: Option<i64>,
    /// COMMENT ON SEQUENCE.
    pub comment: Option<String>,
}

/// A table or view with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Schema (path) and name.
    pub name: SourceName,
    /// The name in DuckDB SQL, quoted: what a query reads from.
    pub sql_name: String,
    /// Table or view.
    pub kind: TableKind,
    /// In order.
    pub columns: Vec<Column>,
    /// In DuckDB's order; NOT NULL is in the columns.
    pub constraints: Vec<Constraint>,
    /// Secondary indexes.
    pub indexes: Vec<Index>,
    /// COMMENT ON TABLE or VIEW.
    pub comment: Option<String>,
    /// DuckDB's estimate; None for a view.
    pub estimated_rows: Option<i64>,
    /// The statement that makes it, as DuckDB prints it.
    pub sql: Option<String>,
    /// Why the columns are unknown: a view that cannot be bound.
    pub broken: Option<String>,
}

/// A schema that somebody has made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// Its path: schemas of DuckDB 2.0 can be nested.
    pub name: String,
    /// COMMENT ON SCHEMA.
    pub comment: Option<String>,
}

/// CREATE TYPE
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedType {
    /// Schema and name.
    pub name: SourceName,
    /// DuckDB's word for what it stands for: `ENUM`, `STRUCT`, `INTEGER`.
    pub kind: String,
    /// The labels of an ENUM.
    pub labels: Vec<String>,
    /// COMMENT ON TYPE.
    pub comment: Option<String>,
}

/// CREATE MACRO
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Macro {
    /// Schema and name.
    pub name: SourceName,
    /// Whether it stands for a query rather than an expression.
    pub is_table: bool,
    /// Its forms.
    pub overloads: Vec<Overload>,
    /// COMMENT ON MACRO.
    pub comment: Option<String>,
}

/// One form of a macro.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overload {
    /// Its parameters, in order.
    pub parameters: Vec<Parameter>,
    /// What it stands for, in DuckDB SQL.
    pub definition: String,
}

impl fmt::Display for Overload {
    /// Writes the form as in CREATE MACRO: `(a, b := 2) AS (a + b)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters: Vec<_> = self.parameters.iter().map(ToString::to_string).collect();
        write!(f, "({}) AS {}", parameters.join(", "), self.definition)
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(data_type) = &self.data_type {
            write!(f, " {data_type}")?;
        }
        match &self.default {
            Some(default) => write!(f, " := {default}"),
            None => Ok(()),
        }
    }
}

/// A parameter of a macro.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type in DuckDB SQL, where one was declared.
    pub data_type: Option<String>,
    /// What it is when it is left out, in DuckDB SQL.
    pub default: Option<String>,
}

/// CREATE TRIGGER
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// Its table.
    pub table: SourceName,
    /// The statement that makes it.
    pub sql: String,
    /// COMMENT ON TRIGGER.
    pub comment: Option<String>,
}

/// What a file holds besides tables and views.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objects {
    /// Schemas, `main` included.
    pub schemas: Vec<Schema>,
    /// Named types.
    pub types: Vec<NamedType>,
    /// Sequences.
    pub sequences: Vec<Sequence>,
    /// Macros.
    pub macros: Vec<Macro>,
    /// Triggers.
    pub triggers: Vec<Trigger>,
}

/// The file itself: `source_info()`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileInfo {
    /// The version field of the main header, e.g. 64.
    pub storage_version: u64,
    /// The DuckDB that wrote the file last, e.g. `v2.0.0`; empty when the header has none.
    pub written_by: String,
    /// Whether the file is encrypted.
    pub encrypted: bool,
    /// Whether a write-ahead log lies beside it.
    pub has_wal: bool,
    /// Its length in bytes, without the log.
    pub size_bytes: u64,
    /// Changes when the content of file or log does.
    pub fingerprint: String,
}
