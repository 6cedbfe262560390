//! Which values stand in the way of a key.

use migrator_model::{QualifiedName, reject::shown};
use serde::Deserialize;

use crate::{
    error::{Error, Result},
    pg::spi,
};

/// So many duplicate values are shown.
const SHOWN: usize = 5;

#[derive(Deserialize)]
struct Duplicate {
    value: String,
    times: i64,
}

/// The error for a key that the data contradicts: the key, its columns, some duplicate values.
pub fn explain(table: &QualifiedName, what: &str, keys: &[String]) -> Result<Option<Error>> {
    let list = keys.join(", ");
    let present: Vec<_> = keys.iter().map(|key| format!("{key} IS NOT NULL")).collect();
    let sql = format!(
        "SELECT pg_catalog.concat_ws(', ', {list}) AS value, pg_catalog.count(*) AS times
           FROM {} WHERE {} GROUP BY {list} HAVING pg_catalog.count(*) > 1
          ORDER BY 2 DESC, 1 LIMIT {SHOWN}",
        table.quoted(),
        present.join(" AND ")
    );
    let found = spi::rows::<Duplicate>(&sql, &[])?;
    if found.is_empty() {
        return Ok(None);
    }
    let values: Vec<_> =
        found.iter().map(|one| format!("({}) {} times", shown(&one.value), one.times)).collect();
    Ok(Some(
        Error::new("23505", format!("could not create {what}: its values are not unique"))
            .detail(format!("Key ({list}): {}.", values.join("; "))),
    ))
}
