//! The SQL surface: functions that parse, call and shape rows.

mod migrate;
mod source;
