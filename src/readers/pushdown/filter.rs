//! Conditions of WHERE.

use super::{
    boolean::{condition, joined},
    expression::Expression,
    relation::Scope,
    size::is_modest,
    sql::Sql,
};

/// A condition for WHERE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The condition.
    pub sql: Sql,
    /// Whether DuckDB decides as PostgreSQL does; else it lets more rows through, and PostgreSQL has to
    /// check again.
    pub exact: bool,
}

/// A boolean expression as a condition for WHERE: where only parts of it can be said, what is left of it
/// without the others lets more rows through.
pub fn filter(expression: &Expression, scope: &Scope) -> Option<Filter> {
    if is_modest(expression) { narrowed(expression, scope) } else { None }
}

fn narrowed(expression: &Expression, scope: &Scope) -> Option<Filter> {
    if let Some(sql) = condition(expression, scope) {
        return Some(Filter { sql, exact: true });
    }
    match expression {
        Expression::And(parts) => {
            let said: Vec<Sql> =
                parts.iter().filter_map(|part| narrowed(part, scope)).map(|f| f.sql).collect();
            (!said.is_empty()).then(|| Filter { sql: joined(&said, " AND "), exact: false })
        }
        Expression::Or(parts) => {
            let said: Option<Vec<Filter>> =
                parts.iter().map(|part| narrowed(part, scope)).collect();
            let said: Vec<Sql> = said?.into_iter().map(|filter| filter.sql).collect();
            Some(Filter { sql: joined(&said, " OR "), exact: false })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    fn small() -> Expression {
        test(Common::id(), "<", int(5))
    }

    fn odd() -> Expression {
        test(Common::name(), "<", text("a"))
    }

    fn of(expression: &Expression) -> Option<(String, bool)> {
        filter(expression, &common()).map(|filter| (filter.sql.to_string(), filter.exact))
    }

    #[test]
    fn what_can_be_said_is_exact() {
        assert_eq!(of(&small()).unwrap(), ("(r1.\"id\" < 5)".into(), true));
        assert_eq!(of(&odd()), None);
    }

    #[test]
    fn parts_of_a_conjunction_narrow() {
        let both = Expression::And(vec![small(), odd()]);
        assert_eq!(of(&both).unwrap(), ("((r1.\"id\" < 5))".into(), false));
        assert_eq!(of(&Expression::And(vec![odd(), odd()])), None);
        // Its opposite would let fewer rows through.
        assert_eq!(of(&Expression::Not(Box::new(both))), None);
    }

    #[test]
    fn every_part_of_a_disjunction_has_to_narrow() {
        assert_eq!(of(&Expression::Or(vec![small(), odd()])), None);
        let nested = Expression::Or(vec![Common::flag(), Expression::And(vec![small(), odd()])]);
        assert_eq!(of(&nested).unwrap(), ("(r1.\"flag\" OR ((r1.\"id\" < 5)))".into(), false));
    }
}
