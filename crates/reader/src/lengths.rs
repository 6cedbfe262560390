//! How long the values of a table's columns are: where all of a column have one length, its type
//! can say so.

use migrator_model::{
    protocol::{Failure, Length, Lengths},
    reject::shown,
};
use serde::Deserialize;

use crate::{
    catalog::{self, Found},
    open::Source,
    scan,
};

#[derive(Deserialize)]
struct Answer {
    lengths: Vec<Length>,
}

/// Reads all of the columns, once.
pub fn lengths(source: &mut Source, wanted: &Lengths) -> Result<Vec<Length>, Failure> {
    if wanted.columns.is_empty() {
        return Ok(Vec::new());
    }
    let found = &*catalog::find(source, &wanted.table)?;
    // It takes memory to tell different lengths apart.
    source.prepare_to_compute()?;
    let (filter, types) = (wanted.filter.as_deref(), wanted.columns.iter().map(|c| &c.logical));
    scan::prepare(source, found, filter, types)?;
    let answer = catalog::rows::<Answer>(source, &sql(wanted, found));
    let answer = answer.map_err(|failure| scan::refused(filter, failure))?.pop();
    answer.map(|answer| answer.lengths).ok_or_else(|| {
        let table = shown(&found.name.to_string());
        Failure::new("XX000", format!("no lengths of table \"{table}\""))
    })
}

/// What has no element has no length: PostgreSQL has no vector of that kind.
fn sql(wanted: &Lengths, found: &Found) -> String {
    let columns = wanted.columns.iter().enumerate();
    let lengths: Vec<_> = columns
        .clone()
        .map(|(at, column)| format!("nullif(length({}), 0) AS l{at}", scan::value(column)))
        .collect();
    let length = |(at, _)| {
        format!("{{least: min(l{at}), most: max(l{at}), different: count(DISTINCT l{at})}}")
    };
    let facts: Vec<_> = columns.map(length).collect();
    let filter = wanted.filter.as_ref().map(|filter| format!(" WHERE {}", scan::enclosed(filter)));
    format!(
        "SELECT [{}] AS lengths FROM (SELECT {} FROM {}{}) q",
        facts.join(", "),
        lengths.join(", "),
        found.sql,
        filter.unwrap_or_default()
    )
}
