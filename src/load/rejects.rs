//! Rows that are set aside: kept in `migrator.rejects`, up to a limit.

use migrator_model::{SourceName, reject::Reject};
use pgrx::{JsonB, datum::DatumWithOid};

use super::run_log;
use crate::{
    error::{Error, Result},
    pg::{owner, spi},
};

/// Where the rejects of one run go.
pub struct Rejects {
    run_id: i64,
    table: String,
    limit: Option<u64>,
    owner: u32,
    kept: u64,
}

const INSERT: &str = "
    INSERT INTO migrator.rejects
        (run_id, source_table, source_row, row_number, column_name, sqlstate, reason, row_data)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

impl Rejects {
    /// The rejects of a run.
    pub fn of(run_id: i64, table: &SourceName, limit: Option<u64>) -> Result<Self> {
        let owner = run_log::owner()?;
        Ok(Self { run_id, table: table.to_string(), limit, owner, kept: 0 })
    }

    /// Keeps some. One more than the limit ends the run.
    pub fn keep(&mut self, rejects: Vec<Reject>) -> Result<()> {
        for reject in rejects {
            self.kept += 1;
            if self.limit.is_some_and(|limit| self.kept > limit) {
                return Err(self.too_many(&reject));
            }
            owner::acting_as(self.owner, || self.insert(reject))?;
        }
        Ok(())
    }

    fn insert(&self, reject: Reject) -> Result<()> {
        let row = reject.row.as_deref().and_then(|row| serde_json::from_str(row).ok());
        let arguments = [
            DatumWithOid::from(self.run_id),
            DatumWithOid::from(self.table.clone()),
            DatumWithOid::from(reject.source_row),
            DatumWithOid::from(reject.row_number as i64),
            DatumWithOid::from(reject.column),
            DatumWithOid::from(reject.bad.sqlstate),
            DatumWithOid::from(reject.bad.reason),
            DatumWithOid::from(row.map(JsonB)),
        ];
        spi::execute_with(INSERT, &arguments).map(|_| ())
    }

    fn too_many(&self, last: &Reject) -> Error {
        let limit = self.limit.unwrap_or(0);
        let Reject { row_number, column, bad, .. } = last;
        let detail = format!(
            "Table \"{}\", row {row_number}, column \"{column}\": {}.",
            self.table, bad.reason
        );
        Error::new("22000", format!("more than {limit} rows cannot be carried"))
            .detail(detail)
            .hint("Raise reject_limit, or have the values carried by column_types or options.nul_bytes.")
    }
}
