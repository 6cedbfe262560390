//! What is said of the rows that differ: one check for each way, with some of their keys.

use super::{
    check::{Category, Check, FAILING_KEYS, Severity},
    names,
    pair::Pair,
    tally::Op,
    values::RowDifference,
};

const OPS: [(Op, &str); 4] = [
    (Op::Missing, names::MISSING),
    (Op::Extra, names::EXTRA),
    (Op::Changed, names::CHANGED),
    (Op::Duplicate, names::DUPLICATE),
];

/// One check for each way in which rows differ.
pub fn checks(pair: &Pair, rows: &[RowDifference], complete: bool) -> Vec<Check> {
    OPS.iter().map(|(op, name)| check(pair, rows, complete, *op, name)).collect()
}

fn check(pair: &Pair, rows: &[RowDifference], complete: bool, op: Op, name: &'static str) -> Check {
    let of_op = || rows.iter().filter(|row| row.found.op == op);
    let count = of_op().count();
    let check = Check::new(name, Category::Content, Severity::Error).compare(0, count);
    let check = Check {
        unexpected_count: Some(count as i64),
        column_name: pair.column_names(of_op().flat_map(|row| row.columns.clone()).collect()),
        failing_keys: of_op().take(FAILING_KEYS).map(|row| pair.key_of(row)).collect(),
        ..check
    };
    match complete {
        true => check,
        false => check.note("partial: options.difference_limit ended the search"),
    }
}
