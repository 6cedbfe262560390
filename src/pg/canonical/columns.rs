//! The columns of a call: its arguments, or the attributes of a record that is its only one. A
//! function takes 100 arguments, a table has 1,600 columns.

use migrator_model::canonical::{Canonical, Kind};
use pgrx::pg_sys;

use super::{bind, decoder::Decoder, row::RowDecoder, varlena};
use crate::error::{Error, Result};

/// How the columns are read.
pub enum Columns {
    /// Each is an argument.
    Arguments(Vec<Decoder>),
    /// All are in a record.
    Record(RowDecoder),
}

impl Columns {
    /// Binds columns that mean this to arguments of these types.
    pub fn bind(kinds: &[Kind], types: &[pg_sys::Oid]) -> Result<Self> {
        if types == [pg_sys::RECORDOID] {
            return Ok(Self::Record(RowDecoder::new(kinds.to_vec(), None, bind::shape)));
        }
        if kinds.len() != types.len() {
            return Err(Error::new("22023", "invalid request").detail(format!(
                "It has {} kinds for {} columns.",
                kinds.len(),
                types.len()
            )));
        }
        let bind = |(at, (kind, oid)): (usize, (&Kind, &pg_sys::Oid))| {
            bind::bind(kind, *oid).map_err(|error| in_column(at, error))
        };
        let decoders = kinds.iter().zip(types).enumerate().map(bind);
        decoders.collect::<Result<_>>().map(Self::Arguments)
    }

    /// How many columns there are.
    pub fn count(&self) -> usize {
        match self {
            Self::Arguments(decoders) => decoders.len(),
            Self::Record(row) => row.count(),
        }
    }

    /// Gives the canonical bytes of each wanted column of a row to `take`, in their order.
    ///
    /// # Safety
    /// The arguments must have the types that the columns were bound to.
    #[inline]
    pub unsafe fn each(
        &mut self,
        arguments: &[pg_sys::NullableDatum],
        out: &mut Canonical,
        is_wanted: impl Fn(usize) -> bool,
        mut take: impl FnMut(usize, &[u8]),
    ) -> Result<()> {
        let decoders = match self {
            Self::Arguments(decoders) => decoders,
            // SAFETY: by the caller.
            Self::Record(row) => {
                return unsafe { attributes(row, arguments, out, is_wanted, take) };
            }
        };
        for (at, (decoder, argument)) in decoders.iter_mut().zip(arguments).enumerate() {
            if !is_wanted(at) {
                continue;
            }
            out.clear();
            if argument.isnull {
                out.null();
            } else {
                // SAFETY: by the caller.
                let read = unsafe { decoder.datum(argument.value, out) };
                read.map_err(|error| in_column(at, error))?;
            }
            take(at, out.bytes());
        }
        Ok(())
    }
}

/// The same for a record; of one that is NULL all columns are.
///
/// # Safety
/// The only argument must be a record.
unsafe fn attributes(
    row: &mut RowDecoder,
    arguments: &[pg_sys::NullableDatum],
    out: &mut Canonical,
    is_wanted: impl Fn(usize) -> bool,
    mut take: impl FnMut(usize, &[u8]),
) -> Result<()> {
    let Some(record) = arguments.first().filter(|record| !record.isnull) else {
        out.clear();
        out.null();
        (0..row.count()).filter(|at| is_wanted(*at)).for_each(|at| take(at, out.bytes()));
        return Ok(());
    };
    let read = |bytes: &[u8]| {
        row.each(bytes, |at, decoder, cell| {
            if is_wanted(at) {
                out.clear();
                decoder.cell(cell, out).map_err(|error| in_column(at, error))?;
                take(at, out.bytes());
            }
            Ok(())
        })
    };
    // SAFETY: by the caller.
    unsafe { varlena::with_payload(record.value, read) }
}

/// Says where it was.
#[cold]
fn in_column(at: usize, error: Error) -> Error {
    let place = format!("Column {} of the comparison.", at + 1);
    let detail = error.detail_text().map_or(place.clone(), |detail| format!("{detail} {place}"));
    error.detail(detail)
}
