//! Secondary indexes: compared by what they sort by.

use migrator_model::{catalog::Index, ident::quote};

use super::{Sides, or_all, plain, warning};
use crate::validate::{
    check::Check,
    target_schema::{IndexPart, TargetIndex},
};

pub(super) fn checks(sides: &Sides<'_>) -> Vec<Check> {
    let indexes = sides.wanted.table.indexes.iter().zip(&sides.wanted.stored.indexes);
    let rows = indexes.map(|(source, parts)| row(sides, source, parts));
    or_all(rows.collect(), warning("index_parity"))
}

fn row(sides: &Sides<'_>, source: &Index, parts: &Result<Vec<IndexPart>, String>) -> Check {
    let parts = match parts {
        Ok(parts) => parts,
        Err(reason) => {
            let check = Check { expected: Some(source.name.clone()), ..warning("index_parity") };
            return check.skip(format!("index \"{}\" cannot be compared: {reason}", source.name));
        }
    };
    let found = sides.target.indexes.iter().find(|index| serves(index, source.unique, parts));
    let actual = found.map_or_else(|| "none".to_owned(), |index| shown(index.unique, &index.parts));
    let check = warning("index_parity").compare(shown(source.unique, parts), actual);
    let check = check.holds(found.is_some());
    match found {
        Some(_) => check,
        None => check.remedy(create(sides, source.unique, parts)),
    }
}

/// A unique index finds rows as well as another.
fn serves(index: &TargetIndex, unique: bool, parts: &[IndexPart]) -> bool {
    let usable = index.valid && !index.partial && index.method == "btree";
    usable && (index.unique || !unique) && index.parts == parts
}

fn shown(unique: bool, parts: &[IndexPart]) -> String {
    let part = |part: &IndexPart| match (&part.column, &part.expression) {
        (Some(column), _) => plain(column),
        (None, Some(expression)) => expression.clone(),
        (None, None) => String::new(),
    };
    let list: Vec<_> = parts.iter().map(part).collect();
    format!("{}({})", if unique { "unique " } else { "" }, list.join(", "))
}

fn create(sides: &Sides<'_>, unique: bool, parts: &[IndexPart]) -> String {
    let part = |part: &IndexPart| match (&part.column, &part.expression) {
        (Some(column), _) => quote(column),
        (None, expression) => format!("({})", expression.as_deref().unwrap_or_default()),
    };
    let list: Vec<_> = parts.iter().map(part).collect();
    let unique = if unique { "UNIQUE " } else { "" };
    format!("CREATE {unique}INDEX ON {} ({})", sides.target.name.quoted(), list.join(", "))
}
