//! A translated part of an expression: its text, and what DuckDB takes its type to be.

use migrator_model::pg_type::Environment;

use super::{Untranslatable, casts, class::Class, literals, refuse};

/// What is known of a value before it is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ddl) enum Literal {
    Integer(i128),
    Decimal,
    Text(String),
    Null,
    /// The members of a list that was written as one.
    List(Vec<Value>),
    /// No literal, but NULL or another number than zero: `nullif(x, 0)`.
    NonZero,
}

/// A translated part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ddl) struct Value {
    /// PostgreSQL's SQL; stands alone wherever an operand can.
    pub(in crate::ddl) sql: String,
    /// Its type.
    pub(in crate::ddl) class: Class,
    /// What it says, where it is a literal.
    pub(in crate::ddl) literal: Option<Literal>,
    /// Whether PostgreSQL's type for the text is the one that the class is stored in.
    pub(in crate::ddl) settled: bool,
}

impl Value {
    pub(in crate::ddl) fn new(sql: impl Into<String>, class: Class) -> Self {
        Self { sql: sql.into(), class, literal: None, settled: false }
    }

    pub(in crate::ddl) fn null() -> Self {
        let literal = Some(Literal::Null);
        Self { sql: "NULL".into(), class: Class::Untyped, literal, settled: false }
    }

    /// A value whose text has the type that its class is stored in.
    pub(in crate::ddl) fn settled(sql: impl Into<String>, class: Class) -> Self {
        Self { settled: true, ..Self::new(sql, class) }
    }

    /// As a column of a result: of the type that a table's column would have, and with the collation
    /// that it would have.
    pub(in crate::ddl) fn settle(&self, environment: &Environment) -> Result<Self, Untranslatable> {
        let (sql, pg) = (&self.sql, self.class.pg(environment));
        let sql = match (&self.class, &self.literal, pg) {
            (class, Some(Literal::Null), Some(pg)) => {
                return Ok(Self {
                    sql: format!("NULL::{pg}"),
                    class: class.clone(),
                    ..Self::null()
                });
            }
            (Class::Untyped, Some(Literal::Text(_)), _) => {
                return Ok(Self::settled(format!("{sql}::text"), Class::Text));
            }
            (Class::Untyped, ..) => return refuse("a column of NULLs is not supported here"),
            (Class::Integer { .. } | Class::Decimal { .. }, _, Some(pg)) if !self.settled => {
                format!("({sql})::{pg}")
            }
            (Class::Text, ..) if sql.contains("COLLATE") => {
                format!("({sql} COLLATE pg_catalog.\"default\")")
            }
            _ => sql.clone(),
        };
        Ok(Self::settled(sql, self.class.clone()))
    }

    /// As a truth value.
    pub(in crate::ddl) fn boolean(self, place: &str) -> Result<Self, Untranslatable> {
        match self.class {
            Class::Boolean => Ok(self),
            _ if self.literal == Some(Literal::Null) => {
                Ok(Self::new("NULL::boolean", Class::Boolean))
            }
            other => refuse(format!("{} in {place} is not BOOLEAN", other.name())),
        }
    }

    /// As a text; DuckDB would cast other types, not always as PostgreSQL does.
    pub(in crate::ddl) fn text(self, place: &str) -> Result<Self, Untranslatable> {
        match self.class {
            Class::Text | Class::Untyped => literals::convert(self, &Class::Text),
            other => refuse(format!("{} in {place} is not VARCHAR", other.name())),
        }
    }

    /// As an integer.
    pub(in crate::ddl) fn integer(self, place: &str) -> Result<Self, Untranslatable> {
        match self.class {
            Class::Integer { .. } => Ok(self),
            other => refuse(format!("{} in {place} is not an integer", other.name())),
        }
    }

    /// The text of a string literal.
    pub(in crate::ddl) fn string(&self, place: &str) -> Result<&str, Untranslatable> {
        match &self.literal {
            Some(Literal::Text(text)) => Ok(text),
            _ => refuse(format!("{place} is not a literal")),
        }
    }

    /// As what an index sorts by.
    pub(in crate::ddl) fn indexable(self) -> Result<Self, Untranslatable> {
        match self.class.comparable() {
            true => Ok(self),
            false => refuse(format!("an index on {} is not supported", self.class.name())),
        }
    }

    /// Whether it certainly is a number other than zero.
    pub(in crate::ddl) fn non_zero(&self) -> bool {
        match self.literal {
            Some(Literal::Integer(number)) => number != 0,
            Some(Literal::Decimal) => self.sql.bytes().any(|byte| (b'1'..=b'9').contains(&byte)),
            Some(Literal::NonZero) => true,
            _ => false,
        }
    }
}

/// Brings values to the type that DuckDB compares them in.
pub(in crate::ddl) fn unify(
    values: Vec<Value>,
    place: &str,
) -> Result<(Vec<Value>, Class), Untranslatable> {
    let label = |value: &Value| matches!(value.literal, Some(Literal::Text(_)));
    let enums = values.iter().any(|value| matches!(value.class, Class::Enum(_)));
    if enums && values.iter().any(label) {
        return refuse(format!("{place} on ENUM and a string: DuckDB makes both VARCHAR"));
    }
    met(values, place)
}

/// [`unify`] where it does not matter that DuckDB compares an ENUM with a string as texts.
fn met(values: Vec<Value>, place: &str) -> Result<(Vec<Value>, Class), Untranslatable> {
    if let Some(value) = values.iter().find(|value| matches!(value.class, Class::Collated(_))) {
        return refuse(format!("{place} on {} is not supported", value.class.name()));
    }
    let mut class: Option<Class> = None;
    // Constants last: an integer literal takes the type that it meets, if it fits.
    let constant = |value: &&Value| matches!(value.literal, Some(Literal::Integer(_)));
    let typed = || values.iter().filter(|value| value.class != Class::Untyped);
    for value in typed().filter(|v| !constant(v)).chain(typed().filter(constant)) {
        class = Some(match class {
            Some(class) if fits(value, &class) => class,
            Some(class) => common(&class, &value.class, place)?,
            None => value.class.clone(),
        });
    }
    // Nothing but strings and NULLs: DuckDB takes them for VARCHAR.
    let class = class.unwrap_or(Class::Text);
    let converted: Result<Vec<_>, _> =
        values.into_iter().map(|value| literals::convert(value, &class)).collect();
    Ok((converted?, class))
}

/// [`unify`] for a type that is compared.
pub(in crate::ddl) fn comparable(
    values: Vec<Value>,
    place: &str,
) -> Result<(Vec<Value>, Class), Untranslatable> {
    let (values, class) = unify(values, place)?;
    compared(values, class, place)
}

/// [`unify`] for a type whose values are told apart, and not sorted.
pub(in crate::ddl) fn equatable(
    values: Vec<Value>,
    place: &str,
) -> Result<(Vec<Value>, Class), Untranslatable> {
    let (values, class) = met(values, place)?;
    match &class {
        // NULLs in lists are equal in both systems.
        Class::List(element) if element.comparable() => Ok((values, class)),
        _ => compared(values, class, place),
    }
}

fn compared(
    values: Vec<Value>,
    class: Class,
    place: &str,
) -> Result<(Vec<Value>, Class), Untranslatable> {
    match class.comparable() {
        true => Ok((values, class)),
        false => refuse(format!("{place} on {} is not supported", class.name())),
    }
}

/// Whether a value is a literal that an integer type holds.
fn fits(value: &Value, class: &Class) -> bool {
    match (&value.literal, class) {
        (Some(Literal::Integer(number)), Class::Integer { digits, unsigned }) => {
            casts::fits(*number, *digits, *unsigned)
        }
        _ => false,
    }
}

/// DuckDB's type for values of two types, where PostgreSQL can go the same way.
fn common(one: &Class, two: &Class, place: &str) -> Result<Class, Untranslatable> {
    if one == two {
        return Ok(one.clone());
    }
    match (one, two) {
        (Class::Integer { digits: a, unsigned: s }, Class::Integer { digits: b, unsigned: t }) => {
            let above = |unsigned: u8| [5, 10, 19, 39].into_iter().find(|d| *d > unsigned.min(20));
            let signed = |unsigned: u8, signed: u8| above(unsigned).unwrap_or(39).max(signed);
            let digits = match (s, t) {
                (true, false) => signed(*a, *b),
                (false, true) => signed(*b, *a),
                _ => *a.max(b),
            };
            Ok(Class::Integer { digits, unsigned: *s && *t })
        }
        (Class::Timestamp(a), Class::Timestamp(b)) => Ok(Class::Timestamp(*a.max(b))),
        (Class::Date, Class::Timestamp(digits)) | (Class::Timestamp(digits), Class::Date) => {
            Ok(Class::Timestamp(*digits))
        }
        _ if one.number() && two.number() => Ok(common_number(one, two)),
        _ => refuse(format!("{place} on {} and {} is not supported", one.name(), two.name())),
    }
}

fn common_number(one: &Class, two: &Class) -> Class {
    match (one.decimal(), two.decimal()) {
        (Some((w1, s1)), Some((w2, s2))) => {
            let scale = s1.max(s2);
            let whole = w1.saturating_sub(s1).max(w2.saturating_sub(s2));
            Class::Decimal { width: whole.saturating_add(scale).min(38), scale }
        }
        _ if *one == Class::Double || *two == Class::Double => Class::Double,
        _ => Class::Float,
    }
}
