//! Functions, casts by functions among them.

use migrator_model::LogicalType;

use super::{
    compare::is_decided,
    date_part,
    expression::{Collation, Expression, Kind},
    integer, literal,
    operator::{self, is_integer, starts_with, text_of},
    relation::Scope,
    sql::Sql,
    substring,
    value::{Facts, Value, value},
};

/// A function's value.
pub fn value_of(expression: &Expression, scope: &Scope) -> Option<Value> {
    let Expression::Function { name, arguments, result, typmod, collation } = expression else {
        return None;
    };
    // A modifier rounds or cuts.
    if *typmod != -1 {
        return None;
    }
    match arguments.as_slice() {
        [argument] => of_one(name, argument, *result, scope),
        [left, right] => of_two(name, left, right, *result, *collation, scope),
        [operand, start, length] => substring::value_of(name, operand, start, Some(length), scope),
        _ => None,
    }
}

fn of_one(name: &str, argument: &Expression, result: Kind, scope: &Scope) -> Option<Value> {
    match (name, argument.kind()) {
        ("int2" | "int4" | "int8", kind) if is_integer(kind) => {
            integer_of(value(argument, scope)?, result)
        }
        // As many digits behind the point: none.
        ("numeric", kind) if is_integer(kind) => value(argument, scope),
        ("float8", kind) if is_integer(kind) || kind == Kind::Float4 => Some(Value::new(
            value(argument, scope)?.cast(&LogicalType::Double).sql,
            LogicalType::Double,
        )),
        ("timestamp", Kind::Date) => timestamp_of(argument, scope),
        ("date", Kind::Timestamp) => date_of(argument, scope),
        ("abs", _) => operator::absolute(argument, result, scope),
        ("length" | "char_length" | "character_length", Kind::Text) => {
            counted("length", &[&text_of(argument, scope)?.sql])
        }
        ("octet_length", Kind::Text) => counted("strlen", &[&text_of(argument, scope)?.sql]),
        ("octet_length" | "length", Kind::Bytea) => {
            counted("octet_length", &[&value(argument, scope)?.sql])
        }
        ("btrim" | "ltrim" | "rtrim", Kind::Text) => {
            // Blanks only: without a second argument DuckDB also takes other spaces away.
            trimmed(name, &text_of(argument, scope)?.sql, &Sql::text("' '"))
        }
        _ => None,
    }
}

fn of_two(
    name: &str,
    left: &Expression,
    right: &Expression,
    result: Kind,
    collation: Collation,
    scope: &Scope,
) -> Option<Value> {
    match name {
        "mod" if is_integer(left.kind()) && is_integer(right.kind()) => {
            operator::integer_arithmetic("%", left, right, result, scope)
        }
        "extract" | "date_part" => date_part::part(left, right, result, scope),
        "date_trunc" => date_part::truncated(left, right, scope),
        "starts_with" => {
            let sql = starts_with(left, right, collation, scope)?;
            Some(Value::new(sql, LogicalType::Boolean))
        }
        "strpos" | "position" if is_decided(false, Kind::Text, collation) => {
            let sql =
                Sql::call("strpos", &[&text_of(left, scope)?.sql, &text_of(right, scope)?.sql]);
            Some(Value::new(sql, LogicalType::BigInt))
        }
        "btrim" | "ltrim" | "rtrim" => {
            trimmed(name, &text_of(left, scope)?.sql, &text_of(right, scope)?.sql)
        }
        _ => substring::value_of(name, left, right, None, scope),
    }
}

/// An integer of another width, where each fits: by its type, or by the file's statistics, and then an
/// error when they no longer hold.
fn integer_of(value: Value, to: Kind) -> Option<Value> {
    let wanted = literal::logical(to)?;
    let (low, high) = integer::range(&wanted)?;
    let is_within = integer::range(&value.logical).is_some_and(|r| low <= r.0 && r.1 <= high);
    match is_within {
        true => Some(value),
        false => (value.facts.most <= high.unsigned_abs()).then(|| value.cast(&wanted)),
    }
}

/// Bytes or characters of a text or bytea, of which PostgreSQL has at most a gigabyte.
fn counted(name: &str, operands: &[&Sql]) -> Option<Value> {
    let facts = Facts { most: 1 << 30, ..Facts::of(&LogicalType::BigInt) };
    Some(Value { sql: Sql::call(name, operands), logical: LogicalType::BigInt, facts })
}

/// Characters are code points in both.
fn trimmed(name: &str, operand: &Sql, characters: &Sql) -> Option<Value> {
    let name = if name == "btrim" { "trim" } else { name };
    Some(Value::new(Sql::call(name, &[operand, characters]), LogicalType::Varchar))
}

/// A date may lie beyond the last timestamp, which DuckDB has earlier than PostgreSQL.
fn timestamp_of(date: &Expression, scope: &Scope) -> Option<Value> {
    let date = value(date, scope).filter(|date| date.facts.ordinary)?;
    Some(date.cast(&LogicalType::Timestamp))
}

/// Both take the day that the moment is in, before 1970 too.
fn date_of(moment: &Expression, scope: &Scope) -> Option<Value> {
    use LogicalType as L;
    let moment = value(moment, scope)?;
    let is_known =
        matches!(moment.logical, L::Date | L::Timestamp | L::TimestampS | L::TimestampMs);
    is_known.then(|| moment.cast(&L::Date))
}

/// A date or timestamp, without the step from a date to its midnight: parts of it are the same.
pub fn moment(expression: &Expression, scope: &Scope) -> Option<Value> {
    match expression {
        Expression::Function { name, arguments, .. } if name == "timestamp" => {
            match arguments.as_slice() {
                [date] if date.kind() == Kind::Date => value(date, scope),
                _ => None,
            }
        }
        other => value(other, scope),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    fn of(name: &str, argument: Expression, result: Kind) -> Option<String> {
        said(&function(name, [argument], result))
    }

    #[test]
    fn integers_are_widened_for_nothing() {
        assert_eq!(of("int8", Common::id(), Kind::Int8).unwrap(), "r1.\"id\"");
        assert_eq!(of("int4", Common::big(), Kind::Int4), None);
        assert_eq!(of("int2", Common::tiny(), Kind::Int2).unwrap(), "r1.\"tiny\"");
        assert_eq!(of("numeric", Common::big(), Kind::Numeric).unwrap(), "r1.\"big\"");
        assert_eq!(
            of("float8", Common::big(), Kind::Float8).unwrap(),
            "CAST(r1.\"big\" AS DOUBLE)"
        );
        assert_eq!(
            of("float8", Common::real(), Kind::Float8).unwrap(),
            "CAST(r1.\"real\" AS DOUBLE)"
        );
    }

    #[test]
    fn casts_that_round_stay() {
        assert_eq!(of("float8", Common::price(), Kind::Float8), None);
        assert_eq!(of("int4", Common::price(), Kind::Int4), None);
        assert_eq!(of("int4", Common::ratio(), Kind::Int4), None);
        assert_eq!(of("float4", Common::id(), Kind::Float4), None);
        assert_eq!(of("numeric", Common::ratio(), Kind::Numeric), None);
        assert_eq!(of("timestamptz", Common::at(), Kind::TimestampTz), None);
        let rounded = Expression::Function {
            name: "numeric".into(),
            arguments: vec![Common::price(), int(5)],
            result: Kind::Numeric,
            typmod: 655_364,
            collation: Collation::None,
        };
        assert_eq!(said(&rounded), None);
    }

    #[test]
    fn texts_are_measured_in_code_points() {
        assert_eq!(of("length", Common::name(), Kind::Int4).unwrap(), "length(r1.\"name\")");
        assert_eq!(of("char_length", Common::name(), Kind::Int4).unwrap(), "length(r1.\"name\")");
        assert_eq!(of("octet_length", Common::name(), Kind::Int4).unwrap(), "strlen(r1.\"name\")");
        assert_eq!(
            of("length", Common::bytes(), Kind::Int4).unwrap(),
            "octet_length(r1.\"bytes\")"
        );
        let at = function("strpos", [Common::name(), text("b")], Kind::Int4);
        assert_eq!(said(&at).unwrap(), "strpos(r1.\"name\", 'b')");
        assert_eq!(said(&with_collation(at, Collation::Nondeterministic)), None);
    }

    #[test]
    fn blanks_are_trimmed_and_nothing_else() {
        assert_eq!(of("btrim", Common::name(), Kind::Text).unwrap(), "trim(r1.\"name\", ' ')");
        assert_eq!(of("rtrim", Common::name(), Kind::Text).unwrap(), "rtrim(r1.\"name\", ' ')");
        let both = function("ltrim", [Common::name(), text("xy")], Kind::Text);
        assert_eq!(said(&both).unwrap(), "ltrim(r1.\"name\", 'xy')");
    }

    #[test]
    fn languages_and_patterns_stay() {
        for name in ["lower", "upper", "initcap", "reverse", "md5", "ascii"] {
            assert_eq!(of(name, Common::name(), Kind::Text), None, "{name}");
        }
        let matches = function("regexp_match", [Common::name(), text("a")], Kind::Other(1009));
        assert_eq!(said(&matches), None);
    }

    #[test]
    fn dates_and_timestamps_become_each_other() {
        let day = of("date", Common::at(), Kind::Date).unwrap();
        assert_eq!(day, "CAST(r1.\"at\" AS DATE)");
        let at = of("timestamp", Common::born(), Kind::Timestamp).unwrap();
        assert_eq!(at, "CAST(r1.\"born\" AS TIMESTAMP)");
        assert_eq!(of("timestamp", Common::day(), Kind::Timestamp), None);
        assert_eq!(of("date", Common::zoned(), Kind::Date), None);
    }
}
