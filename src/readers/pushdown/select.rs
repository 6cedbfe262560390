//! Whole queries.

use migrator_model::{Field, LogicalType};

use super::{
    boolean::{condition, joined},
    compare::is_decided,
    expression::{Collation, Expression, Kind},
    from::{From, from},
    guard::guards,
    outputs::Outputs,
    relation::{Scope, Select, SortKey},
    sql::Sql,
    value::{Value, has_column, value},
};
use crate::readers::plan::Fill;

/// A query, and what it gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The query.
    pub sql: Sql,
    /// Its columns as the reader will see them: at least one.
    pub columns: Vec<Field>,
    /// Where each output comes from.
    pub fills: Vec<Fill>,
}

/// A query as DuckDB SQL; None where some part cannot be said exactly.
pub fn select(select: &Select, scope: &Scope) -> Option<Query> {
    let is_gathered = select.grouping.is_some() || select.distinct;
    let is_all = is_gathered || select.limit.is_some() || select.offset.is_some();
    let mut outputs = Outputs::of(&select.outputs, is_gathered, scope)?;
    if outputs.items.is_empty() {
        outputs.push("?column?", nothing(select));
    }
    let mut sql = Sql::text(if select.distinct { "SELECT DISTINCT " } else { "SELECT " });
    sql.push(&Sql::list(&outputs.items, ", "));
    add_from(&mut sql, from(&select.from, is_all, &guards(select, scope), scope)?);
    add_grouping(&mut sql, select, scope)?;
    add_order(&mut sql, select, scope)?;
    add_count(&mut sql, " LIMIT ", select.limit.as_ref())?;
    add_count(&mut sql, " OFFSET ", select.offset.as_ref())?;
    Some(Query { sql, columns: outputs.columns, fills: outputs.fills })
}

/// What a query gives whose rows alone are wanted. Only an aggregate makes one group of all rows.
fn nothing(select: &Select) -> Value {
    match &select.grouping {
        Some(keys) if keys.is_empty() => Value::new(Sql::text("count(*)"), LogicalType::BigInt),
        _ => Value::new(Sql::text("1"), LogicalType::Integer),
    }
}

fn add_from(sql: &mut Sql, from: From) {
    sql.push(&from.sql.between(" FROM ", ""));
    if !from.conditions.is_empty() {
        sql.push(&Sql::list(&from.conditions, " AND ").between(" WHERE ", ""));
    }
}

fn add_grouping(sql: &mut Sql, select: &Select, scope: &Scope) -> Option<()> {
    let keys = select.grouping.as_deref().unwrap_or_default();
    let keys: Vec<Sql> = keys.iter().map(|key| group_key(key, scope)).collect::<Option<_>>()?;
    if !keys.is_empty() {
        sql.push(&Sql::list(&keys, ", ").between(" GROUP BY ", ""));
    }
    let having = select.having.iter().map(|one| condition(one, scope));
    let having: Vec<Sql> = having.collect::<Option<_>>()?;
    if !having.is_empty() {
        sql.push(&joined(&having, " AND ").between(" HAVING ", ""));
    }
    Some(())
}

fn group_key(key: &Expression, scope: &Scope) -> Option<Sql> {
    // The collation was the planner's question.
    is_groupable(key, Collation::Bytes, scope).then(|| value(key, scope))?.map(|value| value.sql)
}

/// Whether DuckDB makes the same groups (or distinct values) of an expression as PostgreSQL does with
/// this collation, and gives the same value for each. A floating-point zero and minus zero are one group,
/// but not one value.
pub fn is_groupable(expression: &Expression, collation: Collation, scope: &Scope) -> bool {
    let is_float =
        |logical: &LogicalType| matches!(logical, LogicalType::Float | LogicalType::Double);
    is_decided(false, expression.kind(), collation)
        && has_column(expression)
        && value(expression, scope).is_some_and(|v| v.facts.plain && !is_float(&v.logical))
}

fn add_order(sql: &mut Sql, select: &Select, scope: &Scope) -> Option<()> {
    let keys = select.order.iter().map(|key| order_key(key, scope));
    let keys: Vec<Sql> = keys.collect::<Option<_>>()?;
    if !keys.is_empty() {
        sql.push(&Sql::list(&keys, ", ").between(" ORDER BY ", ""));
    }
    Some(())
}

fn order_key(key: &SortKey, scope: &Scope) -> Option<Sql> {
    let direction = if key.descending { " DESC" } else { " ASC" };
    let nulls = if key.nulls_first { " NULLS FIRST" } else { " NULLS LAST" };
    let value = value(&key.expression, scope).filter(|_| is_sortable(key))?;
    Some(value.sql.between("", &format!("{direction}{nulls}")))
}

/// Whether the order of the values is the same in both; whether DuckDB has them is another question. A
/// constant would be the number of a column.
pub fn is_sortable(key: &SortKey) -> bool {
    is_decided(true, key.expression.kind(), key.collation) && has_column(&key.expression)
}

/// LIMIT or OFFSET: NULL is none, less than zero an error.
fn add_count(sql: &mut Sql, word: &str, count: Option<&Expression>) -> Option<()> {
    match count {
        None | Some(Expression::Constant { kind: Kind::Int8, value: None }) => {}
        Some(Expression::Constant { kind: Kind::Int8, value: Some(text) }) => {
            let count: u64 = text.parse().ok()?;
            sql.push_str(&format!("{word}{count}"));
        }
        Some(Expression::Parameter { kind: Kind::Int8, number }) => {
            sql.push(&Sql::parameter(*number).between(word, ""));
        }
        Some(_) => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use migrator_model::PgType as P;

    use super::{
        super::{
            relation::{JoinKind, Output, Remote},
            testing::*,
        },
        *,
    };

    fn out(expression: Expression, pg: P) -> Output {
        Output { expression, pg }
    }

    fn table(filters: Vec<Expression>) -> Remote {
        Remote::Table { relation: 1, filters }
    }

    /// A query of columns of [`common`].
    fn base(outputs: Vec<Output>) -> Select {
        Select { outputs, ..Select::all_of(table(vec![])) }
    }

    fn key(expression: Expression, descending: bool, nulls_first: bool) -> SortKey {
        SortKey { expression, descending, nulls_first, collation: Collation::None }
    }

    fn query(query: &Select) -> Option<String> {
        select(query, &common()).map(|query| query.sql.to_string())
    }

    fn small() -> Expression {
        test(Common::id(), "<", int(5))
    }

    #[test]
    fn columns_come_as_they_are() {
        let outputs = vec![out(Common::id(), P::Int4), out(Common::json(), P::Jsonb)];
        let query = select(&Select { from: table(vec![small()]), ..base(outputs) }, &common());
        let query = query.unwrap();
        let sql = "SELECT r1.\"id\", r1.\"json\" FROM main.\"t\" AS r1 WHERE (r1.\"id\" < 5)";
        assert_eq!(query.sql.to_string(), sql);
        let types: Vec<_> = query.columns.iter().map(|column| column.logical.clone()).collect();
        assert_eq!(types, [LogicalType::Integer, LogicalType::Json]);
        assert_eq!(query.columns[1].name, "json");
        assert_eq!(query.fills, [Fill::Column(0), Fill::Column(1)]);
    }

    #[test]
    fn what_is_computed_has_a_certain_type() {
        let sum = operator(Common::count(), "+", int(1), Kind::Int4);
        let sql =
            "SELECT CAST((r1.\"count\" + CAST('1' AS INTEGER)) AS INTEGER) FROM main.\"t\" AS r1";
        assert_eq!(query(&base(vec![out(sum, P::Int4)])).unwrap(), sql);
    }

    #[test]
    fn numbers_that_would_show_other_digits_are_no_outputs() {
        let arguments = vec![Common::price(), num("0")];
        let coalesce = Expression::Coalesce { arguments, result: Kind::Numeric };
        assert_eq!(query(&base(vec![out(coalesce.clone(), P::Numeric(None))])), None);
        let sum = aggregate("sum", [coalesce], Kind::Numeric);
        let grouping = Some(vec![]);
        let query_of = |outputs| Select { grouping: grouping.clone(), ..base(outputs) };
        assert_eq!(query(&query_of(vec![out(sum, P::Numeric(None))])), None);
    }

    #[test]
    fn an_output_of_another_type_is_refused() {
        assert_eq!(query(&base(vec![out(Common::id(), P::Date)])), None);
        let label =
            Expression::Coalesce { arguments: vec![Common::mood()], result: Kind::Enum(99) };
        let mood = P::Enum { name: None, labels: vec!["small".into(), "big".into()] };
        assert_eq!(query(&base(vec![out(label, mood.clone())])), None);
        assert!(query(&base(vec![out(Common::mood(), mood)])).is_some());
    }

    #[test]
    fn rows_alone_are_wanted_too() {
        assert_eq!(query(&base(vec![])).unwrap(), "SELECT 1 FROM main.\"t\" AS r1");
        let all = Select { grouping: Some(vec![]), ..base(vec![]) };
        assert_eq!(query(&all).unwrap(), "SELECT count(*) FROM main.\"t\" AS r1");
        let groups = Select { grouping: Some(vec![Common::id()]), ..base(vec![]) };
        let sql = "SELECT 1 FROM main.\"t\" AS r1 GROUP BY r1.\"id\"";
        assert_eq!(query(&groups).unwrap(), sql);
        assert_eq!(select(&all, &common()).unwrap().columns.len(), 1);
    }

    #[test]
    fn a_condition_that_only_narrows_has_nothing_above_it() {
        let both = || Expression::And(vec![small(), Common::json()]);
        let from = || table(vec![both()]);
        let narrowed = Select { from: from(), ..base(vec![out(Common::id(), P::Int4)]) };
        assert!(query(&narrowed).unwrap().ends_with(" WHERE ((r1.\"id\" < 5))"));
        let limit = Some(constant_of(Kind::Int8, "1"));
        assert_eq!(query(&Select { limit, ..narrowed.clone() }), None);
        assert_eq!(query(&Select { distinct: true, ..narrowed.clone() }), None);
        assert_eq!(query(&Select { grouping: Some(vec![]), ..base(vec![]) }).is_some(), true);
        assert_eq!(query(&Select { grouping: Some(vec![]), outputs: vec![], ..narrowed }), None);
    }

    #[test]
    fn groups_are_made() {
        let name = || Common::name();
        let average = aggregate("avg", [Common::id()], Kind::Numeric);
        let outputs = vec![out(name(), P::Text), out(average, P::Numeric(None))];
        let count = aggregate("count", [], Kind::Int8);
        let groups = Select {
            grouping: Some(vec![name()]),
            having: vec![test(count.clone(), ">", constant_of(Kind::Int8, "1"))],
            order: vec![key(count, true, true)],
            ..base(outputs)
        };
        let sql = "SELECT r1.\"name\", sum(r1.\"id\"), count(r1.\"id\") FROM main.\"t\" AS r1 \
                   GROUP BY r1.\"name\" HAVING ((count(*) > 1)) \
                   ORDER BY count(*) DESC NULLS FIRST";
        assert_eq!(query(&groups).unwrap(), sql);
        let query = select(&groups, &common()).unwrap();
        assert_eq!(query.fills, [Fill::Column(0), Fill::Average { sum: 1, count: 2 }]);
        assert_eq!(query.columns[1].logical, LogicalType::HugeInt);
    }

    #[test]
    fn what_makes_other_groups_stays() {
        let of = |key: Expression| query(&Select { grouping: Some(vec![key]), ..base(vec![]) });
        assert_eq!(of(Common::ratio()), None);
        assert_eq!(of(Common::json()), None);
        assert_eq!(of(int(1)), None);
        let is = |collation| is_groupable(&Common::name(), collation, &common());
        assert!(is(Collation::Deterministic) && !is(Collation::Nondeterministic));
        assert!(is_groupable(&Common::mood(), Collation::None, &common()));
    }

    #[test]
    fn distinct_rows_are_chosen() {
        let outputs = vec![out(Common::id(), P::Int4)];
        let distinct = Select { distinct: true, ..base(outputs) };
        assert_eq!(query(&distinct).unwrap(), "SELECT DISTINCT r1.\"id\" FROM main.\"t\" AS r1");
    }

    #[test]
    fn rows_are_sorted_and_cut() {
        let outputs = vec![out(Common::id(), P::Int4)];
        let sorted = Select {
            order: vec![key(Common::id(), false, false), key(Common::ratio(), true, false)],
            limit: Some(constant_of(Kind::Int8, "10")),
            offset: Some(param(2, Kind::Int8)),
            ..base(outputs)
        };
        let sql = "SELECT r1.\"id\" FROM main.\"t\" AS r1 ORDER BY r1.\"id\" ASC NULLS LAST, \
                   r1.\"ratio\" DESC NULLS LAST LIMIT 10 OFFSET $3";
        assert_eq!(query(&sorted).unwrap(), sql);
        let with = |limit| query(&Select { limit: Some(limit), ..sorted.clone() });
        assert_eq!(with(constant_of(Kind::Int8, "-1")), None);
        assert!(!with(null(Kind::Int8)).unwrap().contains("LIMIT"));
        assert_eq!(with(int(1)), None);
    }

    #[test]
    fn keys_of_another_order_stay() {
        let sortable = |expression, collation| {
            is_sortable(&SortKey { collation, ..key(expression, false, false) })
        };
        assert!(sortable(Common::name(), Collation::Bytes));
        assert!(!sortable(Common::name(), Collation::Deterministic));
        assert!(!sortable(Common::mood(), Collation::None));
        assert!(!sortable(int(1), Collation::None));
    }

    fn joined_scope() -> Scope {
        let mut scope = common();
        let other = super::super::testing::table(
            "other",
            [
                column("key", LogicalType::Integer, P::Int4),
                column("x", LogicalType::Boolean, P::Bool),
            ],
        );
        scope.0.insert(2, other.clone());
        scope.0.insert(3, other);
        scope
    }

    fn other(relation: u32, attribute: i16, kind: Kind) -> Expression {
        Expression::Column { relation, attribute, kind }
    }

    fn join_of(kind: JoinKind, left: Remote, right: Remote, relation: u32) -> Remote {
        let on = vec![test(Common::id(), "=", other(relation, 1, Kind::Int4))];
        Remote::Join { kind, left: Box::new(left), right: Box::new(right), on, filters: vec![] }
    }

    fn filtered(relation: u32) -> Remote {
        Remote::Table { relation, filters: vec![other(relation, 2, Kind::Bool)] }
    }

    fn from_of(remote: Remote) -> Option<String> {
        let query = Select { from: remote, ..base(vec![]) };
        let sql = select(&query, &joined_scope())?.sql.to_string();
        Some(sql.trim_start_matches("SELECT 1 FROM ").replace('"', ""))
    }

    #[test]
    fn filters_of_the_side_that_is_kept_whole_wait() {
        let left = |kind| from_of(join_of(kind, table(vec![small()]), filtered(2), 2)).unwrap();
        let both = "main.t AS r1 JOIN main.other AS r2 ON ((r1.id = r2.key)) \
                    WHERE (r1.id < 5) AND r2.x";
        assert_eq!(left(JoinKind::Inner), both);
        let outer = |word: &str| {
            format!(
                "main.t AS r1 {word} JOIN main.other AS r2 ON ((r1.id = r2.key) AND r2.x) \
                 WHERE (r1.id < 5)"
            )
        };
        assert_eq!(left(JoinKind::Left), outer("LEFT"));
        assert_eq!(left(JoinKind::Semi), outer("SEMI"));
        assert_eq!(left(JoinKind::Anti), outer("ANTI"));
    }

    #[test]
    fn a_full_join_has_its_filters_inside() {
        let full = from_of(join_of(JoinKind::Full, table(vec![small()]), filtered(2), 2));
        let sql = "(SELECT * FROM main.t AS r1 WHERE (r1.id < 5)) AS r1 FULL JOIN \
                   (SELECT * FROM main.other AS r2 WHERE r2.x) AS r2 ON ((r1.id = r2.key))";
        assert_eq!(full.unwrap(), sql);
        let inner = join_of(JoinKind::Inner, table(vec![small()]), filtered(2), 2);
        assert_eq!(from_of(join_of(JoinKind::Full, inner, filtered(3), 3)), None);
    }

    #[test]
    fn joins_of_joins_have_parentheses_on_the_right() {
        let inner = || join_of(JoinKind::Inner, filtered(2), filtered(3), 2);
        let sql = "main.t AS r1 LEFT JOIN (main.other AS r2 JOIN main.other AS r3 \
                   ON ((r1.id = r2.key))) ON ((r1.id = r2.key) AND r2.x AND r3.x)";
        assert_eq!(from_of(join_of(JoinKind::Left, table(vec![]), inner(), 2)).unwrap(), sql);
        let first = join_of(JoinKind::Left, table(vec![]), filtered(2), 2);
        let sql = "main.t AS r1 LEFT JOIN main.other AS r2 ON ((r1.id = r2.key) AND r2.x) \
                   JOIN main.other AS r3 ON ((r1.id = r3.key)) WHERE r3.x";
        assert_eq!(from_of(join_of(JoinKind::Inner, first, filtered(3), 3)).unwrap(), sql);
    }

    #[test]
    fn a_join_decides_as_postgresql_does() {
        let both = Expression::And(vec![small(), Common::json()]);
        let join = join_of(JoinKind::Inner, table(vec![both.clone()]), filtered(2), 2);
        assert_eq!(from_of(join), None);
        let on = Remote::Join {
            kind: JoinKind::Inner,
            left: Box::new(table(vec![])),
            right: Box::new(filtered(2)),
            on: vec![both],
            filters: vec![],
        };
        assert_eq!(from_of(on), None);
    }

    #[test]
    fn a_join_without_conditions_has_all_pairs() {
        let cross = Remote::Join {
            kind: JoinKind::Inner,
            left: Box::new(table(vec![])),
            right: Box::new(Remote::Table { relation: 2, filters: vec![] }),
            on: vec![],
            filters: vec![small()],
        };
        let sql = "main.t AS r1 JOIN main.other AS r2 ON TRUE WHERE (r1.id < 5)";
        assert_eq!(from_of(cross).unwrap(), sql);
    }
}
