//! Primary keys, unique constraints and foreign keys: compared by their columns.

use migrator_model::{QualifiedName, SourceName, catalog::Constraint};

use super::{BEYOND, NOT_COMPARED, Sides, error, list, or_all, quoted, same_set};
use crate::validate::{check::Check, target_schema::TargetConstraint};

pub(super) fn checks(sides: &Sides<'_>) -> Vec<Check> {
    let mut checks = or_all(primary_key(sides), error("primary_key_match"));
    checks.extend(or_all(unique(sides), error("unique_match")));
    checks.extend(or_all(foreign_keys(sides), error("foreign_key_match")));
    checks
}

fn of_kind<'s>(sides: &'s Sides<'_>, kind: &'s str) -> impl Iterator<Item = &'s TargetConstraint> {
    sides.target.constraints.iter().filter(move |constraint| constraint.kind == kind)
}

/// The name that an expected or actual key has in a verdict.
fn or_none(key: Option<String>) -> String {
    key.unwrap_or_else(|| "none".to_owned())
}

fn primary_key(sides: &Sides<'_>) -> Vec<Check> {
    let keys = sides.wanted.table.constraints.iter();
    let mut wanted = keys.filter_map(|constraint| match constraint {
        Constraint::PrimaryKey(columns) => Some(columns),
        _ => None,
    });
    let actual = of_kind(sides, "p").next().map(|key| &key.columns);
    let shown = or_none(actual.map(|columns| list(columns)));
    match (wanted.next(), actual) {
        (None, None) => Vec::new(),
        (None, Some(_)) => {
            let check = error("primary_key_match").compare("none", shown);
            vec![check.holds(true).note(BEYOND)]
        }
        (Some(columns), _) => {
            let Some(names) = sides.names(columns) else {
                return vec![not_compared("primary_key_match", columns)];
            };
            let holds = actual.is_some_and(|actual| same_set(actual, &names));
            let check = error("primary_key_match").compare(list(&names), shown).holds(holds);
            vec![mended(check, holds, || {
                sides.alter(&format!("ADD PRIMARY KEY ({})", quoted(&names)))
            })]
        }
    }
}

fn not_compared(name: &'static str, columns: &[String]) -> Check {
    Check { expected: Some(list(columns)), ..error(name).skip(NOT_COMPARED) }
}

fn mended(check: Check, holds: bool, remedy: impl FnOnce() -> String) -> Check {
    if holds { check } else { check.remedy(remedy()) }
}

fn unique(sides: &Sides<'_>) -> Vec<Check> {
    let constraints = sides.wanted.table.constraints.iter();
    let sources: Vec<_> = constraints
        .filter_map(|constraint| match constraint {
            Constraint::Unique(columns) => Some(columns),
            _ => None,
        })
        .collect();
    let mut rows: Vec<_> = sources.iter().map(|columns| unique_key(sides, columns)).collect();
    let known: Vec<_> = sources.iter().filter_map(|columns| sides.names(columns)).collect();
    let extra = of_kind(sides, "u").filter(|key| !known.iter().any(|k| same_set(k, &key.columns)));
    rows.extend(extra.map(|key| {
        error("unique_match").compare("none", list(&key.columns)).holds(true).note(BEYOND)
    }));
    rows
}

/// A unique index, or a key, serves as well as a constraint.
fn unique_key(sides: &Sides<'_>, columns: &[String]) -> Check {
    let Some(names) = sides.names(columns) else { return not_compared("unique_match", columns) };
    let keys = of_kind(sides, "u").chain(of_kind(sides, "p")).map(|key| key.columns.clone());
    let indexes =
        sides.target.indexes.iter().filter(|index| index.unique && index.valid && !index.partial);
    let indexes =
        indexes.filter_map(|index| index.parts.iter().map(|part| part.column.clone()).collect());
    let actual = keys.chain(indexes).find(|key: &Vec<String>| same_set(key, &names));
    let holds = actual.is_some();
    let shown = or_none(actual.map(|columns| list(&columns)));
    let check = error("unique_match").compare(list(&names), shown).holds(holds);
    mended(check, holds, || sides.alter(&format!("ADD UNIQUE ({})", quoted(&names))))
}

/// A foreign key by names of this side.
struct Reference {
    columns: Vec<String>,
    parent: QualifiedName,
    parent_columns: Vec<String>,
}

impl Reference {
    fn is(&self, key: &TargetConstraint) -> bool {
        let schema = self.parent.schema.as_ref().map(migrator_model::Ident::as_str);
        let of_parent = key.parent.as_deref() == Some(self.parent.name.as_str())
            && schema.is_none_or(|schema| key.parent_schema.as_deref() == Some(schema));
        let own = self.columns.iter().zip(&self.parent_columns);
        let has = |pair| key.columns.iter().zip(&key.parent_columns).any(|other| other == pair);
        of_parent && key.columns.len() == self.columns.len() && own.into_iter().all(has)
    }

    fn shown(&self) -> String {
        let (from, to) = (list(&self.columns), list(&self.parent_columns));
        format!("{from} to {}{to}", self.parent.quoted())
    }
}

fn shown(key: &TargetConstraint) -> String {
    let schema = key.parent_schema.as_deref().unwrap_or_default();
    let parent = key.parent.as_deref().unwrap_or_default();
    let parent = [schema, parent].map(migrator_model::ident::quote).join(".");
    format!("{} to {parent}{}", list(&key.columns), list(&key.parent_columns))
}

fn foreign_keys(sides: &Sides<'_>) -> Vec<Check> {
    let mut left: Vec<_> = of_kind(sides, "f").collect();
    let mut rows = Vec::new();
    for constraint in &sides.wanted.table.constraints {
        let Constraint::ForeignKey { columns, table, referenced } = constraint else { continue };
        match reference(sides, columns, table, referenced) {
            Ok(reference) => {
                let at = left.iter().position(|key| reference.is(key));
                let found = at.map(|at| left.remove(at));
                rows.push(foreign_key(sides, &reference, found));
            }
            Err(why) => rows.push(Check {
                expected: Some(format!("{} to {table}{}", list(columns), list(referenced))),
                ..error("foreign_key_match").skip(why)
            }),
        }
    }
    let extra = |key: &TargetConstraint| error("foreign_key_match").compare("none", shown(key));
    rows.extend(left.into_iter().map(|key| extra(key).holds(true).note(BEYOND)));
    rows
}

fn reference(
    sides: &Sides<'_>,
    columns: &[String],
    table: &SourceName,
    referenced: &[String],
) -> Result<Reference, String> {
    let columns = sides.names(columns).ok_or(NOT_COMPARED)?;
    if *table == sides.wanted.table.name {
        let parent_columns = sides.names(referenced).ok_or(NOT_COMPARED)?;
        return Ok(Reference { columns, parent: sides.target.name.clone(), parent_columns });
    }
    let parent = (sides.wanted.parents)(table, referenced);
    let (parent, names) = parent.ok_or_else(|| format!("table \"{table}\" is not here"))?;
    let parent_columns = names.iter().map(ToString::to_string).collect();
    Ok(Reference { columns, parent, parent_columns })
}

fn foreign_key(sides: &Sides<'_>, wanted: &Reference, found: Option<&TargetConstraint>) -> Check {
    let check = error("foreign_key_match").compare(wanted.shown(), or_none(found.map(shown)));
    mended(check.holds(found.is_some()), found.is_some(), || {
        let (from, to) = (quoted(&wanted.columns), quoted(&wanted.parent_columns));
        let parent = wanted.parent.quoted();
        sides.alter(&format!("ADD FOREIGN KEY ({from}) REFERENCES {parent} ({to})"))
    })
}
