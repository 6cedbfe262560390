//! Images by hand, and images of a real server.

mod array;
mod embedding;
mod fixed;
mod geometry;
mod golden;
mod jsonb;
mod mutation;
mod numeric;
mod page;
mod page_golden;
mod page_mutation;
mod pages;
mod pairing;
mod row;
mod stored;
mod text;
mod toast;
mod tuple;

use migrator_model::{
    PgType as P,
    layout::{Attribute, HAS_VARWIDTH, HOFF_AT, INFOMASK_AT, INFOMASK2_AT, Inner, Target},
};

use super::{AttributeShape, Fault, ImageShape, check};

/// Some types with the OIDs that arrays hold.
fn target(pg: &P) -> Target {
    let mut target = Target::dry(pg);
    target.physical.oid = match pg {
        P::Bool => 16,
        P::Bytea => 17,
        P::Int8 => 20,
        P::Int2 => 21,
        P::Int4 => 23,
        P::Text => 25,
        P::Float4 => 700,
        P::Varchar(_) => 1043,
        P::Date => 1082,
        P::Timestamp(_) => 1114,
        P::Interval => 1186,
        P::TimeTz(_) => 1266,
        P::Varbit(_) => 1562,
        P::Numeric(_) => 1700,
        P::Uuid => 2950,
        P::Jsonb => 3802,
        P::Composite { .. } => 16_429,
        _ => 0,
    };
    if let P::Array(element) = pg {
        target.inner = Inner::Element(Box::new(self::target(element)));
    }
    target
}

fn attribute(target: Target) -> Attribute {
    Attribute { name: "c".into(), target: Some(target), source: Some(0), not_null: false }
}

fn array(pg: P) -> P {
    P::Array(Box::new(pg))
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let byte = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn image(infomask: u16, attributes: u16, hoff: u8, data: &[u8]) -> Vec<u8> {
    let mut image = vec![0; usize::from(hoff)];
    image[INFOMASK2_AT..INFOMASK2_AT + 2].copy_from_slice(&attributes.to_le_bytes());
    image[INFOMASK_AT..INFOMASK_AT + 2].copy_from_slice(&infomask.to_le_bytes());
    image[HOFF_AT] = hoff;
    image.extend_from_slice(data);
    image
}

/// An image of one attribute.
fn single(shape: &ImageShape, data: &[u8]) -> Vec<u8> {
    let infomask = if shape[0].len < 0 { HAS_VARWIDTH } else { 0 };
    image(infomask, 1, 24, data)
}

fn shape_of(target: &Target) -> ImageShape {
    vec![AttributeShape::of(&attribute(target.clone()))]
}

/// What is wrong with a value as it lies in a tuple; None when it passes.
fn fault_of(target: &Target, data: &[u8]) -> Option<Fault> {
    let shape = shape_of(target);
    check(&single(&shape, data), &shape).err().map(|error| error.fault)
}

fn fault(pg: &P, data: &[u8]) -> Option<Fault> {
    fault_of(&target(pg), data)
}

/// The same for a value without its varlena header: the header must make no difference.
fn payload_fault(pg: &P, payload: &[u8]) -> Option<Fault> {
    payload_fault_of(&target(pg), payload)
}

fn payload_fault_of(target: &Target, payload: &[u8]) -> Option<Fault> {
    let mut plain = target.clone();
    plain.physical.packable = false;
    let told = fault_of(&plain, &long(payload));
    if payload.len() <= 126 {
        assert_eq!(fault_of(target, &short(payload)), told, "{payload:02x?}");
    }
    told
}

fn short(payload: &[u8]) -> Vec<u8> {
    [&[(payload.len() as u8 + 1) << 1 | 1], payload].concat()
}

fn long(payload: &[u8]) -> Vec<u8> {
    [&((payload.len() as u32 + 4) << 2).to_le_bytes(), payload].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
