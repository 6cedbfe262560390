//! The end of CREATE FOREIGN TABLE, as an event trigger sees it.

use pgrx::pg_sys;
use serde::Deserialize;

use crate::{
    error::{Error, Result},
    pg::{call::Call, list, spi},
};

/// A foreign table.
#[derive(Debug, Deserialize)]
pub struct MadeTable {
    /// pg_class.oid
    pub oid: u32,
    /// Its name.
    pub name: String,
}

/// Those of wrapper `migrator` that the command has made without a column.
const WITHOUT_COLUMNS: &str = "
    SELECT c.oid::int8 AS oid, c.relname::text AS name
      FROM pg_event_trigger_ddl_commands() d
      JOIN pg_class c ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
      JOIN pg_foreign_table t ON t.ftrelid = c.oid
      JOIN pg_foreign_server s ON s.oid = t.ftserver
      JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
      JOIN pg_proc p ON p.oid = w.fdwhandler
     WHERE p.proname = 'fdw_handler' AND p.pronamespace = 'migrator'::regnamespace
       AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0)";

/// The table of this wrapper that the command has made without a column, if it has.
pub fn made_without_columns(call: &Call<'_>) -> Result<Option<MadeTable>> {
    match may_lack_columns(call)? {
        true => spi::first(WITHOUT_COLUMNS, &[]),
        false => Ok(None),
    }
}

/// What the statement says: all but a few name a column, a parent or a partitioned table, and need
/// no look at the catalog.
fn may_lack_columns(call: &Call<'_>) -> Result<bool> {
    // SAFETY: the call is running; what a node says it is decides what it is taken for.
    unsafe {
        let context = (*call.raw()).context;
        if context.is_null() || (*context).type_ != pg_sys::NodeTag::T_EventTriggerData {
            return Err(Error::new(
                "39P03",
                "function was not called by the event trigger manager",
            ));
        }
        let statement = (*context.cast::<pg_sys::EventTriggerData>()).parsetree;
        let wanted = pg_sys::NodeTag::T_CreateForeignTableStmt;
        if statement.is_null() || (*statement).type_ != wanted {
            return Ok(false);
        }
        let base = &(*statement.cast::<pg_sys::CreateForeignTableStmt>()).base;
        let is_column = |cell: &pg_sys::ListCell| {
            (*cell.ptr_value.cast::<pg_sys::Node>()).type_ == pg_sys::NodeTag::T_ColumnDef
        };
        let has_columns = list::cells(base.tableElts).iter().any(is_column);
        Ok(!has_columns && base.inhRelations.is_null())
    }
}
