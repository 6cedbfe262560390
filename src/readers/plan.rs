//! What the planner has decided about a scan, as it travels in the plan to the executor: as JSON, so
//! that the server can copy it.

use migrator_model::{Field, policy::NulBytes};
use serde::{Deserialize, Serialize};

use super::{
    assumed::Assumed,
    pushdown::{Kind, Sql},
};

/// A scan of a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScanPlan {
    /// The foreign server's OID.
    pub server: u32,
    /// Whose user mapping counts; 0: the current user's.
    pub user: u32,
    /// What messages call the relation: the source's table, or several.
    pub label: String,
    /// The foreign tables that it reads, as they were planned with.
    pub tables: Vec<Assumed>,
    /// The query in DuckDB SQL.
    pub sql: Sql,
    /// The query's columns, with the types that were planned with.
    pub columns: Vec<Field>,
    /// Where each attribute of the scan tuple comes from, in order.
    pub fills: Vec<Fill>,
    /// The kinds of the parameters, in the order of the plan node's expressions.
    pub parameters: Vec<Kind>,
    /// The parameter that is LIMIT, if one is.
    pub limit: Option<usize>,
    /// The parameter that is OFFSET, if one is.
    pub offset: Option<usize>,
    /// Table option `on_lossy` is `accept`.
    pub accept_lossy: bool,
    /// Table option `nul_bytes`.
    pub nul_bytes: NulBytes,
}

/// Where an attribute of a scan tuple comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fill {
    /// Nobody reads it: NULL.
    Nothing,
    /// A column of the query, from 0.
    Column(usize),
    /// numeric's quotient of two columns of the query, from 0: PostgreSQL divides, by its own rules
    /// for digits. NULL where the sum is NULL.
    Average {
        /// The sum, as numeric.
        sum: usize,
        /// The count, as bigint.
        count: usize,
    },
}

impl ScanPlan {
    /// For the plan node.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From the plan node.
    pub fn from_json(text: &str) -> crate::error::Result<Self> {
        serde_json::from_str(text)
            .map_err(|error| crate::error::Error::new("XX000", format!("invalid plan: {error}")))
    }
}
