//! `options` of `index_advice`.

use serde::Deserialize;
use serde_json::Value;

use crate::{error::Result, index::bounds, load::parse_object};

/// The keys of the `options` argument.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Where the table came from: a path, or a foreign server's name.
    pub source: Option<String>,
    /// What it is called there; the target's name if nothing is said.
    pub source_table: Option<String>,
    /// How many statements of pg_stat_statements are looked at: those that took longest.
    pub top: i64,
    /// A table of fewer pages needs no index for a query.
    pub min_pages: i64,
    /// What share of its cost a query must gain.
    pub min_gain: f64,
    /// For how many days nobody must have used an index before it counts as unused.
    pub unused_days: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            source: None,
            source_table: None,
            top: 50,
            min_pages: 32,
            min_gain: 0.1,
            unused_days: 30.0,
        }
    }
}

impl Options {
    /// Reads them.
    pub fn parse(value: &Value) -> Result<Self> {
        let options: Self = parse_object("options", value, "'{\"top\": 20}'")?;
        bounds::between("options.top", options.top, 0..=1_000)?;
        bounds::between("options.min_pages", options.min_pages, 0..=1_000_000_000)?;
        bounds::between("options.min_gain", options.min_gain, 0.0..=1.0)?;
        bounds::between("options.unused_days", options.unused_days, 0.0..=36_500.0)?;
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn options_have_defaults_and_bounds() {
        assert_eq!(Options::parse(&json!({})).unwrap(), Options::default());
        let error = |value: Value| Options::parse(&value).unwrap_err();
        assert_eq!(error(json!({"top": -1})).sqlstate(), "22023");
        assert_eq!(error(json!({"min_gain": 1.5})).sqlstate(), "22023");
        assert!(error(json!({"tops": 1})).detail_text().unwrap().contains("tops"));
        assert!(error(json!([])).hint_text().unwrap().contains("top"));
    }
}
