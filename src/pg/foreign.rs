//! Foreign servers, tables and user mappings, from the catalog caches: no SPI, so that the planner may
//! ask and a standby can.

use std::ffi::{CString, c_char};

use pgrx::{PgList, pg_sys};

use super::{compat, memory, quoting::text_at};
use crate::error::{Error, Result};

/// The function that makes a wrapper ours, and its schema.
const HANDLER: (&str, &str) = ("migrator", "fdw_handler");

/// Options as they were given: name and value.
pub type Options = Vec<(String, String)>;

/// A foreign server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// pg_foreign_server.oid
    pub oid: u32,
    /// srvname
    pub name: String,
    /// srvowner
    pub owner: u32,
    /// srvoptions
    pub options: Options,
}

/// A foreign table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// ftserver
    pub server: u32,
    /// ftoptions
    pub options: Options,
}

impl Server {
    /// One of its options.
    pub fn option(&self, name: &str) -> Option<&str> {
        option(&self.options, name)
    }
}

/// One of several options.
pub fn option<'o>(options: &'o [(String, String)], name: &str) -> Option<&'o str> {
    options.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
}

/// The server of this name, if it is one of wrapper `migrator`; the current user must have USAGE.
pub fn server_by_name(name: &str) -> Result<Option<Server>> {
    let Ok(c_name) = CString::new(name) else { return Ok(None) };
    memory::briefly(|| {
        // SAFETY: the name is NUL-terminated; the server returns NULL or a structure of its own.
        unsafe {
            let found = pg_sys::GetForeignServerByName(c_name.as_ptr(), true);
            let Some(found) = found.as_ref() else { return Ok(None) };
            if !is_ours(found.fdwid) {
                let message = format!("server \"{name}\" is not one of wrapper migrator");
                return Err(Error::new("42809", message));
            }
            compat::require_usage_of_server(found.serverid, &c_name);
            Ok(Some(from_raw(found)))
        }
    })
}

/// A server by its OID.
pub fn server(oid: u32) -> Result<Server> {
    // SAFETY: raises an ERROR when there is no such server.
    Ok(memory::briefly(|| unsafe { from_raw(&*pg_sys::GetForeignServer(oid.into())) }))
}

/// A foreign table by its OID.
pub fn table(oid: u32) -> Result<Table> {
    memory::briefly(|| {
        // SAFETY: raises an ERROR when there is no such foreign table.
        let found = unsafe { &*pg_sys::GetForeignTable(oid.into()) };
        // SAFETY: the list is the server's, of DefElem.
        let options = unsafe { options(found.options) };
        Ok(Table { server: found.serverid.to_u32(), options })
    })
}

/// The options of a foreign table's column.
pub fn column_options(table: u32, attribute: i16) -> Result<Options> {
    memory::briefly(|| {
        // SAFETY: raises an ERROR when there is no such column; the list is of DefElem.
        Ok(unsafe { options(pg_sys::GetForeignColumnOptions(table.into(), attribute)) })
    })
}

/// The options of the user mapping of this user (0: the current one), or of PUBLIC's; None without one.
pub fn user_mapping(server: u32, user: u32) -> Result<Option<Options>> {
    // SAFETY: a plain value of this backend.
    let user = if user == 0 { unsafe { pg_sys::GetUserId() } } else { user.into() };
    let server = server.into();
    // The mapping of PUBLIC has no user.
    let found = |user| memory::briefly(|| mapping_of(server, user));
    Ok(found(user).or_else(|| found(pg_sys::InvalidOid)))
}

fn mapping_of(server: pg_sys::Oid, user: pg_sys::Oid) -> Option<Options> {
    let cache = pg_sys::SysCacheIdentifier::USERMAPPINGUSERSERVER as i32;
    // SAFETY: both keys are OIDs; the row is released once, after its options were copied.
    unsafe {
        let row = pg_sys::SearchSysCache2(cache, user.into(), server.into());
        if row.is_null() {
            return None;
        }
        let attribute = pg_sys::Anum_pg_user_mapping_umoptions as pg_sys::AttrNumber;
        let mut is_null = false;
        let datum = pg_sys::SysCacheGetAttr(cache, row, attribute, &mut is_null);
        let found = match is_null {
            true => Options::new(),
            false => options(pg_sys::untransformRelOptions(datum)),
        };
        pg_sys::ReleaseSysCache(row);
        Some(found)
    }
}

/// Whether a wrapper's handler is this library's.
///
/// # Safety
/// There must be such a wrapper.
unsafe fn is_ours(wrapper: pg_sys::Oid) -> bool {
    // SAFETY: by the caller; an OID that means nothing has no name.
    unsafe {
        let handler = (*pg_sys::GetForeignDataWrapper(wrapper)).fdwhandler;
        let schema = text_at(pg_sys::get_namespace_name(pg_sys::get_func_namespace(handler)));
        let name = text_at(pg_sys::get_func_name(handler));
        schema.as_deref().zip(name.as_deref()) == Some(HANDLER)
    }
}

/// # Safety
/// The texts must be NUL-terminated, and the options a list of DefElem.
unsafe fn from_raw(found: &pg_sys::ForeignServer) -> Server {
    Server {
        oid: found.serverid.to_u32(),
        // SAFETY: by the caller.
        name: unsafe { text(found.servername) },
        owner: found.owner.to_u32(),
        // SAFETY: by the caller.
        options: unsafe { options(found.options) },
    }
}

/// # Safety
/// The list must be one of DefElem.
unsafe fn options(list: *mut pg_sys::List) -> Options {
    // SAFETY: by the caller; an option without a value has no node for it.
    unsafe {
        let list = PgList::<pg_sys::DefElem>::from_pg(list);
        let value = |option: *mut pg_sys::DefElem| match (*option).arg.is_null() {
            true => String::new(),
            false => text(pg_sys::defGetString(option)),
        };
        list.iter_ptr().map(|option| (text((*option).defname), value(option))).collect()
    }
}

/// # Safety
/// The text must be NUL-terminated.
unsafe fn text(text: *const c_char) -> String {
    // SAFETY: by the caller.
    unsafe { text_at(text) }.unwrap_or_default()
}
