//! FROM: tables and joins of tables.

use super::{
    boolean::{condition, joined},
    expression::Expression,
    filter::filter,
    guard::Guards,
    relation::{JoinKind, Remote, Scope},
    sql::Sql,
};

/// What stands behind FROM, and which of its rows count.
pub struct From {
    /// Behind FROM.
    pub sql: Sql,
    /// Conditions of WHERE, or of the join that takes it in.
    pub conditions: Vec<Sql>,
}

/// A relation. With `all`, a condition that DuckDB decides otherwise than PostgreSQL has no place.
pub fn from(remote: &Remote, all: bool, guards: &Guards, scope: &Scope) -> Option<From> {
    match remote {
        Remote::Table { relation, filters } => {
            let table = scope.0.get(relation)?;
            let said = |condition: &Expression| {
                let filter = filter(condition, scope)?;
                (filter.exact || !all).then_some(filter.sql)
            };
            let mut conditions: Vec<Sql> = filters.iter().map(said).collect::<Option<_>>()?;
            conditions.extend(guards.get(relation).into_iter().flatten().cloned());
            Some(From { sql: Sql::text(format!("{} AS r{relation}", table.from)), conditions })
        }
        Remote::Join { kind, left, right, on, filters } => {
            let sides = (from(left, true, guards, scope)?, from(right, true, guards, scope)?);
            let mut join = join(*kind, sides, conditions(on, scope)?, right, left)?;
            join.conditions.extend(conditions(filters, scope)?);
            Some(join)
        }
    }
}

fn conditions(list: &[Expression], scope: &Scope) -> Option<Vec<Sql>> {
    list.iter().map(|one| condition(one, scope)).collect()
}

/// The conditions of a side that is kept whole can wait for WHERE; those of the other side choose its
/// rows before it is joined, and so belong to the join's own.
fn join(
    kind: JoinKind,
    (mut left, mut right): (From, From),
    mut on: Vec<Sql>,
    right_remote: &Remote,
    left_remote: &Remote,
) -> Option<From> {
    let mut conditions = Vec::new();
    match kind {
        JoinKind::Inner => {
            conditions.append(&mut left.conditions);
            conditions.append(&mut right.conditions);
        }
        JoinKind::Left | JoinKind::Semi | JoinKind::Anti => {
            conditions.append(&mut left.conditions);
            on.append(&mut right.conditions);
        }
        JoinKind::Full => {
            left = enclosed(left, left_remote)?;
            right = enclosed(right, right_remote)?;
        }
    }
    let right = match right_remote {
        Remote::Table { .. } => right.sql,
        Remote::Join { .. } => right.sql.between("(", ")"),
    };
    let on = if on.is_empty() { Sql::text("TRUE") } else { joined(&on, " AND ") };
    let word = format!(" {} ", word(kind));
    let parts = [(&left.sql).into(), word.as_str().into(), (&right).into(), " ON ".into()];
    Some(From { sql: Sql::of(parts.into_iter().chain([(&on).into()])), conditions })
}

fn word(kind: JoinKind) -> &'static str {
    match kind {
        JoinKind::Inner => "JOIN",
        JoinKind::Left => "LEFT JOIN",
        JoinKind::Full => "FULL JOIN",
        JoinKind::Semi => "SEMI JOIN",
        JoinKind::Anti => "ANTI JOIN",
    }
}

/// A table with its conditions in a query of its own.
fn enclosed(side: From, remote: &Remote) -> Option<From> {
    match remote {
        _ if side.conditions.is_empty() => Some(side),
        Remote::Table { relation, .. } => {
            let all = Sql::list(&side.conditions, " AND ").between(" WHERE ", ")");
            let from = side.sql.between("(SELECT * FROM ", "");
            let alias = format!(" AS r{relation}");
            let sql = Sql::of([(&from).into(), (&all).into(), alias.as_str().into()]);
            Some(From { sql, conditions: Vec::new() })
        }
        Remote::Join { .. } => None,
    }
}
