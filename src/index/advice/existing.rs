//! The indexes that a table has, and what they serve.

use pgrx::{datum::DatumWithOid, pg_sys};
use serde::Deserialize;

use super::read;
use crate::error::Result;

/// An index.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Existing {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// The access method.
    pub method: String,
    /// UNIQUE
    pub unique: bool,
    /// Whether queries may use it.
    pub valid: bool,
    /// Whether somebody may be building it now.
    pub building: bool,
    /// Whether replication tells rows apart by it.
    pub identity: bool,
    /// Whether it belongs to a partitioned table's index, or has such below it.
    pub partitioned: bool,
    /// Whether a constraint, of this table or another, needs it.
    pub constraint: bool,
    /// WHERE
    pub predicate: Option<String>,
    /// What it is sorted by.
    pub keys: Vec<ExistingKey>,
    /// INCLUDE
    pub included: Vec<String>,
    /// How often it was used since statistics began.
    pub scans: i64,
    /// What it takes, in bytes.
    pub bytes: i64,
}

/// A part of an index's key.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ExistingKey {
    /// The column.
    pub column: Option<String>,
    /// The column or the expression as SQL.
    pub sql: String,
    /// The collation's OID; 0: the type has none.
    pub collation: u32,
    /// The operator class.
    pub class: String,
    /// Whether it is the type's own.
    pub default_class: bool,
    /// DESC
    pub descending: bool,
    /// NULLS FIRST
    pub nulls_first: bool,
}

// Progress is shown to some only, locks to all; of those on the primary a standby knows nothing.
const INDEXES: &str = "
    SELECT n.nspname::text AS schema, c.relname::text AS name, m.amname::text AS method,
           i.indisunique AS unique, i.indisvalid AND i.indisready AS valid,
           i.indisreplident AS identity,
           c.relispartition OR c.relkind = 'I' AS partitioned,
           EXISTS (SELECT FROM pg_stat_progress_create_index p
                    WHERE p.index_relid = i.indexrelid)
           OR NOT i.indisvalid AND (pg_is_in_recovery() OR EXISTS (
               SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                WHERE d.datname = current_database() AND l.locktype = 'relation'
                  AND l.relation = i.indrelid AND l.granted
                  AND l.pid IS DISTINCT FROM pg_backend_pid()
                  AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock',
                                 'ExclusiveLock', 'AccessExclusiveLock'))) AS building,
           EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid) AS constraint,
           pg_get_expr(i.indpred, i.indrelid) AS predicate,
           coalesce((SELECT json_agg(json_build_object(
                       'column', a.attname,
                       'sql', CASE WHEN i.indcollation[u.place - 1] NOT IN (0, a.attcollation)
                           THEN format('%I COLLATE %s', a.attname,
                                       i.indcollation[u.place - 1]::regcollation)
                           ELSE pg_get_indexdef(i.indexrelid, u.place::int, false) END,
                       'collation', i.indcollation[u.place - 1]::int8,
                       'class', o.opcname, 'default_class', o.opcdefault,
                       'descending', i.indoption[u.place - 1] & 1 <> 0,
                       'nulls_first', i.indoption[u.place - 1] & 2 <> 0) ORDER BY u.place)
              FROM unnest(i.indkey::int2[]) WITH ORDINALITY u (number, place)
              JOIN pg_opclass o ON o.oid = i.indclass[u.place - 1]
              LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.number
             WHERE u.place <= i.indnkeyatts), '[]') AS keys,
           coalesce((SELECT json_agg(a.attname ORDER BY u.place)
              FROM unnest(i.indkey::int2[]) WITH ORDINALITY u (number, place)
              JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.number
             WHERE u.place > i.indnkeyatts), '[]') AS included,
           coalesce(pg_stat_get_numscans(i.indexrelid), 0) AS scans,
           coalesce(pg_relation_size(i.indexrelid), 0) AS bytes
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am m ON m.oid = c.relam
     WHERE i.indrelid = $1 ORDER BY c.relname";

impl Existing {
    /// All of a table, by name.
    pub fn of(table: u32) -> Result<Vec<Self>> {
        read(INDEXES, &[DatumWithOid::from(pg_sys::Oid::from(table))])
    }

    /// Whether nothing but queries can need it.
    pub fn is_plain(&self) -> bool {
        !self.unique && !self.constraint && !self.identity && !self.partitioned
    }

    /// How many of its first keys are among these, by their SQL and collations: what finds rows by
    /// equality.
    pub fn leading(&self, keys: &[(&str, u32)]) -> usize {
        let is_asked =
            |own: &&ExistingKey| keys.iter().any(|(sql, collation)| own.serves(sql, *collation));
        self.keys.iter().take_while(is_asked).count()
    }
}

impl ExistingKey {
    /// Whether it is this column or expression.
    pub fn is(&self, sql: &str) -> bool {
        let column = self.column.as_deref().map(migrator_model::ident::quote);
        column.as_deref() == Some(sql) || bare(&self.sql) == bare(sql)
    }

    /// Whether it finds this column or expression where values are compared by this collation.
    pub fn serves(&self, sql: &str, collation: u32) -> bool {
        self.is(sql) && (self.collation == 0 || self.collation == collation)
    }
}

/// An expression without the parentheses around it.
pub fn bare(sql: &str) -> &str {
    let mut sql = sql.trim();
    while let Some(inner) = sql.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        let mut depth = 0_i32;
        let closes_early = inner.chars().any(|letter| {
            depth += i32::from(letter == '(') - i32::from(letter == ')');
            depth < 0
        });
        if closes_early {
            break;
        }
        sql = inner.trim();
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parentheses_mean_nothing() {
        assert_eq!(bare("((a + b))"), "a + b");
        assert_eq!(bare("(a) + (b)"), "(a) + (b)");
        assert_eq!(bare("lower(a)"), "lower(a)");
    }

    #[test]
    fn leading_keys_are_found_in_any_order() {
        let key =
            |column: &str| ExistingKey { column: Some(column.into()), ..ExistingKey::default() };
        let index = Existing { keys: vec![key("a"), key("b"), key("c")], ..Existing::default() };
        assert_eq!(index.leading(&[("\"b\"", 0), ("\"a\"", 100)]), 2);
        assert_eq!(index.leading(&[("\"b\"", 0)]), 0);
    }

    #[test]
    fn another_collation_finds_nothing() {
        let sql = "a COLLATE \"C\"".to_owned();
        let key =
            ExistingKey { column: Some("a".into()), sql, collation: 950, ..ExistingKey::default() };
        assert!(key.is("\"a\"") && !key.serves("\"a\"", 100));
        assert!(key.serves("(a COLLATE \"C\")", 950));
    }
}
