//! Validations in the run log: `migrator.validations`, `migrator.checks` and
//! `migrator.check_differences`, in the caller's transaction.

use pgrx::{JsonB, datum::DatumWithOid};
use serde_json::{Value, json};

use super::{
    check::{Check, Status},
    values::Line,
};
use crate::{
    error::Result,
    load::{current_role, log_owner, next_run_id},
    pg::{memory, owner, spi},
};

/// Rows travel in batches of so many.
const BATCH: usize = 500;

/// A validation that is through.
pub struct Validation<'a> {
    /// The file.
    pub source: String,
    /// Its fingerprint.
    pub fingerprint: String,
    /// The source table; `*` for a whole file.
    pub source_table: String,
    /// The target, quoted; `*` for a whole file.
    pub target: String,
    /// quick, standard, full or paranoid.
    pub level: &'static str,
    /// The run that has loaded the target, where it is known.
    pub loaded_by: Option<i64>,
    /// The arguments.
    pub options: Value,
    /// Seconds since the function was called.
    pub seconds: f64,
    /// Its checks.
    pub checks: &'a [Check],
}

const VALIDATION: &str = "
    INSERT INTO migrator.validations
    SELECT $1, $2, pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $3),
           pg_catalog.clock_timestamp(), r.*
      FROM jsonb_to_record($4) AS r (source text, fingerprint text, source_table text, target text,
           level text, loaded_by bigint, options jsonb, passed integer, failed integer,
           warned integer, skipped integer, errors integer)";

const CHECKS: &str = "
    INSERT INTO migrator.checks
    SELECT $1, r.*
      FROM jsonb_to_recordset($2) AS r (check_no integer, check_name text, category text,
           severity text, source_name text, target_name text, column_name text, status text,
           expected text, actual text, difference text, rows_checked bigint,
           unexpected_count bigint, failing_keys jsonb, note text, remedy text,
           seconds double precision)";

const DIFFERENCES: &str = "
    INSERT INTO migrator.check_differences
    SELECT $1, r.*
      FROM jsonb_to_recordset($2) AS r (target_name text, op text, key jsonb, column_name text,
           source_value text, target_value text)";

impl Validation<'_> {
    /// Writes it, with its checks and the rows that differ by target. Returns its number.
    pub fn record(&self, differences: &[(String, Vec<Line>)]) -> Result<i64> {
        let run_id = next_run_id()?;
        let role = current_role()?;
        let owner = log_owner()?;
        owner::acting_as(owner, || {
            let arguments = [
                DatumWithOid::from(run_id),
                DatumWithOid::from(role),
                DatumWithOid::from(self.seconds),
                DatumWithOid::from(JsonB(self.described())),
            ];
            spi::execute_with(VALIDATION, &arguments)?;
            insert(CHECKS, run_id, self.checks.iter().zip(1..).map(check))?;
            let lines = |(target, lines): &(String, Vec<Line>)| {
                lines.iter().map(|one| line(target, one)).collect::<Vec<_>>()
            };
            insert(DIFFERENCES, run_id, differences.iter().flat_map(lines))
        })?;
        Ok(run_id)
    }

    fn described(&self) -> Value {
        let count = |status| self.checks.iter().filter(|check| check.status == status).count();
        json!({
            "source": self.source,
            "fingerprint": self.fingerprint,
            "source_table": self.source_table,
            "target": self.target,
            "level": self.level,
            "loaded_by": self.loaded_by,
            "options": self.options,
            "passed": count(Status::Pass),
            "failed": count(Status::Fail),
            "warned": count(Status::Warn),
            "skipped": count(Status::Skip),
            "errors": count(Status::Error),
        })
    }
}

fn insert(sql: &str, run_id: i64, rows: impl Iterator<Item = Value>) -> Result<()> {
    let rows: Vec<_> = rows.collect();
    for batch in rows.chunks(BATCH) {
        memory::briefly(|| {
            let records = DatumWithOid::from(JsonB(batch.to_vec().into()));
            spi::execute_with(sql, &[DatumWithOid::from(run_id), records]).map(|_| ())
        })?;
    }
    Ok(())
}

fn check((check, number): (&Check, i32)) -> Value {
    let mut record = serde_json::to_value(check).unwrap_or_default();
    if let Some(record) = record.as_object_mut() {
        record.insert("check_no".into(), number.into());
    }
    without_nul(record)
}

fn line(target: &str, line: &Line) -> Value {
    without_nul(json!({
        "target_name": target,
        "op": line.op,
        "key": line.key,
        "column_name": line.column_name,
        "source_value": line.source_value,
        "target_value": line.target_value,
    }))
}

/// jsonb refuses NUL, which a text of DuckDB's may have.
fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace('\0', "\u{2400}")),
        Value::Array(items) => items.into_iter().map(without_nul).collect(),
        Value::Object(members) => {
            let clean = |(name, value): (String, Value)| {
                (name.replace('\0', "\u{2400}"), without_nul(value))
            };
            Value::Object(members.into_iter().map(clean).collect())
        }
        other => other,
    }
}
