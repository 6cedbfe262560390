//! Which index one reading of the table asks for: pure rules, by what it wants and what the
//! statistics say. `tree` knows B-trees, and what does their work in less room; `partial` those of
//! the few rows that have a rare value; `special` the operators that have indexes of their own.

mod partial;
mod special;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

pub use self::special::Class;
use super::{
    candidate::{Candidate, Part as KeyPart, Reason},
    options::Options,
    table::{Column, Table},
    wanted::{Part, Wanted},
};
use crate::pg::query_shape::shape::Sort;

/// What lets through more of the rows than this is not looked up by an index: its pages would be
/// read in a worse order, and nearly all of them.
pub const MOST_SHARE: f64 = 0.2;

/// What is chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// An index.
    Index(Box<Candidate>),
    /// One for the nearest vectors.
    Nearest {
        /// The order.
        sort: Sort,
        /// Which query it is of.
        query: usize,
    },
    /// None, and why.
    None(Nothing),
}

/// Why there is no index.
#[derive(Clone, Debug, PartialEq)]
pub struct Nothing {
    /// The columns that it is about.
    pub columns: Vec<String>,
    /// Why, in sentences.
    pub why: String,
    /// Which query it is of; None: what else asked for it.
    pub query: Option<usize>,
}

/// Chooses, with a look at what the other queries want.
pub struct Chooser<'a> {
    /// The table.
    pub table: &'a Table,
    /// What is asked for.
    pub options: &'a Options,
    /// Operator classes of the operators that no B-tree knows.
    pub classes: &'a [Class],
    /// What some query looks up by equality.
    points: BTreeSet<String>,
    /// What some query wants a range or the order of.
    ordered: BTreeSet<String>,
    /// The special operators on each key.
    operators: BTreeMap<String, BTreeSet<u32>>,
}

impl<'a> Chooser<'a> {
    /// For these readings.
    pub fn new(
        table: &'a Table,
        options: &'a Options,
        classes: &'a [Class],
        all: &[Wanted],
    ) -> Self {
        let (mut points, mut ordered) = (BTreeSet::new(), BTreeSet::new());
        let mut operators: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
        for wanted in all {
            points.extend(wanted.equal.iter().map(|part| part.key.sql.clone()));
            let ranges = wanted.ranges.iter().chain(&wanted.prefixes);
            ordered.extend(ranges.map(|part| part.key.sql.clone()));
            ordered.extend(wanted.order.iter().map(|sort| sort.key.sql.clone()));
            for special in &wanted.special {
                let key = special.part.key.sql.clone();
                operators.entry(key).or_default().insert(special.operator);
            }
        }
        Self { table, options, classes, points, ordered, operators }
    }

    /// What one of them asks for: indexes or, where there are none, the reason.
    pub fn choose(&self, wanted: &Wanted) -> Vec<Choice> {
        let nearest = wanted.order.first().filter(|sort| sort.distance.is_some());
        if let Some(sort) = nearest.filter(|_| wanted.limit.is_some()) {
            return vec![Choice::Nearest { sort: sort.clone(), query: wanted.query }];
        }
        if wanted.is_empty() {
            return vec![self.nothing(wanted, unasked(wanted))];
        }
        if self.table.pages < self.options.min_pages as f64 {
            let why = format!(
                "The table is small (pages: {}): reading it takes no longer than a look into an index.",
                self.table.pages
            );
            return vec![self.nothing(wanted, why)];
        }
        self.indexes(wanted)
    }

    fn indexes(&self, wanted: &Wanted) -> Vec<Choice> {
        let mut choices = self.tree(wanted);
        choices.extend(self.special(wanted));
        let has_index = choices.iter().any(|choice| matches!(choice, Choice::Index(_)));
        choices.retain(|choice| !has_index || matches!(choice, Choice::Index(_)));
        choices.truncate(if has_index { usize::MAX } else { 1 });
        match choices.is_empty() {
            true => vec![self.nothing(wanted, unasked(wanted))],
            false => choices,
        }
    }

    fn nothing(&self, wanted: &Wanted, why: impl Into<String>) -> Choice {
        let parts = wanted.equal.iter().chain(&wanted.ranges).chain(&wanted.prefixes);
        let special = wanted.special.iter().map(|special| &special.part);
        let keys = parts.chain(special).map(|part| &part.key);
        let keys = keys.chain(wanted.order.iter().map(|sort| &sort.key));
        let mut columns: Vec<String> = Vec::new();
        for column in keys.flat_map(|key| &key.columns) {
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        Choice::None(Nothing { columns, why: why.into(), query: Some(wanted.query) })
    }

    fn column_of(&self, part: &Part) -> Option<&Column> {
        part.key.column.as_deref().and_then(|name| self.table.column(name))
    }

    /// A part of an index's key.
    fn key(&self, part: &Part) -> KeyPart {
        self.table.part(&part.key, part.share)
    }

    fn index(&self, wanted: &Wanted, mut candidate: Candidate, why: String) -> Choice {
        candidate.queries.insert(wanted.query);
        candidate.reasons.insert(Reason::Query);
        candidate.rationale.push(why);
        Choice::Index(Box::new(candidate))
    }

    /// A share of the rows in words.
    fn rows_of(&self, share: f64) -> String {
        let found = (self.table.rows * share).max(1.0);
        format!("about {found:.0} of {:.0} rows", self.table.rows)
    }
}

/// A number of rows in words.
fn rows(found: f64) -> String {
    match found.round() {
        ..=1.0 => "one row".to_owned(),
        many => format!("about {many:.0} rows"),
    }
}

/// Why nothing could be of use.
fn unasked(wanted: &Wanted) -> String {
    match wanted.unindexable.first() {
        None => "It reads all rows, or has no condition that an index could answer.".to_owned(),
        Some(sql) => format!(
            "It compares {sql}, which no index of the column can answer: it is a cast to another type, or depends on more than the row."
        ),
    }
}

/// A list of keys for a sentence.
fn listed(keys: &[KeyPart]) -> String {
    keys.iter().map(|key| key.sql.as_str()).collect::<Vec<_>>().join(", ")
}
