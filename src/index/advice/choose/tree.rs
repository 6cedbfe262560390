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
/// A BRIN needs rows to lie in the order of the column, and pages of which it can leave out many.
const IN_ORDER: f64 = 0.9;
const BRIN_PAGES: f64 = 1_000.0;
/// Values so wide are better hashed than kept.
const WIDE: f64 = 200.0;
/// What no index page takes a third of.
const TOO_WIDE: f64 = 2_700.0;
/// Further columns are worth their room for so many rows at a time, if they are few and narrow.
pub(super) const MANY_ROWS: f64 = 100.0;
const MOST_INCLUDED: usize = 3;
const INCLUDED_WIDTH: f64 = 48.0;

/// What the keys of a tree are, and why.
pub(super) struct Keys {
    pub(super) parts: Vec<KeyPart>,
    pub(super) equal: usize,
    /// Whether these have one value each, so that rows are in the order of what comes behind.
    alike: bool,
    pub(super) share: f64,
    /// The range behind the values that are equal, if there is one.
    range: Option<Part>,
    /// Whether rows come in the order that is wanted.
    pub(super) sorted: bool,
    pub(super) first_rows: Option<f64>,
    pub(super) why: Vec<String>,
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
        let rare = self.rare(wanted);
        if let Some(choice) = rare.and_then(|(rare, rest)| self.partial(&rare, &rest)) {
            return vec![choice];
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
        let keys = wanted.equal.iter().map(|part| (part.key.sql.as_str(), part.key.collation));
        let keys: Vec<_> = keys.collect();
        let usable = self.table.indexes.iter().filter(|index| {
            index.valid
                && index.predicate.is_none()
                && matches!(index.method.as_str(), "btree" | "hash")
        });
        usable.into_iter().find_map(|index| {
            let count = index.leading(&keys);
            let leading = index.keys.get(..count)?;
            let share = |part: &&Part| {
                leading.iter().any(|own| own.serves(&part.key.sql, part.key.collation))
            };
            let found: f64 = wanted.equal.iter().filter(share).map(|part| part.share).product();
            let is_whole = index.unique && count == index.keys.len();
            let found = if is_whole { 1.0 } else { found * self.table.rows };
            (count > 0 && found <= ENOUGH_ROWS).then(|| {
                let rows = rows(found);
                format!("Index \"{}\" serves it already: it finds {rows}.", index.name)
            })
        })
    }

    /// What reads fewer rows: to look values up, or to go by the order where one of several values
    /// would break it.
    pub(super) fn keys(&self, wanted: &Wanted) -> Keys {
        let keys = self.keys_by(wanted, &wanted.equal);
        let fewer = |other: &Keys| self.read(other) < self.read(&keys);
        match self.in_order(wanted).filter(fewer) {
            Some(sorted) => sorted,
            None => keys,
        }
    }

    fn in_order(&self, wanted: &Wanted) -> Option<Keys> {
        let alike: Vec<_> =
            wanted.equal.iter().filter(|part| part.is_one_value()).cloned().collect();
        if wanted.limit.is_none() || alike.len() == wanted.equal.len() {
            return None;
        }
        Some(self.keys_by(wanted, &alike)).filter(|keys| keys.sorted)
    }

    /// The rows that are read by an index of these keys.
    fn read(&self, keys: &Keys) -> f64 {
        let found = keys.share * self.table.rows;
        keys.first_rows.map_or(found, |first| first.min(found))
    }

    /// Equality first, the most selective in front; then a range or the order.
    fn keys_by(&self, wanted: &Wanted, equal: &[Part]) -> Keys {
        let mut keys = Keys {
            parts: Vec::new(),
            equal: 0,
            alike: true,
            share: 1.0,
            range: None,
            sorted: false,
            first_rows: None,
            why: Vec::new(),
        };
        self.take_equal(&mut keys, equal);
        if keys.equal > 0 && keys.share * self.table.rows <= FEW_ROWS {
            return keys;
        }
        match self.order(wanted, &keys).filter(|_| keys.alike) {
            Some(order) => self.take_order(&mut keys, wanted, &order),
            None => self.take_range(&mut keys, wanted),
        }
        keys
    }

    fn take_equal(&self, keys: &mut Keys, equal: &[Part]) {
        let mut joined = false;
        for part in equal.iter().filter(|part| part.key.sorts) {
            let found = keys.share * self.table.rows;
            if keys.equal > 0 && (found <= 1.0 || keys.equal == MOST_KEYS) {
                break;
            }
            keys.parts.push(self.key(part));
            keys.equal += 1;
            keys.alike &= part.is_one_value();
            keys.share *= part.share;
            joined |= part.joined;
        }
        if keys.equal > 0 {
            let columns = listed(&keys.parts);
            let found = self.rows_of(keys.share);
            let order = if keys.equal > 1 { ", the most selective first" } else { "" };
            keys.why.push(format!("Equality of {columns}{order} finds {found}."));
            if joined {
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
            // An index is read from either end.
            let (descending, nulls_first) =
                if upwards { (false, false) } else { (sort.descending, sort.nulls_first) };
            keys.parts.push(KeyPart {
                descending,
                nulls_first,
                ..self.table.part(&sort.key, share)
            });
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
        let class = (is_prefix && !best.key.is_c).then(|| pattern_class(best.key.base_oid));
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
        // Of NULL it has no entry.
        let fits = keys.equal == 1
            && own.key.hashes
            && !own.null
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
fn pattern_class(base_oid: u32) -> (String, String) {
    let name = match base_oid {
        1_042 => "bpchar_pattern_ops",
        1_043 => "varchar_pattern_ops",
        _ => "text_pattern_ops",
    };
    // The server calls the class of text what it is called for varchar as well.
    (format!("pg_catalog.{name}"), name.to_owned())
}
