//! A question about rows: how many are not as they should be, and which.

use serde_json::Value;

use super::{
    heap::{self, Count, Heap},
    relation::Relation,
};
use crate::{
    error::Result,
    validate::check::{Check, FAILING_KEYS},
};

/// Three queries of one matter.
pub struct Question {
    /// The rows that are looked at: what follows FROM.
    pub from: String,
    /// How many of them are not as they should be: a query of one column `n`.
    pub count: String,
    /// Which they are: a query of the columns of their keys.
    pub keys: String,
    /// How many columns that has.
    pub width: usize,
    /// The role whose rights it needs, where it evaluates what this role has written.
    pub role: Option<u32>,
}

impl Question {
    /// Which rows of a relation meet a condition that none should meet.
    pub fn rows_with(relation: &Relation, condition: &str) -> Self {
        let from = relation.from();
        Self {
            count: format!("SELECT count(*) AS n FROM {from} WHERE {condition}"),
            keys: format!("SELECT {} FROM {from} WHERE {condition}", relation.key_list("")),
            width: relation.key_width(),
            from,
            role: None,
        }
    }

    /// The same, where the condition is an expression of the relation's owner.
    pub fn with_expressions_of(self, relation: &Relation) -> Self {
        Self { role: relation.evaluated_as(), ..self }
    }

    /// Asks, and decides the check.
    pub fn answer(&self, heap: &Heap, check: Check) -> Result<Check> {
        let rows = heap.count(&self.from)?;
        let Count { n } = heap::only(heap::rows(&self.count, self.role)?)?;
        let keys = if n == 0 { Vec::new() } else { self.some_keys()? };
        Ok(answered(check, rows, n, keys))
    }

    /// Some of the keys, the first ones in their order.
    pub fn some_keys(&self) -> Result<Vec<Value>> {
        let order: Vec<_> = (1..=self.width).map(|at| at.to_string()).collect();
        let (keys, order) = (&self.keys, order.join(", "));
        let sql = format!("SELECT * FROM ({keys}) q ORDER BY {order} LIMIT {FAILING_KEYS}");
        heap::rows(&sql, self.role)
    }
}

/// Fills in what rows say about a check.
pub fn answered(check: Check, rows: i64, unexpected: i64, failing_keys: Vec<Value>) -> Check {
    let plural = if unexpected == 1 { "" } else { "s" };
    let check = Check {
        actual: Some(format!("{unexpected} violating row{plural}")),
        rows_checked: Some(rows),
        unexpected_count: Some(unexpected),
        failing_keys,
        ..check
    };
    check.holds(unexpected == 0)
}
