//! `validate_table`, `validate_database`, `validate_run`: verdicts as rows.

use pgrx::{JsonB, pg_sys::panic::ErrorReport, prelude::pg_extern};

use super::{
    checks::{self, TableIterator},
    given::{Given, Selected},
    required,
};
use crate::{
    error::Result,
    pg::server,
    validate::{self, Report},
};

/// Proves that a table holds what the source's holds.
#[pg_extern(sql = "
CREATE FUNCTION validate_table(
    source text, table_name text, target text DEFAULT NULL, level text DEFAULT 'standard',
    checks text[] DEFAULT NULL, key text[] DEFAULT NULL, filter text DEFAULT NULL,
    tolerance jsonb DEFAULT '{}', options jsonb DEFAULT '{}')
RETURNS TABLE (
    run_id bigint, check_name text, category text, severity text, source_name text,
    target_name text, column_name text, status text, expected text, actual text,
    difference text, rows_checked bigint, unexpected_count bigint, failing_keys jsonb,
    note text, remedy text, seconds double precision)
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'validate_table_wrapper';
")]
#[allow(clippy::too_many_arguments)]
fn validate_table(
    source: Option<&str>,
    table_name: Option<&str>,
    target: Option<&str>,
    level: Option<&str>,
    checks: Option<Vec<Option<String>>>,
    key: Option<Vec<Option<String>>>,
    filter: Option<&str>,
    tolerance: Option<JsonB>,
    options: Option<JsonB>,
) -> std::result::Result<TableIterator<'static>, ErrorReport> {
    server::prevent_if_read_only(c"validate_table()");
    let given =
        Given { source, table_name, target, level, checks, key, filter, tolerance, options };
    rows(validate::table(&given.arguments()?))
}

/// Proves that a load has left behind what it should have.
#[pg_extern(sql = "
CREATE FUNCTION validate_run(
    run_id bigint, level text DEFAULT 'standard', checks text[] DEFAULT NULL,
    tolerance jsonb DEFAULT '{}', options jsonb DEFAULT '{}')
RETURNS TABLE (
    run_id bigint, check_name text, category text, severity text, source_name text,
    target_name text, column_name text, status text, expected text, actual text,
    difference text, rows_checked bigint, unexpected_count bigint, failing_keys jsonb,
    note text, remedy text, seconds double precision)
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'validate_run_wrapper';
")]
fn validate_run(
    run_id: Option<i64>,
    level: Option<&str>,
    checks: Option<Vec<Option<String>>>,
    tolerance: Option<JsonB>,
    options: Option<JsonB>,
) -> std::result::Result<TableIterator<'static>, ErrorReport> {
    server::prevent_if_read_only(c"validate_run()");
    let given = Given::of_several(level, checks, tolerance, options).arguments()?;
    rows(validate::run(required(run_id, "run_id")?, given))
}

/// Proves it for every table of a file.
#[pg_extern(sql = "
CREATE FUNCTION validate_database(
    source text, schemas jsonb DEFAULT '{}', include text[] DEFAULT NULL,
    exclude text[] DEFAULT NULL, level text DEFAULT 'standard', checks text[] DEFAULT NULL,
    tolerance jsonb DEFAULT '{}', options jsonb DEFAULT '{}')
RETURNS TABLE (
    run_id bigint, check_name text, category text, severity text, source_name text,
    target_name text, column_name text, status text, expected text, actual text,
    difference text, rows_checked bigint, unexpected_count bigint, failing_keys jsonb,
    note text, remedy text, seconds double precision)
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'validate_database_wrapper';
")]
#[allow(clippy::too_many_arguments)]
fn validate_database(
    source: Option<&str>,
    schemas: Option<JsonB>,
    include: Option<Vec<Option<String>>>,
    exclude: Option<Vec<Option<String>>>,
    level: Option<&str>,
    checks: Option<Vec<Option<String>>>,
    tolerance: Option<JsonB>,
    options: Option<JsonB>,
) -> std::result::Result<TableIterator<'static>, ErrorReport> {
    server::prevent_if_read_only(c"validate_database()");
    let selected = Selected { source, schemas, include, exclude }.arguments()?;
    let given = Given::of_several(level, checks, tolerance, options).arguments()?;
    rows(validate::database(&selected, &given))
}

fn rows(report: Result<Report>) -> std::result::Result<TableIterator<'static>, ErrorReport> {
    let Report { run_id, checks } = report?;
    Ok(checks::rows(run_id, checks))
}
