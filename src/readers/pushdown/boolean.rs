//! Boolean logic. NULLs take part in it alike in both programs.

use migrator_model::LogicalType;

use super::{
    column,
    compare::{compare, is_in},
    comparison::Comparison,
    expression::{Collation, Expression, Kind, Truth},
    relation::Scope,
    span,
    sql::Sql,
    value::{Value, is_strict, value},
};

/// A longer list of ANY stays in PostgreSQL, which hashes it.
const LONGEST_LIST: usize = 10_000;
/// A longer list of ANY with another operator than `=` stays in PostgreSQL.
const LONGEST_CHAIN: usize = 100;

/// A boolean expression.
pub fn value_of(expression: &Expression, scope: &Scope) -> Option<Value> {
    use Expression as E;
    let sql = match expression {
        E::And(parts) => all_of(parts, " AND ", scope),
        E::Or(parts) => all_of(parts, " OR ", scope),
        E::Not(operand) => condition(operand, scope).map(|sql| not(&sql)),
        E::IsNull { operand, not } => is_null(operand, *not, scope),
        E::Is { operand, truth } => condition(operand, scope).map(|sql| is(&sql, *truth)),
        E::IsDistinct { left, right, collation } => {
            compare(Comparison::Distinct, left, right, *collation, scope)
        }
        E::AnyOf { operator, all, left, elements, collation } => {
            any_of(&List { operator, all: *all, left, elements, collation: *collation }, scope)
        }
        _ => None,
    };
    sql.map(|sql| Value::new(sql, LogicalType::Boolean))
}

/// An expression as a condition.
pub fn condition(expression: &Expression, scope: &Scope) -> Option<Sql> {
    let value = value(expression, scope)?;
    (value.logical == LogicalType::Boolean).then_some(value.sql)
}

/// Conditions with AND or OR between them.
fn all_of(parts: &[Expression], between: &str, scope: &Scope) -> Option<Sql> {
    let parts: Option<Vec<Sql>> = parts.iter().map(|part| condition(part, scope)).collect();
    Some(joined(&parts?, between))
}

/// Conditions with something between them, in parentheses.
pub fn joined(parts: &[Sql], between: &str) -> Sql {
    Sql::list(parts, between).between("(", ")")
}

fn not(operand: &Sql) -> Sql {
    operand.between("(NOT ", ")")
}

fn is_null(operand: &Expression, not: bool, scope: &Scope) -> Option<Sql> {
    let sql = nullable(operand, scope)?;
    Some(sql.between("(", if not { " IS NOT NULL)" } else { " IS NULL)" }))
}

/// An expression that is NULL where PostgreSQL's is: any column is, apart from those that hold NULLs of
/// their own.
pub fn nullable(operand: &Expression, scope: &Scope) -> Option<Sql> {
    use LogicalType as L;
    let Expression::Column { relation, attribute, .. } = operand else {
        return value(operand, scope).map(|value| value.sql);
    };
    let found = scope.column(*relation, *attribute)?;
    let has_own = matches!(found.logical, L::Variant | L::Union(_) | L::Unknown(_));
    (!has_own).then(|| column::bare(*relation, found))
}

fn is(operand: &Sql, truth: Truth) -> Sql {
    match truth {
        Truth::True => operand.between("coalesce(", ", FALSE)"),
        Truth::NotTrue => operand.between("(NOT coalesce(", ", FALSE))"),
        Truth::False => operand.between("(NOT coalesce(", ", TRUE))"),
        Truth::NotFalse => operand.between("coalesce(", ", TRUE)"),
        Truth::Unknown => operand.between("(", " IS NULL)"),
        Truth::NotUnknown => operand.between("(", " IS NOT NULL)"),
    }
}

/// `left operator ANY (elements)`, or ALL.
struct List<'e> {
    operator: &'e str,
    all: bool,
    left: &'e Expression,
    elements: &'e [Expression],
    collation: Collation,
}

fn any_of(list: &List<'_>, scope: &Scope) -> Option<Sql> {
    if list.elements.is_empty() {
        return Some(Sql::text(if list.all { "TRUE" } else { "FALSE" }));
    }
    let is_chain = span::operand(list.left, scope).is_some() || !is_strict(list.left);
    let has_room = list.elements.len() <= LONGEST_LIST;
    let within = || is_in(list.left, list.elements, list.collation, scope).filter(|_| has_room);
    match (list.operator, list.all) {
        ("=", false) if !is_chain => within(),
        ("<>", true) if !is_chain => within().map(|sql| not(&sql)),
        _ if list.elements.len() <= LONGEST_CHAIN => chain(list, scope),
        _ => None,
    }
}

/// Each element by itself.
fn chain(list: &List<'_>, scope: &Scope) -> Option<Sql> {
    let one = |element: &Expression| {
        let operator = Expression::Operator {
            name: list.operator.to_owned(),
            operands: vec![list.left.clone(), element.clone()],
            declared: vec![list.left.kind(), element.kind()],
            result: Kind::Bool,
            collation: list.collation,
        };
        condition(&operator, scope)
    };
    let parts: Option<Vec<Sql>> = list.elements.iter().map(one).collect();
    Some(joined(&parts?, if list.all { " AND " } else { " OR " }))
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    fn is_null_of(operand: Expression) -> Expression {
        Expression::IsNull { operand: Box::new(operand), not: false }
    }

    fn any(
        operator: &str,
        all: bool,
        left: Expression,
        elements: Vec<Expression>,
    ) -> Option<String> {
        said(&Expression::AnyOf {
            operator: operator.into(),
            all,
            left: Box::new(left),
            elements,
            collation: Collation::Deterministic,
        })
    }

    #[test]
    fn logic_is_said_as_it_is() {
        let small = || test(Common::id(), "<", int(5));
        let both = Expression::And(vec![small(), Common::flag()]);
        assert_eq!(said(&both).unwrap(), "((r1.\"id\" < 5) AND r1.\"flag\")");
        let either = Expression::Or(vec![small(), Expression::Not(Box::new(Common::flag()))]);
        assert_eq!(said(&either).unwrap(), "((r1.\"id\" < 5) OR (NOT r1.\"flag\"))");
        assert_eq!(said(&Expression::And(vec![small(), Common::json()])), None);
        assert_eq!(said(&Expression::Not(Box::new(Common::id()))), None);
    }

    #[test]
    fn null_is_null_in_any_column() {
        assert_eq!(said(&is_null_of(Common::json())).unwrap(), "(r1.\"json\" IS NULL)");
        let sum = operator(Common::count(), "+", int(1), Kind::Int4);
        let not = Expression::IsNull { operand: Box::new(sum), not: true };
        assert!(said(&not).unwrap().ends_with(" IS NOT NULL)"));
        let mut variant = column("v", LogicalType::Variant, migrator_model::PgType::Jsonb);
        variant.altered = true;
        let scope = scope([variant]);
        assert!(value(&is_null_of(col(1, Kind::Other(1))), &scope).is_none());
    }

    #[test]
    fn what_reading_alters_can_still_be_null() {
        let mut altered = column("a", LogicalType::Varchar, migrator_model::PgType::Text);
        altered.altered = true;
        assert!(value(&is_null_of(col(1, Kind::Text)), &scope([altered])).is_some());
    }

    #[test]
    fn truth_is_said_by_coalesce() {
        let is =
            |truth| said(&Expression::Is { operand: Box::new(Common::flag()), truth }).unwrap();
        assert_eq!(is(Truth::True), "coalesce(r1.\"flag\", FALSE)");
        assert_eq!(is(Truth::NotTrue), "(NOT coalesce(r1.\"flag\", FALSE))");
        assert_eq!(is(Truth::False), "(NOT coalesce(r1.\"flag\", TRUE))");
        assert_eq!(is(Truth::NotFalse), "coalesce(r1.\"flag\", TRUE)");
        assert_eq!(is(Truth::Unknown), "(r1.\"flag\" IS NULL)");
        assert_eq!(is(Truth::NotUnknown), "(r1.\"flag\" IS NOT NULL)");
    }

    #[test]
    fn lists_become_in() {
        let id = || Common::id();
        assert_eq!(any("=", false, id(), vec![int(1), int(2)]).unwrap(), "(r1.\"id\" IN (1, 2))");
        let not_in = "(NOT (r1.\"id\" IN (1, NULL)))";
        assert_eq!(any("<>", true, id(), vec![int(1), null(Kind::Int4)]).unwrap(), not_in);
        assert_eq!(any("=", false, id(), vec![]).unwrap(), "FALSE");
        assert_eq!(any("<>", true, id(), vec![]).unwrap(), "TRUE");
        assert_eq!(any("=", false, id(), vec![int(1); LONGEST_LIST + 1]), None);
    }

    #[test]
    fn other_lists_become_chains() {
        let like = any("~~", false, Common::name(), vec![text("a%"), text("b%")]).unwrap();
        assert_eq!(like, "((r1.\"name\" LIKE 'a%') OR (r1.\"name\" LIKE 'b%'))");
        let all = any(">", true, Common::id(), vec![int(1), int(2)]).unwrap();
        assert_eq!(all, "((r1.\"id\" > 1) AND (r1.\"id\" > 2))");
        let arguments = vec![Common::name(), text("x")];
        let chosen = Expression::Coalesce { arguments, result: Kind::Text };
        let listed = any("=", false, chosen, vec![text("a"), text("b")]).unwrap();
        assert!(listed.contains(" = 'a') OR (coalesce("), "{listed}");
        let year = function("extract", [text("year"), Common::day()], Kind::Numeric);
        assert!(any("=", false, year, vec![num("2024"), num("2025")]).unwrap().contains(") OR ("));
    }

    #[test]
    fn distinct_values_may_be_null() {
        let distinct = |right| {
            let (left, right) = (Box::new(Common::tiny()), Box::new(right));
            said(&Expression::IsDistinct { left, right, collation: Collation::None }).unwrap()
        };
        assert_eq!(distinct(int(5)), "(r1.\"tiny\" IS DISTINCT FROM 5)");
        assert_eq!(distinct(int(1000)), "TRUE");
        assert_eq!(distinct(null(Kind::Int4)), "(r1.\"tiny\" IS NOT NULL)");
        assert_eq!(distinct(Common::tiny()), "(r1.\"tiny\" IS DISTINCT FROM r1.\"tiny\")");
    }
}
