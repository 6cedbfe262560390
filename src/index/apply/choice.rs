//! What is to be done: one CREATE INDEX of a table, or one DROP INDEX of an index of it.

use migrator_model::{Ident, QualifiedName, ident::quote};

use super::{
    log,
    target::{Index, Target},
};
use crate::{
    error::{Error, Result},
    load,
    pg::{
        facts,
        index_statement::{Create, Drop, Statement},
    },
};

/// A statement that was found good.
#[derive(Clone, Debug)]
pub enum Choice {
    /// An index is made or dropped.
    Change {
        /// The index.
        index: QualifiedName,
        /// The statement.
        sql: String,
    },
    /// IF NOT EXISTS of an index that is there, by its OID, or IF EXISTS of one that is not.
    Nothing(Option<u32>, String),
}

impl Choice {
    /// Reads it with the caller's own settings, and refuses what is not about the target.
    pub fn read(target: &Target, text: &str, concurrently: bool) -> Result<Self> {
        match Statement::parse(text)? {
            Statement::Create(create) => created(target, text, &create, concurrently),
            Statement::Drop(drop) => dropped(target, &drop, concurrently),
        }
    }
}

fn created(target: &Target, text: &str, create: &Create, concurrently: bool) -> Result<Choice> {
    let found = relation(&create.relation)?;
    if found != Some(target.oid) {
        let named = shown(&create.relation);
        return Err(match found {
            Some(_) => Error::new("22023", format!("choice is about {named}"))
                .detail(format!("The target is {}.", target.name.quoted())),
            None => Error::new("42P01", format!("relation {named} does not exist")),
        });
    }
    let name = name(target, create)?;
    let index = QualifiedName { schema: target.name.schema.clone(), name };
    let sql = create.sql(&index.name, concurrently);
    if create.if_not_exists
        && let Some(there) = Index::named(&index.quoted())?
        && there.table == target.oid
        && there.is_valid
    {
        pgrx::notice!("index {} exists already, skipping", index.name.quoted());
        return Ok(Choice::Nothing(Some(there.oid), sql));
    }
    match create.is_said_by(text, &sql)? {
        true => Ok(Choice::Change { index, sql }),
        false => Err(Error::new("0A000", "choice cannot be rewritten")),
    }
}

/// As the server makes them, but for names that jobs are going to take.
fn name(target: &Target, create: &Create) -> Result<Ident> {
    if let Some(name) = &create.name {
        return Ok(Ident::new(name)?);
    }
    let schema = target.name.schema.as_ref();
    let schema = schema.ok_or_else(|| Error::new("XX000", "schema expected"))?;
    let mut names = load::taken_names(schema)?;
    for job in log::unfinished(target.oid)? {
        if let Ok(QualifiedName { name, .. }) = QualifiedName::parse(&job.index_name) {
            names.take(&name);
        }
    }
    let columns = create.columns.iter().map(|column| Ident::new(column));
    let columns = columns.collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(names.index(&target.name.name, &columns))
}

fn dropped(target: &Target, drop: &Drop, concurrently: bool) -> Result<Choice> {
    if drop.cascade {
        return Err(Error::new("22023", "choice must not be CASCADE")
            .detail("It would drop more than the index."));
    }
    let named = shown(&drop.index);
    let write = |name: &str| {
        format!("DROP INDEX {}{name}", if concurrently { "CONCURRENTLY " } else { "" })
    };
    let Some(oid) = relation(&drop.index)? else {
        return match drop.if_exists {
            true => {
                pgrx::notice!("index {named} does not exist, skipping");
                Ok(Choice::Nothing(None, write(&named)))
            }
            false => Err(Error::new("42704", format!("index {named} does not exist"))),
        };
    };
    match Index::of(oid)? {
        Some(index) if index.table == target.oid => {
            let index = index.name()?;
            Ok(Choice::Change { sql: write(&index.quoted()), index })
        }
        Some(_) => Err(Error::new("22023", format!("{named} is an index of another table"))
            .detail(format!("The target is {}.", target.name.quoted()))),
        None => Err(Error::new("42809", format!("{named} is not an index"))),
    }
}

/// The relation that is named so, as the caller means it.
pub fn relation(parts: &[String]) -> Result<Option<u32>> {
    match parts {
        [name] => facts::relation_oid(&QualifiedName { schema: None, name: Ident::new(name)? }),
        [schema, name] => {
            facts::relation_oid(&QualifiedName::new(Ident::new(schema)?, Ident::new(name)?))
        }
        _ => Err(Error::new("42601", format!("improper qualified name: {}", shown(parts)))
            .hint("Name schema and relation only.")),
    }
}

fn shown(parts: &[String]) -> String {
    parts.iter().map(|part| quote(part)).collect::<Vec<_>>().join(".")
}
