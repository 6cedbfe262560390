//! B-trees: alone, of several columns, with a condition, with further columns; and BRIN and hash
//! indexes where they do as much.

use super::{
    super::{
        candidate::{Candidate, Method, Part as KeyPart},
        wanted::{Part, Wanted},
    },
    Choice, Chooser, MOST_SHARE, listed, rows,
};
use crate::pg::query_shape::shape::{Limit, Sort};

/// What finds so few rows needs no further column.
const FEW_ROWS: f64 = 10.0;
/// What an index that is there finds so few rows by needs no other.
const ENOUGH_ROWS: f64 = 50.0;
/// Columns of an index at most.
const MOST_KEYS: usize = 5;
/// A value is rare that so few rows have, of a column with so few values, of which one is in so many
/// rows.
const RARE: f64 = 0.1;
const FEW_VALUES: f64 = 100.0;
const COMMON: f64 = 0.5;
/// A BRIN needs rows to lie in the order of the column, and pages of which it can leave out many.
const IN_ORDER: f64 = 0.9;
const BRIN_PAGES: f64 = 1_000.0;
/// Values so wide are better hashed than kept.
const WIDE: f64 = 200.0;
/// What no index page takes a third of.
const TOO_WIDE: f64 = 2_700.0;
/// Further columns are worth their room for so many rows at a time, if they are few and narrow.
const MANY_ROWS: f64 = 100.0;
const MOST_INCLUDED: usize = 3;
const INCLUDED_WIDTH: f64 = 48.0;

/// What the keys of a tree are, and why.
struct Keys {
    parts: Vec<KeyPart>,
    equal: usize,
    share: f64,
    /// The range behind the values that are equal, if there is one.
    range: Option<Part>,
    /// Whether rows come in the order that is wanted.
    sorted: bool,
    first_rows: Option<f64>,
    why: Vec<String>,
}

impl Chooser<'_> {
    /// What a tree could do for it.
    pub(super) fn tree(&self, wanted: &Wanted) -> Vec<Choice> {
        if let Some(served) = self.enough(wanted) {
            return match wanted.alone() {
                Some(alone) => self.tree(&alone),
                None => vec![self.nothing(wanted, served)],
            };
        }
        if let Some((rare, rest)) = self.rare(wanted) {
            return vec![self.partial(&rare, &rest)];
        }
        let keys = self.keys(wanted);
        if keys.parts.is_empty() {
            return Vec::new();
        }
        if keys.share > MOST_SHARE && keys.first_rows.is_none() {
            let why = format!(
                "The conditions on {} let through {}, which a scan of the table finds sooner than an index.",
                listed(&keys.parts),
                self.rows_of(keys.share)
            );
            return vec![self.nothing(wanted, why)];
        }
        vec![self.with_keys(wanted, keys)]
    }

    /// An index that finds few rows already.
    fn enough(&self, wanted: &Wanted) -> Option<String> {
        let keys: Vec<_> = wanted.equal.iter().map(|part| part.key.sql.as_str()).collect();
        let usable = self.table.indexes.iter().filter(|index| {
            index.valid
                && index.predicate.is_none()
                && matches!(index.method.as_str(), "btree" | "hash")
        });
        usable.into_iter().find_map(|index| {
            let count = index.leading(&keys);
            let leading = index.keys.get(..count)?;
            let share = |part: &&Part| leading.iter().any(|own| own.is(&part.key.sql));
            let found: f64 = wanted.equal.iter().filter(share).map(|part| part.share).product();
            let is_whole = index.unique && count == index.keys.len();
            let found = if is_whole { 1.0 } else { found * self.table.rows };
            (count > 0 && found <= ENOUGH_ROWS).then(|| {
                let rows = rows(found);
                format!("Index \"{}\" serves it already: it finds {rows}.", index.name)
            })
        })
    }

    /// A value that few rows have, in a column that nearly all rows have another in; and what is
    /// wanted of these rows.
    fn rare(&self, wanted: &Wanted) -> Option<(Part, Wanted)> {
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

    fn partial(&self, rare: &Part, rest: &Wanted) -> Choice {
        let mut keys = self.keys(rest);
        if keys.parts.is_empty() || keys.share > MOST_SHARE && !keys.sorted {
            let key = KeyPart { share: 1.0, ..self.key(rare) };
            keys = Keys { parts: vec![key], equal: 1, share: 1.0, ..self.keys(&Wanted::default()) };
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
        self.index(rest, candidate, keys.why.join(" "))
    }

    /// Equality first, the most selective in front; then a range or the order.
    fn keys(&self, wanted: &Wanted) -> Keys {
        let mut keys = Keys {
            parts: Vec::new(),
            equal: 0,
            share: 1.0,
            range: None,
            sorted: false,
            first_rows: None,
            why: Vec::new(),
        };
        self.take_equal(&mut keys, wanted);
        if keys.equal > 0 && keys.share * self.table.rows <= FEW_ROWS {
            return keys;
        }
        match self.order(wanted, &keys) {
            Some(order) => self.take_order(&mut keys, wanted, &order),
            None => self.take_range(&mut keys, wanted),
        }
        keys
    }

    fn take_equal(&self, keys: &mut Keys, wanted: &Wanted) {
        for part in wanted.equal.iter().filter(|part| part.key.sorts || part.key.hashes) {
            let found = keys.share * self.table.rows;
            if keys.equal > 0 && (found <= 1.0 || keys.equal == MOST_KEYS) {
                break;
            }
            keys.parts.push(self.key(part));
            keys.equal += 1;
            keys.share *= part.share;
        }
        if keys.equal > 0 {
            let columns = listed(&keys.parts);
            let found = self.rows_of(keys.share);
            let order = if keys.equal > 1 { ", the most selective first" } else { "" };
            keys.why.push(format!("Equality of {columns}{order} finds {found}."));
            if wanted.equal[..keys.equal].iter().any(|part| part.joined) {
                keys.why.push(
                    "It is the look-up of a join, which the planner takes where the other side has few rows."
                        .to_owned(),
                );
            }
        }
    }

    /// The order, where it is worth more than a range.
    fn order(&self, wanted: &Wanted, keys: &Keys) -> Option<Vec<Sort>> {
        let taken = |sort: &&Sort| !keys.parts.iter().any(|part| part.sql == sort.key.sql);
        let order: Vec<_> = wanted.order.iter().filter(taken).cloned().collect();
        let usable = order.iter().all(|sort| sort.key.sorts && sort.distance.is_none());
        let first = order.first().filter(|_| usable && order.len() <= MOST_KEYS - 2)?;
        let ranges = || wanted.ranges.iter().chain(&wanted.prefixes);
        let same = wanted.ranges.iter().any(|range| range.key.sql == first.key.sql);
        let selective = ranges().any(|range| range.share <= 0.01);
        let worth = wanted.limit.is_some() || keys.equal > 0;
        (worth && (same || !selective) && (same || wanted.limit.is_some() || ranges().count() == 0))
            .then_some(order)
    }

    fn take_order(&self, keys: &mut Keys, wanted: &Wanted, order: &[Sort]) {
        let upwards = order.iter().all(|sort| sort.descending && sort.nulls_first);
        for sort in order {
            let range = wanted.ranges.iter().find(|range| range.key.sql == sort.key.sql);
            let share = range.map_or(1.0, |range| range.share);
            let part = Part {
                key: sort.key.clone(),
                share,
                assumed: false,
                sql: None,
                joined: false,
                null: false,
            };
            // An index is read from either end.
            let (descending, nulls_first) =
                if upwards { (false, false) } else { (sort.descending, sort.nulls_first) };
            keys.parts.push(KeyPart { descending, nulls_first, ..self.key(&part) });
            keys.share *= share;
        }
        keys.sorted = true;
        // What the index does not know is only looked at behind it.
        let asked = wanted.limit.map(|limit| match limit {
            Limit::Rows(rows) => rows as f64,
            Limit::Unknown => 100.0,
        });
        keys.first_rows = asked.map(|rows| rows / self.left_over(wanted, keys).max(1e-6));
        let columns = listed(&keys.parts[keys.parts.len() - order.len()..]);
        let stops =
            if wanted.limit.is_some() { ", so that the first rows come at once" } else { "" };
        keys.why.push(format!("Rows come in the order of {columns} without a sort{stops}."));
    }

    /// The share of rows that the conditions let through which are on no key.
    fn left_over(&self, wanted: &Wanted, keys: &Keys) -> f64 {
        let parts = wanted.equal.iter().chain(&wanted.ranges).chain(&wanted.prefixes);
        let parts = parts.chain(wanted.special.iter().map(|special| &special.part));
        let is_key = |part: &&Part| keys.parts.iter().any(|key| key.sql == part.key.sql);
        parts.filter(|part| !is_key(part)).map(|part| part.share).product()
    }

    fn take_range(&self, keys: &mut Keys, wanted: &Wanted) {
        let (range, prefix) = (wanted.ranges.first(), wanted.prefixes.first());
        let best = match (range, prefix) {
            (Some(range), Some(prefix)) if prefix.share < range.share => prefix,
            (Some(range), _) => range,
            (None, Some(prefix)) => prefix,
            (None, None) => return,
        };
        let is_prefix = wanted.prefixes.iter().any(|prefix| prefix == best);
        // Behind what is equal, a range of most rows is not worth its room.
        if !best.key.sorts || keys.equal > 0 && best.share > 0.5 {
            return;
        }
        let class = (is_prefix && !best.key.is_c).then(|| pattern_class(best.key.type_oid));
        keys.parts.push(KeyPart { class, ..self.key(best) });
        keys.share *= best.share;
        let found = self.rows_of(keys.share);
        let assumed = if best.assumed { ", assumed, for the values are parameters" } else { "" };
        keys.why.push(match is_prefix {
            true => format!("Texts of {} with a fixed beginning are a range of an index that compares byte by byte ({found}{assumed}).", best.key.sql),
            false => format!("A range of {} finds {found}{assumed}.", best.key.sql),
        });
        keys.range = (!is_prefix).then(|| best.clone());
    }

    /// The method for these keys.
    fn with_keys(&self, wanted: &Wanted, mut keys: Keys) -> Choice {
        if let Some(choice) = self.brin(wanted, &keys).or_else(|| self.hash(wanted, &keys)) {
            return choice;
        }
        if let Some(part) = keys.parts.iter().find(|part| part.width > TOO_WIDE) {
            let why = format!(
                "Values of {} take {:.0} bytes on average, more than a B-tree holds.",
                part.sql, part.width
            );
            return self.nothing(wanted, why);
        }
        let mut candidate =
            Candidate::new(Method::Btree, std::mem::take(&mut keys.parts), keys.equal);
        candidate.share = keys.share;
        candidate.first_rows = keys.first_rows;
        if let Some((include, width)) = self.included(wanted, &candidate) {
            let columns: Vec<_> =
                include.iter().map(|name| migrator_model::ident::quote(name)).collect();
            keys.why.push(format!(
                "With {} in it the table itself need not be read, where its pages are all visible.",
                columns.join(", ")
            ));
            (candidate.include, candidate.include_width) = (include, width);
        }
        self.index(wanted, candidate, keys.why.join(" "))
    }

    /// Pages that lie in the order of a column need no entry for each row.
    fn brin(&self, wanted: &Wanted, keys: &Keys) -> Option<Choice> {
        let range = keys.range.as_ref().filter(|_| keys.parts.len() == 1)?;
        let column = self.column_of(range)?;
        let correlation = column.correlation?;
        let is_point = self.points.contains(&range.key.sql);
        let fits = correlation.abs() >= IN_ORDER && self.table.pages >= BRIN_PAGES && !is_point;
        let is_sorted =
            wanted.order.iter().any(|sort| sort.key.sql == range.key.sql) && wanted.limit.is_some();
        (fits && !is_sorted).then(|| {
            let why = format!(
                "{} Rows lie in the order of {} (correlation {correlation:.2}), and no query looks up a single value: a BRIN leaves out the pages that cannot hold the range, at a thousandth of a B-tree's size.",
                keys.why.join(" "),
                range.key.sql
            );
            let mut candidate = Candidate::new(Method::Brin, keys.parts.clone(), 0);
            candidate.share = keys.share;
            self.index(wanted, candidate, why)
        })
    }

    /// Wide values that are only ever compared for equality.
    fn hash(&self, wanted: &Wanted, keys: &Keys) -> Option<Choice> {
        let [part] = &keys.parts[..] else { return None };
        let own = wanted.equal.iter().find(|own| own.key.sql == part.sql)?;
        let fits = keys.equal == 1
            && own.key.hashes
            && part.width >= WIDE
            && !self.ordered.contains(&part.sql);
        fits.then(|| {
            let why = format!(
                "{} Values take {:.0} bytes on average and are only compared for equality: a hash index keeps four bytes of each, and takes those that are too long for a B-tree (2704 bytes).",
                keys.why.join(" "),
                part.width
            );
            let mut candidate = Candidate::new(Method::Hash, keys.parts.clone(), 1);
            candidate.share = keys.share;
            self.index(wanted, candidate, why)
        })
    }

    /// The few further columns that would make the index enough.
    fn included(&self, wanted: &Wanted, candidate: &Candidate) -> Option<(Vec<String>, f64)> {
        let found = candidate.first_rows.unwrap_or(self.table.rows * candidate.share);
        let plain = candidate.keys.iter().all(|key| key.column.is_some());
        if wanted.whole_row || !plain || found < MANY_ROWS {
            return None;
        }
        let own = candidate.columns();
        let more: Vec<_> =
            wanted.columns.iter().filter(|name| !own.contains(name)).cloned().collect();
        let width = |names: &[String]| -> f64 {
            let columns = names.iter().filter_map(|name| self.table.column(name));
            columns.map(super::Column::width).sum()
        };
        let (added, kept) = (width(&more), width(&own));
        let row: f64 = self.table.columns.iter().map(super::Column::width).sum();
        let few = (1..=MOST_INCLUDED).contains(&more.len()) && added <= INCLUDED_WIDTH;
        // An index of more than half of each row is a copy of the table.
        (few && added + kept <= row / 2.0).then_some((more, added))
    }
}

/// The operator class that compares texts byte by byte.
fn pattern_class(type_oid: u32) -> (String, String) {
    let name = match type_oid {
        1_042 => "bpchar_pattern_ops",
        1_043 => "varchar_pattern_ops",
        _ => "text_pattern_ops",
    };
    // The server calls the class of text what it is called for varchar as well.
    (format!("pg_catalog.{name}"), name.to_owned())
}
