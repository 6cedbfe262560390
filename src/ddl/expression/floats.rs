//! Functions of floating-point numbers: DuckDB yields NaN or infinity in places where PostgreSQL
//! fails. Both call the C library for the rest.

use super::{
    Untranslatable,
    class::Class,
    division::{self, once},
    functions::{
        Call, Function,
        Stability::{Immutable, Queried},
        line, one, pair,
    },
    literals, refuse,
    value::{Literal, Value},
};

type Out = Result<Value, Untranslatable>;

const NAN: &str = "'NaN'::double precision";
const INFINITY: &str = "'Infinity'::double precision";
const LEAST: &str = "'-Infinity'::double precision";

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["pi"], 0..=0, Immutable, |_| Ok(Value::settled("pg_catalog.pi()", Class::Double))),
    line(&["sqrt"], 1..=1, Immutable, |call| outside(call, |x| format!("{x} < 0"))),
    line(&["ln", "log10"], 1..=1, Immutable, logarithm),
    line(&["log"], 1..=2, Immutable, log),
    line(&["exp"], 1..=1, Immutable, exp),
    line(&["pow", "power"], 2..=2, Immutable, pow),
    line(&["cbrt", "atan", "sinh", "cosh", "tanh", "asinh"], 1..=1, Immutable, plain),
    line(&["sin", "cos", "tan", "cot"], 1..=1, Immutable,
         |call| outside(call, |x| format!("{x} IN ({INFINITY}, {LEAST})"))),
    line(&["asin", "acos", "atanh"], 1..=1, Immutable, |call| outside(call, |x| format!("{x} < -1 OR {x} > 1"))),
    line(&["acosh"], 1..=1, Immutable, |call| outside(call, |x| format!("{x} < 1"))),
    line(&["atan2"], 2..=2, Immutable, atan2),
    line(&["degrees"], 1..=1, Immutable, |call| times(call, "57.29577951308232")),
    line(&["radians"], 1..=1, Immutable, |call| times(call, "0.017453292519943295")),
    line(&["even"], 1..=1, Immutable, even),
    line(&["fdiv", "fmod"], 2..=2, Queried, floored),
    line(&["isnan", "isinf", "isfinite"], 1..=1, Immutable, question),
];

/// A number as a DOUBLE.
fn double(value: Value, view: bool) -> Out {
    if view { division::double(value) } else { literals::convert(value, &Class::Double) }
}

/// The one argument as a DOUBLE that may be repeated.
fn argument(call: Call<'_>) -> Result<String, Untranslatable> {
    let view = call.context.purpose.view();
    let value = double(one(call)?, view)?;
    once(&value)?;
    Ok(value.sql)
}

fn arguments(call: Call<'_>) -> Result<(Value, Value), Untranslatable> {
    let view = call.context.purpose.view();
    let (first, second) = pair(call)?;
    Ok((double(first, view)?, double(second, view)?))
}

fn plain(call: Call<'_>) -> Out {
    let name = call.name;
    let view = call.context.purpose.view();
    let sql = double(one(call)?, view)?.sql;
    Ok(Value::settled(format!("pg_catalog.{name}({sql})"), Class::Double))
}

/// NaN outside of where the function is defined.
fn outside(call: Call<'_>, undefined: impl Fn(&str) -> String) -> Out {
    let name = call.name;
    let sql = argument(call)?;
    let undefined = undefined(&sql);
    let sql = format!("(CASE WHEN {undefined} THEN {NAN} ELSE pg_catalog.{name}({sql}) END)");
    Ok(Value::settled(sql, Class::Double))
}

fn logarithm(call: Call<'_>) -> Out {
    let pg = if call.name == "ln" { "ln" } else { "log" };
    let sql = argument(call)?;
    Ok(Value::settled(logarithm_of(&sql, pg), Class::Double))
}

fn logarithm_of(sql: &str, pg: &str) -> String {
    format!(
        "(CASE WHEN {sql} < 0 THEN {NAN} WHEN {sql} = 0 THEN {LEAST} \
         ELSE pg_catalog.{pg}({sql}) END)"
    )
}

/// To base 10, or to another: DuckDB divides two logarithms to base 10.
fn log(call: Call<'_>) -> Out {
    if call.args.len() == 1 {
        return logarithm(call);
    }
    if !call.context.purpose.view() {
        return refuse("function log with 2 arguments is not supported");
    }
    let (base, value) = arguments(call)?;
    once(&base)?;
    once(&value)?;
    let of = |value: &Value| Value::settled(logarithm_of(&value.sql, "log"), Class::Double);
    division::divide(of(&value), of(&base))
}

/// PostgreSQL fails where the result is too large or too small for a DOUBLE.
fn exp(call: Call<'_>) -> Out {
    let sql = argument(call)?;
    let sql = format!(
        "(CASE WHEN {sql} BETWEEN -745.1332191019411 AND 709.782712893384 OR {sql} = {NAN} \
         THEN pg_catalog.exp({sql}) WHEN {sql} > 0 THEN {INFINITY} \
         WHEN {sql} < 0 THEN 0::double precision END)"
    );
    Ok(Value::settled(sql, Class::Double))
}

fn pow(call: Call<'_>) -> Out {
    let view = call.context.purpose.view();
    let (base, exponent) = pair(call)?;
    power(base, exponent, view)
}

/// A power. A whole exponent from 0 makes no trouble.
pub(super) fn power(base: Value, exponent: Value, view: bool) -> Out {
    for value in [&base, &exponent] {
        if !value.class.number() {
            return refuse(format!("operator ** on {} is not supported", value.class.name()));
        }
    }
    let literal = exponent.literal.clone();
    let (base, exponent) = (double(base, view)?, double(exponent, view)?);
    let power = format!("pg_catalog.power({}, {})", base.sql, exponent.sql);
    match literal {
        Some(Literal::Integer(0..=1000)) => return Ok(Value::settled(power, Class::Double)),
        _ => {
            once(&base)?;
            once(&exponent)?;
        }
    }
    let (x, y) = (&base.sql, &exponent.sql);
    let (odd, broken) = match literal {
        Some(Literal::Integer(number)) => ((number % 2 != 0).to_string(), String::new()),
        _ => (
            format!("pg_catalog.floor({y} / 2) <> {y} / 2 AND pg_catalog.floor({y}) = {y}"),
            format!(
                "WHEN {x} = {LEAST} AND pg_catalog.floor({y}) <> {y} \
                 THEN (CASE WHEN {y} > 0 THEN {INFINITY} ELSE 0::double precision END) \
                 WHEN {x} < 0 AND pg_catalog.floor({y}) <> {y} THEN {NAN} "
            ),
        ),
    };
    let sql = format!(
        "(CASE WHEN {x} = 0 AND {y} < 0 THEN (CASE WHEN {odd} AND ({x})::text = '-0' \
         THEN {LEAST} ELSE {INFINITY} END) {broken}ELSE {power} END)"
    );
    Ok(Value::settled(sql, Class::Double))
}

fn atan2(call: Call<'_>) -> Out {
    let (y, x) = arguments(call)?;
    Ok(Value::settled(format!("pg_catalog.atan2({}, {})", y.sql, x.sql), Class::Double))
}

/// PostgreSQL divides where DuckDB multiplies.
fn times(call: Call<'_>, factor: &str) -> Out {
    let view = call.context.purpose.view();
    let sql = double(one(call)?, view)?.sql;
    Ok(Value::settled(format!("({sql} * {factor}::double precision)"), Class::Double))
}

/// The next even number, away from zero.
fn even(call: Call<'_>) -> Out {
    let x = argument(call)?;
    let sql = format!(
        "(CASE WHEN {x} < 0 THEN pg_catalog.floor({x} / 2) ELSE pg_catalog.ceil({x} / 2) END * 2)"
    );
    Ok(Value::settled(sql, Class::Double))
}

/// `fdiv` and `fmod` are macros over a division.
fn floored(call: Call<'_>) -> Out {
    let modulo = call.name == "fmod";
    let (x, y) = pair(call)?;
    once(&x)?;
    once(&y)?;
    let quotient = division::divide(x.clone(), y.clone())?;
    let sql = format!("pg_catalog.floor({})", quotient.sql);
    if !modulo {
        return Ok(Value::settled(sql, Class::Double));
    }
    let (x, y) = (division::double(x)?.sql, division::double(y)?.sql);
    Ok(Value::settled(format!("({x} - ({y} * {sql}))"), Class::Double))
}

fn question(call: Call<'_>) -> Out {
    let name = call.name;
    let value = one(call)?;
    let sql = &value.sql;
    let endless = format!("{INFINITY}, {LEAST}");
    let sql = match (&value.class, name) {
        (Class::Double | Class::Float, "isnan") => format!("({sql} = {NAN})"),
        (Class::Double | Class::Float, "isinf") => format!("({sql} IN ({endless}))"),
        (Class::Double | Class::Float, _) => format!("({sql} NOT IN ({endless}, {NAN}))"),
        (Class::Date | Class::Timestamp(_) | Class::TimestampTz, "isfinite") => {
            format!("pg_catalog.isfinite({sql})")
        }
        (Class::Date | Class::Timestamp(_) | Class::TimestampTz, "isinf") => {
            format!("(NOT pg_catalog.isfinite({sql}))")
        }
        (other, _) => {
            return refuse(format!("function {name} of {} is not supported", other.name()));
        }
    };
    Ok(Value::settled(sql, Class::Boolean))
}
