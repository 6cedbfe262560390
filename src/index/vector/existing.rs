//! The indexes of a column that pgvector's methods have made.

use pgrx::{datum::DatumWithOid, pg_sys};
use serde::Deserialize;

use super::{
    column::Column,
    design::{Am, Form},
    metric::Metric,
    read,
};
use crate::error::Result;

/// An index.
#[derive(Clone, Debug, Deserialize)]
pub struct Existing {
    /// Its OID.
    pub oid: u32,
    /// Its name, quoted.
    pub name: String,
    am: String,
    class: String,
    /// What it counted when it was built, or what ANALYZE has estimated since.
    pub tuples: f64,
    /// Whether it can be used.
    pub valid: bool,
    /// Whether it has a condition.
    pub partial: bool,
    lists: Option<u32>,
}

const INDEXES: &str = "
    SELECT i.indexrelid::int8 AS oid, format('%I.%I', n.nspname, c.relname) AS name,
           a.amname::text AS am, o.opcname::text AS class, c.reltuples::float8 AS tuples,
           i.indisvalid AS valid, i.indpred IS NOT NULL AS partial,
           (SELECT option_value::int4 FROM pg_options_to_table(c.reloptions)
             WHERE option_name = 'lists') AS lists
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am a ON a.oid = c.relam
      JOIN pg_opclass o ON o.oid = (i.indclass::oid[])[array_lower(i.indclass::oid[], 1)]
     WHERE i.indrelid = $1 AND a.amname IN ('hnsw', 'ivfflat')
       AND EXISTS (SELECT FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                      AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid
                      AND d.refobjsubid = $2)
     ORDER BY n.nspname, c.relname";

/// All of them, by name.
pub fn of(column: &Column) -> Result<Vec<Existing>> {
    let oid = pg_sys::Oid::from(column.oid);
    read(INDEXES, &[DatumWithOid::from(oid), DatumWithOid::from(column.number)])
}

impl Existing {
    /// Its access method.
    pub fn am(&self) -> Option<Am> {
        Am::named(&self.am)
    }

    /// Its number of lists.
    pub fn lists(&self) -> u32 {
        self.lists.unwrap_or(100)
    }

    /// The operator class, without its schema.
    pub fn class(&self) -> &str {
        &self.class
    }

    /// The distances that a search by it may be after: bits of quantized vectors serve several.
    pub fn metrics(&self, column: &Column) -> Vec<(Form, Metric)> {
        let Some(metric) = Metric::of_class(&self.class) else { return Vec::new() };
        let dimensions = column.dimensions.unwrap_or(0);
        let stored = self.class.split('_').next().unwrap_or_default();
        match stored == column.element.name() {
            true => vec![(Form::Column, metric)],
            false if stored == "halfvec" => vec![(Form::Half(dimensions), metric)],
            false => [Metric::Cosine, Metric::L2, Metric::Ip]
                .map(|metric| (Form::Binary(dimensions), metric))
                .to_vec(),
        }
    }
}
