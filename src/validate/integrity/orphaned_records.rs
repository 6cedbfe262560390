//! Rows that point to nothing.

use migrator_model::ident::quote;

use super::{
    foreign_key::ForeignKey,
    look::Look,
    question::Question,
    relation::Relation,
    task::{Task, hidden},
};
use crate::{error::Result, validate::check::Check};

/// The foreign keys that the relation has, and those of others that point to it.
pub fn plan(look: Look<'_>) -> Result<Vec<Task<'_>>> {
    let mut keys = ForeignKey::of(look.relation.oid)?;
    let others = ForeignKey::to(look.relation.oid)?;
    // Those of relations that are looked at themselves have their turn there.
    keys.extend(others.into_iter().filter(|key| !look.is_target(key.referencing)));
    keys.into_iter().map(|key| task(look, key)).collect()
}

fn task(look: Look<'_>, key: ForeignKey) -> Result<Task<'_>> {
    let referencing = Relation::of(key.referencing)?;
    let referenced = Relation::of(key.referenced)?;
    let named = look.check().target(referencing.quoted()).column(key.columns());
    let check = Check { expected: Some(key.definition.clone()), ..named.note(note(&key)) };
    Ok(Task::reading(check, move |check| {
        match [&referencing, &referenced].into_iter().find(|relation| relation.row_security) {
            Some(relation) => Ok(hidden(check, relation)),
            None => question(&key, &referencing, &referenced).answer(look.heap, check),
        }
    }))
}

fn note(key: &ForeignKey) -> String {
    let state = if key.validated { "" } else { ", not validated" };
    format!("constraint {}{state}", quote(&key.name))
}

/// A row with a NULL in the key points nowhere, and may; with MATCH FULL it must not have other
/// columns that are not NULL.
fn question(key: &ForeignKey, referencing: &Relation, referenced: &Relation) -> Question {
    let (nulls, matches) = (key.nulls(), key.matches());
    let rows = format!(
        "SELECT {} FROM {} f WHERE {nulls}",
        referencing.key_list("f."),
        referencing.from()
    );
    let orphans =
        format!("{rows} = 0 AND NOT EXISTS (SELECT FROM {} p WHERE {matches})", referenced.from());
    // Two queries rather than OR, which could not be joined by hash.
    let keys = match key.full_match {
        true => format!("{orphans} UNION ALL {rows} BETWEEN 1 AND {}", key.pairs.len() - 1),
        false => orphans,
    };
    Question {
        from: referencing.from(),
        count: format!("SELECT count(*) AS n FROM ({keys}) q"),
        width: referencing.key_width(),
        keys,
        role: None,
    }
}
