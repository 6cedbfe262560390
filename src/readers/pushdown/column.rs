//! What a column of a foreign table is at the source: only a pair of types where each value of the one
//! is exactly a value of the other, in the same order, is worth an expression.

use migrator_model::{LogicalType, PgType, catalog::Bounds, ident::quote};

use super::{
    calendar,
    expression::Kind,
    integer, literal,
    number::Number,
    relation::{RemoteColumn, Scope},
    sql::Sql,
    value::{Facts, Value},
};

/// The column as it is, for an output or IS NULL.
pub fn bare(relation: u32, column: &RemoteColumn) -> Sql {
    Sql::text(format!("r{relation}.{}", quote(&column.name)))
}

/// The column as a value that can be compared and computed with; None where DuckDB's value is not
/// PostgreSQL's.
pub fn value(relation: u32, attribute: i16, kind: Kind, scope: &Scope) -> Option<Value> {
    let column = scope.column(relation, attribute)?;
    if column.altered || !is_same(&column.logical, &column.pg) || !is_kind(kind, &column.pg) {
        return None;
    }
    let sql = bare(relation, column);
    let (sql, logical) = match (&column.logical, &column.pg) {
        // Byte by byte, whatever the column's own collation: see PushCollation in DuckDB.
        (LogicalType::Varchar, _) if column.collated => {
            (sql.between("(", " COLLATE \"binary\")"), LogicalType::Varchar)
        }
        (LogicalType::Float, PgType::Float8) => {
            (sql.cast(&LogicalType::Double), LogicalType::Double)
        }
        (LogicalType::Enum(_), PgType::Text | PgType::Varchar(_)) => {
            (sql.cast(&LogicalType::Varchar), LogicalType::Varchar)
        }
        (logical, _) => (sql, logical.clone()),
    };
    let mut facts = facts(column, &logical);
    // What does not fit the column's type is a bad value.
    if let Some((low, _)) = literal::logical(kind).as_ref().and_then(integer::range) {
        facts.most = facts.most.min(low.unsigned_abs());
    }
    Some(Value { sql, logical, facts })
}

/// Whether the values are the same, and compare the same. What reading refuses as a bad value (a text
/// with a NUL byte, a number that does not fit) is an error there and may be left out here.
fn is_same(logical: &LogicalType, pg: &PgType) -> bool {
    use LogicalType as L;
    use PgType as P;
    match (logical, pg) {
        (L::Decimal { .. }, P::Numeric(_)) => true,
        (logical, P::Int2 | P::Int4 | P::Int8 | P::Numeric(_)) => integer::range(logical).is_some(),
        (L::Boolean, P::Bool)
        | (L::Float, P::Float4 | P::Float8)
        | (L::Double, P::Float8)
        | (L::Varchar, P::Text | P::Varchar(_))
        | (L::Enum(_), P::Text | P::Varchar(_) | P::Enum { .. })
        | (L::Blob, P::Bytea)
        | (L::Date, P::Date | P::Timestamp(_))
        | (L::Time, P::Time(_))
        | (L::TimestampTz, P::TimestampTz(_))
        | (L::Uuid, P::Uuid) => true,
        (logical, P::Timestamp(_)) => {
            matches!(logical, L::Timestamp | L::TimestampS | L::TimestampMs | L::TimestampNs)
        }
        _ => false,
    }
}

/// Whether the planner's type is the column's.
fn is_kind(kind: Kind, pg: &PgType) -> bool {
    use Kind as K;
    use PgType as P;
    matches!(
        (kind, pg),
        (K::Bool, P::Bool)
            | (K::Int2, P::Int2)
            | (K::Int4, P::Int4)
            | (K::Int8, P::Int8)
            | (K::Numeric, P::Numeric(_))
            | (K::Float4, P::Float4)
            | (K::Float8, P::Float8)
            | (K::Text, P::Text)
            | (K::Varchar, P::Varchar(_))
            | (K::Bytea, P::Bytea)
            | (K::Date, P::Date)
            | (K::Time, P::Time(_))
            | (K::Timestamp, P::Timestamp(_))
            | (K::TimestampTz, P::TimestampTz(_))
            | (K::Uuid, P::Uuid)
            | (K::Enum(_), P::Enum { .. })
    )
}

/// What else is known of the values.
fn facts(column: &RemoteColumn, logical: &LogicalType) -> Facts {
    let mut facts = Facts::of(logical);
    if let Some(most) = column.bounds.as_ref().and_then(|bounds| furthest(logical, bounds)) {
        facts.most = facts.most.min(most);
    }
    facts.plain = match column.pg {
        PgType::Numeric(Some((_, scale))) => scale == i16::from(integer::scale(logical)),
        _ => true,
    };
    facts.ordinary = column.bounds.as_ref().is_some_and(is_ordinary);
    facts
}

/// The distance from zero of the end that is further away.
fn furthest(logical: &LogicalType, bounds: &Bounds) -> Option<u128> {
    integer::unscaled_range(logical)?;
    let scale = usize::from(integer::scale(logical));
    let distance = |text: &str| {
        let (unscaled, is_exact) = Number::parse(text)?.floor(scale)?;
        is_exact.then_some(unscaled.unsigned_abs())
    };
    Some(distance(&bounds.low)?.max(distance(&bounds.high)?))
}

/// Whether all dates or timestamps are.
fn is_ordinary(bounds: &Bounds) -> bool {
    calendar::is_ordinary(&bounds.low) && calendar::is_ordinary(&bounds.high)
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};
    use LogicalType as L;
    use PgType as P;

    fn of(logical: L, kind: Kind, pg: P) -> Option<String> {
        let scope = scope([column("a", logical, pg)]);
        value(1, 1, kind, &scope).map(|value| value.sql.to_string())
    }

    #[test]
    fn columns_of_like_types_are_values() {
        assert_eq!(of(L::UTinyInt, Kind::Int2, P::Int2).unwrap(), "r1.\"a\"");
        assert_eq!(of(L::HugeInt, Kind::Int4, P::Int4).unwrap(), "r1.\"a\"");
        assert_eq!(of(L::UBigInt, Kind::Numeric, P::Numeric(Some((20, 0)))).unwrap(), "r1.\"a\"");
        assert_eq!(of(L::Varchar, Kind::Varchar, P::Varchar(Some(3))).unwrap(), "r1.\"a\"");
        assert_eq!(of(L::Float, Kind::Float8, P::Float8).unwrap(), "CAST(r1.\"a\" AS DOUBLE)");
        let labels = L::Enum(vec!["x".into()]);
        assert_eq!(of(labels, Kind::Text, P::Text).unwrap(), "CAST(r1.\"a\" AS VARCHAR)");
        assert!(of(L::TimestampNs, Kind::Timestamp, P::Timestamp(None)).is_some());
    }

    #[test]
    fn all_other_pairs_are_not() {
        let pairs = [
            (L::UHugeInt, Kind::Numeric, P::Numeric(None)),
            (L::BigNum, Kind::Numeric, P::Numeric(None)),
            (L::Integer, Kind::Text, P::Text),
            (L::Uuid, Kind::Text, P::Text),
            (L::Json, Kind::Text, P::Text),
            (L::Varchar, Kind::BpChar, P::Char(Some(3))),
            (L::Varchar, Kind::Bytea, P::Bytea),
            (L::Double, Kind::Float4, P::Float4),
            (L::TimestampNs, Kind::Int8, P::Int8),
            (L::TimestampTzNs, Kind::TimestampTz, P::TimestampTz(None)),
            (L::TimeNs, Kind::Time, P::Time(None)),
            (L::Interval, Kind::Interval, P::Interval),
            (L::Integer, Kind::Int8, P::Int4),
        ];
        for (logical, kind, pg) in pairs {
            assert_eq!(of(logical.clone(), kind, pg.clone()), None, "{logical} as {pg}");
        }
    }

    #[test]
    fn what_reading_alters_is_no_value() {
        let mut altered = column("a", L::Varchar, P::Text);
        altered.altered = true;
        assert!(value(1, 1, Kind::Text, &scope([altered])).is_none());
    }

    #[test]
    fn a_collation_at_the_source_is_set_aside() {
        let mut collated = column("a", L::Varchar, P::Text);
        collated.collated = true;
        let value = value(1, 1, Kind::Text, &scope([collated])).unwrap();
        assert_eq!(value.sql.to_string(), "(r1.\"a\" COLLATE \"binary\")");
    }

    #[test]
    fn attributes_that_are_not_there_are_no_values() {
        let scope = scope([column("a", L::Integer, P::Int4)]);
        for (relation, attribute) in [(1, 0), (1, -1), (1, 2), (2, 1)] {
            assert!(value(relation, attribute, Kind::Int4, &scope).is_none());
        }
    }

    #[test]
    fn statistics_bound_numbers() {
        let logical = L::Decimal { width: 15, scale: 2 };
        let mut price = column("a", logical, P::Numeric(Some((15, 2))));
        let most = |column: &RemoteColumn| {
            value(1, 1, Kind::Numeric, &scope([column.clone()])).unwrap().facts.most
        };
        assert_eq!(most(&price), 10_u128.pow(15) - 1);
        price.bounds = Some(Bounds { low: "-901.00".into(), high: "12.5".into() });
        assert_eq!(most(&price), 90_100);
        price.bounds = Some(Bounds { low: "odd".into(), high: "12.5".into() });
        assert_eq!(most(&price), 10_u128.pow(15) - 1);
    }

    #[test]
    fn statistics_tell_of_infinities() {
        let ordinary = |low: &str, high: &str| {
            let mut day = column("a", L::Date, P::Date);
            day.bounds = Some(Bounds { low: low.into(), high: high.into() });
            value(1, 1, Kind::Date, &scope([day])).unwrap().facts.ordinary
        };
        assert!(ordinary("0001-01-01", "1998-12-01"));
        assert!(!ordinary("1998-12-01", "infinity"));
        assert!(!ordinary("0044-03-15 (BC)", "1998-12-01"));
        assert!(!ordinary("1998-12-01", "300000-01-01"));
    }

    #[test]
    fn a_scale_of_another_width_shows() {
        let scope = scope([column("a", L::Integer, P::Numeric(Some((10, 2))))]);
        assert!(!value(1, 1, Kind::Numeric, &scope).unwrap().facts.plain);
    }
}
