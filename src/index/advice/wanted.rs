//! What one reading of the table wants, with the share of rows that each condition lets through.

use super::table::Table;
use crate::pg::query_shape::shape::{Condition, Key, Limit, Sort, Test, Use, Value};

/// What a condition on values that nobody knows lets through, where statistics say nothing: equality,
/// a range with both ends, with one, and another operator. The first two are the planner's own
/// (DEFAULT_EQ_SEL, DEFAULT_RANGE_INEQ_SEL); for one end it has a third, with which no index would
/// ever be worth it.
const UNKNOWN: [f64; 4] = [0.005, 0.005, 0.05, 0.01];

/// A condition that an index could answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What is tested.
    pub key: Key,
    /// The share of rows that it lets through.
    pub share: f64,
    /// Whether that is assumed, for the value is not known.
    pub assumed: bool,
    /// The condition, where nothing but constants is in it.
    pub sql: Option<String>,
    /// Whether it is compared with another table's rows.
    pub joined: bool,
    /// Whether it asks for NULL.
    pub null: bool,
    /// Whether it asks for one of several values.
    pub any_of: bool,
}

impl Part {
    /// Whether the planner knows that the rows it finds are all alike in it, so that an index has
    /// them in the order of what comes behind.
    pub fn is_one_value(&self) -> bool {
        !self.null && !self.any_of
    }
}

/// A condition by an operator that no B-tree knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Special {
    /// The condition.
    pub part: Part,
    /// The operator's OID.
    pub operator: u32,
    /// Its name.
    pub name: String,
}

/// What one reading of the table wants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Which query it is of.
    pub query: usize,
    /// Equality, the most selective first.
    pub equal: Vec<Part>,
    /// Ranges, the most selective first.
    pub ranges: Vec<Part>,
    /// Texts with a beginning.
    pub prefixes: Vec<Part>,
    /// Other operators.
    pub special: Vec<Special>,
    /// The order, where it is by this table alone.
    pub order: Vec<Sort>,
    /// Whether only the first rows are wanted.
    pub limit: Option<Limit>,
    /// The columns that are read.
    pub columns: Vec<String>,
    /// Whether rows themselves are needed.
    pub whole_row: bool,
    /// What no index can hold.
    pub unindexable: Vec<String>,
}

/// The share that a condition lets through, as far as the planner can say.
pub type Share<'a> = &'a dyn Fn(&str) -> Option<f64>;

impl Wanted {
    /// Of a use in a query.
    pub fn of(query: usize, found: &Use, table: &Table, share: Share<'_>) -> Self {
        let maker = Maker { table, share };
        let mut wanted = Self {
            query,
            order: found.order.clone(),
            limit: found.limit,
            columns: found.columns.clone(),
            whole_row: found.whole_row,
            unindexable: found.unindexable.clone(),
            ..Self::default()
        };
        for condition in &found.conditions {
            maker.take(&mut wanted, condition);
        }
        wanted.ranges = maker.ranges(&found.conditions);
        for parts in [&mut wanted.equal, &mut wanted.ranges, &mut wanted.prefixes] {
            parts.sort_by(|a, b| a.share.total_cmp(&b.share).then(a.key.sql.cmp(&b.key.sql)));
            parts.dedup_by(|a, b| a.key.sql == b.key.sql);
        }
        wanted
    }

    /// The same if the table is the first to be read, whose rows the other tables' are looked up for.
    /// None: it is asked for nothing then, or the same.
    pub fn alone(&self) -> Option<Self> {
        let equal: Vec<_> = self.equal.iter().filter(|part| !part.joined).cloned().collect();
        let asks = !(equal.is_empty() && self.ranges.is_empty() && self.prefixes.is_empty());
        (asks && equal.len() < self.equal.len()).then(|| Self { equal, ..self.clone() })
    }

    /// Whether an index could be of any use for it.
    pub fn is_empty(&self) -> bool {
        self.equal.is_empty()
            && self.ranges.is_empty()
            && self.prefixes.is_empty()
            && self.special.is_empty()
            && (self.order.is_empty() || self.limit.is_none())
    }
}

struct Maker<'a> {
    table: &'a Table,
    share: Share<'a>,
}

impl Maker<'_> {
    fn take(&self, wanted: &mut Wanted, condition: &Condition) {
        match &condition.test {
            Test::Equal | Test::Null => wanted.equal.push(self.equal(condition, 1.0)),
            Test::AnyOf => wanted.equal.push(self.equal(condition, 10.0)),
            Test::Prefix => wanted.prefixes.push(self.part(condition, UNKNOWN[3])),
            Test::Operator { oid, name } => wanted.special.push(Special {
                part: self.part(condition, UNKNOWN[3]),
                operator: *oid,
                name: name.clone(),
            }),
            // Ranges are taken together; what is compared is never NULL.
            Test::Above | Test::Below | Test::NotNull => {}
        }
    }

    fn part(&self, condition: &Condition, unknown: f64) -> Part {
        let share = condition.sql.as_deref().and_then(self.share);
        Part {
            key: condition.key.clone(),
            share: share.unwrap_or(unknown),
            assumed: share.is_none(),
            sql: condition.sql.clone(),
            joined: condition.value == Value::Joined,
            null: condition.test == Test::Null,
            any_of: condition.test == Test::AnyOf,
        }
    }

    /// One of so many values: each is as frequent as the next.
    fn equal(&self, condition: &Condition, values: f64) -> Part {
        let rows = self.table.rows.max(1.0);
        let column = condition.key.column.as_deref().and_then(|name| self.table.column(name));
        let distinct = match column {
            Some(_) if self.is_unique(&condition.key.sql) => Some(rows),
            Some(column) => column.distinct_of(rows),
            None => None,
        };
        let each = distinct.map_or(UNKNOWN[0], |count| 1.0 / count);
        let known = condition.value != Value::Constant && distinct.is_some();
        let part = self.part(condition, (each * values).min(1.0));
        Part { assumed: part.assumed && !known, ..part }
    }

    fn is_unique(&self, sql: &str) -> bool {
        let indexes = self.table.indexes.iter();
        let mut unique = indexes.filter(|index| index.unique && index.predicate.is_none());
        unique.any(|index| index.keys.len() == 1 && index.keys[0].is(sql))
    }

    /// Both ends of a range are one condition.
    fn ranges(&self, conditions: &[Condition]) -> Vec<Part> {
        let is_end = |one: &&Condition| matches!(one.test, Test::Above | Test::Below);
        let ends: Vec<_> = conditions.iter().filter(is_end).collect();
        let mut ranges: Vec<Part> = Vec::new();
        for end in &ends {
            if ranges.iter().any(|range| range.key.sql == end.key.sql) {
                continue;
            }
            let same: Vec<_> = ends.iter().filter(|one| one.key.sql == end.key.sql).collect();
            ranges.push(self.range(&same));
        }
        ranges
    }

    fn range(&self, ends: &[&&Condition]) -> Part {
        let texts: Option<Vec<_>> = ends.iter().map(|end| end.sql.clone()).collect();
        let sql = texts.map(|texts| texts.join(" AND "));
        let has = |test: Test| ends.iter().any(|end| end.test == test);
        let unknown = if has(Test::Above) && has(Test::Below) { UNKNOWN[1] } else { UNKNOWN[2] };
        let share = sql.as_deref().and_then(self.share);
        let key = ends[0].key.clone();
        let assumed = share.is_none();
        let share = share.unwrap_or(unknown);
        Part { key, share, assumed, sql, joined: false, null: false, any_of: false }
    }
}
