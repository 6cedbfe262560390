//! B-trees of the few rows that have a rare value: it is their condition.

use super::{
    super::{
        candidate::{Candidate, Method, Part as KeyPart},
        wanted::{Part, Wanted},
    },
    Choice, Chooser, MOST_SHARE,
    tree::MANY_ROWS,
};

/// A value is rare that so few rows have, of a column with so few values, of which one is in so many
/// rows.
const RARE: f64 = 0.1;
const FEW_VALUES: f64 = 100.0;
const COMMON: f64 = 0.5;

impl Chooser<'_> {
    /// A value that few rows have, in a column that nearly all rows have another in; and what is
    /// wanted of these rows.
    pub(super) fn rare(&self, wanted: &Wanted) -> Option<(Part, Wanted)> {
        let is_rare = |part: &&Part| {
            let column = self.column_of(part);
            let few = |count: f64| count <= FEW_VALUES;
            let skewed = column.is_some_and(|column| {
                let distinct = column.distinct_of(self.table.rows);
                let common = column.top_frequency.unwrap_or(0.0).max(column.nulls.unwrap_or(0.0));
                part.null || distinct.is_some_and(few) && common >= COMMON
            });
            part.sql.is_some() && !part.assumed && part.share <= RARE && skewed
        };
        let rare = wanted.equal.iter().find(is_rare)?.clone();
        let mut rest = wanted.clone();
        rest.equal.retain(|part| part.key.sql != rare.key.sql);
        // What another column finds needs no condition.
        let others = rest.equal.iter().map(|part| part.share * self.table.rows);
        (!others.into_iter().any(|rows| rows <= MANY_ROWS)).then_some((rare, rest))
    }

    /// None: the value itself would be the key, and is of a type that has no order.
    pub(super) fn partial(&self, rare: &Part, rest: &Wanted) -> Option<Choice> {
        let mut keys = self.keys(rest);
        if keys.parts.is_empty() || keys.share > MOST_SHARE && !keys.sorted {
            if !rare.key.sorts {
                return None;
            }
            keys = self.keys(&Wanted::default());
            (keys.parts, keys.equal) = (vec![KeyPart { share: 1.0, ..self.key(rare) }], 1);
        }
        let predicate = rare.sql.clone().unwrap_or_default();
        let why = format!(
            "Few rows fulfil {predicate} ({}), and an index of these alone is small and need not be touched when others change.",
            self.rows_of(rare.share)
        );
        keys.why.insert(0, why);
        let mut candidate = Candidate::new(Method::Btree, keys.parts, keys.equal);
        candidate.share = keys.share * rare.share;
        candidate.first_rows = keys.first_rows;
        candidate.predicate = Some((predicate, rare.share));
        Some(self.index(rest, candidate, keys.why.join(" ")))
    }
}
