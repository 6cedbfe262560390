//! `migrator.runs`: one row for each load, in the load's own transaction.

use pgrx::{JsonB, datum::DatumWithOid};
use serde::Deserialize;

use crate::{
    error::Result,
    pg::{owner, spi},
};

/// What is known of a run when it is through.
pub struct Run {
    /// From [`next_id`].
    pub run_id: i64,
    /// Seconds since the function was called.
    pub seconds: f64,
    /// The file.
    pub source: String,
    /// Its fingerprint.
    pub fingerprint: String,
    /// The source table.
    pub source_table: String,
    /// The target, qualified.
    pub target: String,
    /// create, append or truncate.
    pub mode: String,
    /// How rows were written.
    pub method: String,
    /// The arguments.
    pub options: serde_json::Value,
    /// Counts: read, loaded, rejected.
    pub rows: [u64; 3],
    /// The table's size.
    pub heap_bytes: i64,
    /// WAL written.
    pub wal_bytes: u64,
    /// The reader's peak memory.
    pub reader_peak_memory: u64,
    /// Seconds by phase.
    pub phases: serde_json::Value,
    /// What was not carried.
    pub warnings: Vec<String>,
    /// The DuckDB that read the file.
    pub duckdb_version: String,
}

#[derive(Deserialize)]
struct Number {
    number: i64,
}

/// The owner of migrator's tables: the extension's.
pub fn owner() -> Result<u32> {
    let sql = "SELECT relowner::int8 AS number FROM pg_catalog.pg_class
                WHERE oid = 'migrator.runs'::pg_catalog.regclass";
    Ok(spi::one::<Number>(sql, &[])?.number as u32)
}

/// Whose run it is.
pub fn current_role() -> Result<String> {
    #[derive(Deserialize)]
    struct Role {
        role: String,
    }
    Ok(spi::one::<Role>("SELECT current_user::text AS role", &[])?.role)
}

/// Arguments as the run log keeps them: an object.
#[derive(Clone, Copy)]
pub struct Logged<'v>(pub &'v serde_json::Value);

impl Logged<'_> {
    /// A text, where there is one.
    pub fn text(self, name: &str) -> Option<String> {
        self.0.get(name)?.as_str().map(str::to_owned)
    }

    /// A list of texts, where there is one.
    pub fn texts(self, name: &str) -> Option<Vec<String>> {
        let items = self.0.get(name)?.as_array()?;
        Some(items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
    }

    /// An object; an empty one where there is none.
    pub fn object(self, name: &str) -> serde_json::Value {
        let value = self.0.get(name).filter(|value| value.is_object());
        value.cloned().unwrap_or_else(|| serde_json::json!({}))
    }
}

/// Takes the next run_id.
pub fn next_id() -> Result<i64> {
    let sql = "SELECT pg_catalog.nextval('migrator.runs_run_id_seq') AS number";
    let owner = owner()?;
    owner::acting_as(owner, || Ok(spi::one::<Number>(sql, &[])?.number))
}

const INSERT: &str = "
    INSERT INTO migrator.runs OVERRIDING SYSTEM VALUE
    SELECT $1, $2, pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $3),
           pg_catalog.clock_timestamp(), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
           $16, $17, $18, $19, $20";

impl Run {
    /// Writes the row.
    pub fn record(self) -> Result<()> {
        let [read, loaded, rejected] = self.rows.map(|rows| rows as i64);
        let arguments = [
            DatumWithOid::from(self.run_id),
            DatumWithOid::from(current_role()?),
            DatumWithOid::from(self.seconds),
            DatumWithOid::from(self.source),
            DatumWithOid::from(self.fingerprint),
            DatumWithOid::from(self.source_table),
            DatumWithOid::from(self.target),
            DatumWithOid::from(self.mode),
            DatumWithOid::from(self.method),
            DatumWithOid::from(JsonB(self.options)),
            DatumWithOid::from(read),
            DatumWithOid::from(loaded),
            DatumWithOid::from(rejected),
            DatumWithOid::from(self.heap_bytes),
            DatumWithOid::from(self.wal_bytes as i64),
            DatumWithOid::from(self.reader_peak_memory as i64),
            DatumWithOid::from(JsonB(self.phases)),
            DatumWithOid::from(self.warnings),
            DatumWithOid::from(env!("CARGO_PKG_VERSION")),
            DatumWithOid::from(self.duckdb_version),
        ];
        let owner = owner()?;
        owner::acting_as(owner, || spi::execute_with(INSERT, &arguments)).map(|_| ())
    }
}
