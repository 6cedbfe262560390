//! Foreign servers, tables, and what their plans say.

pub use migrator_model::ident::literal;
use postgres::{Client, error::DbError, types::FromSqlOwned};

use crate::{Database, sources::Source};

impl Source {
    /// A statement that makes a foreign server of the file.
    pub fn server(&self, name: &str) -> String {
        server(name, &self.path)
    }
}

/// A statement that makes a foreign server of a file.
pub fn server(name: &str, path: &str) -> String {
    let path = literal(path);
    format!("CREATE SERVER {name} FOREIGN DATA WRAPPER migrator OPTIONS (path {path})")
}

/// The lines of EXPLAIN.
pub fn plan(client: &mut Client, options: &str, query: &str) -> Vec<String> {
    let sql = format!("EXPLAIN ({options}) {query}");
    let rows = client.query(&sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    rows.iter().map(|row| row.get(0)).collect()
}

/// What a query sends to readers: each foreign scan's SQL.
pub fn remote_sql(client: &mut Client, query: &str) -> Vec<String> {
    remote_lines(&plan(client, "VERBOSE, COSTS OFF", query))
}

/// The same of a plan's lines.
pub fn remote_lines(plan: &[String]) -> Vec<String> {
    let sql = |line: &String| line.trim_start().strip_prefix("Remote SQL: ").map(str::to_owned);
    plan.iter().filter_map(sql).collect()
}

/// What readers do of a query, in words: `where`, `group`, `join`.
pub fn pushed(remote: &[String]) -> Vec<&'static str> {
    const PARTS: [(&str, &str); 8] = [
        (" WHERE ", "where"),
        (" JOIN ", "join"),
        (" GROUP BY ", "group"),
        (" HAVING ", "having"),
        ("DISTINCT", "distinct"),
        (" ORDER BY ", "order"),
        (" LIMIT ", "limit"),
        (" OFFSET ", "offset"),
    ];
    let aggregates = ["count(", "sum(", "min(", "max(", "bool_and(", "bool_or("];
    let has = |part: &str| remote.iter().any(|sql| sql.contains(part));
    let mut found: Vec<_> =
        PARTS.iter().filter(|(part, _)| has(part)).map(|(_, name)| *name).collect();
    if aggregates.iter().any(|name| has(name)) {
        found.push("aggregate");
    }
    found
}

/// A table of ten thousand rows, as a foreign one.
pub fn small() -> (Database, Client, Source) {
    let (database, mut client, source) = Source::with_database(
        "CREATE TABLE t AS SELECT i::INTEGER AS id, i % 10 AS k, 'label ' || i AS label FROM range(10000) r(i);\n",
    );
    client.batch_execute(&source.server("small")).unwrap();
    client
        .batch_execute("CREATE FOREIGN TABLE t (id integer, k bigint, label text) SERVER small")
        .unwrap();
    (database, client, source)
}

/// The one value that a query gives.
pub fn value<T: FromSqlOwned>(client: &mut Client, sql: &str) -> T {
    client.query_one(sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error:?}")).get(0)
}

/// The error of a statement that fails.
pub fn refused(client: &mut Client, sql: &str) -> DbError {
    let error = client.batch_execute(sql).expect_err(sql);
    error.as_db_error().unwrap_or_else(|| panic!("{sql}: {error:?}")).clone()
}

/// The error of a statement that fails with this SQLSTATE.
pub fn assert_refused(client: &mut Client, sql: &str, code: &str) -> DbError {
    let error = refused(client, sql);
    assert_eq!(error.code().code(), code, "{sql}: {error:?}");
    error
}
