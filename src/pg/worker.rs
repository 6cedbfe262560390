//! A background worker: another session of the same database, with the rights of the role that has
//! started it, for what cannot run within that role's transaction.

use std::{
    ffi::{CString, c_int, c_long},
    panic::AssertUnwindSafe,
    ptr,
};

use pgrx::{
    PgTryBuilder,
    bgworkers::{BackgroundWorker, BackgroundWorkerBuilder},
    pg_guard, pg_sys,
};

use super::{compat, guc, memory, owner, prepared, report, timeout};
use crate::{
    error::{Error, Result},
    index,
};

/// backend_type in pg_stat_activity.
pub const TYPE: &str = "migrator index worker";

/// What a worker is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// The row of the job.
    pub job_id: i64,
    /// The database.
    database: u32,
    /// Whose session it is: see [`login_role`].
    session: u32,
    /// Whose rights it has.
    role: u32,
    /// The transaction that has started it.
    transaction: u32,
}

impl Task {
    /// A job of the caller's, in this database, in a session of this role; it waits for the end of
    /// this transaction.
    pub fn of_caller(job_id: i64, session: u32) -> Self {
        // SAFETY: plain variables of this backend; the transaction gets an id if it has none.
        unsafe {
            Self {
                job_id,
                database: pg_sys::MyDatabaseId.to_u32(),
                session,
                role: owner::current(),
                transaction: pg_sys::GetTopTransactionId().into_inner(),
            }
        }
    }

    /// Starts a worker for it.
    pub fn start(self) -> Result<()> {
        let builder = BackgroundWorkerBuilder::new(&format!("{TYPE}: job {}", self.job_id));
        let builder = builder.set_type(TYPE).set_library("$libdir/migrator");
        let builder = builder.set_function("migrator_index_worker").enable_spi_access();
        // No notices of its start and end: nobody here waits for them.
        builder.set_extra(&self.text()).load_dynamic().map(|_| ()).map_err(|_| {
            Error::new("53000", "could not start a background worker")
                .detail("All slots for background workers are taken.")
                .hint("Try again later, or raise max_worker_processes.")
        })
    }

    fn text(self) -> String {
        let Self { job_id, database, session, role, transaction } = self;
        format!("{job_id} {database} {session} {role} {transaction}")
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let job_id = words.next()?.parse().ok()?;
        let mut number = || words.next()?.parse().ok();
        let (database, session) = (number()?, number()?);
        Some(Self { job_id, database, session, role: number()?, transaction: number()? })
    }
}

/// Who logs in for a worker of the caller's: the session's user, as in this session. Within a SECURITY
/// DEFINER function RESET ROLE is refused, and the session's user may have rights that are none of the
/// definer's: nothing would refuse it in a worker, so that the definer itself logs in.
pub fn login_role() -> Result<u32> {
    // SAFETY: plain looks at this backend's state.
    unsafe {
        if pg_sys::InSecurityRestrictedOperation() {
            // There, nothing may be left behind that runs later.
            let message = "cannot start a background worker within security-restricted operation";
            return Err(Error::new("42501", message));
        }
        Ok(match pg_sys::InLocalUserIdChange() {
            true => owner::current(),
            false => pg_sys::GetSessionUserId().to_u32(),
        })
    }
}

unsafe extern "C-unwind" {
    // tcop/tcopprot.h: the handler itself, not pgrx's guard around it.
    fn die(signal: c_int);
}

/// Where a worker begins. Its own handler of SIGTERM would raise FATAL wherever it is.
#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn migrator_index_worker(_argument: pg_sys::Datum) {
    let Some(task) = Task::parse(BackgroundWorker::get_extra()) else { return };
    compat::pqsignal(pg_sys::SIGTERM as c_int, Some(die));
    // SAFETY: as a worker's main function begins; both OIDs are what the starter's session had.
    unsafe {
        pg_sys::BackgroundWorkerUnblockSignals();
        let (database, session) = (task.database.into(), task.session.into());
        pg_sys::BackgroundWorkerInitializeConnectionByOid(database, session, 0);
        pg_sys::pgstat_report_appname(c"migrator".as_ptr());
    }
    // One that no end of a transaction takes away.
    memory::briefly(|| {
        plain_transactions();
        if let Err(error) = take_role(task.role).and_then(|()| index::work(task)) {
            pgrx::log!("index job {} failed: {} {error}", task.job_id, error.sqlstate());
        }
    });
}

/// The transactions of the worker are its own: what a role has set for those of its sessions would
/// only end them.
fn plain_transactions() {
    for (name, value) in [
        (c"default_transaction_isolation", c"read committed"),
        (c"default_transaction_read_only", c"off"),
        (c"default_transaction_deferrable", c"off"),
        (c"lock_timeout", c"0"),
        (c"statement_timeout", c"0"),
        (c"transaction_timeout", c"0"),
    ] {
        guc::set_for_session(name, value);
    }
}

/// As SET ROLE in the session that has started the worker.
fn take_role(role: u32) -> Result<()> {
    let role = pg_sys::Oid::from(role);
    // SAFETY: within a transaction, so that it can be looked up; no security context is in force.
    transaction(|| unsafe {
        pg_sys::SetCurrentRoleId(role, pg_sys::superuser_arg(role));
        Ok(())
    })
}

/// Waits for the end of the transaction that has started the worker.
pub fn wait_for_starter(task: Task) -> Result<()> {
    let none = ptr::null_mut();
    let xid = pg_sys::TransactionId::from_inner(task.transaction);
    // SAFETY: the transaction is another's; without a snapshot, which would hold VACUUM up.
    bare_transaction(|| unsafe {
        pg_sys::XactLockTableWait(xid, none, ptr::null_mut(), pg_sys::XLTW_Oper::XLTW_None);
        Ok(())
    })
}

/// Runs a closure in a transaction of the worker's own, which an error aborts.
pub fn transaction<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    bare_transaction(|| {
        // SAFETY: the snapshot is popped below, or by the abort.
        unsafe { pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot()) };
        let result = run()?;
        // SAFETY: pushed above.
        unsafe { pg_sys::PopActiveSnapshot() };
        Ok(result)
    })
}

/// The same without a snapshot.
pub fn bare_transaction<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    let run = AssertUnwindSafe(run);
    // SAFETY: as the main loop of a backend does it. The current memory context is the worker's own
    // before and after: those of transactions come and go.
    unsafe {
        let context = pg_sys::CurrentMemoryContext;
        let result = PgTryBuilder::new(AssertUnwindSafe(move || {
            pg_sys::SetCurrentStatementStartTimestamp();
            pg_sys::StartTransactionCommand();
            let result = { run }.0();
            match result {
                Ok(_) => pg_sys::CommitTransactionCommand(),
                Err(_) => pg_sys::AbortCurrentTransaction(),
            }
            result
        }))
        .catch_others(|error| {
            pg_sys::MemoryContextSwitchTo(context);
            pg_sys::AbortCurrentTransaction();
            Err(report::caught(&error))
        })
        .execute();
        pg_sys::MemoryContextSwitchTo(context);
        result
    }
}

/// Forgets a cancel that came too late for what it was meant for.
pub fn forget_cancel() {
    // SAFETY: a plain variable of this backend.
    unsafe { pg_sys::QueryCancelPending = 0 };
}

/// Runs a statement as a client's: it may commit in between. `statement_timeout` counts.
pub fn run_at_top(sql: &str) -> Result<()> {
    let text = CString::new(sql).map_err(|_| Error::new("42601", "SQL cannot hold a NUL byte"))?;
    let _shown = Shown::begin(&text);
    memory::briefly(|| {
        // SAFETY: this memory context is none of a transaction's. What an inner commit takes away
        // must not be the current one: an ERROR is copied to it.
        let context = unsafe { pg_sys::CurrentMemoryContext };
        let run = || unsafe {
            pg_sys::MemoryContextSwitchTo(context);
            run_in_portal(&text)
        };
        bare_transaction(|| timeout::limited(run))
    })
}

/// While it lives, the statement is what the worker is seen to do.
struct Shown;

impl Shown {
    fn begin(text: &std::ffi::CStr) -> Self {
        let running = pg_sys::BackendState::STATE_RUNNING;
        // SAFETY: the first text is copied; the second outlives this.
        unsafe {
            pg_sys::pgstat_report_activity(running, text.as_ptr());
            pg_sys::debug_query_string = text.as_ptr();
        }
        Self
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        let idle = pg_sys::BackendState::STATE_IDLE;
        // SAFETY: plain assignments.
        unsafe {
            pg_sys::debug_query_string = ptr::null();
            pg_sys::pgstat_report_activity(idle, ptr::null());
        }
    }
}

/// As exec_simple_query() does it.
///
/// # Safety
/// In a transaction that nothing has been done in, and with a memory context that outlives it.
unsafe fn run_in_portal(text: &std::ffi::CStr) -> Result<()> {
    let (sql, none) = (text.as_ptr(), ptr::null_mut());
    // SAFETY: by the caller; the parser's list is one of RawStmt.
    unsafe {
        let raw = prepared::only_statement(text)?;
        let tag = pg_sys::CreateCommandTag((*raw).stmt);
        let queries = pg_sys::pg_analyze_and_rewrite_fixedparams(raw, sql, ptr::null(), 0, none);
        let plans = pg_sys::pg_plan_queries(queries, sql, 0, ptr::null_mut());
        let portal = pg_sys::CreatePortal(c"".as_ptr(), true, true);
        (*portal).visible = false;
        pg_sys::PortalDefineQuery(portal, ptr::null(), sql, tag, plans, ptr::null_mut());
        pg_sys::PortalStart(portal, ptr::null_mut(), 0, ptr::null_mut());
        let receiver = pg_sys::CreateDestReceiver(pg_sys::CommandDest::DestNone);
        compat::portal_run(portal, c_long::MAX, receiver);
        pg_sys::PortalDrop(portal, false);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_survives_its_way() {
        let most = u32::MAX;
        for task in [
            Task { job_id: 7, database: 1, session: 2, role: 3, transaction: 4 },
            Task { job_id: i64::MAX, database: most, session: most, role: most, transaction: most },
        ] {
            // bgw_extra has 128 bytes.
            assert!(task.text().len() < 128);
            assert_eq!(Task::parse(&task.text()), Some(task));
        }
        for wrong in ["", "1", "1 2 3 4", "1 2 3 4 x"] {
            assert_eq!(Task::parse(wrong), None);
        }
    }
}
