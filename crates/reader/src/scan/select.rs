//! The SQL of a scan.

use migrator_model::{
    Field, LogicalType,
    ident::{literal, quote},
    protocol::{Scan, ScanColumn},
};

use crate::catalog::Found;

/// `SELECT columns, row id FROM table WHERE filter`. The row id comes last, if there is one.
pub fn select(scan: &Scan, found: &Found, row_id: Option<&str>) -> String {
    let columns = scan.columns.iter().map(expression);
    let list = list(columns.chain(row_id.map(str::to_owned)));
    let from = format!("SELECT {list} FROM {}", found.sql);
    match &scan.filter {
        Some(filter) => format!("{from} WHERE {}", enclosed(filter)),
        None => from,
    }
}

/// A filter as one operand. The line breaks end a comment that it may end with.
pub fn enclosed(filter: &str) -> String {
    format!("(\n{filter}\n)")
}

/// What is selected. A table of which no column is wanted still has a row for each row.
pub fn list(expressions: impl Iterator<Item = String>) -> String {
    let list: Vec<_> = expressions.collect();
    if list.is_empty() { "NULL".to_owned() } else { list.join(", ") }
}

/// The column's value, as DuckDB stores it.
pub fn value(column: &ScanColumn) -> String {
    match &column.field {
        Some(field) => format!("struct_extract({}, {})", quote(&column.name), literal(field)),
        None => quote(&column.name),
    }
}

/// The column's value, as a scan delivers it.
pub fn expression(column: &ScanColumn) -> String {
    let value = value(column);
    match readable(&column.logical) {
        readable if readable != column.logical => format!("CAST({value} AS {readable})"),
        _ => value,
    }
}

/// The type as a scan delivers it: VARIANT as JSON, whose numbers keep every digit.
pub fn readable(logical: &LogicalType) -> LogicalType {
    use LogicalType as L;
    let fields = |fields: &[Field]| {
        let one = |f: &Field| Field { name: f.name.clone(), logical: readable(&f.logical) };
        fields.iter().map(one).collect()
    };
    match logical {
        L::Variant => L::Json,
        L::List(element) => L::List(Box::new(readable(element))),
        L::Array(element, size) => L::Array(Box::new(readable(element)), *size),
        L::Map(key, value) => L::Map(Box::new(readable(key)), Box::new(readable(value))),
        L::Struct(members) => L::Struct(fields(members)),
        L::Union(members) => L::Union(fields(members)),
        L::Tuple(members) => L::Tuple(members.iter().map(readable).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_is_read_as_json_at_any_depth() {
        let logical = LogicalType::List(Box::new(LogicalType::Variant));
        let column = ScanColumn { name: "v\"x".into(), field: None, logical, normalize: false };
        assert_eq!(expression(&column), "CAST(\"v\"\"x\" AS JSON[])");
    }

    #[test]
    fn a_field_is_taken_out_of_its_struct() {
        let field = Some("it's".into());
        let column =
            ScanColumn { name: "s".into(), field, logical: LogicalType::Integer, normalize: false };
        assert_eq!(expression(&column), "struct_extract(\"s\", 'it''s')");
    }
}
