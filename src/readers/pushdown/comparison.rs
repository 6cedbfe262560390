//! Comparisons with a value that is known.

use migrator_model::LogicalType;
use serde::{Deserialize, Serialize};

use super::{
    expression::Kind,
    place::{Place, place},
    sql::Sql,
};

/// A comparison of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The variants say what they are.
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// IS DISTINCT FROM
    Distinct,
}

impl Comparison {
    /// PostgreSQL's operator of this name.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "=" => Self::Equal,
            "<>" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    /// DuckDB's operator.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Distinct => "IS DISTINCT FROM",
        }
    }

    /// With the sides changed.
    pub fn commuted(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            other => other,
        }
    }

    /// Whether the order of values decides, not only which are equal.
    pub fn is_order(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual | Self::Distinct)
    }
}

/// `operand comparison value`, for an operand of a DuckDB type and a value of a PostgreSQL type; None
/// where these are not compared.
pub fn with(
    operand: &Sql,
    logical: &LogicalType,
    comparison: Comparison,
    kind: Kind,
    value: Option<&str>,
) -> Option<Sql> {
    let place = value.map(|value| place(logical, kind, value));
    match place {
        None if comparison == Comparison::Distinct => Some(operand.between("(", " IS NOT NULL)")),
        None => Some(Sql::text("CAST(NULL AS BOOLEAN)")),
        Some(place) => Some(at(operand, comparison, &place?)),
    }
}

/// `operand comparison value`, for a value whose place is known.
pub fn at(operand: &Sql, comparison: Comparison, place: &Place) -> Sql {
    use Comparison as C;
    let against = |comparison: C, literal: &str| {
        Sql::infix(operand, comparison.symbol(), &Sql::text(literal))
    };
    match (place, comparison) {
        (Place::At(literal), comparison) => against(comparison, literal),
        (_, C::Equal) => never(operand),
        (_, C::NotEqual) => always(operand),
        (_, C::Distinct) => Sql::text("TRUE"),
        (Place::Above(literal), C::Less | C::LessOrEqual) => against(C::LessOrEqual, literal),
        (Place::Above(literal), _) => against(C::Greater, literal),
        (Place::AboveAll, C::Less | C::LessOrEqual)
        | (Place::BelowAll, C::Greater | C::GreaterOrEqual) => always(operand),
        (Place::AboveAll | Place::BelowAll, _) => never(operand),
    }
}

/// False, but NULL where the operand is NULL.
pub fn never(operand: &Sql) -> Sql {
    operand.between("(", " IS NULL AND NULL)")
}

/// True, but NULL where the operand is NULL.
pub fn always(operand: &Sql) -> Sql {
    operand.between("(", " IS NOT NULL OR NULL)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(comparison: Comparison, logical: &LogicalType, kind: Kind, value: &str) -> String {
        with(&Sql::text("a"), logical, comparison, kind, Some(value)).unwrap().to_string()
    }

    #[test]
    fn whole_numbers_are_compared_with_fractions() {
        use Comparison as C;
        let integer =
            |comparison, value| said(comparison, &LogicalType::Integer, Kind::Numeric, value);
        assert_eq!(integer(C::Less, "5.00"), "(a < 5)");
        assert_eq!(integer(C::Less, "5.5"), "(a <= 5)");
        assert_eq!(integer(C::LessOrEqual, "5.5"), "(a <= 5)");
        assert_eq!(integer(C::Greater, "5.5"), "(a > 5)");
        assert_eq!(integer(C::GreaterOrEqual, "5.5"), "(a > 5)");
        assert_eq!(integer(C::GreaterOrEqual, "-5.5"), "(a > -6)");
        assert_eq!(integer(C::Equal, "5.5"), "(a IS NULL AND NULL)");
        assert_eq!(integer(C::NotEqual, "5.5"), "(a IS NOT NULL OR NULL)");
        assert_eq!(integer(C::Distinct, "5.5"), "TRUE");
        assert_eq!(integer(C::Distinct, "5"), "(a IS DISTINCT FROM 5)");
    }

    #[test]
    fn a_value_outside_the_type_decides_by_itself() {
        use Comparison as C;
        let integer =
            |comparison, value| said(comparison, &LogicalType::TinyInt, Kind::Int4, value);
        assert_eq!(integer(C::Less, "1000"), "(a IS NOT NULL OR NULL)");
        assert_eq!(integer(C::GreaterOrEqual, "1000"), "(a IS NULL AND NULL)");
        assert_eq!(integer(C::Less, "-1000"), "(a IS NULL AND NULL)");
        assert_eq!(integer(C::Greater, "-1000"), "(a IS NOT NULL OR NULL)");
    }

    #[test]
    fn null_is_unknown_and_distinct_from_values() {
        let null = |comparison| {
            let operand = Sql::text("a");
            with(&operand, &LogicalType::Integer, comparison, Kind::Int4, None).unwrap().to_string()
        };
        assert_eq!(null(Comparison::Equal), "CAST(NULL AS BOOLEAN)");
        assert_eq!(null(Comparison::Distinct), "(a IS NOT NULL)");
    }
}
