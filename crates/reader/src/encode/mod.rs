//! The one encoder: values of a chunk become PostgreSQL tuple images.
//!
//! `bind` resolves what a column needs once per chunk; then [`Cells::put`] is called per value and
//! tests no types. Everything here is safe code over [`Vector`]s.

mod array;
mod bind;
mod bits;
mod display;
mod embedding;
mod float;
mod geometry;
#[cfg(test)]
mod golden;
mod integer;
mod json;
mod jsonb;
mod nested;
mod numeric;
mod short_numeric;
mod temporal;
mod text;
mod tuple;
mod varlena;

use migrator_model::{
    BadValue, LogicalType,
    layout::Attribute,
    policy::{Lost, NulBytes},
    protocol::Failure,
    rules,
};

use crate::vector::Vector;

pub use display::reject_row;

/// What to do with values that cannot be carried as they are.
#[derive(Clone, Debug)]
pub struct Policy {
    /// NUL bytes in texts.
    pub nul_bytes: NulBytes,
    /// Whether values may lose something.
    pub accept_lossy: bool,
    /// Only count what is lost: no loss is a bad value.
    pub count_only: bool,
}

impl Policy {
    /// Counts a loss; it is a bad value where nobody agreed to it.
    fn lose(
        &self,
        loss: migrator_model::policy::Loss,
        lost: &mut Lost,
        sqlstate: &str,
    ) -> Result<(), BadValue> {
        lost.note(loss);
        if self.accept_lossy || self.count_only {
            return Ok(());
        }
        Err(BadValue::new(sqlstate, format!("value would lose {loss}")))
    }
}

/// The values of one column of one chunk, ready to be written.
trait Cells {
    /// Whether the row has no value.
    fn is_null(&self, row: usize) -> bool;

    /// Whether every row of the chunk is known to have a value.
    fn never_null(&self) -> bool {
        false
    }

    /// Appends the value in its on-disk form, after the padding that it needs: offsets count from
    /// the start of `out`, which is MAXALIGNed.
    fn put(&self, row: usize, out: &mut Vec<u8>, lost: &mut Lost) -> Result<(), BadValue>;
}

/// Encodes rows for one target.
pub struct RowEncoder {
    attributes: Vec<Attribute>,
    logicals: Vec<LogicalType>,
    /// Which scan columns' vectors are scaled to length 1.
    normalized: Vec<bool>,
    policy: Policy,
}

impl RowEncoder {
    /// Checks that every attribute can be filled from its scan column.
    pub fn new(
        attributes: &[Attribute],
        logicals: &[LogicalType],
        policy: &Policy,
    ) -> Result<Self, Failure> {
        for attribute in attributes {
            check(attribute, logicals)?;
        }
        Ok(Self {
            attributes: attributes.to_vec(),
            logicals: logicals.to_vec(),
            normalized: Vec::new(),
            policy: policy.clone(),
        })
    }

    /// Scales the vectors of some scan columns to length 1.
    pub fn normalizing(self, columns: impl Iterator<Item = bool>) -> Self {
        Self { normalized: columns.collect(), ..self }
    }

    /// Binds to the columns of one chunk.
    pub fn bind<'c>(&'c self, columns: &'c [Vector<'c>]) -> Result<BoundRows<'c>, Failure> {
        let Self { attributes, logicals, normalized, policy } = self;
        let sources = tuple::Sources { logicals, normalized, columns };
        Ok(BoundRows { tuple: tuple::bind(attributes, sources, policy)? })
    }
}

fn check(attribute: &Attribute, logicals: &[LogicalType]) -> Result<(), Failure> {
    let (Some(source), Some(target)) = (attribute.source, &attribute.target) else {
        return Ok(());
    };
    match logicals.get(source) {
        Some(logical) if rules::allows(logical, &target.pg) => Ok(()),
        Some(logical) => {
            let message = format!(
                "column \"{}\" of type {logical} cannot become {}",
                attribute.name, target.pg
            );
            Err(Failure::new("42804", message))
        }
        None => Err(Failure::new("08P01", "attribute without a scan column")),
    }
}

/// The rows of one chunk.
pub struct BoundRows<'c> {
    tuple: tuple::Tuple<'c>,
}

impl BoundRows<'_> {
    /// Appends the row's tuple image to bytes whose number is a multiple of 8. An error comes with
    /// the scan column, and what was appended is of no use then.
    pub fn append(
        &self,
        row: usize,
        out: &mut Vec<u8>,
        lost: &mut [Lost],
    ) -> Result<(), (usize, BadValue)> {
        self.tuple.put_row(row, out, lost)
    }
}
