//! The arguments that validations share, as SQL gives them.

use pgrx::JsonB;

use super::{required, required_items};
use crate::{database, error::Result, validate::Arguments};

/// The arguments of `validate_table`.
pub struct Given<'a> {
    pub source: Option<&'a str>,
    pub table_name: Option<&'a str>,
    pub target: Option<&'a str>,
    pub level: Option<&'a str>,
    pub checks: Option<Vec<Option<String>>>,
    pub key: Option<Vec<Option<String>>>,
    pub filter: Option<&'a str>,
    pub tolerance: Option<JsonB>,
    pub options: Option<JsonB>,
}

impl Given<'_> {
    /// For a validation that finds its tables by itself.
    pub fn of_several<'a>(
        level: Option<&'a str>,
        checks: Option<Vec<Option<String>>>,
        tolerance: Option<JsonB>,
        options: Option<JsonB>,
    ) -> Given<'a> {
        let (source, table_name) = (Some(""), Some(""));
        let (target, key, filter) = (None, None, None);
        Given { source, table_name, target, level, checks, key, filter, tolerance, options }
    }

    /// The same, none of them NULL that has to be given.
    pub fn arguments(self) -> Result<Arguments> {
        Ok(Arguments {
            source: required(self.source, "source")?.to_owned(),
            table_name: required(self.table_name, "table_name")?.to_owned(),
            target: self.target.map(str::to_owned),
            level: required(self.level, "level")?.to_owned(),
            checks: required_items(self.checks, "an element of checks")?,
            key: required_items(self.key, "an element of key")?,
            filter: self.filter.map(str::to_owned),
            tolerance: required(self.tolerance, "tolerance")?.0,
            options: required(self.options, "options")?.0,
        })
    }
}

/// Which tables of a file.
pub struct Selected<'a> {
    pub source: Option<&'a str>,
    pub schemas: Option<JsonB>,
    pub include: Option<Vec<Option<String>>>,
    pub exclude: Option<Vec<Option<String>>>,
}

impl Selected<'_> {
    /// The same, as `migrate_database` takes it.
    pub fn arguments(self) -> Result<database::Arguments> {
        Ok(database::Arguments {
            source: required(self.source, "source")?.to_owned(),
            schemas: required(self.schemas, "schemas")?.0,
            include: required_items(self.include, "an element of include")?,
            exclude: required_items(self.exclude, "an element of exclude")?,
            data: true,
            on_lossy: "error".to_owned(),
            on_error: "error".to_owned(),
            reject_limit: None,
            options: serde_json::json!({}),
        })
    }
}
