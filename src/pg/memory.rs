//! Memory for a moment: what a loop allocates must not stay until the statement ends.

use pgrx::pg_sys;

/// A memory context that is current while it lives.
struct Moment {
    context: pg_sys::MemoryContext,
    before: pg_sys::MemoryContext,
}

impl Moment {
    fn begin() -> Self {
        // SAFETY: the name is static, as the server wants it; the context is a child of the
        // current one, so that an abort deletes it, too.
        unsafe {
            let before = pg_sys::CurrentMemoryContext;
            let context = pg_sys::AllocSetContextCreateInternal(
                before,
                c"migrator batch".as_ptr(),
                pg_sys::ALLOCSET_DEFAULT_MINSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_INITSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
            );
            pg_sys::MemoryContextSwitchTo(context);
            Self { context, before }
        }
    }
}

impl Drop for Moment {
    fn drop(&mut self) {
        // SAFETY: made by `begin` and deleted once; nothing of it is current any more.
        unsafe {
            pg_sys::MemoryContextSwitchTo(self.before);
            pg_sys::MemoryContextDelete(self.context);
        }
    }
}

/// Runs a closure in a memory context of its own, which is gone after it. Nothing that the server
/// has allocated in there may be returned.
pub fn briefly<T>(run: impl FnOnce() -> T) -> T {
    let _moment = Moment::begin();
    run()
}
