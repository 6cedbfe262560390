//! A lock by which a session is known to be there. `pg_locks` has it among the advisory locks, but no
//! SQL function takes it: the objsubid of theirs is 1 or 2.

use pgrx::pg_sys;

/// classid in pg_locks
const CLASS: u32 = 1_835_624_306;
/// objsubid in pg_locks
const SUBID: u16 = 28_007;

/// Takes the lock with this objid for as long as this session lives; false where another session has
/// it.
pub fn take(number: u32) -> bool {
    // SAFETY: a plain variable of this backend.
    let database = unsafe { pg_sys::MyDatabaseId };
    // SET_LOCKTAG_ADVISORY() (storage/lock.h)
    let tag = pg_sys::LOCKTAG {
        locktag_field1: database.to_u32(),
        locktag_field2: CLASS,
        locktag_field3: number,
        locktag_field4: SUBID,
        locktag_type: pg_sys::LockTagType::LOCKTAG_ADVISORY as u8,
        locktag_lockmethodid: pg_sys::USER_LOCKMETHOD as u8,
    };
    let mode = pg_sys::ExclusiveLock as pg_sys::LOCKMODE;
    // SAFETY: the tag is live; locks of this method outlive aborts, and end with the session.
    let acquired = unsafe { pg_sys::LockAcquire(&tag, mode, true, true) };
    acquired != pg_sys::LockAcquireResult::LOCKACQUIRE_NOT_AVAIL
}
