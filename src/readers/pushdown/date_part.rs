//! Parts of dates, timestamps and times, and timestamps cut to a part.

use migrator_model::LogicalType;

use super::{
    expression::{Expression, Kind},
    function::moment,
    relation::Scope,
    value::{Facts, Value},
};

/// Parts that are NULL for infinity in both, and the greatest value of each.
const PARTS: [(&str, u128); 9] = [
    ("month", 12),
    ("day", 31),
    ("quarter", 4),
    ("week", 53),
    ("dow", 6),
    ("isodow", 7),
    ("doy", 366),
    ("hour", 24),
    ("minute", 59),
];
/// Parts to cut to: infinity stays in both, and years before Christ begin on the same day.
const UNITS: [&str; 8] = ["year", "quarter", "month", "week", "day", "hour", "minute", "second"];

/// extract() is a numeric, date_part() a double.
pub fn part(
    field: &Expression,
    operand: &Expression,
    result: Kind,
    scope: &Scope,
) -> Option<Value> {
    let (field, kind) = (constant(field)?, operand.kind());
    let operand = in_microseconds(moment(operand, scope)?)?;
    let most = greatest(field, kind, &operand)?;
    let sql = operand.sql.between(&format!("date_part('{field}', "), ")");
    let facts = Facts { most, plain: true, ordinary: false };
    match result {
        Kind::Numeric => Some(Value { sql, logical: LogicalType::BigInt, facts }),
        Kind::Float8 => Some(Value::new(sql.cast(&LogicalType::Double), LogicalType::Double)),
        _ => None,
    }
}

/// The greatest value of a part, if both programs have it of such a moment.
fn greatest(field: &str, kind: Kind, moment: &Value) -> Option<u128> {
    match (field, kind) {
        // DuckDB has no infinite year, and counts years before Christ otherwise.
        ("year", Kind::Date | Kind::Timestamp) => moment.facts.ordinary.then_some(200_000),
        (field, kind) if has_part(kind, field) => {
            PARTS.iter().find(|(name, _)| *name == field).map(|(_, most)| *most)
        }
        _ => None,
    }
}

/// What PostgreSQL has no part of is an error there.
fn has_part(kind: Kind, field: &str) -> bool {
    let is_of_time = matches!(field, "hour" | "minute");
    match kind {
        Kind::Timestamp => true,
        Kind::Date => !is_of_time,
        Kind::Time => is_of_time,
        _ => false,
    }
}

/// date_trunc()
pub fn truncated(field: &Expression, operand: &Expression, scope: &Scope) -> Option<Value> {
    let field = constant(field).filter(|field| UNITS.contains(field))?;
    let is_timestamp = operand.kind() == Kind::Timestamp;
    let operand = in_microseconds(moment(operand, scope)?).filter(|_| is_timestamp)?;
    // A date may lie beyond the last timestamp.
    if operand.logical == LogicalType::Date && !operand.facts.ordinary {
        return None;
    }
    let ordinary = operand.facts.ordinary && field != "week";
    let sql = operand.sql.between(&format!("date_trunc('{field}', "), ")");
    let facts = Facts { ordinary, ..Facts::of(&LogicalType::Timestamp) };
    Some(Value { sql, logical: LogicalType::Timestamp, facts })
}

fn constant(field: &Expression) -> Option<&str> {
    match field {
        Expression::Constant { value: Some(text), .. } => Some(text),
        _ => None,
    }
}

/// Counts of seconds and milliseconds as timestamps; nanoseconds would be rounded.
fn in_microseconds(moment: Value) -> Option<Value> {
    use LogicalType as L;
    match moment.logical {
        L::Date | L::Time | L::Timestamp => Some(moment),
        L::TimestampS | L::TimestampMs => Some(moment.cast(&L::Timestamp)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use migrator_model::{PgType, catalog::Bounds};

    use super::{
        super::{testing::*, value::value},
        *,
    };

    fn extract(field: &str, operand: Expression) -> Option<String> {
        said(&function("extract", [text(field), operand], Kind::Numeric))
    }

    fn trunc(field: &str, operand: Expression) -> Option<String> {
        said(&function("date_trunc", [text(field), operand], Kind::Timestamp))
    }

    #[test]
    fn parts_are_taken() {
        assert_eq!(extract("month", Common::day()).unwrap(), "date_part('month', r1.\"day\")");
        assert_eq!(extract("hour", Common::at()).unwrap(), "date_part('hour', r1.\"at\")");
        assert_eq!(extract("minute", Common::time()).unwrap(), "date_part('minute', r1.\"time\")");
        let part = function("date_part", [text("dow"), Common::day()], Kind::Float8);
        assert_eq!(said(&part).unwrap(), "CAST(date_part('dow', r1.\"day\") AS DOUBLE)");
    }

    #[test]
    fn parts_that_differ_stay() {
        for field in ["second", "epoch", "century", "isoyear", "year", "julian", "timezone"] {
            assert_eq!(extract(field, Common::at()), None, "{field}");
        }
        assert_eq!(extract("hour", Common::day()), None);
        assert_eq!(extract("day", Common::time()), None);
        assert_eq!(extract("day", Common::zoned()), None);
    }

    #[test]
    fn years_are_taken_where_all_are_ordinary() {
        let mut day = column("day", LogicalType::Date, PgType::Date);
        day.bounds = Some(Bounds { low: "1992-01-02".into(), high: "1998-12-01".into() });
        let year = function("extract", [text("year"), col(1, Kind::Date)], Kind::Numeric);
        let year = value(&year, &scope([day])).unwrap();
        assert_eq!(year.sql.to_string(), "date_part('year', r1.\"day\")");
    }

    #[test]
    fn timestamps_are_cut() {
        assert_eq!(trunc("month", Common::at()).unwrap(), "date_trunc('month', r1.\"at\")");
        let midnight = function("timestamp", [Common::born()], Kind::Timestamp);
        assert_eq!(trunc("month", midnight).unwrap(), "date_trunc('month', r1.\"born\")");
        let midnight = function("timestamp", [Common::day()], Kind::Timestamp);
        assert_eq!(trunc("month", midnight), None);
        for field in ["decade", "century", "millennium", "milliseconds"] {
            assert_eq!(trunc(field, Common::at()), None, "{field}");
        }
        assert_eq!(trunc("day", Common::zoned()), None);
    }
}
