//! DuckDB files with tables of many shapes.

use postgres::Client;

use crate::{Database, duck};

/// Texts and blobs that no compression makes smaller: `noise(seed, length)`, `noise_blob(seed, length)`.
const NOISE: &str = "
CREATE TEMP MACRO noise(seed, length) AS left(array_to_string(list_transform(range(length // 44 + 1),
    lambda k: to_base64(unhex(sha256(seed || '/' || k)))), ''), length);
CREATE TEMP MACRO noise_blob(seed, length) AS unhex(left(array_to_string(list_transform(range(length // 32 + 1),
    lambda k: sha256(seed || '/' || k)), ''), length * 2));
";

/// The tables of [`shapes`], each with a column to make an index of.
pub const SHAPES: [(&str, &str); 8] = [
    ("narrow", "id"),
    ("nothing_but_null", "n"),
    ("flags", "yes"),
    ("wide", "c0"),
    ("nullable", "id"),
    ("large", "id"),
    ("nested", "id"),
    ("empty", "id"),
];

/// A file, and the folder that goes with it.
pub struct Source {
    /// Where it is.
    pub path: String,
    _folder: tempfile::TempDir,
}

impl Source {
    /// Makes a file by SQL, which may use `noise()`.
    pub fn new(sql: &str) -> Self {
        let folder = duck::folder();
        let path = folder.path().join("source.duckdb");
        duck::run(&path, &format!("{}{sql}", NOISE.trim_start()));
        Self { path: path.to_str().unwrap().to_owned(), _folder: folder }
    }

    /// The same, with a database of its own.
    pub fn with_database(sql: &str) -> (Database, Client, Self) {
        let database = Database::create();
        let client = database.client();
        (database, client, Self::new(sql))
    }

    /// A statement that loads a table; `arguments` start with a comma.
    pub fn load(&self, table: &str, target: &str, arguments: &str) -> String {
        let [path, table, target] =
            [&self.path, table, target].map(|name| name.replace('\'', "''"));
        format!("SELECT * FROM migrate_table('{path}', '{table}', target => '{target}'{arguments})")
    }

    /// The same by pages, which is all that may be done.
    pub fn pages(&self, table: &str, target: &str, mode: &str) -> String {
        let arguments =
            format!(r#", mode => '{mode}', options => '{{"method": "pages", "analyze": false}}'"#);
        self.load(table, target, &arguments)
    }

    /// The same by another method.
    pub fn by(&self, method: &str, table: &str, target: &str) -> String {
        self.load(table, target, &format!(r#", options => '{{"method": "{method}"}}'"#))
    }
}

/// Tables of many shapes.
pub fn shapes() -> Source {
    let column = |number: usize| match number % 6 {
        0 => format!("(i + {number})::INTEGER AS c{number}"),
        1 => format!("(i * {number})::BIGINT AS c{number}"),
        2 => format!("'text ' || (i + {number}) AS c{number}"),
        3 => format!("(i % 100 / {number})::DECIMAL(12,3) AS c{number}"),
        4 => format!("(i + {number}) % 2 = 0 AS c{number}"),
        _ => format!("DATE '2000-01-01' + ((i + {number}) % 9999)::INTEGER AS c{number}"),
    };
    let columns: Vec<String> = (0..60).map(column).collect();
    let some = |number: usize| {
        format!(
            "CASE WHEN (i // {}) % {} <> 0 THEN {} END AS n{number}",
            number + 1,
            number + 2,
            number * 7
        )
    };
    let nullable: Vec<String> = (0..20).map(some).collect();
    Source::new(&format!(
        "CREATE TABLE narrow AS SELECT i::INTEGER AS id FROM range(150000) t(i);
CREATE TABLE nothing_but_null AS SELECT NULL::INTEGER AS n FROM range(20000);
CREATE TABLE flags AS SELECT i % 2 = 0 AS yes, CASE WHEN i % 3 > 0 THEN i % 5 = 0 END AS perhaps FROM range(50000) t(i);
CREATE TABLE wide AS SELECT {} FROM range(10000) t(i);
CREATE TABLE nullable AS SELECT i::INTEGER AS id, {}, 'last' AS last FROM range(30000) t(i);
CREATE TABLE large AS SELECT i::INTEGER AS id,
    CASE i % 5 WHEN 0 THEN repeat('abc ', i) WHEN 1 THEN noise(i, i * 3) WHEN 3 THEN '' WHEN 4 THEN 'é' END AS t,
    noise_blob('b' || i, i % 4000) AS b, repeat('x', i % 300) AS s FROM range(5000) t(i);
CREATE TABLE nested AS SELECT i::INTEGER AS id, list_transform(range(i % 900), lambda k: k * i) AS l,
    {{'a': i, 'b': repeat('x', i % 3000)}} AS s FROM range(4000) t(i);
CREATE TABLE empty (id INTEGER PRIMARY KEY, t VARCHAR);\n",
        columns.join(", "),
        nullable.join(", ")
    ))
}
