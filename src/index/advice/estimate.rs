//! The planner's estimates: how many rows there are, and what share of them a condition lets through.

use std::{cell::RefCell, collections::HashMap};

use super::{plan::Plan, table::Table};
use crate::{
    error::Result,
    pg::{explain, query_shape::Analysed, search_path::SafeSettings, subtransaction::attempt},
};

/// Asks the planner about one table, once for each condition.
pub struct Estimates<'t> {
    table: &'t Table,
    known: RefCell<HashMap<String, Option<f64>>>,
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

    /// The share of rows that fulfil a condition without parameters; None: the planner cannot say.
    pub fn share(&self, condition: &str) -> Option<f64> {
        if let Some(known) = self.known.borrow().get(condition) {
            return *known;
        }
        let sql = format!("SELECT FROM {} WHERE {condition}", self.table.from());
        let rows = attempt(|| planned(&sql)).map(|plan| plan.rows).ok();
        let share = rows.map(|rows| (rows / self.table.rows.max(1.0)).clamp(0.0, 1.0));
        self.known.borrow_mut().insert(condition.to_owned(), share);
        share
    }
}

/// The plan of a query whose names mean the same under any search path.
fn planned(sql: &str) -> Result<Plan> {
    let _safe = SafeSettings::enter();
    Plan::parse(&explain::json(&Analysed::new(sql)?)?)
}
