//! Indexes that another one makes needless: the same, or the beginning of a longer one.

use migrator_model::{Ident, QualifiedName, ident::quote};
use serde::Deserialize;

use super::{look::Look, task::Task};
use crate::{error::Result, pg::spi, validate::check::Check};

#[derive(Deserialize)]
struct Index {
    schema: String,
    name: String,
    constraint_name: Option<String>,
    columns: String,
    covered_by: Option<String>,
}

/// The indexes of the relation.
pub fn plan(look: Look<'_>) -> Result<Vec<Task<'_>>> {
    let indexes: Vec<Index> = spi::rows_of_before(&query(look.relation.oid))?;
    indexes.into_iter().map(|index| Ok(Task::known(verdict(look, index)?))).collect()
}

/// The indexes that another one makes needless, by name, each with that one.
pub fn covered(relation: u32) -> Result<Vec<(String, String)>> {
    let indexes: Vec<Index> = spi::rows_of_before(&query(relation))?;
    let pair = |index: Index| index.covered_by.map(|other| (index.name, other));
    Ok(indexes.into_iter().filter_map(pair).collect())
}

fn verdict(look: Look<'_>, index: Index) -> Result<Check> {
    let remedy = index.remedy(look)?;
    let Index { name, columns, covered_by, .. } = index;
    let check = look.check().column(columns).note(format!("index {}", quote(&name)));
    let check = Check { expected: Some("no other index that does as much".into()), ..check };
    Ok(match covered_by {
        None => check,
        Some(other) => {
            Check { actual: Some(format!("index {}", quote(&other))), ..check.holds(false) }
                .remedy(remedy)
        }
    })
}

impl Index {
    fn remedy(&self, look: Look<'_>) -> Result<String> {
        Ok(match &self.constraint_name {
            Some(name) => {
                format!("ALTER TABLE {} DROP CONSTRAINT {}", look.relation.quoted(), quote(name))
            }
            None => {
                let name = QualifiedName::new(Ident::new(&self.schema)?, Ident::new(&self.name)?);
                format!("DROP INDEX {}", name.quoted())
            }
        })
    }
}

/// `covers` has the pairs where b can do all that a does. Where both can, the one of the lower rank
/// stays; else a goes only if nobody needs it by its name. An index of a partition that belongs to
/// its parent's cannot go alone.
fn query(relation: u32) -> String {
    format!(
        "WITH indexes AS ({INDEXES} WHERE i.indrelid = {relation}), covers AS ({COVERS})
         SELECT a.schema, a.name, a.constraint_name, a.columns, (
                    SELECT b.name FROM covers v JOIN indexes b ON b.oid = v.b
                     WHERE v.a = a.oid
                       AND CASE WHEN EXISTS (SELECT FROM covers w WHERE w.a = v.b AND w.b = v.a)
                                THEN a.rank > b.rank ELSE a.is_plain END
                     ORDER BY b.rank LIMIT 1) AS covered_by
           FROM indexes a ORDER BY a.name"
    )
}

const INDEXES: &str = "
    SELECT i.indexrelid AS oid, n.nspname::text AS schema, c.relname::text AS name, m.amname,
           i.indisvalid AS valid, c.relispartition AS attached, i.indisunique AS is_unique,
           i.indnullsnotdistinct AS nulls_equal, k.conname::text AS constraint_name, k.contype,
           coalesce(pg_get_expr(i.indpred, i.indrelid), '') AS predicate,
           (SELECT array_agg(concat_ws(' ', pg_get_indexdef(i.indexrelid, s + 1, false),
                                       i.indclass[s], i.indcollation[s], i.indoption[s],
                                       a.attoptions) ORDER BY s)
              FROM generate_series(0, i.indnkeyatts - 1) s
              JOIN pg_attribute a ON a.attrelid = i.indexrelid AND a.attnum = s + 1) AS keys,
           (SELECT string_agg(pg_get_indexdef(i.indexrelid, s, false), ', ' ORDER BY s)
              FROM generate_series(1, i.indnkeyatts) s) AS columns,
           i.indkey::int2[] AS attributes, (i.indkey::int2[])[i.indnkeyatts:] AS included,
           NOT i.indisunique AND k.oid IS NULL AND NOT i.indisreplident AS is_plain,
           (NOT i.indisprimary,
            NOT EXISTS (SELECT FROM pg_constraint f
                         WHERE f.contype = 'f' AND f.conindid = i.indexrelid),
            k.oid IS NULL, NOT i.indisreplident, NOT i.indisunique, NOT i.indisclustered,
            i.indexrelid) AS rank
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am m ON m.oid = c.relam
      LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid
                               AND k.contype IN ('p', 'u', 'x')";

const COVERS: &str = "
    SELECT a.oid AS a, b.oid AS b FROM indexes a JOIN indexes b ON a.oid <> b.oid
     WHERE a.amname = b.amname AND a.predicate = b.predicate AND b.valid AND NOT a.attached
       AND a.contype IS DISTINCT FROM 'x'
       AND b.keys[:cardinality(a.keys)] = a.keys
       AND (b.amname = 'btree' OR cardinality(a.keys) = cardinality(b.keys))
       AND a.included <@ b.attributes
       AND (NOT a.is_unique OR (b.is_unique AND a.nulls_equal = b.nulls_equal
                                AND cardinality(a.keys) = cardinality(b.keys)))";
