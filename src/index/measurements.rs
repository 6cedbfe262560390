//! `migrator.measurements`: what was measured, in the caller's transaction.
//!
//! | kind | metric | details |
//! |---|---|---|
//! | latency | `p50_ms`, `p95_ms`, `p99_ms`, `max_ms` | `query`, `params`, `runs`, `rows`, `plan_hash` |
//! | recall | `recall` | `setting`, an object; `recommended`, whether it is the one to take |
//! | build | `build_seconds` | `index`, its name, qualified |
//! | vector_checks | the check's name | `status`, `expected`, `actual`, `detail` |
//! | advice | `exact_p95_ms` (vector_advice), `cost_saved` (index_advice) | `index_sql`; `metric`, `k`, `am`, `vectors`, or `kind`, `columns`, `gain` |
//!
//! What one call of a function has measured is written by one call of [`record`]: it has the same
//! `measured_at`.

use pgrx::datum::DatumWithOid;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    error::Result,
    load::{current_role, log_owner},
    pg::{owner, server, spi},
};

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// How long a query takes.
    Latency,
    /// How many of the nearest neighbours an index finds.
    Recall,
    /// How long an index takes to build.
    Build,
    /// What holds for a column of vectors.
    VectorChecks,
    /// What an index would bring.
    Advice,
}

/// One value.
#[derive(Clone, Debug, Serialize)]
pub struct Measurement {
    /// What it is of.
    pub kind: Kind,
    /// The table, qualified and quoted, where it is of one.
    pub target: Option<String>,
    /// All tables that it is about, in the same form.
    pub target_tables: Vec<String>,
    /// The column, where it is of one.
    pub column_name: Option<String>,
    /// What the value is.
    pub metric: &'static str,
    /// The value; NULL where there is more than a number to it.
    pub value: Option<f64>,
    /// What is to be known beside it.
    pub details: Value,
}

#[derive(Deserialize)]
struct Number {
    number: i64,
}

const NUMBERS: &str = "
    SELECT pg_catalog.nextval('migrator.measurements_measurement_id_seq') AS number
      FROM pg_catalog.generate_series(1, $1)";

const INSERT: &str = "
    INSERT INTO migrator.measurements (measurement_id, kind, target, target_tables, column_name,
           metric, value, details, role_name, measured_at) OVERRIDING SYSTEM VALUE
    SELECT r.number, r.kind, r.target, r.target_tables, r.column_name, r.metric, r.value,
           r.details, $3, (SELECT pg_catalog.clock_timestamp())
      FROM ROWS FROM (jsonb_to_recordset($1) AS (kind text, target text,
               target_tables text[], column_name name, metric text, value double precision,
               details jsonb), unnest($2)) AS r (kind, target, target_tables, column_name, metric,
               value, details, number)";

/// Writes them and returns their numbers. Where nothing can be written, in a read-only transaction
/// and on a standby, a notice says so, and there are none.
pub fn record(measurements: &[Measurement]) -> Result<Vec<i64>> {
    if measurements.is_empty() {
        return Ok(Vec::new());
    }
    if server::is_read_only() {
        pgrx::notice!("what was measured is not recorded: the transaction is read-only");
        return Ok(Vec::new());
    }
    let role = current_role()?;
    let rows = serde_json::to_value(measurements).unwrap_or_default();
    owner::acting_as(log_owner()?, || {
        let count = DatumWithOid::from(measurements.len() as i32);
        let numbers: Vec<Number> = spi::rows(NUMBERS, &[count])?;
        let numbers: Vec<_> = numbers.into_iter().map(|row| row.number).collect();
        let arguments = [
            DatumWithOid::from(pgrx::JsonB(rows)),
            DatumWithOid::from(numbers.clone()),
            DatumWithOid::from(role),
        ];
        spi::execute_with(INSERT, &arguments)?;
        Ok(numbers)
    })
}
