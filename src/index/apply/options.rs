//! What a user wants to be otherwise, and the server's settings that it becomes.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    error::{Error, Result},
    index::bounds,
    load,
};

/// The keys of `options`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    maintenance_work_mem: Option<Value>,
    parallel_workers: Option<u32>,
    lock_timeout: Option<Value>,
    statement_timeout: Option<Value>,
    attempts: Option<u32>,
}

/// A setting of the server's and its value.
pub type Setting = (&'static str, String);

impl Options {
    /// Reads them. Only a job of its own can try again.
    pub fn parse(value: &Value, concurrently: bool) -> Result<Self> {
        let options =
            load::parse_object::<Self>("options", value, "'{\"maintenance_work_mem\": \"1GB\"}'")?;
        if let Some(workers) = options.parallel_workers {
            bounds::between("options.parallel_workers", workers, 0..=1_024)?;
        }
        if let Some(attempts) = options.attempts {
            bounds::between("options.attempts", attempts, 1..=100)?;
        }
        match (options.attempts, concurrently) {
            (Some(_), false) => Err(Error::new("22023", "options.attempts needs concurrently")
                .detail("Within the caller's transaction there is one attempt.")),
            _ => Ok(options),
        }
    }

    /// How often a job is tried that does not get a lock in time.
    pub fn attempts(&self) -> u32 {
        self.attempts.unwrap_or(3)
    }

    /// What was said, as settings. The server says whether their values are good.
    pub fn settings(&self) -> Result<Vec<Setting>> {
        let workers = self.parallel_workers.map(Value::from);
        let all = [
            ("maintenance_work_mem", &self.maintenance_work_mem),
            ("max_parallel_maintenance_workers", &workers),
            ("lock_timeout", &self.lock_timeout),
            ("statement_timeout", &self.statement_timeout),
        ];
        let said = all.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        said.map(|(name, value)| Ok((name, text(name, value)?))).collect()
    }
}

fn text(name: &str, value: &Value) -> Result<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(Error::new("22023", format!("options.{name} must be a number or a text"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn options_become_settings() {
        let value =
            json!({"maintenance_work_mem": "1GB", "parallel_workers": 0, "lock_timeout": 500});
        let options = Options::parse(&value, false).unwrap();
        let settings = options.settings().unwrap();
        let shown: Vec<_> =
            settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            shown,
            ["maintenance_work_mem=1GB", "max_parallel_maintenance_workers=0", "lock_timeout=500"]
        );
        assert_eq!(options.attempts(), 3);
        assert_eq!(Options::parse(&json!({}), true).unwrap().settings(), Ok(Vec::new()));
    }

    #[test]
    fn wrong_options_are_refused() {
        for (value, concurrently) in [
            (json!([]), true),
            (json!({"attempt": 1}), true),
            (json!({"attempts": 0}), true),
            (json!({"attempts": 101}), true),
            (json!({"attempts": 2}), false),
            (json!({"parallel_workers": 2000}), true),
        ] {
            let error = Options::parse(&value, concurrently).unwrap_err();
            assert_eq!(error.sqlstate(), "22023", "{value}");
        }
        let options = Options::parse(&json!({"lock_timeout": true}), true).unwrap();
        assert_eq!(options.settings().unwrap_err().sqlstate(), "22023");
    }
}
