//! CASE, COALESCE and NULLIF: one of several values.

use migrator_model::LogicalType;

use super::{
    boolean::condition,
    compare::{compare, shared},
    comparison::Comparison,
    decimal,
    expression::{Collation, Expression, Kind},
    integer, literal,
    relation::Scope,
    sql::Sql,
    value::{Facts, Value, value},
};

/// The value of a choice.
pub fn value_of(expression: &Expression, scope: &Scope) -> Option<Value> {
    match expression {
        Expression::Case { arms, otherwise, result } => case(arms, otherwise, *result, scope),
        Expression::Coalesce { arguments, result } => coalesce(arguments, *result, scope),
        Expression::NullIf { left, right, collation } => null_if(left, right, *collation, scope),
        _ => None,
    }
}

fn coalesce(arguments: &[Expression], result: Kind, scope: &Scope) -> Option<Value> {
    if let [argument] = arguments {
        return value(argument, scope);
    }
    let choices = Choices::of(arguments.iter(), result, scope)?;
    let list = Sql::list(&choices.sql, ", ").between("coalesce(", ")");
    Some(choices.value(list))
}

fn case(
    arms: &[(Expression, Expression)],
    otherwise: &Expression,
    result: Kind,
    scope: &Scope,
) -> Option<Value> {
    let values = arms.iter().map(|(_, then)| then).chain([otherwise]);
    let choices = Choices::of(values, result, scope)?;
    let mut sql = Sql::text("(CASE");
    for ((when, _), then) in arms.iter().zip(&choices.sql) {
        let condition = condition(when, scope)?;
        sql.push(&Sql::of([" WHEN ".into(), (&condition).into(), " THEN ".into(), then.into()]));
    }
    sql.push(&choices.sql.last()?.between(" ELSE ", " END)"));
    Some(choices.value(sql))
}

fn null_if(
    left: &Expression,
    right: &Expression,
    collation: Collation,
    scope: &Scope,
) -> Option<Value> {
    let equal = compare(Comparison::Equal, left, right, collation, scope)?;
    let value = value(left, scope)?;
    let null = equal.between("(CASE WHEN ", " THEN NULL ELSE ");
    Some(value.map_sql(|sql| Sql::of([(&null).into(), sql.into(), " END)".into()])))
}

/// Values of which one is taken, as one type.
struct Choices {
    sql: Vec<Sql>,
    logical: LogicalType,
    facts: Facts,
}

impl Choices {
    fn of<'e>(
        expressions: impl Iterator<Item = &'e Expression>,
        kind: Kind,
        scope: &Scope,
    ) -> Option<Self> {
        // A NULL has every type.
        let one = |expression: &Expression| match expression {
            Expression::Constant { value: None, .. } => Some(None),
            other => value(other, scope).map(Some),
        };
        let values: Vec<Option<Value>> = expressions.map(one).collect::<Option<_>>()?;
        let logical = common(values.iter().flatten(), kind)?;
        let facts = common_facts(values.iter().flatten(), &logical)?;
        let null = Sql::text("NULL").cast(&logical);
        let sql = |value: Option<Value>| value.map_or(null.clone(), |v| v.cast(&logical).sql);
        Some(Self { sql: values.into_iter().map(sql).collect(), facts, logical })
    }

    fn value(self, sql: Sql) -> Value {
        Value { sql, logical: self.logical, facts: self.facts }
    }
}

/// The type of all of them; labels of different types have none.
fn common<'v>(mut values: impl Iterator<Item = &'v Value>, kind: Kind) -> Option<LogicalType> {
    let Some(first) = values.next() else { return literal::logical(kind) };
    values.try_fold(first.logical.clone(), |logical, value| {
        let so_far = Value { logical, ..first.clone() };
        let is_label = |value: &Value| matches!(value.logical, LogicalType::Enum(_));
        let logical = shared(&so_far, value)?;
        (!is_label(value) || logical == value.logical).then_some(logical)
    })
}

/// What holds for all of them. A number that had fewer digits behind the point shows more now.
fn common_facts<'v>(
    values: impl Iterator<Item = &'v Value>,
    logical: &LogicalType,
) -> Option<Facts> {
    let scale = integer::scale(logical);
    let mut facts = Facts { most: 0, plain: true, ordinary: true };
    for value in values {
        facts.most = facts.most.max(match integer::unscaled_range(logical) {
            Some(_) => decimal::scaled(value, scale)?,
            None => u128::MAX,
        });
        facts.plain &= value.facts.plain && integer::scale(&value.logical) == scale;
        facts.ordinary &= value.facts.ordinary;
    }
    Some(facts)
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    fn case_of(then: Expression, otherwise: Expression, result: Kind) -> Expression {
        let when = test(Common::id(), "<", int(5));
        Expression::Case { arms: vec![(when, then)], otherwise: Box::new(otherwise), result }
    }

    fn plain(expression: &Expression) -> bool {
        value(expression, &common_scope()).unwrap().facts.plain
    }

    fn common_scope() -> Scope {
        super::super::testing::common()
    }

    #[test]
    fn a_case_has_one_type() {
        let case = case_of(Common::id(), null(Kind::Int4), Kind::Int4);
        let sql = "(CASE WHEN (r1.\"id\" < 5) THEN r1.\"id\" ELSE CAST(NULL AS INTEGER) END)";
        assert_eq!(said(&case).unwrap(), sql);
        let case = case_of(Common::tiny(), int(1000), Kind::Int4);
        assert!(said(&case).unwrap().contains("THEN CAST(r1.\"tiny\" AS INTEGER) ELSE"));
        let case = case_of(text("a"), text("b"), Kind::Text);
        assert!(said(&case).unwrap().ends_with("THEN 'a' ELSE 'b' END)"));
        assert_eq!(said(&case_of(Common::json(), Common::json(), Kind::Other(3802))), None);
    }

    #[test]
    fn numbers_of_different_digits_are_not_shown_alike() {
        let price = || Common::price();
        assert!(plain(&case_of(price(), num("0.00"), Kind::Numeric)));
        assert!(!plain(&case_of(price(), num("0"), Kind::Numeric)));
        let coalesce =
            |other| Expression::Coalesce { arguments: vec![price(), other], result: Kind::Numeric };
        assert!(!plain(&coalesce(num("0"))));
        assert!(plain(&coalesce(num("9.99"))));
        let sql = "coalesce(r1.\"price\", CAST(CAST('0' AS DECIMAL(1,0)) AS DECIMAL(15,2)))";
        assert_eq!(said(&coalesce(num("0"))).unwrap(), sql);
    }

    #[test]
    fn the_greatest_of_all_counts() {
        let case = case_of(num("7.5"), num("100"), Kind::Numeric);
        assert_eq!(value(&case, &common_scope()).unwrap().facts.most, 1000);
    }

    #[test]
    fn nulls_alone_have_the_declared_type() {
        let nothing =
            |kind| Expression::Coalesce { arguments: vec![null(kind), null(kind)], result: kind };
        let date = "coalesce(CAST(NULL AS DATE), CAST(NULL AS DATE))";
        assert_eq!(said(&nothing(Kind::Date)).unwrap(), date);
        assert_eq!(said(&nothing(Kind::Numeric)), None);
    }

    #[test]
    fn null_if_compares_first() {
        let null_if = |left, right| {
            let collation = Collation::Deterministic;
            said(&Expression::NullIf { left: Box::new(left), right: Box::new(right), collation })
        };
        let sql = "(CASE WHEN (r1.\"name\" = '') THEN NULL ELSE r1.\"name\" END)";
        assert_eq!(null_if(Common::name(), text("")).unwrap(), sql);
        assert_eq!(null_if(Common::json(), Common::json()), None);
    }

    #[test]
    fn labels_stay_labels() {
        let case = case_of(Common::mood(), null(Kind::Enum(99)), Kind::Enum(99));
        assert!(said(&case).is_some());
        let mixed = case_of(Common::mood(), constant_of(Kind::Enum(99), "big"), Kind::Enum(99));
        assert_eq!(said(&mixed), None);
    }
}
