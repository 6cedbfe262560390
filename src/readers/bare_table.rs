//! A foreign table that was made without columns: it is refused, with the list that it needs.

use super::{
    describe, kept,
    options::{Relation, TableOptions},
};
use crate::{
    error::{Error, Result},
    pg::{fdw::event::MadeTable, foreign},
    source::named,
};

/// The error for such a table. Where its source cannot be read that is the DETAIL.
pub fn refused(table: &MadeTable) -> Error {
    let message = format!("foreign table \"{}\" has no columns", table.name);
    let error = Error::new("42P16", message);
    match columns(table) {
        Ok(list) => error.hint(format!("The columns of its source are ({list}).")),
        Err(reason) if reason.is_fatal() => reason,
        Err(reason) => {
            let detail = reason.detail_text().map_or_else(String::new, |more| format!(" {more}"));
            error.detail(format!("Its source cannot be described: {reason}.{detail}"))
        }
    }
}

fn columns(made: &MadeTable) -> Result<String> {
    let table = foreign::table(made.oid)?;
    let options = TableOptions::parse(&table.options, &made.name)?;
    let fields =
        kept::with_reader(&named::of_server(table.server, 0)?, |reader| match &options.relation {
            Relation::Query(query) => reader.describe_query(query),
            Relation::Table(name) => Ok(describe::fields(&reader.describe_readable(name)?)),
        })?;
    describe::by_types(&fields)
}
