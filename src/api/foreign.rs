//! `migrator.check_foreign_table`: what the event trigger `migrator_foreign_tables` calls.

use pgrx::{pg_sys::panic::ErrorReport, prelude::*};

use crate::{
    pg::{call::Call, fdw::event},
    readers::bare_table,
};

/// Refuses a foreign table of wrapper `migrator` that has no columns.
#[pg_extern(sql = "
CREATE FUNCTION migrator.check_foreign_table() RETURNS event_trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'check_foreign_table_wrapper';
")]
fn check_foreign_table(call: Call<'_>) -> Result<(), ErrorReport> {
    match event::made_without_columns(&call)? {
        Some(table) => Err(bare_table::refused(&table).into()),
        None => Ok(()),
    }
}
