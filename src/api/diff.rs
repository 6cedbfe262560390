//! `validate_diff`, `validate_repair`, `validate_last`: rows that differ, what makes them equal, and
//! what has changed.

use pgrx::{JsonB, pg_sys, pg_sys::panic::ErrorReport, prelude::*};

use super::{given::Given, required};
use crate::{
    error::{Error, Result},
    pg::server,
    validate::{self, Line, Repair},
};

/// The rows that differ between a table of the source and its target.
#[pg_extern(sql = "
CREATE FUNCTION validate_diff(
    source text, table_name text, target text DEFAULT NULL, \"limit\" integer DEFAULT 1000,
    key text[] DEFAULT NULL, filter text DEFAULT NULL, tolerance jsonb DEFAULT '{}',
    options jsonb DEFAULT '{}')
RETURNS TABLE (
    op text, key_values jsonb, column_name text, source_value text, target_value text)
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'validate_diff_wrapper';
")]
#[allow(clippy::type_complexity, clippy::too_many_arguments)]
fn validate_diff(
    source: Option<&str>,
    table_name: Option<&str>,
    target: Option<&str>,
    limit: Option<i32>,
    key: Option<Vec<Option<String>>>,
    filter: Option<&str>,
    tolerance: Option<JsonB>,
    options: Option<JsonB>,
) -> std::result::Result<
    TableIterator<
        'static,
        (
            name!(op, String),
            name!(key_values, JsonB),
            name!(column_name, Option<String>),
            name!(source_value, Option<String>),
            name!(target_value, Option<String>),
        ),
    >,
    ErrorReport,
> {
    let (level, checks) = (Some("standard"), None);
    let options = Some(JsonB(with_limit(required(options, "options")?.0, limit)?));
    let given =
        Given { source, table_name, target, level, checks, key, filter, tolerance, options };
    let lines = validate::differences(&given.arguments()?)?;
    Ok(TableIterator::new(lines.into_iter().map(|line| {
        let Line { op, key, column_name, source_value, target_value } = line;
        (op.to_owned(), JsonB(key), column_name, source_value, target_value)
    })))
}

fn with_limit(options: serde_json::Value, limit: Option<i32>) -> Result<serde_json::Value> {
    let limit = required(limit, "limit")?;
    let limit =
        u32::try_from(limit).map_err(|_| Error::new("2201W", "limit must not be negative"))?;
    let mut options = options;
    if let Some(members) = options.as_object_mut() {
        members.insert("difference_limit".to_owned(), limit.into());
    }
    Ok(options)
}

/// Makes the targets of a validation equal to their sources, or shows the statements.
#[pg_extern(sql = "
CREATE FUNCTION validate_repair(run_id bigint, dry_run boolean DEFAULT true)
RETURNS TABLE (target_name text, op text, key_values jsonb, sql text, rows bigint)
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'validate_repair_wrapper';
")]
#[allow(clippy::type_complexity)]
fn validate_repair(
    run_id: Option<i64>,
    dry_run: Option<bool>,
) -> std::result::Result<
    TableIterator<
        'static,
        (
            name!(target_name, String),
            name!(op, String),
            name!(key_values, JsonB),
            name!(sql, String),
            name!(rows, Option<i64>),
        ),
    >,
    ErrorReport,
> {
    server::prevent_if_read_only(c"validate_repair()");
    let repairs = validate::repair(required(run_id, "run_id")?, required(dry_run, "dry_run")?)?;
    Ok(TableIterator::new(repairs.into_iter().map(|repair| {
        let Repair { target, op, key, sql, rows, .. } = repair;
        (target, op.to_owned(), JsonB(key), sql, rows)
    })))
}

/// The latest verdicts on a table, and what has changed since those before them.
#[pg_extern(sql = "
CREATE FUNCTION validate_last(target regclass)
RETURNS TABLE (
    run_id bigint, check_name text, column_name text, status text, expected text, actual text,
    unexpected_count bigint, failing_keys jsonb, note text, previous_run_id bigint,
    previous_status text, change text)
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'validate_last_wrapper';
")]
#[allow(clippy::type_complexity)]
fn validate_last(
    target: Option<pg_sys::Oid>,
) -> std::result::Result<
    TableIterator<
        'static,
        (
            name!(run_id, i64),
            name!(check_name, String),
            name!(column_name, Option<String>),
            name!(status, Option<String>),
            name!(expected, Option<String>),
            name!(actual, Option<String>),
            name!(unexpected_count, Option<i64>),
            name!(failing_keys, Option<JsonB>),
            name!(note, Option<String>),
            name!(previous_run_id, Option<i64>),
            name!(previous_status, Option<String>),
            name!(change, String),
        ),
    >,
    ErrorReport,
> {
    let changes = validate::last(required(target, "target")?.to_u32())?;
    Ok(TableIterator::new(changes.into_iter().map(|change| {
        (
            change.run_id,
            change.check_name,
            change.column_name,
            change.status,
            change.expected,
            change.actual,
            change.unexpected_count,
            change.failing_keys.map(JsonB),
            change.note,
            change.previous_run_id,
            change.previous_status,
            change.change,
        )
    })))
}
