//! Operators. What DuckDB's catalog prints is matched with what PostgreSQL does for the same types.

use sqlparser::ast::{BinaryOperator as Op, UnaryOperator};

use super::{
    Untranslatable, bits,
    class::Class,
    floats, patterns, refuse, temporal,
    value::{Literal, Value, comparable, equatable, unify},
};

type Out = Result<Value, Untranslatable>;

/// DuckDB compares texts by their bytes, PostgreSQL by the column's collation.
const BINARY: &str = "COLLATE pg_catalog.\"C\"";

/// An operator with one operand.
pub(in crate::ddl) fn unary(operator: &UnaryOperator, value: Value) -> Out {
    match operator {
        UnaryOperator::Not => {
            let sql = value.boolean("NOT")?.sql;
            Ok(Value::new(format!("(NOT {sql})"), Class::Boolean))
        }
        UnaryOperator::Plus if value.class.number() => Ok(value),
        UnaryOperator::Minus => minus(value),
        UnaryOperator::BitwiseNot => bits::not(value),
        other => refuse(format!("operator {other} is not supported")),
    }
}

fn minus(value: Value) -> Out {
    match value.class {
        Class::Integer { unsigned: true, .. } => refuse("operator - on an unsigned type"),
        _ if !value.class.number() && value.class != Class::Interval => {
            refuse(format!("operator - on {} is not supported", value.class.name()))
        }
        _ => {
            let literal = match value.literal {
                Some(Literal::Integer(number)) => number.checked_neg().map(Literal::Integer),
                other => other,
            };
            Ok(Value {
                sql: format!("(-{})", value.sql),
                class: value.class,
                literal,
                settled: false,
            })
        }
    }
}

/// An operator with two operands.
pub(in crate::ddl) fn binary(left: Value, operator: &Op, right: Value) -> Out {
    match operator {
        Op::And => logic(left, "AND", right),
        Op::Or => logic(left, "OR", right),
        Op::Eq => compare(left, "=", right),
        Op::NotEq => compare(left, "<>", right),
        Op::Lt => compare(left, "<", right),
        Op::LtEq => compare(left, "<=", right),
        Op::Gt => compare(left, ">", right),
        Op::GtEq => compare(left, ">=", right),
        Op::Plus | Op::Minus if temporal::involved(&left, &right) => {
            temporal::arithmetic(left, *operator == Op::Plus, right)
        }
        Op::Plus => arithmetic(left, "+", right),
        Op::Minus => arithmetic(left, "-", right),
        Op::Multiply if temporal::involved(&left, &right) => temporal::times(left, right),
        Op::Multiply => arithmetic(left, "*", right),
        Op::Modulo => remainder(left, right),
        Op::Divide => divide(left, right),
        Op::DuckIntegerDivide => integer_divide(left, right),
        // sqlparser's name for `^`, which is a power in DuckDB.
        Op::BitwiseXor => floats::power(left, right, false),
        Op::BitwiseAnd => bits::both(left, "&", right),
        Op::BitwiseOr => bits::both(left, "|", right),
        Op::StringConcat => concat(left, right),
        Op::PGLikeMatch => patterns::like(left, "LIKE", right, ""),
        Op::PGNotLikeMatch => patterns::like(left, "NOT LIKE", right, ""),
        Op::PGILikeMatch => patterns::like(left, "ILIKE", right, ""),
        Op::PGNotILikeMatch => patterns::like(left, "NOT ILIKE", right, ""),
        other => refuse(format!("operator {other} is not supported")),
    }
}

/// Whether an operator is a comparison.
pub(in crate::ddl) fn compares(operator: &Op) -> bool {
    matches!(operator, Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq)
}

fn logic(left: Value, operator: &str, right: Value) -> Out {
    let (left, right) = (left.boolean(operator)?, right.boolean(operator)?);
    Ok(Value::new(format!("({} {operator} {})", left.sql, right.sql), Class::Boolean))
}

/// A comparison of two values, IS [NOT] DISTINCT FROM included.
pub(in crate::ddl) fn compare(left: Value, operator: &str, right: Value) -> Out {
    let order = operator.starts_with(['<', '>']) && operator != "<>";
    let place = format!("operator {operator}");
    let (values, class) = match order {
        true => comparable(vec![left, right], &place)?,
        false => equatable(vec![left, right], &place)?,
    };
    match values.as_slice() {
        [left, right] => {
            let left = if order { sortable(&left.sql, &class) } else { left.sql.clone() };
            let sql = format!("({left} {operator} {})", right.sql);
            Ok(Value::new(sql, Class::Boolean))
        }
        _ => refuse("a comparison needs two operands"),
    }
}

/// A text so that it sorts as in DuckDB.
pub(in crate::ddl) fn sortable(sql: &str, class: &Class) -> String {
    if *class == Class::Text { format!("({sql} {BINARY})") } else { sql.to_owned() }
}

/// The first value BETWEEN the second and the third.
pub(in crate::ddl) fn between(values: Vec<Value>) -> Out {
    let (values, class) = comparable(values, "BETWEEN")?;
    match values.as_slice() {
        [value, low, high] => {
            let value = sortable(&value.sql, &class);
            let sql = format!("({value} BETWEEN {} AND {})", low.sql, high.sql);
            Ok(Value::new(sql, Class::Boolean))
        }
        _ => refuse("BETWEEN needs three operands"),
    }
}

/// The first value IN the others.
pub(in crate::ddl) fn in_list(values: Vec<Value>) -> Out {
    let (values, _) = equatable(values, "IN")?;
    match values.split_first() {
        Some((value, list)) if !list.is_empty() => {
            let list = list.iter().map(|item| item.sql.as_str()).collect::<Vec<_>>().join(", ");
            Ok(Value::new(format!("({} IN ({list}))", value.sql), Class::Boolean))
        }
        _ => refuse("IN needs a list"),
    }
}

/// IS NULL and IS NOT NULL; the only question that makes sense for every type.
pub(in crate::ddl) fn is_null(value: Value, operator: &str) -> Value {
    Value::new(format!("({} {operator})", value.sql), Class::Boolean)
}

/// IS [NOT] TRUE and IS [NOT] FALSE.
pub(in crate::ddl) fn is_truth(value: Value, operator: &str) -> Out {
    let sql = value.boolean(operator)?.sql;
    Ok(Value::new(format!("({sql} {operator})"), Class::Boolean))
}

/// `+`, `-` and `*` on numbers. Exact numbers stay exact in both systems; a floating-point operand
/// makes the other one the same type, which PostgreSQL would not do by itself.
fn arithmetic(left: Value, operator: &str, right: Value) -> Out {
    let unsigned = |value: &Value| matches!(value.class, Class::Integer { unsigned: true, .. });
    if operator == "-" && (unsigned(&left) || unsigned(&right)) {
        return refuse("operator - on an unsigned type fails below zero in DuckDB only");
    }
    numbers(&left, &right, operator)?;
    let class = exact_result(&left.class, operator, &right.class);
    if matches!(class, Some(Class::Decimal { width, scale }) if scale > width) {
        return refuse("a product with more than 38 decimals");
    }
    let (values, common) = unify(vec![left, right], &format!("operator {operator}"))?;
    infix(&values, operator, class.unwrap_or(common))
}

fn numbers(left: &Value, right: &Value, operator: &str) -> Result<(), Untranslatable> {
    if left.class.number() && right.class.number() {
        return Ok(());
    }
    let (left, right) = (left.class.name(), right.class.name());
    refuse(format!("operator {operator} on {left} and {right} is not supported"))
}

fn infix(values: &[Value], operator: &str, class: Class) -> Out {
    match values {
        [left, right] => Ok(Value::new(format!("({} {operator} {})", left.sql, right.sql), class)),
        _ => refuse(format!("operator {operator} needs two operands")),
    }
}

/// DuckDB's type for sums and products of decimals; None where the operands' common type will do.
fn exact_result(left: &Class, operator: &str, right: &Class) -> Option<Class> {
    if matches!((left, right), (Class::Integer { .. }, Class::Integer { .. })) {
        return None;
    }
    let (one, two) = (left.decimal()?, right.decimal()?);
    let (width, scale) = if operator == "*" { product(one, two) } else { sum(one, two) };
    Some(Class::Decimal { width: width.min(38), scale })
}

/// One digit more than both, so that nothing overflows.
fn sum((w1, s1): (u8, u8), (w2, s2): (u8, u8)) -> (u8, u8) {
    let scale = s1.max(s2);
    let whole = w1.saturating_sub(s1).max(w2.saturating_sub(s2));
    (whole.saturating_add(scale).saturating_add(1), scale)
}

/// All digits of both; but DuckDB keeps a product of what fits 64 bits in 64 bits.
fn product((w1, s1): (u8, u8), (w2, s2): (u8, u8)) -> (u8, u8) {
    let (width, scale) = (w1.saturating_add(w2), s1.saturating_add(s2));
    let small = w1 <= 18 && w2 <= 18 && scale < 18;
    (if small { width.min(18) } else { width }, scale)
}

fn remainder(left: Value, right: Value) -> Out {
    numbers(&left, &right, "%")?;
    if !(left.class.exact() && right.class.exact()) {
        return refuse("operator % on floating-point numbers has no counterpart");
    }
    let (values, class) = unify(vec![left, right], "operator %")?;
    infix(&values, "%", class)
}

/// DuckDB's `/` is a floating-point division, and yields infinity where PostgreSQL fails.
fn divide(left: Value, right: Value) -> Out {
    numbers(&left, &right, "/")?;
    if !right.non_zero() {
        return refuse("operator / by what may be zero: DuckDB yields infinity, not an error");
    }
    if [&left, &right].iter().any(|value| value.class == Class::Float) {
        return refuse("operator / on FLOAT is not supported");
    }
    let one = super::literals::convert(left, &Class::Double)?;
    let two = super::literals::convert(right, &Class::Double)?;
    infix(&[one, two], "/", Class::Double)
}

/// `//` truncates towards zero on integers, and fails on zero, as PostgreSQL's `/` does.
fn integer_divide(left: Value, right: Value) -> Out {
    let (left, right) = (left.integer("operator //")?, right.integer("operator //")?);
    let big = |value: &Value| matches!(value.class, Class::Integer { digits: 20.., .. });
    let numeric = big(&left) || big(&right);
    let (values, class) = unify(vec![left, right], "operator //")?;
    match (numeric, values.as_slice()) {
        // numeric's `/` keeps digits after the point.
        (true, [left, right]) => {
            Ok(Value::new(format!("pg_catalog.div({}, {})", left.sql, right.sql), class))
        }
        _ => infix(&values, "/", class),
    }
}

/// `||` on texts; a NULL makes the whole NULL in both systems.
fn concat(left: Value, right: Value) -> Out {
    let (left, right) = (shown_as_text(left)?, shown_as_text(right)?);
    Ok(Value::new(format!("({} || {})", left.sql, right.sql), Class::Text))
}

/// A value as its text, where both systems write it the same.
pub(in crate::ddl) fn shown_as_text(value: Value) -> Out {
    match value.class {
        Class::Decimal { width, scale } => {
            // Zeros after the point belong to DuckDB's text.
            let sql = match value.settled {
                true => format!("({})::text", value.sql),
                false => format!("(({})::numeric({width},{scale}))::text", value.sql),
            };
            // The zero before it does not, where the type has no place for it.
            let sql = match width == scale {
                true => format!("pg_catalog.regexp_replace({sql}, '^(-?)0', '\\1')"),
                false => sql,
            };
            Ok(Value::settled(sql, Class::Text))
        }
        Class::Integer { .. } | Class::Boolean | Class::Uuid => {
            Ok(Value::new(format!("({})::text", value.sql), Class::Text))
        }
        _ => value.text("a concatenation"),
    }
}
