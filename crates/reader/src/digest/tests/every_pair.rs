//! Every pair of types that a load may be asked for.

use migrator_model::{Field, PgType as P, canonical::bytes::tag, pg_type::GeometryForm, rules};

use super::*;
use LogicalType as L;

/// A literal of a type that no kind finds anything wrong with.
fn literal(logical: &L) -> String {
    match logical {
        L::Boolean => "true".into(),
        L::Varchar | L::Json | L::Variant | L::Blob | L::Bit => "'1'".into(),
        L::Date => "'2020-01-01'".into(),
        L::Time | L::TimeNs => "'01:02:03'".into(),
        L::TimeTz => "'01:02:03+01'".into(),
        L::Timestamp
        | L::TimestampS
        | L::TimestampMs
        | L::TimestampNs
        | L::TimestampTz
        | L::TimestampTzNs => "'2020-01-01 00:00:00+00'".into(),
        L::Interval => "INTERVAL '1 day'".into(),
        L::Uuid => "'00112233-4455-6677-8899-aabbccddeeff'".into(),
        L::Enum(labels) => format!("'{}'", labels[0]),
        L::List(inner) => format!("[CAST({} AS {inner})]", literal(inner)),
        L::Array(inner, size) => {
            format!(
                "[{}]",
                vec![format!("CAST({} AS {inner})", literal(inner)); *size as usize].join(", ")
            )
        }
        L::Struct(fields) => {
            let field =
                |f: &Field| format!("'{}': CAST({} AS {})", f.name, literal(&f.logical), f.logical);
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        L::Tuple(types) => {
            let one = |l: &L| format!("CAST({} AS {l})", literal(l));
            format!("row({})", types.iter().map(one).collect::<Vec<_>>().join(", "))
        }
        L::Map(key, value) => format!("MAP {{{}: {}}}", literal(key), literal(value)),
        L::Union(fields) => {
            format!("union_value({} := {})", fields[0].name, literal(&fields[0].logical))
        }
        L::Geometry { .. } => "'POINT(1 2)'".into(),
        L::Null => "NULL".into(),
        _ => "1".into(),
    }
}

fn every_pg_type() -> Vec<P> {
    let mut types = vec![
        P::Bool,
        P::Int2,
        P::Int8,
        P::Numeric(None),
        P::Float4,
        P::Float8,
        P::Text,
        P::Char(Some(200)),
        P::Bytea,
        P::Varbit(None),
        P::Date,
        P::Time(Some(0)),
        P::TimeTz(None),
        P::Timestamp(None),
        P::TimestampTz(Some(6)),
        P::Interval,
        P::Uuid,
        P::Json,
        P::Jsonb,
        P::Enum { name: None, labels: vec!["a".into(), "b".into()] },
        P::Vector(None),
        P::HalfVec(None),
        P::SparseVec(None),
        P::Bit(None),
        P::Geometry(Some(GeometryForm { srid: 0, kind: 0, z: false, m: false })),
        P::Composite { name: None, attributes: vec![("b".into(), P::Text), ("a".into(), P::Int4)] },
        P::Composite { name: None, attributes: vec![("a".into(), P::Date)] },
    ];
    let arrays: Vec<_> = types.iter().map(|pg| P::Array(Box::new(pg.clone()))).collect();
    types.extend(arrays);
    types
}

/// What the rules let a load make of a type has a value here, never an invalid one.
#[test]
fn every_pair_that_the_rules_allow_is_read() {
    let every = rules::tests_support::every_type();
    let list = |(at, logical): (usize, &L)| match logical {
        // No table has such a column.
        L::Null => "NULL AS c_null".to_owned(),
        logical => format!("CAST({} AS {logical}) AS c{at}", literal(logical)),
    };
    let columns: Vec<_> = every.iter().enumerate().map(list).collect();
    let mut rig = Rig::new(&[&format!("CREATE VIEW v AS SELECT {}", columns.join(", "))]);
    let mut asked = Vec::new();
    for (at, logical) in every.iter().enumerate() {
        let name = if *logical == L::Null { "c_null".into() } else { format!("c{at}") };
        let allowed = |pg: &&P| rules::allows(logical, pg);
        for pg in every_pg_type().iter().filter(allowed) {
            asked.push(column(&name, logical.clone(), Kind::of(pg)));
        }
    }
    assert!(asked.len() > 150, "{}", asked.len());
    let cells = rig.cells(&table("v", asked.clone())).remove(0);
    for (column, cell) in asked.iter().zip(&cells) {
        let what = (&column.scan.logical, &column.kind);
        let wanted_null = column.scan.logical == L::Null;
        assert_eq!(cell[0] == tag::NULL, wanted_null, "{what:?}");
        assert!(!cell.contains(&tag::INVALID) || cell[0] != tag::INVALID, "{what:?}");
    }
}
