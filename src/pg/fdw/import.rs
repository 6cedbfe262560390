//! IMPORT FOREIGN SCHEMA: the statement as the server gives it.

use std::ffi::c_char;

use migrator_model::Ident;
use pgrx::{pg_guard, pg_sys};

use crate::{
    error::Result,
    pg::{list, quoting, report},
    readers::import::{self, Request, Selection},
};

/// Makes the tables, with types and comments, by statements of its own: none is left for the server,
/// which would take nothing but CREATE FOREIGN TABLE.
///
/// # Safety
/// Called by the server.
#[pg_guard]
pub unsafe extern "C-unwind" fn import_foreign_schema(
    statement: *mut pg_sys::ImportForeignSchemaStmt,
    server: pg_sys::Oid,
) -> *mut pg_sys::List {
    // SAFETY: the server gives a statement that it has parsed.
    let request = unsafe { request(&*statement, server) };
    for warning in report::or_raise(request.and_then(|request| import::run(&request))) {
        pgrx::warning!("{warning}");
    }
    std::ptr::null_mut()
}

unsafe fn request(
    statement: &pg_sys::ImportForeignSchemaStmt,
    server: pg_sys::Oid,
) -> Result<Request> {
    // SAFETY: by the caller; the grammar says which nodes the lists hold.
    unsafe {
        Ok(Request {
            server: server.to_u32(),
            server_name: Ident::new(&text(statement.server_name))?,
            remote_schema: text(statement.remote_schema),
            local_schema: Ident::new(&text(statement.local_schema))?,
            selection: selection(statement),
            options: list::cells(statement.options)
                .iter()
                .map(|cell| option(cell.ptr_value.cast()))
                .collect(),
        })
    }
}

unsafe fn selection(statement: &pg_sys::ImportForeignSchemaStmt) -> Selection {
    use pg_sys::ImportForeignSchemaType as Type;
    // SAFETY: by the caller; the list holds RangeVars.
    let names = || unsafe {
        let tables = list::cells(statement.table_list).iter();
        tables.map(|cell| text((*cell.ptr_value.cast::<pg_sys::RangeVar>()).relname)).collect()
    };
    match statement.list_type {
        Type::FDW_IMPORT_SCHEMA_LIMIT_TO => Selection::LimitTo(names()),
        Type::FDW_IMPORT_SCHEMA_EXCEPT => Selection::Except(names()),
        _ => Selection::All,
    }
}

unsafe fn option(option: *mut pg_sys::DefElem) -> (String, String) {
    // SAFETY: by the caller; the grammar gives each option a text.
    unsafe { (text((*option).defname), text(pg_sys::defGetString(option))) }
}

unsafe fn text(text: *const c_char) -> String {
    // SAFETY: by the caller, NUL-terminated, or NULL for nothing.
    unsafe { quoting::text_at(text) }.unwrap_or_default()
}
