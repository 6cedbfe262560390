//! PostgreSQL's expressions as plain data: what the planner's nodes say, resolved to names of
//! pg_catalog. Whatever has no variant here is not pushed down.

use serde::{Deserialize, Serialize};

/// A type as far as expressions care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // The variants bear PostgreSQL's own names.
pub enum Kind {
    Bool,
    Int2,
    Int4,
    Int8,
    Numeric,
    Float4,
    Float8,
    Text,
    Varchar,
    BpChar,
    Bytea,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Interval,
    Uuid,
    /// An enum type, by its OID.
    Enum(u32),
    /// Any other type, by its OID.
    Other(u32),
}

/// The collation that an operator or function works with, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Collation {
    /// No collation: none of the operands is a text.
    None,
    /// Bytes decide, about equality and about order: C, POSIX, or another that the server says is C.
    Bytes,
    /// Bytes decide about equality; the order is a language's.
    Deterministic,
    /// Texts of different bytes may be equal.
    Nondeterministic,
}

/// What IS tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Truth {
    True,
    NotTrue,
    False,
    NotFalse,
    Unknown,
    NotUnknown,
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// A column of a base relation.
    Column {
        /// The relation's index in the range table.
        relation: u32,
        /// attnum
        attribute: i16,
        /// The column's type in PostgreSQL.
        kind: Kind,
    },
    /// A constant.
    Constant {
        /// Its type.
        kind: Kind,
        /// The type's output with DateStyle ISO, TimeZone UTC, IntervalStyle postgres,
        /// extra_float_digits 1 and bytea_output hex; None for NULL.
        value: Option<String>,
    },
    /// A value that is known when the scan begins or begins again.
    Parameter {
        /// Its place among the plan node's expressions, from 0.
        number: usize,
        /// Its type.
        kind: Kind,
    },
    /// A built-in operator of pg_catalog.
    Operator {
        /// `=`, `<>`, `+`, `~~`.
        name: String,
        /// One or two.
        operands: Vec<Expression>,
        /// The declared types of the operands: `date < timestamp` differs from `date < date`.
        declared: Vec<Kind>,
        /// The result's type.
        result: Kind,
        /// The input collation.
        collation: Collation,
    },
    /// A built-in function of pg_catalog, casts by functions included.
    Function {
        /// proname
        name: String,
        /// All of them.
        arguments: Vec<Expression>,
        /// The result's type.
        result: Kind,
        /// The result's type modifier; -1 for none.
        typmod: i32,
        /// The input collation.
        collation: Collation,
    },
    /// `left operator ANY (array)`, or ALL; the array is a constant.
    AnyOf {
        /// `=`, `<>`.
        operator: String,
        /// ALL instead of ANY.
        all: bool,
        /// The left side.
        left: Box<Expression>,
        /// The array's elements: constants.
        elements: Vec<Expression>,
        /// The input collation.
        collation: Collation,
    },
    /// AND of two or more.
    And(Vec<Expression>),
    /// OR of two or more.
    Or(Vec<Expression>),
    /// NOT
    Not(Box<Expression>),
    /// IS NULL, of a value that is no row.
    IsNull {
        /// What is tested.
        operand: Box<Expression>,
        /// IS NOT NULL
        not: bool,
    },
    /// IS TRUE and its like.
    Is {
        /// What is tested.
        operand: Box<Expression>,
        /// For what.
        truth: Truth,
    },
    /// `left IS DISTINCT FROM right`, by `=`.
    IsDistinct {
        /// The left side.
        left: Box<Expression>,
        /// The right side.
        right: Box<Expression>,
        /// The input collation.
        collation: Collation,
    },
    /// CASE WHEN condition THEN value … ELSE value END.
    Case {
        /// Conditions and values.
        arms: Vec<(Expression, Expression)>,
        /// ELSE; a NULL constant where there is none.
        otherwise: Box<Expression>,
        /// The result's type.
        result: Kind,
    },
    /// COALESCE
    Coalesce {
        /// One or more.
        arguments: Vec<Expression>,
        /// The result's type.
        result: Kind,
    },
    /// NULLIF, by `=`.
    NullIf {
        /// The value.
        left: Box<Expression>,
        /// What makes it NULL.
        right: Box<Expression>,
        /// The input collation.
        collation: Collation,
    },
    /// The same bytes as another type: `varchar::text`.
    Relabel {
        /// The value.
        operand: Box<Expression>,
        /// The type.
        result: Kind,
    },
    /// A built-in aggregate of pg_catalog, without ORDER BY and without WITHIN GROUP.
    Aggregate {
        /// proname
        name: String,
        /// None for count(*).
        arguments: Vec<Expression>,
        /// DISTINCT
        distinct: bool,
        /// FILTER (WHERE …)
        filter: Option<Box<Expression>>,
        /// The result's type.
        result: Kind,
        /// The input collation.
        collation: Collation,
    },
}

impl Expression {
    /// The type of the value.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Column { kind, .. }
            | Self::Constant { kind, .. }
            | Self::Parameter { kind, .. } => *kind,
            Self::Operator { result, .. }
            | Self::Function { result, .. }
            | Self::Case { result, .. }
            | Self::Coalesce { result, .. }
            | Self::Relabel { result, .. }
            | Self::Aggregate { result, .. } => *result,
            Self::NullIf { left, .. } => left.kind(),
            Self::AnyOf { .. }
            | Self::And(_)
            | Self::Or(_)
            | Self::Not(_)
            | Self::IsNull { .. }
            | Self::Is { .. }
            | Self::IsDistinct { .. } => Kind::Bool,
        }
    }

    /// Whether the value is known when the scan begins.
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Constant { .. } | Self::Parameter { .. })
    }

    /// The expressions directly inside this one.
    pub fn children(&self) -> Vec<&Self> {
        match self {
            Self::Column { .. } | Self::Constant { .. } | Self::Parameter { .. } => Vec::new(),
            Self::Operator { operands: inside, .. }
            | Self::Function { arguments: inside, .. }
            | Self::Coalesce { arguments: inside, .. }
            | Self::And(inside)
            | Self::Or(inside) => inside.iter().collect(),
            Self::Aggregate { arguments, filter, .. } => {
                arguments.iter().chain(filter.as_deref()).collect()
            }
            Self::AnyOf { left, elements, .. } => {
                std::iter::once(&**left).chain(elements).collect()
            }
            Self::Not(operand)
            | Self::IsNull { operand, .. }
            | Self::Is { operand, .. }
            | Self::Relabel { operand, .. } => vec![operand],
            Self::IsDistinct { left, right, .. } | Self::NullIf { left, right, .. } => {
                vec![left, right]
            }
            Self::Case { arms, otherwise, .. } => {
                let arms = arms.iter().flat_map(|(when, then)| [when, then]);
                arms.chain([&**otherwise]).collect()
            }
        }
    }
}
