//! Locks that keep an index and its name what they are until it is dropped by that name.

use pgrx::pg_sys;

use super::{quoting::text_at, relation::Relation};

/// What CREATE INDEX CONCURRENTLY takes of the table, and a change of the name of the index.
const MODE: pg_sys::LOCKMODE = pg_sys::ShareUpdateExclusiveLock as pg_sys::LOCKMODE;

/// Waits for whoever builds or changes indexes of the table, and keeps them out until the transaction
/// ends: is the index of this name still this one, and INVALID? As it is by now, whatever this
/// transaction's snapshot.
pub fn is_locked_invalid(table: u32, index: u32, schema: &str, name: &str) -> bool {
    let Some(_table) = Relation::try_open_for_index(table) else { return false };
    let index = pg_sys::Oid::from(index);
    // SAFETY: a lock of what need not be there, and look-ups in the catalog caches, whose texts are
    // NULL or NUL-terminated.
    unsafe {
        pg_sys::LockRelationOid(index, MODE);
        pg_sys::IndexGetRelation(index, true).to_u32() == table
            && text_at(pg_sys::get_rel_name(index)).as_deref() == Some(name)
            && text_at(pg_sys::get_namespace_name(pg_sys::get_rel_namespace(index))).as_deref()
                == Some(schema)
            && !pg_sys::get_index_isvalid(index)
    }
}

/// While it lives the session keeps both locks, from one transaction to the next.
pub struct Kept {
    table: u32,
    index: u32,
}

impl Kept {
    /// Keeps the locks of this transaction.
    pub fn of(table: u32, index: u32) -> Self {
        for relation in [table, index] {
            // SAFETY: the id is live; the lock is this backend's already.
            unsafe { pg_sys::LockRelationIdForSession(&mut id(relation), MODE) };
        }
        Self { table, index }
    }

    /// An abort of a transaction has released them.
    pub fn were_released(self) {
        std::mem::forget(self);
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        for relation in [self.index, self.table] {
            // SAFETY: taken above, by this session; needs no transaction.
            unsafe { pg_sys::UnlockRelationIdForSession(&mut id(relation), MODE) };
        }
    }
}

fn id(relation: u32) -> pg_sys::LockRelId {
    // SAFETY: a plain variable of this backend.
    let database = unsafe { pg_sys::MyDatabaseId };
    pg_sys::LockRelId { relId: relation.into(), dbId: database }
}
