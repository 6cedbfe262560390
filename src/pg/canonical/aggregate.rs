//! `migrator.digest()`: the sums and profiles of all rows. The server spreads it over workers:
//! each has a state of its own, and states are added up. The request of a group's first row counts
//! for all of its rows.

use migrator_model::canonical::request::Digested;
use pgrx::{datum::Internal, pg_sys, pg_sys::panic::ErrorReport, prelude::*};

use super::{call::handed_on, rows::Rows};
use crate::{
    error::{Error, Result},
    pg::call::Call,
};

/// The state of a group.
struct State {
    digested: Digested,
    /// How rows are read; None where states are only added up.
    rows: Option<Rows>,
}

impl State {
    fn of(digested: Digested) -> Self {
        Self { digested, rows: None }
    }

    fn bind(call: &Call<'_>) -> Result<Self> {
        let rows = Rows::bind(&call.request(1)?, call, COLUMNS)?;
        let digested = Digested::empty(rows.columns(), rows.parts());
        Ok(Self { digested, rows: Some(rows) })
    }

    /// Takes a row in.
    ///
    /// # Safety
    /// The call must be one of those that the state is of.
    #[inline]
    unsafe fn take(&mut self, call: &Call<'_>) -> Result<()> {
        let Self { digested, rows } = self;
        let rows = rows.as_mut().ok_or_else(|| Error::new("XX000", "a sum takes no rows"))?;
        let columns = &mut digested.columns;
        // SAFETY: by the caller.
        let read =
            unsafe { rows.read(call.arguments_from(COLUMNS), |at, bytes| columns[at].add(bytes)) };
        let (key, row) = read?;
        digested.rows.add(row);
        if let Some(part) = rows.part(key) {
            digested.parts[part as usize].add(row);
        }
        Ok(())
    }
}

/// The arguments from here on are columns: before them are the state and the request.
const COLUMNS: usize = 2;

#[pg_extern(sql = "
CREATE FUNCTION migrator.digest_step(state internal, request text, VARIADIC columns \"any\") RETURNS internal
    LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'digest_step_wrapper';
")]
fn digest_step(call: Call<'_>) -> std::result::Result<Internal, ErrorReport> {
    // SAFETY: only these functions make states of the aggregate, and
    // all calls of a group have the same arguments.
    unsafe {
        let state = match call.state::<State>(0) {
            Some(state) => state,
            None => call.keep_in_aggregate(State::bind(&call)?)?,
        };
        state.take(&call)?;
        Ok(handed_on(state))
    }
}

#[pg_extern(sql = "
CREATE FUNCTION migrator.digest_combine(state internal, other internal) RETURNS internal
    LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'digest_combine_wrapper';
")]
fn digest_combine(call: Call<'_>) -> std::result::Result<Internal, ErrorReport> {
    // SAFETY: as for digest_step().
    unsafe {
        Ok(match (call.state::<State>(0), call.state::<State>(1)) {
            (None, None) => Internal::default(),
            (Some(state), None) => handed_on(state),
            // The other one's memory goes with the row that has brought it.
            (None, Some(other)) => {
                let digested = std::mem::take(&mut other.digested);
                handed_on(call.keep_in_aggregate(State::of(digested))?)
            }
            (Some(state), Some(other)) => {
                state.digested.merge(&other.digested);
                handed_on(state)
            }
        })
    }
}

#[pg_extern(sql = "
CREATE FUNCTION migrator.digest_serialize(state internal) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'digest_serialize_wrapper';
")]
fn digest_serialize(call: Call<'_>) -> std::result::Result<Option<Vec<u8>>, ErrorReport> {
    // SAFETY: as for digest_step().
    let state = unsafe { call.state::<State>(0) };
    let bytes = state.map(|state| serde_json::to_vec(&state.digested)).transpose();
    Ok(bytes.map_err(broken)?)
}

#[pg_extern(sql = "
CREATE FUNCTION migrator.digest_deserialize(serialized bytea, state internal) RETURNS internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'digest_deserialize_wrapper';
")]
fn digest_deserialize(
    serialized: &[u8],
    call: Call<'_>,
) -> std::result::Result<Internal, ErrorReport> {
    let digested = serde_json::from_slice(serialized).map_err(broken)?;
    call.aggregate_context()?;
    Ok(Internal::new(State::of(digested)))
}

#[pg_extern(sql = "
CREATE FUNCTION migrator.digest_final(state internal, request text, VARIADIC columns \"any\") RETURNS text
    LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'digest_final_wrapper';
")]
fn digest_final(call: Call<'_>) -> std::result::Result<String, ErrorReport> {
    // SAFETY: as for digest_step(); the server gives no more of the columns than their types.
    let state = unsafe { call.state::<State>(0) };
    let text = match state {
        Some(state) => serde_json::to_string(&state.digested),
        None => serde_json::to_string(&Digested::empty(columns(&call), 0)),
    };
    Ok(text.map_err(broken)?)
}

/// How many columns a call without rows has; of a record nobody knows.
fn columns(call: &Call<'_>) -> usize {
    match call.types_from(COLUMNS).as_slice() {
        [pg_sys::RECORDOID] => 0,
        types => types.len(),
    }
}

fn broken(error: serde_json::Error) -> Error {
    Error::new("XX000", "a state of migrator.digest() is broken").detail(format!("{error}."))
}

extension_sql!(
    r#"
CREATE AGGREGATE migrator.digest(request text, VARIADIC columns "any") (
    SFUNC = migrator.digest_step,
    STYPE = internal,
    FINALFUNC = migrator.digest_final,
    FINALFUNC_EXTRA,
    FINALFUNC_MODIFY = READ_ONLY,
    COMBINEFUNC = migrator.digest_combine,
    SERIALFUNC = migrator.digest_serialize,
    DESERIALFUNC = migrator.digest_deserialize,
    PARALLEL = SAFE
);
"#,
    name = "digest",
    requires = [digest_step, digest_combine, digest_serialize, digest_deserialize, digest_final]
);
