//! Structs, maps, unions, tuples, lists and the scalars in them as JSON documents.

use migrator_model::{BadValue, LogicalType, PgType, float_text, policy::Lost};

use super::{
    Cells,
    bind::{ByRow, Column},
    display, integer, json,
    json::Json,
    jsonb, varlena,
};
use crate::vector::{Data, Vector};

/// Binds any type to json or jsonb.
pub fn bind<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Box<dyn Cells + 'c> {
    let (logical, physical, policy) = (column.logical, column.physical, column.policy);
    let binary = column.target.pg == PgType::Jsonb;
    let put = move |row, out: &mut Vec<u8>, lost: &mut Lost| {
        let json = document(logical, vector, row)?;
        match binary {
            true => jsonb::put(out, &physical, json, policy, lost),
            false => varlena::bytes(out, &physical, json.to_string().as_bytes()),
        }
    };
    Box::new(ByRow { validity: vector.validity, put })
}

/// A nested value as compact JSON text, for messages and text columns.
pub fn shown(logical: &LogicalType, vector: &Vector<'_>, row: usize) -> String {
    document(logical, vector, row).map_or_else(|bad| bad.reason, |json| json.to_string())
}

/// A value as a document.
fn document(logical: &LogicalType, vector: &Vector<'_>, row: usize) -> Result<Json, BadValue> {
    use LogicalType as L;
    if !vector.validity.is_valid(row) {
        return Ok(Json::Null);
    }
    match (logical, &vector.data) {
        (L::Struct(fields), Data::Struct(parts)) => {
            let members = fields.iter().zip(parts).map(|(field, part)| {
                Ok((field.name.clone(), document(&field.logical, part, row)?))
            });
            members.collect::<Result<_, _>>().map(Json::Object)
        }
        (L::Tuple(types), Data::Struct(parts)) => {
            let items = types.iter().zip(parts).map(|(logical, part)| document(logical, part, row));
            items.collect::<Result<_, _>>().map(Json::Array)
        }
        (L::Union(_), Data::Union { tags, members }) => union(logical, tags[row], members, row),
        (L::Map(key, value), Data::List { entries, child }) => {
            let range = entries[row].offset..entries[row].offset + entries[row].length;
            map(key, value, child, range)
        }
        (L::List(element), Data::List { entries, child }) => {
            let range = entries[row].offset..entries[row].offset + entries[row].length;
            items(element, child, range)
        }
        (L::Array(element, _), Data::Array { size, child }) => {
            let start = (row * size) as u64;
            items(element, child, start..start + *size as u64)
        }
        (_, Data::Null) => Ok(Json::Null),
        (_, Data::List { .. } | Data::Array { .. } | Data::Struct(_) | Data::Union { .. }) => {
            Err(BadValue::new("XX000", format!("vector does not hold {logical}")))
        }
        _ => scalar(logical, vector, row),
    }
}

fn items(
    element: &LogicalType,
    child: &Vector<'_>,
    range: std::ops::Range<u64>,
) -> Result<Json, BadValue> {
    let items = range.map(|item| document(element, child, item as usize));
    items.collect::<Result<_, _>>().map(Json::Array)
}

/// `{"tag": name, "value": …}`
fn union(
    logical: &LogicalType,
    tag: u8,
    members: &[Vector<'_>],
    row: usize,
) -> Result<Json, BadValue> {
    let LogicalType::Union(fields) = logical else { return Ok(Json::Null) };
    let at = usize::from(tag);
    let (Some(field), Some(member)) = (fields.get(at), members.get(at)) else {
        return Err(BadValue::new("XX001", format!("union has no member {tag}")));
    };
    let value = document(&field.logical, member, row)?;
    Ok(Json::Object(vec![
        ("tag".to_owned(), Json::String(field.name.clone())),
        ("value".to_owned(), value),
    ]))
}

/// An object where keys are texts, else an array of pairs.
fn map(
    key: &LogicalType,
    value: &LogicalType,
    child: &Vector<'_>,
    range: std::ops::Range<u64>,
) -> Result<Json, BadValue> {
    let Data::Struct(parts) = &child.data else { return Ok(Json::Null) };
    let [keys, values] = parts.as_slice() else { return Ok(Json::Null) };
    let pairs = range.map(|item| {
        let item = item as usize;
        Ok((document(key, keys, item)?, document(value, values, item)?))
    });
    if *key != LogicalType::Varchar {
        let pairs = pairs.map(|pair| pair.map(|(key, value)| Json::Array(vec![key, value])));
        return pairs.collect::<Result<_, _>>().map(Json::Array);
    }
    let members = pairs.map(|pair| {
        pair.map(|(key, value)| match key {
            Json::String(key) => (key, value),
            other => (other.to_string(), value),
        })
    });
    members.collect::<Result<_, _>>().map(Json::Object)
}

fn scalar(logical: &LogicalType, vector: &Vector<'_>, row: usize) -> Result<Json, BadValue> {
    use LogicalType as L;
    Ok(match (logical, &vector.data) {
        (L::Boolean, Data::Bool(values)) => Json::Bool(values[row] != 0),
        (L::Float, Data::F32(values)) => float(values[row].into(), float_text::text(values[row])),
        (L::Double, Data::F64(values)) => float(values[row], float_text::text(values[row])),
        (L::Json, Data::Str(values)) => json::parse(values[row].bytes())?,
        (L::Varchar, Data::Str(values)) => match std::str::from_utf8(values[row].bytes()) {
            Ok(text) => Json::String(text.to_owned()),
            Err(_) => {
                return Err(BadValue::new("22021", "invalid byte sequence for encoding \"UTF8\""));
            }
        },
        (L::BigInt, Data::I64(values)) => Json::Number(values[row].to_string()),
        (
            L::TinyInt
            | L::SmallInt
            | L::Integer
            | L::UTinyInt
            | L::USmallInt
            | L::UInteger
            | L::UBigInt
            | L::HugeInt
            | L::UHugeInt
            | L::BigNum
            | L::Decimal { .. },
            data,
        ) => {
            let number = integer::decimal(logical, data, row);
            Json::Number(number.map_or_else(String::new, |number| number.to_string()))
        }
        _ => Json::String(display::value(logical, vector, row)),
    })
}

/// What JSON has no number for is a string: NaN, infinities, and minus zero, whose sign a
/// numeric would lose.
fn float(value: f64, text: String) -> Json {
    if value.is_finite() && !(value == 0.0 && value.is_sign_negative()) {
        Json::Number(text)
    } else {
        Json::String(text)
    }
}

#[cfg(test)]
mod tests {
    use migrator_model::Field;

    use super::*;
    use crate::vector::{ListEntry, Validity};

    fn vector(data: Data<'_>) -> Vector<'_> {
        Vector { validity: Validity(None), data }
    }

    fn field(name: &str, logical: LogicalType) -> Field {
        Field { name: name.into(), logical }
    }

    #[test]
    fn a_struct_is_an_object_and_floats_without_a_json_number_are_strings() {
        use LogicalType as L;
        let logical = L::Struct(vec![
            field("Aa", L::Double),
            field("b", L::Float),
            field("c", L::Double),
            field("d", L::Decimal { width: 4, scale: 2 }),
            field("e", L::Date),
            field("f", L::Boolean),
        ]);
        let null = Vector { validity: Validity(Some(&[0])), data: Data::Bool(&[1]) };
        let data = Data::Struct(vec![
            vector(Data::F64(&[f64::NAN])),
            vector(Data::F32(&[-0.0])),
            vector(Data::F64(&[1e300])),
            vector(Data::I16(&[-150])),
            vector(Data::I32(&[0])),
            null,
        ]);
        let wanted = r#"{"Aa":"NaN","b":"-0","c":1e+300,"d":-1.50,"e":"1970-01-01","f":null}"#;
        assert_eq!(shown(&logical, &vector(data), 0), wanted);
    }

    #[test]
    fn a_map_is_pairs_and_a_union_says_its_tag() {
        use LogicalType as L;
        let union = L::Union(vec![field("num", L::Integer), field("str", L::Blob)]);
        let logical = L::Map(Box::new(L::TinyInt), Box::new(union));
        let members = vec![vector(Data::I32(&[5, 6])), vector(Data::Null)];
        let values = Data::Union { tags: &[0, 1], members };
        let pairs = Data::Struct(vec![vector(Data::I8(&[1, 2])), vector(values)]);
        let entries = [ListEntry { offset: 0, length: 2 }];
        let data = Data::List { entries: &entries, child: Box::new(vector(pairs)) };
        let wanted = r#"[[1,{"tag":"num","value":5}],[2,{"tag":"str","value":null}]]"#;
        assert_eq!(shown(&logical, &vector(data), 0), wanted);
    }
}
