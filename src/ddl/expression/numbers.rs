//! Functions of exact numbers, and roundings. DuckDB rounds halves away from zero where PostgreSQL
//! rounds those of a floating-point number to even.

use sqlparser::ast::BinaryOperator;

use super::{
    Untranslatable,
    class::{BIGINT, Class},
    division,
    functions::{
        Call, Function,
        Stability::{Immutable, Queried},
        line, one, pair, two,
    },
    literals, operators, refuse,
    value::{Literal, Value},
};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["abs", "@"], 1..=1, Immutable, abs),
    line(&["sign"], 1..=1, Immutable, sign),
    line(&["round"], 1..=2, Immutable, round),
    line(&["floor", "ceil", "ceiling"], 1..=1, Immutable, whole),
    line(&["trunc"], 1..=2, Immutable, trunc),
    line(&["mod"], 2..=2, Immutable, |call| two(call, |a, b| operators::binary(a, &BinaryOperator::Modulo, b))),
    line(&["gcd", "lcm", "greatest_common_divisor", "least_common_multiple"], 2..=2, Immutable, divisor),
    line(&["factorial", "!__postfix"], 1..=1, Queried, factorial),
];

fn abs(call: Call<'_>) -> Out {
    let value = one(call)?;
    if !value.class.number() {
        return refuse(format!("function abs of {} is not supported", value.class.name()));
    }
    Ok(Value::new(format!("pg_catalog.abs({})", value.sql), value.class))
}

/// TINYINT; 0 for NaN in both systems.
fn sign(call: Call<'_>) -> Out {
    let value = one(call)?;
    if !value.class.number() {
        return refuse(format!("function sign of {} is not supported", value.class.name()));
    }
    let class = Class::Integer { digits: 3, unsigned: false };
    Ok(Value::settled(format!("pg_catalog.sign({})::smallint", value.sql), class))
}

/// The digits of `round` and `trunc`, after or before the point.
fn digits(call: &Call<'_>) -> Result<i128, Untranslatable> {
    match call.args.get(1).map(|arg| &arg.literal) {
        None => Ok(0),
        Some(Some(Literal::Integer(digits @ -38..=38))) => Ok(*digits),
        Some(_) => refuse(format!("function {} with computed digits", call.name)),
    }
}

/// DuckDB rounds half away from zero, as PostgreSQL's numeric does and double precision does not.
fn round(call: Call<'_>) -> Out {
    let digits = digits(&call)?;
    let view = call.context.purpose.view();
    let value = one(call)?;
    match value.class {
        Class::Integer { .. } if digits >= 0 => Ok(value),
        Class::Integer { digits: size @ (5 | 10 | 19), unsigned: false } => {
            let pg = match size {
                5 => "smallint",
                10 => "integer",
                _ => "bigint",
            };
            let sql = format!("pg_catalog.round(({})::numeric, {digits})::{pg}", value.sql);
            Ok(Value::settled(sql, value.class))
        }
        Class::Decimal { width, scale } => {
            let scale = scale.min(u8::try_from(digits).unwrap_or(0));
            let sql = format!("pg_catalog.round(({})::numeric, {digits})", value.sql);
            Ok(Value::new(sql, Class::Decimal { width, scale }))
        }
        Class::Double if view && (0..=15).contains(&digits) => {
            division::rounded(&value, u32::try_from(digits).unwrap_or(0))
        }
        Class::Float if view && digits == 0 => {
            let double = literals::convert(value, &Class::Double)?;
            let sql = format!("({})::real", division::rounded(&double, 0)?.sql);
            Ok(Value::settled(sql, Class::Float))
        }
        other => refuse(format!("function round of {} rounds differently", other.name())),
    }
}

/// An integer becomes a DOUBLE.
fn whole(call: Call<'_>) -> Out {
    let name = if call.name == "ceiling" { "ceil" } else { call.name };
    let value = one(Call { name, ..call })?;
    match value.class {
        Class::Integer { .. } => literals::convert(value, &Class::Double),
        _ => cut(name, value, 0),
    }
}

/// An integer is its own.
fn trunc(call: Call<'_>) -> Out {
    let digits = digits(&call)?;
    let value = one(call)?;
    match value.class {
        Class::Integer { .. } if digits >= 0 => Ok(value),
        _ => cut("trunc", value, digits),
    }
}

/// A number without its decimals, or with some of them.
fn cut(name: &str, value: Value, digits: i128) -> Out {
    let sql = &value.sql;
    match value.class {
        Class::Decimal { width, scale } if digits >= 0 => {
            let scale = scale.min(u8::try_from(digits).unwrap_or(0));
            let digits = if digits == 0 { String::new() } else { format!(", {digits}") };
            let sql = format!("pg_catalog.{name}(({sql})::numeric{digits})");
            Ok(Value::new(sql, Class::Decimal { width, scale }))
        }
        Class::Double if digits == 0 => {
            Ok(Value::settled(format!("pg_catalog.{name}({sql})"), Class::Double))
        }
        Class::Float if digits == 0 => {
            let sql = format!("pg_catalog.{name}(({sql})::double precision)::real");
            Ok(Value::settled(sql, Class::Float))
        }
        other => refuse(format!("function {name} of {} is not supported", other.name())),
    }
}

/// BIGINT, whatever the integers are.
fn divisor(call: Call<'_>) -> Out {
    let name = match call.name {
        "gcd" | "greatest_common_divisor" => "gcd",
        _ => "lcm",
    };
    let (one, two) = pair(call)?;
    for value in [&one, &two] {
        if !matches!(value.class, Class::Integer { digits: ..=19, .. }) {
            return refuse(format!("function {name} of {} is not supported", value.class.name()));
        }
    }
    let sql = format!("pg_catalog.{name}(({})::bigint, ({})::bigint)", one.sql, two.sql);
    Ok(Value::settled(sql, BIGINT))
}

/// HUGEINT, which ends at 33!; PostgreSQL fails for negative numbers, too.
fn factorial(call: Call<'_>) -> Out {
    let value = one(call)?;
    let small = |digits: u8, unsigned: bool| digits < 10 || (digits == 10 && !unsigned);
    match value.class {
        Class::Integer { digits, unsigned } if small(digits, unsigned) => {}
        other => return refuse(format!("function factorial of {} is not supported", other.name())),
    }
    division::once(&value)?;
    let sql = &value.sql;
    // The factorial of the other number is out of range for PostgreSQL itself.
    let number = format!("(CASE WHEN {sql} > 33 THEN 100000 ELSE {sql} END)::bigint");
    let class = Class::Integer { digits: 39, unsigned: false };
    Ok(Value::new(format!("pg_catalog.factorial({number})"), class))
}
