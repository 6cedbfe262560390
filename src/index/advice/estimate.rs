//! The planner's estimates: how many rows there are, and what share of them a condition lets through.

use std::{cell::RefCell, collections::HashMap};

use super::{plan::Plan, table::Table, workload::Query};
use crate::{
    error::Result,
    pg::{explain, query_shape::Analysed, search_path::SafeSettings, subtransaction::attempt},
};

/// A role, and a condition.
type Asked = (Option<u32>, String);

/// Asks the planner about one table, once for each condition and role.
pub struct Estimates<'t> {
    table: &'t Table,
    known: RefCell<HashMap<Asked, Option<f64>>>,
}

impl<'t> Estimates<'t> {
    /// About this table.
    pub fn of(table: &'t Table) -> Self {
        Self { table, known: RefCell::default() }
    }

    /// How many rows there are.
    pub fn rows(table: &Table) -> Result<f64> {
        Ok(planned(&format!("SELECT FROM {}", table.from()))?.rows)
    }

    /// The share of rows that fulfil a query's condition without parameters; None: the planner cannot
    /// say, or not to the role that the query is of: the planner runs what is in a condition.
    pub fn share(&self, query: &Query, condition: &str) -> Option<f64> {
        let asked = (query.role(), condition.to_owned());
        if let Some(known) = self.known.borrow().get(&asked) {
            return *known;
        }
        let sql = format!("SELECT FROM {} WHERE {condition}", self.table.from());
        let rows = attempt(|| query.as_its_role(|| planned(&sql))).map(|plan| plan.rows).ok();
        let share = rows.map(|rows| (rows / self.table.rows.max(1.0)).clamp(0.0, 1.0));
        self.known.borrow_mut().insert(asked, share);
        share
    }
}

/// The plan of a query whose names mean the same under any search path.
fn planned(sql: &str) -> Result<Plan> {
    let _safe = SafeSettings::enter();
    Plan::parse(&explain::json(&Analysed::new(sql)?)?)
}
