//! What a search costs with an index, in the planner's units and with its default constants: a page
//! in order 1, another 4, a row 0.01, an entry 0.005, an operator 0.0025. It stands in where no
//! hypothetical index can be planned with.

use super::{
    candidate::{Candidate, Method},
    size::{self, Rows},
};

const RANDOM: f64 = 4.0;
const ROW: f64 = 0.01;
const ENTRY: f64 = 0.005;
const OPERATOR: f64 = 0.0025;

/// What a scan of the whole table costs.
pub fn scan(table: Rows) -> f64 {
    table.pages + table.rows * (ROW + OPERATOR)
}

/// What a search by an index costs; `correlation` is that of its first key.
pub fn search(candidate: &Candidate, table: Rows, correlation: f64) -> f64 {
    let found = (table.rows * candidate.share).max(1.0);
    let found = candidate.first_rows.map_or(found, |first| first.max(1.0).min(found));
    let part = (found / (table.rows * candidate.kept()).max(1.0)).min(1.0);
    let pages = size::bytes(candidate, table) / 8_192.0;
    let descent = table.rows.max(2.0).log2() * OPERATOR + RANDOM;
    let entries = match candidate.method {
        // All of it is read.
        Method::Brin => pages,
        _ => part * pages + found * ENTRY,
    };
    descent + entries + heap(candidate, table, found, correlation) + found * (ROW + OPERATOR)
}

/// The pages of the table that are read.
fn heap(candidate: &Candidate, table: Rows, found: f64, correlation: f64) -> f64 {
    let in_order = (found / table.rows.max(1.0) * table.pages).max(1.0);
    match candidate.method {
        Method::Brin => in_order + 128.0_f64.min(table.pages),
        _ if !candidate.include.is_empty() => in_order * 0.1,
        _ => {
            // Mackert and Lohman: how many pages so many rows lie on.
            let (pages, rows) = (table.pages.max(1.0), found);
            let apart = (2.0 * pages * rows / (2.0 * pages + rows)).min(pages).max(1.0);
            // The more of the pages, the nearer each is to the last.
            let each = RANDOM - (RANDOM - 1.0) * (apart / pages).sqrt();
            let (worst, best) = (apart * each, RANDOM + in_order - 1.0);
            worst + correlation * correlation * (best.min(worst) - worst)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::candidate::tests::part, *};

    const TABLE: Rows = Rows { rows: 1e6, pages: 10_000.0 };

    fn tree(share: f64) -> Candidate {
        Candidate::new(Method::Btree, vec![part("a", share)], 1)
    }

    #[test]
    fn few_rows_are_cheap_and_many_are_not() {
        assert!(search(&tree(1e-6), TABLE, 0.0) < 10.0);
        assert!(search(&tree(0.0001), TABLE, 0.0) < scan(TABLE) / 20.0);
        assert!(search(&tree(0.9), TABLE, 0.0) > scan(TABLE) * 0.9);
    }

    #[test]
    fn rows_in_order_are_cheaper() {
        assert!(search(&tree(0.01), TABLE, 1.0) < search(&tree(0.01), TABLE, 0.0) / 3.0);
    }

    #[test]
    fn the_first_rows_of_an_order_are_cheap() {
        let mut order = tree(1.0);
        order.first_rows = Some(10.0);
        assert!(search(&order, TABLE, 0.0) < 100.0);
    }
}
