//! Rows of both sides, told by hashes and counted: what is left over on one of them.

use migrator_model::canonical::request::{Hash, RowHash};

/// How often a row is on each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    there: u64,
    here: u64,
}

/// Rows of both sides. It keeps all rows of the parts that it is given, so these must not be too
/// many at a time.
#[derive(Default)]
pub struct Tally {
    /// Of the source.
    pub there: Vec<RowHash>,
    /// Of the target.
    pub here: Vec<RowHash>,
}

/// A cancel is looked for after so many keys.
const KEYS: usize = 4096;

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// The target has no such row.
    Missing,
    /// The source has no such row.
    Extra,
    /// Both have one with this key; values differ.
    Changed,
    /// Both have it, one side more often.
    Duplicate,
}

impl Op {
    /// The word users see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Changed => "changed",
            Self::Duplicate => "duplicate",
        }
    }
}

/// A row that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// How.
    pub op: Op,
    /// Its key.
    pub key: Hash,
    /// The source's row, where there is one.
    pub there: Option<RowHash>,
    /// The target's row, where there is one.
    pub here: Option<RowHash>,
    /// How often the source has it.
    pub times_there: u64,
    /// How often the target has it.
    pub times_here: u64,
}

impl Tally {
    /// What differs, in the order of the keys' hashes, and no more than `most`. Without a key a row
    /// is its own.
    pub fn differences(mut self, most: usize, interrupts: impl Fn()) -> Vec<Difference> {
        self.there.sort_unstable();
        interrupts();
        self.here.sort_unstable();
        let (mut there, mut here) = (self.there.as_slice(), self.here.as_slice());
        let mut differences = Vec::new();
        let mut keys = 0_usize;
        while let Some(key) = least_key(there, here).filter(|_| differences.len() < most) {
            let (of_there, of_here) = (take_key(&mut there, key), take_key(&mut here, key));
            if of_there != of_here {
                differences.extend(of_key(key, &counted(of_there, of_here)));
            }
            keys += 1;
            if keys.is_multiple_of(KEYS) {
                interrupts();
            }
        }
        differences.truncate(most);
        differences
    }
}

fn least_key(there: &[RowHash], here: &[RowHash]) -> Option<Hash> {
    let firsts = [there.first(), here.first()].into_iter().flatten();
    firsts.map(|row| row.key).min()
}

/// Takes the rows with this key off the front.
fn take_key<'r>(rows: &mut &'r [RowHash], key: Hash) -> &'r [RowHash] {
    let count = rows.iter().take_while(|row| row.key == key).count();
    let (taken, rest) = rows.split_at(count);
    *rows = rest;
    taken
}

/// How often each row of a key is on either side; both are sorted.
fn counted(there: &[RowHash], here: &[RowHash]) -> Vec<(RowHash, Count)> {
    let mut rows: Vec<(RowHash, Count)> = Vec::new();
    let of_there = there.iter().map(|row| (*row, Count { there: 1, here: 0 }));
    let of_here = here.iter().map(|row| (*row, Count { there: 0, here: 1 }));
    let mut all: Vec<_> = of_there.chain(of_here).collect();
    all.sort_by_key(|(row, _)| *row);
    for (row, one) in all {
        match rows.last_mut() {
            Some((last, count)) if *last == row => {
                count.there += one.there;
                count.here += one.here;
            }
            _ => rows.push((row, one)),
        }
    }
    rows
}

/// The differences of the rows of one key.
fn of_key(key: Hash, rows: &[(RowHash, Count)]) -> Vec<Difference> {
    let mut lacking = left_over(rows, |count| (count.there, count.here));
    let mut surplus = left_over(rows, |count| (count.here, count.there));
    let both = lacking.len().min(surplus.len());
    let changed = lacking.split_off(lacking.len() - both).into_iter().rev();
    let changed = changed.zip(surplus.split_off(surplus.len() - both).into_iter().rev());
    let times_there = rows.iter().map(|(_, count)| count.there).sum();
    let times_here = rows.iter().map(|(_, count)| count.here).sum();
    let difference = |op, there, here| Difference { op, key, there, here, times_there, times_here };
    let mut differences: Vec<_> =
        changed.map(|(there, here)| difference(Op::Changed, Some(there), Some(here))).collect();
    let missing = if times_here == 0 { Op::Missing } else { Op::Duplicate };
    let extra = if times_there == 0 { Op::Extra } else { Op::Duplicate };
    differences.extend(lacking.into_iter().map(|row| difference(missing, Some(row), None)));
    differences.extend(surplus.into_iter().map(|row| difference(extra, None, Some(row))));
    differences
}

/// The rows that one side has more often, as often as it has them more.
fn left_over(rows: &[(RowHash, Count)], sides: impl Fn(&Count) -> (u64, u64)) -> Vec<RowHash> {
    let more = |(row, count): &(RowHash, Count)| {
        let (mine, other) = sides(count);
        std::iter::repeat_n(*row, mine.saturating_sub(other) as usize)
    };
    rows.iter().flat_map(more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: u128, row: u128) -> RowHash {
        RowHash { key: Hash(key), row: Hash(row) }
    }

    fn differences(there: &[RowHash], here: &[RowHash]) -> Vec<(Op, u128)> {
        let tally = Tally { there: there.to_vec(), here: here.to_vec() };
        let found = tally.differences(usize::MAX, || ());
        found.into_iter().map(|found| (found.op, found.key.0)).collect()
    }

    #[test]
    fn equal_rows_in_any_order_do_not_differ() {
        let rows = [row(1, 10), row(2, 20), row(2, 20)];
        let turned = [row(2, 20), row(1, 10), row(2, 20)];
        assert_eq!(differences(&rows, &turned), []);
    }

    #[test]
    fn every_kind_of_difference_is_told_apart() {
        let there = [row(1, 10), row(2, 20), row(3, 30), row(4, 40)];
        let here = [row(1, 10), row(2, 21), row(4, 40), row(4, 40), row(5, 50)];
        assert_eq!(
            differences(&there, &here),
            [(Op::Changed, 2), (Op::Missing, 3), (Op::Duplicate, 4), (Op::Extra, 5)]
        );
    }

    #[test]
    fn a_duplicate_added_and_another_dropped_are_two_differences() {
        let there = [row(1, 1), row(1, 1), row(2, 2)];
        let here = [row(1, 1), row(2, 2), row(2, 2)];
        assert_eq!(differences(&there, &here), [(Op::Duplicate, 1), (Op::Duplicate, 2)]);
    }

    #[test]
    fn no_more_is_told_than_is_asked_for() {
        let there: Vec<_> = (0..100).map(|n| row(n, n)).collect();
        let tally = Tally { there, here: Vec::new() };
        assert_eq!(tally.differences(7, || ()).len(), 7);
    }

    #[test]
    fn a_second_row_of_a_key_is_a_duplicate_whatever_its_values() {
        assert_eq!(differences(&[row(1, 1)], &[row(1, 1), row(1, 2)]), [(Op::Duplicate, 1)]);
        assert_eq!(
            differences(&[row(1, 1)], &[row(1, 3), row(1, 2)]),
            [(Op::Changed, 1), (Op::Duplicate, 1)]
        );
    }
}
