//! Parts of texts, at places that are known: there the two programs agree.

use migrator_model::LogicalType;

use super::{expression::Expression, operator::text_of, relation::Scope, sql::Sql, value::Value};

/// substring, substr, left or right.
pub fn value_of(
    name: &str,
    operand: &Expression,
    start: &Expression,
    length: Option<&Expression>,
    scope: &Scope,
) -> Option<Value> {
    let (operand, start) = (text_of(operand, scope)?.sql, constant(start)?);
    let sql = match (name, length) {
        ("substring" | "substr", None) => from(&operand, start),
        ("substring" | "substr", Some(length)) => within(&operand, start, constant(length)?)?,
        ("left" | "right", None) => Sql::call(name, &[&operand, &Sql::text(start.to_string())]),
        _ => return None,
    };
    Some(Value::new(sql, LogicalType::Varchar))
}

fn constant(expression: &Expression) -> Option<i64> {
    match expression {
        // The lowest number has no opposite to count from the other end with.
        Expression::Constant { value: Some(text), .. } => {
            text.parse().ok().filter(|number| *number > i64::from(i32::MIN))
        }
        _ => None,
    }
}

/// In PostgreSQL a text has nothing before its first character; DuckDB would count from its end.
fn from(operand: &Sql, start: i64) -> Sql {
    Sql::call("substring", &[operand, &Sql::text(start.max(1).to_string())])
}

/// A negative length is an error.
fn within(operand: &Sql, start: i64, length: i64) -> Option<Sql> {
    let end = (start + length).max(1);
    let (start, is_length) = (start.max(1), length >= 0);
    let length = (end - start).max(0);
    let arguments = [operand, &Sql::text(start.to_string()), &Sql::text(length.to_string())];
    is_length.then(|| Sql::call("substring", &arguments))
}

#[cfg(test)]
mod tests {
    use super::super::{expression::Kind, testing::*};

    fn part(name: &str, start: i32, length: i32) -> Option<String> {
        said(&function(name, [Common::name(), int(start), int(length)], Kind::Text))
    }

    #[test]
    fn substrings_begin_with_the_first_character() {
        assert_eq!(part("substring", 2, 3).unwrap(), "substring(r1.\"name\", 2, 3)");
        assert_eq!(part("substr", -1, 4).unwrap(), "substring(r1.\"name\", 1, 2)");
        assert_eq!(part("substr", -5, 3).unwrap(), "substring(r1.\"name\", 1, 0)");
        assert_eq!(part("substr", 0, 1).unwrap(), "substring(r1.\"name\", 1, 0)");
        assert_eq!(part("substr", 1, -1), None);
        let rest = |start| said(&function("substr", [Common::name(), int(start)], Kind::Text));
        assert_eq!(rest(3).unwrap(), "substring(r1.\"name\", 3)");
        assert_eq!(rest(-3).unwrap(), "substring(r1.\"name\", 1)");
    }

    #[test]
    fn ends_may_be_counted_from_the_other_end() {
        let of = |name: &str, n| said(&function(name, [Common::name(), int(n)], Kind::Text));
        assert_eq!(of("left", 2).unwrap(), "left(r1.\"name\", 2)");
        assert_eq!(of("right", -2).unwrap(), "right(r1.\"name\", -2)");
        assert_eq!(of("left", i32::MIN), None);
        assert_eq!(of("repeat", 2), None);
    }

    #[test]
    fn places_that_are_not_known_stay() {
        let part = function("substr", [Common::name(), Common::id()], Kind::Text);
        assert_eq!(said(&part), None);
        let bytes = function("substr", [Common::bytes(), int(1)], Kind::Bytea);
        assert_eq!(said(&bytes), None);
    }
}
