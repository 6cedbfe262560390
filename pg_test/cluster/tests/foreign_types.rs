//! Every table of every file through a foreign table, read_table() and read_query() is what
//! migrate_database() has loaded, value by value.

use migrator_cluster_tests::{Database, compare::place, data, foreign};
use migrator_model::ident::quote;
use postgres::Client;

/// Files whose every table is compared.
const FILES: [&str; 8] = [
    "shop",
    "fluxion",
    "passages",
    "objects",
    "traps",
    "wal",
    "all_types_2.0.0",
    "all_types_0.10.3",
];

/// A table at the source and here, and how its columns are defined.
struct Loaded {
    schema: String,
    name: String,
    target: String,
    /// A name, quoted, and a type.
    columns: Vec<(String, String)>,
    /// Whether every row arrived.
    whole: bool,
}

/// Loads a file, and says what arrived.
fn loaded(client: &mut Client, path: &str) -> Vec<Loaded> {
    let load = format!(
        "SELECT FROM migrate_database('{path}', on_lossy => 'accept', on_error => 'reject',
                schemas => '{{\"main\": \"loaded\"}}')"
    );
    client.batch_execute(&load).unwrap();
    let sql = "
        SELECT s.source_name, s.target_name,
               (SELECT array_agg(quote_ident(attname) ORDER BY attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND attnum > 0),
               (SELECT array_agg(format_type(atttypid, atttypmod) ORDER BY attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND attnum > 0)
             , NOT EXISTS (SELECT FROM migrator.rejects r WHERE r.source_table = s.source_name)
          FROM migrator.steps s JOIN pg_class c ON c.oid = s.target_name::regclass
         WHERE s.kind = 'data' AND s.verdict = 'done' ORDER BY 1";
    let rows = client.query(sql, &[]).unwrap();
    let table = |row: &postgres::Row| {
        let source: String = row.get(0);
        let (schema, name) = source.split_once('.').unwrap();
        let (schema, name) = (schema.to_owned(), name.to_owned());
        let (names, types): (Vec<String>, Vec<String>) = (row.get(2), row.get(3));
        let columns = names.into_iter().zip(types).collect();
        Loaded { schema, name, target: row.get(1), columns, whole: row.get(4) }
    };
    rows.iter().map(table).collect()
}

/// The rows that are on one side only: how many, and one of them.
fn difference(client: &mut Client, ours: &str, theirs: &str) -> Option<String> {
    let sql = format!(
        "WITH ours AS MATERIALIZED (SELECT every_row::text AS r FROM {ours}),
              theirs AS MATERIALIZED (SELECT every_row::text AS r FROM {theirs})
         SELECT count(*), left(min(side || r), 500) FROM (
             (SELECT 'only here: ' AS side, r FROM (SELECT r FROM ours EXCEPT ALL SELECT r FROM theirs) a)
             UNION ALL
             (SELECT 'only there: ', r FROM (SELECT r FROM theirs EXCEPT ALL SELECT r FROM ours) b)) d"
    );
    let row = match client.query_one(&sql, &[]) {
        Ok(row) => row,
        Err(error) => return Some(format!("{error:?}")),
    };
    let count: i64 = row.get(0);
    (count > 0).then(|| format!("{count} rows differ, {}", row.get::<_, String>(1)))
}

impl Loaded {
    /// Where its foreign table is.
    fn foreign(&self) -> String {
        place(&remote(&self.schema), &self.name)
    }

    /// Its name at the source, as an argument.
    fn source(&self) -> String {
        foreign::literal(&place(&self.schema, &self.name))
    }

    /// Both functions with the whole table.
    fn functions(&self) -> [String; 2] {
        let list: Vec<_> =
            self.columns.iter().map(|(name, of_type)| format!("{name} {of_type}")).collect();
        let list = list.join(", ");
        let query = format!("SELECT * FROM {}", place(&self.schema, &self.name));
        [
            format!("read_table('file', {}) AS every_row({list})", self.source()),
            format!("read_query('file', {}) AS every_row({list})", foreign::literal(&query)),
        ]
    }
}

/// How what read_table() and read_query() give differs from what was loaded. They refuse values that
/// would lose something: then the columns are read for themselves, those without such values.
fn functions(client: &mut Client, table: &Loaded) -> Vec<String> {
    let target = format!("{} AS every_row", table.target);
    let whole = table.functions();
    let differences = whole.iter().map(|reading| (reading, difference(client, reading, &target)));
    let differences: Vec<_> = differences.collect();
    let refused = differences.iter().any(|(_, how)| matches!(how, Some(how) if is_refusal(how)));
    let different = |(reading, how): (&String, Option<String>)| {
        how.filter(|how| !is_refusal(how)).map(|how| format!("{reading}: {how}"))
    };
    let mut all: Vec<String> = differences.into_iter().filter_map(different).collect();
    for (name, of_type) in table.columns.iter().filter(|_| refused) {
        let source = table.source();
        let column = foreign::literal(name.trim_matches('"'));
        let reading =
            format!("read_table('file', {source}, ARRAY[{column}]) AS every_row({name} {of_type})");
        let target = format!("(SELECT {name} FROM {}) AS every_row", table.target);
        all.extend(different((&reading, difference(client, &reading, &target))));
    }
    all
}

/// The same of a table with values that no type here has: these columns cannot be read, as they cannot
/// be loaded, and all others can.
fn without_bad_columns(client: &mut Client, path: &str, table: &Loaded) -> Vec<String> {
    let place = place(&table.schema, &table.name);
    let names = "SELECT array_agg(column_name) FROM source_columns($1, $2)";
    let names: Vec<String> = client.query_one(names, &[&path, &place]).unwrap().get(0);
    let (mut good, mut bad): (Vec<usize>, Vec<usize>) = ((0..names.len()).collect(), Vec::new());
    let sql =
        "SELECT FROM migrate_table($1, $2, target => 'whole', columns => $3, on_lossy => 'accept',
                   options => $4::text::jsonb)";
    loop {
        let columns: Vec<&str> = good.iter().map(|at| names[*at].as_str()).collect();
        let rename = columns
            .iter()
            .enumerate()
            .map(|(at, name)| ((*name).to_owned(), serde_json::Value::from(format!("c{at}"))));
        let rename = serde_json::Map::from_iter(rename);
        let options = serde_json::json!({ "rename": rename }).to_string();
        let Err(error) = client.query(sql, &[&path, &place, &columns, &options]) else { break };
        let error = error.as_db_error().unwrap();
        assert!(error.code().code().starts_with("22"), "{place}: {error:?}");
        let detail = error.detail().unwrap();
        let is_named = |at: &usize| detail.contains(&format!("column {}.", quote(&names[*at])));
        let at = good.iter().position(is_named).unwrap_or_else(|| panic!("{detail}"));
        bad.push(good.remove(at));
    }
    let shown = |at: &usize| table.columns[*at].0.clone();
    let list = good.iter().map(shown).collect::<Vec<_>>().join(", ");
    let from = table.foreign();
    let ours = format!("(SELECT {list} FROM {from}) AS every_row");
    let mut different: Vec<String> =
        difference(client, &ours, "whole AS every_row").into_iter().collect();
    for at in bad {
        let sql = format!("SELECT {} FROM {from}", shown(&at));
        let error = client.query(&sql, &[]).err().and_then(|error| error.code().cloned());
        let is_bad = error.as_ref().is_some_and(|code| code.code().starts_with("22"));
        different.extend((!is_bad).then(|| format!("{sql}: {error:?}")));
    }
    client.batch_execute("DROP TABLE whole").unwrap();
    different
}

fn is_refusal(how: &str) -> bool {
    how.contains("would lose")
}

/// The schema that a schema of the file is imported into.
fn remote(schema: &str) -> String {
    format!("remote {schema}")
}

fn imported(client: &mut Client, tables: &[Loaded]) {
    let mut schemas: Vec<_> = tables.iter().map(|table| table.schema.as_str()).collect();
    schemas.dedup();
    for schema in schemas {
        // What cannot be carried at all is not imported either.
        let names: Vec<_> = tables.iter().filter(|table| table.schema == schema).collect();
        let names: Vec<_> = names.iter().map(|table| quote(&table.name)).collect();
        let sql = format!(
            "CREATE SCHEMA {target}; IMPORT FOREIGN SCHEMA {} LIMIT TO ({}) FROM SERVER file
             INTO {target} OPTIONS (on_lossy 'accept')",
            quote(schema),
            names.join(", "),
            target = quote(&remote(schema)),
        );
        client.batch_execute(&sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
}

/// Compares every table of a file; how many.
fn compared(file: &str) -> usize {
    let database = Database::create();
    let mut client = database.client();
    client.batch_execute("CREATE EXTENSION vector").unwrap();
    let path = data(&format!("{file}.duckdb"));
    let tables = loaded(&mut client, &path);
    client.batch_execute(&foreign::server("file", &path)).unwrap();
    imported(&mut client, &tables);
    let mut different = Vec::new();
    for table in &tables {
        if !table.whole {
            different.extend(without_bad_columns(&mut client, &path, table));
            continue;
        }
        let (ours, theirs) = (table.foreign(), format!("{} AS every_row", table.target));
        let how = difference(&mut client, &format!("{ours} AS every_row"), &theirs);
        different.extend(how.map(|how| format!("{ours}: {how}")));
        different.extend(functions(&mut client, table));
    }
    assert!(different.is_empty(), "{file}: {}", different.join("\n"));
    println!("{file}: {} tables", tables.len());
    tables.len()
}

#[test]
fn every_file_reads_as_it_loads() {
    let tables: usize = FILES.into_iter().map(compared).sum();
    assert!(tables >= 35, "{tables} tables");
}

/// What read_describe() says can be pasted behind AS.
#[test]
fn described_lists_fit() {
    let database = Database::create();
    let mut client = database.client();
    client.batch_execute("CREATE EXTENSION vector").unwrap();
    for file in ["shop", "fluxion", "passages", "all_types_2.0.0"] {
        let path = data(&format!("{file}.duckdb"));
        let literal = foreign::literal(&path);
        let sql = format!("SELECT schema_name, table_name FROM source_tables({literal})");
        let mut fitting = 0;
        for row in client.query(&sql, &[]).unwrap() {
            let (schema, name): (String, String) = (row.get(0), row.get(1));
            let query = format!("SELECT * FROM {}", place(&schema, &name));
            let list: Result<String, _> = client
                .query_one("SELECT read_describe($1, $2)", &[&path, &query])
                .map(|row| row.get(0));
            // Views that DuckDB cannot bind any more have no list.
            let Ok(list) = list else { continue };
            let sql = format!(
                "SELECT count(*) FROM read_query({literal}, {}) AS t({list})",
                foreign::literal(&query)
            );
            match client.query_one(&sql, &[]) {
                Ok(_) => fitting += 1,
                // A value that PostgreSQL has not, or one that would lose something.
                Err(error) => {
                    let error = error.as_db_error().expect("an error of the server");
                    assert!(error.code().code().starts_with("22"), "{sql}: {error:?}");
                }
            }
        }
        println!("{file}: {fitting} lists fit");
        assert!(fitting > 0 || file.starts_with("all_types"), "{file}");
    }
}
