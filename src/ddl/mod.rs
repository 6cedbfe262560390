//! Statements that make in PostgreSQL what a DuckDB file declares. Nothing here runs anything:
//! model values go in, SQL text comes out. Every name is an [`Ident`](migrator_model::Ident), every
//! function and collation is qualified, and the rest resolves with `search_path = pg_catalog`.

pub mod comment;
pub mod composite;
pub mod constraint;
pub mod enumeration;
pub mod expression;
pub mod foreign_table;
pub mod helper;
pub mod index;
pub mod macros;
pub mod names;
pub mod query;
pub mod sequence;
pub mod table;

/// One statement, ready to be executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The text, without a semicolon.
    pub sql: String,
    /// What it makes, for messages: `primary key "orders_pkey"`.
    pub what: String,
    /// Which kind of statement it is.
    pub kind: Kind,
}

impl Statement {
    fn new(kind: Kind, what: impl Into<String>, sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), what: what.into(), kind }
    }
}

/// What a [`Statement`] makes, in the order in which they are executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // The variants bear PostgreSQL's own names.
pub enum Kind {
    Schema,
    EnumType,
    RowType,
    Sequence,
    Setval,
    Table,
    Generated,
    Data,
    PrimaryKey,
    Unique,
    Index,
    Check,
    Default,
    OwnedBy,
    ForeignKey,
    View,
    Macro,
    Trigger,
    Comment,
}

impl Kind {
    /// The word users see in a report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::EnumType | Self::RowType => "type",
            Self::Sequence | Self::Setval | Self::OwnedBy => "sequence",
            Self::Table => "table",
            Self::Generated => "generated",
            Self::Data => "data",
            Self::PrimaryKey => "primary_key",
            Self::Unique => "unique",
            Self::Index => "index",
            Self::Check => "check",
            Self::Default => "default",
            Self::ForeignKey => "foreign_key",
            Self::View => "view",
            Self::Macro => "macro",
            Self::Trigger => "trigger",
            Self::Comment => "comment",
        }
    }
}

/// Why something in the file has no counterpart in PostgreSQL: one line, lower case, no full stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Untranslatable {
    /// The reason, naming the function, operator or value.
    pub reason: String,
}

impl Untranslatable {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}
