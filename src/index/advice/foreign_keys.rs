//! Foreign keys without an index that finds their rows: each DELETE over there, and each UPDATE of the
//! key, reads all of this table.

use migrator_model::ident::quote;
use pgrx::{datum::DatumWithOid, pg_sys};
use serde::Deserialize;

use super::{
    candidate::{Candidate, Method, Reason},
    read,
    table::Table,
};
use crate::error::Result;

#[derive(Deserialize)]
struct Key {
    name: String,
    parent: String,
    columns: Vec<String>,
}

const KEYS: &str = "
    SELECT k.conname::text AS name, format('%I.%I', n.nspname, p.relname) AS parent,
           ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u (number, place)
                   JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number
                  ORDER BY u.place) AS columns
      FROM pg_constraint k JOIN pg_class p ON p.oid = k.confrelid
      JOIN pg_namespace n ON n.oid = p.relnamespace
     WHERE k.contype = 'f' AND k.conrelid = $1 AND (k.conparentid = 0 OR NOT EXISTS (
               SELECT FROM pg_constraint o WHERE o.oid = k.conparentid AND o.conrelid = k.conrelid))
     ORDER BY k.conname";

/// One index for each key; whether there is one already is asked later.
pub fn candidates(table: &Table) -> Result<Vec<Candidate>> {
    let keys: Vec<Key> = read(KEYS, &[DatumWithOid::from(pg_sys::Oid::from(table.oid))])?;
    Ok(keys.iter().map(|key| candidate(table, key)).collect())
}

fn candidate(table: &Table, key: &Key) -> Candidate {
    let parts = key.columns.iter().map(|name| table.column_part(name)).collect();
    let mut candidate = Candidate::new(Method::Btree, parts, key.columns.len());
    candidate.reasons.insert(Reason::ForeignKey);
    candidate.rationale.push(format!(
        "Foreign key {} to {} has no index that begins with its columns: each DELETE there, and each UPDATE of its key, reads all of this table.",
        quote(&key.name),
        key.parent
    ));
    candidate
}
