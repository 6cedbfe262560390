//! Makes DuckDB files for the tests: runs the SQL of standard input in a file, and prints what a
//! query returns, tab-separated, NULL as `\N`.

use std::{error::Error, io::Read};

use duckdb::Connection;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("usage: duck FILE <script.sql")?;
    let mut script = String::new();
    std::io::stdin().read_to_string(&mut script)?;
    let connection = Connection::open(file)?;
    // Statements are separated by a semicolon at the end of a line.
    for statement in script.split(";\n").filter(|statement| !statement.trim().is_empty()) {
        run(&connection, statement)?;
    }
    Ok(())
}

fn run(connection: &Connection, sql: &str) -> Result<(), Box<dyn Error>> {
    let mut statement = connection.prepare(sql).map_err(|error| format!("{error}: {sql}"))?;
    let mut rows = statement.query([]).map_err(|error| format!("{error}: {sql}"))?;
    while let Some(row) = rows.next()? {
        let count = row.as_ref().column_count();
        let text = |at| row.get::<_, Option<String>>(at).map(|t| t.unwrap_or_else(|| "\\N".into()));
        if sql.trim_start().to_uppercase().starts_with("SELECT") {
            println!("{}", (0..count).map(text).collect::<Result<Vec<_>, _>>()?.join("\t"));
        }
    }
    Ok(())
}
