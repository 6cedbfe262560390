//! The same verdicts as TAP and as JUnit's XML. An error is one of them: it does not break the
//! stream.

use std::ffi::CStr;

use pgrx::{JsonB, iter::SetOfIterator, pg_sys::panic::ErrorReport, prelude::pg_extern};

use super::{
    given::{Given, Selected},
    required,
};
use crate::{
    error::Result,
    pg::{server, subtransaction},
    tap::must_end,
    validate::{self, Report, junit, tap},
};

/// `validate_table` for pg_prove.
#[pg_extern(sql = "
CREATE FUNCTION validate_table_tap(
    source text, table_name text, target text DEFAULT NULL, level text DEFAULT 'standard',
    checks text[] DEFAULT NULL, key text[] DEFAULT NULL, filter text DEFAULT NULL,
    tolerance jsonb DEFAULT '{}', options jsonb DEFAULT '{}')
RETURNS SETOF text
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'validate_table_tap_wrapper';
")]
#[allow(clippy::too_many_arguments)]
fn validate_table_tap(
    source: Option<&str>,
    table_name: Option<&str>,
    target: Option<&str>,
    level: Option<&str>,
    checks: Option<Vec<Option<String>>>,
    key: Option<Vec<Option<String>>>,
    filter: Option<&str>,
    tolerance: Option<JsonB>,
    options: Option<JsonB>,
) -> std::result::Result<SetOfIterator<'static, String>, ErrorReport> {
    server::prevent_if_read_only(c"validate_table_tap()");
    let given =
        Given { source, table_name, target, level, checks, key, filter, tolerance, options };
    stream(|| validate::table(&given.arguments()?))
}

/// `validate_run` for pg_prove.
#[pg_extern(sql = "
CREATE FUNCTION validate_run_tap(
    run_id bigint, level text DEFAULT 'standard', checks text[] DEFAULT NULL,
    tolerance jsonb DEFAULT '{}', options jsonb DEFAULT '{}')
RETURNS SETOF text
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'validate_run_tap_wrapper';
")]
fn validate_run_tap(
    run_id: Option<i64>,
    level: Option<&str>,
    checks: Option<Vec<Option<String>>>,
    tolerance: Option<JsonB>,
    options: Option<JsonB>,
) -> std::result::Result<SetOfIterator<'static, String>, ErrorReport> {
    server::prevent_if_read_only(c"validate_run_tap()");
    let given = Given::of_several(level, checks, tolerance, options);
    stream(|| validate::run(required(run_id, "run_id")?, given.arguments()?))
}

/// `validate_database` for pg_prove.
#[pg_extern(sql = "
CREATE FUNCTION validate_database_tap(
    source text, schemas jsonb DEFAULT '{}', include text[] DEFAULT NULL,
    exclude text[] DEFAULT NULL, level text DEFAULT 'standard', checks text[] DEFAULT NULL,
    tolerance jsonb DEFAULT '{}', options jsonb DEFAULT '{}')
RETURNS SETOF text
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'validate_database_tap_wrapper';
")]
#[allow(clippy::too_many_arguments)]
fn validate_database_tap(
    source: Option<&str>,
    schemas: Option<JsonB>,
    include: Option<Vec<Option<String>>>,
    exclude: Option<Vec<Option<String>>>,
    level: Option<&str>,
    checks: Option<Vec<Option<String>>>,
    tolerance: Option<JsonB>,
    options: Option<JsonB>,
) -> std::result::Result<SetOfIterator<'static, String>, ErrorReport> {
    server::prevent_if_read_only(c"validate_database_tap()");
    let selected = Selected { source, schemas, include, exclude };
    let given = Given::of_several(level, checks, tolerance, options);
    stream(|| validate::database(&selected.arguments()?, &given.arguments()?))
}

/// `validate_table` as XML that continuous integration reads.
#[pg_extern(sql = "
CREATE FUNCTION validate_junit(
    source text, table_name text, target text DEFAULT NULL, level text DEFAULT 'standard',
    checks text[] DEFAULT NULL, key text[] DEFAULT NULL, filter text DEFAULT NULL,
    tolerance jsonb DEFAULT '{}', options jsonb DEFAULT '{}')
RETURNS xml
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'validate_junit_wrapper';
")]
#[allow(clippy::too_many_arguments)]
fn validate_junit(
    source: Option<&str>,
    table_name: Option<&str>,
    target: Option<&str>,
    level: Option<&str>,
    checks: Option<Vec<Option<String>>>,
    key: Option<Vec<Option<String>>>,
    filter: Option<&str>,
    tolerance: Option<JsonB>,
    options: Option<JsonB>,
) -> std::result::Result<String, ErrorReport> {
    server::prevent_if_read_only(c"validate_junit()");
    let given =
        Given { source, table_name, target, level, checks, key, filter, tolerance, options };
    Ok(junit::document(&validate::table(&given.arguments()?)?.checks))
}

/// Test functions for pgTAP's runtests(), one for each table of a file.
#[pg_extern(sql = "
CREATE FUNCTION validate_pgtap(
    source text, test_schema name, schemas jsonb DEFAULT '{}', include text[] DEFAULT NULL,
    exclude text[] DEFAULT NULL, level text DEFAULT 'standard')
RETURNS SETOF text
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'validate_pgtap_wrapper';
")]
fn validate_pgtap(
    source: Option<&str>,
    test_schema: Option<&CStr>,
    schemas: Option<JsonB>,
    include: Option<Vec<Option<String>>>,
    exclude: Option<Vec<Option<String>>>,
    level: Option<&str>,
) -> std::result::Result<SetOfIterator<'static, String>, ErrorReport> {
    server::prevent_if_read_only(c"validate_pgtap()");
    let selected = Selected { source, schemas, include, exclude }.arguments()?;
    let schema = required(test_schema, "test_schema")?.to_string_lossy();
    let names = validate::create_pgtap(&selected, &schema, required(level, "level")?)?;
    Ok(SetOfIterator::new(names))
}

/// Only what must end the session's statement whatever it is breaks the stream.
fn stream(
    run: impl FnOnce() -> Result<Report>,
) -> std::result::Result<SetOfIterator<'static, String>, ErrorReport> {
    let lines = match attempt(run)? {
        Ok(report) => tap::lines(&report.checks),
        Err(error) => tap::broken(&error),
    };
    Ok(SetOfIterator::new(lines))
}

/// Runs what becomes a stream: its error is a part of that, unless it must end the statement.
pub(super) fn attempt<T>(run: impl FnOnce() -> Result<T>) -> Result<Result<T>> {
    match subtransaction::attempt_unless(must_end, run) {
        Err(error) if must_end(&error) => Err(error),
        result => Ok(result),
    }
}
