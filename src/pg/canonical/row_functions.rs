//! `migrator.row_hash()` and `migrator.row_cells()`: single rows of a comparison.

use migrator_model::canonical::{
    hash,
    request::{CELL_BYTES, Hash, RowCells, RowHash, TargetRequest},
};
use pgrx::{pg_sys::panic::ErrorReport, prelude::*};

use super::rows::Rows;
use crate::{
    error::{Error, Result},
    pg::call::Call,
};

/// The rows that an expression asks for.
struct Wanted<T> {
    rows: Rows,
    /// Their parts or keys, ascending.
    wanted: Vec<T>,
    /// No more of a value is wanted.
    longest: usize,
}

/// The arguments from here on are columns: before them is the request.
const COLUMNS: usize = 1;

impl<T: Ord> Wanted<T> {
    fn bind(call: &Call<'_>, wanted: impl FnOnce(&TargetRequest) -> Vec<T>) -> Result<Self> {
        let request = call.request(0)?;
        if request.partition.is_none() {
            return Err(Error::new("22023", "invalid request")
                .detail("Rows are asked for without a partition."));
        }
        let mut wanted = wanted(&request);
        wanted.sort_unstable();
        let longest = if request.whole { usize::MAX } else { CELL_BYTES };
        Ok(Self { rows: Rows::bind(&request, call, COLUMNS)?, wanted, longest })
    }

    fn wants(&self, one: &T) -> bool {
        self.wanted.binary_search(one).is_ok()
    }
}

#[pg_extern(sql = "
CREATE FUNCTION migrator.row_hash(request text, VARIADIC columns \"any\") RETURNS bytea
    LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'row_hash_wrapper';
")]
fn row_hash(call: Call<'_>) -> std::result::Result<Option<Vec<u8>>, ErrorReport> {
    // SAFETY: all calls of an expression ask for the same.
    unsafe {
        let kept: &mut Wanted<u32> =
            call.kept(|| Wanted::bind(&call, |request| request.parts.clone()))?;
        let columns = call.arguments_from(COLUMNS);
        let key = kept.rows.read_key(columns)?;
        if !kept.rows.part(key).is_some_and(|part| kept.wants(&part)) {
            return Ok(None);
        }
        let (key, row) = kept.rows.read(columns, |_, bytes| hash::of_value(bytes))?;
        Ok(Some(RowHash { key: Hash(key), row: Hash(row) }.to_bytes().to_vec()))
    }
}

#[pg_extern(sql = "
CREATE FUNCTION migrator.row_cells(request text, VARIADIC columns \"any\") RETURNS text
    LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'row_cells_wrapper';
")]
fn row_cells(call: Call<'_>) -> std::result::Result<Option<String>, ErrorReport> {
    // SAFETY: as for row_hash().
    unsafe {
        let kept: &mut Wanted<Hash> =
            call.kept(|| Wanted::bind(&call, |request| request.keys.clone()))?;
        let columns = call.arguments_from(COLUMNS);
        let key = Hash(kept.rows.read_key(columns)?);
        if !kept.wants(&key) {
            return Ok(None);
        }
        let (mut cells, longest) = (Vec::with_capacity(kept.rows.columns()), kept.longest);
        let (_, row) = kept.rows.read(columns, |_, bytes| {
            cells.push(bytes[..bytes.len().min(longest)].to_vec());
            hash::of_value(bytes)
        })?;
        let cells = RowCells { hash: RowHash { key, row: Hash(row) }, cells };
        Ok(Some(serde_json::to_string(&cells).map_err(unwritten)?))
    }
}

fn unwritten(error: serde_json::Error) -> Error {
    Error::new("XX000", "a row could not be written as JSON").detail(format!("{error}."))
}
