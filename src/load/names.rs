//! Column names in the target: what does not fit is told before anything is made.

use migrator_model::{Ident, ident::clip};

use super::plan::PlannedColumn;
use crate::error::{Error, Result};

/// System columns, which no user column can be named after.
const SYSTEM: [&str; 6] = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

/// The columns' names as identifiers. All that cannot be one are listed at once.
pub fn columns(planned: &[PlannedColumn]) -> Result<Vec<Ident>> {
    let names: Vec<&str> = planned.iter().map(|column| column.name.as_str()).collect();
    let problems: Vec<_> =
        names.iter().enumerate().filter_map(|(at, name)| problem(name, &names[..at])).collect();
    if !problems.is_empty() {
        return Err(Error::new("42622", "some columns cannot keep their names")
            .detail(problems.join("\n"))
            .hint("Rename them in a view of the source, or leave them out with columns."));
    }
    names.into_iter().map(|name| Ok(Ident::new(name)?)).collect()
}

fn problem(name: &str, earlier: &[&str]) -> Option<String> {
    if earlier.contains(&name) {
        return Some(format!("Column \"{name}\" appears twice."));
    }
    if SYSTEM.contains(&name) {
        return Some(format!("Column \"{name}\" has the name of a system column."));
    }
    if Ident::new(name).is_ok() {
        return None;
    }
    let short = clip(name, migrator_model::ident::MAX_IDENT);
    let shown = migrator_model::reject::shown(name);
    Some(match earlier.iter().find(|other| clip(other, 63) == short) {
        Some(_) => format!("Column \"{shown}\" is longer than 63 bytes, and equal to another after truncation."),
        None => format!("Column \"{shown}\" is longer than 63 bytes."),
    })
}
