//! Series of dates: `range` and `generate_series` of points in time.

use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, FunctionArguments};

use super::{Untranslatable, scope::Frame, table_functions::bare};
use crate::ddl::{
    expression::{class::Class, value::Value},
    helper::{self, Helper, Helpers, helper},
};

/// PostgreSQL's own never ends before infinity, and does not leave out an end.
static SERIES: Helper = helper(
    "duckdb_series",
    "timestamp without time zone, timestamp without time zone, interval, boolean",
    "RETURNS SETOF timestamp without time zone LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    place timestamp := $1;
    months numeric := EXTRACT(YEAR FROM $3) * 12 + EXTRACT(MONTH FROM $3);
    days numeric := EXTRACT(DAY FROM $3);
    micros numeric := EXTRACT(HOUR FROM $3) * 3600000000 + EXTRACT(MINUTE FROM $3) * 60000000
        + EXTRACT(MICROSECONDS FROM $3);
    forward boolean := months > 0 OR days > 0 OR micros > 0;
BEGIN
    IF forward AND (months < 0 OR days < 0 OR micros < 0) THEN
        RAISE EXCEPTION 'an interval with negative and positive parts is not supported'
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF NOT (pg_catalog.isfinite($1) AND pg_catalog.isfinite($2)) THEN
        RAISE EXCEPTION 'infinite bounds are not supported'
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF months = 0 AND days = 0 AND micros = 0 THEN
        RETURN;
    END IF;
    LOOP
        EXIT WHEN place = $2 AND NOT $4 OR place <> $2 AND (place > $2) = forward;
        RETURN NEXT place;
        place := place + $3;
    END LOOP;
END $$",
    "DuckDB's range and generate_series of timestamps; the last parameter keeps the end",
);

/// The call of a series, if these are points in time.
pub(super) fn series(
    name: &str,
    values: &[Value],
    helpers: Option<&Helpers>,
) -> Option<Result<String, Untranslatable>> {
    let closed = match name {
        "range" => false,
        "generate_series" => true,
        _ => return None,
    };
    let [from, to, step] = values else { return None };
    let known = |value: &Value| value.class.datetime();
    if !known(from) || !known(to) || step.class != Class::Interval {
        return None;
    }
    let args = format!(
        "({})::timestamp without time zone, ({})::timestamp without time zone, {}, {closed}",
        from.sql, to.sql, step.sql
    );
    Some(helper::call(helpers, &SERIES, &args))
}

/// A series of dates that is unnested; None for any other list.
pub(super) fn unnested(
    node: &Expr,
    frame: &Frame<'_, '_>,
) -> Result<Option<Value>, Untranslatable> {
    let Expr::Function(function) = node else { return Ok(None) };
    let FunctionArguments::List(list) = &function.args else { return Ok(None) };
    let name = bare(&function.name).unwrap_or_default();
    if !["range", "generate_series"].contains(&name.as_str()) || list.args.len() != 3 {
        return Ok(None);
    }
    let mut values = Vec::new();
    for arg in &list.args {
        let FunctionArg::Unnamed(FunctionArgExpr::Expr(node)) = arg else { return Ok(None) };
        values.push(frame.translator.value(node, frame)?);
    }
    match series(&name, &values, frame.translator.context.helpers) {
        Some(sql) => Ok(Some(Value::settled(sql?, Class::Timestamp(6)))),
        None => Ok(None),
    }
}
