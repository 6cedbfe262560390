//! Finds the rows that differ: the rows of both sides are cut into parts, by ranges of the key or,
//! without one, by hashes; only the parts whose sums differ are looked at row by row.

use migrator_model::canonical::request::{By, Digested, Hash, Partition};

use super::{
    here::Side,
    pair::Pair,
    tally::{Difference, Tally},
    there::{Sums, There},
};
use crate::{error::Result, pg::wait, source::Reader};

/// So many rows of parts that differ are compared at a time.
const ROWS_AT_A_TIME: u64 = 400_000;
/// A part has about so many rows.
const ROWS_OF_A_PART: u64 = 2_000;
/// More rows that differ are not looked at one by one.
pub const MOST: usize = 1_000_000;
/// There are no more parts than this.
const PARTS: u64 = 1024;

/// Both sides, while rows are looked for.
pub struct Search<'a> {
    /// The source.
    pub reader: &'a mut Reader,
    /// Both sides.
    pub pair: &'a Pair,
    /// The target.
    pub side: &'a Side,
}

/// What was found.
pub struct Found {
    /// The rows that differ.
    pub differences: Vec<Difference>,
    /// Whether these are all.
    pub complete: bool,
}

impl Search<'_> {
    /// The source.
    pub fn source(&mut self) -> There<'_> {
        There { reader: self.reader, pair: self.pair }
    }

    /// How the rows are divided.
    pub fn partition(&mut self) -> Result<Partition> {
        let estimated = self.pair.table.estimated_rows.map(i64::unsigned_abs);
        let rows = estimated.unwrap_or(PARTS * ROWS_OF_A_PART);
        let parts = (rows / ROWS_OF_A_PART).clamp(1, PARTS) as u32;
        let key = self.pair.key.clone();
        let by = match key.is_empty() || parts == 1 {
            true => By::Hash(parts),
            false => By::Cuts(self.source().cuts(parts)?.into()),
        };
        Ok(Partition { key, by })
    }

    /// The sums of both sides, computed at the same time.
    pub fn sums(&mut self, partition: Option<&Partition>) -> Result<(Sums, Digested)> {
        let side = self.side;
        self.source().sums(partition, || side.sums(partition))
    }

    /// The rows that differ, as the sums of the parts say where; at least `limit` of them unless
    /// there are fewer.
    pub fn differences(
        &mut self,
        partition: &Partition,
        there: &Digested,
        here: &Digested,
        limit: usize,
    ) -> Result<Found> {
        let mut differences = Vec::new();
        let mut groups = groups(there, here).into_iter().peekable();
        while differences.len() <= limit
            && let Some(parts) = groups.next()
        {
            wait::interrupts();
            let most = (limit + 1).saturating_sub(differences.len());
            differences.extend(self.compare(partition, &parts, most)?);
        }
        let complete = groups.peek().is_none() && differences.len() <= limit;
        differences.truncate(limit);
        Ok(Found { differences, complete })
    }

    fn compare(
        &mut self,
        partition: &Partition,
        parts: &[u32],
        most: usize,
    ) -> Result<Vec<Difference>> {
        let (side, mut tally) = (self.side, Tally::default());
        let Tally { there, here } = &mut tally;
        let read = || {
            side.rows(partition, parts, &mut |row| {
                here.push(row);
                Ok(())
            })
        };
        self.source().rows(partition, parts, read, |row| there.push(row))?;
        Ok(tally.differences(most, wait::interrupts))
    }
}

/// The parts that differ, as many together as may be compared at a time.
fn groups(there: &Digested, here: &Digested) -> Vec<Vec<u32>> {
    let mut groups: Vec<Vec<u32>> = Vec::new();
    let mut room = 0;
    for (at, (there, here)) in there.parts.iter().zip(&here.parts).enumerate() {
        if there == here {
            continue;
        }
        let rows = there.count.max(here.count);
        if groups.is_empty() || rows > room {
            groups.push(Vec::new());
            room = ROWS_AT_A_TIME;
        }
        room = room.saturating_sub(rows);
        groups.iter_mut().next_back().into_iter().for_each(|group| group.push(at as u32));
    }
    groups
}

/// The keys of some differences, ascending, each once.
pub fn keys(differences: &[Difference]) -> Vec<Hash> {
    let mut keys: Vec<_> = differences.iter().map(|difference| difference.key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use migrator_model::canonical::Sum;

    use super::*;

    #[test]
    fn parts_that_differ_are_taken_together_while_there_is_room() {
        let digested = |counts: &[u64], sum| Digested {
            parts: counts.iter().map(|count| Sum { count: *count, sum }).collect(),
            ..Digested::default()
        };
        let counts = [100, ROWS_AT_A_TIME, 200, 300, 2 * ROWS_AT_A_TIME];
        assert_eq!(
            groups(&digested(&counts, 1), &digested(&counts, 2)),
            [vec![0], vec![1], vec![2, 3], vec![4]]
        );
        assert!(groups(&digested(&counts, 1), &digested(&counts, 1)).is_empty());
    }
}
