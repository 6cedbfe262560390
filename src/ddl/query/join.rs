//! Joins. A column of USING is one column without a table; SEMI and ANTI joins become EXISTS.

use sqlparser::ast::{Ident as Name, JoinConstraint, JoinOperator, ObjectName};

use super::{
    Untranslatable,
    from::From,
    refuse,
    scope::{Field, Frame, Tables, alike},
    translator::Translator,
    with::Ctes,
};
use crate::ddl::expression::{operators, value::Value};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Inner,
    Left,
    Right,
    Full,
    Cross,
    Semi,
    Anti,
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Left => "LEFT JOIN",
            Self::Right => "RIGHT JOIN",
            Self::Full => "FULL JOIN",
            Self::Cross => "CROSS JOIN",
            Self::Inner | Self::Semi | Self::Anti => "INNER JOIN",
        }
    }

    fn exists(self) -> bool {
        matches!(self, Self::Semi | Self::Anti)
    }
}

fn kind(operator: &JoinOperator) -> Result<(Kind, &JoinConstraint), Untranslatable> {
    Ok(match operator {
        JoinOperator::Join(on) | JoinOperator::Inner(on) => (Kind::Inner, on),
        JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => (Kind::Left, on),
        JoinOperator::Right(on) | JoinOperator::RightOuter(on) => (Kind::Right, on),
        JoinOperator::FullOuter(on) => (Kind::Full, on),
        JoinOperator::CrossJoin(on) => (Kind::Cross, on),
        JoinOperator::Semi(on) | JoinOperator::LeftSemi(on) => (Kind::Semi, on),
        JoinOperator::Anti(on) | JoinOperator::LeftAnti(on) => (Kind::Anti, on),
        _ => return refuse("this kind of join is not supported"),
    })
}

impl Translator<'_> {
    /// Joins two parts of FROM.
    pub(super) fn join(
        &self,
        left: From,
        operator: &JoinOperator,
        right: From,
        around: &Frame<'_, '_>,
        ctes: &Ctes<'_>,
    ) -> Result<From, Untranslatable> {
        let (kind, constraint) = kind(operator)?;
        let outer = matches!(kind, Kind::Right | Kind::Full);
        let mixed = !matches!(kind, Kind::Inner | Kind::Cross);
        if (outer && !left.filters.is_empty()) || (mixed && !right.filters.is_empty()) {
            return refuse("a SEMI or ANTI join inside an outer join is not supported");
        }
        if matches!(constraint, JoinConstraint::None) != (kind == Kind::Cross) {
            return refuse("a join without a condition is not supported");
        }
        let (condition, visible) = match shared(constraint, &left, &right)? {
            Some(names) => merged(kind, &names, &left, &right)?,
            None => {
                let visible = [left.tables.visible.clone(), right.tables.visible.clone()].concat();
                let tables = [left.tables.tables.clone(), right.tables.tables.clone()].concat();
                let both = Tables { tables, visible: visible.clone() };
                (self.condition(constraint, &around.inside(&both, ctes))?, visible)
            }
        };
        match (condition, kind.exists()) {
            (Some(condition), true) => exists(kind, left, right, &condition),
            (None, true) => refuse("a SEMI or ANTI join without a condition"),
            (condition, false) => Ok(printed(kind, left, right, condition, visible)),
        }
    }

    fn condition(
        &self,
        constraint: &JoinConstraint,
        frame: &Frame<'_, '_>,
    ) -> Result<Option<String>, Untranslatable> {
        match constraint {
            JoinConstraint::On(node) => Ok(Some(self.value(node, frame)?.boolean("a join")?.sql)),
            _ => Ok(None),
        }
    }
}

fn printed(
    kind: Kind,
    left: From,
    right: From,
    condition: Option<String>,
    visible: Vec<Field>,
) -> From {
    let text = |from: &From| from.sql.clone().unwrap_or_default();
    let second = if right.joined { format!("({})", text(&right)) } else { text(&right) };
    let words = if condition.is_none() { Kind::Cross.words() } else { kind.words() };
    let mut sql = format!("{} {words} {second}", text(&left));
    if let Some(condition) = condition {
        sql += &format!(" ON {condition}");
    }
    let tables = [left.tables.tables, right.tables.tables].concat();
    let filters = [left.filters, right.filters].concat();
    From { sql: Some(sql), tables: Tables { tables, visible }, filters, joined: true }
}

fn exists(kind: Kind, left: From, right: From, condition: &str) -> Result<From, Untranslatable> {
    let word = if kind == Kind::Anti { "NOT EXISTS" } else { "EXISTS" };
    let Some(from) = &right.sql else { return refuse("a join without a table") };
    let filter = format!("({word} (SELECT FROM {from} WHERE {condition}))");
    let filters = [left.filters, vec![filter]].concat();
    Ok(From { filters, ..left })
}

/// The names of USING or of a NATURAL join; None where there is a condition or none at all.
fn shared(
    constraint: &JoinConstraint,
    left: &From,
    right: &From,
) -> Result<Option<Vec<String>>, Untranslatable> {
    match constraint {
        JoinConstraint::Using(names) => names.iter().map(bare).collect::<Result<_, _>>().map(Some),
        JoinConstraint::Natural => {
            let there = |field: &&Field| {
                right.tables.visible.iter().any(|other| alike(&other.name, &field.name))
            };
            let names: Vec<_> =
                left.tables.visible.iter().filter(there).map(|f| f.name.clone()).collect();
            if names.is_empty() {
                refuse("a NATURAL join without common columns")
            } else {
                Ok(Some(names))
            }
        }
        _ => Ok(None),
    }
}

fn bare(name: &ObjectName) -> Result<String, Untranslatable> {
    match name.0.as_slice() {
        [part] => {
            part.as_ident().map_or_else(|| refuse("a name in USING"), |name| Ok(name.value.clone()))
        }
        _ => refuse("a qualified name in USING is not supported"),
    }
}

/// The condition of USING and what `*` stands for after it: the merged columns stay at their place
/// on the left, and are left out on the right.
fn merged(
    kind: Kind,
    names: &[String],
    left: &From,
    right: &From,
) -> Result<(Option<String>, Vec<Field>), Untranslatable> {
    let mut visible = left.tables.visible.clone();
    let mut others = right.tables.visible.clone();
    let mut conditions = Vec::new();
    for name in names {
        let (at, there) = (only(&visible, name)?, only(&others, name)?);
        let other = others.remove(there).value;
        let Some(field) = visible.get_mut(at) else { return refuse("a name in USING") };
        conditions.push(operators::compare(field.value.clone(), "=", other.clone())?.sql);
        field.value = merge(kind, field.value.clone(), other)?;
    }
    visible.extend(others);
    Ok((Some(conditions.join(" AND ")), visible))
}

fn merge(kind: Kind, left: Value, right: Value) -> Result<Value, Untranslatable> {
    match kind {
        Kind::Right | Kind::Full if left.class != right.class => {
            refuse("USING with columns of two types in an outer join is not supported")
        }
        Kind::Right => Ok(right),
        Kind::Full => {
            Ok(Value::settled(format!("COALESCE({}, {})", left.sql, right.sql), left.class))
        }
        _ => Ok(left),
    }
}

fn only(fields: &[Field], name: &str) -> Result<usize, Untranslatable> {
    let mut same = fields.iter().enumerate().filter(|(_, field)| alike(&field.name, name));
    match (same.next(), same.next()) {
        (Some((at, _)), None) => Ok(at),
        _ => refuse(format!("USING ({}) is not one column", Name::new(name))),
    }
}
