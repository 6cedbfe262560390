//! Operators that compute something.

use migrator_model::{LogicalType, ident};

use super::{
    compare::{compare, is_decided},
    comparison::Comparison,
    date_arithmetic, decimal,
    expression::{Collation, Expression, Kind},
    integer, literal,
    relation::Scope,
    sql::Sql,
    value::{Facts, Value, is_strict, value},
};

/// An operator's value.
pub fn value_of(expression: &Expression, scope: &Scope) -> Option<Value> {
    let Expression::Operator { name, operands, declared, result, collation } = expression else {
        return None;
    };
    match operands.as_slice() {
        [operand] => unary(name, operand, *result, scope),
        [left, right] if *result == Kind::Bool => {
            let sql = predicate(name, left, right, declared, *collation, scope)?;
            Some(Value::new(sql, LogicalType::Boolean))
        }
        [left, right] => binary(name, left, right, *result, scope),
        _ => None,
    }
}

/// An operator that is true or false.
fn predicate(
    name: &str,
    left: &Expression,
    right: &Expression,
    declared: &[Kind],
    collation: Collation,
    scope: &Scope,
) -> Option<Sql> {
    if let Some(comparison) = Comparison::of(name) {
        return compare(comparison, left, right, collation, scope);
    }
    if !declared.iter().all(|kind| *kind == Kind::Text) {
        return None;
    }
    match name {
        "~~" => like(left, "LIKE", right, collation, scope),
        "!~~" => like(left, "NOT LIKE", right, collation, scope),
        "^@" => starts_with(left, right, collation, scope),
        _ => None,
    }
}

/// LIKE: `_` is a character of any number of bytes in both. DuckDB knows an escape only where one is
/// named, and is faster without.
fn like(
    left: &Expression,
    operator: &str,
    pattern: &Expression,
    collation: Collation,
    scope: &Scope,
) -> Option<Sql> {
    let Expression::Constant { value: pattern, .. } = pattern else { return None };
    let Some(pattern) = pattern else { return Some(Sql::text("CAST(NULL AS BOOLEAN)")) };
    if !is_decided(false, Kind::Text, collation) || ends_in_escape(pattern) {
        return None;
    }
    let escape = if pattern.contains('\\') { " ESCAPE '\\'" } else { "" };
    let after = format!(" {operator} {}{escape})", ident::literal(pattern));
    Some(text_of(left, scope)?.sql.between("(", &after))
}

/// An error in PostgreSQL, where a row comes so far.
fn ends_in_escape(pattern: &str) -> bool {
    (pattern.len() - pattern.trim_end_matches('\\').len()) % 2 == 1
}

/// Whether a text begins with another.
pub fn starts_with(
    left: &Expression,
    right: &Expression,
    collation: Collation,
    scope: &Scope,
) -> Option<Sql> {
    let (left, right) = (text_of(left, scope)?, text_of(right, scope)?);
    let is_decided = is_decided(false, Kind::Text, collation);
    is_decided.then(|| Sql::call("starts_with", &[&left.sql, &right.sql]))
}

/// A text for a function of texts: many comparisons of these are LIKE in disguise.
pub fn text_of(expression: &Expression, scope: &Scope) -> Option<Value> {
    let is_text = matches!(expression.kind(), Kind::Text | Kind::Varchar) && is_strict(expression);
    let value = value(expression, scope).filter(|_| is_text)?;
    (value.logical == LogicalType::Varchar).then_some(value)
}

fn binary(
    name: &str,
    left: &Expression,
    right: &Expression,
    result: Kind,
    scope: &Scope,
) -> Option<Value> {
    match (result, left.kind(), right.kind()) {
        (_, left_kind, right_kind) if is_integer(left_kind) && is_integer(right_kind) => {
            integer_arithmetic(name, left, right, result, scope)
        }
        (Kind::Numeric, Kind::Numeric, Kind::Numeric) => {
            decimal::arithmetic(name, value(left, scope)?, value(right, scope)?)
        }
        (Kind::Text, _, _) if name == "||" => {
            let (left, right) = (text_of(left, scope)?, text_of(right, scope)?);
            let sql = Sql::infix(&left.sql, "||", &right.sql);
            Some(Value::new(sql, LogicalType::Varchar))
        }
        _ => date_arithmetic::value_of(name, left, right, scope),
    }
}

/// Whether a type holds whole numbers.
pub fn is_integer(kind: Kind) -> bool {
    matches!(kind, Kind::Int2 | Kind::Int4 | Kind::Int8)
}

/// As wide as PostgreSQL computes, and only where nothing can overflow: DuckDB would fail for rows that
/// PostgreSQL does not come to, or compute without failing what it can say in another way.
pub fn integer_arithmetic(
    name: &str,
    left: &Expression,
    right: &Expression,
    result: Kind,
    scope: &Scope,
) -> Option<Value> {
    let logical = literal::logical(result).filter(|_| is_integer(result))?;
    let operand = |operand| Some(value(operand, scope)?.cast(&logical));
    let (left, right, is_divisor) = (operand(left)?, operand(right)?, is_divisor(right));
    let (l, r) = (left.facts.most, right.facts.most);
    let said = |operator| Sql::infix(&left.sql, operator, &right.sql);
    match name {
        "+" | "-" => whole(said(name), logical, l.checked_add(r)?),
        "*" => whole(said(name), logical, l.checked_mul(r)?),
        // Both cut off towards zero.
        "/" if is_divisor => Some(Value::new(said("//"), logical)),
        "%" if is_divisor => Some(Value::new(said("%"), logical)),
        _ => None,
    }
}

/// A whole number of a type, if each value fits it.
fn whole(sql: Sql, logical: LogicalType, most: u128) -> Option<Value> {
    let (_, greatest) = integer::range(&logical)?;
    let facts = Facts { most, plain: true, ordinary: false };
    (most <= greatest.unsigned_abs()).then_some(Value { sql, logical, facts })
}

/// A constant that divides every number: not 0, and not -1, which overflows.
fn is_divisor(expression: &Expression) -> bool {
    match expression {
        Expression::Constant { value: Some(text), .. } => !matches!(text.as_str(), "0" | "-1"),
        _ => false,
    }
}

fn unary(name: &str, operand: &Expression, result: Kind, scope: &Scope) -> Option<Value> {
    match name {
        "+" => value(operand, scope).filter(|_| is_number(result)),
        "-" => negative(operand, result, scope),
        "@" => absolute(operand, result, scope),
        _ => None,
    }
}

/// Not of floating-point numbers: DuckDB takes `-x > 5` for `x < -5`, and forgets NaN, which is the
/// greatest with either sign.
fn negative(operand: &Expression, result: Kind, scope: &Scope) -> Option<Value> {
    let is_float = matches!(result, Kind::Float4 | Kind::Float8);
    let operand = with_sign(operand, result, scope).filter(|_| !is_float)?;
    Some(operand.map_sql(|sql| sql.between("(-", ")")))
}

/// Without its sign.
pub fn absolute(operand: &Expression, result: Kind, scope: &Scope) -> Option<Value> {
    Some(with_sign(operand, result, scope)?.map_sql(|sql| Sql::call("abs", &[sql])))
}

fn is_number(kind: Kind) -> bool {
    is_integer(kind) || matches!(kind, Kind::Numeric | Kind::Float4 | Kind::Float8)
}

/// A number as a type that has its negation.
fn with_sign(operand: &Expression, result: Kind, scope: &Scope) -> Option<Value> {
    let operand = value(operand, scope)?;
    match result {
        Kind::Int2 | Kind::Int4 | Kind::Int8 => {
            let operand = operand.cast(&literal::logical(result)?);
            whole(operand.sql, operand.logical, operand.facts.most)
        }
        Kind::Numeric => decimal::as_decimal(operand),
        Kind::Float4 | Kind::Float8 => Some(operand),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    #[test]
    fn whole_numbers_are_computed_as_wide_as_in_postgresql() {
        let plus = |left, right, result| said(&operator(left, "+", right, result)).unwrap();
        let count = "(r1.\"count\" + CAST('1' AS INTEGER))";
        assert_eq!(plus(Common::count(), int(1), Kind::Int4), count);
        let tiny = "(CAST(r1.\"tiny\" AS INTEGER) + CAST('1' AS INTEGER))";
        assert_eq!(plus(Common::tiny(), int(1), Kind::Int4), tiny);
        let big = "(CAST(r1.\"id\" AS BIGINT) + CAST(r1.\"id\" AS BIGINT))";
        assert_eq!(plus(Common::id(), Common::id(), Kind::Int8), big);
        let small = "(CAST(r1.\"tiny\" AS SMALLINT) + CAST(r1.\"tiny\" AS SMALLINT))";
        assert_eq!(plus(Common::tiny(), Common::tiny(), Kind::Int2), small);
    }

    #[test]
    fn whole_numbers_that_may_overflow_stay() {
        let of = |left, name: &str, right, result| said(&operator(left, name, right, result));
        assert_eq!(of(Common::id(), "+", int(1), Kind::Int4), None);
        assert_eq!(of(Common::count(), "*", Common::count(), Kind::Int4), None);
        assert!(of(Common::count(), "*", int(2000), Kind::Int4).is_some());
        assert_eq!(of(Common::count(), "*", int(3000), Kind::Int4), None);
        assert_eq!(of(Common::count(), "+", param(0, Kind::Int4), Kind::Int4), None);
    }

    #[test]
    fn whole_numbers_are_divided_by_constants() {
        let by = |name: &str, right| said(&operator(Common::id(), name, right, Kind::Int4));
        assert_eq!(by("/", int(7)).unwrap(), "(r1.\"id\" // CAST('7' AS INTEGER))");
        assert_eq!(by("%", int(7)).unwrap(), "(r1.\"id\" % CAST('7' AS INTEGER))");
        for divisor in [int(0), int(-1), Common::id(), param(0, Kind::Int4), null(Kind::Int4)] {
            assert_eq!(by("/", divisor.clone()), None);
            assert_eq!(by("%", divisor), None);
        }
    }

    #[test]
    fn numbers_have_signs() {
        let minus = |operand: Expression| {
            let (declared, result) = (vec![operand.kind()], operand.kind());
            let name = "-".to_owned();
            let collation = Collation::None;
            said(&Expression::Operator {
                name,
                operands: vec![operand],
                declared,
                result,
                collation,
            })
        };
        assert_eq!(minus(Common::tiny()).unwrap(), "(-CAST(r1.\"tiny\" AS SMALLINT))");
        assert_eq!(minus(Common::price()).unwrap(), "(-r1.\"price\")");
        assert_eq!(minus(Common::ratio()), None);
        assert_eq!(minus(Common::huge()), None);
        assert_eq!(minus(Common::id()), None);
        assert_eq!(minus(Common::name()), None);
    }

    #[test]
    fn doubles_are_not_computed_with() {
        let ratio = || Common::ratio();
        for name in ["+", "-", "*", "/"] {
            assert_eq!(said(&operator(ratio(), name, ratio(), Kind::Float8)), None, "{name}");
        }
    }

    #[test]
    fn patterns_are_constants() {
        let like = |pattern: &str| said(&test(Common::name(), "~~", text(pattern)));
        assert_eq!(like("a%").unwrap(), "(r1.\"name\" LIKE 'a%')");
        assert_eq!(like("it's_").unwrap(), "(r1.\"name\" LIKE 'it''s_')");
        assert_eq!(like("100\\%").unwrap(), "(r1.\"name\" LIKE '100\\%' ESCAPE '\\')");
        assert_eq!(like("a\\\\").unwrap(), "(r1.\"name\" LIKE 'a\\\\' ESCAPE '\\')");
        assert_eq!(like("a\\"), None);
        assert_eq!(like("a\\\\\\"), None);
        let not = test(Common::name(), "!~~", text("%b%"));
        assert_eq!(said(&not).unwrap(), "(r1.\"name\" NOT LIKE '%b%')");
        assert_eq!(
            said(&test(Common::name(), "~~", null(Kind::Text))).unwrap(),
            "CAST(NULL AS BOOLEAN)"
        );
        assert_eq!(said(&test(Common::name(), "~~", Common::name())), None);
        let blind =
            with_collation(test(Common::name(), "~~", text("a")), Collation::Nondeterministic);
        assert_eq!(said(&blind), None);
        for name in ["~~*", "~", "!~*", "~<~"] {
            assert_eq!(said(&test(Common::name(), name, text("a"))), None, "{name}");
        }
    }

    #[test]
    fn texts_that_may_be_null_by_themselves_have_no_patterns() {
        let arguments = vec![Common::name(), text("x")];
        let chosen = Expression::Coalesce { arguments, result: Kind::Text };
        assert!(said(&test(chosen.clone(), "=", text("a"))).is_some());
        assert_eq!(said(&test(chosen.clone(), "~~", text("a%"))), None);
        assert_eq!(said(&test(chosen, "^@", text("a"))), None);
    }

    #[test]
    fn bytes_have_no_patterns() {
        let like = test(Common::bytes(), "~~", constant_of(Kind::Bytea, "\\x25"));
        assert_eq!(said(&like), None);
    }

    #[test]
    fn texts_are_joined_and_begin() {
        let joined = operator(Common::name(), "||", text("x"), Kind::Text);
        assert_eq!(said(&joined).unwrap(), "(r1.\"name\" || 'x')");
        let begins = test(Common::name(), "^@", text("x"));
        assert_eq!(said(&begins).unwrap(), "starts_with(r1.\"name\", 'x')");
        let bytes = operator(Common::bytes(), "||", Common::bytes(), Kind::Bytea);
        assert_eq!(said(&bytes), None);
    }
}
