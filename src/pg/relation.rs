//! A relation that is open and locked.

use migrator_model::layout::MAX_ALIGN;
use pgrx::{PgTupleDesc, pg_sys};

use super::{facts::AttributeFacts, quoting};

/// Open until it is dropped; the lock stays until the end of the transaction.
pub struct Relation {
    raw: pg_sys::Relation,
}

impl Relation {
    /// Opens a relation for INSERT, with the lock that an INSERT takes.
    pub fn open_for_insert(oid: u32) -> Self {
        let lock = pg_sys::RowExclusiveLock as pg_sys::LOCKMODE;
        // SAFETY: raises an ERROR when there is no such relation.
        Self { raw: unsafe { pg_sys::table_open(pg_sys::Oid::from(oid), lock) } }
    }

    /// The same, or None when the relation was dropped while this waited for the lock.
    pub fn try_open_for_insert(oid: u32) -> Option<Self> {
        Self::try_open(oid, pg_sys::RowExclusiveLock)
    }

    /// Opens a relation with the lock that CREATE INDEX CONCURRENTLY takes: one build at a time. None
    /// when it is gone.
    pub fn try_open_for_index(oid: u32) -> Option<Self> {
        Self::try_open(oid, pg_sys::ShareUpdateExclusiveLock)
    }

    /// Opens a relation with the lock that a SELECT takes.
    pub fn open_for_select(oid: u32) -> Self {
        Self::open(oid, pg_sys::AccessShareLock)
    }

    /// Opens a relation that this transaction has locked.
    pub fn open_locked(oid: u32) -> Self {
        Self::open(oid, pg_sys::NoLock)
    }

    /// Opens and locks its TOAST relation, if it has one.
    pub fn open_toast(&self) -> Option<Self> {
        self.toast().map(|oid| Self::open(oid, pg_sys::AccessExclusiveLock))
    }

    fn open(oid: u32, lock: u32) -> Self {
        // SAFETY: raises an ERROR when there is no such relation.
        let raw =
            unsafe { pg_sys::relation_open(pg_sys::Oid::from(oid), lock as pg_sys::LOCKMODE) };
        Self { raw }
    }

    fn try_open(oid: u32, lock: u32) -> Option<Self> {
        // SAFETY: returns NULL when there is no such relation.
        let raw =
            unsafe { pg_sys::try_table_open(pg_sys::Oid::from(oid), lock as pg_sys::LOCKMODE) };
        // Made only where it is one: its end would close it.
        (!raw.is_null()).then(|| Self { raw })
    }

    /// Whether this transaction keeps everybody else away from it.
    pub fn is_locked_exclusively(&self) -> bool {
        let lock = pg_sys::AccessExclusiveLock as pg_sys::LOCKMODE;
        // SAFETY: the relation is open.
        unsafe { pg_sys::CheckRelationLockedByMe(self.raw, lock, false) }
    }

    /// pg_class.oid
    pub fn oid(&self) -> u32 {
        // SAFETY: the relation is open.
        unsafe { (*self.raw).rd_id.to_u32() }
    }

    /// relname
    pub fn name(&self) -> String {
        // SAFETY: the relation is open, so its pg_class row is live.
        quoting::text_of(unsafe { &(*(*self.raw).rd_rel).relname })
    }

    /// Its TOAST relation's OID.
    pub fn toast(&self) -> Option<u32> {
        // SAFETY: the relation is open, so its pg_class row is live.
        let oid = unsafe { (*(*self.raw).rd_rel).reltoastrelid };
        (oid != pg_sys::InvalidOid).then(|| oid.to_u32())
    }

    /// The server's own handle, good for as long as this lives.
    pub(super) fn raw(&self) -> pg_sys::Relation {
        self.raw
    }

    /// The type of its rows.
    pub fn row_type(&self) -> pg_sys::Oid {
        // SAFETY: the relation is open, so its pg_class row is live.
        unsafe { (*(*self.raw).rd_rel).reltype }
    }

    /// Whether these are its attributes.
    pub fn has(&self, attributes: &[AttributeFacts]) -> bool {
        // SAFETY: the relation is open, so its descriptor is live; it is only read here.
        let descriptor = unsafe { PgTupleDesc::from_pg_unchecked((*self.raw).rd_att) };
        let same = |(have, want): (&pg_sys::FormData_pg_attribute, &AttributeFacts)| {
            have.attisdropped == want.dropped
                && (want.dropped || have.atttypid.to_u32() == want.type_oid)
                && have.atttypmod == want.typmod
                && have.attnotnull == want.not_null
        };
        descriptor.len() == attributes.len() && descriptor.iter().zip(attributes).all(same)
    }

    /// Whether an INSERT fires triggers, follows rules or obeys policies.
    pub fn does_more_on_insert(&self) -> bool {
        // SAFETY: the relation is open, so what it points to is live or NULL.
        unsafe {
            let triggers = (*self.raw).trigdesc.as_ref().is_some_and(|triggers| {
                triggers.trig_insert_before_row
                    || triggers.trig_insert_after_row
                    || triggers.trig_insert_instead_row
                    || triggers.trig_insert_before_statement
                    || triggers.trig_insert_after_statement
                    || triggers.trig_insert_new_table
            });
            let policies = pg_sys::check_enable_rls((*self.raw).rd_id, pg_sys::InvalidOid, true);
            triggers
                || !(*self.raw).rd_rules.is_null()
                || policies == pg_sys::CheckEnableRlsResult::RLS_ENABLED as i32
        }
    }
}

/// typalign in bytes.
pub fn alignment(code: u8) -> u8 {
    match code {
        b'c' => 1,
        b's' => 2,
        b'i' => 4,
        _ => MAX_ALIGN as u8,
    }
}

impl Drop for Relation {
    fn drop(&mut self) {
        // SAFETY: opened by us, closed once; while an ERROR unwinds the server closes it itself.
        unsafe {
            if pg_sys::IsTransactionState() && !std::thread::panicking() {
                pg_sys::table_close(self.raw, pg_sys::NoLock as pg_sys::LOCKMODE);
            }
        }
    }
}
