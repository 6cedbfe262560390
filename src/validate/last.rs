//! `validate_last`: the latest verdicts on a target, beside those before them.

use pgrx::datum::DatumWithOid;
use serde::Deserialize;
use serde_json::Value;

use super::target_schema;
use crate::{
    error::{Error, Result},
    pg::spi,
};

/// A check of the last validation, or one that only the validation before it had.
#[derive(Debug, Deserialize)]
pub struct Change {
    /// The last validation.
    pub run_id: i64,
    /// What was checked.
    pub check_name: String,
    /// The column.
    pub column_name: Option<String>,
    /// Its verdict; None: it was not made this time.
    pub status: Option<String>,
    /// What should be.
    pub expected: Option<String>,
    /// What is.
    pub actual: Option<String>,
    /// How many rows are not as they should be.
    pub unexpected_count: Option<i64>,
    /// Some of them.
    pub failing_keys: Option<Value>,
    /// What a reader should know.
    pub note: Option<String>,
    /// The validation before it.
    pub previous_run_id: Option<i64>,
    /// Its verdict.
    pub previous_status: Option<String>,
    /// same, new, gone, fixed, broken or other.
    pub change: String,
}

/// A check is told by its name, its column, and its place among those with both the same: several
/// constraints of a table are checked under one name.
const CHANGES: &str = "
    WITH runs AS (
        SELECT v.run_id, row_number() OVER (ORDER BY v.run_id DESC) AS age
          FROM migrator.validations v
         WHERE EXISTS (SELECT FROM migrator.checks c
                        WHERE c.run_id = v.run_id AND c.target_name = $1)
         ORDER BY v.run_id DESC LIMIT 2),
    checks AS (
        SELECT r.age, c.*, row_number() OVER (
                   PARTITION BY c.run_id, c.check_name, c.column_name ORDER BY c.check_no) AS twin
          FROM runs r JOIN migrator.checks c USING (run_id)
         WHERE c.target_name = $1)
    SELECT (SELECT run_id FROM runs WHERE age = 1) AS run_id,
           coalesce(n.check_name, o.check_name) AS check_name,
           coalesce(n.column_name, o.column_name) AS column_name,
           n.status, n.expected, n.actual, n.unexpected_count, n.failing_keys, n.note,
           (SELECT run_id FROM runs WHERE age = 2) AS previous_run_id,
           o.status AS previous_status,
           CASE WHEN o.status IS NULL THEN 'new' WHEN n.status IS NULL THEN 'gone'
                WHEN n.status = o.status AND n.expected IS NOT DISTINCT FROM o.expected
                     AND n.actual IS NOT DISTINCT FROM o.actual THEN 'same'
                WHEN n.status = 'pass' AND o.status <> 'pass' THEN 'fixed'
                WHEN n.status <> 'pass' AND o.status = 'pass' THEN 'broken'
                ELSE 'other' END AS change
      FROM (SELECT * FROM checks WHERE age = 1) n
      FULL JOIN (SELECT * FROM checks WHERE age = 2) o
             ON (n.check_name, n.twin) = (o.check_name, o.twin)
            AND coalesce(n.column_name, '') = coalesce(o.column_name, '')
     ORDER BY n.check_no NULLS LAST, o.check_no";

/// The checks of the last validation of a relation, and what has changed since the one before.
pub fn last(oid: u32) -> Result<Vec<Change>> {
    let name = target_schema::name(oid)?;
    let name = name.ok_or_else(|| Error::new("42P01", "the relation does not exist"))?;
    spi::rows(CHANGES, &[DatumWithOid::from(name.quoted())])
}
