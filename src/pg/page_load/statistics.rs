//! What the server remembers of a relation's size.

use pgrx::pg_sys;

use crate::pg::{compat, relation::Relation};

/// Notes in pg_class, and in the cumulative statistics, what was loaded.
pub fn note(relation: &Relation, pages: u32, tuples: u64) {
    // SAFETY: the relation is open; after the increment its row of pg_class is visible.
    unsafe {
        pg_sys::CommandCounterIncrement();
        compat::vac_update_relstats(relation.raw(), pages, tuples);
        pg_sys::pgstat_count_heap_insert(relation.raw(), tuples as pg_sys::PgStat_Counter);
    }
}
