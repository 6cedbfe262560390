//! What a file holds besides tables and views.

use migrator_model::{
    catalog::{NamedType, Objects, Schema, Sequence, Trigger},
    protocol::Failure,
};

use super::{Cache, macros::macros, query, raw};
use crate::open::Source;

/// Lists everything.
pub fn objects(source: &Source) -> Result<Objects, Failure> {
    let cache = source.catalog();
    Ok(Objects {
        schemas: schemas(source, cache)?,
        types: types(source, cache)?,
        sequences: sequences(source, cache)?,
        macros: macros(source, cache)?,
        triggers: triggers(source, cache)?,
    })
}

fn schemas(source: &Source, cache: &Cache) -> Result<Vec<Schema>, Failure> {
    let schema =
        |raw: &raw::Schema| Schema { name: raw.name.clone(), comment: raw.comment.clone() };
    let all = cache.schemas(source)?.values();
    let mut schemas: Vec<_> = all.filter(|raw| !raw.internal).map(schema).collect();
    schemas.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(schemas)
}

fn types(source: &Source, cache: &Cache) -> Result<Vec<NamedType>, Failure> {
    let named = |raw: raw::NamedType| {
        Ok(NamedType {
            name: cache.qualified(source, raw.schema_oid, raw.name)?,
            kind: raw.kind,
            labels: raw.labels.unwrap_or_default(),
            comment: raw.comment,
        })
    };
    let raw = query::rows::<raw::NamedType>(source, raw::TYPES)?;
    raw.into_iter().map(named).collect()
}

fn sequences(source: &Source, cache: &Cache) -> Result<Vec<Sequence>, Failure> {
    let sequence = |raw: raw::Sequence| {
        Ok(Sequence {
            name: cache.qualified(source, raw.schema_oid, raw.name)?,
            start: raw.start,
            min: raw.min,
            max: raw.max,
            increment: raw.increment,
            cycle: raw.cycle,
            last_value: raw.last_value,
            comment: raw.comment,
        })
    };
    let raw = query::rows::<raw::Sequence>(source, raw::SEQUENCES)?;
    raw.into_iter().map(sequence).collect()
}

fn triggers(source: &Source, cache: &Cache) -> Result<Vec<Trigger>, Failure> {
    let trigger = |raw: raw::Trigger| {
        Ok(Trigger {
            name: raw.name,
            table: cache.qualified(source, raw.schema_oid, raw.table)?,
            sql: raw.sql.unwrap_or_default(),
            comment: raw.comment,
        })
    };
    let raw = query::rows::<raw::Trigger>(source, raw::TRIGGERS)?;
    raw.into_iter().map(trigger).collect()
}
