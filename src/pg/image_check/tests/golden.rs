//! Values as a real server stores them.

use std::collections::HashMap;

use migrator_model::layout::RowType;

use super::*;

/// Every line of the file, by its fields.
fn lines() -> impl Iterator<Item = Vec<&'static str>> {
    let lines = include_str!("golden.txt").lines();
    lines.filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

/// The second and third field of lines that start with a word.
fn facts(kind: &str) -> HashMap<&'static str, &'static str> {
    lines().filter(|line| line[0] == kind).map(|line| (line[1], line[2])).collect()
}

/// A type by its name in the file.
fn named(name: &str) -> Target {
    if let Some(element) = name.strip_suffix("[]") {
        let element = named(element);
        let mut target = target(&array(element.pg.clone()));
        target.inner = Inner::Element(Box::new(element));
        return target;
    }
    let (plain, modifier) = name.split_once('(').unwrap_or((name, ""));
    let numbers: Vec<i32> =
        modifier.split([',', ')']).filter_map(|number| number.parse().ok()).collect();
    let length = numbers.first().map(|number| *number as u32);
    let digits = length.map(|number| number as u8);
    target(&match plain {
        "pair" => return row(name, &[("a", "int4"), ("b", "text")]),
        "wide" => return row(name, &WIDE),
        "nest" => return row(name, &[("a", "int2"), ("p", "pair"), ("ps", "pair[]")]),
        "mood" => return mood(),
        "bool" => P::Bool,
        "int2" => P::Int2,
        "int4" => P::Int4,
        "int8" => P::Int8,
        "float4" => P::Float4,
        "float8" => P::Float8,
        "uuid" => P::Uuid,
        "date" => P::Date,
        "time" => P::Time(digits),
        "timetz" => P::TimeTz(digits),
        "timestamp" => P::Timestamp(digits),
        "timestamptz" => P::TimestampTz(digits),
        "interval" => P::Interval,
        "text" => P::Text,
        "json" => P::Json,
        "varchar" => P::Varchar(length),
        "char" | "bpchar" => P::Char(length),
        "bytea" => P::Bytea,
        "varbit" => P::Varbit(length),
        "bit" => P::Bit(length),
        "numeric" => P::Numeric(numbers.first().map(|p| (*p as u16, numbers[1] as i16))),
        "jsonb" => P::Jsonb,
        "vector" => P::Vector(length),
        "halfvec" => P::HalfVec(length),
        "sparsevec" => P::SparseVec(length),
        "geometry" => P::Geometry(None),
        _ => panic!("{name}"),
    })
}

const WIDE: [(&str, &str); 7] = [
    ("a", "bool"),
    ("b", "numeric(10,2)"),
    ("c", "int8"),
    ("d", "text"),
    ("e", "jsonb"),
    ("f", "int4[]"),
    ("g", "timestamptz(3)"),
];

fn mood() -> Target {
    let oids: Vec<u32> =
        lines().filter(|line| line[0] == "label").map(|line| line[1].parse().unwrap()).collect();
    let mut target = target(&P::Enum { name: None, labels: vec![String::new(); oids.len()] });
    target.inner = Inner::Labels(oids);
    target.physical.oid = facts("oid")["mood"].parse().unwrap();
    target
}

fn row(name: &str, fields: &[(&str, &str)]) -> Target {
    let attributes = fields.iter().map(|(name, pg)| (String::from(*name), named(pg).pg)).collect();
    let mut target = target(&P::Composite { name: None, attributes });
    target.physical.oid = facts("oid")[name].parse().unwrap();
    let header = hex(facts("stamp")[name]).try_into().unwrap();
    let attributes = fields.iter().map(|(_, pg)| attribute(named(pg))).collect();
    target.inner = Inner::Row(RowType { header, attributes });
    target
}

/// Every value: its type's name, its shape, its image.
pub fn images() -> Vec<(String, ImageShape, Vec<u8>)> {
    let values = lines().filter(|line| !["oid", "label", "stamp"].contains(&line[0]));
    let mut images = Vec::new();
    for line in values {
        let shape = shape_of(&named(line[0]));
        let image = single(&shape, &hex(line[1]));
        images.push((line[0].to_owned(), shape, image));
    }
    images
}

#[test]
fn what_the_server_stores_passes() {
    let images = images();
    assert!(images.len() > 180, "{}", images.len());
    for (name, shape, image) in images {
        assert_eq!(check(&image, &shape), Ok(()), "{name} {:02x?}", &image[24..]);
    }
}

/// The whole tuple of the encoder's own tests, from t_infomask2 on:
/// (a bool, x dropped, b int8, c text, d int4, e timestamptz, f numeric, g uuid, h int2).
#[test]
fn whole_tuples() {
    let kinds = [P::Bool, P::Int4, P::Int8, P::Text, P::Int4, P::TimestampTz(None)];
    let kinds = kinds.into_iter().chain([P::Numeric(None), P::Uuid, P::Int2]);
    let mut shape: ImageShape =
        kinds.map(|pg| AttributeShape::of(&attribute(target(&pg)))).collect();
    shape[1] = AttributeShape::of(&Attribute {
        target: None,
        source: None,
        ..attribute(target(&P::Int4))
    });
    let with_null = "0900 0300 20 ed01 00000000000000 010000000000000000f2052a01000000096162630000
         000020c173cc2f5202000f00810c008813 00112233445566778899aabbccddeeff00feff";
    let with_long = format!(
        "0900 0300 20 fd01 00000000000000 0100000000000000050000000000000018020000{}00000700000000
         000000ffffffffffffff7f 07008100112233445566778899aabbccddeeff000300",
        "79".repeat(130)
    );
    for text in [with_null, &with_long] {
        let image = [vec![0; INFOMASK2_AT], hex(text)].concat();
        assert_eq!(check(&image, &shape), Ok(()));
    }
}
