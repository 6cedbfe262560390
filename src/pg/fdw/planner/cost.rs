//! What DuckDB's part of a plan costs, in the planner's units: at their defaults a millisecond of this
//! server's is about 200 of them.

use crate::pg::compat::planner::Figures;

/// A query's way to the reader and back, and DuckDB's own planning: each scan costs that again, so a
/// nested loop needs a good reason.
const BEGIN: f64 = 500.0;
/// A row that DuckDB looks at.
const ROW: f64 = 0.0005;
/// A row that goes through a hash table of DuckDB's.
const HASHED_ROW: f64 = 0.002;
/// A comparison of DuckDB's: of a sort, or of two rows that no hash table brings together.
const COMPARISON: f64 = 0.0003;
/// A row that is encoded, carried over and taken apart.
const CARRIED_ROW: f64 = 0.02;
/// A byte of such a row.
const CARRIED_BYTE: f64 = 0.0002;

/// What is left of that when DuckDB does a further step of the query: of ways that cost about the same,
/// as all do for small tables, the one is to win that leaves the least to do here.
const STEP: f64 = 0.97;

/// DuckDB's work for a relation.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    begin: f64,
    /// What it costs, all in all.
    pub cost: f64,
    /// The rows that it gives.
    pub rows: f64,
}

/// How two relations come together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// By a hash table.
    Hash,
    /// Each row with each.
    Product,
}

impl Work {
    /// Reads a table of so many rows, and keeps some.
    pub fn scan(tuples: f64, rows: f64) -> Self {
        Self { begin: BEGIN, cost: tuples * ROW, rows }
    }

    /// Joins two relations.
    pub fn join(left: Self, right: Self, method: Method, rows: f64) -> Self {
        let together = match method {
            Method::Hash => (left.rows + right.rows) * HASHED_ROW,
            Method::Product => left.rows * right.rows * COMPARISON,
        };
        Self { begin: BEGIN, cost: left.cost + right.cost + together + rows * ROW, rows }
    }

    /// Makes groups of rows, and keeps some of them.
    pub fn group(self, keys: usize, groups: f64, rows: f64) -> Self {
        let each = if keys == 0 { ROW } else { HASHED_ROW + ROW * keys as f64 };
        let cost = self.cost + self.rows * each + groups * ROW;
        Self { begin: self.begin * STEP, cost, rows }
    }

    /// Sorts the rows.
    pub fn sort(self) -> Self {
        let rounds = self.rows.max(2.0).log2();
        Self { cost: self.cost + self.rows * rounds * COMPARISON, ..self }
    }

    /// The same as a further step of the query, behind others.
    pub fn next(self) -> Self {
        Self { begin: self.begin * STEP, ..self }
    }

    /// What a path costs that carries the rows over, each of so many bytes. Rows come as DuckDB finds
    /// them.
    pub fn streamed(self, width: i32) -> Figures {
        let total = self.begin + self.cost + self.carried(width);
        Figures { rows: self.rows, startup: self.begin, total }
    }

    /// The same where DuckDB has to see all rows before it gives the first.
    pub fn collected(self, width: i32) -> Figures {
        let startup = self.begin + self.cost;
        Figures { rows: self.rows, startup, total: startup + self.carried(width) }
    }

    fn carried(self, width: i32) -> f64 {
        self.rows * (CARRIED_ROW + CARRIED_BYTE * f64::from(width.max(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_duckdb_computes_costs_less_than_carrying_it_over() {
        let orders = Work::scan(1_500_000.0, 1_500_000.0);
        let lines = Work::scan(6_000_000.0, 6_000_000.0);
        let apart = orders.streamed(50).total + lines.streamed(50).total;
        let joined = Work::join(orders, lines, Method::Hash, 6_000_000.0);
        assert!(joined.streamed(50).total < apart);
        let grouped = lines.group(2, 4.0, 4.0).collected(50);
        assert!(grouped.total < lines.streamed(50).total / 5.0);
    }

    #[test]
    fn a_product_of_large_tables_is_no_bargain() {
        let table = Work::scan(10_000.0, 10_000.0);
        let product = Work::join(table, table, Method::Product, 100_000_000.0).streamed(8);
        assert!(product.total > 2.0 * table.streamed(4).total + 100_000_000.0 * 0.01);
    }

    #[test]
    fn of_a_small_table_every_step_is_left_to_duckdb() {
        let table = Work::scan(40.0, 40.0);
        let grouped = table.group(1, 40.0, 40.0);
        // The planner takes one percent for nothing.
        assert!(grouped.collected(8).total * 1.01 < table.sort().collected(8).total);
        assert!(grouped.sort().next().collected(8).total * 1.01 < grouped.collected(8).total);
    }
}
