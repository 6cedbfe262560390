//! `migrate_database` and `migrate_preview`: the whole file.

use pgrx::{JsonB, pg_sys::panic::ErrorReport, prelude::*};

use super::{required, required_items};
use crate::{
    database::{self, Arguments, Outcome},
    pg::server,
    steps::Step,
};

type Row = (
    Option<i64>,
    i32,
    String,
    String,
    Option<String>,
    String,
    Option<String>,
    Option<i64>,
    f64,
    Option<String>,
);

/// Carries everything that a DuckDB file holds into PostgreSQL.
#[pg_extern(sql = "
CREATE FUNCTION migrate_database(
    source text, schemas jsonb DEFAULT '{}', include text[] DEFAULT NULL,
    exclude text[] DEFAULT NULL, data boolean DEFAULT true, on_lossy text DEFAULT 'error',
    on_error text DEFAULT 'error', reject_limit bigint DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS TABLE (
    run_id bigint, step integer, kind text, source_name text, target_name text, verdict text,
    sql text, rows bigint, seconds double precision, note text)
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'migrate_database_wrapper';
")]
#[allow(clippy::type_complexity, clippy::too_many_arguments)]
fn migrate_database(
    source: Option<&str>,
    schemas: Option<JsonB>,
    include: Option<Vec<Option<String>>>,
    exclude: Option<Vec<Option<String>>>,
    data: Option<bool>,
    on_lossy: Option<&str>,
    on_error: Option<&str>,
    reject_limit: Option<i64>,
    options: Option<JsonB>,
) -> Result<
    TableIterator<
        'static,
        (
            name!(run_id, Option<i64>),
            name!(step, i32),
            name!(kind, String),
            name!(source_name, String),
            name!(target_name, Option<String>),
            name!(verdict, String),
            name!(sql, Option<String>),
            name!(rows, Option<i64>),
            name!(seconds, f64),
            name!(note, Option<String>),
        ),
    >,
    ErrorReport,
> {
    server::prevent_if_read_only(c"migrate_database()");
    let arguments = Arguments {
        source: required(source, "source")?.to_owned(),
        schemas: required(schemas, "schemas")?.0,
        include: required_items(include, "an element of include")?,
        exclude: required_items(exclude, "an element of exclude")?,
        data: required(data, "data")?,
        on_lossy: required(on_lossy, "on_lossy")?.to_owned(),
        on_error: required(on_error, "on_error")?.to_owned(),
        reject_limit,
        options: required(options, "options")?.0,
    };
    Ok(TableIterator::new(rows(database::run(&arguments)?)))
}

/// Shows what `migrate_database` would do, and makes nothing.
#[pg_extern(sql = "
CREATE FUNCTION migrate_preview(
    source text, schemas jsonb DEFAULT '{}', include text[] DEFAULT NULL,
    exclude text[] DEFAULT NULL, data boolean DEFAULT true, on_lossy text DEFAULT 'error',
    on_error text DEFAULT 'error', reject_limit bigint DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS TABLE (
    run_id bigint, step integer, kind text, source_name text, target_name text, verdict text,
    sql text, rows bigint, seconds double precision, note text)
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'migrate_preview_wrapper';
")]
#[allow(clippy::type_complexity, clippy::too_many_arguments)]
fn migrate_preview(
    source: Option<&str>,
    schemas: Option<JsonB>,
    include: Option<Vec<Option<String>>>,
    exclude: Option<Vec<Option<String>>>,
    data: Option<bool>,
    on_lossy: Option<&str>,
    on_error: Option<&str>,
    reject_limit: Option<i64>,
    options: Option<JsonB>,
) -> Result<
    TableIterator<
        'static,
        (
            name!(run_id, Option<i64>),
            name!(step, i32),
            name!(kind, String),
            name!(source_name, String),
            name!(target_name, Option<String>),
            name!(verdict, String),
            name!(sql, Option<String>),
            name!(rows, Option<i64>),
            name!(seconds, f64),
            name!(note, Option<String>),
        ),
    >,
    ErrorReport,
> {
    server::prevent_if_read_only(c"migrate_preview()");
    let arguments = Arguments {
        source: required(source, "source")?.to_owned(),
        schemas: required(schemas, "schemas")?.0,
        include: required_items(include, "an element of include")?,
        exclude: required_items(exclude, "an element of exclude")?,
        data: required(data, "data")?,
        on_lossy: required(on_lossy, "on_lossy")?.to_owned(),
        on_error: required(on_error, "on_error")?.to_owned(),
        reject_limit,
        options: required(options, "options")?.0,
    };
    Ok(TableIterator::new(rows(database::preview(&arguments)?)))
}

fn rows(outcome: Outcome) -> impl Iterator<Item = Row> {
    let run_id = outcome.run_id;
    outcome.steps.into_iter().zip(1..).map(move |(step, number)| row(run_id, number, step))
}

fn row(run_id: Option<i64>, number: i32, step: Step) -> Row {
    let Step { about, verdict, sql, rows, seconds, note } = step;
    let (kind, verdict) = (about.kind.as_str().to_owned(), verdict.as_str().to_owned());
    (run_id, number, kind, about.source, about.target, verdict, sql, rows, seconds, note)
}
