//! What the catalog says of a target, as far as the schema checks compare it: one query for each
//! concern.

use migrator_model::{Ident, PgType, QualifiedName};
use serde::Deserialize;

use crate::{
    error::Result,
    pg::{domain, spi, types},
};

/// A relation, or its absence.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetSchema {
    /// Its name, qualified.
    pub name: QualifiedName,
    /// relkind; None: it does not exist.
    pub kind: Option<String>,
    /// COMMENT ON TABLE
    pub comment: Option<String>,
    /// Its columns, in order.
    pub columns: Vec<TargetColumn>,
    /// Keys, checks and foreign keys.
    pub constraints: Vec<TargetConstraint>,
    /// Its indexes, those of keys among them.
    pub indexes: Vec<TargetIndex>,
    /// Relations of its schema whose names differ from its own in case only.
    pub namesakes: Vec<String>,
}

/// A column.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct TargetColumn {
    /// attname
    pub name: String,
    /// The type as SQL shows it; names that are not the server's own are qualified.
    pub type_name: String,
    /// The type, a domain's base; None for one that no DuckDB value becomes.
    #[serde(skip)]
    pub pg: Option<PgType>,
    /// attnotnull
    pub not_null: bool,
    /// GENERATED … AS IDENTITY
    pub identity: bool,
    /// DEFAULT
    pub default: Option<String>,
    /// GENERATED ALWAYS AS
    pub generated: Option<String>,
    /// COLLATE, where it is not the type's own.
    pub collation: Option<String>,
    /// COMMENT ON COLUMN
    pub comment: Option<String>,
    /// atttypid
    pub type_oid: u32,
    /// atttypmod
    pub typmod: i32,
    /// attstorage
    pub storage: String,
}

/// A key, a check or a foreign key.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct TargetConstraint {
    /// contype
    pub kind: String,
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// The schema of the referenced table.
    pub parent_schema: Option<String>,
    /// The referenced table.
    pub parent: Option<String>,
    /// The referenced columns, in the order of `columns`.
    pub parent_columns: Vec<String>,
    /// What is checked.
    pub expression: Option<String>,
}

/// An index.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct TargetIndex {
    /// Its name.
    pub name: String,
    /// UNIQUE
    pub unique: bool,
    /// Whether queries may use it.
    pub valid: bool,
    /// WHERE
    pub partial: bool,
    /// The access method.
    pub method: String,
    /// What it sorts by.
    pub parts: Vec<IndexPart>,
}

/// A column or an expression.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct IndexPart {
    /// The column.
    pub column: Option<String>,
    /// The expression.
    pub expression: Option<String>,
}

#[derive(Deserialize)]
struct Relation {
    schema: String,
    name: String,
    kind: String,
    comment: Option<String>,
}

#[derive(Deserialize)]
struct Namesake {
    name: String,
}

const RELATION: &str = "
    SELECT n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
           obj_description(c.oid, 'pg_class') AS comment
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = ";

const COLUMNS: &str = "
    SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type_name,
           a.atttypid::int8 AS type_oid, a.atttypmod AS typmod, a.attstorage::text AS storage,
           a.attnotnull AS not_null, a.attidentity <> '' AS identity,
           CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END AS default,
           CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END AS generated,
           CASE WHEN a.attcollation <> t.typcollation THEN l.collname::text END AS collation,
           col_description(a.attrelid, a.attnum) AS comment
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      LEFT JOIN pg_collation l ON l.oid = a.attcollation
     WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid = ";

const CONSTRAINTS: &str = "
    SELECT k.contype::text AS kind, n.nspname::text AS parent_schema, p.relname::text AS parent,
           CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid) END AS expression,
           ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(number, place)
                   JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number
                  ORDER BY u.place) AS columns,
           ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u(number, place)
                   JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number
                  ORDER BY u.place) AS parent_columns
      FROM pg_constraint k LEFT JOIN pg_class p ON p.oid = k.confrelid
      LEFT JOIN pg_namespace n ON n.oid = p.relnamespace
     WHERE k.contype IN ('p', 'u', 'f', 'c') AND k.conrelid = ";

/// To be completed with a condition on `i`.
pub(super) const INDEXES: &str = "
    SELECT c.relname::text AS name, i.indisunique AS unique, i.indisvalid AND i.indisready AS valid,
           i.indpred IS NOT NULL AS partial, m.amname::text AS method,
           (SELECT jsonb_agg(jsonb_build_object(
                       'column', a.attname,
                       'expression', CASE WHEN u.number = 0
                            THEN pg_get_indexdef(i.indexrelid, u.place::int, true) END)
                       ORDER BY u.place)
              FROM unnest(i.indkey::int2[]) WITH ORDINALITY u(number, place)
              LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.number
             WHERE u.place <= i.indnkeyatts) AS parts
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
     WHERE ";

const NAMESAKES: &str = "
    SELECT o.relname::text AS name
      FROM pg_class c JOIN pg_class o ON o.relnamespace = c.relnamespace AND o.oid <> c.oid
     WHERE lower(o.relname) = lower(c.relname) AND o.relkind IN ('r', 'p', 'v', 'm', 'f')
       AND c.oid = ";

impl TargetSchema {
    /// A relation that does not exist.
    pub fn missing(name: QualifiedName) -> Self {
        let (columns, constraints, indexes) = (Vec::new(), Vec::new(), Vec::new());
        let namesakes = Vec::new();
        Self { name, kind: None, comment: None, columns, constraints, indexes, namesakes }
    }

    /// Looks a relation up by its OID; None: it is gone.
    pub fn of(oid: u32) -> Result<Option<Self>> {
        let Some(relation) = relation(oid)? else { return Ok(None) };
        let namesakes = spi::rows_of_before::<Namesake>(&format!("{NAMESAKES}{oid}"))?;
        Ok(Some(Self {
            name: relation.qualified()?,
            kind: Some(relation.kind),
            comment: relation.comment,
            columns: columns(oid)?,
            constraints: spi::rows_of_before(&format!("{CONSTRAINTS}{oid}"))?,
            indexes: spi::rows_of_before(&format!("{INDEXES}i.indrelid = {oid}"))?,
            namesakes: namesakes.into_iter().map(|other| other.name).collect(),
        }))
    }
}

impl Relation {
    fn qualified(&self) -> Result<QualifiedName> {
        Ok(QualifiedName::new(Ident::new(&self.schema)?, Ident::new(&self.name)?))
    }
}

fn relation(oid: u32) -> Result<Option<Relation>> {
    Ok(spi::rows_of_before(&format!("{RELATION}{oid}"))?.into_iter().next())
}

/// A relation's name by its OID; None: it is gone.
pub fn name(oid: u32) -> Result<Option<QualifiedName>> {
    relation(oid)?.map(|relation| relation.qualified()).transpose()
}

fn columns(oid: u32) -> Result<Vec<TargetColumn>> {
    let sql = format!("{COLUMNS}{oid} ORDER BY a.attnum");
    let mut columns = spi::rows_of_before::<TargetColumn>(&sql)?;
    for column in &mut columns {
        let domain = domain::of(column.type_oid)?;
        let (oid, typmod) = match &domain {
            Some(domain) => (domain.base, domain.typmod),
            None => (column.type_oid, column.typmod),
        };
        column.pg = types::attribute_target(oid, typmod, &column.storage)?.map(|target| target.pg);
    }
    Ok(columns)
}
