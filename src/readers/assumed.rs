//! What a plan takes for granted of a foreign table. A prepared statement may be older than the file:
//! where a column has another type by now its SQL could mean something else.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

use super::{
    pushdown::{RemoteColumn, RemoteTable},
    table,
};
use crate::error::{Error, Result};

/// A foreign table as it was planned with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assumed {
    /// Its OID.
    pub table: u32,
    /// What messages call it.
    name: String,
    /// Its shape at the source; only this backend compares it.
    shape: u64,
}

impl Assumed {
    /// Notes what a plan takes for granted.
    pub fn of(table: u32, name: &str, remote: &RemoteTable) -> Self {
        Self { table, name: name.to_owned(), shape: shape(remote) }
    }

    /// Looks whether it is still so, as this user (0: the current one) sees it.
    pub fn check(&self, user: u32) -> Result<()> {
        let now = table::look_up(self.table, user)?;
        if shape(&now.remote) == self.shape {
            return Ok(());
        }
        let message =
            format!("the source of {} has changed since the statement was planned", self.name);
        Err(Error::new("42804", message).hint("Run the statement again: it is planned anew."))
    }
}

/// What SQL depends on. The bounds of values may change: they say no more than what need not be
/// checked for an overflow, which is an error otherwise.
fn shape(table: &RemoteTable) -> u64 {
    let mut hasher = DefaultHasher::new();
    let column = |column: &RemoteColumn| {
        let RemoteColumn { name, logical, pg, collated, not_null, altered, bounds: _ } = column;
        format!("{name:?} {logical:?} {pg:?} {collated} {not_null} {altered}")
    };
    table.from.hash(&mut hasher);
    let columns = table.columns.iter().map(|one| one.as_ref().map(column));
    columns.for_each(|column| column.hash(&mut hasher));
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use migrator_model::{LogicalType, PgType};

    use super::*;

    fn table(logical: LogicalType) -> RemoteTable {
        let column = RemoteColumn {
            name: "k".into(),
            logical,
            pg: PgType::Int8,
            collated: false,
            not_null: false,
            altered: false,
            bounds: None,
        };
        RemoteTable { from: "\"main\".\"t\"".into(), columns: vec![None, Some(column)] }
    }

    #[test]
    fn another_type_is_another_shape() {
        let planned = Assumed::of(1, "main.t", &table(LogicalType::Integer));
        assert_eq!(planned.shape, shape(&table(LogicalType::Integer)));
        assert_ne!(planned.shape, shape(&table(LogicalType::BigInt)));
    }
}
