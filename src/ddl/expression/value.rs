//! A translated part of an expression: its text, and what DuckDB takes its type to be.

use migrator_model::{LogicalType as L, PgType as P};

use super::{Untranslatable, literals, refuse};

/// A DuckDB type as far as it decides what operators and functions mean, given that the target
/// stores it in the type that keeps that meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Boolean,
    /// Decimal digits (3, 5, 10, 19, 20, 39) tell the integer types apart.
    Integer {
        digits: u8,
        unsigned: bool,
    },
    Decimal {
        width: u8,
        scale: u8,
    },
    Float,
    Double,
    Text,
    Date,
    Time,
    /// Fractional digits.
    Timestamp(u8),
    TimestampTz,
    Interval,
    Uuid,
    Blob,
    Json,
    Enum(Vec<String>),
    List(Box<Class>),
    /// NULL, or a string literal that has not met a typed value.
    Untyped,
    /// Everything else, by its name: it can be compared with NULL only.
    Opaque(String),
}

/// The DuckDB type of `x` in `x + 1`, for integers.
pub(super) const INTEGER: Class = Class::Integer { digits: 10, unsigned: false };
pub(super) const BIGINT: Class = Class::Integer { digits: 19, unsigned: false };

impl Class {
    /// The class of a column; opaque where its target type has another meaning.
    pub(super) fn of(logical: &L, pg: &P) -> Self {
        let class = Self::of_logical(logical);
        let kept = match (&class, pg) {
            (Self::Boolean, P::Bool)
            | (Self::Integer { .. }, P::Int2 | P::Int4 | P::Int8)
            | (Self::Integer { .. }, P::Numeric(Some((_, 0))))
            | (Self::Decimal { .. }, P::Numeric(_))
            | (Self::Float, P::Float4)
            | (Self::Double, P::Float8)
            | (Self::Text, P::Text | P::Varchar(_))
            | (Self::Date, P::Date)
            | (Self::Time, P::Time(_))
            | (Self::Timestamp(_), P::Timestamp(_))
            | (Self::TimestampTz, P::TimestampTz(_))
            | (Self::Interval, P::Interval)
            | (Self::Uuid, P::Uuid)
            | (Self::Blob, P::Bytea)
            | (Self::Json, P::Json | P::Jsonb)
            | (Self::Enum(_), P::Enum { .. }) => true,
            (Self::List(_), P::Array(element)) => match logical {
                L::List(inner) | L::Array(inner, _) => {
                    !matches!(Self::of(inner, element), Self::Opaque(_))
                }
                _ => false,
            },
            _ => false,
        };
        if kept { class } else { Self::Opaque(logical.to_string()) }
    }

    /// The class of a DuckDB type.
    pub(super) fn of_logical(logical: &L) -> Self {
        let integer = |digits, unsigned| Self::Integer { digits, unsigned };
        match logical {
            L::Boolean => Self::Boolean,
            L::TinyInt => integer(3, false),
            L::SmallInt => integer(5, false),
            L::Integer => integer(10, false),
            L::BigInt => integer(19, false),
            L::HugeInt => integer(39, false),
            L::UTinyInt => integer(3, true),
            L::USmallInt => integer(5, true),
            L::UInteger => integer(10, true),
            L::UBigInt => integer(20, true),
            L::UHugeInt => integer(39, true),
            L::Float => Self::Float,
            L::Double => Self::Double,
            L::Decimal { width, scale } => Self::Decimal { width: *width, scale: *scale },
            L::Varchar => Self::Text,
            L::Json => Self::Json,
            L::Blob => Self::Blob,
            L::Date => Self::Date,
            L::Time => Self::Time,
            L::Timestamp => Self::Timestamp(6),
            L::TimestampMs => Self::Timestamp(3),
            L::TimestampS => Self::Timestamp(0),
            L::TimestampTz => Self::TimestampTz,
            L::Interval => Self::Interval,
            L::Uuid => Self::Uuid,
            L::Enum(labels) => Self::Enum(labels.clone()),
            L::List(element) | L::Array(element, _) => {
                Self::List(Box::new(Self::of_logical(element)))
            }
            other => Self::Opaque(other.to_string()),
        }
    }

    /// DuckDB's word, for messages.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Boolean => "BOOLEAN".into(),
            Self::Integer { digits, unsigned } => {
                let sign = if *unsigned { "U" } else { "" };
                let size = match digits {
                    3 => "TINYINT",
                    5 => "SMALLINT",
                    10 => "INTEGER",
                    19 | 20 => "BIGINT",
                    _ => "HUGEINT",
                };
                format!("{sign}{size}")
            }
            Self::Decimal { width, scale } => format!("DECIMAL({width},{scale})"),
            Self::Float => "FLOAT".into(),
            Self::Double => "DOUBLE".into(),
            Self::Text => "VARCHAR".into(),
            Self::Date => "DATE".into(),
            Self::Time => "TIME".into(),
            Self::Timestamp(_) => "TIMESTAMP".into(),
            Self::TimestampTz => "TIMESTAMP WITH TIME ZONE".into(),
            Self::Interval => "INTERVAL".into(),
            Self::Uuid => "UUID".into(),
            Self::Blob => "BLOB".into(),
            Self::Json => "JSON".into(),
            Self::Enum(_) => "ENUM".into(),
            Self::List(element) => format!("{}[]", element.name()),
            Self::Untyped => "\"NULL\"".into(),
            Self::Opaque(name) => name.clone(),
        }
    }

    /// Whether values are exact numbers.
    pub(super) fn exact(&self) -> bool {
        matches!(self, Self::Integer { .. } | Self::Decimal { .. })
    }

    /// Whether values are numbers.
    pub(super) fn number(&self) -> bool {
        self.exact() || matches!(self, Self::Float | Self::Double)
    }

    /// Whether values are a day or a point in time without a zone.
    pub(super) fn datetime(&self) -> bool {
        matches!(self, Self::Date | Self::Timestamp(_))
    }

    /// Width and scale as a DECIMAL holds them, for exact numbers.
    pub(super) fn decimal(&self) -> Option<(u8, u8)> {
        match self {
            Self::Integer { digits, .. } => Some((*digits, 0)),
            Self::Decimal { width, scale } => Some((*width, *scale)),
            _ => None,
        }
    }

    /// Whether `=` means the same in both systems.
    fn comparable(&self) -> bool {
        !matches!(self, Self::Json | Self::List(_) | Self::Untyped | Self::Opaque(_))
    }
}

/// What is known of a value before it is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    Integer(i128),
    Decimal,
    Text(String),
    Null,
    /// No literal, but NULL or another number than zero: `nullif(x, 0)`.
    NonZero,
}

/// A translated part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// PostgreSQL's SQL; stands alone wherever an operand can.
    pub(super) sql: String,
    /// Its type.
    pub(super) class: Class,
    /// What it says, where it is a literal.
    pub(super) literal: Option<Literal>,
}

impl Value {
    pub(super) fn new(sql: impl Into<String>, class: Class) -> Self {
        Self { sql: sql.into(), class, literal: None }
    }

    pub(super) fn null() -> Self {
        Self { sql: "NULL".into(), class: Class::Untyped, literal: Some(Literal::Null) }
    }

    /// As a truth value.
    pub(super) fn boolean(self, place: &str) -> Result<Self, Untranslatable> {
        match self.class {
            Class::Boolean => Ok(self),
            _ if self.literal == Some(Literal::Null) => {
                Ok(Self::new("NULL::boolean", Class::Boolean))
            }
            other => refuse(format!("{} in {place} is not BOOLEAN", other.name())),
        }
    }

    /// As a text; DuckDB would cast other types, not always as PostgreSQL does.
    pub(super) fn text(self, place: &str) -> Result<Self, Untranslatable> {
        match self.class {
            Class::Text | Class::Untyped => literals::convert(self, &Class::Text),
            other => refuse(format!("{} in {place} is not VARCHAR", other.name())),
        }
    }

    /// As an integer.
    pub(super) fn integer(self, place: &str) -> Result<Self, Untranslatable> {
        match self.class {
            Class::Integer { .. } => Ok(self),
            other => refuse(format!("{} in {place} is not an integer", other.name())),
        }
    }

    /// The text of a string literal.
    pub(super) fn string(&self, place: &str) -> Result<&str, Untranslatable> {
        match &self.literal {
            Some(Literal::Text(text)) => Ok(text),
            _ => refuse(format!("{place} is not a literal")),
        }
    }

    /// As what an index sorts by.
    pub(super) fn indexable(self) -> Result<Self, Untranslatable> {
        match self.class.comparable() {
            true => Ok(self),
            false => refuse(format!("an index on {} is not supported", self.class.name())),
        }
    }

    /// Whether it certainly is a number other than zero.
    pub(super) fn non_zero(&self) -> bool {
        match self.literal {
            Some(Literal::Integer(number)) => number != 0,
            Some(Literal::Decimal) => self.sql.bytes().any(|byte| (b'1'..=b'9').contains(&byte)),
            Some(Literal::NonZero) => true,
            _ => false,
        }
    }
}

/// Brings values to the type that DuckDB compares them in.
pub(super) fn unify(
    values: Vec<Value>,
    place: &str,
) -> Result<(Vec<Value>, Class), Untranslatable> {
    let mut class: Option<Class> = None;
    for value in values.iter().filter(|value| value.class != Class::Untyped) {
        class = Some(match class {
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
pub(super) fn comparable(
    values: Vec<Value>,
    place: &str,
) -> Result<(Vec<Value>, Class), Untranslatable> {
    let (values, class) = unify(values, place)?;
    match class.comparable() {
        true => Ok((values, class)),
        false => refuse(format!("{place} on {} is not supported", class.name())),
    }
}

/// DuckDB's type for values of two types, where PostgreSQL can go the same way.
fn common(one: &Class, two: &Class, place: &str) -> Result<Class, Untranslatable> {
    if one == two {
        return Ok(one.clone());
    }
    match (one, two) {
        (Class::Integer { digits: a, unsigned: s }, Class::Integer { digits: b, unsigned: t }) => {
            Ok(Class::Integer { digits: *a.max(b), unsigned: *s && *t })
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
