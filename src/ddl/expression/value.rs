//! A translated part of an expression: its text, and what DuckDB takes its type to be.

use migrator_model::{
    Field, LogicalType as L, PgType as P, pg_type::Environment, policy::Losses, rules,
};

use super::{Column, Untranslatable, casts, literals, refuse};

/// A DuckDB type as far as it decides what operators and functions mean, given that the target
/// stores it in the type that keeps that meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ddl) enum Class {
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
    /// A text with a collation of DuckDB's, which compares it otherwise.
    Collated(String),
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
    /// A LIST of what an array cannot hold: a jsonb document, as those below it are.
    Documents(Box<Class>),
    /// The fields with their names.
    Struct(Vec<(String, Class)>),
    Map(Box<Class>, Box<Class>),
    /// The members with their tags.
    Union(Vec<(String, Class)>),
    /// NULL, or a string literal that has not met a typed value.
    Untyped,
    /// Everything else, by its name: it can be compared with NULL only.
    Opaque(String),
}

/// The DuckDB type of `x` in `x + 1`, for integers.
pub(in crate::ddl) const INTEGER: Class = Class::Integer { digits: 10, unsigned: false };
pub(in crate::ddl) const BIGINT: Class = Class::Integer { digits: 19, unsigned: false };

impl Class {
    /// The class of a column of a table or view.
    pub(in crate::ddl) fn of_column(column: &Column<'_>) -> Self {
        match (Self::of(column.logical, column.pg), column.collation) {
            (Self::Text, Some(collation)) => Self::Collated(collation.to_owned()),
            (class, _) => class,
        }
    }

    /// The class of a column; opaque where its target type has another meaning.
    pub(in crate::ddl) fn of(logical: &L, pg: &P) -> Self {
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
            (Self::Documents(_) | Self::Struct(_) | Self::Map(..) | Self::Union(_), P::Jsonb) => {
                true
            }
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
    pub(in crate::ddl) fn of_logical(logical: &L) -> Self {
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
                let class = Self::of_logical(element);
                match class.document() {
                    true => Self::Documents(Box::new(class)),
                    false => Self::List(Box::new(class)),
                }
            }
            L::Struct(fields) => Self::Struct(members(fields)),
            L::Union(fields) => Self::Union(members(fields)),
            L::Map(key, value) => {
                Self::Map(Box::new(Self::of_logical(key)), Box::new(Self::of_logical(value)))
            }
            other => Self::Opaque(other.to_string()),
        }
    }

    /// The DuckDB type of this class.
    pub(in crate::ddl) fn logical(&self) -> L {
        match self {
            Self::Boolean => L::Boolean,
            Self::Integer { digits, unsigned } => integer(*digits, *unsigned),
            Self::Decimal { width, scale } => L::Decimal { width: *width, scale: *scale },
            Self::Float => L::Float,
            Self::Double => L::Double,
            Self::Text | Self::Collated(_) => L::Varchar,
            Self::Date => L::Date,
            Self::Time => L::Time,
            Self::Timestamp(0) => L::TimestampS,
            Self::Timestamp(3) => L::TimestampMs,
            Self::Timestamp(_) => L::Timestamp,
            Self::TimestampTz => L::TimestampTz,
            Self::Interval => L::Interval,
            Self::Uuid => L::Uuid,
            Self::Blob => L::Blob,
            Self::Json => L::Json,
            Self::Enum(labels) => L::Enum(labels.clone()),
            Self::List(element) | Self::Documents(element) => L::List(Box::new(element.logical())),
            Self::Struct(fields) => L::Struct(fields_of(fields)),
            Self::Union(fields) => L::Union(fields_of(fields)),
            Self::Map(key, value) => L::Map(Box::new(key.logical()), Box::new(value.logical())),
            Self::Untyped => L::Null,
            Self::Opaque(name) => L::Unknown(name.clone()),
        }
    }

    /// PostgreSQL's type for it, where that is known by the class alone.
    pub(in crate::ddl) fn pg(&self, environment: &Environment) -> Option<String> {
        match self {
            Self::Enum(_) | Self::Opaque(_) => None,
            Self::List(element) => Some(format!("{}[]", element.pg(environment)?)),
            Self::Json | Self::Documents(_) | Self::Struct(_) | Self::Map(..) | Self::Union(_) => {
                Some("jsonb".into())
            }
            plain => {
                let mapped = rules::map(&plain.logical(), environment, &Losses::default());
                Some(mapped.pg.sql(environment))
            }
        }
    }

    /// DuckDB's word, for messages.
    pub(in crate::ddl) fn name(&self) -> String {
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
            Self::Collated(collation) => format!("VARCHAR COLLATE {collation}"),
            Self::Date => "DATE".into(),
            Self::Time => "TIME".into(),
            Self::Timestamp(_) => "TIMESTAMP".into(),
            Self::TimestampTz => "TIMESTAMP WITH TIME ZONE".into(),
            Self::Interval => "INTERVAL".into(),
            Self::Uuid => "UUID".into(),
            Self::Blob => "BLOB".into(),
            Self::Json => "JSON".into(),
            Self::Enum(_) => "ENUM".into(),
            Self::List(element) | Self::Documents(element) => format!("{}[]", element.name()),
            Self::Struct(_) | Self::Map(..) | Self::Union(_) => self.logical().to_string(),
            Self::Untyped => "\"NULL\"".into(),
            Self::Opaque(name) => name.clone(),
        }
    }

    /// Whether values are exact numbers.
    pub(in crate::ddl) fn exact(&self) -> bool {
        matches!(self, Self::Integer { .. } | Self::Decimal { .. })
    }

    /// Whether values are numbers.
    pub(in crate::ddl) fn number(&self) -> bool {
        self.exact() || matches!(self, Self::Float | Self::Double)
    }

    /// Whether values are a day or a point in time without a zone.
    pub(in crate::ddl) fn datetime(&self) -> bool {
        matches!(self, Self::Date | Self::Timestamp(_))
    }

    /// Width and scale as a DECIMAL holds them, for exact numbers.
    pub(in crate::ddl) fn decimal(&self) -> Option<(u8, u8)> {
        match self {
            Self::Integer { digits, .. } => Some((*digits, 0)),
            Self::Decimal { width, scale } => Some((*width, *scale)),
            _ => None,
        }
    }

    /// Whether `=` means the same in both systems.
    pub(in crate::ddl) fn comparable(&self) -> bool {
        !matches!(
            self,
            Self::Json | Self::List(_) | Self::Untyped | Self::Opaque(_) | Self::Collated(_)
        ) && !self.document()
    }

    /// Whether values are jsonb documents, though they are not JSON in DuckDB.
    pub(in crate::ddl) fn document(&self) -> bool {
        matches!(self, Self::Documents(_) | Self::Struct(_) | Self::Map(..) | Self::Union(_))
    }

    /// Whether an array cannot have such elements.
    pub(in crate::ddl) fn nested(&self) -> bool {
        self.document()
            || matches!(self, Self::List(_) | Self::Untyped | Self::Opaque(_) | Self::Collated(_))
    }
}

fn members(fields: &[Field]) -> Vec<(String, Class)> {
    fields.iter().map(|field| (field.name.clone(), Class::of_logical(&field.logical))).collect()
}

fn fields_of(members: &[(String, Class)]) -> Vec<Field> {
    let field =
        |(name, class): &(String, Class)| Field { name: name.clone(), logical: class.logical() };
    members.iter().map(field).collect()
}

fn integer(digits: u8, unsigned: bool) -> L {
    match (digits, unsigned) {
        (3, false) => L::TinyInt,
        (5, false) => L::SmallInt,
        (10, false) => L::Integer,
        (19 | 20, false) => L::BigInt,
        (_, false) => L::HugeInt,
        (3, true) => L::UTinyInt,
        (5, true) => L::USmallInt,
        (10, true) => L::UInteger,
        (19 | 20, true) => L::UBigInt,
        (_, true) => L::UHugeInt,
    }
}

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
