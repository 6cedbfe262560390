//! A run in the run log: one row for the whole, and its steps.

use pgrx::{JsonB, datum::DatumWithOid};
use serde_json::{Value, json};

use super::Migration;
use crate::{
    error::Result,
    load::{RunRecord, log_owner},
    pg::{memory, owner, server, spi},
    steps::Step,
};

/// Steps travel in batches of so many.
const BATCH: usize = 500;

const INSERT: &str = "
    INSERT INTO migrator.steps
    SELECT $1, r.*
      FROM jsonb_to_recordset($2) AS r (step integer, kind text, source_name text,
           target_name text, verdict text, sql text, rows bigint, seconds double precision,
           note text)";

impl Migration<'_> {
    /// Writes the run and its steps.
    pub(super) fn record(&mut self, run_id: i64) -> Result<()> {
        let ready = self.reader.ready().clone();
        let loaded = &self.loaded;
        RunRecord {
            run_id,
            seconds: self.began.elapsed().as_secs_f64(),
            source: self.source.shown.clone(),
            fingerprint: ready.file.fingerprint,
            source_table: "*".into(),
            target: "*".into(),
            mode: "database".into(),
            method: "database".into(),
            options: self.source.remember(self.described()),
            rows: [loaded.rows_read, loaded.rows_loaded, loaded.rows_rejected],
            heap_bytes: 0,
            wal_bytes: server::wal_bytes().saturating_sub(self.wal_before),
            reader_peak_memory: loaded.reader_peak_memory,
            phases: json!({}),
            warnings: self.steps.warnings(),
            duckdb_version: ready.duckdb_version,
        }
        .record()?;
        self.record_steps(run_id)
    }

    fn described(&self) -> Value {
        json!({
            "schemas": self.arguments.schemas,
            "include": self.arguments.include,
            "exclude": self.arguments.exclude,
            "data": self.arguments.data,
            "on_lossy": self.arguments.on_lossy,
            "on_error": self.arguments.on_error,
            "reject_limit": self.arguments.reject_limit,
            "options": self.arguments.options,
        })
    }

    fn record_steps(&self, run_id: i64) -> Result<()> {
        let owner = log_owner()?;
        for (batch, steps) in self.steps.list.chunks(BATCH).enumerate() {
            memory::briefly(|| {
                let numbered = steps.iter().zip(batch * BATCH + 1..);
                let records: Value = numbered.map(|(step, number)| record(step, number)).collect();
                let arguments = [DatumWithOid::from(run_id), DatumWithOid::from(JsonB(records))];
                owner::acting_as(owner, || spi::execute_with(INSERT, &arguments))
            })?;
        }
        Ok(())
    }
}

fn record(step: &Step, number: usize) -> Value {
    // jsonb cannot hold what a file may.
    let text = |text: &Option<String>| text.as_ref().map(|text| text.replace('\0', "\u{2400}"));
    json!({
        "step": number,
        "kind": step.about.kind.as_str(),
        "source_name": text(&Some(step.about.source.clone())),
        "target_name": text(&step.about.target),
        "verdict": step.verdict.as_str(),
        "sql": text(&step.sql),
        "rows": step.rows,
        "seconds": step.seconds,
        "note": text(&step.note),
    })
}
