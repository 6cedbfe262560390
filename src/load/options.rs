//! What a user typed, parsed once: below here nothing compares texts.

use std::collections::BTreeMap;

use migrator_model::policy::{NulBytes, OnError};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    error::{Error, Result},
    index::vector::BuildOptions,
};

/// `mode`: where the rows go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// A new table.
    Create,
    /// An existing table, as it is.
    Append,
    /// An existing table, emptied first.
    Truncate,
}

/// `on_lossy`: whether columns may lose something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnLossy {
    /// No; every lossy column is listed before a row moves.
    Error,
    /// Yes; what is lost is counted.
    Accept,
}

/// `options.struct`: what a STRUCT column becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StructAs {
    /// One jsonb column.
    #[default]
    Jsonb,
    /// One column for each field.
    Columns,
    /// A value of a row type, also inside lists.
    Composite,
}

/// `options.method`: how rows get into the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodOption {
    /// The fastest that the target allows.
    #[default]
    Auto,
    /// Finished pages, into a table that was created or emptied in this transaction.
    Pages,
    /// heap_multi_insert.
    MultiInsert,
    /// INSERT … SELECT, with the server's full semantics.
    Insert,
}

/// The keys of the `options` argument.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MoreOptions {
    /// `error`, `reject`, `strip` or `replace:<text>`.
    pub nul_bytes: Option<String>,
    /// `jsonb`, `columns` or `composite`.
    #[serde(rename = "struct")]
    pub structs: StructAs,
    /// Names of columns in the source, or of the parts of a STRUCT, and what they are called here.
    pub rename: BTreeMap<String, String>,
    /// `auto`, `pages`, `multi_insert` or `insert`.
    pub method: MethodOption,
    /// Whether rows lie in the table as in the source; true when it is not said.
    pub keep_order: Option<bool>,
    /// The server's wal_compression during the load; the session's when it is not said.
    pub wal_compression: Option<String>,
    /// Whether an expression that does not translate ends the load.
    pub strict: bool,
    /// Whether to ANALYZE the table afterwards.
    pub analyze: Option<bool>,
    /// Columns whose vectors are scaled to length 1.
    pub normalize: Vec<String>,
    /// Whether embeddings get an index: true, or what it should be like.
    pub vector_index: serde_json::Value,
}

/// The arguments of `migrate_table` as SQL gives them.
#[derive(Clone, Debug)]
pub struct Arguments {
    pub source: String,
    pub table_name: String,
    pub target: Option<String>,
    pub mode: String,
    pub columns: Option<Vec<String>>,
    pub filter: Option<String>,
    pub column_types: serde_json::Value,
    pub on_lossy: String,
    pub on_error: String,
    pub reject_limit: Option<i64>,
    pub constraints: bool,
    pub indexes: bool,
    pub options: serde_json::Value,
}

impl Arguments {
    /// The defaults, for tables of a source that is open already.
    pub fn empty() -> Self {
        Self {
            source: String::new(),
            table_name: String::new(),
            target: None,
            mode: "create".into(),
            columns: None,
            filter: None,
            column_types: serde_json::json!({}),
            on_lossy: "error".into(),
            on_error: "error".into(),
            reject_limit: None,
            constraints: true,
            indexes: true,
            options: serde_json::json!({}),
        }
    }
}

/// The arguments of `migrate_table` as they are meant.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadOptions {
    /// Where the rows go.
    pub mode: Mode,
    /// The columns to carry, as the user wrote them; None: all.
    pub columns: Option<Vec<String>>,
    /// A DuckDB predicate.
    pub filter: Option<String>,
    /// Column name and type name, as the user wrote them.
    pub column_types: Vec<(String, String)>,
    /// Whether columns may lose something.
    pub on_lossy: OnLossy,
    /// What becomes of a row that cannot be carried.
    pub on_error: OnError,
    /// The most rejects; None: any number.
    pub reject_limit: Option<u64>,
    /// Whether keys, checks, defaults and foreign keys are carried.
    pub constraints: bool,
    /// Whether secondary indexes are carried.
    pub indexes: bool,
    /// What to do with NUL bytes.
    pub nul_bytes: NulBytes,
    /// What indexes of embeddings should be like, if they are wanted.
    pub vector_index: Option<BuildOptions>,
    /// The rest.
    pub more: MoreOptions,
}

impl LoadOptions {
    /// Parses the arguments; the first that cannot be understood is an error naming the choices.
    pub fn parse(arguments: &Arguments) -> Result<Self> {
        let more = more_options(&arguments.options)?;
        Ok(Self {
            mode: mode(&arguments.mode)?,
            columns: arguments.columns.clone(),
            filter: arguments.filter.clone(),
            column_types: column_types(&arguments.column_types)?,
            on_lossy: on_lossy(&arguments.on_lossy)?,
            on_error: on_error(&arguments.on_error)?,
            reject_limit: reject_limit(arguments.reject_limit)?,
            constraints: arguments.constraints,
            indexes: arguments.indexes,
            nul_bytes: nul_bytes(more.nul_bytes.as_deref())?,
            vector_index: vector_index(&more.vector_index)?,
            more,
        })
    }
}

fn mode(text: &str) -> Result<Mode> {
    match text {
        "create" => Ok(Mode::Create),
        "append" => Ok(Mode::Append),
        "truncate" => Ok(Mode::Truncate),
        other => Err(not_one_of("mode", other, "create, append, truncate")),
    }
}

fn on_lossy(text: &str) -> Result<OnLossy> {
    match text {
        "error" => Ok(OnLossy::Error),
        "accept" => Ok(OnLossy::Accept),
        other => Err(not_one_of("on_lossy", other, "error, accept")),
    }
}

fn on_error(text: &str) -> Result<OnError> {
    match text {
        "error" => Ok(OnError::Error),
        "reject" => Ok(OnError::Reject),
        other => Err(not_one_of("on_error", other, "error, reject")),
    }
}

fn nul_bytes(text: Option<&str>) -> Result<NulBytes> {
    match text {
        None | Some("error") => Ok(NulBytes::Error),
        Some("reject") => Ok(NulBytes::Reject),
        Some("strip") => Ok(NulBytes::Strip),
        Some(other) => match other.strip_prefix("replace:") {
            Some(with) if !with.contains('\0') => Ok(NulBytes::Replace(with.to_owned())),
            _ => {
                Err(not_one_of("options.nul_bytes", other, "error, reject, strip, replace:<text>"))
            }
        },
    }
}

fn vector_index(value: &serde_json::Value) -> Result<Option<BuildOptions>> {
    match value {
        serde_json::Value::Null | serde_json::Value::Bool(false) => Ok(None),
        serde_json::Value::Bool(true) => Ok(Some(BuildOptions::default())),
        object if object.is_object() => BuildOptions::parse(object).map(Some),
        other => {
            Err(not_one_of("options.vector_index", &other.to_string(), "true, false, an object"))
        }
    }
}

fn reject_limit(limit: Option<i64>) -> Result<Option<u64>> {
    let limit = limit.map(u64::try_from).transpose();
    limit.map_err(|_| Error::new("22023", "reject_limit must not be negative"))
}

fn column_types(value: &serde_json::Value) -> Result<Vec<(String, String)>> {
    let wrong = || {
        Error::new("22023", "column_types must be an object of column names and type names")
            .hint("For example '{\"payload\": \"text\"}'.")
    };
    let pairs = value.as_object().ok_or_else(wrong)?;
    let pair = |(column, pg): (&String, &serde_json::Value)| {
        Ok((column.clone(), pg.as_str().ok_or_else(wrong)?.to_owned()))
    };
    pairs.iter().map(pair).collect()
}

fn more_options(value: &serde_json::Value) -> Result<MoreOptions> {
    parse_object("options", value, "'{\"nul_bytes\": \"strip\"}'")
}

/// Reads an argument that is an object; `example` is one.
pub fn parse_object<T: DeserializeOwned>(
    name: &str,
    value: &serde_json::Value,
    example: &str,
) -> Result<T> {
    if !value.is_object() {
        return Err(Error::new("22023", format!("{name} must be an object"))
            .hint(format!("For example {example}.")));
    }
    serde_json::from_value(value.clone()).map_err(|error| {
        let reason = error.to_string().replace('`', "\"");
        Error::new("22023", format!("invalid {name}")).detail(format!("In {name}: {reason}."))
    })
}

/// An argument that is none of the words for it.
pub fn not_one_of(name: &str, value: &str, choices: &str) -> Error {
    let value = migrator_model::reject::shown(value);
    Error::new("22023", format!("invalid value for {name}: \"{value}\""))
        .hint(format!("Valid values are: {choices}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_unknown_option_is_named() {
        let error = more_options(&json!({"nul_byte": "strip"})).unwrap_err();
        assert_eq!(error.sqlstate(), "22023");
        assert!(
            error.to_string().contains("nul_byte") || format!("{error:?}").contains("nul_byte")
        );
    }

    #[test]
    fn nul_bytes_may_be_replaced_by_any_text() {
        assert_eq!(nul_bytes(Some("replace:␀")).unwrap(), NulBytes::Replace("␀".into()));
        assert_eq!(nul_bytes(Some("replace:")).unwrap(), NulBytes::Replace(String::new()));
        assert!(nul_bytes(Some("drop")).is_err());
    }

    #[test]
    fn column_types_are_an_object_of_texts() {
        assert_eq!(column_types(&json!({"a": "text"})).unwrap(), [("a".into(), "text".into())]);
        assert!(column_types(&json!(["a"])).is_err());
        assert!(column_types(&json!({"a": 1})).is_err());
    }

    #[test]
    fn a_negative_limit_is_refused() {
        assert!(reject_limit(Some(-1)).is_err());
        assert_eq!(reject_limit(Some(0)).unwrap(), Some(0));
    }
}

/// Options as they are when nobody says anything, for tests.
#[cfg(test)]
pub mod tests_support {
    use super::*;

    /// The defaults.
    pub fn options() -> LoadOptions {
        LoadOptions {
            mode: Mode::Create,
            columns: None,
            filter: None,
            column_types: Vec::new(),
            on_lossy: OnLossy::Error,
            on_error: OnError::Error,
            reject_limit: None,
            constraints: true,
            indexes: true,
            nul_bytes: NulBytes::Error,
            vector_index: None,
            more: MoreOptions::default(),
        }
    }
}
