//! Acting as the owner of migrator's own tables: nobody else may write to them.

use pgrx::pg_sys;

/// SECURITY_LOCAL_USERID_CHANGE (miscadmin.h)
const LOCAL_USERID_CHANGE: i32 = 1;

/// While it lives the current user is another; an ERROR resets the user, too.
struct Switched {
    user: pg_sys::Oid,
    context: i32,
}

impl Switched {
    fn to(owner: pg_sys::Oid) -> Self {
        let mut before = Self { user: pg_sys::InvalidOid, context: 0 };
        // SAFETY: both out pointers are live.
        unsafe {
            pg_sys::GetUserIdAndSecContext(&mut before.user, &mut before.context);
            pg_sys::SetUserIdAndSecContext(owner, before.context | LOCAL_USERID_CHANGE);
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
    let _switched = Switched::to(pg_sys::Oid::from(owner));
    run()
}
