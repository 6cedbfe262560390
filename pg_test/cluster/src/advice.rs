//! What `index_advice` says.

use postgres::{Client, error::DbError};
use serde_json::Value;

use crate::{Database, foreign::plan};

/// A row of advice.
#[derive(Clone, Debug)]
pub struct Advice {
    /// The statement.
    pub sql: Option<String>,
    /// What kind of index.
    pub kind: String,
    /// The columns that it is about.
    pub columns: Vec<String>,
    /// Why.
    pub rationale: String,
    /// Bytes.
    pub size: Option<i64>,
    /// Seconds.
    pub seconds: Option<f64>,
    /// What queries cost.
    pub gain: Value,
    /// How much of a risk it is.
    pub risk: Option<String>,
}

impl Advice {
    /// What follows USING in the statement.
    pub fn using(&self) -> &str {
        let sql = self.sql.as_deref().unwrap_or_default();
        sql.split_once(" USING ").map_or(sql, |(_, using)| using)
    }

    /// What a member of the gain is.
    pub fn cost(&self, name: &str) -> f64 {
        self.gain[name].as_f64().unwrap_or_else(|| panic!("{self:?}"))
    }
}

/// Advice on a table for queries; None: those that were seen.
pub fn advice(
    client: &mut Client,
    table: &str,
    workload: Option<&[&str]>,
    options: &str,
) -> Vec<Advice> {
    asked(client, table, workload, options).unwrap_or_else(|error| panic!("{table}: {error:?}"))
}

/// The same, or the error.
pub fn asked(
    client: &mut Client,
    table: &str,
    workload: Option<&[&str]>,
    options: &str,
) -> Result<Vec<Advice>, Box<DbError>> {
    let sql = "SELECT index_sql, kind, columns, rationale, expected_size, expected_build_seconds,
                      expected_gain::text, risk
                 FROM index_advice($1::text::regclass, $2, $3::text::jsonb)";
    let rows = client.query(sql, &[&table, &workload, &options]);
    let rows =
        rows.map_err(|error| Box::new(error.as_db_error().expect("the server's error").clone()))?;
    let one = |row: &postgres::Row| Advice {
        sql: row.get(0),
        kind: row.get(1),
        columns: row.get(2),
        rationale: row.get(3),
        size: row.get(4),
        seconds: row.get(5),
        gain: serde_json::from_str(row.get(6)).expect("JSON"),
        risk: row.get(7),
    };
    Ok(rows.iter().map(one).collect())
}

/// The only row for these queries.
pub fn only(client: &mut Client, table: &str, workload: &[&str]) -> Advice {
    let mut rows = advice(client, table, Some(workload), "{}");
    assert_eq!(rows.len(), 1, "{workload:?}: {rows:#?}");
    rows.remove(0)
}

/// Runs the statement of each row that has one.
pub fn apply(client: &mut Client, rows: &[Advice]) {
    for sql in rows.iter().filter_map(|row| row.sql.as_deref()) {
        client.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
}

/// Whether the plan of a query uses an index.
pub fn uses(client: &mut Client, query: &str, index: &str) -> bool {
    let lines = plan(client, "COSTS OFF", query);
    lines.iter().any(|line| line.contains(&format!(" {index}")))
}

/// A database with these tables, analysed.
pub fn with(tables: &str) -> (Database, Client) {
    let database = Database::create();
    let mut client = database.client();
    client.batch_execute(tables).unwrap();
    client.batch_execute("ANALYZE").unwrap();
    (database, client)
}

/// Orders: 100000 rows of 500 customers, of which one in a hundred is open.
pub const ORDERS: &str = "
    CREATE TABLE orders AS
    SELECT i AS id, (i * 7919) % 500 AS customer,
           CASE WHEN i % 100 = 0 THEN 'open' ELSE 'done' END AS status,
           (i * 104729::bigint) % 100003 AS price, md5(i::text) AS code, i % 3 AS third,
           repeat(md5(i::text), 3) AS filler
      FROM generate_series(1, 100000) i;
    ALTER TABLE orders ADD PRIMARY KEY (id);";
