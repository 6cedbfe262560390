//! Relations of a query that DuckDB computes.

use std::collections::BTreeMap;

use migrator_model::{LogicalType, PgType, catalog::Bounds};

use super::expression::{Collation, Expression};

/// A column of a foreign table, and what it is at the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteColumn {
    /// The name at the source, as DuckDB spells it.
    pub name: String,
    /// The type at the source.
    pub logical: LogicalType,
    /// The type in PostgreSQL.
    pub pg: PgType,
    /// Whether the column has a collation at the source: what compares it is not pushed down.
    pub collated: bool,
    /// Whether the column is NOT NULL at the source.
    pub not_null: bool,
    /// Whether reading may change a value: `nul_bytes` strips or replaces, `on_lossy` accepts a loss.
    pub altered: bool,
    /// Between what the values lie, where the source's statistics tell.
    pub bounds: Option<Bounds>,
}

/// A foreign table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteTable {
    /// What stands behind FROM: a quoted name, or a query in parentheses.
    pub from: String,
    /// By attnum - 1; None for dropped columns.
    pub columns: Vec<Option<RemoteColumn>>,
}

/// The foreign tables of a query by their index in the range table.
#[derive(Clone, Debug, Default)]
pub struct Scope(pub BTreeMap<u32, RemoteTable>);

impl Scope {
    /// The column behind an attribute, if it is one.
    pub fn column(&self, relation: u32, attribute: i16) -> Option<&RemoteColumn> {
        let index = usize::try_from(attribute).ok()?.checked_sub(1)?;
        self.0.get(&relation)?.columns.get(index)?.as_ref()
    }
}

/// How two relations are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum JoinKind {
    Inner,
    Left,
    Full,
    /// EXISTS: only the left side's columns are there afterwards.
    Semi,
    /// NOT EXISTS
    Anti,
}

/// A relation that DuckDB computes: rows of base tables, before grouping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remote {
    /// A foreign table.
    Table {
        /// Its index in the range table.
        relation: u32,
        /// Which rows.
        filters: Vec<Expression>,
    },
    /// A join.
    Join {
        /// How.
        kind: JoinKind,
        /// The left side.
        left: Box<Remote>,
        /// The right side.
        right: Box<Remote>,
        /// The conditions of ON; none: TRUE.
        on: Vec<Expression>,
        /// Which rows of the result.
        filters: Vec<Expression>,
    },
}

impl Remote {
    /// All conditions in it.
    pub fn conditions(&self) -> Vec<&Expression> {
        match self {
            Self::Table { filters, .. } => filters.iter().collect(),
            Self::Join { left, right, on, filters, .. } => {
                let sides = [left, right].into_iter().flat_map(|side| side.conditions());
                on.iter().chain(filters).chain(sides).collect()
            }
        }
    }
}

/// A key of ORDER BY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// The value.
    pub expression: Expression,
    /// DESC
    pub descending: bool,
    /// NULLS FIRST
    pub nulls_first: bool,
    /// The collation that PostgreSQL sorts with.
    pub collation: Collation,
}

/// Something that a query gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The value.
    pub expression: Expression,
    /// Its type in PostgreSQL.
    pub pg: PgType,
}

/// A query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Select {
    /// Where its rows come from.
    pub from: Remote,
    /// What it gives, in order.
    pub outputs: Vec<Output>,
    /// GROUP BY; None where nothing is aggregated, empty for one group of all rows.
    pub grouping: Option<Vec<Expression>>,
    /// HAVING
    pub having: Vec<Expression>,
    /// DISTINCT
    pub distinct: bool,
    /// ORDER BY
    pub order: Vec<SortKey>,
    /// LIMIT
    pub limit: Option<Expression>,
    /// OFFSET
    pub offset: Option<Expression>,
}

impl Select {
    /// All rows as they come, without any output.
    pub fn all_of(from: Remote) -> Self {
        Self {
            from,
            outputs: Vec::new(),
            grouping: None,
            having: Vec::new(),
            distinct: false,
            order: Vec::new(),
            limit: None,
            offset: None,
        }
    }
}
