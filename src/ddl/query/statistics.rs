//! Statistics in DOUBLE: of pairs, of the shape of a distribution, and of how often values occur.

use super::{Untranslatable, aggregates::Aggregate, refuse};
use crate::ddl::{
    expression::{
        class::Class,
        division::{double, once},
        value::Value,
    },
    helper::{self, Helper, helper},
};

type Out = Result<Value, Untranslatable>;

static PRODUCT: Helper = helper(
    "duckdb_product",
    "double precision[]",
    "RETURNS double precision LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    result double precision := 1;
    factor double precision;
BEGIN
    FOREACH factor IN ARRAY $1 LOOP
        result := result * factor;
    END LOOP;
    RETURN result;
END $$",
    "DuckDB's product of an array's numbers",
);

/// Moments about a mean that moves along, in DuckDB's steps: sums of powers would lose too much.
static SHAPE: Helper = helper(
    "duckdb_shape",
    "double precision[], text",
    "RETURNS double precision LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    number double precision;
    n double precision := 0;
    delta double precision;
    step double precision;
    term double precision;
    mean double precision := 0;
    two double precision := 0;
    three double precision := 0;
    four double precision := 0;
    result double precision;
BEGIN
    FOREACH number IN ARRAY $1 LOOP
        n := n + 1;
        delta := number - mean;
        step := delta / n;
        term := delta * step * (n - 1);
        mean := mean + step;
        four := four + term * (step * step) * (n * n - 3 * n + 3) + 6 * (step * step) * two
            - 4 * step * three;
        three := three + term * step * (n - 2) - 3 * step * two;
        two := two + term;
    END LOOP;
    IF n <= (CASE $2 WHEN 'skewness' THEN 2 WHEN 'kurtosis' THEN 3 ELSE 1 END) OR two <= 0 THEN
        RETURN NULL;
    END IF;
    two := two / n;
    three := three / n;
    four := four / n;
    result := CASE $2
        WHEN 'skewness' THEN
            pg_catalog.sqrt(n * (n - 1)) / (n - 2) * three / pg_catalog.power(two, 1.5)
        WHEN 'kurtosis' THEN
            (n - 1) * ((n + 1) * four / (two * two) - 3 * (n - 1)) / ((n - 2) * (n - 3))
        ELSE four / (two * two) - 3 END;
    IF result IN ('NaN', 'Infinity', '-Infinity') THEN
        RAISE EXCEPTION '% is out of range', $2 USING ERRCODE = 'numeric_value_out_of_range';
    END IF;
    RETURN result;
END $$",
    "DuckDB's skewness, kurtosis and kurtosis_pop of an array's numbers",
);

static ENTROPY: Helper = helper(
    "duckdb_entropy",
    "anyarray",
    "RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT COALESCE((
    SELECT pg_catalog.sum(counted.n / counted.total * pg_catalog.ln(counted.total / counted.n))
        / pg_catalog.ln(2::double precision)
    FROM (
        SELECT pg_catalog.count(*)::double precision AS n,
            pg_catalog.cardinality($1)::double precision AS total
        FROM pg_catalog.unnest($1) AS item(value) GROUP BY item.value
    ) AS counted), 0)
$$",
    "DuckDB's entropy of an array's values",
);

static HISTOGRAM: Helper = helper(
    "duckdb_histogram",
    "anyarray",
    "RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT pg_catalog.jsonb_agg(
    pg_catalog.jsonb_build_array(counted.value, counted.n) ORDER BY counted.value)
FROM (
    SELECT item.value, pg_catalog.count(*) AS n
    FROM pg_catalog.unnest($1) AS item(value) GROUP BY item.value
) AS counted
$$",
    "DuckDB's histogram of an array's numbers, as pairs",
);

static HISTOGRAM_OF_TEXTS: Helper = helper(
    "duckdb_histogram_of_texts",
    "text[]",
    "RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT pg_catalog.jsonb_object_agg(counted.value, counted.n)
    FROM (
        SELECT item.value, pg_catalog.count(*) AS n
        FROM pg_catalog.unnest($1) AS item(value) GROUP BY item.value
    ) AS counted)",
    "DuckDB's histogram of an array's texts, as an object",
);

/// `corr`, `covar_pop` and the like. Where all of one side are the same, PostgreSQL yields NULL or
/// the rest of a sum; DuckDB yields 0, NaN or NULL.
pub(super) fn of_pairs(call: &Aggregate<'_>) -> Out {
    let [y, x] = call.args.as_slice() else {
        return refuse(format!("function {} with {} arguments", call.name, call.args.len()));
    };
    if call.distinct || !y.class.number() || !x.class.number() {
        return refuse(format!("function {} in this form is not supported", call.name));
    }
    let (y, x) = (double(y.clone())?, double(x.clone())?);
    once(&y)?;
    once(&x)?;
    let value = call.print(call.name, &format!("{}, {}", y.sql, x.sql), false);
    let both = format!("{} IS NOT NULL AND {} IS NOT NULL", y.sql, x.sql);
    let same = |value: &Value| {
        let of =
            |name: &str| format!("pg_catalog.{name}({}){}", value.sql, call.after(Some(&both)));
        format!("{} = {}", of("min"), of("max"))
    };
    let (same_y, same_x) = (same(&y), same(&x));
    let zero = |condition: &str| format!("{value} * CASE WHEN {condition} THEN 0 ELSE 1 END");
    let nan = "'NaN'::double precision";
    let sql = match call.name {
        "regr_count" => {
            let class = Class::Integer { digits: 10, unsigned: true };
            return Ok(Value::settled(value, class));
        }
        "regr_avgx" | "regr_avgy" => value,
        "regr_sxx" => zero(&same_x),
        "regr_syy" => zero(&same_y),
        "covar_pop" | "covar_samp" | "regr_sxy" => zero(&format!("{same_y} OR {same_x}")),
        "corr" => format!("CASE WHEN {same_y} OR {same_x} THEN {nan} ELSE {value} END"),
        "regr_slope" => {
            format!("CASE WHEN {same_x} THEN {nan} WHEN {same_y} THEN 0 ELSE {value} END")
        }
        "regr_r2" => format!("CASE WHEN {same_x} THEN NULL WHEN {same_y} THEN 1 ELSE {value} END"),
        _ => format!("CASE WHEN {same_x} THEN NULL ELSE {value} END"),
    };
    Ok(Value::settled(format!("({sql})"), Class::Double))
}

/// A number as DOUBLE.
fn number(call: &Aggregate<'_>) -> Out {
    let value = call.only()?;
    match value.class.number() && !call.distinct && !call.windowed {
        true => {
            once(value)?;
            double(value.clone())
        }
        false => call.refused(&value.class),
    }
}

/// `skewness` and `kurtosis`.
pub(super) fn shape(call: &Aggregate<'_>) -> Out {
    let sql = number(call)?.sql;
    let list = call.listed(&sql, "", Some(&format!("{sql} IS NOT NULL")));
    let sql = helper::call(call.helpers, &SHAPE, &format!("{list}, '{}'::text", call.name))?;
    Ok(Value::settled(sql, Class::Double))
}

pub(super) fn product(call: &Aggregate<'_>) -> Out {
    let sql = number(call)?.sql;
    let list = call.listed(&sql, "", Some(&format!("{sql} IS NOT NULL")));
    Ok(Value::settled(helper::call(call.helpers, &PRODUCT, &list)?, Class::Double))
}

/// All values but NULLs, as an array of their type.
fn values(call: &Aggregate<'_>) -> Result<String, Untranslatable> {
    let value = call.only()?;
    if call.distinct || call.windowed {
        return refuse(format!("function {} in this form is not supported", call.name));
    }
    once(value)?;
    Ok(call.listed(&value.sql, "", Some(&format!("{} IS NOT NULL", value.sql))))
}

/// 0 where there are no values.
pub(super) fn entropy(call: &Aggregate<'_>) -> Out {
    let class = &call.only()?.class;
    if !class.comparable() || *class == Class::Interval {
        return call.refused(class);
    }
    let sql = helper::call(call.helpers, &ENTROPY, &values(call)?)?;
    Ok(Value::settled(sql, Class::Double))
}

/// A MAP from every value to how often it occurs, stored as such a column would be.
pub(super) fn histogram(call: &Aggregate<'_>) -> Out {
    let class = &call.only()?.class;
    let helper = match class {
        Class::Integer { digits: ..=19, .. } => &HISTOGRAM,
        Class::Text => &HISTOGRAM_OF_TEXTS,
        other => return call.refused(other),
    };
    let sql = helper::call(call.helpers, helper, &values(call)?)?;
    Ok(Value::settled(sql, Class::Opaque(format!("MAP({}, UBIGINT)", class.name()))))
}
