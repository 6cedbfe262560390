//! Casts, written and implied. Parsing and printing differ between the systems, so a cast from or
//! to VARCHAR is taken for few types; numbers are rounded alike (half away from zero for decimals,
//! half to even for floating-point numbers).

use migrator_model::{PgType, policy::Losses, rules};
use sqlparser::ast::DataType;

use super::{
    Context, Untranslatable, dates, division, literals, operators, refuse, types,
    value::{Class, Literal, Value},
};

type Out = Result<Value, Untranslatable>;

/// CAST(value AS type)
pub(in crate::ddl) fn cast(value: Value, to: &DataType, context: &Context<'_>) -> Out {
    let logical = types::logical(to)?;
    let pg = rules::map(&logical, context.environment, &Losses::default()).pg;
    into(value, &Class::of(&logical, &pg), &pg, context)
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
        && let Some(value) = queried(&value, to, &plain)
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
fn queried(value: &Value, to: &Class, plain: &Value) -> Option<Out> {
    let owned = value.clone();
    match (&value.class, to) {
        (from, Class::Double) if from.number() => Some(division::double(owned)),
        (Class::Double, Class::Decimal { width: ..=15, scale }) => {
            Some(division::decimal(owned, *scale, to.clone(), plain))
        }
        (Class::Date | Class::Timestamp(_), Class::Text) => Some(dates::text(owned)),
        _ => None,
    }
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
