//! A PostgreSQL expression as a DuckDB expression that has the same value for every row.

use migrator_model::LogicalType;

use super::{
    aggregate, boolean, calendar, choice, column,
    expression::{Expression, Kind},
    function, integer,
    literal::{self, literal},
    operator,
    relation::Scope,
    sql::Sql,
};

/// A DuckDB expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// How DuckDB computes it.
    pub sql: Sql,
    /// Its type there. That of PostgreSQL may be another: an int2 can be a TINYINT.
    pub logical: LogicalType,
    /// What else is known of it.
    pub facts: Facts,
}

/// What is known of all values of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Numbers: none is further from zero than this, without its point.
    pub most: u128,
    /// numeric: PostgreSQL shows as many digits behind the point as the DuckDB type has. `1` and `1.00`
    /// are equal, but are not the same output.
    pub plain: bool,
    /// Dates and timestamps: finite, after Christ, and before the end of DuckDB's timestamps.
    pub ordinary: bool,
}

impl Facts {
    /// What the type alone tells.
    pub fn of(logical: &LogicalType) -> Self {
        let ends = integer::unscaled_range(logical);
        let most =
            ends.map_or(u128::MAX, |(low, high)| low.unsigned_abs().max(high.unsigned_abs()));
        Self { most, plain: true, ordinary: false }
    }
}

impl Value {
    /// A value of a type, of which no more is known.
    pub fn new(sql: Sql, logical: LogicalType) -> Self {
        let facts = Facts::of(&logical);
        Self { sql, logical, facts }
    }

    /// The same value as another type.
    pub fn cast(self, logical: &LogicalType) -> Self {
        if self.logical == *logical {
            return self;
        }
        Self { sql: self.sql.cast(logical), logical: logical.clone(), ..self }
    }

    /// A value of the same type and with the same facts.
    pub fn map_sql(self, change: impl FnOnce(&Sql) -> Sql) -> Self {
        Self { sql: change(&self.sql), ..self }
    }
}

/// The expression in DuckDB's SQL; None where it cannot be said with the same meaning.
pub fn value(expression: &Expression, scope: &Scope) -> Option<Value> {
    use Expression as E;
    match expression {
        E::Column { relation, attribute, kind } => {
            column::value(*relation, *attribute, *kind, scope)
        }
        E::Constant { kind, value } => constant(*kind, value.as_deref()),
        E::Parameter { number, kind } => parameter(*number, *kind),
        E::Operator { .. } => operator::value_of(expression, scope),
        E::Function { .. } => function::value_of(expression, scope),
        E::Case { .. } | E::Coalesce { .. } | E::NullIf { .. } => {
            choice::value_of(expression, scope)
        }
        E::Relabel { operand, result } => relabel(operand, *result, scope),
        E::Aggregate { .. } => aggregate::value_of(expression, scope),
        E::AnyOf { .. }
        | E::And(_)
        | E::Or(_)
        | E::Not(_)
        | E::IsNull { .. }
        | E::Is { .. }
        | E::IsDistinct { .. } => boolean::value_of(expression, scope),
    }
}

fn constant(kind: Kind, text: Option<&str>) -> Option<Value> {
    let sql = Sql::text(literal(kind, text)?);
    let logical = match (kind, text) {
        (Kind::Numeric, Some(text)) => literal::numeric(text)?.1,
        _ => literal::logical(kind)?,
    };
    let mut value = Value::new(sql, logical);
    if let Some(number) = text.and_then(super::number::Number::parse)
        && let Some((unscaled, _)) = number.floor(integer::scale(&value.logical).into())
    {
        value.facts.most = value.facts.most.min(unscaled.unsigned_abs());
    }
    value.facts.ordinary = text.is_some_and(calendar::is_ordinary);
    Some(value)
}

/// A parameter may stand anywhere where each of its values has a literal.
fn parameter(number: usize, kind: Kind) -> Option<Value> {
    let logical = literal::logical(kind).filter(|_| literal::is_total(kind))?;
    Some(Value::new(Sql::parameter(number), logical))
}

/// text and varchar have the same values.
fn relabel(operand: &Expression, result: Kind, scope: &Scope) -> Option<Value> {
    let is_text = |kind| matches!(kind, Kind::Text | Kind::Varchar);
    if is_text(operand.kind()) && is_text(result) { value(operand, scope) } else { None }
}

/// Whether the rows decide about the value: count(*) has no column, but counts rows.
pub fn has_column(expression: &Expression) -> bool {
    match expression {
        Expression::Column { .. } | Expression::Aggregate { .. } => true,
        other => other.children().into_iter().any(has_column),
    }
}

/// Whether an expression is NULL only where a column of it is. DuckDB 2.0 takes that for granted of a
/// column's filter by IN, LIKE or starts_with() which its statistics show to hold for all that is not NULL,
/// and replaces it by `column IS NOT NULL` (propagate_get.cpp).
pub fn is_strict(expression: &Expression) -> bool {
    use Expression as E;
    let chooses = matches!(expression, E::Case { .. } | E::Coalesce { .. } | E::NullIf { .. });
    !chooses && expression.children().into_iter().all(is_strict)
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    #[test]
    fn constants_have_their_digits() {
        let number = value(&constant_of(Kind::Numeric, "-12.50"), &Scope::default()).unwrap();
        assert_eq!(number.logical, LogicalType::Decimal { width: 4, scale: 2 });
        assert_eq!(number.facts.most, 1250);
        let number = value(&constant_of(Kind::Int4, "7"), &Scope::default()).unwrap();
        assert_eq!((number.logical, number.facts.most), (LogicalType::Integer, 7));
    }

    #[test]
    fn parameters_stand_where_every_value_has_a_literal() {
        let of = |kind| value(&Expression::Parameter { number: 0, kind }, &Scope::default());
        assert_eq!(of(Kind::Int4).unwrap().sql.to_string(), "$1");
        assert!(of(Kind::Numeric).is_none());
        assert!(of(Kind::Timestamp).is_none());
        assert!(of(Kind::Enum(5)).is_none());
    }

    #[test]
    fn varchar_is_text() {
        let scope =
            scope([column("a", LogicalType::Varchar, migrator_model::PgType::Varchar(None))]);
        let relabel =
            |result| Expression::Relabel { operand: Box::new(col(1, Kind::Varchar)), result };
        assert_eq!(value(&relabel(Kind::Text), &scope).unwrap().sql.to_string(), "r1.\"a\"");
        assert!(value(&relabel(Kind::BpChar), &scope).is_none());
        assert!(value(&relabel(Kind::Other(19)), &scope).is_none());
    }
}
