//! `validate_integrity`: what must hold within the target, whatever it was loaded from.

use std::ffi::CStr;

use pgrx::{JsonB, pg_sys, pg_sys::panic::ErrorReport, prelude::pg_extern};

use super::{
    checks::{self, TableIterator},
    required, required_items,
};
use crate::validate::integrity;

/// Checks what must hold within a table, without its source.
#[pg_extern(sql = "
CREATE FUNCTION validate_integrity(
    target regclass, checks text[] DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS TABLE (
    run_id bigint, check_name text, category text, severity text, source_name text,
    target_name text, column_name text, status text, expected text, actual text,
    difference text, rows_checked bigint, unexpected_count bigint, failing_keys jsonb,
    note text, remedy text, seconds double precision)
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'validate_integrity_wrapper';
")]
fn validate_integrity(
    target: Option<pg_sys::Oid>,
    checks: Option<Vec<Option<String>>>,
    options: Option<JsonB>,
) -> Result<TableIterator<'static>, ErrorReport> {
    let target = required(target, "target")?.to_u32();
    let names = required_items(checks, "an element of checks")?;
    let options = required(options, "options")?.0;
    // No run has loaded what is checked, so the rows name none.
    Ok(checks::rows(None, integrity::of_relation(target, names.as_deref(), &options)?))
}

/// Checks what must hold within each table of a schema, without their sources.
#[pg_extern(sql = "
CREATE FUNCTION validate_integrity(
    schema_name name, checks text[] DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS TABLE (
    run_id bigint, check_name text, category text, severity text, source_name text,
    target_name text, column_name text, status text, expected text, actual text,
    difference text, rows_checked bigint, unexpected_count bigint, failing_keys jsonb,
    note text, remedy text, seconds double precision)
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'validate_integrity_of_schema_wrapper';
")]
fn validate_integrity_of_schema(
    schema_name: Option<&CStr>,
    checks: Option<Vec<Option<String>>>,
    options: Option<JsonB>,
) -> Result<TableIterator<'static>, ErrorReport> {
    // A name is as a C string lies: NUL-terminated.
    let schema = required(schema_name, "schema_name")?.to_string_lossy();
    let names = required_items(checks, "an element of checks")?;
    let options = required(options, "options")?.0;
    Ok(checks::rows(None, integrity::of_schema(&schema, names.as_deref(), &options)?))
}
