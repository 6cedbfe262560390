//! Short ways to write expressions in tests.

use migrator_model::{LogicalType, PgType, catalog::Bounds};

use super::{
    expression::{Collation, Expression, Kind},
    relation::{RemoteColumn, RemoteTable, Scope},
    value,
};

/// A column without bounds.
pub fn column(name: &str, logical: LogicalType, pg: PgType) -> RemoteColumn {
    RemoteColumn {
        name: name.into(),
        logical,
        pg,
        collated: false,
        not_null: false,
        altered: false,
        bounds: None,
    }
}

/// A column of dates or timestamps of our time.
pub fn ordinary(name: &str, logical: LogicalType, pg: PgType) -> RemoteColumn {
    let bounds = Bounds { low: "1992-01-02".into(), high: "1998-12-01".into() };
    RemoteColumn { bounds: Some(bounds), ..column(name, logical, pg) }
}

/// A table of these columns.
pub fn table<const N: usize>(name: &str, columns: [RemoteColumn; N]) -> RemoteTable {
    RemoteTable {
        from: format!("main.\"{name}\""),
        columns: columns.into_iter().map(Some).collect(),
    }
}

/// One table, number 1.
pub fn scope<const N: usize>(columns: [RemoteColumn; N]) -> Scope {
    Scope([(1, table("t", columns))].into())
}

/// A table with a column of each common type: see [`Common`].
pub fn common() -> Scope {
    use LogicalType as L;
    use PgType as P;
    let labels = vec!["small".to_owned(), "big".to_owned()];
    let mood = P::Enum { name: None, labels: labels.clone() };
    let decimal = L::Decimal { width: 15, scale: 2 };
    scope([
        column("id", L::Integer, P::Int4),
        column("big", L::BigInt, P::Int8),
        column("tiny", L::TinyInt, P::Int2),
        column("price", decimal, P::Numeric(Some((15, 2)))),
        column("ratio", L::Double, P::Float8),
        column("flag", L::Boolean, P::Bool),
        column("name", L::Varchar, P::Text),
        column("day", L::Date, P::Date),
        column("at", L::Timestamp, P::Timestamp(None)),
        column("zoned", L::TimestampTz, P::TimestampTz(None)),
        column("mood", L::Enum(labels), mood),
        column("real", L::Float, P::Float4),
        column("huge", L::HugeInt, P::Numeric(Some((39, 0)))),
        column("json", L::Json, P::Jsonb),
        column("uuid", L::Uuid, P::Uuid),
        column("bytes", L::Blob, P::Bytea),
        column("time", L::Time, P::Time(None)),
        ordinary("born", L::Date, P::Date),
        ordinary("seen", L::Timestamp, P::Timestamp(None)),
        RemoteColumn {
            bounds: Some(Bounds { low: "-5".into(), high: "1000000".into() }),
            ..column("count", L::Integer, P::Int4)
        },
    ])
}

/// The columns of [`common`] as expressions.
#[allow(missing_docs)]
pub struct Common;

#[rustfmt::skip]
#[allow(missing_docs)]
impl Common {
    pub fn id() -> Expression { col(1, Kind::Int4) }
    pub fn big() -> Expression { col(2, Kind::Int8) }
    pub fn tiny() -> Expression { col(3, Kind::Int2) }
    pub fn price() -> Expression { col(4, Kind::Numeric) }
    pub fn ratio() -> Expression { col(5, Kind::Float8) }
    pub fn flag() -> Expression { col(6, Kind::Bool) }
    pub fn name() -> Expression { col(7, Kind::Text) }
    pub fn day() -> Expression { col(8, Kind::Date) }
    pub fn at() -> Expression { col(9, Kind::Timestamp) }
    pub fn zoned() -> Expression { col(10, Kind::TimestampTz) }
    pub fn mood() -> Expression { col(11, Kind::Enum(99)) }
    pub fn real() -> Expression { col(12, Kind::Float4) }
    pub fn huge() -> Expression { col(13, Kind::Numeric) }
    pub fn json() -> Expression { col(14, Kind::Other(3802)) }
    pub fn bytes() -> Expression { col(16, Kind::Bytea) }
    pub fn time() -> Expression { col(17, Kind::Time) }
    pub fn born() -> Expression { col(18, Kind::Date) }
    pub fn seen() -> Expression { col(19, Kind::Timestamp) }
    pub fn count() -> Expression { col(20, Kind::Int4) }
}

/// A column of table 1.
pub fn col(attribute: i16, kind: Kind) -> Expression {
    Expression::Column { relation: 1, attribute, kind }
}

/// A constant.
pub fn constant_of(kind: Kind, text: &str) -> Expression {
    Expression::Constant { kind, value: Some(text.into()) }
}

/// An int4.
pub fn int(number: i32) -> Expression {
    constant_of(Kind::Int4, &number.to_string())
}

/// A text.
pub fn text(text: &str) -> Expression {
    constant_of(Kind::Text, text)
}

/// A numeric.
pub fn num(text: &str) -> Expression {
    constant_of(Kind::Numeric, text)
}

/// NULL.
pub fn null(kind: Kind) -> Expression {
    Expression::Constant { kind, value: None }
}

/// A parameter.
pub fn param(number: usize, kind: Kind) -> Expression {
    Expression::Parameter { number, kind }
}

/// An operator with a boolean result.
pub fn test(left: Expression, name: &str, right: Expression) -> Expression {
    operator(left, name, right, Kind::Bool)
}

/// An operator.
pub fn operator(left: Expression, name: &str, right: Expression, result: Kind) -> Expression {
    let collation = match left.kind() {
        Kind::Text | Kind::Varchar => Collation::Deterministic,
        _ => Collation::None,
    };
    let declared = vec![left.kind(), right.kind()];
    Expression::Operator {
        name: name.into(),
        operands: vec![left, right],
        declared,
        result,
        collation,
    }
}

/// The same with another collation.
pub fn with_collation(mut expression: Expression, wanted: Collation) -> Expression {
    use Expression as E;
    match &mut expression {
        E::Operator { collation, .. }
        | E::Function { collation, .. }
        | E::AnyOf { collation, .. }
        | E::IsDistinct { collation, .. }
        | E::NullIf { collation, .. }
        | E::Aggregate { collation, .. } => *collation = wanted,
        _ => {}
    }
    expression
}

/// A function.
pub fn function<const N: usize>(
    name: &str,
    arguments: [Expression; N],
    result: Kind,
) -> Expression {
    let collation = Collation::Deterministic;
    Expression::Function {
        name: name.into(),
        arguments: arguments.into(),
        result,
        typmod: -1,
        collation,
    }
}

/// An aggregate.
pub fn aggregate<const N: usize>(
    name: &str,
    arguments: [Expression; N],
    result: Kind,
) -> Expression {
    Expression::Aggregate {
        name: name.into(),
        arguments: arguments.into(),
        distinct: false,
        filter: None,
        result,
        collation: Collation::Deterministic,
    }
}

/// The expression over [`common`] as DuckDB has it.
pub fn said(expression: &Expression) -> Option<String> {
    value::value(expression, &common()).map(|value| value.sql.to_string())
}
