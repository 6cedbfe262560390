//! The table that advice is for: what the catalogs and statistics say of it, as far as the caller
//! may see them.

use migrator_model::{Ident, QualifiedName, ident::quote};
use pgrx::{datum::DatumWithOid, pg_sys};
use serde::Deserialize;

use super::{candidate::Part, existing::Existing, read};
use crate::{
    error::{Error, Result},
    pg::query_shape::shape::Key,
};

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// pg_class.oid
    pub oid: u32,
    /// Its name.
    pub name: QualifiedName,
    /// Whether its rows are in partitions.
    pub is_partitioned: bool,
    /// How many rows it has, by the planner's estimate.
    pub rows: f64,
    /// Its pages, without TOAST.
    pub pages: f64,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// Its indexes.
    pub indexes: Vec<Existing>,
}

/// A column.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Column {
    /// attname
    pub name: String,
    /// The type's own length; negative: values differ in it.
    pub length: i32,
    /// pg_stats.avg_width
    pub width: Option<f64>,
    /// pg_stats.null_frac
    pub nulls: Option<f64>,
    /// pg_stats.n_distinct: negative, a share of the rows.
    pub distinct: Option<f64>,
    /// pg_stats.correlation
    pub correlation: Option<f64>,
    /// How frequent the most common value is.
    pub top_frequency: Option<f64>,
    /// Whether values are sorted by a locale's rules.
    pub by_locale: bool,
    /// The collation's OID; 0: the type has none.
    pub collation: u32,
}

#[derive(Deserialize)]
struct Found {
    schema: String,
    name: String,
    kind: String,
    pages: f64,
    may_select: bool,
}

const RELATION: &str = "
    SELECT n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
           has_table_privilege(c.oid, 'SELECT') AS may_select,
           ceil(CASE WHEN c.relkind = 'p' THEN
               (SELECT coalesce(sum(pg_relation_size(t.relid)), 0)
                  FROM pg_partition_tree(c.oid) t WHERE t.isleaf)
                WHEN c.relkind IN ('r', 'm') THEN pg_relation_size(c.oid) ELSE 0 END
               / current_setting('block_size')::numeric)::float8 AS pages
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1";

const COLUMNS: &str = "
    SELECT a.attname::text AS name,
           a.attlen::int4 AS length, s.avg_width::float8 AS width, s.null_frac::float8 AS nulls,
           s.n_distinct::float8 AS distinct, s.correlation::float8 AS correlation,
           s.most_common_freqs[1]::float8 AS top_frequency, a.attcollation::int8 AS collation,
           a.attcollation <> 0 AND CASE a.attcollation WHEN 'pg_catalog.default'::regcollation
               THEN (SELECT datcollate FROM pg_database WHERE datname = current_database())
               ELSE l.collname END NOT IN ('C', 'POSIX', 'ucs_basic') AS by_locale
      FROM pg_attribute a LEFT JOIN pg_collation l ON l.oid = a.attcollation
      JOIN pg_class c ON c.oid = a.attrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname
                          AND s.attname = a.attname AND s.inherited = (c.relkind = 'p')
     WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

impl Table {
    /// Looks it up. How many rows it has is to be filled in: `rows` is 0.
    pub fn of(oid: u32) -> Result<Self> {
        let argument = [DatumWithOid::from(pg_sys::Oid::from(oid))];
        let found = read::<Found>(RELATION, &argument)?.pop();
        let missing = || Error::new("42P01", format!("relation with OID {oid} does not exist"));
        let found = found.ok_or_else(missing)?;
        let name = QualifiedName::new(Ident::new(&found.schema)?, Ident::new(&found.name)?);
        check_kind(&found.kind, &name)?;
        if !found.may_select {
            let message = format!("permission denied for table {}", name.name);
            return Err(Error::new("42501", message)
                .detail("Advice shows what statistics say of the rows, as EXPLAIN does."));
        }
        Ok(Self {
            oid,
            name,
            is_partitioned: found.kind == "p",
            rows: 0.0,
            pages: found.pages,
            columns: read(COLUMNS, &argument)?,
            indexes: Existing::of(oid)?,
        })
    }

    /// What follows FROM.
    pub fn from(&self) -> String {
        let only = if self.is_partitioned { "" } else { "ONLY " };
        format!("{only}{} t", self.name.quoted())
    }

    /// A column by its name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// A key of a query as a part of an index, which lets through this share of the rows.
    pub fn part(&self, key: &Key, share: f64) -> Part {
        let column = key.column.as_deref().and_then(|name| self.column(name));
        Part {
            sql: key.sql.clone(),
            column: key.column.clone(),
            columns: key.columns.clone(),
            class: None,
            descending: false,
            nulls_first: false,
            share,
            width: column.map_or(f64::from(key.width), Column::width),
            distinct: column.and_then(|column| column.distinct_of(self.rows)),
            by_locale: key.has_beginnings() && !key.is_c,
            collation: key.collation,
        }
    }

    /// A column as a part of an index that is searched for one value.
    pub fn column_part(&self, name: &str) -> Part {
        let column = self.column(name);
        let distinct = column.and_then(|column| column.distinct_of(self.rows));
        Part {
            sql: quote(name),
            column: Some(name.to_owned()),
            columns: vec![name.to_owned()],
            class: None,
            descending: false,
            nulls_first: false,
            share: distinct.map_or(0.005, |count| 1.0 / count),
            width: column.map_or(8.0, Column::width),
            distinct,
            by_locale: column.is_some_and(|column| column.by_locale),
            collation: column.map_or(0, |column| column.collation),
        }
    }

    /// Whether there are statistics of any of its columns.
    pub fn has_statistics(&self) -> bool {
        self.columns.iter().any(|column| column.distinct.is_some())
    }
}

/// Only what has rows of its own, or partitions, has indexes.
fn check_kind(kind: &str, name: &QualifiedName) -> Result<()> {
    let wrong = |what: &str, detail: &str| {
        let message = format!("{} is a {what}", name.name.quoted());
        Err(Error::new("42809", message).detail(detail))
    };
    match kind {
        "r" | "p" | "m" => Ok(()),
        "f" => wrong("foreign table", "Its rows are elsewhere, and so would be its indexes."),
        "v" => wrong("view", "A view has no rows, and no indexes: those of its tables serve it."),
        _ => Err(Error::new(
            "42809",
            format!("{} is not a table or materialized view", name.name.quoted()),
        )),
    }
}

impl Column {
    /// How many different values it has, of so many rows.
    pub fn distinct_of(&self, rows: f64) -> Option<f64> {
        let count = self.distinct.filter(|count| *count != 0.0)?;
        Some(if count < 0.0 { -count * rows } else { count }.max(1.0))
    }

    /// What its values take, in bytes.
    pub fn width(&self) -> f64 {
        let declared = if self.length > 0 { f64::from(self.length) } else { 32.0 };
        self.width.filter(|width| *width > 0.0).unwrap_or(declared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_count_is_a_share() {
        let of = |distinct| Column { distinct: Some(distinct), ..Column::default() };
        assert_eq!(of(-0.5).distinct_of(1000.0), Some(500.0));
        assert_eq!(of(7.0).distinct_of(1000.0), Some(7.0));
        assert_eq!(of(0.0).distinct_of(1000.0), None);
    }

    #[test]
    fn only_what_has_rows_has_indexes() {
        let name = QualifiedName::parse("s.v").unwrap();
        assert!(check_kind("p", &name).is_ok());
        assert_eq!(check_kind("v", &name).unwrap_err().message(), "\"v\" is a view");
        assert_eq!(check_kind("f", &name).unwrap_err().sqlstate(), "42809");
        assert!(check_kind("i", &name).unwrap_err().message().ends_with("materialized view"));
    }
}
