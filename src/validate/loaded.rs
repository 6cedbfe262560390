//! The load that has filled a table, as the run log tells of it: its options mean something for
//! what the target should hold, and its rejects are missing there for a reason.

use migrator_model::SourceName;
use pgrx::datum::DatumWithOid;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    database,
    error::{Error, Result},
    load::{LoadOptions, Logged, TableArguments},
    pg::spi,
    source::named,
};

/// A run of `migrate_table` or `migrate_database`.
#[derive(Clone, Debug, Deserialize)]
pub struct Run {
    /// migrator.runs.run_id
    pub run_id: i64,
    /// The file, resolved.
    pub source: String,
    /// What it held.
    pub fingerprint: String,
    /// `*` for a whole file.
    pub source_table: String,
    /// The table here, quoted; `*` for a whole file.
    pub target: String,
    /// create, append, truncate or database.
    pub mode: String,
    /// The arguments.
    pub options: Value,
    /// What was lost with consent, among other things.
    pub warnings: Vec<String>,
}

const RUN: &str = "
    SELECT run_id, source, fingerprint, source_table, target, mode, options, warnings
      FROM migrator.runs";

impl Run {
    /// A run by its number.
    pub fn of(run_id: i64) -> Result<Self> {
        let sql = format!("{RUN} WHERE run_id = $1");
        let found = spi::first(&sql, &[DatumWithOid::from(run_id)])?;
        found.ok_or_else(|| {
            Error::new("P0002", format!("there is no run {run_id}"))
                .detail("Runs of other roles are not shown.")
        })
    }

    /// The last run that has carried this table of this file into this target.
    pub fn last(source: &str, table: &SourceName, target: &str) -> Result<Option<Self>> {
        let sql = format!(
            "{RUN} r
              WHERE source = $1 AND (source_table = $2 AND target = $3 OR EXISTS (
                    SELECT FROM migrator.steps s
                     WHERE s.run_id = r.run_id AND s.kind = 'data' AND s.verdict = 'done'
                       AND s.source_name = $2 AND s.target_name = $3))
              ORDER BY run_id DESC LIMIT 1"
        );
        let arguments = [source.to_owned(), table.to_string(), target.to_owned()];
        spi::first(&sql, &arguments.map(DatumWithOid::from))
    }

    /// What opens its source again.
    pub fn source_again(&self) -> String {
        named::remembered(&self.source, &self.options)
    }

    /// Its options for one table.
    pub fn load_options(&self, table: &SourceName) -> Result<LoadOptions> {
        match self.is_of_database() {
            true => database::options_of_table(&self.options, table),
            false => LoadOptions::parse(&self.table_arguments()),
        }
    }

    /// Whether it has carried a whole file.
    pub fn is_of_database(&self) -> bool {
        self.source_table == "*"
    }

    fn table_arguments(&self) -> TableArguments {
        let logged = Logged(&self.options);
        TableArguments {
            columns: logged.texts("columns"),
            filter: logged.text("filter"),
            column_types: logged.object("column_types"),
            options: logged.object("options"),
            ..TableArguments::empty()
        }
    }

    /// DuckDB's ids of the rows that it has set aside, and if it has only appended those that others
    /// have set aside before it, ascending.
    pub fn rejects(&self, table: &SourceName) -> Result<Vec<i64>> {
        #[derive(Deserialize)]
        struct Row {
            source_row: i64,
        }
        let sql = "SELECT DISTINCT j.source_row
                     FROM migrator.runs r JOIN migrator.runs o
                          ON o.run_id = r.run_id
                             OR r.mode = 'append' AND (o.source, o.fingerprint, o.target)
                                                    = (r.source, r.fingerprint, r.target)
                     JOIN migrator.rejects j ON j.run_id = o.run_id
                    WHERE r.run_id = $1 AND j.source_table = $2 ORDER BY j.source_row";
        let arguments = [DatumWithOid::from(self.run_id), DatumWithOid::from(table.to_string())];
        let rows: Vec<Row> = spi::rows(sql, &arguments)?;
        Ok(rows.into_iter().map(|row| row.source_row).collect())
    }

    /// What it has lost with consent, one line each.
    pub fn losses(&self) -> impl Iterator<Item = &String> {
        self.warnings.iter().filter(|warning| warning.contains(" values lost "))
    }
}
