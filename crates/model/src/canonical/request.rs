//! What a side of a comparison is asked, and what it answers. The reader answers for the source,
//! an aggregate and a function of the extension for the target.

use serde::{Deserialize, Serialize};

use super::{
    bytes::tag,
    hash::{Sum, hexadecimal},
    kind::Kind,
    profile::{ColumnDigest, compare},
};
use crate::{SourceName, policy::NulBytes, protocol::ScanColumn};

/// Rows of a source to compare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    /// The table or view.
    pub table: SourceName,
    /// The columns, in the order of both sides.
    pub columns: Vec<DigestColumn>,
    /// A predicate in DuckDB SQL.
    pub filter: Option<String>,
    /// What the load has done with NUL bytes: their texts are compared as it has made them.
    pub nul_bytes: NulBytes,
    /// Rows that a load has set aside, by DuckDB's rowid, ascending: they are left out.
    pub without: Vec<i64>,
    /// What is wanted of the rows.
    pub want: Want,
}

/// A column of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DigestColumn {
    /// What is read.
    pub scan: ScanColumn,
    /// What its values mean in the target.
    pub kind: Kind,
    /// Fractional digits of seconds that the target keeps, 0 to 6; None: all.
    pub digits: Option<u8>,
}

/// What is wanted of the rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Want {
    /// Values of the key that cut the rows in about so many parts of the same size.
    Cuts {
        /// The places of the key's columns.
        key: Vec<usize>,
        /// How many parts.
        parts: u32,
    },
    /// Sums of columns and of rows.
    Sums(Option<Partition>),
    /// The hashes of the rows in some parts.
    Rows {
        /// The parts of all rows.
        partition: Partition,
        /// The wanted ones, ascending.
        parts: Vec<u32>,
    },
    /// The values of the rows with some keys.
    Cells {
        /// How keys are told apart.
        partition: Partition,
        /// The hashes of the wanted keys, ascending.
        keys: Vec<Hash>,
        /// Values of any length, not only the start of long ones.
        whole: bool,
    },
}

/// What is asked of the target: the first argument of the extension's aggregate and functions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetRequest {
    /// What the columns' values mean, in the order of both sides.
    pub kinds: Vec<Kind>,
    /// How rows are told apart and divided.
    pub partition: Option<Partition>,
    /// The parts whose rows are wanted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<u32>,
    /// The hashes of the keys whose rows are wanted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Hash>,
    /// Whether values of any length are wanted, not only the start of long ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
}

/// How rows are told apart and divided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Partition {
    /// The places of the key's columns; none: a row is its own key.
    pub key: Vec<usize>,
    /// Into what parts.
    pub by: By,
}

/// What divides rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum By {
    /// The hash of the key, into so many parts.
    Hash(u32),
    /// Keys, ascending: each the canonical bytes of its columns, and the first of its part. What
    /// lies before the first is part 0.
    Cuts(Cuts),
}

/// Keys that cut rows into parts, ascending.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<Cut>", into = "Vec<Cut>")]
pub struct Cuts {
    cuts: Vec<Cut>,
    /// The first columns, where all of them are integers or counted in integers: most rows are
    /// placed by these alone.
    firsts: Option<Vec<i128>>,
}

impl From<Vec<Cut>> for Cuts {
    fn from(cuts: Vec<Cut>) -> Self {
        let firsts = cuts.iter().map(|cut| ordinal(cut.first()?)).collect();
        Self { cuts, firsts }
    }
}

impl From<Cuts> for Vec<Cut> {
    fn from(cuts: Cuts) -> Self {
        cuts.cuts
    }
}

impl std::ops::Deref for Cuts {
    type Target = [Cut];

    fn deref(&self) -> &[Cut] {
        &self.cuts
    }
}

impl Cuts {
    /// The part of a key.
    fn part<'c>(&self, cell: impl Fn(usize) -> &'c [u8]) -> usize {
        let first = if self.cuts.is_empty() { None } else { ordinal(cell(0)) };
        let (from, to) = match (&self.firsts, first) {
            (Some(firsts), Some(first)) => {
                let from = firsts.partition_point(|cut| *cut < first);
                (from, from + firsts[from..].partition_point(|cut| *cut == first))
            }
            _ => (0, self.cuts.len()),
        };
        let is_at_or_behind = |cut: &Cut| {
            let mut columns = cut.iter().enumerate();
            let order = columns.find_map(|(at, bound)| {
                Some(compare(cell(at), bound)).filter(|order| order.is_ne())
            });
            order.is_none_or(|order| order.is_gt())
        };
        from + self.cuts[from..to].partition_point(is_at_or_behind)
    }
}

/// The value as a number of the same order, where it is one or is counted.
#[inline]
fn ordinal(canonical: &[u8]) -> Option<i128> {
    let (kind, payload) = canonical.split_first()?;
    match *kind {
        tag::INTEGER => Some(i128::from_le_bytes(*payload.first_chunk()?)),
        tag::DATE => Some(i32::from_le_bytes(*payload.first_chunk()?).into()),
        tag::TIME | tag::TIMESTAMP => Some(i64::from_le_bytes(*payload.first_chunk()?).into()),
        _ => None,
    }
}

/// The canonical bytes of a key's columns.
pub type Cut = Vec<Vec<u8>>;

/// A hash in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hash(#[serde(with = "hexadecimal")] pub u128);

impl Partition {
    /// How many parts there are.
    pub fn parts(&self) -> usize {
        match &self.by {
            By::Hash(parts) => (*parts).max(1) as usize,
            By::Cuts(cuts) => cuts.len() + 1,
        }
    }

    /// The part of a row: `cell` gives the canonical bytes of the key's n-th column.
    pub fn part<'c>(&self, key: u128, cell: impl Fn(usize) -> &'c [u8]) -> u32 {
        match &self.by {
            By::Hash(parts) => ((key >> 64) % u128::from((*parts).max(1))) as u32,
            By::Cuts(cuts) => cuts.part(cell) as u32,
        }
    }
}

/// What a side has of all its rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Digested {
    /// Each column.
    pub columns: Vec<ColumnDigest>,
    /// The rows.
    pub rows: Sum,
    /// The rows of each part, where parts were asked for.
    pub parts: Vec<Sum>,
}

impl Digested {
    /// What a side without rows has.
    pub fn empty(columns: usize, parts: usize) -> Self {
        Self {
            columns: vec![ColumnDigest::default(); columns],
            rows: Sum::default(),
            parts: vec![Sum::default(); parts],
        }
    }

    /// Adds what was taken in elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.columns.resize_with(other.columns.len().max(self.columns.len()), Default::default);
        self.columns.iter_mut().zip(&other.columns).for_each(|(sum, one)| sum.merge(one));
        self.rows.merge(&other.rows);
        self.parts.resize(other.parts.len().max(self.parts.len()), Sum::default());
        self.parts.iter_mut().zip(&other.parts).for_each(|(sum, one)| sum.merge(one));
    }
}

/// A row, told by hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowHash {
    /// Its key; the row itself where there is none.
    pub key: Hash,
    /// All of it.
    pub row: Hash,
}

impl RowHash {
    /// Key and row, in the order of bytes that is the order of hashes.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&self.key.0.to_be_bytes());
        bytes[16..].copy_from_slice(&self.row.0.to_be_bytes());
        bytes
    }

    /// Reads what [`Self::to_bytes`] has written; None for what it cannot have.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (key, row) = bytes.split_first_chunk()?;
        let row = row.try_into().ok()?;
        Some(Self { key: Hash(u128::from_be_bytes(*key)), row: Hash(u128::from_be_bytes(row)) })
    }
}

/// A row's values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowCells {
    /// Which row it is.
    pub hash: RowHash,
    /// The canonical bytes of each column; of long ones only the first [`CELL_BYTES`].
    pub cells: Vec<Vec<u8>>,
}

/// No more of a value is sent.
pub const CELL_BYTES: usize = 4096;

/// What a source answers, one or several times, before it is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum DigestReply {
    /// Answers [`Want::Cuts`].
    Cuts(Vec<Cut>),
    /// Answers [`Want::Sums`].
    Sums(Box<Digested>),
    /// Some of what [`Want::Rows`] asks for.
    Rows(Vec<RowHash>),
    /// Some of what [`Want::Cells`] asks for.
    Cells(Vec<RowCells>),
    /// The end: the rows that were read.
    Done {
        /// All rows of the table that fit the filter, those that were left out included.
        rows_read: u64,
        /// The most memory the reader ever held, in bytes; 0 when unknown.
        peak_memory: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::{Canonical, profile::canonical};

    #[test]
    fn a_cut_is_the_first_of_its_part() {
        let integer = |n| canonical(|c| c.integer(n));
        let cuts = vec![vec![integer(10), integer(5)], vec![integer(20), integer(0)]];
        let partition = Partition { key: vec![0, 1], by: By::Cuts(cuts.into()) };
        let part = |a, b| {
            let cells = [integer(a), integer(b)];
            partition.part(0, |at| &cells[at])
        };
        assert_eq!(partition.parts(), 3);
        assert_eq!(
            [part(1, 9), part(10, 4), part(10, 5), part(19, 9), part(20, 0)],
            [0, 0, 1, 1, 2]
        );
    }

    #[test]
    fn hashes_spread_over_all_parts() {
        let partition = Partition { key: vec![], by: By::Hash(7) };
        let part =
            |n: u128| partition.part(super::super::hash::of_value(&n.to_le_bytes()), |_| &[]);
        let mut seen: Vec<_> = (0..200).map(part).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn null_comes_first_in_a_key() {
        let null = canonical(Canonical::null);
        assert!(compare(&null, &canonical(|c| c.text(b""))).is_lt());
    }

    #[test]
    fn a_row_hash_keeps_its_order_as_bytes() {
        let row = |key, row| RowHash { key: Hash(key), row: Hash(row) };
        let (one, other) = (row(1 << 64, 3), row(255, u128::MAX));
        assert!(one > other && one.to_bytes() > other.to_bytes());
        assert_eq!(RowHash::from_bytes(&one.to_bytes()), Some(one));
        assert_eq!(RowHash::from_bytes(&one.to_bytes()[1..]), None);
    }

    #[test]
    fn a_request_says_only_what_is_asked() {
        let request = TargetRequest { kinds: vec![Kind::Bool], ..TargetRequest::default() };
        let text = serde_json::to_string(&request).unwrap();
        assert_eq!(text, r#"{"kinds":["Bool"],"partition":null}"#);
        assert_eq!(serde_json::from_str::<TargetRequest>(&text).unwrap(), request);
    }
}
