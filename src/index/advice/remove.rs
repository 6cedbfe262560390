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
    let look = Look { table, options, needed, wanted, covered: &covered, age: &age };
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
    age: &'a Age,
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
            None if self.is_unused(index) => unused(index, self.age).map(Some),
            None => Ok(None),
        }
    }

    fn is_unused(&self, index: &Existing) -> bool {
        let is_needed = |name: &str| self.needed.iter().any(|needed| needed == name);
        // What another index is used for it will be used for, once that is gone.
        let stands_in = self.covered.iter().any(|(gone, stays)| {
            *stays == index.name && (is_needed(gone) || scans(self.table, gone) > 0)
        });
        let serves_key = self.wanted.iter().any(|candidate| candidate.is_served_by(index));
        let is_old = self.age.days >= self.options.unused_days;
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
