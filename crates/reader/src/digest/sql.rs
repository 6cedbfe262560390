//! The SQL of a digest.

use migrator_model::{
    LogicalType,
    canonical::request::{Digest, DigestColumn},
};

use super::read::read;
use crate::{
    catalog::Found,
    scan::{enclosed, list, value},
};

/// `SELECT columns, row id FROM table WHERE filter`, and a restriction on top. The row id comes
/// last, if there is one.
pub fn select(
    wanted: &Digest,
    found: &Found,
    row_id: Option<&str>,
    restriction: Option<&str>,
) -> String {
    let columns = wanted.columns.iter().map(expression);
    let list = list(columns.chain(row_id.map(str::to_owned)));
    format!("SELECT {list} FROM {}{}", found.sql, condition(wanted, restriction))
}

/// The columns as DuckDB stores them, for a look at their types.
pub fn stored(wanted: &Digest, found: &Found) -> String {
    let list = list(wanted.columns.iter().map(|column| value(&column.scan)));
    format!("SELECT {list} FROM {}", found.sql)
}

/// So many rows from everywhere. The sample is taken of a subquery, because DuckDB would apply it
/// before the filter.
pub fn sample(wanted: &Digest, found: &Found, rows: u32) -> String {
    let columns = wanted.columns.iter().enumerate();
    let list: Vec<_> = columns.map(|(at, one)| format!("{} AS k{at}", expression(one))).collect();
    let (list, table, condition) = (list.join(", "), &found.sql, condition(wanted, None));
    format!(
        "SELECT * FROM (SELECT {list} FROM {table}{condition}) \
         USING SAMPLE reservoir({rows} ROWS) REPEATABLE (1)"
    )
}

fn condition(wanted: &Digest, restriction: Option<&str>) -> String {
    let filter = wanted.filter.as_deref().map(enclosed);
    let restriction = restriction.map(|restriction| format!("({restriction})"));
    let both: Vec<_> = filter.into_iter().chain(restriction).collect();
    if both.is_empty() { String::new() } else { format!(" WHERE {}", both.join(" AND ")) }
}

/// The column's value, as it is read.
fn expression(column: &DigestColumn) -> String {
    let value = value(&column.scan);
    match read_as(column) {
        same if same == column.scan.logical => value,
        other => format!("CAST({value} AS {other})"),
    }
}

/// The type that a column is read as.
pub fn read_as(column: &DigestColumn) -> LogicalType {
    read(&column.scan.logical, &column.kind)
}

#[cfg(test)]
mod tests {
    use migrator_model::{canonical::Kind, protocol::ScanColumn};

    use super::*;

    fn column(name: &str, field: Option<&str>, logical: LogicalType, kind: Kind) -> DigestColumn {
        let scan = ScanColumn {
            name: name.into(),
            field: field.map(str::to_owned),
            logical,
            normalize: false,
        };
        DigestColumn { scan, kind, digits: None }
    }

    #[test]
    fn a_value_is_cast_only_where_it_must_be() {
        let plain = column("a\"b", None, LogicalType::Integer, Kind::Integer);
        assert_eq!(expression(&plain), "\"a\"\"b\"");
        let text = column("d", None, LogicalType::Date, Kind::Text);
        assert_eq!(expression(&text), "CAST(\"d\" AS VARCHAR)");
        let field = column("s", Some("it's"), LogicalType::Variant, Kind::Json);
        assert_eq!(expression(&field), "CAST(struct_extract(\"s\", 'it''s') AS JSON)");
    }
}
