//! As what a column is read: as it is, or as the text that DuckDB itself makes of it.
//!
//! Where the target holds a text or a document, the texts of numbers, dates and the like are
//! DuckDB's own: `words` only says them as PostgreSQL does.

use migrator_model::{Field, LogicalType, canonical::Kind};

/// The type that a column is read as. `bind` knows what to make of it.
pub fn read(logical: &LogicalType, kind: &Kind) -> LogicalType {
    use LogicalType as L;
    match (logical, kind) {
        // A view's column without a type: NULL, whatever it becomes.
        (L::Null, _) => L::Null,
        (L::List(_) | L::Array(..), Kind::Array(element)) => list(logical, element),
        (L::Struct(fields), Kind::Row(attributes)) => L::Struct(row(fields, attributes)),
        (_, Kind::Json) => leaves(logical),
        (nested, Kind::Text) if is_nested(nested) => leaves(nested),
        (logical, kind) if is_read_as_it_is(logical, kind) => logical.clone(),
        _ => L::Varchar,
    }
}

/// Lists in lists are the dimensions of one array.
fn list(logical: &LogicalType, element: &Kind) -> LogicalType {
    use LogicalType as L;
    match logical {
        L::List(inner) => L::List(Box::new(list(inner, element))),
        L::Array(inner, size) => L::Array(Box::new(list(inner, element)), *size),
        leaf => read(leaf, element),
    }
}

/// Each field as what its attribute asks for.
fn row(fields: &[Field], attributes: &[(String, Kind)]) -> Vec<Field> {
    let mut read_as = fields.to_vec();
    for (name, kind) in attributes {
        if let Some(at) = Field::position(fields, name) {
            read_as[at].logical = read(&fields[at].logical, kind);
        }
    }
    read_as
}

/// Whether a value has parts, or is a document.
pub fn is_nested(logical: &LogicalType) -> bool {
    use LogicalType as L;
    logical.is_nested() || matches!(logical, L::List(_) | L::Array(..))
}

/// The same type with texts for all that is no boolean, text, document or bytes. DuckDB's texts of
/// floating-point numbers are not the shortest ones, so those stay, too.
fn leaves(logical: &LogicalType) -> LogicalType {
    use LogicalType as L;
    let boxed = |logical: &LogicalType| Box::new(leaves(logical));
    let fields = |fields: &[Field]| {
        let field = |f: &Field| Field { name: f.name.clone(), logical: leaves(&f.logical) };
        fields.iter().map(field).collect()
    };
    match logical {
        L::Boolean
        | L::Float
        | L::Double
        | L::Varchar
        | L::Json
        | L::Blob
        | L::Geometry { .. }
        | L::Null => logical.clone(),
        L::Variant => L::Json,
        L::List(element) => L::List(boxed(element)),
        L::Array(element, size) => L::Array(boxed(element), *size),
        L::Map(key, value) => L::Map(boxed(key), boxed(value)),
        L::Struct(members) => L::Struct(fields(members)),
        L::Union(members) => L::Union(fields(members)),
        L::Tuple(members) => L::Tuple(members.iter().map(leaves).collect()),
        _ => L::Varchar,
    }
}

/// Whether `bind` decodes what DuckDB stores.
fn is_read_as_it_is(logical: &LogicalType, kind: &Kind) -> bool {
    use LogicalType as L;
    match kind {
        Kind::Bool => *logical == L::Boolean,
        Kind::Integer => logical.is_integer() || is_nanoseconds(logical),
        Kind::Numeric => {
            logical.is_integer() || is_nanoseconds(logical) || matches!(logical, L::Decimal { .. })
        }
        Kind::Float4 | Kind::Float8 => matches!(logical, L::Float | L::Double),
        Kind::Text | Kind::Char => {
            matches!(logical, L::Varchar | L::Json | L::Enum(_) | L::Float | L::Double)
        }
        Kind::Bytes => matches!(logical, L::Varchar | L::Blob | L::Geometry { .. }),
        Kind::Bits => {
            *logical == L::Bit || is_list_of(logical, &[L::Boolean, L::TinyInt, L::UTinyInt])
        }
        Kind::Date => *logical == L::Date,
        Kind::Time => matches!(logical, L::Time | L::TimeNs),
        Kind::TimeTz => *logical == L::TimeTz,
        Kind::Timestamp => *logical == L::Date || logical.is_timestamp(),
        Kind::Interval => *logical == L::Interval,
        Kind::Uuid => *logical == L::Uuid,
        Kind::Vector | Kind::HalfVec | Kind::SparseVec => {
            is_list_of(logical, &[L::Float, L::Double, L::TinyInt, L::UTinyInt])
        }
        Kind::Json | Kind::Array(_) | Kind::Row(_) => false,
    }
}

/// Whether a list's elements are of one of these types.
fn is_list_of(logical: &LogicalType, elements: &[LogicalType]) -> bool {
    match logical {
        LogicalType::List(element) | LogicalType::Array(element, _) => elements.contains(element),
        _ => false,
    }
}

/// What counts nanoseconds.
pub fn is_nanoseconds(logical: &LogicalType) -> bool {
    use LogicalType as L;
    matches!(logical, L::TimeNs | L::TimestampNs | L::TimestampTzNs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_with_texts_for_what_json_has_no_type_for() {
        use LogicalType as L;
        let field = |name: &str, logical| Field { name: name.into(), logical };
        let logical = L::List(Box::new(L::Struct(vec![
            field("d", L::Date),
            field("b", L::Boolean),
            field("u", L::Union(vec![field("n", L::Integer), field("v", L::Variant)])),
            field("x", L::Blob),
            field("m", L::Map(Box::new(L::Uuid), Box::new(L::Double))),
        ])));
        let wanted = "STRUCT(d VARCHAR, b BOOLEAN, u UNION(n VARCHAR, v JSON), x BLOB, \
                      m MAP(VARCHAR, DOUBLE))[]";
        assert_eq!(read(&logical, &Kind::Json).to_string(), wanted);
        assert_eq!(read(&logical, &Kind::Text).to_string(), wanted);
    }

    #[test]
    fn an_array_and_a_row_ask_for_what_their_parts_ask_for() {
        use LogicalType as L;
        let days = L::List(Box::new(L::Array(Box::new(L::Date), 2)));
        let array = |kind| Kind::Array(Box::new(kind));
        assert_eq!(read(&days, &array(Kind::Date)), days);
        assert_eq!(read(&days, &array(Kind::Text)).to_string(), "VARCHAR[2][]");
        let fields = ["A", "b"].map(|name| Field { name: name.into(), logical: L::Date });
        let row = Kind::Row(vec![("b".into(), Kind::Text), ("a".into(), Kind::Date)]);
        let made = read(&L::Struct(fields.into()), &row);
        assert_eq!(made.to_string(), "STRUCT(\"A\" DATE, b VARCHAR)");
    }

    #[test]
    fn what_fits_no_kind_is_read_as_text() {
        assert_eq!(read(&LogicalType::Blob, &Kind::Integer), LogicalType::Varchar);
        assert_eq!(read(&LogicalType::BigNum, &Kind::Numeric), LogicalType::Varchar);
        assert_eq!(read(&LogicalType::Variant, &Kind::Json), LogicalType::Json);
    }
}
