//! A relation that is open and locked.

use migrator_model::layout::MAX_ALIGN;
use pgrx::{PgTupleDesc, pg_sys};

use super::image_check::{AttributeShape, ImageShape};

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

    /// The server's own handle, good for as long as this lives.
    pub(super) fn raw(&self) -> pg_sys::Relation {
        self.raw
    }

    /// The type of its rows.
    pub fn row_type(&self) -> pg_sys::Oid {
        // SAFETY: the relation is open, so its pg_class row is live.
        unsafe { (*(*self.raw).rd_rel).reltype }
    }

    /// How its tuples are laid out.
    pub fn shape(&self) -> ImageShape {
        // SAFETY: the relation is open, so its descriptor is live; it is only read here.
        let descriptor = unsafe { PgTupleDesc::from_pg_unchecked((*self.raw).rd_att) };
        let attribute = |attribute: &pg_sys::FormData_pg_attribute| AttributeShape {
            len: attribute.attlen,
            align: alignment(attribute.attalign as u8),
        };
        descriptor.iter().map(attribute).collect()
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
