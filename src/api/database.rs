//! `migrate_database` and `migrate_preview`: the whole file.

use pgrx::{JsonB, pg_sys::panic::ErrorReport, prelude::*};

use crate::{
    database::{self, Arguments, Outcome},
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
    source: &str,
    schemas: JsonB,
    include: Option<Vec<String>>,
    exclude: Option<Vec<String>>,
    data: bool,
    on_lossy: &str,
    on_error: &str,
    reject_limit: Option<i64>,
    options: JsonB,
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
    let arguments = Arguments {
        source: source.to_owned(),
        schemas: schemas.0,
        include,
        exclude,
        data,
        on_lossy: on_lossy.to_owned(),
        on_error: on_error.to_owned(),
        reject_limit,
        options: options.0,
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
    source: &str,
    schemas: JsonB,
    include: Option<Vec<String>>,
    exclude: Option<Vec<String>>,
    data: bool,
    on_lossy: &str,
    on_error: &str,
    reject_limit: Option<i64>,
    options: JsonB,
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
    let arguments = Arguments {
        source: source.to_owned(),
        schemas: schemas.0,
        include,
        exclude,
        data,
        on_lossy: on_lossy.to_owned(),
        on_error: on_error.to_owned(),
        reject_limit,
        options: options.0,
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
