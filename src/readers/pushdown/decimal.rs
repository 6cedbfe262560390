//! Decimals. PostgreSQL's numeric grows as it has to; a DECIMAL has a width, and what does not fit it is
//! an error. So the sides' greatest values decide whether the result can overflow.

use migrator_model::LogicalType;

use super::{
    integer::{self, MOST_DIGITS},
    sql::Sql,
    value::{Facts, Value},
};

/// The digits of an i64. A product of two decimals that fit one stays one, if it can, and is checked.
const WORD_DIGITS: u8 = 18;

/// `left operator right`, with as many digits behind the point as PostgreSQL's result has.
pub fn arithmetic(name: &str, left: Value, right: Value) -> Option<Value> {
    let (left, right) = (as_decimal(left)?, as_decimal(right)?);
    match name {
        "+" | "-" => sum(name, &left, &right),
        "*" => product(left, &right),
        _ => None,
    }
}

/// A numeric as a DECIMAL.
pub fn as_decimal(value: Value) -> Option<Value> {
    let (width, scale) = integer::as_decimal(&value.logical)?;
    Some(value.cast(&LogicalType::Decimal { width, scale }))
}

/// DecimalArithmeticResultType (arithmetic.cpp): one digit more than both have, before and behind.
fn sum(name: &str, left: &Value, right: &Value) -> Option<Value> {
    let ((lw, ls), (rw, rs)) = (type_of(left)?, type_of(right)?);
    let scale = ls.max(rs);
    let width = (scale + (lw - ls).max(rw - rs) + 1).min(MOST_DIGITS);
    let most = scaled(left, scale)?.checked_add(scaled(right, scale)?)?;
    result(Sql::infix(&left.sql, name, &right.sql), width, scale, most, [left, right])
}

/// DecimalMultiplyResultType (arithmetic.cpp): the digits of both.
fn product(left: Value, right: &Value) -> Option<Value> {
    let ((lw, ls), (rw, rs)) = (type_of(&left)?, type_of(right)?);
    let (width, scale) = (lw + rw, ls + rs);
    let most = left.facts.most.checked_mul(right.facts.most)?;
    let is_word = lw.max(rw) <= WORD_DIGITS && scale < WORD_DIGITS;
    if !is_word || width <= WORD_DIGITS || fits(most, WORD_DIGITS) {
        let width = width.min(if is_word { WORD_DIGITS } else { MOST_DIGITS });
        let sql = Sql::infix(&left.sql, "*", &right.sql);
        return result(sql, width, scale, most, [&left, right]);
    }
    // One side wider than a word makes the product as wide as it has to be.
    product(left.cast(&LogicalType::Decimal { width: WORD_DIGITS + 1, scale: ls }), right)
}

/// The result, if each value fits it.
fn result(sql: Sql, width: u8, scale: u8, most: u128, sides: [&Value; 2]) -> Option<Value> {
    let plain = sides.iter().all(|side| side.facts.plain);
    let facts = Facts { most, plain, ordinary: false };
    let logical = LogicalType::Decimal { width, scale };
    (scale <= MOST_DIGITS && fits(most, width)).then_some(Value { sql, logical, facts })
}

fn type_of(value: &Value) -> Option<(u8, u8)> {
    integer::as_decimal(&value.logical)
}

/// The greatest value with another number of digits behind the point.
pub fn scaled(value: &Value, scale: u8) -> Option<u128> {
    let more = scale.checked_sub(integer::scale(&value.logical))?;
    value.facts.most.checked_mul(10_u128.checked_pow(more.into())?)
}

/// Whether a number has at most so many digits.
pub fn fits(most: u128, width: u8) -> bool {
    10_u128.checked_pow(width.into()).is_some_and(|end| most < end)
}

#[cfg(test)]
mod tests {
    use migrator_model::{PgType, catalog::Bounds};

    use super::{
        super::{expression::Kind, testing::*, value::value},
        *,
    };

    fn decimal(width: u8, scale: u8) -> LogicalType {
        LogicalType::Decimal { width, scale }
    }

    fn numeric(name: &str, width: u8, scale: u8) -> super::super::RemoteColumn {
        column(name, decimal(width, scale), PgType::Numeric(Some((width.into(), scale.into()))))
    }

    fn said_type(expression: &super::super::Expression) -> Option<LogicalType> {
        value(expression, &common()).map(|value| value.logical)
    }

    #[test]
    fn sums_have_a_digit_more() {
        let sum = operator(num("1"), "-", Common::price(), Kind::Numeric);
        assert_eq!(said(&sum).unwrap(), "(CAST('1' AS DECIMAL(1,0)) - r1.\"price\")");
        assert_eq!(said_type(&sum), Some(decimal(16, 2)));
        let of_big = function("numeric", [Common::big()], Kind::Numeric);
        let sum = operator(of_big, "+", Common::price(), Kind::Numeric);
        assert_eq!(said(&sum).unwrap(), "(CAST(r1.\"big\" AS DECIMAL(19,0)) + r1.\"price\")");
        assert_eq!(said_type(&sum), Some(decimal(22, 2)));
    }

    #[test]
    fn products_are_wide_enough() {
        let square = operator(Common::price(), "*", Common::price(), Kind::Numeric);
        let wide = "(CAST(r1.\"price\" AS DECIMAL(19,2)) * r1.\"price\")";
        assert_eq!(
            (said(&square).unwrap().as_str(), said_type(&square)),
            (wide, Some(decimal(34, 4)))
        );
        let twice = operator(Common::price(), "*", num("2"), Kind::Numeric);
        assert_eq!(said(&twice).unwrap(), "(r1.\"price\" * CAST('2' AS DECIMAL(1,0)))");
        assert_eq!(said_type(&twice), Some(decimal(16, 2)));
    }

    #[test]
    fn what_may_overflow_stays() {
        let square = || operator(Common::price(), "*", Common::price(), Kind::Numeric);
        assert_eq!(said(&operator(square(), "*", Common::price(), Kind::Numeric)), None);
        assert_eq!(said(&operator(Common::huge(), "+", num("1"), Kind::Numeric)), None);
        let widest = scope([numeric("a", 38, 0)]);
        let sum = operator(col(1, Kind::Numeric), "+", num("1"), Kind::Numeric);
        assert!(value(&sum, &widest).is_none());
        let finest = scope([numeric("a", 20, 20)]);
        let square = operator(col(1, Kind::Numeric), "*", col(1, Kind::Numeric), Kind::Numeric);
        assert!(value(&square, &finest).is_none());
    }

    #[test]
    fn numeric_is_not_divided() {
        for name in ["/", "%"] {
            assert_eq!(said(&operator(Common::price(), name, num("2"), Kind::Numeric)), None);
        }
    }

    /// TPC-H's l_extendedprice * (1 - l_discount) * (1 + l_tax).
    #[test]
    fn statistics_let_prices_be_multiplied() {
        let bounded = |name: &str, low: &str, high: &str| {
            let bounds = Some(Bounds { low: low.into(), high: high.into() });
            super::super::RemoteColumn { bounds, ..numeric(name, 15, 2) }
        };
        let lineitem = scope([
            bounded("price", "901.00", "104949.50"),
            bounded("discount", "0.00", "0.10"),
            bounded("tax", "0.00", "0.08"),
        ]);
        let column = |attribute| col(attribute, Kind::Numeric);
        let of = |name: &str, right| operator(num("1"), name, right, Kind::Numeric);
        let discounted = operator(column(1), "*", of("-", column(2)), Kind::Numeric);
        let charged = operator(discounted, "*", of("+", column(3)), Kind::Numeric);
        let charged = value(&charged, &lineitem).unwrap();
        assert_eq!(charged.logical, decimal(18, 6));
        assert_eq!(charged.facts.most, 10_494_950 * 110 * 108);
        assert!(!charged.sql.to_string().contains("DECIMAL(19"));
    }
}
