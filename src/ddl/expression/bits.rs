//! Integers as rows of bits. DuckDB brings both sides to one type and keeps it.

use super::{
    Context, Untranslatable,
    class::Class,
    division::once,
    functions::{
        Call, Function,
        Stability::{Immutable, Queried},
        line, one, two,
    },
    refuse,
    value::{Literal, Value, unify},
};
use crate::ddl::helper::{self, Helper, helper};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["xor"], 2..=2, Immutable, |call| two(call, |left, right| both(left, "#", right))),
    line(&["bit_count"], 1..=1, Queried, bit_count),
];

static SHIFT_LEFT: Helper = helper(
    "duckdb_shift_left",
    "bigint, bigint, integer",
    "RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF $1 < 0 OR $2 < 0 THEN
        RAISE EXCEPTION 'cannot shift % to the left by %', $1, $2 USING ERRCODE = '22003';
    ELSIF $1 = 0 OR $2 = 0 THEN
        RETURN $1;
    ELSIF $2 >= $3 OR $1 >= 1::bigint << ($3 - $2)::integer THEN
        RAISE EXCEPTION '% << % is out of range', $1, $2 USING ERRCODE = '22003';
    END IF;
    RETURN $1 << $2::integer;
END $$",
    "DuckDB's << on integers with so many value bits",
);

/// `&`, `|` and `xor`.
pub(super) fn both(left: Value, operator: &str, right: Value) -> Out {
    let (left, right) = (left.integer(operator)?, right.integer(operator)?);
    let (values, class) = unify(vec![left, right], operator)?;
    size(&class, operator)?;
    match values.as_slice() {
        [left, right] => Ok(Value::new(format!("({} {operator} {})", left.sql, right.sql), class)),
        _ => refuse(format!("operator {operator} needs two operands")),
    }
}

/// How many bits an integer type has, and whether it has no sign.
fn size(class: &Class, place: &str) -> Result<(u32, bool), Untranslatable> {
    match class {
        Class::Integer { digits: 3, unsigned } => Ok((8, *unsigned)),
        Class::Integer { digits: 5, unsigned } => Ok((16, *unsigned)),
        Class::Integer { digits: 10, unsigned } => Ok((32, *unsigned)),
        Class::Integer { digits: 19, unsigned: false } => Ok((64, false)),
        other => refuse(format!("operator {place} of {} has no counterpart", other.name())),
    }
}

/// `~`: an unsigned number is stored in a type that has a sign.
pub(super) fn not(value: Value) -> Out {
    let sql = match size(&value.class, "~")? {
        (bits, true) => format!("({} - {})", (1_u64 << bits) - 1, value.sql),
        (_, false) => format!("(~{})", value.sql),
    };
    Ok(Value::new(sql, value.class))
}

/// `<<`, which fails for what does not fit.
pub(super) fn left(value: Value, places: Value, context: &Context<'_>) -> Out {
    let (value, places, class) = shifted(value, places, "<<")?;
    let (bits, unsigned) = size(&class, "<<")?;
    let bits = if unsigned { bits } else { bits - 1 };
    let arguments = format!("{}, {}, {bits}", value.sql, places.sql);
    Ok(Value::new(helper::call(context.helpers, &SHIFT_LEFT, &arguments)?, class))
}

/// `>>`, which is 0 where PostgreSQL would count in a circle.
pub(super) fn right(value: Value, places: Value) -> Out {
    let (value, places, class) = shifted(value, places, ">>")?;
    let (bits, _) = size(&class, ">>")?;
    let (sql, by) = (&value.sql, &places.sql);
    if matches!(places.literal, Some(Literal::Integer(by)) if (0..i128::from(bits)).contains(&by)) {
        return Ok(Value::new(format!("({sql} >> {by})"), class));
    }
    once(&value)?;
    once(&places)?;
    let least = bits - 1;
    let sql = format!(
        "(CASE WHEN {by} BETWEEN 0 AND {least} THEN {sql} >> ({by})::integer \
         WHEN {by} IS NOT NULL AND {sql} IS NOT NULL THEN 0 END)"
    );
    Ok(Value::new(sql, class))
}

fn shifted(
    value: Value,
    places: Value,
    operator: &str,
) -> Result<(Value, Value, Class), Untranslatable> {
    let (value, places) = (value.integer(operator)?, places.integer(operator)?);
    let (values, class) = unify(vec![value, places], operator)?;
    match <[Value; 2]>::try_from(values) {
        Ok([value, places]) => Ok((value, places, class)),
        Err(_) => refuse(format!("operator {operator} needs two operands")),
    }
}

/// Of the type's own size: a negative number has many.
fn bit_count(call: Call<'_>) -> Out {
    let value = one(call)?;
    let sql = match size(&value.class, "bit_count")? {
        (64, _) | (_, true) => format!("({})::bigint::bit(64)", value.sql),
        (32, false) => format!("({})::integer::bit(32)", value.sql),
        (bits, false) => {
            format!("(({})::integer & {})::bit(32)", value.sql, (1_u64 << bits) - 1)
        }
    };
    let class = Class::Integer { digits: 3, unsigned: false };
    Ok(Value::settled(format!("pg_catalog.bit_count({sql})::smallint"), class))
}
