//! Casts, written and implied. Parsing and printing differ between the systems, so a cast from or
//! to VARCHAR is taken for few types; numbers are rounded alike (half away from zero for decimals,
//! half to even for floating-point numbers).

use migrator_model::{PgType, policy::Losses, rules};
use sqlparser::ast::DataType;

use super::{
    Context, Untranslatable,
    class::Class,
    division, literals, operators, readings, refuse, spellings, types,
    value::{Literal, Value},
};
use crate::ddl::helper::{self, Helper, helper};

type Out = Result<Value, Untranslatable>;

/// CAST(value AS type)
pub(in crate::ddl) fn cast(value: Value, to: &DataType, context: &Context<'_>) -> Out {
    let logical = types::logical(to)?;
    let pg = rules::map(&logical, context.environment, &Losses::default()).pg;
    into(value, &Class::of(&logical, &pg), &pg, context)
}

/// TRY_CAST(value AS type): NULL where CAST fails.
pub(in crate::ddl) fn try_cast(value: Value, to: &DataType, context: &Context<'_>) -> Out {
    let logical = types::logical(to)?;
    let pg = rules::map(&logical, context.environment, &Losses::default()).pg;
    let to = Class::of(&logical, &pg);
    match (&value.class, &to) {
        (Class::Text, Class::Text) => Ok(value),
        (Class::Text, to) => readings::read(&value, to, false, context),
        (Class::Integer { .. }, Class::Integer { digits, unsigned })
            if !integers(&value.class, &value.literal, *digits, *unsigned) || whole_range(&to) =>
        {
            within(&value, &to, &pg, context)
        }
        (from, to) if never_fails(from, to) => into(value, to, &pg, context),
        (from, to) => {
            refuse(format!("TRY_CAST of {} to {} is not supported", from.name(), to.name()))
        }
    }
}

/// NULL outside of an integer type's range.
fn within(value: &Value, to: &Class, pg: &PgType, context: &Context<'_>) -> Out {
    let Some((_, least, most, _)) = readings::range(to) else {
        return refuse(format!("TRY_CAST to {} is not supported", to.name()));
    };
    division::once(value)?;
    let (sql, pg) = (&value.sql, pg.sql(context.environment));
    let sql = format!("(CASE WHEN {sql} BETWEEN {least} AND {most} THEN ({sql})::{pg} END)");
    Ok(Value::settled(sql, to.clone()))
}

/// Whether every value of a class is one of another.
fn never_fails(from: &Class, to: &Class) -> bool {
    from == to
        || matches!(
            (from, to),
            (Class::Integer { .. } | Class::Boolean | Class::Decimal { .. }, Class::Text)
                | (Class::Date | Class::Double | Class::Float | Class::Uuid, Class::Text)
                | (Class::Integer { digits: ..=19, .. } | Class::Float, Class::Double)
                | (Class::Timestamp(_), Class::Date | Class::Text)
        )
}

/// The value of a column: PostgreSQL casts numbers to the column's type by itself.
pub(in crate::ddl) fn assign(value: Value, to: &Class, pg: &PgType, context: &Context<'_>) -> Out {
    if value.literal == Some(Literal::Null) {
        return Ok(Value::null());
    }
    match (&value.class, to) {
        (Class::Integer { .. }, Class::Integer { digits, unsigned }) => match value.literal {
            Some(Literal::Integer(number)) if !fits(number, *digits, *unsigned) => {
                refuse(format!("{number} is out of range for type {}", to.name()))
            }
            _ => Ok(value),
        },
        (from, Class::Decimal { .. }) if from.exact() => Ok(value),
        (Class::Integer { .. }, Class::Double) => Ok(value),
        (Class::Decimal { width: ..=15, .. }, Class::Double) => Ok(value),
        (Class::Untyped, Class::Json) => {
            let sql = format!("{}::{}", value.sql, pg.sql(context.environment));
            Ok(Value::new(sql, to.clone()))
        }
        _ => into(value, to, pg, context),
    }
}

/// A value as a class that PostgreSQL stores in `pg`.
fn into(value: Value, to: &Class, pg: &PgType, context: &Context<'_>) -> Out {
    if value.class == *to {
        return Ok(value);
    }
    if value.class == Class::Untyped {
        return untyped(value, to, pg, context);
    }
    let sql = &value.sql;
    let plain = Value::settled(format!("({sql})::{}", pg.sql(context.environment)), to.clone());
    let volatile = context.purpose.volatile();
    if context.purpose.view()
        && let Some(value) = queried(&value, to, &plain, context)
    {
        return value;
    }
    let immutable = context.purpose.immutable();
    let literal = &value.literal;
    let taken = match (&value.class, to) {
        (Class::Integer { .. }, Class::Integer { digits, unsigned }) => {
            integers(&value.class, literal, *digits, *unsigned)
        }
        (Class::Integer { .. } | Class::Decimal { .. }, Class::Decimal { .. }) => true,
        (Class::Decimal { .. } | Class::Double, Class::Integer { .. }) => whole_range(to),
        (Class::Float, Class::Integer { .. }) => whole_range(to),
        (Class::Boolean, Class::Integer { digits: 10, unsigned: false }) => true,
        (from, Class::Double) if from.number() => return literals::convert(value, to),
        (from, Class::Float) if from.exact() => return literals::convert(value, to),
        (Class::Double, Class::Float) => true,
        (Class::Decimal { .. }, Class::Text) => return operators::shown_as_text(value),
        (Class::Integer { .. } | Class::Boolean | Class::Uuid, Class::Text) => true,
        // PostgreSQL does not call an enum's text immutable: labels can be renamed.
        (Class::Enum(_), Class::Text) => !immutable,
        (Class::Date | Class::Timestamp(_), Class::Date | Class::Timestamp(_)) => true,
        // The session's time zone decides, in both systems.
        (Class::TimestampTz, Class::Date | Class::Timestamp(_)) => volatile,
        (Class::Date | Class::Timestamp(_), Class::TimestampTz) => volatile,
        (Class::List(from), Class::List(to)) => elements(from, to),
        _ => false,
    };
    match taken {
        true => Ok(plain),
        false => {
            refuse(format!("a cast of {} to {} is not supported", value.class.name(), to.name()))
        }
    }
}

/// Casts that only a query may make, because PostgreSQL calls them stable or DuckDB rounds twice.
fn queried(value: &Value, to: &Class, plain: &Value, context: &Context<'_>) -> Option<Out> {
    let owned = value.clone();
    match (&value.class, to) {
        (from, Class::Double) if from.number() => Some(division::double(owned)),
        (Class::Double, Class::Decimal { width: ..=15, scale }) => {
            Some(division::decimal(owned, *scale, to.clone(), plain))
        }
        (Class::Text, _) => Some(readings::read(value, to, true, context)),
        (_, Class::Text) => spellings::spelled(value, context),
        (Class::Integer { .. }, Class::Boolean) => {
            Some(Ok(Value::settled(format!("({} <> 0)", value.sql), Class::Boolean)))
        }
        (Class::Boolean, Class::Integer { digits: ..=19, .. }) => {
            let pg = plain.sql.rsplit("::").next().unwrap_or("integer");
            Some(Ok(Value::settled(format!("(({})::integer)::{pg}", value.sql), to.clone())))
        }
        (Class::Integer { .. }, Class::Integer { digits, unsigned })
            if !integers(&value.class, &value.literal, *digits, *unsigned) =>
        {
            Some(ranged(value, to, plain, context))
        }
        (Class::Timestamp(_), Class::Time) => Some(Ok(plain.clone())),
        _ => None,
    }
}

static RANGED: Helper = helper(
    "duckdb_in_range",
    "numeric, text, numeric, numeric",
    r#"RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF $1 NOT BETWEEN $3 AND $4 THEN
        RAISE EXCEPTION 'value "%" is out of range for type %', $1, $2 USING ERRCODE = '22003';
    END IF;
    RETURN $1;
END $$"#,
    "A number, if it is between two others",
);

/// An integer as one of a type that PostgreSQL stores in a larger one.
fn ranged(value: &Value, to: &Class, plain: &Value, context: &Context<'_>) -> Out {
    let Some((name, least, most, _)) = readings::range(to) else {
        let (from, to) = (value.class.name(), to.name());
        return refuse(format!("a cast of {from} to {to} is not supported"));
    };
    let arguments = format!("{}, '{name}', {least}, {most}", value.sql);
    let pg = plain.sql.rsplit("::").next().unwrap_or("bigint");
    let sql = format!("({})::{pg}", helper::call(context.helpers, &RANGED, &arguments)?);
    Ok(Value::settled(sql, to.clone()))
}

/// A string literal or NULL as a value of a type.
fn untyped(value: Value, to: &Class, pg: &PgType, context: &Context<'_>) -> Out {
    if value.literal == Some(Literal::Null) {
        return Ok(Value { class: to.clone(), settled: false, ..value });
    }
    let text = value.string("a cast value")?;
    let value = literals::typed(text, to)?;
    match to {
        // A literal number may have fewer decimals than its type.
        Class::Decimal { .. } | Class::Integer { .. } | Class::Json => {
            let sql = format!("{}::{}", value.sql, pg.sql(context.environment));
            Ok(Value::settled(sql, to.clone()))
        }
        _ => Ok(value),
    }
}

/// Whether PostgreSQL's integer type has exactly the range of DuckDB's.
fn whole_range(to: &Class) -> bool {
    matches!(to, Class::Integer { digits: 5 | 10 | 19, unsigned: false })
}

/// Whether a cast between integer types fails for the same values.
fn integers(from: &Class, literal: &Option<Literal>, digits: u8, unsigned: bool) -> bool {
    let Class::Integer { digits: had, unsigned: was } = from else { return false };
    let widens = digits > *had && (*was || !unsigned);
    let constant = matches!(literal, Some(Literal::Integer(n)) if fits(*n, digits, unsigned));
    widens || constant || matches!((digits, unsigned), (5 | 10 | 19, false))
}

pub(in crate::ddl) fn fits(number: i128, digits: u8, unsigned: bool) -> bool {
    let bits = match digits {
        3 => 8,
        5 => 16,
        10 => 32,
        19 | 20 => 64,
        _ => return !unsigned || number >= 0,
    };
    let span = 1_i128 << bits;
    let range = if unsigned { 0..span } else { -span / 2..span / 2 };
    range.contains(&number)
}

/// Whether a list's elements become those of another list by PostgreSQL's cast.
fn elements(from: &Class, to: &Class) -> bool {
    match (from, to) {
        (Class::List(_), _) | (_, Class::List(_)) => false,
        (Class::Untyped, _) => true,
        (from, to) if from == to => true,
        (Class::Integer { digits: a, .. }, Class::Integer { digits: b, unsigned: false }) => {
            a < b || whole_range(to)
        }
        (from, Class::Decimal { .. }) => from.exact(),
        (Class::Integer { digits: ..=19, .. }, Class::Double) => true,
        (Class::Decimal { width: ..=15, .. }, Class::Double) => true,
        _ => false,
    }
}
