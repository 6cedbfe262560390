//! Every difference between server versions, one function each, named as the newest server names
//! it.

use std::ffi::{CStr, CString};

use pgrx::pg_sys;

pub mod planner;

/// Reserves the prefix, so that a misspelt setting is noticed.
pub fn mark_guc_prefix_reserved(prefix: &CStr) {
    // SAFETY: a static NUL-terminated text.
    unsafe { pg_sys::MarkGUCPrefixReserved(prefix.as_ptr()) };
}

/// Reads a type name as SQL does. Raises the server's ERROR when there is no such type.
pub fn parse_type_string(text: &CString) -> (pg_sys::Oid, i32) {
    let (mut oid, mut typmod) = (pg_sys::InvalidOid, -1);
    // SAFETY: the text is NUL-terminated, and both out pointers are live. Since 16 the last
    // argument is the node that soft errors go to; NULL means a hard error.
    unsafe {
        #[cfg(feature = "pg15")]
        pg_sys::parseTypeString(text.as_ptr(), &mut oid, &mut typmod, false);
        #[cfg(not(feature = "pg15"))]
        pg_sys::parseTypeString(text.as_ptr(), &mut oid, &mut typmod, std::ptr::null_mut());
    }
    (oid, typmod)
}

/// ExecInsertIndexTuples for a plain insert; 16 added `onlySummarizing`.
///
/// # Safety
/// All three must be live, and the slot must hold a tuple that was just inserted.
pub unsafe fn exec_insert_index_tuples(
    relation: *mut pg_sys::ResultRelInfo,
    slot: *mut pg_sys::TupleTableSlot,
    estate: *mut pg_sys::EState,
) {
    let none = std::ptr::null_mut();
    // SAFETY: by the caller.
    unsafe {
        #[cfg(feature = "pg15")]
        let recheck =
            pg_sys::ExecInsertIndexTuples(relation, slot, estate, false, false, none, none.cast());
        #[cfg(not(feature = "pg15"))]
        let recheck = pg_sys::ExecInsertIndexTuples(
            relation,
            slot,
            estate,
            false,
            false,
            none,
            none.cast(),
            false,
        );
        pg_sys::list_free(recheck);
    }
}

/// RelFileLocator, as it is called since 16.
#[cfg(feature = "pg15")]
type RelFileLocator = pg_sys::RelFileNode;
#[cfg(not(feature = "pg15"))]
type RelFileLocator = pg_sys::RelFileLocator;

/// InvalidSubTransactionId
const NO_SUBTRANSACTION: pg_sys::SubTransactionId = 0;

/// rd_locator
///
/// # Safety
/// The relation must be open.
unsafe fn locator(relation: pg_sys::Relation) -> *mut RelFileLocator {
    // SAFETY: by the caller.
    unsafe {
        #[cfg(feature = "pg15")]
        return &raw mut (*relation).rd_node;
        #[cfg(not(feature = "pg15"))]
        return &raw mut (*relation).rd_locator;
    }
}

/// The subtransactions that the relation was created in, got its present file in, and got its
/// first new file in.
///
/// # Safety
/// The relation must be open.
unsafe fn birth(relation: pg_sys::Relation) -> [pg_sys::SubTransactionId; 3] {
    // SAFETY: by the caller.
    unsafe {
        let created = (*relation).rd_createSubid;
        #[cfg(feature = "pg15")]
        return [created, (*relation).rd_newRelfilenodeSubid, (*relation).rd_firstRelfilenodeSubid];
        #[cfg(not(feature = "pg15"))]
        return [
            created,
            (*relation).rd_newRelfilelocatorSubid,
            (*relation).rd_firstRelfilelocatorSubid,
        ];
    }
}

/// Whether the relation was created or emptied in the current subtransaction, so that its end
/// decides about everything in its file.
///
/// # Safety
/// The relation must be open.
pub unsafe fn is_new_in_subtransaction(relation: pg_sys::Relation) -> bool {
    // SAFETY: by the caller.
    unsafe { birth(relation)[..2].contains(&pg_sys::GetCurrentSubTransactionId()) }
}

/// RelationNeedsWAL()
///
/// # Safety
/// The relation must be open.
pub unsafe fn relation_needs_wal(relation: pg_sys::Relation) -> bool {
    // SAFETY: by the caller.
    unsafe {
        let [created, _, first] = birth(relation);
        let is_old = created == NO_SUBTRANSACTION && first == NO_SUBTRANSACTION;
        let wal_level = pg_sys::wal_level as u32;
        let permanent =
            (*(*relation).rd_rel).relpersistence as u8 == pg_sys::RELPERSISTENCE_PERMANENT;
        permanent && (wal_level >= pg_sys::WalLevel::WAL_LEVEL_REPLICA || is_old)
    }
}

/// Logs pages as full images, and sets their LSNs. `standard`: what lies between pd_lower and
/// pd_upper is zero, and left out.
///
/// # Safety
/// The relation must be open, and the pages writable and 8192 bytes each.
pub unsafe fn log_newpages(
    relation: pg_sys::Relation,
    fork: pg_sys::ForkNumber::Type,
    blocks: &mut [pg_sys::BlockNumber],
    pages: &mut [*mut u8],
    standard: bool,
) {
    let count = blocks.len().min(pages.len()) as i32;
    let (blocks, pages) = (blocks.as_mut_ptr(), pages.as_mut_ptr().cast());
    // SAFETY: by the caller.
    unsafe { pg_sys::log_newpages(locator(relation), fork, count, blocks, pages, standard) };
}

/// Writes a page behind the end of a file.
///
/// # Safety
/// The relation must be open, and the page 8192 bytes, aligned for direct I/O.
pub unsafe fn smgrextend(
    relation: pg_sys::Relation,
    fork: pg_sys::ForkNumber::Type,
    block: pg_sys::BlockNumber,
    page: *mut u8,
    skip_fsync: bool,
) {
    // SAFETY: by the caller.
    unsafe {
        let storage = pg_sys::RelationGetSmgr(relation);
        pg_sys::smgrextend(storage, fork, block, page.cast(), skip_fsync);
    }
}

/// REINDEX of all indexes of a relation; the constraints behind them are checked.
pub fn reindex_relation(relation: pg_sys::Oid) {
    let flags = pg_sys::REINDEX_REL_CHECK_CONSTRAINTS as i32;
    let mut params = pg_sys::ReindexParams::default();
    // SAFETY: the parameters are live; 17 added the statement, which only event triggers want.
    unsafe {
        #[cfg(any(feature = "pg15", feature = "pg16"))]
        pg_sys::reindex_relation(relation, flags, &raw mut params);
        #[cfg(not(any(feature = "pg15", feature = "pg16")))]
        pg_sys::reindex_relation(std::ptr::null(), relation, flags, &raw mut params);
    }
}

/// Notes in pg_class how large a relation is whose pages are all visible and frozen.
///
/// # Safety
/// The relation must be open, and its row of pg_class visible to this command.
pub unsafe fn vac_update_relstats(relation: pg_sys::Relation, pages: u32, tuples: u64) {
    let (frozen, multi) = (pg_sys::InvalidTransactionId, pg_sys::MultiXactId::from(0));
    let none = std::ptr::null_mut();
    let tuples = tuples as f64;
    // SAFETY: by the caller; what is invalid, or NULL, is left as it is.
    unsafe {
        let has_index = (*(*relation).rd_rel).relhasindex;
        #[cfg(not(feature = "pg18"))]
        pg_sys::vac_update_relstats(
            relation, pages, tuples, pages, has_index, frozen, multi, none, none, true,
        );
        #[cfg(feature = "pg18")]
        pg_sys::vac_update_relstats(
            relation, pages, tuples, pages, pages, has_index, frozen, multi, none, none, true,
        );
    }
}

/// Raises the server's own ERROR unless the current user has USAGE on a foreign server; 16 has one
/// function for the rights to most kinds of objects.
pub fn require_usage_of_server(server: pg_sys::Oid, name: &CStr) {
    let usage = pg_sys::ACL_USAGE as pg_sys::AclMode;
    // SAFETY: plain look-ups in the caches; the name is NUL-terminated.
    unsafe {
        let user = pg_sys::GetUserId();
        #[cfg(feature = "pg15")]
        let result = pg_sys::pg_foreign_server_aclcheck(server, user, usage);
        #[cfg(not(feature = "pg15"))]
        let result = pg_sys::object_aclcheck(pg_sys::ForeignServerRelationId, server, user, usage);
        if result != pg_sys::AclResult::ACLCHECK_OK {
            let kind = pg_sys::ObjectType::OBJECT_FOREIGN_SERVER;
            pg_sys::aclcheck_error(result, kind, name.as_ptr());
        }
    }
}

/// ExecutorRun to the end of a query, once; 18 dropped `execute_once`.
///
/// # Safety
/// The query must have been started, and not run.
pub unsafe fn executor_run(query: *mut pg_sys::QueryDesc) {
    let forward = pg_sys::ScanDirection::ForwardScanDirection;
    // SAFETY: by the caller.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        pg_sys::ExecutorRun(query, forward, 0, true);
        #[cfg(feature = "pg18")]
        pg_sys::ExecutorRun(query, forward, 0);
    }
}

/// Takes a handler for a signal; 18 has another name for it in backends.
pub fn pqsignal(signal: std::ffi::c_int, handler: pg_sys::pqsigfunc) {
    // SAFETY: the handler is the server's own.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        pg_sys::pqsignal(signal, handler);
        #[cfg(feature = "pg18")]
        pg_sys::pqsignal_be(signal, handler);
    }
}

/// PortalRun of a statement at the top, once; 18 dropped `run_once`.
///
/// # Safety
/// The portal must have been started, and the receiver live.
pub unsafe fn portal_run(
    portal: pg_sys::Portal,
    count: std::ffi::c_long,
    receiver: *mut pg_sys::DestReceiver,
) {
    let none = std::ptr::null_mut();
    // SAFETY: by the caller.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        pg_sys::PortalRun(portal, count, true, true, receiver, receiver, none);
        #[cfg(feature = "pg18")]
        pg_sys::PortalRun(portal, count, true, receiver, receiver, none);
    }
}
