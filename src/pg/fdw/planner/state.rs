//! What the planner's relations remember of us: what DuckDB could compute of a query so far.

use std::rc::Rc;

use migrator_model::policy::NulBytes;
use pgrx::{
    PgMemoryContexts,
    pg_sys::{Expr, PlannerInfo, RelOptInfo},
};

use super::{
    conditions::Condition,
    cost::Work,
    expression::{Columns, Translator},
    planning::Planning,
};
use crate::readers::{assumed::Assumed, pushdown::Select};

/// A relation of the planner's that DuckDB could compute: a foreign table, a join, or what comes
/// behind.
pub struct State {
    /// What all relations of the query share.
    pub planning: Rc<Planning>,
    /// Where it comes from.
    pub origin: Origin,
    /// Whose columns its expressions may use.
    pub columns: Columns,
    /// What DuckDB computes. The outputs of a scan or a join depend on the path.
    pub select: Select,
    /// The expressions that are its outputs; None for a scan or a join, whose outputs are columns.
    pub targets: Option<Vec<*mut Expr>>,
    /// What is checked here, of what DuckDB gives.
    pub local: Vec<*mut Expr>,
    /// Whether DuckDB's rows are all of the relation's rows, so that it may go on with them.
    pub is_whole: bool,
    /// What computing it costs DuckDB.
    pub work: Work,
    /// Set for a foreign table.
    pub table: Option<Table>,
}

/// What only a foreign table's relation has.
pub struct Table {
    /// Its conditions.
    pub conditions: Vec<Condition>,
    /// The columns that somebody needs, by attnum - 1; false for dropped ones, too.
    pub needed: Vec<bool>,
}

/// Where rows come from, and how they are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The foreign server's OID.
    pub server: u32,
    /// Whose user mapping counts; 0: the current user's.
    pub user: u32,
    /// Table option `on_lossy` is `accept`.
    pub accept_lossy: bool,
    /// Table option `nul_bytes`.
    pub nul_bytes: NulBytes,
    /// What messages call it.
    pub label: String,
    /// The foreign tables, as they are planned with.
    pub tables: Vec<Assumed>,
}

impl Origin {
    /// Both as one, if they are read alike.
    pub fn with(&self, other: &Self) -> Option<Self> {
        let alike = self.server == other.server
            && self.accept_lossy == other.accept_lossy
            && self.nul_bytes == other.nul_bytes;
        let label = format!("{}, {}", self.label, other.label);
        let tables = self.tables.iter().chain(&other.tables).cloned().collect();
        alike.then(|| Self { label, tables, ..self.clone() })
    }
}

impl State {
    /// What a relation remembers, if we have made it.
    ///
    /// # Safety
    /// It must be a relation of the running planner's, of our wrapper.
    pub unsafe fn of<'p>(rel: *mut RelOptInfo) -> Option<&'p Self> {
        // SAFETY: nobody but `keep` sets it for relations of our wrapper.
        unsafe { (*rel).fdw_private.cast::<Self>().as_ref() }
    }

    /// Keeps the state with its relation, for as long as the planning lasts.
    ///
    /// # Safety
    /// It must be a relation of the running planner's, of our wrapper, and made in the current memory
    /// context.
    pub unsafe fn keep<'p>(self, rel: *mut RelOptInfo) -> &'p Self {
        let state = PgMemoryContexts::CurrentMemoryContext.leak_and_drop_on_delete(self);
        // SAFETY: by the caller.
        unsafe {
            (*rel).fdw_private = state.cast();
            &*state
        }
    }

    /// The state of any foreign table of ours in this query.
    ///
    /// # Safety
    /// It must be the planner that is running.
    pub unsafe fn any<'p>(root: *mut PlannerInfo) -> Option<&'p Self> {
        // SAFETY: by the caller; the array has a place for each relation, the first is not used.
        unsafe {
            let count = usize::try_from((*root).simple_rel_array_size).unwrap_or(0);
            let rels = (1..count).map(|at| *(*root).simple_rel_array.add(at));
            rels.filter(|rel| is_ours(*rel)).find_map(|rel| Self::of(rel))
        }
    }

    /// For expressions over its columns.
    ///
    /// # Safety
    /// All expressions that it gets must be live, and the running planner's.
    pub unsafe fn translator(&self) -> Translator<'_> {
        // SAFETY: by the caller.
        unsafe { Translator::new(&self.planning, &self.columns) }
    }
}

/// # Safety
/// NULL, or a relation of the running planner's.
unsafe fn is_ours(rel: *mut RelOptInfo) -> bool {
    let ours: unsafe extern "C-unwind" fn(_, _, _) = super::get_foreign_rel_size;
    // SAFETY: by the caller; the server gives each foreign table's relation its wrapper's routines.
    let theirs = unsafe {
        rel.as_ref()
            .and_then(|rel| rel.fdwroutine.as_ref())
            .and_then(|routine| routine.GetForeignRelSize)
    };
    theirs.is_some_and(|theirs| theirs as usize == ours as usize)
}
