//! DuckDB expressions as PostgreSQL expressions. Only what means exactly the same, or can be
//! rewritten so that it does, is translated; everything else is refused with its reason.
//!
//! Every part carries its DuckDB type ([`class::Class`]), because the same text means different
//! things for different types. Known and accepted differences: PostgreSQL raises an error where a
//! floating-point result overflows or vanishes, `lower`, `upper` and ILIKE follow the database's
//! locale, `nfc_normalize` its edition of Unicode, roots and waves the C library to the last bit, and
//! an exact number of more than 15 digits becomes the nearest DOUBLE, which DuckDB can miss by a bit.

mod bits;
pub(in crate::ddl) mod casts;
pub(in crate::ddl) mod class;
mod codes;
mod dates;
mod differences;
pub(in crate::ddl) mod division;
mod floats;
mod formats;
pub(in crate::ddl) mod functions;
mod globs;
mod json;
mod lambdas;
mod list_folds;
mod lists;
pub(in crate::ddl) mod literals;
mod moments;
pub(in crate::ddl) mod nested;
mod numbers;
pub(in crate::ddl) mod operators;
pub(in crate::ddl) mod parse;
mod parts;
mod patterns;
mod readings;
mod regex;
mod regex_shape;
mod regexps;
pub(in crate::ddl) mod rows;
mod slices;
mod spellings;
mod strptime;
pub(in crate::ddl) mod temporal;
mod text_helpers;
mod texts;
pub(in crate::ddl) mod types;
pub(in crate::ddl) mod value;
pub(in crate::ddl) mod walk;

use migrator_model::{Ident, LogicalType, PgType, QualifiedName, pg_type::Environment};

use self::{class::Class, walk::Walker};

pub use super::Untranslatable;
use super::{helper::Helpers, macros::Macros};

/// A column that an expression may name.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    /// Its name in the source; DuckDB ignores the case.
    pub source: &'a str,
    /// Its name in the target.
    pub ident: &'a Ident,
    /// Its type in the source.
    pub logical: &'a LogicalType,
    /// Its type in the target.
    pub pg: &'a PgType,
    /// Whether it is a generated column in the target.
    pub generated: bool,
    /// Its COLLATE in the source.
    pub collation: Option<&'a str>,
}

/// What an expression is for; decides what it may use and what it has to be.
#[derive(Clone, Copy, Debug)]
pub enum Purpose<'a> {
    /// CHECK: a boolean; functions may be stable.
    Check,
    /// DEFAULT of a column of this type: no columns; functions may be volatile.
    Default {
        /// The column's type in the source.
        logical: &'a LogicalType,
        /// The column's type in the target.
        pg: &'a PgType,
    },
    /// A stored generated column of this type: immutable.
    Generated {
        /// The column's type in the source.
        logical: &'a LogicalType,
        /// The column's type in the target.
        pg: &'a PgType,
    },
    /// An expression of an index: immutable.
    Index,
    /// A part of a view's query: functions may be volatile.
    View,
}

impl Purpose<'_> {
    fn immutable(&self) -> bool {
        matches!(self, Self::Generated { .. } | Self::Index)
    }

    /// Whether it is computed anew for every row or query, as a default is.
    fn volatile(&self) -> bool {
        matches!(self, Self::Default { .. } | Self::View)
    }

    fn view(&self) -> bool {
        matches!(self, Self::View)
    }
}

/// What an expression may refer to.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The table's columns.
    pub columns: &'a [Column<'a>],
    /// Finds a sequence by the argument of `nextval`, as written there: `audit.id`, `"Order No"`.
    pub sequences: &'a dyn Fn(&str) -> Option<QualifiedName>,
    /// Where other extensions' types live.
    pub environment: &'a Environment,
    /// What the expression is for.
    pub purpose: Purpose<'a>,
    /// The macros that it may call.
    pub macros: &'a Macros,
    /// Where helper functions may be made; None where they may not.
    pub(in crate::ddl) helpers: Option<&'a Helpers>,
    /// What `$1` and those after it stand for.
    pub(in crate::ddl) parameters: &'a [value::Value],
}

impl<'a> Context<'a> {
    /// What an expression of a table may refer to.
    pub fn of_table(
        columns: &'a [Column<'a>],
        sequences: &'a dyn Fn(&str) -> Option<QualifiedName>,
        macros: &'a Macros,
        environment: &'a Environment,
        purpose: Purpose<'a>,
    ) -> Self {
        Self { columns, sequences, environment, purpose, macros, helpers: None, parameters: &[] }
    }
}

/// An expression in PostgreSQL's SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translated {
    /// The text.
    pub sql: String,
    /// The columns it uses, each once, in the order of first use.
    pub columns: Vec<Ident>,
}

/// Translates an expression as DuckDB's catalog prints it.
pub fn translate(sql: &str, context: &Context<'_>) -> Result<Translated, Untranslatable> {
    let expression = parse::expression(sql)?;
    let mut walker = Walker::new(context);
    let value = walker.value(&expression)?;
    let sql = match context.purpose {
        Purpose::View => value.sql,
        Purpose::Check => value.boolean("a check constraint")?.sql,
        Purpose::Index => value.indexable()?.sql,
        Purpose::Default { logical, pg } | Purpose::Generated { logical, pg } => {
            casts::assign(value, &Class::of(logical, pg), pg, context)?.sql
        }
    };
    Ok(Translated { sql, columns: walker.into_columns() })
}

/// The argument of `nextval` where the expression is nothing else: the column may own the sequence.
pub fn only_nextval(sql: &str) -> Option<String> {
    functions::only_nextval(&parse::expression(sql).ok()?)
}

/// The source name of the column where the expression is nothing else, as most indexes' are.
pub fn only_column(sql: &str) -> Option<String> {
    walk::only_column(&parse::expression(sql).ok()?)
}

fn refuse<T>(reason: impl Into<String>) -> Result<T, Untranslatable> {
    Err(Untranslatable::new(reason))
}

#[cfg(test)]
mod tests;
