//! `index_apply`: an index that was chosen, built or dropped.

use pgrx::{JsonB, pg_sys, pg_sys::panic::ErrorReport, prelude::*};

use super::required;
use crate::{
    index::{self, Applied, ApplyArguments},
    pg::server,
};

/// Builds or drops an index that was chosen.
#[pg_extern(sql = "
CREATE FUNCTION index_apply(
    target regclass, choice text, concurrently boolean DEFAULT false, options jsonb DEFAULT '{}')
RETURNS TABLE (job_id bigint, index regclass, sql text, state text, seconds double precision)
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'index_apply_wrapper';
")]
#[allow(clippy::type_complexity)]
fn index_apply(
    target: Option<pg_sys::Oid>,
    choice: Option<&str>,
    concurrently: Option<bool>,
    options: Option<JsonB>,
) -> std::result::Result<
    TableIterator<
        'static,
        (
            name!(job_id, Option<i64>),
            name!(index, Option<pg_sys::Oid>),
            name!(sql, String),
            name!(state, String),
            name!(seconds, Option<f64>),
        ),
    >,
    ErrorReport,
> {
    server::prevent_if_read_only(c"index_apply()");
    let Applied { job_id, index, sql, state, seconds } = index::apply(&ApplyArguments {
        target: required(target, "target")?.to_u32(),
        choice: required(choice, "choice")?.to_owned(),
        concurrently: required(concurrently, "concurrently")?,
        options: required(options, "options")?.0,
    })?;
    let index = index.map(pg_sys::Oid::from);
    Ok(TableIterator::once((job_id, index, sql, state.to_owned(), seconds)))
}
