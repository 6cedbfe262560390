//! Compares a view here with the rows that DuckDB itself makes of it.

use postgres::Client;

/// How a view is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Compare {
    /// All rows, in any order.
    Exactly,
    /// All rows, in their order.
    InOrder,
    /// Numbers to 12 digits.
    Nearly,
    /// Its rows are other ones each time.
    Never,
}

/// A name in a schema, quoted.
pub fn place(schema: &str, name: &str) -> String {
    let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    format!("{}.{}", quote(schema), quote(name))
}

/// Makes room for what is compared with.
pub fn prepare(client: &mut Client) {
    client.batch_execute("CREATE SCHEMA expected; SET extra_float_digits = 1").unwrap();
}

/// What is different between a view of a file and one here.
pub fn difference(
    client: &mut Client,
    file: &str,
    (theirs, ours): (&str, &str),
    compare: Compare,
) -> Option<String> {
    let name = theirs.replace('\'', "''");
    let load = format!(
        "DROP TABLE IF EXISTS expected.rows;
         SELECT rows_loaded FROM migrate_table('{file}', '{name}', target => 'expected.rows')"
    );
    if let Err(error) = client.batch_execute(&load) {
        return Some(format!("DuckDB cannot read it: {}", explained(&error)));
    }
    compared(client, ours, compare).unwrap_or_else(|error| Some(explained(&error)))
}

fn explained(error: &postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned())
}

fn compared(
    client: &mut Client,
    view: &str,
    compare: Compare,
) -> Result<Option<String>, postgres::Error> {
    let types = "SELECT string_agg(attname || ' ' || typname, ', ' ORDER BY attnum)
                   FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
                  WHERE attrelid = $1::text::regclass AND attnum > 0";
    let ours: Option<String> = client.query_one(types, &[&view])?.get(0);
    let theirs: Option<String> = client.query_one(types, &[&"expected.rows"])?.get(0);
    if ours != theirs {
        return Ok(Some(format!("columns {ours:?} instead of {theirs:?}")));
    }
    let mut rows = |from: &str| -> Result<Vec<String>, postgres::Error> {
        let rows =
            client.query(&format!("SELECT every_column::text FROM {from} AS every_column"), &[])?;
        let mut rows: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        if compare != Compare::InOrder {
            rows.sort();
        }
        Ok(rows)
    };
    let (ours, theirs) = (rows(view)?, rows("expected.rows")?);
    let same = |(a, b): (&String, &String)| a == b || compare == Compare::Nearly && near(a, b);
    if ours.len() == theirs.len() && ours.iter().zip(&theirs).all(same) {
        return Ok(None);
    }
    let pair = ours.iter().zip(&theirs).find(|(a, b)| a != b);
    Ok(Some(match pair {
        Some((ours, theirs)) => format!("{ours} instead of {theirs}"),
        None => format!("{} rows instead of {}", ours.len(), theirs.len()),
    }))
}

/// Whether all parts of two rows are equal to 12 digits.
fn near(one: &str, two: &str) -> bool {
    let part = |(a, b): (&str, &str)| match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => a == b || (x - y).abs() <= 1e-12 * x.abs().max(y.abs()),
        _ => a == b,
    };
    let parts = |row: &str| row.trim_matches(['(', ')']).split(',').map(str::to_owned).collect();
    let (one, two): (Vec<String>, Vec<String>) = (parts(one), parts(two));
    one.len() == two.len() && one.iter().zip(&two).all(|(a, b)| part((a.as_str(), b.as_str())))
}
