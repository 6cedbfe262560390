//! What a user wants of values, beyond what the catalogs say.

use std::collections::BTreeMap;

use migrator_model::{ident::literal, reject::shown};
use serde::Deserialize;
use serde_json::Value;

use super::relation::Relation;
use crate::{
    error::{Error, Result},
    load::parse_object,
    pg::spi,
};

/// The keys of `options`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// By column: the only values that it may have.
    pub accepted_values: BTreeMap<String, Vec<Value>>,
    /// By column: the least and the greatest value; null: none.
    pub accepted_range: BTreeMap<String, [Value; 2]>,
    /// Array columns that hold embeddings.
    pub vectors: Vec<String>,
    /// How much of its numbers a sequence must have left, in per cent.
    pub margin: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            accepted_values: BTreeMap::new(),
            accepted_range: BTreeMap::new(),
            vectors: Vec::new(),
            margin: 10.0,
        }
    }
}

impl Options {
    /// Reads the argument.
    pub fn parse(value: &Value) -> Result<Self> {
        let example = "'{\"accepted_values\": {\"status\": [\"a\", \"b\"]}}'";
        let options: Self = parse_object("options", value, example)?;
        options.check_margin()?;
        options.check_values()?;
        Ok(options)
    }

    fn check_margin(&self) -> Result<()> {
        match (0.0..=100.0).contains(&self.margin) {
            true => Ok(()),
            false => Err(invalid("margin must be between 0 and 100")),
        }
    }

    fn check_values(&self) -> Result<()> {
        let lists = self.accepted_values.iter().map(|(column, values)| (column, values.as_slice()));
        for (column, values) in lists {
            if !values.iter().all(|value| constant(value).is_some()) {
                let text = "must have strings, numbers and booleans";
                return Err(invalid(&format!("accepted_values of \"{}\" {text}", shown(column))));
            }
        }
        for (column, ends) in &self.accepted_range {
            if !ends.iter().all(|end| end.is_null() || constant(end).is_some()) {
                let text = "must have strings, numbers and booleans, or null for no end";
                return Err(invalid(&format!("accepted_range of \"{}\" {text}", shown(column))));
            }
        }
        Ok(())
    }

    fn columns(&self) -> impl Iterator<Item = &String> {
        self.accepted_values.keys().chain(self.accepted_range.keys()).chain(&self.vectors)
    }

    /// A column that no relation has is a mistake, not a check that passes.
    pub fn refuse_unknown_columns(&self, targets: &[Relation]) -> Result<()> {
        #[derive(Deserialize)]
        struct Column {
            name: String,
        }
        let columns: Vec<_> = self.columns().map(|name| literal(name)).collect();
        let oids: Vec<_> = targets.iter().map(|target| target.oid.to_string()).collect();
        if columns.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "SELECT name FROM unnest(ARRAY[{}]::text[]) name
              WHERE NOT EXISTS (SELECT FROM pg_attribute a
                                 WHERE a.attrelid IN ({}) AND a.attname = name
                                   AND a.attnum > 0 AND NOT a.attisdropped)",
            columns.join(", "),
            oids.join(", ")
        );
        match spi::rows_of_before::<Column>(&sql)?.first() {
            None => Ok(()),
            Some(Column { name }) => {
                Err(Error::new("42703", format!("column \"{}\" does not exist", shown(name)))
                    .detail("It is named in options."))
            }
        }
    }
}

/// A JSON value as the text of an SQL constant; None for what is none.
pub fn constant(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn invalid(reason: &str) -> Error {
    Error::new("22023", "invalid options").detail(format!("In options: {reason}."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn options_are_read_and_mistakes_named() {
        let options = Options::parse(&json!({"accepted_range": {"price": [0, null]}})).unwrap();
        assert_eq!(options.margin, 10.0);
        assert_eq!(constant(&options.accepted_range["price"][0]).as_deref(), Some("0"));
        for (wrong, word) in [
            (json!({"margins": 5}), "margins"),
            (json!({"margin": 101}), "between 0 and 100"),
            (json!({"accepted_values": {"a": [null]}}), "\"a\""),
            (json!({"accepted_range": {"b": [[1], 2]}}), "\"b\""),
        ] {
            let error = Options::parse(&wrong).unwrap_err();
            assert_eq!(error.sqlstate(), "22023");
            assert!(error.detail_text().unwrap().contains(word), "{wrong}");
        }
    }
}
