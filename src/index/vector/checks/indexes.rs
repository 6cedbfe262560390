//! What the indexes of a column hold, and what a search can reach in them.

use super::{Check, Look, Status};
use crate::{
    error::Result,
    index::vector::{
        column::Column,
        design::{Am, Form},
        existing::Existing,
        metric::Metric,
        sample,
        search::{Search, parameter, used_index},
        within,
    },
    pg::prepared::Prepared,
};

/// A walk reads the whole graph: of more vectors it is left to those who ask for recall.
const MOST: u64 = 2_000_000;

/// One check for each index, or that there is none.
fn of_each(
    look: &Look<'_>,
    name: &'static str,
    check: impl Fn(&Existing) -> Result<Check>,
) -> Result<Vec<Check>> {
    if look.indexes.is_empty() {
        return Ok(vec![Check::skipped(name, "The column has no index of pgvector's.")]);
    }
    look.indexes.iter().map(check).collect()
}

/// An index counts when it is built; ANALYZE puts an estimate in place of that.
pub(super) fn coverage(look: &Look<'_>) -> Result<Vec<Check>> {
    of_each(look, "index_coverage", |index| Ok(covers(look, index)))
}

fn covers(look: &Look<'_>, index: &Existing) -> Check {
    let name = "index_coverage";
    let Some((_, metric)) = index.metrics(look.column).first().copied() else {
        return unknown(name, index);
    };
    if let Some(reason) = no_count(look, index) {
        return Check::skipped(name, format!("{}: {reason}", index.name));
    }
    let (expected, actual) = (look.contents.eligible(metric), index.tuples as u64);
    let (status, how) = counted(look, expected, actual);
    Check::new(name, status, expected, actual).detail(format!("{}: {how}.", index.name))
}

/// What a number means, and how it is known.
fn counted(look: &Look<'_>, expected: u64, actual: u64) -> (Status, &'static str) {
    let built = "what it counted when it was built";
    match (expected == actual, actual == look.contents.rows) {
        (true, false) => (Status::Pass, built),
        (true, true) => (
            Status::Pass,
            "what it counted when it was built, or the number of rows that ANALYZE has written since",
        ),
        (false, true) => (
            Status::Skip,
            "the table's number of rows, which ANALYZE has written: not exact, index_reachability counts",
        ),
        (false, false) if look.column.estimate == Some(look.contents.rows) => (Status::Fail, built),
        (false, false) => {
            (Status::Warn, "the table may have changed since it was built: not exact")
        }
    }
}

fn unknown(name: &'static str, index: &Existing) -> Check {
    let class = index.class();
    Check::skipped(name, format!("{}: operator class {class} is not known.", index.name))
}

fn no_count(look: &Look<'_>, index: &Existing) -> Option<&'static str> {
    match (index.valid, index.partial, look.column.is_partitioned) {
        (false, ..) => Some("it is not valid."),
        (_, true, _) => Some("it has a condition."),
        (.., true) => Some("its partitions' indexes have the rows."),
        _ if index.tuples < 0.0 => Some("it has counted nothing."),
        _ => None,
    }
}

/// How many rows a search finds that goes on until nothing is left.
pub(super) fn reachability(look: &Look<'_>) -> Result<Vec<Check>> {
    of_each(look, "index_reachability", |index| {
        let skipped = |reason: &str| {
            Ok(Check::skipped("index_reachability", format!("{}: {reason}", index.name)))
        };
        let (Some(am), Some((form, metric))) =
            (index.am(), index.metrics(look.column).first().copied())
        else {
            return Ok(unknown("index_reachability", index));
        };
        if !index.valid || index.partial {
            return skipped("it is not valid, or has a condition.");
        }
        if am == Am::Hnsw && !look.column.version.iterates() {
            return skipped("pgvector before 0.8.0 does not go on with a search.");
        }
        let expected = look.contents.eligible(metric);
        if expected == 0 || expected > MOST {
            return skipped("it has no vectors, or too many to walk through.");
        }
        let Some(found) = walk(look.column, form, metric, am, index)? else {
            return skipped("the planner takes another index for the same search.");
        };
        let check = Check::new("index_reachability", reached(found, expected), expected, found);
        Ok(check.detail(format!("{}: rows that a search finds when nothing ends it.", index.name)))
    })
}

/// A graph may leave single rows without a way to them; more than one of a hundred it should not.
fn reached(found: u64, expected: u64) -> Status {
    match found == expected {
        false if found < expected && found * 100 >= expected * 99 => Status::Warn,
        all => Status::must(all),
    }
}

/// None: another index was read.
fn walk(
    column: &Column,
    form: Form,
    metric: Metric,
    am: Am,
    index: &Existing,
) -> Result<Option<u64>> {
    let search = Search { column, metric, k: 1 };
    let Some(query) = sample::own(column, metric, 1)?.into_iter().next() else { return Ok(None) };
    let order = column.indexed_distance(form, metric, &search.parameter());
    let sql = format!("SELECT t.ctid FROM {} ORDER BY {order}", column.from());
    let ran = within::indexed(&endless(am, index), || {
        let prepared = Prepared::new(&sql)?;
        Ok(prepared.run(&prepared.bind(&[parameter(&query)])?, None))
    })?;
    let plan = ran.plan.map(|plan| used_index(&plan.json)).transpose()?.flatten();
    Ok(plan.filter(|used| used.oid == index.oid).map(|_| ran.rows))
}

/// The settings with which a search ends when there is nothing more.
fn endless(am: Am, index: &Existing) -> Vec<(&'static str, String)> {
    match am {
        Am::Hnsw => vec![
            ("hnsw.ef_search", "1000".to_owned()),
            ("hnsw.iterative_scan", "relaxed_order".to_owned()),
            ("hnsw.max_scan_tuples", i32::MAX.to_string()),
            ("hnsw.scan_mem_multiplier", "1000".to_owned()),
        ],
        Am::Ivfflat => vec![("ivfflat.probes", index.lists().to_string())],
    }
}

/// Whether an index serves the distance that is asked for.
pub(super) fn operator_class(look: &Look<'_>) -> Result<Vec<Check>> {
    if look.indexes.is_empty() {
        let reason = "The column has no index of pgvector's.";
        return Ok(vec![Check::skipped("operator_class", reason)]);
    }
    let served = |index: &Existing| index.metrics(look.column);
    let described: Vec<_> = look.indexes.iter().map(|index| described(look, index)).collect();
    let actual = described.join(", ");
    let Some(metric) = look.metric else {
        let reason = "No metric was given to hold it against.";
        let check = Check::skipped("operator_class", reason);
        return Ok(vec![Check { actual: Some(actual), ..check }]);
    };
    let serves = |index: &Existing| index.valid && served(index).iter().any(|one| one.1 == metric);
    let holds = look.indexes.iter().any(serves);
    let expected = format!("{} ({})", metric.name(), metric.operator());
    Ok(vec![Check::new("operator_class", Status::must(holds), expected, actual)])
}

fn described(look: &Look<'_>, index: &Existing) -> String {
    let operators: Vec<_> =
        index.metrics(look.column).iter().map(|(_, metric)| metric.operator()).collect();
    format!("{} {} ({})", index.name, index.class(), operators.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_rows_may_be_out_of_reach() {
        let all = [(1_000, 1_000), (990, 1_000), (989, 1_000), (1_001, 1_000), (0, 1)];
        let status = all.map(|(found, expected)| reached(found, expected).as_str());
        assert_eq!(status, ["pass", "warn", "fail", "fail", "fail"]);
    }
}
