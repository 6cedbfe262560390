//! Aggregates that do not depend on the order of rows.

use migrator_model::LogicalType;

use super::{
    boolean::{condition, nullable},
    compare::is_decided,
    decimal,
    expression::{Collation, Expression, Kind},
    integer::MOST_DIGITS,
    operator::is_integer,
    relation::Scope,
    sql::Sql,
    value::{Facts, Value, value},
};

/// More rows than any table has.
const ROWS: u128 = 10_000_000_000_000;

/// An aggregate, as far as it is to be said.
#[derive(Clone, Copy)]
struct Call<'e> {
    arguments: &'e [Expression],
    distinct: bool,
    filter: Option<&'e Expression>,
    collation: Collation,
}

/// An aggregate's value.
pub fn value_of(expression: &Expression, scope: &Scope) -> Option<Value> {
    let (name, call) = call_of(expression)?;
    match (name, call.arguments) {
        ("count", arguments) => {
            Some(Value::new(count(call, arguments, scope)?, LogicalType::BigInt))
        }
        ("sum", [operand]) => sum(call, operand, scope),
        ("min" | "max", [operand]) => extreme(name, call, operand, scope),
        ("bool_and" | "every", [operand]) => boolean("bool_and", call, operand, scope),
        ("bool_or", [operand]) => boolean("bool_or", call, operand, scope),
        _ => None,
    }
}

/// avg() of whole numbers and decimals: its sum and its count, for PostgreSQL to divide.
pub fn average(expression: &Expression, scope: &Scope) -> Option<(Value, Sql)> {
    match call_of(expression)? {
        ("avg", call) => {
            let [operand] = call.arguments else { return None };
            let sum = sum(call, operand, scope).filter(|sum| sum.facts.plain)?;
            Some((sum, count(call, call.arguments, scope)?))
        }
        _ => None,
    }
}

fn call_of(expression: &Expression) -> Option<(&str, Call<'_>)> {
    let Expression::Aggregate { name, arguments, distinct, filter, collation, .. } = expression
    else {
        return None;
    };
    let (distinct, filter) = (*distinct, filter.as_deref());
    Some((name.as_str(), Call { arguments, distinct, filter, collation: *collation }))
}

impl Call<'_> {
    /// `name(DISTINCT operand) FILTER (WHERE …)`
    fn said(&self, name: &str, operand: &Sql, scope: &Scope) -> Option<Sql> {
        let distinct = if self.distinct { "DISTINCT " } else { "" };
        let call = operand.between(&format!("{name}({distinct}"), ")");
        Some(match self.filter {
            Some(filter) => {
                let condition = condition(filter, scope)?;
                Sql::of([(&call).into(), " FILTER (WHERE ".into(), (&condition).into(), ")".into()])
            }
            None => call,
        })
    }
}

fn count(call: Call<'_>, arguments: &[Expression], scope: &Scope) -> Option<Sql> {
    let operand = match arguments {
        [] => Sql::text("*"),
        [operand] if call.distinct => {
            let is_decided = is_decided(false, operand.kind(), call.collation);
            value(operand, scope).filter(|_| is_decided)?.sql
        }
        [operand] => nullable(operand, scope)?,
        _ => return None,
    };
    call.said("count", &operand, scope)
}

/// The sum of integers is a HUGEINT, which no number of rows of integers overflows; that of decimals has
/// 38 digits.
fn sum(call: Call<'_>, operand: &Expression, scope: &Scope) -> Option<Value> {
    use LogicalType as L;
    if !is_integer(operand.kind()) && operand.kind() != Kind::Numeric {
        return None;
    }
    let operand = value(operand, scope)?;
    let operand = match operand.logical {
        L::TinyInt | L::UTinyInt | L::USmallInt | L::UInteger => operand.cast(&L::BigInt),
        L::UBigInt => operand.cast(&L::HugeInt),
        _ => operand,
    };
    let logical = match operand.logical {
        L::Decimal { scale, .. } => L::Decimal { width: MOST_DIGITS, scale },
        _ => L::HugeInt,
    };
    let most = operand.facts.most.checked_mul(ROWS)?;
    let facts = Facts { most, ..operand.facts };
    let sql = call.said("sum", &operand.sql, scope)?;
    decimal::fits(most, MOST_DIGITS).then_some(Value { sql, logical, facts })
}

/// The least or the greatest of values that have the same order in both. Zero and minus zero are equal:
/// which of the two is taken is open in both.
fn extreme(name: &str, call: Call<'_>, operand: &Expression, scope: &Scope) -> Option<Value> {
    if !is_decided(true, operand.kind(), call.collation) || operand.kind() == Kind::Bool {
        return None;
    }
    let operand = value(operand, scope)?;
    let sql = call.said(name, &operand.sql, scope)?;
    Some(operand.map_sql(|_| sql))
}

fn boolean(name: &str, call: Call<'_>, operand: &Expression, scope: &Scope) -> Option<Value> {
    let sql = call.said(name, &condition(operand, scope)?, scope)?;
    Some(Value::new(sql, LogicalType::Boolean))
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    fn of(name: &str, operand: Expression, result: Kind) -> Option<String> {
        said(&aggregate(name, [operand], result))
    }

    #[test]
    fn rows_are_counted() {
        assert_eq!(said(&aggregate("count", [], Kind::Int8)).unwrap(), "count(*)");
        assert_eq!(of("count", Common::json(), Kind::Int8).unwrap(), "count(r1.\"json\")");
        let mut distinct = aggregate("count", [Common::name()], Kind::Int8);
        if let Expression::Aggregate { distinct, filter, .. } = &mut distinct {
            (*distinct, *filter) = (true, Some(Box::new(Common::flag())));
        }
        let sql = "count(DISTINCT r1.\"name\") FILTER (WHERE r1.\"flag\")";
        assert_eq!(said(&distinct).unwrap(), sql);
        assert_eq!(said(&with_collation(distinct, Collation::Nondeterministic)), None);
    }

    #[test]
    fn sums_cannot_overflow() {
        assert_eq!(of("sum", Common::id(), Kind::Int8).unwrap(), "sum(r1.\"id\")");
        assert_eq!(
            of("sum", Common::tiny(), Kind::Int8).unwrap(),
            "sum(CAST(r1.\"tiny\" AS BIGINT))"
        );
        assert_eq!(of("sum", Common::big(), Kind::Numeric).unwrap(), "sum(r1.\"big\")");
        assert_eq!(of("sum", Common::price(), Kind::Numeric).unwrap(), "sum(r1.\"price\")");
        assert_eq!(of("sum", Common::huge(), Kind::Numeric), None);
        let square = operator(Common::price(), "*", Common::price(), Kind::Numeric);
        assert_eq!(of("sum", square, Kind::Numeric), None);
        assert_eq!(of("sum", Common::ratio(), Kind::Float8), None);
        let value = value(&aggregate("sum", [Common::price()], Kind::Numeric), &common()).unwrap();
        assert_eq!(value.logical, LogicalType::Decimal { width: 38, scale: 2 });
    }

    #[test]
    fn averages_are_a_sum_and_a_count() {
        let average_of = |operand| average(&aggregate("avg", [operand], Kind::Numeric), &common());
        let (sum, count) = average_of(Common::price()).unwrap();
        assert_eq!(sum.sql.to_string(), "sum(r1.\"price\")");
        assert_eq!(count.to_string(), "count(r1.\"price\")");
        assert!(average_of(Common::big()).is_some());
        assert!(average_of(Common::ratio()).is_none());
        assert_eq!(of("avg", Common::id(), Kind::Numeric), None);
    }

    #[test]
    fn extremes_need_the_same_order() {
        assert_eq!(of("max", Common::day(), Kind::Date).unwrap(), "max(r1.\"day\")");
        assert_eq!(of("min", Common::ratio(), Kind::Float8).unwrap(), "min(r1.\"ratio\")");
        assert_eq!(of("max", Common::name(), Kind::Text), None);
        let bytes = aggregate("max", [Common::name()], Kind::Text);
        assert!(said(&with_collation(bytes, Collation::Bytes)).is_some());
        assert_eq!(of("max", Common::mood(), Kind::Enum(99)), None);
        assert_eq!(of("max", Common::json(), Kind::Other(3802)), None);
    }

    #[test]
    fn truths_are_gathered() {
        assert_eq!(of("every", Common::flag(), Kind::Bool).unwrap(), "bool_and(r1.\"flag\")");
        assert_eq!(of("bool_or", Common::flag(), Kind::Bool).unwrap(), "bool_or(r1.\"flag\")");
    }

    #[test]
    fn what_depends_on_the_order_of_rows_stays() {
        for name in ["string_agg", "array_agg", "stddev", "variance", "any_value", "bit_and"] {
            assert_eq!(of(name, Common::id(), Kind::Numeric), None, "{name}");
        }
    }
}
