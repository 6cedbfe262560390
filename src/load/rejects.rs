//! Rows that are set aside: kept in `migrator.rejects`, up to a limit.

use migrator_model::{SourceName, reject::Reject};
use pgrx::{JsonB, datum::DatumWithOid};
use serde_json::{Value, json};

use super::run_log;
use crate::{
    error::{Error, Result},
    pg::{memory, owner, spi},
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
    SELECT $1, $2, r.*
      FROM jsonb_to_recordset($3) AS r (source_row bigint, row_number bigint, column_name text,
                                        sqlstate text, reason text, row_data jsonb)";

impl Rejects {
    /// The rejects of a run.
    pub fn of(run_id: i64, table: &SourceName, limit: Option<u64>) -> Result<Self> {
        let owner = run_log::owner()?;
        Ok(Self { run_id, table: table.to_string(), limit, owner, kept: 0 })
    }

    /// The rejects of a run over several tables.
    pub fn of_database(run_id: i64, limit: Option<u64>) -> Result<Self> {
        Ok(Self { run_id, table: String::new(), limit, owner: run_log::owner()?, kept: 0 })
    }

    /// Goes on with another table.
    pub fn begin_table(&mut self, table: &SourceName) {
        self.table = table.to_string();
    }

    /// Keeps some. One more than the limit ends the run.
    pub fn keep(&mut self, rejects: Vec<Reject>) -> Result<()> {
        let room = self.limit.map_or(usize::MAX, |limit| limit.saturating_sub(self.kept) as usize);
        if let Some(one_too_many) = rejects.get(room) {
            return Err(self.too_many(one_too_many));
        }
        self.kept += rejects.len() as u64;
        memory::briefly(|| self.insert(rejects))
    }

    fn insert(&self, rejects: Vec<Reject>) -> Result<()> {
        let records = JsonB(rejects.into_iter().map(record).collect());
        let arguments = [
            DatumWithOid::from(self.run_id),
            DatumWithOid::from(self.table.clone()),
            DatumWithOid::from(records),
        ];
        owner::acting_as(self.owner, || spi::execute_with(INSERT, &arguments)).map(|_| ())
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

fn record(reject: Reject) -> Value {
    let row = reject.row.as_deref().and_then(|row| serde_json::from_str::<Value>(row).ok());
    json!({
        "source_row": reject.source_row,
        "row_number": reject.row_number,
        "column_name": without_nul(&reject.column),
        "sqlstate": without_nul(&reject.bad.sqlstate),
        "reason": without_nul(&reject.bad.reason),
        "row_data": row,
    })
}

/// jsonb refuses what only a reader gone wrong would send.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{2400}")
}
