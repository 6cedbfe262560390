//! DuckDB SQL with holes: the values of parameters are known only when the scan begins.

use std::{collections::BTreeSet, fmt};

use migrator_model::LogicalType;
use serde::{Deserialize, Serialize};

use super::{
    comparison::{self, Comparison},
    expression::Kind,
    literal::literal,
    span::{self, Part},
};

/// A part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Piece {
    /// Text.
    Text(String),
    /// The literal of a parameter, by its number.
    Parameter(usize),
    /// A comparison with a parameter: what it says depends on where the value lies.
    Against(Box<Against>),
}

/// A comparison with a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Against {
    /// What is compared.
    pub operand: Sql,
    /// Its type.
    pub logical: LogicalType,
    /// What of it is compared, where it is not the whole.
    pub part: Option<Part>,
    /// How.
    pub comparison: Comparison,
    /// The parameter, by its number.
    pub parameter: usize,
}

/// DuckDB SQL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sql(pub Vec<Piece>);

/// A parameter's type, and its value in PostgreSQL's output (see `Expression::Constant` for the
/// settings); None for NULL.
pub type Argument = (Kind, Option<String>);

impl Sql {
    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self(vec![Piece::Text(text.into())])
    }

    /// The literal of a parameter.
    pub fn parameter(number: usize) -> Self {
        Self(vec![Piece::Parameter(number)])
    }

    /// Parts one after the other.
    pub fn of<'s>(parts: impl IntoIterator<Item = Item<'s>>) -> Self {
        let mut sql = Self::default();
        for part in parts {
            match part {
                Item::Text(text) => sql.push_str(text),
                Item::Sql(more) => sql.push(more),
            }
        }
        sql
    }

    /// `name(argument, …)`
    pub fn call(name: &str, arguments: &[&Sql]) -> Self {
        let list = Self::list(arguments.iter().copied(), ", ");
        Self::of([name.into(), "(".into(), (&list).into(), ")".into()])
    }

    /// `(left operator right)`
    pub fn infix(left: &Sql, operator: &str, right: &Sql) -> Self {
        let operator = format!(" {operator} ");
        Self::of(["(".into(), left.into(), operator.as_str().into(), right.into(), ")".into()])
    }

    /// Items with something between them.
    pub fn list<'s>(items: impl IntoIterator<Item = &'s Sql>, between: &str) -> Self {
        let mut sql = Self::default();
        for (index, item) in items.into_iter().enumerate() {
            sql.push_str(if index == 0 { "" } else { between });
            sql.push(item);
        }
        sql
    }

    /// `CAST(… AS type)`
    pub fn cast(&self, logical: &LogicalType) -> Self {
        let target = format!(" AS {logical})");
        Self::of(["CAST(".into(), self.into(), target.as_str().into()])
    }

    /// With text around it.
    pub fn between(&self, before: &str, after: &str) -> Self {
        Self::of([before.into(), self.into(), after.into()])
    }

    /// Appends text.
    pub fn push_str(&mut self, text: &str) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.0.push(Piece::Text(text.to_owned())),
        }
    }

    /// Appends more of it.
    pub fn push(&mut self, more: &Sql) {
        for piece in &more.0 {
            match piece {
                Piece::Text(text) => self.push_str(text),
                other => self.0.push(other.clone()),
            }
        }
    }

    /// The parameters in it, by number.
    pub fn parameters(&self) -> BTreeSet<usize> {
        let of = |piece: &Piece| match piece {
            Piece::Text(_) => BTreeSet::new(),
            Piece::Parameter(number) => BTreeSet::from([*number]),
            Piece::Against(against) => {
                let mut numbers = against.operand.parameters();
                numbers.insert(against.parameter);
                numbers
            }
        };
        self.0.iter().flat_map(of).collect()
    }

    /// The same with other numbers for the parameters.
    pub fn renumbered(&self, number: &dyn Fn(usize) -> usize) -> Self {
        let renumbered = |piece: &Piece| match piece {
            Piece::Text(_) => piece.clone(),
            Piece::Parameter(old) => Piece::Parameter(number(*old)),
            Piece::Against(against) => Piece::Against(Box::new(Against {
                operand: against.operand.renumbered(number),
                parameter: number(against.parameter),
                ..(**against).clone()
            })),
        };
        Self(self.0.iter().map(renumbered).collect())
    }

    /// The query for these parameters, by number. None: it cannot be said with them.
    pub fn with(&self, parameters: &[Argument]) -> Option<String> {
        let mut sql = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => sql.push_str(text),
                Piece::Parameter(number) => {
                    let (kind, value) = parameters.get(*number)?;
                    sql.push_str(&literal(*kind, value.as_deref())?);
                }
                Piece::Against(against) => sql.push_str(&against.with(parameters)?),
            }
        }
        Some(sql)
    }
}

impl Against {
    fn with(&self, parameters: &[Argument]) -> Option<String> {
        let (kind, value) = parameters.get(self.parameter)?;
        let (operand, logical) = (&self.operand, &self.logical);
        let sql = match (self.part, value) {
            (Some(part), Some(text)) => {
                span::compare(operand, logical, part, self.comparison, (*kind, text))?
            }
            _ => comparison::with(operand, logical, self.comparison, *kind, value.as_deref())?,
        };
        sql.with(parameters)
    }
}

/// A part of what is put together.
pub enum Item<'s> {
    /// Text.
    Text(&'s str),
    /// More SQL.
    Sql(&'s Sql),
}

impl<'s> From<&'s str> for Item<'s> {
    fn from(text: &'s str) -> Self {
        Self::Text(text)
    }
}

impl<'s> From<&'s Sql> for Item<'s> {
    fn from(sql: &'s Sql) -> Self {
        Self::Sql(sql)
    }
}

impl fmt::Display for Sql {
    /// As EXPLAIN shows it: parameters are `$1`, `$2`, ….
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Parameter(number) => write!(f, "${}", number + 1),
            Piece::Against(against) => {
                let Against { operand, comparison, parameter, part, .. } = &**against;
                let (comparison, parameter) = (comparison.symbol(), parameter + 1);
                match part {
                    None => write!(f, "({operand} {comparison} ${parameter})"),
                    Some(Part::Day) => {
                        write!(f, "(CAST({operand} AS DATE) {comparison} ${parameter})")
                    }
                    Some(Part::Year) => write!(f, "(year({operand}) {comparison} ${parameter})"),
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query() -> Sql {
        let against = Against {
            operand: Sql::text("a"),
            logical: LogicalType::Integer,
            part: None,
            comparison: Comparison::Less,
            parameter: 1,
        };
        let mut sql = Sql::of(["SELECT ".into(), (&Sql::parameter(0)).into(), " WHERE ".into()]);
        sql.0.push(Piece::Against(Box::new(against)));
        sql
    }

    #[test]
    fn parameters_take_their_places() {
        let given = |kind, text: &str| (kind, Some(text.to_owned()));
        let sql = query();
        assert_eq!(sql.to_string(), "SELECT $1 WHERE (a < $2)");
        let parameters = [given(Kind::Text, "it's"), given(Kind::Numeric, "7.5")];
        assert_eq!(sql.with(&parameters).unwrap(), "SELECT 'it''s' WHERE (a <= 7)");
        let parameters = [(Kind::Text, None), (Kind::Numeric, None)];
        let null = "SELECT CAST(NULL AS VARCHAR) WHERE CAST(NULL AS BOOLEAN)";
        assert_eq!(sql.with(&parameters).unwrap(), null);
        assert_eq!(sql.with(&[]), None);
    }

    #[test]
    fn parameters_can_be_renumbered() {
        let sql = query().renumbered(&|number| number + 3);
        assert_eq!(sql.to_string(), "SELECT $4 WHERE (a < $5)");
        assert_eq!(sql.parameters(), BTreeSet::from([3, 4]));
    }

    #[test]
    fn a_plan_keeps_it() {
        let text = serde_json::to_string(&query()).unwrap();
        assert_eq!(serde_json::from_str::<Sql>(&text).unwrap(), query());
    }
}
