//! What a user wants to be otherwise.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    error::{Error, Result},
    index::{
        bounds,
        vector::design::{Design, Method, probes},
    },
    load,
};

/// The keys of `options`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Instead of the argument.
    pub metric: Option<String>,
    /// `hnsw` or `ivfflat`.
    pub am: Option<String>,
    /// hnsw: neighbours of each.
    pub m: Option<u32>,
    /// hnsw: candidates while building.
    pub ef_construction: Option<u32>,
    /// ivfflat: lists.
    pub lists: Option<u32>,
    /// The index's name.
    pub name: Option<String>,
    /// The most memory to take: bytes, or a text like `2GB`.
    pub memory: Option<Value>,
    /// Processes besides the session's own.
    pub parallel_workers: Option<u32>,
    /// What share of the nearest has to be found.
    pub recall: Option<f64>,
}

impl Options {
    /// Reads them.
    pub fn parse(value: &Value) -> Result<Self> {
        load::parse_object::<Self>("options", value, "'{\"m\": 24}'")?.check()
    }

    fn check(self) -> Result<Self> {
        let numbers = [
            ("options.m", self.m, 2..=100),
            ("options.ef_construction", self.ef_construction, 4..=1_000),
            ("options.lists", self.lists, 1..=32_768),
            ("options.parallel_workers", self.parallel_workers, 0..=1_024),
        ];
        for (name, value, range) in numbers {
            value.map_or(Ok(()), |value| bounds::between(name, value, range))?;
        }
        self.recall.map_or(Ok(()), |recall| bounds::share("options.recall", recall))?;
        Ok(self)
    }

    /// The memory that was allowed, in bytes.
    pub fn memory(&self) -> Result<Option<u64>> {
        let wrong = || {
            Error::new("22023", "options.memory must be a number of bytes or a text")
                .hint("For example \"2GB\".")
        };
        match &self.memory {
            None => Ok(None),
            Some(Value::Number(bytes)) => bytes.as_u64().map(Some).ok_or_else(wrong),
            Some(Value::String(text)) => bytes_of(text).map(Some).ok_or_else(wrong),
            Some(_) => Err(wrong()),
        }
    }

    /// A design with what was said in place of what is recommended.
    pub fn replaced(&self, design: Design) -> Result<Design> {
        let method = match design.method {
            Method::Hnsw { m, ef_construction, ef_search } => {
                self.unknown_to("hnsw", self.lists, "lists")?;
                let m = self.m.unwrap_or(m);
                let ef_construction = self.ef_construction.unwrap_or(ef_construction.max(2 * m));
                if ef_construction < 2 * m {
                    return Err(Error::new("22023", "ef_construction must be at least twice m"));
                }
                Method::Hnsw { m, ef_construction, ef_search }
            }
            Method::Ivfflat { lists, .. } => {
                self.unknown_to(
                    "ivfflat",
                    self.m.or(self.ef_construction),
                    "m or ef_construction",
                )?;
                let lists = self.lists.unwrap_or(lists);
                Method::Ivfflat { lists, probes: probes(lists) }
            }
        };
        Ok(Design { method, ..design })
    }

    fn unknown_to(&self, am: &str, value: Option<u32>, name: &str) -> Result<()> {
        match value {
            None => Ok(()),
            Some(_) => Err(Error::new("22023", format!("an index of {am} has no {name}"))),
        }
    }
}

/// `2GB` as the server's settings are written: units of 1024.
fn bytes_of(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim() {
        "B" => 0,
        "kB" => 10,
        "MB" => 20,
        "GB" => 30,
        "TB" => 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::index::vector::design::Form;

    fn graph() -> Design {
        let method = Method::Hnsw { m: 16, ef_construction: 64, ef_search: 80 };
        Design { form: Form::Column, method }
    }

    #[test]
    fn options_are_checked() {
        assert_eq!(Options::parse(&json!({})), Ok(Options::default()));
        for wrong in [
            json!({"mm": 1}),
            json!({"m": 1}),
            json!({"m": -1}),
            json!({"ef_construction": 1001}),
            json!({"lists": 0}),
            json!({"recall": 0}),
            json!({"recall": 1.5}),
            json!([]),
        ] {
            assert_eq!(Options::parse(&wrong).unwrap_err().sqlstate(), "22023", "{wrong}");
        }
    }

    #[test]
    fn memory_is_bytes_or_a_text() {
        let memory = |value| Options::parse(&json!({"memory": value})).unwrap().memory();
        assert_eq!(memory(json!(1024)), Ok(Some(1024)));
        assert_eq!(memory(json!("2GB")), Ok(Some(2 << 30)));
        assert_eq!(memory(json!("64 MB")), Ok(Some(64 << 20)));
        for wrong in
            [json!("2"), json!("GB"), json!("2gb"), json!(-1), json!(true), json!("99999999999TB")]
        {
            assert!(memory(wrong).is_err());
        }
    }

    #[test]
    fn what_was_said_wins() {
        let replaced = |options| Options::parse(&options).unwrap().replaced(graph());
        let Ok(Design { method: Method::Hnsw { m, ef_construction, .. }, .. }) =
            replaced(json!({"m": 48}))
        else {
            panic!()
        };
        assert_eq!((m, ef_construction), (48, 96));
        assert!(replaced(json!({"m": 48, "ef_construction": 64})).is_err());
        assert!(replaced(json!({"lists": 10})).is_err());
    }
}
