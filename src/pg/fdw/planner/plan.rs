//! GetForeignPlan: the plan node of the path that the planner has chosen.

use pgrx::{
    pg_sys::{
        self, Expr, ForeignPath, ForeignScan, List, Oid, Plan, PlannerInfo, RelOptInfo,
        RestrictInfo,
    },
    prelude::*,
};

use super::{
    conditions::{Condition, Place},
    nodes,
    outputs::{self, Outputs},
    query::Query,
    sort,
    state::{State, Table},
    types,
};
use crate::{
    error::{Error, Result},
    pg::report,
    readers::{
        plan::Fill,
        pushdown::{Expression, Output, Remote, Select},
    },
};

/// # Safety
/// Called by the planner.
#[pg_guard]
pub unsafe extern "C-unwind" fn get_foreign_plan(
    _root: *mut PlannerInfo,
    rel: *mut RelOptInfo,
    table: Oid,
    path: *mut ForeignPath,
    targets: *mut List,
    clauses: *mut List,
    below: *mut Plan,
) -> *mut ForeignScan {
    // SAFETY: the planner calls it for a path that we have made.
    let parts = report::or_raise(unsafe { parts(rel, table, path, clauses) });
    let Parts { query, relation, local, recheck, scan_targets } = parts;
    // SAFETY: the same; all lists are new ones.
    unsafe {
        pg_sys::make_foreignscan(
            targets,
            local,
            relation,
            query.parameters(),
            query.private(),
            scan_targets,
            recheck,
            below,
        )
    }
}

/// What a plan node is made of.
struct Parts {
    query: Query,
    /// The foreign table's index in the range table; 0 for anything else.
    relation: u32,
    /// What is checked here.
    local: *mut List,
    /// What is checked again when a row has changed: DuckDB's conditions on a table.
    recheck: *mut List,
    /// What the rows of anything but a table are made of.
    scan_targets: *mut List,
}

/// # Safety
/// All must be the running planner's.
unsafe fn parts(
    rel: *mut RelOptInfo,
    table: Oid,
    path: *mut ForeignPath,
    clauses: *mut List,
) -> Result<Parts> {
    // SAFETY: by the caller.
    unsafe {
        let state = State::of(rel).ok_or_else(unplanned)?;
        match &state.table {
            Some(own) => of_table(state, own, rel, table, path, clauses),
            None => of_others(state, path),
        }
    }
}

fn unplanned() -> Error {
    Error::new("XX000", "a foreign scan was not planned")
}

/// # Safety
/// As for `parts`.
unsafe fn of_table(
    state: &State,
    own: &Table,
    rel: *mut RelOptInfo,
    table: Oid,
    path: *mut ForeignPath,
    clauses: *mut List,
) -> Result<Parts> {
    // SAFETY: by the caller.
    unsafe {
        let relation = (*rel).relid;
        let checks = Checks::of(state, own, rel, clauses);
        let from = Remote::Table { relation, filters: checks.filters };
        let order = sort::keys(state, (*path).path.pathkeys).ok_or_else(unplanned)?;
        let (outputs, attributes) = needed_columns(state, own, relation, table);
        let select = Select { from, outputs, order, ..state.select.clone() };
        let mut query = Query::of(state, &select)?;
        query.plan.fills = fills(own, &attributes, &query.plan.fills);
        Ok(Parts {
            query,
            relation,
            local: nodes::list(checks.local),
            recheck: nodes::list(checks.there),
            scan_targets: std::ptr::null_mut(),
        })
    }
}

/// Who checks what, of a table.
#[derive(Default)]
struct Checks {
    filters: Vec<Expression>,
    there: Vec<*mut Expr>,
    local: Vec<*mut Expr>,
}

impl Checks {
    /// Beside the table's own conditions there are those that compare with outer rows.
    ///
    /// # Safety
    /// As for `parts`.
    unsafe fn of(state: &State, own: &Table, rel: *mut RelOptInfo, clauses: *mut List) -> Self {
        let mut checks = Self::default();
        // SAFETY: by the caller; clauses are such nodes.
        unsafe {
            for clause in nodes::elements::<RestrictInfo>(clauses) {
                match own.conditions.iter().find(|known| known.restriction == clause) {
                    Some(known) => checks.add(known),
                    None => {
                        let mut translator = state.translator().for_each_outer_row();
                        let planning = &state.planning;
                        checks.add(&Condition::of(clause, rel, planning, &mut translator));
                    }
                }
            }
        }
        checks
    }

    /// # Safety
    /// As for `parts`.
    unsafe fn add(&mut self, condition: &Condition) {
        // SAFETY: by the caller.
        let (is_gate, clause) = unsafe { (condition.is_gate(), condition.clause()) };
        // The server checks them before it begins.
        if is_gate {
            return;
        }
        self.filters.extend(condition.expression.clone());
        match condition.place {
            Place::There => self.there.push(clause),
            Place::Both | Place::Here => self.local.push(clause),
        }
    }
}

/// The columns that somebody needs, and their places in the table.
fn needed_columns(
    state: &State,
    own: &Table,
    relation: u32,
    table: Oid,
) -> (Vec<Output>, Vec<usize>) {
    state.planning.with_scope(|scope| {
        let columns = scope.0.get(&relation).map(|table| table.columns.as_slice());
        let columns = (1..).zip(columns.unwrap_or_default()).zip(&own.needed);
        let needed =
            columns.filter(|(_, needed)| **needed).filter_map(|((attribute, column), _)| {
                let pg = column.as_ref()?.pg.clone();
                let kind = types::of_column(table, attribute);
                let expression = Expression::Column { relation, attribute, kind };
                Some((Output { expression, pg }, usize::try_from(attribute).ok()? - 1))
            });
        needed.unzip()
    })
}

/// The row of a table: what nobody needs stays NULL.
fn fills(own: &Table, attributes: &[usize], fills: &[Fill]) -> Vec<Fill> {
    let mut row = vec![Fill::Nothing; own.needed.len()];
    for (attribute, fill) in attributes.iter().zip(fills) {
        if let Some(place) = row.get_mut(*attribute) {
            *place = *fill;
        }
    }
    row
}

/// # Safety
/// As for `parts`.
unsafe fn of_others(state: &State, path: *mut ForeignPath) -> Result<Parts> {
    // SAFETY: by the caller.
    unsafe {
        let path = &(*path).path;
        let Outputs { targets, outputs } = match &state.targets {
            Some(targets) => {
                Outputs { targets: targets.clone(), outputs: state.select.outputs.clone() }
            }
            None => outputs::columns(state, path.pathtarget).ok_or_else(unplanned)?,
        };
        let mut select = Select { outputs, ..state.select.clone() };
        if select.order.is_empty() {
            select.order = sort::keys(state, path.pathkeys).ok_or_else(unplanned)?;
        }
        Ok(Parts {
            query: Query::of(state, &select)?,
            relation: 0,
            local: nodes::list(state.local.iter().copied()),
            recheck: std::ptr::null_mut(),
            scan_targets: scan_targets(&targets),
        })
    }
}

/// # Safety
/// Live expressions of the running planner's.
unsafe fn scan_targets(targets: &[*mut Expr]) -> *mut List {
    let entry = |(number, target): (i16, &*mut Expr)| {
        let none = std::ptr::null_mut();
        // SAFETY: by the caller; the copy is the plan's own.
        unsafe {
            let target = pg_sys::copyObjectImpl(target.cast_const().cast()).cast();
            pg_sys::makeTargetEntry(target, number, none, false)
        }
    };
    nodes::list((1..).zip(targets).map(entry))
}
