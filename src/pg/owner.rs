//! Acting as the owner of a table: of migrator's own, because nobody else may write to them, and of
//! a user's, for expressions that this user has written.

use pgrx::pg_sys;

use super::guc;

/// SECURITY_LOCAL_USERID_CHANGE (miscadmin.h)
const LOCAL_USERID_CHANGE: i32 = 1;
/// SECURITY_RESTRICTED_OPERATION (miscadmin.h)
const RESTRICTED_OPERATION: i32 = 2;

/// While it lives the current user is another; an ERROR resets the user, too.
struct Switched {
    user: pg_sys::Oid,
    context: i32,
}

impl Switched {
    fn to(owner: u32, how: i32) -> Self {
        let mut before = Self { user: pg_sys::InvalidOid, context: 0 };
        // SAFETY: both out pointers are live.
        unsafe {
            pg_sys::GetUserIdAndSecContext(&mut before.user, &mut before.context);
            pg_sys::SetUserIdAndSecContext(pg_sys::Oid::from(owner), before.context | how);
        }
        before
    }
}

impl Drop for Switched {
    fn drop(&mut self) {
        // SAFETY: these were the values before.
        unsafe { pg_sys::SetUserIdAndSecContext(self.user, self.context) };
    }
}

/// Runs a closure as this role. It must run only statements that we wrote.
pub fn acting_as<T>(owner: u32, run: impl FnOnce() -> T) -> T {
    let _switched = Switched::to(owner, LOCAL_USERID_CHANGE);
    run()
}

/// Runs a closure as the owner of a table, as the server does where it evaluates what the owner has
/// written: a function of theirs gets neither the caller's rights nor a hold on the session.
pub fn restricted_to<T>(owner: u32, run: impl FnOnce() -> T) -> T {
    let _switched = Switched::to(owner, LOCAL_USERID_CHANGE | RESTRICTED_OPERATION);
    guc::undone(run)
}

/// The current user's OID.
pub fn current() -> u32 {
    // SAFETY: a plain look-up.
    unsafe { pg_sys::GetUserId() }.to_u32()
}
