//! Indexes that are not there, as extension hypopg has the planner see them: in this session only,
//! and only for EXPLAIN.

use migrator_model::Ident;
use pgrx::datum::DatumWithOid;
use serde::Deserialize;

use super::{plan::Plan, read, workload::Query};
use crate::{
    error::Result,
    pg::{explain, extension, subtransaction::attempt},
};

/// hypopg, where it is installed.
pub struct Hypopg {
    schema: Ident,
}

#[derive(Deserialize)]
struct Made {
    oid: u32,
    name: String,
}

impl Hypopg {
    /// Finds it.
    pub fn find() -> Result<Option<Self>> {
        Ok(extension::schema("hypopg")?.map(|schema| Self { schema }))
    }

    /// Runs a closure with an index by its CREATE INDEX, which is read as the role of a query, if
    /// there is one; the closure gets the name that plans show. None: hypopg does not know such
    /// indexes, the role may not use it, or the closure has failed.
    pub fn with<T>(
        &self,
        sql: &str,
        query: Option<&Query>,
        run: impl FnOnce(&str) -> Result<T>,
    ) -> Result<Option<T>> {
        let make = || match query {
            None => self.make(sql),
            Some(query) => query.as_its_role(|| self.make(sql)),
        };
        let Ok(made) = attempt(make) else { return Ok(None) };
        let Some(made) = made else { return Ok(None) };
        // What it keeps is the session's own: it must go, whatever happens.
        let ran = attempt(|| run(&made.name));
        let schema = self.schema.quoted();
        let dropped = format!("SELECT {schema}.hypopg_drop_index($1) AS dropped");
        let oid = DatumWithOid::from(pgrx::pg_sys::Oid::from(made.oid));
        read::<serde::de::IgnoredAny>(&dropped, &[oid])?;
        Ok(ran.ok())
    }

    fn make(&self, sql: &str) -> Result<Option<Made>> {
        let schema = self.schema.quoted();
        let call = format!(
            "SELECT indexrelid::int8 AS oid, indexname::text AS name
               FROM {schema}.hypopg_create_index($1)"
        );
        Ok(read::<Made>(&call, &[DatumWithOid::from(sql.to_owned())])?.pop())
    }
}

/// The plan of a query, as the role that it is of; None: that role may not run it.
pub fn plan(query: &Query) -> Option<Plan> {
    let planned = attempt(|| query.as_its_role(|| explain::json(query.analysed())));
    planned.and_then(|json| Plan::parse(&json)).ok()
}
