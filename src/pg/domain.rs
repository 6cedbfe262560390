//! Domains: what they are made of, and whether somebody has to check their values.

use pgrx::{datum::DatumWithOid, pg_sys};
use serde::Deserialize;

use super::spi;
use crate::error::Result;

/// A domain, down to the type that is none.
#[derive(Debug, Deserialize)]
pub struct Domain {
    /// The base type's OID.
    pub base: u32,
    /// Its modifier.
    pub typmod: i32,
    /// Whether the domain, or one that it is made of, has constraints.
    pub constrained: bool,
    /// The domain's name, qualified and quoted.
    pub name: String,
    /// The base type's name, the same.
    pub base_name: String,
}

const DOMAIN: &str = "
    WITH RECURSIVE d AS (
        SELECT t.*, 0 AS level FROM pg_type t WHERE t.oid = $1
        UNION ALL
        SELECT t.*, d.level + 1 FROM d JOIN pg_type t ON t.oid = d.typbasetype
         WHERE d.typtype = 'd'),
    named AS (
        SELECT d.*, format('%I.%I', n.nspname, d.typname) AS name
          FROM d JOIN pg_namespace n ON n.oid = d.typnamespace)
    SELECT base.oid::int8 AS base, inner_one.typtypmod AS typmod, domain.name,
           base.name AS base_name,
           (SELECT bool_or(d.typnotnull OR EXISTS (SELECT FROM pg_constraint c
                                                    WHERE c.contypid = d.oid))
              FROM d WHERE d.typtype = 'd') AS constrained
      FROM named domain, named base, d inner_one
     WHERE domain.level = 0 AND base.typtype <> 'd' AND inner_one.level = base.level - 1";

/// Looks a domain up; None for a type that is none.
pub fn of(type_oid: u32) -> Result<Option<Domain>> {
    spi::first(DOMAIN, &[DatumWithOid::from(pg_sys::Oid::from(type_oid))])
}
