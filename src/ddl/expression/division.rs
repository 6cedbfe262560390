//! Numbers that become DOUBLE, and back. DuckDB divides exact numbers as floating-point ones, and
//! yields infinity or NaN where PostgreSQL fails.

use super::{Untranslatable, class::Class, literals, refuse, value::Value};

type Out = Result<Value, Untranslatable>;

/// `/` of a query: by zero too.
pub(super) fn divide(left: Value, right: Value) -> Out {
    if !(left.class.number() && right.class.number()) {
        let (left, right) = (left.class.name(), right.class.name());
        return refuse(format!("operator / on {left} and {right} is not supported"));
    }
    if [&left, &right].iter().any(|value| value.class == Class::Float) {
        return refuse("operator / on FLOAT is not supported");
    }
    let (sure, signed) = (right.non_zero(), right.class == Class::Double);
    let (left, right) = (double(left)?, double(right)?);
    Ok(Value::settled(
        if sure { ratio(&left, &right) } else { any(&left, &right, signed)? },
        Class::Double,
    ))
}

fn ratio(left: &Value, right: &Value) -> String {
    format!("({} / {})", left.sql, right.sql)
}

/// A division whose divisor may be zero; a DOUBLE can be a negative zero.
fn any(left: &Value, right: &Value, signed: bool) -> Result<String, Untranslatable> {
    once(left)?;
    once(right)?;
    let (l, r) = (&left.sql, &right.sql);
    let positive =
        if signed { format!("(({l} > 0) = (({r})::text = '0'))") } else { format!("{l} > 0") };
    Ok(format!(
        "(CASE WHEN {r} <> 0 THEN {} WHEN {l} IS NULL OR {r} IS NULL THEN NULL \
         WHEN {l} = 0 OR {l} = 'NaN' THEN 'NaN' WHEN {positive} THEN 'Infinity' \
         ELSE '-Infinity'::double precision END)",
        ratio(left, right)
    ))
}

/// Refuses what would be another value when it is computed again.
pub(in crate::ddl) fn once(value: &Value) -> Result<(), Untranslatable> {
    let volatile = ["pg_catalog.random()", "pg_catalog.gen_random_uuid()", "pg_catalog.nextval("];
    match volatile.iter().any(|call| value.sql.contains(call)) {
        true => refuse("a random value is used in a place where it is computed twice"),
        false => Ok(()),
    }
}

/// Any number as the nearest DOUBLE.
pub(in crate::ddl) fn double(value: Value) -> Out {
    match value.class {
        Class::Integer { .. } | Class::Decimal { .. } => {
            let literal = value.non_zero().then_some(super::value::Literal::NonZero);
            let sql = format!("({})::double precision", value.sql);
            Ok(Value { literal, ..Value::settled(sql, Class::Double) })
        }
        _ => literals::convert(value, &Class::Double),
    }
}

/// A DOUBLE rounded to a number of decimals, halves away from zero as DuckDB does.
pub(super) fn rounded(value: &Value, digits: u32) -> Result<Value, Untranslatable> {
    once(value)?;
    let power = format!("1e{digits}::double precision");
    let scaled = if digits == 0 { value.sql.clone() } else { format!("({} * {power})", value.sql) };
    let half = format!("pg_catalog.abs({scaled} - pg_catalog.trunc({scaled})) = 0.5");
    let away = format!("pg_catalog.trunc({scaled}) + pg_catalog.sign({scaled})");
    let whole = format!("(CASE WHEN {half} THEN {away} ELSE pg_catalog.round({scaled}) END)");
    let sql = if digits == 0 { whole } else { format!("({whole} / {power})") };
    Ok(Value::settled(sql, Class::Double))
}

/// A DOUBLE as a DECIMAL of at most 15 digits: rounded as a DOUBLE, then exact.
pub(super) fn decimal(value: Value, scale: u8, to: Class, plain: &Value) -> Out {
    let scaled =
        Value::settled(format!("({} * 1e{scale}::double precision)", value.sql), Class::Double);
    let whole = rounded(&scaled, 0)?.sql;
    let modifier = plain.sql.rsplit("::").next().unwrap_or("numeric");
    Ok(Value::settled(format!("(({whole})::bigint * 1e-{scale})::{modifier}"), to))
}
