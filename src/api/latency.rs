//! `latency_check`, `latency_tap`, `migrate_gate`: how long queries take, and whether that is good
//! enough.

use pgrx::{AnyElement, JsonB, pg_sys::panic::ErrorReport, prelude::*};

use super::{required, tap};
use crate::{
    error::Result,
    index::{self, Latency, LatencyArguments},
    pg::json,
};

/// Arguments as SQL gives them.
struct Given<'a> {
    query: Option<&'a str>,
    params: Option<AnyElement>,
    runs: Option<i32>,
    p95_ms: Option<f64>,
}

impl Given<'_> {
    /// The same, none of them NULL that has to be given.
    fn arguments(&self) -> Result<LatencyArguments> {
        Ok(LatencyArguments {
            query: required(self.query, "query")?.to_owned(),
            params: self.params.map(json::text),
            runs: required(self.runs, "runs")?,
            p95_ms: required(self.p95_ms, "p95_ms")?,
        })
    }
}

/// Measures how long a query takes.
#[pg_extern(sql = "
CREATE FUNCTION latency_check(
    query text, params jsonb DEFAULT NULL, runs integer DEFAULT 100,
    p95_ms double precision DEFAULT 100)
RETURNS TABLE (
    p50_ms double precision, p95_ms double precision, p99_ms double precision,
    max_ms double precision, rows bigint, plan_hash text, verdict text,
    min_ms double precision, mean_ms double precision, plans integer, measurement_id bigint)
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'latency_check_wrapper';
")]
#[allow(clippy::type_complexity)]
fn latency_check(
    query: Option<&str>,
    params: Option<AnyElement>,
    runs: Option<i32>,
    p95_ms: Option<f64>,
) -> std::result::Result<
    TableIterator<
        'static,
        (
            name!(p50_ms, f64),
            name!(p95_ms, f64),
            name!(p99_ms, f64),
            name!(max_ms, f64),
            name!(rows, i64),
            name!(plan_hash, String),
            name!(verdict, String),
            name!(min_ms, f64),
            name!(mean_ms, f64),
            name!(plans, i32),
            name!(measurement_id, Option<i64>),
        ),
    >,
    ErrorReport,
> {
    let given = Given { query, params, runs, p95_ms };
    let Latency { times, rows, plan_hash, plans, passes, measurement_id } =
        index::check_latency(&given.arguments()?)?;
    let verdict = if passes { "pass" } else { "fail" };
    Ok(TableIterator::once((
        times.percentile(50),
        times.percentile(95),
        times.percentile(99),
        times.max(),
        rows as i64,
        plan_hash,
        verdict.to_owned(),
        times.min(),
        times.mean(),
        plans as i32,
        measurement_id,
    )))
}

/// The same as one test for pg_prove.
#[pg_extern(sql = "
CREATE FUNCTION latency_tap(
    query text, params jsonb DEFAULT NULL, runs integer DEFAULT 100,
    p95_ms double precision DEFAULT 100, description text DEFAULT NULL)
RETURNS SETOF text
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'latency_tap_wrapper';
")]
fn latency_tap(
    query: Option<&str>,
    params: Option<AnyElement>,
    runs: Option<i32>,
    p95_ms: Option<f64>,
    description: Option<&str>,
) -> std::result::Result<SetOfIterator<'static, String>, ErrorReport> {
    let arguments = Given { query, params, runs, p95_ms }.arguments();
    let check = || index::check_latency(arguments.as_ref().map_err(Clone::clone)?);
    let measured = tap::attempt(check)?;
    let lines = index::latency_tap(arguments.as_ref().ok(), description, measured);
    Ok(SetOfIterator::new(lines))
}

/// One verdict for each gate.
#[pg_extern(sql = "
CREATE FUNCTION migrate_gate(run_id bigint, gates jsonb)
RETURNS TABLE (
    gate text, wanted text, measured text, verdict text, note text, measurement_id bigint)
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'migrate_gate_wrapper';
")]
#[allow(clippy::type_complexity)]
fn migrate_gate(
    run_id: Option<i64>,
    gates: Option<JsonB>,
) -> std::result::Result<
    TableIterator<
        'static,
        (
            name!(gate, String),
            name!(wanted, String),
            name!(measured, Option<String>),
            name!(verdict, String),
            name!(note, String),
            name!(measurement_id, Option<i64>),
        ),
    >,
    ErrorReport,
> {
    let gates = required(gates, "gates")?.0;
    let verdicts = index::gate(required(run_id, "run_id")?, &gates)?;
    Ok(TableIterator::new(verdicts.into_iter().map(|verdict| {
        let index::Verdict { gate, wanted, measured, verdict, note, measurement_id } = verdict;
        (gate.to_owned(), wanted, measured, verdict.to_owned(), note, measurement_id)
    })))
}
