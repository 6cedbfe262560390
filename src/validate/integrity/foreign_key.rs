//! Foreign keys, as the server compares their columns.

use migrator_model::ident::quote;
use serde::Deserialize;

use crate::{error::Result, pg::spi};

/// A foreign key.
#[derive(Deserialize)]
pub struct ForeignKey {
    /// Its name.
    pub name: String,
    /// The relation that has it.
    pub referencing: u32,
    /// The relation that it points to.
    pub referenced: u32,
    /// MATCH FULL: no NULL or nothing but NULL.
    pub full_match: bool,
    /// convalidated
    pub validated: bool,
    /// Its definition.
    pub definition: String,
    /// Its columns.
    pub pairs: Vec<Pair>,
}

/// A column that points and the one it points to.
#[derive(Deserialize)]
pub struct Pair {
    /// The column that points.
    pub referencing: String,
    referenced: String,
    /// The operator, qualified.
    operator: String,
    /// What the operator wants each side to be, as a cast or a collation.
    referencing_as: String,
    referenced_as: String,
}

impl ForeignKey {
    /// The foreign keys that a relation has.
    pub fn of(relation: u32) -> Result<Vec<Self>> {
        spi::rows_of_before(&query(&format!("k.conrelid = {relation}")))
    }

    /// The foreign keys of other relations that point to it. Those of a partition are its parent's.
    pub fn to(relation: u32) -> Result<Vec<Self>> {
        spi::rows_of_before(&query(&format!(
            "k.confrelid = {relation} AND k.conrelid <> {relation} AND k.conparentid = 0"
        )))
    }

    /// The names of its columns.
    pub fn columns(&self) -> String {
        let names: Vec<_> = self.pairs.iter().map(|pair| pair.referencing.as_str()).collect();
        names.join(", ")
    }

    /// Whether a row `f` points to a row `p`.
    pub fn matches(&self) -> String {
        let pairs: Vec<_> = self.pairs.iter().map(Pair::matches).collect();
        pairs.join(" AND ")
    }

    /// How many columns of a row `f` are NULL.
    pub fn nulls(&self) -> String {
        let columns: Vec<_> =
            self.pairs.iter().map(|pair| format!("f.{}", quote(&pair.referencing))).collect();
        format!("num_nulls({})", columns.join(", "))
    }
}

impl Pair {
    /// As the server's own triggers compare: with the constraint's operator, between its types.
    fn matches(&self) -> String {
        let Self { referencing, referenced, operator, referencing_as, referenced_as } = self;
        let (referencing, referenced) = (quote(referencing), quote(referenced));
        format!("p.{referenced}{referenced_as} {operator} f.{referencing}{referencing_as}")
    }
}

/// A foreign key to a partitioned table has a constraint for each partition, too: not one of these
/// must hold on its own.
fn query(which: &str) -> String {
    format!(
        "SELECT k.conname::text AS name, k.conrelid::int8 AS referencing,
                k.confrelid::int8 AS referenced, k.confmatchtype = 'f' AS full_match,
                k.convalidated AS validated, pg_get_constraintdef(k.oid) AS definition,
                ({PAIRS}) AS pairs
           FROM pg_constraint k
          WHERE k.contype = 'f' AND {which}
            AND NOT EXISTS (SELECT FROM pg_constraint o
                             WHERE o.oid = k.conparentid AND o.conrelid = k.conrelid)
          ORDER BY k.conrelid::regclass::text, k.conname"
    )
}

const PAIRS: &str = "
    SELECT json_agg(json_build_object(
               'referencing', f.attname, 'referenced', p.attname,
               'operator', format('OPERATOR(%I.%s)', s.nspname, o.oprname),
               'referenced_as', CASE WHEN p.atttypid <> l.oid AND l.typtype <> 'p'
                                     THEN format('::%I.%I', ln.nspname, l.typname) ELSE '' END,
               'referencing_as', CASE WHEN f.atttypid <> r.oid AND r.typtype <> 'p'
                                      THEN format('::%I.%I', rn.nspname, r.typname) ELSE '' END
                                 || coalesce(' COLLATE ' || quote_ident(cn.nspname) || '.'
                                             || quote_ident(c.collname), '')
           ) ORDER BY u.n)
      FROM unnest(k.conkey, k.confkey, k.conpfeqop) WITH ORDINALITY u(f, p, o, n)
      JOIN pg_attribute f ON f.attrelid = k.conrelid AND f.attnum = u.f
      JOIN pg_attribute p ON p.attrelid = k.confrelid AND p.attnum = u.p
      JOIN pg_operator o ON o.oid = u.o JOIN pg_namespace s ON s.oid = o.oprnamespace
      JOIN pg_type l ON l.oid = o.oprleft JOIN pg_namespace ln ON ln.oid = l.typnamespace
      JOIN pg_type r ON r.oid = o.oprright JOIN pg_namespace rn ON rn.oid = r.typnamespace
      LEFT JOIN (pg_collation c JOIN pg_namespace cn ON cn.oid = c.collnamespace)
        ON c.oid = p.attcollation AND f.attcollation NOT IN (0, p.attcollation)";
