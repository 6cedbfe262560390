//! Every value of the files that hold every type, compared with the text that DuckDB makes of it.
//! Each system renders its own value; what they write differently is brought to one form here.

use std::{collections::HashMap, path::Path};

use migrator_cluster_tests::{Database, data, duck};
use postgres::Client;

/// A column and what it becomes.
struct Column {
    name: String,
    source_type: String,
    exact: bool,
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn columns(client: &mut Client, file: &str, table: &str) -> Vec<Column> {
    let sql = format!(
        "SELECT column_name, source_type, fidelity FROM source_columns('{file}', '{table}')"
    );
    let rows = client.query(&sql, &[]).unwrap();
    let column = |row: &postgres::Row| Column {
        name: row.get(0),
        source_type: row.get(1),
        exact: row.get::<_, String>(2) != "lossy",
    };
    rows.iter().map(column).collect()
}

/// Whether a type is compared as a JSON document.
fn nested(source_type: &str) -> bool {
    source_type.ends_with(']')
        || ["STRUCT", "MAP", "UNION", "TUPLE", "VARIANT", "JSON"]
            .iter()
            .any(|start| source_type.starts_with(start))
}

/// What DuckDB shows of a column, and what PostgreSQL does.
fn shown(column: &Column) -> (String, String) {
    let theirs = quote(&column.name);
    let hex = |text: &str| format!("upper(encode(convert_to({text}, 'UTF8'), 'hex'))");
    match column.source_type.as_str() {
        "BLOB" | "GEOMETRY" => (format!("hex({theirs}::BLOB)"), "upper(encode(v, 'hex'))".into()),
        "JSON" => (format!("hex({theirs}::VARCHAR)"), hex("v::text")),
        kind if kind == "VARCHAR" || kind.starts_with("ENUM") => {
            (format!("hex({theirs}::VARCHAR)"), hex("v::text"))
        }
        kind if nested(kind) => {
            (format!("hex(to_json({theirs})::VARCHAR)"), hex("to_json(v)::text"))
        }
        _ => (format!("{theirs}::VARCHAR"), "v::text".into()),
    }
}

fn document(hex: &str) -> serde_json::Value {
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
    let text = finite(std::str::from_utf8(&bytes).unwrap());
    normal(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
}

/// DuckDB writes `nan` and `inf` bare, which is no JSON; PostgreSQL writes strings.
fn finite(text: &str) -> String {
    let plain = |part: &str| {
        let part = part
            .replace("NaN", "nan")
            .replace("Infinity", "inf")
            .replace("nan", "\"NaN\"")
            .replace("inf", "\"Infinity\"");
        part.replace("-\"Infinity\"", "\"-Infinity\"")
    };
    // Every other part is inside quotes.
    let outside = |(at, part): (usize, &str)| if at % 2 == 0 { plain(part) } else { part.into() };
    let escaped = text.replace("\\\"", "\u{1}");
    let parts: Vec<String> = escaped.split('"').enumerate().map(outside).collect();
    let mut joined = String::new();
    for (at, part) in parts.iter().enumerate() {
        joined += part;
        if at + 1 < parts.len() {
            joined.push('"');
        }
    }
    joined.replace('\u{1}', "\\\"")
}

/// Whole numbers without a point, moments with a blank and a short zone.
fn normal(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value as V;
    match value {
        V::Array(items) => V::Array(items.into_iter().map(normal).collect()),
        V::Object(members) => {
            V::Object(members.into_iter().map(|(key, value)| (key, normal(value))).collect())
        }
        V::String(text) => V::String(blank(&moment(&text).replace("+00:00", "+00"))),
        V::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() < 1e15 => V::from(float as i64),
            _ => V::Number(number),
        },
        other => other,
    }
}

/// DuckDB's JSON in the form that the README gives for what JSON has no type for.
fn ours(source_type: &str, theirs: serde_json::Value) -> serde_json::Value {
    use serde_json::{Value as V, json};
    match theirs {
        V::Object(members) if source_type.starts_with("UNION") => {
            let (tag, value) = members.into_iter().next().unwrap();
            json!({"tag": tag, "value": value})
        }
        V::Object(members) if source_type.starts_with("MAP(INTEGER") => {
            let pair = |(key, value): (String, V)| json!([key.parse::<i64>().unwrap(), value]);
            members.into_iter().map(pair).collect()
        }
        other => other,
    }
}

/// An array in the order of its texts: DuckDB's object has lost its order here.
fn sorted(source_type: &str, value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Array(mut items) if source_type.starts_with("MAP") => {
            items.sort_by_key(ToString::to_string);
            serde_json::Value::Array(items)
        }
        other => other,
    }
}

/// JSON's `T` between day and time as a blank.
fn blank(text: &str) -> String {
    match text.split_once('T') {
        Some((day, time)) if day.ends_with(|c: char| c.is_ascii_digit()) && time.contains(':') => {
            format!("{day} {time}")
        }
        _ => text.to_owned(),
    }
}

/// An interval without plurals and plus signs.
fn interval(text: &str) -> String {
    let text = text.replace("months", "mon").replace("month", "mon").replace("mons", "mon");
    text.replace("years", "year").replace("days", "day").replace('+', "")
}

/// A date or moment in PostgreSQL's spelling.
fn moment(text: &str) -> String {
    match text.split_once(" (BC)") {
        Some((day, time)) => format!("{day}{time} BC"),
        None => text.to_owned(),
    }
}

fn same(column: &Column, theirs: &str, ours: &str) -> bool {
    if theirs == "\\N" || ours == "\\N" {
        return theirs == ours;
    }
    match column.source_type.as_str() {
        "FLOAT" => {
            number(theirs) as f32 == number(ours) as f32 || theirs.eq_ignore_ascii_case(ours)
        }
        "DOUBLE" => {
            let (a, b) = (number(theirs), number(ours));
            a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
        }
        "INTERVAL" => interval(theirs) == interval(ours),
        kind if nested(kind) => {
            sorted(kind, self::ours(kind, document(theirs))) == sorted(kind, document(ours))
        }
        _ => moment(theirs) == ours,
    }
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("{text} is no number"))
}

/// Compares one column of a table: the rows that were rejected apart, in order.
fn compare(client: &mut Client, file: &str, table: &str, column: &Column) -> Result<usize, String> {
    let (theirs, ours) = shown(column);
    let theirs = duck::run(Path::new(file), &format!("SELECT {theirs} FROM {table};\n"));
    client.batch_execute("DROP TABLE IF EXISTS loaded").unwrap();
    let name = column.name.replace('"', "\\\"");
    let load = format!(
        "SELECT run_id FROM migrate_table('{file}', '{table}', target => 'loaded', columns => $1,
                on_error => 'reject', constraints => false, options => $2::text::jsonb)"
    );
    let options = format!("{{\"rename\": {{\"{name}\": \"v\"}}}}");
    let run: i64 = client
        .query_one(&load, &[&vec![column.name.clone()], &options])
        .map_err(|error| {
            error
                .as_db_error()
                .map_or(error.to_string(), |e| format!("{} {:?}", e.message(), e.detail()))
        })?
        .get(0);
    let rejects =
        client.query("SELECT row_number FROM migrator.rejects WHERE run_id = $1", &[&run]).unwrap();
    let rejected: Vec<i64> = rejects.iter().map(|row| row.get(0)).collect();
    let sql = format!("SELECT coalesce({ours}, '\\N') FROM loaded ORDER BY ctid");
    let ours = client.query(&sql, &[]).map_err(|error| error.to_string())?;
    let kept = (1..).zip(theirs.lines()).filter(|(number, _)| !rejected.contains(number));
    let kept: Vec<_> = kept.map(|(_, text)| text).collect();
    if kept.len() != ours.len() {
        return Err(format!("{} rows instead of {}", ours.len(), kept.len()));
    }
    for (theirs, ours) in kept.iter().zip(&ours) {
        let ours: String = ours.get(0);
        if !same(column, theirs, &ours) {
            return Err(format!("{ours} instead of {theirs}"));
        }
    }
    Ok(kept.len())
}

#[test]
fn every_value_is_what_duckdb_says() {
    let database = Database::create();
    let mut client = database.client();
    client
        .batch_execute("SET DateStyle = ISO; SET TimeZone = UTC; SET IntervalStyle = postgres")
        .unwrap();
    let (mut wrong, mut types) = (Vec::new(), HashMap::<String, usize>::new());
    for file in ["all_types_0.10.3.duckdb", "all_types_2.0.0.duckdb"].map(data) {
        for table in ["all_types", "edge_cases"] {
            for column in columns(&mut client, &file, table).iter().filter(|column| column.exact) {
                match compare(&mut client, &file, table, column) {
                    Ok(rows) => *types.entry(column.source_type.clone()).or_default() += rows,
                    Err(error) => wrong
                        .push(format!("{table}.{} {}: {error}", column.name, column.source_type)),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(types.len() > 50, "{types:?}");
}
