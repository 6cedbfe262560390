//! `vector_advice`, `vector_index`, `vector_recall`, `vector_checks`: indexes of vectors, and what
//! they find.

use std::ffi::CStr;

use pgrx::{JsonB, pg_sys, pg_sys::panic::ErrorReport, prelude::*};

use super::{required, required_items};
use crate::{
    error::Result,
    index::vector::{self, Advice, Built, RecallRow},
    pg::server,
};

/// Advises an index for a column of vectors.
#[pg_extern(sql = "
CREATE FUNCTION vector_advice(
    target regclass, column_name name, metric text DEFAULT 'cosine',
    target_recall double precision DEFAULT 0.95, p95_ms double precision DEFAULT 200,
    k integer DEFAULT 10)
RETURNS TABLE (
    am text, operator_class text, expression text, m integer, ef_construction integer,
    ef_search integer, lists integer, probes integer, build_memory bigint,
    shared_memory_fits boolean, index_size bigint, build_seconds double precision, rationale text,
    exact_p95_ms double precision, index_sql text)
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'vector_advice_wrapper';
")]
#[allow(clippy::type_complexity)]
fn vector_advice(
    target: Option<pg_sys::Oid>,
    column_name: Option<&CStr>,
    metric: Option<&str>,
    target_recall: Option<f64>,
    p95_ms: Option<f64>,
    k: Option<i32>,
) -> std::result::Result<
    TableIterator<
        'static,
        (
            name!(am, String),
            name!(operator_class, Option<String>),
            name!(expression, Option<String>),
            name!(m, Option<i32>),
            name!(ef_construction, Option<i32>),
            name!(ef_search, Option<i32>),
            name!(lists, Option<i32>),
            name!(probes, Option<i32>),
            name!(build_memory, Option<i64>),
            name!(shared_memory_fits, Option<bool>),
            name!(index_size, Option<i64>),
            name!(build_seconds, Option<f64>),
            name!(rationale, String),
            name!(exact_p95_ms, Option<f64>),
            name!(index_sql, Option<String>),
        ),
    >,
    ErrorReport,
> {
    let advice = vector::advice(&vector::AdviceArguments {
        target: required(target, "target")?.to_u32(),
        column: named(column_name)?,
        metric: required(metric, "metric")?.to_owned(),
        target_recall: required(target_recall, "target_recall")?,
        p95_ms: required(p95_ms, "p95_ms")?,
        k: required(k, "k")?,
    })?;
    let Advice { am, operator_class, expression, rationale, exact_p95_ms, index_sql, .. } = advice;
    let small = |value: Option<u32>| value.map(|value| value as i32);
    let large = |value: Option<u64>| value.map(|value| value as i64);
    Ok(TableIterator::once((
        am.to_owned(),
        operator_class,
        expression,
        small(advice.m),
        small(advice.ef_construction),
        small(advice.ef_search),
        small(advice.lists),
        small(advice.probes),
        large(advice.build_memory),
        advice.shared_memory_fits,
        large(advice.index_size),
        advice.build_seconds,
        rationale,
        exact_p95_ms,
        index_sql,
    )))
}

/// A column's name: NUL-terminated, as a name lies.
fn named(name: Option<&CStr>) -> Result<String> {
    Ok(required(name, "column_name")?.to_string_lossy().into_owned())
}

/// Builds an index of vectors with the memory that it needs.
#[pg_extern(sql = "
CREATE FUNCTION vector_index(
    target regclass, column_name name, metric text DEFAULT 'cosine', options jsonb DEFAULT '{}')
RETURNS TABLE (index regclass, sql text, settings jsonb, seconds double precision)
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'vector_index_wrapper';
")]
#[allow(clippy::type_complexity)]
fn vector_index(
    target: Option<pg_sys::Oid>,
    column_name: Option<&CStr>,
    metric: Option<&str>,
    options: Option<JsonB>,
) -> std::result::Result<
    TableIterator<
        'static,
        (
            name!(index, pg_sys::Oid),
            name!(sql, String),
            name!(settings, JsonB),
            name!(seconds, f64),
        ),
    >,
    ErrorReport,
> {
    server::prevent_if_read_only(c"vector_index()");
    let target = required(target, "target")?.to_u32();
    let (metric, options) = (required(metric, "metric")?, required(options, "options")?.0);
    let built = vector::build(target, &named(column_name)?, metric, &options)?;
    let Built { oid, sql, settings, seconds } = built;
    Ok(TableIterator::once((pg_sys::Oid::from(oid), sql, JsonB(settings), seconds)))
}

/// Measures what share of the nearest rows an index finds, and how long it takes.
#[pg_extern(sql = "
CREATE FUNCTION vector_recall(
    target regclass, column_name name, queries regclass DEFAULT NULL,
    query_column name DEFAULT NULL, k integer DEFAULT 10,
    ef_search integer[] DEFAULT '{10,20,40,80,160,320}', samples integer DEFAULT 200,
    metric text DEFAULT 'cosine', target_recall double precision DEFAULT 0.95)
RETURNS TABLE (
    ef_search integer, probes integer, recall double precision, recall_low double precision,
    recall_high double precision, p50_ms double precision, p95_ms double precision,
    p99_ms double precision, index_used regclass, recommended boolean, pareto boolean,
    queries integer, measurement_id bigint)
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'vector_recall_wrapper';
")]
#[allow(clippy::type_complexity, clippy::too_many_arguments)]
fn vector_recall(
    target: Option<pg_sys::Oid>,
    column_name: Option<&CStr>,
    queries: Option<pg_sys::Oid>,
    query_column: Option<&CStr>,
    k: Option<i32>,
    ef_search: Option<Vec<Option<i32>>>,
    samples: Option<i32>,
    metric: Option<&str>,
    target_recall: Option<f64>,
) -> std::result::Result<
    TableIterator<
        'static,
        (
            name!(ef_search, Option<i32>),
            name!(probes, Option<i32>),
            name!(recall, f64),
            name!(recall_low, f64),
            name!(recall_high, f64),
            name!(p50_ms, f64),
            name!(p95_ms, f64),
            name!(p99_ms, f64),
            name!(index_used, Option<pg_sys::Oid>),
            name!(recommended, bool),
            name!(pareto, bool),
            name!(queries, i32),
            name!(measurement_id, Option<i64>),
        ),
    >,
    ErrorReport,
> {
    let items = required(ef_search, "ef_search")?.into_iter();
    let rows = vector::recall(&vector::RecallArguments {
        target: required(target, "target")?.to_u32(),
        column: named(column_name)?,
        queries: queries.map(|oid| oid.to_u32()),
        query_column: query_column.map(|name| name.to_string_lossy().into_owned()),
        k: required(k, "k")?,
        settings: items
            .map(|one| required(one, "an element of ef_search"))
            .collect::<Result<_>>()?,
        samples: required(samples, "samples")?,
        metric: required(metric, "metric")?.to_owned(),
        target_recall: required(target_recall, "target_recall")?,
    })?;
    Ok(TableIterator::new(rows.into_iter().map(|row| {
        let RecallRow { setting, is_graph, recall, low, high, times, index, .. } = row;
        (
            is_graph.then_some(setting as i32),
            (!is_graph).then_some(setting as i32),
            recall,
            low,
            high,
            times.percentile(50),
            times.percentile(95),
            times.percentile(99),
            Some(pg_sys::Oid::from(index)),
            row.recommended,
            row.pareto,
            row.queries as i32,
            row.measurement_id,
        )
    })))
}

/// Checks what must hold for a column of vectors and its indexes.
#[pg_extern(sql = "
CREATE FUNCTION vector_checks(
    target regclass, column_name name, metric text DEFAULT NULL, source text DEFAULT NULL,
    table_name text DEFAULT NULL, checks text[] DEFAULT NULL)
RETURNS TABLE (check_name text, status text, expected text, actual text, detail text)
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'vector_checks_wrapper';
")]
#[allow(clippy::type_complexity)]
fn vector_checks(
    target: Option<pg_sys::Oid>,
    column_name: Option<&CStr>,
    metric: Option<&str>,
    source: Option<&str>,
    table_name: Option<&str>,
    checks: Option<Vec<Option<String>>>,
) -> std::result::Result<
    TableIterator<
        'static,
        (
            name!(check_name, String),
            name!(status, String),
            name!(expected, Option<String>),
            name!(actual, Option<String>),
            name!(detail, Option<String>),
        ),
    >,
    ErrorReport,
> {
    let checks = vector::checks(&vector::CheckArguments {
        target: required(target, "target")?.to_u32(),
        column: named(column_name)?,
        metric: metric.map(str::to_owned),
        source: source.map(str::to_owned),
        table_name: table_name.map(str::to_owned),
        checks: required_items(checks, "an element of checks")?,
    })?;
    Ok(TableIterator::new(checks.into_iter().map(|check| {
        let vector::Check { name, status, expected, actual, detail } = check;
        (name.to_owned(), status.as_str().to_owned(), expected, actual, detail)
    })))
}
