//! Foreign keys without an index that finds their rows: each DELETE over there reads all of them.

use migrator_model::ident::quote;
use serde::Deserialize;

use super::{foreign_key::ForeignKey, look::Look, task::Task};
use crate::{error::Result, pg::spi, validate::check::Check};

/// An index that finds rows by its leading columns.
#[derive(Deserialize)]
struct Index {
    columns: Vec<Option<String>>,
}

/// The foreign keys that the relation has.
pub fn plan(look: Look<'_>) -> Result<Vec<Task<'_>>> {
    let keys = ForeignKey::of(look.relation.oid)?;
    let indexes = indexes(look.relation.oid)?;
    Ok(keys.iter().map(|key| Task::known(verdict(look, key, &indexes))).collect())
}

/// A partial index finds all rows of a key only if what it leaves out are NULLs of its first
/// column.
fn indexes(relation: u32) -> Result<Vec<Index>> {
    spi::rows_of_before(&format!(
        "SELECT (SELECT json_agg(a.attname ORDER BY n) FROM generate_series(0, i.indnkeyatts - 1) n
                   LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n]
                                           AND i.indkey[n] <> 0) AS columns
           FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
          WHERE i.indrelid = {relation} AND i.indisvalid AND i.indisready
            AND m.amname IN ('btree', 'hash')
            AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = (
                SELECT format('(%I IS NOT NULL)', a.attname) FROM pg_attribute a
                 WHERE a.attrelid = i.indrelid AND a.attnum = i.indkey[0]))"
    ))
}

fn verdict(look: Look<'_>, key: &ForeignKey, indexes: &[Index]) -> Check {
    let check = look.check().column(key.columns()).note(format!("constraint {}", quote(&key.name)));
    let check = Check { expected: Some("an index that begins with the columns".into()), ..check };
    match indexes.iter().any(|index| index.serves(key)) {
        true => check,
        false => check.holds(false).remedy(remedy(look, key)),
    }
}

fn remedy(look: Look<'_>, key: &ForeignKey) -> String {
    let columns: Vec<_> = key.pairs.iter().map(|pair| quote(&pair.referencing)).collect();
    // CONCURRENTLY is not for a partitioned table.
    let how = if look.relation.is_partitioned() { "" } else { "CONCURRENTLY " };
    format!("CREATE INDEX {how}ON {} ({})", look.relation.quoted(), columns.join(", "))
}

impl Index {
    /// Whether its first columns are those of the key, in any order.
    fn serves(&self, key: &ForeignKey) -> bool {
        let first = self.columns.get(..key.pairs.len()).unwrap_or_default();
        let has = |name: &String| first.iter().flatten().any(|column| column == name);
        key.pairs.iter().all(|pair| has(&pair.referencing))
    }
}
