//! A value that cannot be carried, and the rejected row it makes.

use serde::{Deserialize, Serialize};

use crate::ident::clip;

/// The most bytes of a bad value that ever reach a message.
pub const SHOWN_BYTES: usize = 100;

/// Why one value cannot become its PostgreSQL type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadValue {
    /// The SQLSTATE that PostgreSQL itself would raise, e.g. `22003`.
    pub sqlstate: String,
    /// One factual line, lower case, no full stop.
    pub reason: String,
}

impl BadValue {
    /// A bad value by its SQLSTATE and one factual line.
    pub fn new(sqlstate: &str, reason: impl Into<String>) -> Self {
        Self { sqlstate: sqlstate.to_owned(), reason: reason.into() }
    }

    /// 22003: the value is outside the type's range.
    pub fn out_of_range(value: impl std::fmt::Display, pg: impl std::fmt::Display) -> Self {
        let value = shown(&value.to_string());
        Self::new("22003", format!("value \"{value}\" is out of range for type {pg}"))
    }

    /// 22008: the date or time is outside the type's range.
    pub fn datetime_out_of_range(value: impl std::fmt::Display, pg: &str) -> Self {
        let value = shown(&value.to_string());
        Self::new("22008", format!("{pg} out of range: \"{value}\""))
    }
}

/// The start of a value, as it may be shown in a message: at most 100 bytes, marked when cut.
pub fn shown(value: &str) -> String {
    let start = clip(value, SHOWN_BYTES);
    if start.len() == value.len() { start.to_owned() } else { format!("{start}...") }
}

/// A row that was not carried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// DuckDB's row id for a table, the row's number in the scan (from 1) for a view.
    pub source_row: i64,
    /// The row's number in the scan, from 1.
    pub row_number: u64,
    /// The column whose value is bad, by its source name.
    pub column: String,
    /// Why.
    pub bad: BadValue,
    /// The row as a JSON object of text forms, each clipped; None when only the position counts.
    pub row: Option<String>,
}
