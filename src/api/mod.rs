//! The SQL surface: functions that parse, call and shape rows.

mod advice;
mod apply;
mod checks;
mod database;
mod diff;
mod foreign;
mod given;
mod integrity;
mod latency;
mod migrate;
mod read;
mod source;
mod tap;
mod validate;
mod vector;

use crate::error::{Error, Result};

/// An argument that has to be given.
fn required<T>(value: Option<T>, name: &str) -> Result<T> {
    value.ok_or_else(|| Error::new("22004", format!("{name} must not be NULL")))
}

/// An array whose elements have to be given.
fn required_items(array: Option<Vec<Option<String>>>, name: &str) -> Result<Option<Vec<String>>> {
    let items = array.map(|items| items.into_iter().map(|item| required(item, name)).collect());
    items.transpose()
}
