//! `migrate_table`: one table.

use pgrx::{JsonB, pg_sys, pg_sys::panic::ErrorReport, prelude::*};

use super::{required, required_items};
use crate::{
    load::{self, Outcome, TableArguments},
    pg::server,
};

type Row = (i64, pg_sys::Oid, i64, i64, i64, i64, String, f64, f64, Vec<String>);

/// Carries a table or view of a DuckDB file into PostgreSQL.
#[pg_extern(sql = "
CREATE FUNCTION migrate_table(
    source text, table_name text, target text DEFAULT NULL, mode text DEFAULT 'create',
    columns text[] DEFAULT NULL, filter text DEFAULT NULL, column_types jsonb DEFAULT '{}',
    on_lossy text DEFAULT 'error', on_error text DEFAULT 'error',
    reject_limit bigint DEFAULT NULL, constraints boolean DEFAULT true,
    indexes boolean DEFAULT true, options jsonb DEFAULT '{}')
RETURNS TABLE (
    run_id bigint, target_table regclass, rows_read bigint, rows_loaded bigint,
    rows_rejected bigint, heap_bytes bigint, method text, seconds double precision,
    rows_per_second double precision, warnings text[])
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'migrate_table_wrapper';
")]
#[allow(clippy::type_complexity, clippy::too_many_arguments)]
fn migrate_table(
    source: Option<&str>,
    table_name: Option<&str>,
    target: Option<&str>,
    mode: Option<&str>,
    columns: Option<Vec<Option<String>>>,
    filter: Option<&str>,
    column_types: Option<JsonB>,
    on_lossy: Option<&str>,
    on_error: Option<&str>,
    reject_limit: Option<i64>,
    constraints: Option<bool>,
    indexes: Option<bool>,
    options: Option<JsonB>,
) -> Result<
    TableIterator<
        'static,
        (
            name!(run_id, i64),
            name!(target_table, pg_sys::Oid),
            name!(rows_read, i64),
            name!(rows_loaded, i64),
            name!(rows_rejected, i64),
            name!(heap_bytes, i64),
            name!(method, String),
            name!(seconds, f64),
            name!(rows_per_second, f64),
            name!(warnings, Vec<String>),
        ),
    >,
    ErrorReport,
> {
    server::prevent_if_read_only(c"migrate_table()");
    let outcome = load::run(&TableArguments {
        source: required(source, "source")?.to_owned(),
        table_name: required(table_name, "table_name")?.to_owned(),
        target: target.map(str::to_owned),
        mode: required(mode, "mode")?.to_owned(),
        columns: required_items(columns, "an element of columns")?,
        filter: filter.map(str::to_owned),
        column_types: required(column_types, "column_types")?.0,
        on_lossy: required(on_lossy, "on_lossy")?.to_owned(),
        on_error: required(on_error, "on_error")?.to_owned(),
        reject_limit,
        constraints: required(constraints, "constraints")?,
        indexes: required(indexes, "indexes")?,
        options: required(options, "options")?.0,
    })?;
    Ok(TableIterator::once(row(outcome)))
}

fn row(outcome: Outcome) -> Row {
    let loaded = &outcome.loaded;
    (
        outcome.run_id,
        pg_sys::Oid::from(outcome.target),
        loaded.rows_read as i64,
        loaded.rows_loaded as i64,
        loaded.rows_rejected as i64,
        outcome.heap_bytes,
        outcome.method.as_str().to_owned(),
        outcome.seconds,
        loaded.rows_loaded as f64 / outcome.seconds.max(f64::MIN_POSITIVE),
        outcome.warnings,
    )
}
