//! Functions of numbers. Most differ at the edges: DuckDB yields NaN or infinity where PostgreSQL
//! raises an error, and rounds halves away from zero where PostgreSQL rounds them to even.

use sqlparser::ast::BinaryOperator;

use super::{
    Untranslatable, division,
    functions::{Call, Function, Stability::Immutable, line, one, two},
    literals, operators, refuse,
    value::{Class, Literal, Value},
};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["abs"], 1..=1, Immutable, abs),
    line(&["round"], 1..=2, Immutable, round),
    line(&["floor", "ceil", "ceiling", "trunc"], 1..=1, Immutable, whole),
    line(&["sqrt"], 1..=1, Immutable, sqrt),
    line(&["ln", "log", "log10"], 1..=1, Immutable, logarithm),
    line(&["pow", "power"], 2..=2, Immutable, |call| two(call, operators::power)),
    line(&["mod"], 2..=2, Immutable, |call| two(call, |a, b| operators::binary(a, &BinaryOperator::Modulo, b))),
    line(&["isnan"], 1..=1, Immutable, isnan),
];

fn abs(call: Call<'_>) -> Out {
    let value = one(call)?;
    if !value.class.number() {
        return refuse(format!("function abs of {} is not supported", value.class.name()));
    }
    Ok(Value::new(format!("pg_catalog.abs({})", value.sql), value.class))
}

/// DuckDB rounds half away from zero, as PostgreSQL's numeric does and double precision does not.
fn round(call: Call<'_>) -> Out {
    let digits = match call.args.get(1).map(|arg| &arg.literal) {
        None => 0,
        Some(Some(Literal::Integer(digits @ 0..=38))) => *digits,
        Some(_) => return refuse("function round with computed or negative digits"),
    };
    let view = call.context.purpose.view();
    let value = one(call)?;
    match value.class {
        Class::Integer { .. } => Ok(value),
        Class::Decimal { width, scale } => {
            let scale = scale.min(u8::try_from(digits).unwrap_or(scale));
            let sql = format!("pg_catalog.round(({})::numeric, {digits})", value.sql);
            Ok(Value::new(sql, Class::Decimal { width, scale }))
        }
        Class::Double if view && digits <= 15 => {
            division::rounded(&value, u32::try_from(digits).unwrap_or(0))
        }
        other => refuse(format!("function round of {} rounds differently", other.name())),
    }
}

fn whole(call: Call<'_>) -> Out {
    let name = if call.name == "ceiling" { "ceil" } else { call.name };
    let value = one(Call { name, ..call })?;
    let (sql, class) = match value.class {
        Class::Decimal { width, .. } => {
            (format!("({})::numeric", value.sql), Class::Decimal { width, scale: 0 })
        }
        Class::Double => (value.sql, Class::Double),
        other => return refuse(format!("function {name} of {} is not supported", other.name())),
    };
    Ok(Value::new(format!("pg_catalog.{name}({sql})"), class))
}

/// PostgreSQL fails where DuckDB yields NaN.
fn sqrt(call: Call<'_>) -> Out {
    let sql = double(one(call)?)?;
    let nan = "'NaN'::double precision";
    let sql = format!("(CASE WHEN {sql} < 0 THEN {nan} ELSE pg_catalog.sqrt({sql}) END)");
    Ok(Value::new(sql, Class::Double))
}

/// PostgreSQL fails where DuckDB yields NaN or minus infinity.
fn logarithm(call: Call<'_>) -> Out {
    let pg = if call.name == "ln" { "ln" } else { "log" };
    let sql = double(one(call)?)?;
    let (nan, least) = ("'NaN'::double precision", "'-Infinity'::double precision");
    let sql = format!(
        "(CASE WHEN {sql} < 0 THEN {nan} WHEN {sql} = 0 THEN {least} \
         ELSE pg_catalog.{pg}({sql}) END)"
    );
    Ok(Value::new(sql, Class::Double))
}

fn double(value: Value) -> Result<String, Untranslatable> {
    Ok(literals::convert(value, &Class::Double)?.sql)
}

fn isnan(call: Call<'_>) -> Out {
    let value = one(call)?;
    match value.class {
        Class::Double | Class::Float => {
            let sql = format!("({} = 'NaN'::double precision)", value.sql);
            Ok(Value::new(sql, Class::Boolean))
        }
        other => refuse(format!("function isnan of {} is not supported", other.name())),
    }
}
