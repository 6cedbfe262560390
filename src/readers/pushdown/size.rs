//! How large an expression may be. What DuckDB makes of a query grows with the square of its conditions,
//! and its own depth has an end; PostgreSQL evaluates the rest.

use super::expression::Expression;

/// The most levels.
const DEEPEST: usize = 64;
/// The most operators, functions and the like.
const MOST: usize = 400;
/// So many elements of a list weigh as much as an operator.
const ELEMENTS: usize = 50;

/// Whether an expression is of an ordinary size. To be asked first: what says expressions calls itself.
pub fn is_modest(expression: &Expression) -> bool {
    let (mut open, mut weight) = (vec![(expression, 1)], 0);
    while let Some((one, depth)) = open.pop() {
        weight += weight_of(one);
        if depth > DEEPEST || weight > MOST {
            return false;
        }
        open.extend(one.children().into_iter().map(|child| (child, depth + 1)));
    }
    true
}

fn weight_of(expression: &Expression) -> usize {
    match expression {
        Expression::Column { .. } | Expression::Constant { .. } | Expression::Parameter { .. } => 0,
        Expression::AnyOf { elements, .. } => 1 + elements.len() / ELEMENTS,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{expression::Kind, testing::*},
        *,
    };

    fn small() -> Expression {
        test(Common::id(), "<", int(5))
    }

    #[test]
    fn long_conditions_stay() {
        assert!(is_modest(&Expression::Or(vec![small(); 300])));
        assert!(!is_modest(&Expression::Or(vec![small(); 500])));
    }

    #[test]
    fn deep_expressions_stay() {
        let nested =
            |levels| (0..levels).fold(small(), |inside, _| Expression::Not(Box::new(inside)));
        assert!(is_modest(&nested(50)));
        assert!(!is_modest(&nested(70)));
    }

    #[test]
    fn long_lists_are_light() {
        let any = |count| Expression::AnyOf {
            operator: "=".into(),
            all: false,
            left: Box::new(Common::id()),
            elements: vec![constant_of(Kind::Int4, "1"); count],
            collation: super::super::Collation::None,
        };
        assert!(is_modest(&any(10_000)));
        assert!(!is_modest(&any(50_000)));
    }
}
