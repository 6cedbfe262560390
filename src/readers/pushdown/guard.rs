//! What a query takes for granted about dates. It is planned with statistics of the file; a prepared
//! statement may run after the file has changed, and then has to fail rather than be wrong.

use std::collections::BTreeMap;

use migrator_model::LogicalType;

use super::{
    column,
    expression::{Expression, Kind},
    relation::{Scope, Select},
    span,
    sql::Sql,
};

/// Conditions for the tables of a query, by their index in the range table: true, or an error. Where
/// DuckDB's statistics say that they hold, it leaves them out.
pub type Guards = BTreeMap<u32, Vec<Sql>>;

/// The guards of a query.
pub fn guards(select: &Select, scope: &Scope) -> Guards {
    let mut found = Vec::new();
    let mut expressions = select.from.conditions();
    expressions.extend(select.outputs.iter().map(|output| &output.expression));
    expressions.extend(select.grouping.iter().flatten().chain(&select.having));
    expressions.extend(select.order.iter().map(|key| &key.expression));
    expressions.iter().for_each(|expression| look(expression, scope, &mut found));
    let mut guards = Guards::new();
    for (relation, attribute, kind) in found {
        // Without such statistics nothing has been taken for granted.
        let guard = column::value(relation, attribute, kind, scope)
            .filter(|column| column.facts.ordinary)
            .map(|column| guard(&column.sql, &column.logical));
        let list = guards.entry(relation).or_default();
        list.extend(guard.filter(|guard| !list.contains(guard)));
    }
    guards
}

/// Finds the columns whose years or days are counted: DuckDB counts years before Christ otherwise, has
/// no year for infinity, and a number of days to it.
fn look(expression: &Expression, scope: &Scope, found: &mut Vec<(u32, i16, Kind)>) {
    use Expression as E;
    match expression {
        E::Function { name, arguments, .. }
            if matches!(name.as_str(), "extract" | "date_part")
                && span::operand(expression, scope).is_some() =>
        {
            arguments.iter().for_each(|argument| columns(argument, found));
        }
        E::Operator { name, operands, .. }
            if name == "-" && operands.iter().all(|operand| operand.kind() == Kind::Date) =>
        {
            operands.iter().for_each(|operand| columns(operand, found));
        }
        // A range of dates: exact whatever they are.
        E::Operator { operands, result: Kind::Bool, .. }
            if operands.iter().any(Expression::is_known)
                && operands.iter().any(|one| span::operand(one, scope).is_some()) => {}
        E::IsDistinct { left, right, .. }
            if (left.is_known() || right.is_known())
                && [left, right].iter().any(|one| span::operand(one, scope).is_some()) => {}
        E::AnyOf { left, .. } if span::operand(left, scope).is_some() => {}
        other => other.children().into_iter().for_each(|child| look(child, scope, found)),
    }
}

/// All columns of dates and timestamps in an expression.
fn columns(expression: &Expression, found: &mut Vec<(u32, i16, Kind)>) {
    if let Expression::Column { relation, attribute, kind: kind @ (Kind::Date | Kind::Timestamp) } =
        expression
    {
        found.push((*relation, *attribute, *kind));
    }
    expression.children().into_iter().for_each(|child| columns(child, found));
}

/// True where the column is ordinary.
fn guard(column: &Sql, logical: &LogicalType) -> Sql {
    let end = |day: &str| format!("CAST('{day}' AS {logical})");
    let (first, last) = (end("0001-01-01"), end("200000-01-01"));
    Sql::of([
        "CASE WHEN ".into(),
        column.into(),
        " < ".into(),
        first.as_str().into(),
        " OR ".into(),
        column.into(),
        " > ".into(),
        last.as_str().into(),
        " THEN CAST('date out of range' AS BOOLEAN) ELSE TRUE END".into(),
    ])
}

#[cfg(test)]
mod tests {
    use super::{
        super::{relation::Remote, testing::*},
        *,
    };

    fn guards_of(expression: Expression) -> Vec<String> {
        let from = Remote::Table { relation: 1, filters: vec![expression] };
        let guards = guards(&Select::all_of(from), &common());
        guards.into_values().flatten().map(|guard| guard.to_string()).collect()
    }

    fn year_of(moment: Expression) -> Expression {
        function("extract", [text("year"), moment], Kind::Numeric)
    }

    #[test]
    fn years_and_days_are_guarded_once() {
        let guard = "CASE WHEN r1.\"born\" < CAST('0001-01-01' AS DATE) OR r1.\"born\" > \
                     CAST('200000-01-01' AS DATE) THEN CAST('date out of range' AS BOOLEAN) \
                     ELSE TRUE END";
        let years = test(year_of(Common::born()), "=", year_of(Common::born()));
        assert_eq!(guards_of(years), [guard]);
        let days = operator(Common::born(), "-", Common::born(), Kind::Int4);
        assert_eq!(guards_of(test(days, "<", int(30))), [guard]);
    }

    #[test]
    fn ranges_and_other_parts_need_no_guard() {
        assert!(guards_of(test(year_of(Common::born()), "=", num("2024"))).is_empty());
        assert!(guards_of(test(year_of(Common::born()), "=", param(0, Kind::Numeric))).is_empty());
        let distinct = Expression::IsDistinct {
            left: Box::new(year_of(Common::day())),
            right: Box::new(num("2024")),
            collation: super::super::Collation::None,
        };
        assert!(guards_of(distinct).is_empty());
        let month = function("extract", [text("month"), Common::born()], Kind::Numeric);
        assert!(guards_of(test(month, "=", num("12"))).is_empty());
        let week = operator(Common::born(), "-", int(7), Kind::Date);
        assert!(guards_of(test(week, "<", Common::day())).is_empty());
    }
}
