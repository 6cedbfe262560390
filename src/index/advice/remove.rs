//! Indexes that should go: they are broken, another does all that they do, or nobody uses them. What a
//! constraint, replication or uniqueness needs stays.

use migrator_model::{Ident, QualifiedName, ident::quote};
use pgrx::{datum::DatumWithOid, pg_sys};
use serde::Deserialize;

use super::{
    candidate::Candidate,
    existing::Existing,
    options::Options,
    outcome::{Advice, Row},
    read,
    table::Table,
};
use crate::{error::Result, validate::integrity};

/// For how many days the server's statistics have been kept: it knows since they were reset. A crash
/// loses them, and leaves nothing that tells when.
#[derive(Deserialize)]
struct Age {
    days: f64,
}

const AGE: &str = "
    SELECT (extract(epoch FROM now() - stats_reset) / 86400)::float8 AS days
      FROM pg_stat_database WHERE datname = current_database() AND stats_reset IS NOT NULL";

#[derive(Deserialize)]
struct Built {
    name: String,
}

/// The indexes that were built in so many days, as far as the caller may see what was logged.
const BUILT: &str = "
    SELECT c.relname::text AS name
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace
      CROSS JOIN LATERAL (SELECT clock_timestamp() - make_interval(secs => $2 * 86400) AS since) s
     WHERE i.indrelid = $1 AND (
           EXISTS (SELECT FROM migrator.index_job_log j
                    WHERE j.index = c.oid AND coalesce(j.ended_at, j.queued_at) > s.since)
           OR EXISTS (SELECT FROM migrator.measurements m
                       WHERE m.kind = 'build' AND m.measured_at > s.since
                         AND m.details->>'index' = format('\"%s\".\"%s\"',
                             replace(n.nspname, '\"', '\"\"'), replace(c.relname, '\"', '\"\"'))))";

/// What should go; `needed` are the names of those that a query of the workload uses, and `wanted`
/// what foreign keys need.
pub fn rows(
    table: &Table,
    options: &Options,
    needed: &[String],
    wanted: &[Candidate],
) -> Result<Vec<Row>> {
    let covered = integrity::covered_indexes(table.oid)?;
    let age = read::<Age>(AGE, &[])?.pop().map(|age| age.days);
    let arguments =
        [DatumWithOid::from(pg_sys::Oid::from(table.oid)), DatumWithOid::from(options.unused_days)];
    let built = read::<Built>(BUILT, &arguments)?.into_iter().map(|built| built.name).collect();
    let look = Look { table, options, needed, wanted, covered: &covered, age, built };
    let indexes = table.indexes.iter().filter(|index| !index.building);
    indexes.filter_map(|index| look.row(index).transpose()).collect()
}

/// What decides about an index.
struct Look<'a> {
    table: &'a Table,
    options: &'a Options,
    needed: &'a [String],
    wanted: &'a [Candidate],
    covered: &'a [(String, String)],
    /// For how many days there have been statistics, where that is known.
    age: Option<f64>,
    /// What is too new to have been used.
    built: Vec<String>,
}

impl Look<'_> {
    fn row(&self, index: &Existing) -> Result<Option<Row>> {
        if !index.valid && !index.constraint && !index.partitioned {
            return invalid(index).map(Some);
        }
        if !index.valid || !index.is_plain() {
            return Ok(None);
        }
        match self.covered.iter().find(|(gone, _)| *gone == index.name) {
            Some((_, other)) => redundant(self.table, index, other).map(Some),
            None => match self.age.filter(|days| self.is_unused(index, *days)) {
                Some(days) => unused(index, days).map(Some),
                None => Ok(None),
            },
        }
    }

    fn is_unused(&self, index: &Existing, days: f64) -> bool {
        let is_needed = |name: &str| self.needed.iter().any(|needed| needed == name);
        // What another index is used for it will be used for, once that is gone.
        let stands_in = self.covered.iter().any(|(gone, stays)| {
            *stays == index.name && (is_needed(gone) || scans(self.table, gone) > 0)
        });
        let serves_key = self.wanted.iter().any(|candidate| candidate.is_served_by(index));
        let is_old = days >= self.options.unused_days && !self.built.contains(&index.name);
        index.scans == 0 && is_old && !stands_in && !serves_key && !is_needed(&index.name)
    }
}

fn scans(table: &Table, name: &str) -> i64 {
    table.indexes.iter().filter(|index| index.name == name).map(|index| index.scans).sum()
}

fn row(index: &Existing, rationale: String, risk: String) -> Result<Row> {
    let name = QualifiedName::new(Ident::new(&index.schema)?, Ident::new(&index.name)?);
    let columns =
        index.keys.iter().map(|key| key.column.clone().unwrap_or_else(|| key.sql.clone()));
    Ok(Row {
        index_sql: Some(format!("DROP INDEX {}", name.quoted())),
        kind: Advice::Drop,
        columns: columns.collect(),
        rationale,
        expected_size: Some(-(index.bytes as f64)),
        expected_build_seconds: None,
        expected_gain: serde_json::json!({"method": "none"}),
        risk: Some(risk),
        gain: None,
    })
}

const LOCK: &str = "DROP INDEX takes an ACCESS EXCLUSIVE lock for a moment";

fn invalid(index: &Existing) -> Result<Row> {
    let rationale = format!(
        "Index {} is invalid, as a CREATE INDEX CONCURRENTLY that failed leaves it: no query uses it, and each write maintains it.",
        quote(&index.name)
    );
    row(index, rationale, format!("low: {LOCK}."))
}

fn redundant(table: &Table, index: &Existing, other: &str) -> Result<Row> {
    let same = table.indexes.iter().find(|one| one.name == other);
    let how = match same {
        Some(same) if same.keys.len() == index.keys.len() => "is the same as",
        _ => "is the beginning of",
    };
    let rationale = format!(
        "Index {} {how} index {}, which does all that it does.",
        quote(&index.name),
        quote(other)
    );
    row(index, rationale, format!("low: {LOCK}; the other index may be larger to read."))
}

fn unused(index: &Existing, days: f64) -> Result<Row> {
    let rationale = format!(
        "No scan has used index {} since the statistics were reset {days:.1} days ago; each write maintains it, and it takes {} bytes.",
        quote(&index.name),
        index.bytes
    );
    let risk = format!(
        "medium: {LOCK}; the server does not know when an index was made, and this one may be newer than that; what runs more seldom, or on a standby, which keeps statistics of its own, may need it."
    );
    row(index, rationale, risk)
}
