//! `index_advice`: which indexes a table needs, and which it does not.

use pgrx::{JsonB, pg_sys, pg_sys::panic::ErrorReport, prelude::*};

use super::{required, required_items};
use crate::index::advice::{self, Row};

/// Advises indexes for a table.
#[pg_extern(sql = "
CREATE FUNCTION index_advice(
    target regclass, workload text[] DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS TABLE (
    index_sql text, kind text, columns text[], rationale text, expected_size bigint,
    expected_build_seconds double precision, expected_gain jsonb, risk text)
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'index_advice_wrapper';
")]
#[allow(clippy::type_complexity)]
fn index_advice(
    target: Option<pg_sys::Oid>,
    workload: Option<Vec<Option<String>>>,
    options: Option<JsonB>,
) -> std::result::Result<
    TableIterator<
        'static,
        (
            name!(index_sql, Option<String>),
            name!(kind, String),
            name!(columns, Vec<String>),
            name!(rationale, String),
            name!(expected_size, Option<i64>),
            name!(expected_build_seconds, Option<f64>),
            name!(expected_gain, JsonB),
            name!(risk, Option<String>),
        ),
    >,
    ErrorReport,
> {
    let rows = advice::advise(&advice::Arguments {
        target: required(target, "target")?.to_u32(),
        workload: required_items(workload, "an element of workload")?,
        options: required(options, "options")?.0,
    })?;
    Ok(TableIterator::new(rows.into_iter().map(|row| {
        let Row { index_sql, kind, columns, rationale, expected_gain, risk, .. } = row;
        (
            index_sql,
            kind.as_str().to_owned(),
            columns,
            rationale,
            row.expected_size.map(|bytes| bytes as i64),
            row.expected_build_seconds,
            JsonB(expected_gain),
            risk,
        )
    })))
}
