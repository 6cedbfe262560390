//! Indexes that should go: they are broken, another does all that they do, or nobody uses them. What a
//! constraint, replication or uniqueness needs stays.

use migrator_model::{Ident, QualifiedName, ident::quote};
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

/// How long the server's statistics have been kept, in days.
#[derive(Deserialize)]
struct Age {
    days: f64,
    known: bool,
}

const AGE: &str = "
    SELECT (extract(epoch FROM now() - coalesce(stats_reset, pg_postmaster_start_time())) / 86400)
               ::float8 AS days, stats_reset IS NOT NULL AS known
      FROM pg_stat_database WHERE datname = current_database()";

/// What should go; `needed` are the names of those that a query of the workload uses, and `wanted`
/// what foreign keys need.
pub fn rows(
    table: &Table,
    options: &Options,
    needed: &[String],
    wanted: &[Candidate],
) -> Result<Vec<Row>> {
    let covered = integrity::covered_indexes(table.oid)?;
    let age = read::<Age>(AGE, &[])?.pop().unwrap_or(Age { days: 0.0, known: false });
    let mut rows = Vec::new();
    for index in table.indexes.iter().filter(|index| !index.building) {
        let other = covered.iter().find(|pair| pair.0 == index.name).map(|pair| pair.1.as_str());
        let is_needed = |name: &str| needed.iter().any(|needed| needed == name);
        // What another index is used for it will be used for, once that is gone.
        let stands_in = covered.iter().any(|(gone, stays)| {
            *stays == index.name && (is_needed(gone) || scans(table, gone) > 0)
        });
        let serves_key = wanted.iter().any(|candidate| candidate.is_served_by(index));
        let is_unused = index.scans == 0 && age.days >= options.unused_days;
        if !index.valid && !index.constraint && !index.partitioned {
            rows.push(invalid(index)?);
        } else if !index.is_plain() {
        } else if let Some(other) = other {
            rows.push(redundant(table, index, other)?);
        } else if is_unused && !stands_in && !serves_key && !is_needed(&index.name) {
            rows.push(unused(index, &age)?);
        }
    }
    Ok(rows)
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

fn unused(index: &Existing, age: &Age) -> Result<Row> {
    let since = if age.known { "the statistics were reset" } else { "the server was started" };
    let rationale = format!(
        "No scan has used index {} since {since} {:.1} days ago; each write maintains it, and it takes {} bytes.",
        quote(&index.name),
        age.days,
        index.bytes
    );
    let risk = format!(
        "medium: {LOCK}; what runs more seldom than that, or on a standby, which keeps statistics of its own, may need the index."
    );
    row(index, rationale, risk)
}
