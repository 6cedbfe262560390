//! Quantiles: a value of many, or a point between two neighbours. PostgreSQL's own compute with a
//! DOUBLE fraction and in other steps, which shows in the last digit.

use super::{Untranslatable, aggregates::Aggregate, refuse};
use crate::ddl::{
    expression::{
        class::Class,
        division::double,
        operators::sortable,
        value::{Literal, Value},
    },
    helper::{self, Helper, helper},
};

type Out = Result<Value, Untranslatable>;

/// Sorted values and the fraction.
static DOUBLES: Helper = helper(
    "duckdb_quantile",
    "double precision[], double precision",
    "RETURNS double precision LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    place double precision := (pg_catalog.cardinality($1) - 1) * $2;
    low double precision := $1[pg_catalog.floor(place)::integer + 1];
    rest double precision := place - pg_catalog.floor(place);
BEGIN
    IF rest = 0 THEN
        RETURN low;
    END IF;
    RETURN low * (1 - rest) + $1[pg_catalog.ceil(place)::integer + 1] * rest;
END $$",
    "DuckDB's quantile_cont of sorted numbers",
);

/// Sorted values, their scale and the fraction; DuckDB cuts what is between two decimals.
static DECIMALS: Helper = helper(
    "duckdb_quantile_decimal",
    "numeric[], integer, double precision",
    "RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    place double precision := (pg_catalog.cardinality($1) - 1) * $3;
    rest double precision := place - pg_catalog.floor(place);
    low bigint := $1[pg_catalog.floor(place)::integer + 1] * pg_catalog.power(10::numeric, $2);
    high bigint := $1[pg_catalog.ceil(place)::integer + 1] * pg_catalog.power(10::numeric, $2);
BEGIN
    IF rest <> 0 THEN
        low := pg_catalog.trunc(low::double precision + (high - low)::double precision * rest);
    END IF;
    RETURN low / pg_catalog.power(10::numeric, $2);
END $$",
    "DuckDB's quantile_cont of sorted decimals",
);

/// Sorted values and the fraction; DuckDB computes in microseconds since 1970.
static MOMENTS: Helper = helper(
    "duckdb_quantile_moment",
    "timestamp without time zone[], double precision",
    "RETURNS timestamp without time zone LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    place double precision := (pg_catalog.cardinality($1) - 1) * $2;
    low timestamp := $1[pg_catalog.floor(place)::integer + 1];
    high timestamp := $1[pg_catalog.ceil(place)::integer + 1];
    rest double precision := place - pg_catalog.floor(place);
    micros double precision;
    whole bigint;
BEGIN
    IF rest = 0 THEN
        RETURN low;
    ELSIF NOT (pg_catalog.isfinite(low) AND pg_catalog.isfinite(high)) THEN
        RAISE EXCEPTION 'a point between infinite timestamps is not known'
            USING ERRCODE = 'datetime_field_overflow';
    END IF;
    micros := (EXTRACT(EPOCH FROM low) * 1000000)::double precision * (1 - rest)
        + (EXTRACT(EPOCH FROM high) * 1000000)::double precision * rest;
    -- Halves away from zero.
    whole := pg_catalog.trunc(micros);
    IF pg_catalog.abs(micros - whole) >= 0.5 THEN
        whole := whole + pg_catalog.sign(micros);
    END IF;
    RETURN '1970-01-01'::timestamp + pg_catalog.make_interval(
        days => (whole / 86400000000)::integer,
        secs => (whole % 86400000000)::double precision / 1000000);
END $$",
    "DuckDB's quantile_cont of sorted timestamps",
);

/// What a quantile is asked of.
struct Quantile<'c> {
    value: &'c Value,
    /// From 0 to 1.
    fraction: &'c str,
    descending: bool,
}

/// The arguments in their two forms, and `median`.
fn asked<'c>(call: &'c Aggregate<'_>) -> Result<Quantile<'c>, Untranslatable> {
    let (value, direction, fraction) = match (call.args.as_slice(), call.order.as_slice()) {
        ([value], []) if call.name == "median" => (value, "", None),
        ([value, fraction], []) => (value, "", Some(fraction)),
        ([fraction], [(value, direction)]) => (value, *direction, Some(fraction)),
        _ => return refuse(format!("function {} with these arguments", call.name)),
    };
    let plain = |fraction: &Value| {
        let literal = matches!(fraction.literal, Some(Literal::Integer(_) | Literal::Decimal));
        literal && fraction.sql.parse().is_ok_and(|number: f64| (0.0..=1.0).contains(&number))
    };
    if call.windowed || call.distinct || !fraction.is_none_or(plain) {
        return refuse(format!("function {} in this form is not supported", call.name));
    }
    let fraction = fraction.map_or("0.5", |fraction| &fraction.sql);
    Ok(Quantile { value, fraction, descending: direction.contains("DESC") })
}

impl Quantile<'_> {
    /// The values without NULLs as a sorted array.
    fn list(&self, call: &Aggregate<'_>, sql: &str) -> String {
        let order = format!(
            "{}{}",
            sortable(sql, &self.value.class),
            if self.descending { " DESC" } else { "" }
        );
        call.listed(sql, &order, Some(&format!("{} IS NOT NULL", self.value.sql)))
    }
}

/// `median` and `quantile_cont`: between two neighbours.
pub(super) fn between(call: &Aggregate<'_>) -> Out {
    let asked = asked(call)?;
    let (value, fraction) = (asked.value, format!("{}::double precision", asked.fraction));
    match &value.class {
        Class::Integer { digits: ..=10, .. } if call.name == "median" => {
            let sql = double(value.clone())?.sql;
            let after = call.after(None);
            let sql =
                format!("pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY {sql}){after}");
            Ok(Value::settled(sql, Class::Double))
        }
        Class::Integer { .. } | Class::Double => {
            let list = asked.list(call, &double(value.clone())?.sql);
            let sql = helper::call(call.helpers, &DOUBLES, &format!("{list}, {fraction}"))?;
            Ok(Value::settled(sql, Class::Double))
        }
        class @ Class::Decimal { width: ..=18, scale } if !asked.descending => {
            let list = asked.list(call, &format!("({})::numeric", value.sql));
            let args = format!("{list}, {scale}, {fraction}");
            let sql = helper::call(call.helpers, &DECIMALS, &args)?;
            Ok(Value::new(sql, class.clone()))
        }
        Class::Date | Class::Timestamp(_) if !asked.descending => {
            let stamp = format!("({})::timestamp without time zone", value.sql);
            let list = asked.list(call, &stamp);
            let sql = helper::call(call.helpers, &MOMENTS, &format!("{list}, {fraction}"))?;
            Ok(Value::settled(sql, Class::Timestamp(6)))
        }
        Class::Text if call.name == "median" => one(call),
        other => call.refused(other),
    }
}

/// `quantile_disc`: the first value that so many of all are not above, counted exactly.
pub(super) fn one(call: &Aggregate<'_>) -> Out {
    let asked = asked(call)?;
    let (value, fraction) = (asked.value, asked.fraction);
    match &value.class {
        // Equal intervals do not look the same.
        class if !class.comparable() || *class == Class::Interval => return call.refused(class),
        _ => {}
    }
    let list = asked.list(call, &value.sql);
    let count = call.print("count", &value.sql, false);
    let place = format!("GREATEST(1, pg_catalog.ceil({count} * {fraction}::numeric)::integer)");
    let sql = format!("({list})[{place}]");
    Ok(Value { settled: value.settled, ..Value::new(sql, value.class.clone()) })
}
