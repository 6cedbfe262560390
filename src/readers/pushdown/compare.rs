//! Comparisons of two expressions.

use migrator_model::LogicalType;

use super::{
    calendar,
    comparison::{self, Comparison, never},
    expression::{Collation, Expression, Kind},
    integer,
    place::{Place, comparable, place},
    relation::Scope,
    span,
    sql::{Against, Piece, Sql},
    value::{Value, value},
};

/// `left comparison right`
pub fn compare(
    comparison: Comparison,
    left: &Expression,
    right: &Expression,
    collation: Collation,
    scope: &Scope,
) -> Option<Sql> {
    use Expression as E;
    if !is_decided(comparison.is_order(), left.kind(), collation) {
        return None;
    }
    match (left, right) {
        (_, E::Constant { kind, value }) => {
            with_constant(left, comparison, *kind, value.as_deref(), scope)
        }
        (_, E::Parameter { number, kind }) => {
            with_parameter(left, comparison, *number, *kind, scope)
        }
        (E::Constant { .. } | E::Parameter { .. }, _) => {
            compare(comparison.commuted(), right, left, collation, scope)
        }
        _ => of_two(comparison, value(left, scope)?, value(right, scope)?),
    }
}

/// Whether DuckDB finds the same values equal (and, for an order, orders them the same). Texts are
/// compared by their bytes there; labels have another order than an enum's.
pub fn is_decided(is_order: bool, kind: Kind, collation: Collation) -> bool {
    match (kind, collation) {
        (Kind::Text | Kind::Varchar, Collation::Bytes) => true,
        (Kind::Text | Kind::Varchar, Collation::Deterministic) => !is_order,
        (Kind::Text | Kind::Varchar, _) => false,
        (Kind::Enum(_), _) => !is_order,
        (Kind::BpChar | Kind::Interval | Kind::Other(_), _) => false,
        _ => true,
    }
}

fn with_constant(
    left: &Expression,
    comparison: Comparison,
    kind: Kind,
    text: Option<&str>,
    scope: &Scope,
) -> Option<Sql> {
    if let Some((part, moment)) = span::operand(left, scope).filter(|p| p.0.is_compared_with(kind))
        && let Some(text) = text
    {
        return span::compare(&moment.sql, &moment.logical, part, comparison, (kind, text));
    }
    if is_truncated(left) && text.is_some_and(|text| !is_near(text)) {
        return None;
    }
    let (operand, logical) = operand(left, kind, scope)?;
    comparison::with(&operand, &logical, comparison, kind, text)
}

fn with_parameter(
    left: &Expression,
    comparison: Comparison,
    parameter: usize,
    kind: Kind,
    scope: &Scope,
) -> Option<Sql> {
    let part = span::operand(left, scope).filter(|(part, _)| part.is_compared_with(kind));
    let (part, (operand, logical)) = match part {
        Some((part, moment)) => (Some(part), (moment.sql, moment.logical)),
        None if is_truncated(left) => return None,
        None => (None, operand(left, kind, scope)?),
    };
    let (operand, logical) = match logical {
        LogicalType::TimestampS | LogicalType::TimestampMs => {
            (operand.cast(&LogicalType::Timestamp), LogicalType::Timestamp)
        }
        _ => (operand, logical),
    };
    let is_compared = part.is_some() || comparable(&logical, kind);
    let against = Against { operand, logical, part, comparison, parameter };
    is_compared.then(|| Sql(vec![Piece::Against(Box::new(against))]))
}

/// DuckDB compares date_trunc() by adding a unit to the other side, which fails near the end of its
/// timestamps.
pub fn is_truncated(left: &Expression) -> bool {
    matches!(left, Expression::Function { name, .. } if name == "date_trunc")
}

fn is_near(text: &str) -> bool {
    text.ends_with("infinity") || calendar::is_ordinary(text)
}

/// The side that is no constant, as what is compared with a value of this type, and the type whose
/// values it has.
fn operand(left: &Expression, kind: Kind, scope: &Scope) -> Option<(Sql, LogicalType)> {
    let operand = value(left, scope)?;
    Some(match (&operand.logical, kind) {
        // PostgreSQL compares a real with a double as doubles.
        (LogicalType::Float, Kind::Float8) => {
            (operand.sql.cast(&LogicalType::Double), LogicalType::Double)
        }
        // DuckDB would make a label of the constant, and fail where there is none.
        (LogicalType::Enum(_), _) => (operand.sql.cast(&LogicalType::Varchar), operand.logical),
        _ => (operand.sql, operand.logical),
    })
}

fn of_two(comparison: Comparison, left: Value, right: Value) -> Option<Sql> {
    let logical = shared(&left, &right)?;
    let (left, right) = (left.cast(&logical), right.cast(&logical));
    Some(Sql::infix(&left.sql, comparison.symbol(), &right.sql))
}

/// A type that has the values of both; None where DuckDB has none.
pub fn shared(left: &Value, right: &Value) -> Option<LogicalType> {
    use LogicalType as L;
    match (&left.logical, &right.logical) {
        (left, right) if left == right => Some(left.clone()),
        (L::Enum(_), L::Enum(_)) => Some(L::Varchar),
        (L::Float, L::Double) | (L::Double, L::Float) => Some(L::Double),
        // A date may lie beyond the last timestamp.
        (L::Date, L::Timestamp) if left.facts.ordinary => Some(L::Timestamp),
        (L::Timestamp, L::Date) if right.facts.ordinary => Some(L::Timestamp),
        (L::Timestamp | L::TimestampS | L::TimestampMs, L::Timestamp)
        | (L::Timestamp, L::TimestampS | L::TimestampMs) => Some(L::Timestamp),
        (left, right) => integer::common(left, right),
    }
}

/// `left IN (elements)`: each an `Expression::Constant`.
pub fn is_in(
    left: &Expression,
    elements: &[Expression],
    collation: Collation,
    scope: &Scope,
) -> Option<Sql> {
    if !is_decided(false, left.kind(), collation) {
        return None;
    }
    let mut literals = Vec::new();
    let (operand, logical) = operand(left, elements.first()?.kind(), scope)?;
    for element in elements {
        let Expression::Constant { kind, value } = element else { return None };
        match value.as_deref().map(|text| place(&logical, *kind, text)) {
            None => literals.push("NULL".to_owned()),
            Some(Some(Place::At(literal))) => literals.push(literal),
            // It equals no value of the type.
            Some(Some(_)) => {}
            Some(None) => return None,
        }
    }
    Some(match literals.as_slice() {
        [] => never(&operand),
        [null] if null == "NULL" => Sql::text("CAST(NULL AS BOOLEAN)"),
        [literal] => Sql::infix(&operand, "=", &Sql::text(literal)),
        _ => operand.between("(", &format!(" IN ({}))", literals.join(", "))),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    #[test]
    fn columns_are_compared_with_constants_of_their_own_type() {
        let cases = [
            (test(Common::id(), "<", int(5)), "(r1.\"id\" < 5)"),
            (test(int(5), "<", Common::id()), "(r1.\"id\" > 5)"),
            (test(Common::price(), ">=", num("0.05")), "(r1.\"price\" >= 0.05)"),
            (test(Common::tiny(), "=", int(1000)), "(r1.\"tiny\" IS NULL AND NULL)"),
            (test(Common::flag(), "=", constant_of(Kind::Bool, "t")), "(r1.\"flag\" = TRUE)"),
            (test(Common::name(), "=", text("it's")), "(r1.\"name\" = 'it''s')"),
            (
                test(Common::day(), "<=", constant_of(Kind::Timestamp, "1998-09-02 00:00:00")),
                "(r1.\"day\" <= DATE '1998-09-02')",
            ),
            (
                test(Common::ratio(), "<", constant_of(Kind::Float8, "NaN")),
                "(r1.\"ratio\" < CAST('NaN' AS DOUBLE))",
            ),
            (
                test(Common::real(), "<", constant_of(Kind::Float8, "0.1")),
                "(CAST(r1.\"real\" AS DOUBLE) < CAST('0.1' AS DOUBLE))",
            ),
            (
                test(Common::mood(), "=", constant_of(Kind::Enum(99), "big")),
                "(CAST(r1.\"mood\" AS VARCHAR) = 'big')",
            ),
        ];
        for (expression, sql) in cases {
            assert_eq!(said(&expression).as_deref(), Some(sql));
        }
    }

    #[test]
    fn columns_are_compared_with_each_other() {
        let decimal = "(CAST(r1.\"big\" AS DECIMAL(21,2)) < CAST(r1.\"price\" AS DECIMAL(21,2)))";
        let big = function("numeric", [Common::big()], Kind::Numeric);
        let cases = [
            (test(Common::id(), "=", Common::id()), "(r1.\"id\" = r1.\"id\")"),
            (test(Common::id(), "<", Common::big()), "(CAST(r1.\"id\" AS BIGINT) < r1.\"big\")"),
            (test(big, "<", Common::price()), decimal),
            (
                test(Common::real(), "<", Common::ratio()),
                "(CAST(r1.\"real\" AS DOUBLE) < r1.\"ratio\")",
            ),
            (test(Common::mood(), "<>", Common::mood()), "(r1.\"mood\" <> r1.\"mood\")"),
        ];
        for (expression, sql) in cases {
            assert_eq!(said(&expression).as_deref(), Some(sql));
        }
        // 39 digits and two behind the point are too many; a date may have no timestamp.
        assert_eq!(said(&test(Common::huge(), "<", Common::price())), None);
        assert_eq!(said(&test(Common::day(), "<", Common::at())), None);
        assert_eq!(said(&test(Common::zoned(), "<", Common::at())), None);
    }

    #[test]
    fn collations_decide_about_texts() {
        let compared = |name: &str, collation| {
            said(&with_collation(test(Common::name(), name, text("a")), collation)).is_some()
        };
        assert!(compared("<", Collation::Bytes) && compared("=", Collation::Bytes));
        assert!(
            !compared("<", Collation::Deterministic) && compared("<>", Collation::Deterministic)
        );
        assert!(!compared("=", Collation::Nondeterministic) && !compared("=", Collation::None));
    }

    #[test]
    fn what_duckdb_orders_otherwise_is_not_compared() {
        let big = || constant_of(Kind::Enum(99), "big");
        assert_eq!(said(&test(Common::mood(), "<", big())), None);
        assert_eq!(said(&test(Common::json(), "=", constant_of(Kind::Other(3802), "1"))), None);
        assert_eq!(said(&test(Common::price(), "<", constant_of(Kind::Float8, "1"))), None);
    }

    #[test]
    fn parameters_are_compared_when_they_are_known() {
        let sql = super::super::value::value(
            &test(Common::id(), "<", param(0, Kind::Numeric)),
            &common(),
        );
        let sql = sql.unwrap().sql;
        assert_eq!(sql.to_string(), "(r1.\"id\" < $1)");
        let with = |text: &str| sql.with(&[(Kind::Numeric, Some(text.into()))]).unwrap();
        assert_eq!(with("7.5"), "(r1.\"id\" <= 7)");
        assert_eq!(with("NaN"), "(r1.\"id\" IS NOT NULL OR NULL)");
        assert_eq!(
            said(&test(param(1, Kind::Date), ">", Common::at())).unwrap(),
            "(r1.\"at\" < $2)"
        );
        assert_eq!(said(&test(Common::id(), "<", param(0, Kind::Float8))), None);
        assert_eq!(said(&test(Common::zoned(), "<", param(0, Kind::Timestamp))), None);
        assert_eq!(said(&test(Common::at(), "<", param(0, Kind::TimestampTz))), None);
    }

    #[test]
    fn lists_keep_what_can_be_equal() {
        let of = |elements: &[Expression]| {
            is_in(&Common::tiny(), elements, Collation::None, &common()).unwrap().to_string()
        };
        assert_eq!(of(&[int(1), int(2)]), "(r1.\"tiny\" IN (1, 2))");
        assert_eq!(of(&[int(1), int(1000)]), "(r1.\"tiny\" = 1)");
        assert_eq!(of(&[int(1000)]), "(r1.\"tiny\" IS NULL AND NULL)");
        assert_eq!(of(&[int(1), null(Kind::Int4)]), "(r1.\"tiny\" IN (1, NULL))");
        assert_eq!(of(&[int(1000), null(Kind::Int4)]), "CAST(NULL AS BOOLEAN)");
        assert!(is_in(&Common::tiny(), &[Common::id()], Collation::None, &common()).is_none());
        assert!(is_in(&Common::json(), &[int(1)], Collation::None, &common()).is_none());
    }
}
