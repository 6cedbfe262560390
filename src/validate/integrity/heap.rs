//! Reads rows as they are stored: neither through an index, which may hold others, nor with what
//! constraints promise, which is what is to be found out.
//!
//! All runs in subtransactions that write nothing, so each query has the snapshot of the calling
//! statement: the numbers of all checks are of one moment.

use std::{cell::RefCell, collections::HashMap};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    error::{Error, Result},
    pg::{guc, owner, spi},
};

/// What makes the planner read all of a heap, and join by hash or merge what it must join without
/// an index.
const SETTINGS: &[(&str, &str)] = &[
    ("enable_seqscan", "on"),
    ("enable_indexscan", "off"),
    ("enable_indexonlyscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_nestloop", "off"),
    ("constraint_exclusion", "off"),
    ("enable_partition_pruning", "off"),
];

/// Answers about rows. Several checks ask the same, so answers are kept.
#[derive(Default)]
pub struct Heap {
    known: RefCell<HashMap<String, Value>>,
}

/// The answer of a query that counts.
#[derive(Deserialize)]
pub struct Count {
    /// That many.
    pub n: i64,
}

impl Heap {
    /// How many rows there are; `from` is what follows FROM.
    pub fn count(&self, from: &str) -> Result<i64> {
        let count: Count = self.one(&format!("SELECT count(*) AS n FROM {from}"))?;
        Ok(count.n)
    }

    /// The only row of a query.
    pub fn one<T: DeserializeOwned>(&self, sql: &str) -> Result<T> {
        let known = self.known.borrow().get(sql).cloned();
        let row = match known {
            Some(row) => row,
            None => {
                let row: Value = only(rows(sql, None)?)?;
                self.known.borrow_mut().insert(sql.to_owned(), row.clone());
                row
            }
        };
        serde_json::from_value(row).map_err(|error| unexpected(&error.to_string()))
    }
}

/// The rows of a query, read as the current user or, where it evaluates expressions that somebody
/// else has written, as this role.
pub fn rows<T: DeserializeOwned>(sql: &str, role: Option<u32>) -> Result<Vec<T>> {
    let read = || spi::rows_of_before(sql);
    guc::with_all(SETTINGS, || match role {
        Some(role) => owner::restricted_to(role, read),
        None => read(),
    })
}

/// The only row.
pub fn only<T>(rows: Vec<T>) -> Result<T> {
    rows.into_iter().next().ok_or_else(|| unexpected("no row"))
}

fn unexpected(reason: &str) -> Error {
    Error::new("XX000", "unexpected answer to a check").detail(format!("{reason}."))
}
