//! The SQL surface: functions that parse, call and shape rows.

mod database;
mod migrate;
mod source;
