//! What a validation is asked for, as SQL gives it and as it is meant.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::check::unknown_check;
use crate::{
    error::{Error, Result},
    load::{LoadOptions, StructAs, TableArguments, not_one_of, parse_object},
};

/// The arguments of `validate_table` as SQL gives them.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Arguments {
    pub source: String,
    pub table_name: String,
    pub target: Option<String>,
    pub level: String,
    pub checks: Option<Vec<String>>,
    pub key: Option<Vec<String>>,
    pub filter: Option<String>,
    pub tolerance: serde_json::Value,
    pub options: serde_json::Value,
}

/// How much is looked at: each level has all of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What the catalogs say, and how many rows there are.
    Quick,
    /// Profiles and checksums of columns and rows.
    Standard,
    /// Which rows differ, what is lost in them, and what holds within the target.
    Full,
    /// Heap and B-trees, by amcheck.
    Paranoid,
}

impl Level {
    /// The word users write.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Standard => "standard",
            Self::Full => "full",
            Self::Paranoid => "paranoid",
        }
    }

    /// Reads the argument.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(match text {
            "quick" => Self::Quick,
            "standard" => Self::Standard,
            "full" => Self::Full,
            "paranoid" => Self::Paranoid,
            other => return Err(not_one_of("level", other, "quick, standard, full, paranoid")),
        })
    }
}

/// `options`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// The source's columns to compare, as for `migrate_table`.
    columns: Option<Vec<String>>,
    /// The load's column_types.
    column_types: Option<serde_json::Value>,
    /// The load's options.struct.
    #[serde(rename = "struct")]
    structs: Option<String>,
    /// The load's options.nul_bytes.
    nul_bytes: Option<String>,
    /// The load's options.rename.
    rename: Option<BTreeMap<String, String>>,
    /// The load's options.normalize.
    normalize: Option<Vec<String>>,
    /// A predicate in PostgreSQL's SQL: which of the target's rows are compared.
    pub target_filter: Option<String>,
    /// How many differences are told, at most.
    pub difference_limit: Option<u32>,
    /// The run whose options and rejects count; 0: none. Not said: the last load of this table
    /// into this target.
    pub run: Option<i64>,
}

/// So many differences are told when nobody says otherwise.
const DIFFERENCES: u32 = 1000;

/// How far a value may be from the source's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tolerance {
    /// In the value's own unit.
    pub absolute: Option<f64>,
    /// As a part of the source's value.
    pub relative: Option<f64>,
    /// In units of the last place.
    pub ulp: Option<u64>,
}

/// The arguments as they are meant.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// How much is looked at.
    pub level: Level,
    /// The only checks that are wanted; None: all of the level.
    pub checks: Option<Vec<String>>,
    /// The columns that tell rows apart, as the user wrote them.
    pub key: Option<Vec<String>>,
    /// Which of the source's rows are compared: a DuckDB predicate.
    pub filter: Option<String>,
    /// Tolerances, by column.
    pub tolerance: BTreeMap<String, Tolerance>,
    /// The rest.
    pub options: Options,
}

impl Wanted {
    /// Parses the arguments; the first that cannot be understood is an error naming the choices.
    pub fn parse(arguments: &Arguments) -> Result<Self> {
        let wanted = Self {
            level: Level::parse(&arguments.level)?,
            checks: arguments.checks.clone(),
            key: arguments.key.clone(),
            filter: arguments.filter.clone(),
            tolerance: tolerance(&arguments.tolerance)?,
            options: options(&arguments.options)?,
        };
        match wanted.unknown_check() {
            None => Ok(wanted),
            Some(name) => Err(unknown_check(name, super::names::ALL.iter().copied())),
        }
    }

    fn unknown_check(&self) -> Option<&String> {
        let is_unknown = |name: &&String| !super::names::ALL.contains(&name.as_str());
        self.checks.iter().flatten().find(is_unknown)
    }

    /// Whether a check of this name is wanted.
    pub fn wants(&self, name: &str) -> bool {
        self.checks.as_ref().is_none_or(|checks| checks.iter().any(|one| one == name))
    }

    /// Whether any of these is wanted.
    pub fn wants_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.wants(name))
    }

    /// How many differences are told.
    pub fn limit(&self) -> usize {
        self.options.difference_limit.unwrap_or(DIFFERENCES) as usize
    }

    /// The load's options as they count here: those of the run that has loaded the table, where
    /// nothing else is said.
    pub fn as_load(&self, loaded: Option<LoadOptions>) -> Result<LoadOptions> {
        let mut load = loaded.map_or_else(|| LoadOptions::parse(&TableArguments::empty()), Ok)?;
        let said = LoadOptions::parse(&self.as_arguments())?;
        let Options { columns, column_types, structs, nul_bytes, rename, normalize, .. } =
            &self.options;
        load.filter = said.filter.or(load.filter);
        if structs.is_some() {
            load.more.structs = said.more.structs;
        }
        if columns.is_some() {
            load.columns = said.columns;
            keep_chosen(&mut load);
        }
        if column_types.is_some() {
            load.column_types = said.column_types;
        }
        if nul_bytes.is_some() {
            load.nul_bytes = said.nul_bytes;
        }
        if rename.is_some() {
            load.more.rename = said.more.rename;
        }
        if normalize.is_some() {
            load.more.normalize = said.more.normalize;
        }
        Ok(load)
    }

    /// What was said, in the words of a load.
    fn as_arguments(&self) -> TableArguments {
        let Options { columns, column_types, structs, nul_bytes, rename, normalize, .. } =
            &self.options;
        let more = [
            ("struct", structs.as_ref().map(|text| json!(text))),
            ("nul_bytes", nul_bytes.as_ref().map(|text| json!(text))),
            ("rename", rename.as_ref().map(|names| json!(names))),
            ("normalize", normalize.as_ref().map(|names| json!(names))),
        ];
        let more = more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        TableArguments {
            columns: columns.clone(),
            filter: self.filter.clone(),
            column_types: column_types.clone().unwrap_or_else(|| json!({})),
            options: more.collect::<serde_json::Map<_, _>>().into(),
            ..TableArguments::empty()
        }
    }
}

/// Drops what the run has said of columns that are not among the chosen.
fn keep_chosen(load: &mut LoadOptions) {
    let Some(columns) = &load.columns else { return };
    let structs = load.more.structs;
    let is_chosen = |name: &str| columns.iter().any(|column| is_of(name, column, structs));
    load.column_types.retain(|(name, _)| is_chosen(name));
    load.more.rename.retain(|name, _| is_chosen(name));
    load.more.normalize.retain(|name| is_chosen(name));
}

/// Whether a name is a column's, or that of a part which its STRUCT became.
fn is_of(name: &str, column: &str, structs: StructAs) -> bool {
    let rest = match name.split_at_checked(column.len()) {
        Some((start, rest)) if start.eq_ignore_ascii_case(column) => rest,
        _ => return false,
    };
    rest.is_empty() || structs == StructAs::Columns && rest.starts_with('_')
}

fn options(value: &serde_json::Value) -> Result<Options> {
    parse_object("options", value, "'{\"difference_limit\": 100}'")
}

fn tolerance(value: &serde_json::Value) -> Result<BTreeMap<String, Tolerance>> {
    let tolerance: BTreeMap<String, Tolerance> =
        parse_object("tolerance", value, "'{\"price\": {\"absolute\": 0.01}}'")?;
    let is_negative =
        |number: Option<f64>| number.is_some_and(|number| number.is_nan() || number < 0.0);
    match tolerance.iter().find(|(_, t)| is_negative(t.absolute) || is_negative(t.relative)) {
        Some((column, _)) => Err(Error::new(
            "22023",
            format!("the tolerance of column \"{column}\" must not be negative"),
        )),
        None => Ok(tolerance),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments() -> Arguments {
        Arguments {
            source: String::new(),
            table_name: "t".into(),
            target: None,
            level: "standard".into(),
            checks: None,
            key: None,
            filter: None,
            tolerance: json!({}),
            options: json!({}),
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let refused = |arguments: Arguments| Wanted::parse(&arguments).unwrap_err();
        let error = refused(Arguments { level: "deep".into(), ..arguments() });
        assert!(error.hint_text().unwrap().contains("paranoid"));
        let error = refused(Arguments { checks: Some(vec!["row_cuont".into()]), ..arguments() });
        assert!(error.hint_text().unwrap().contains("row_count_match"));
        let error = refused(Arguments { options: json!({"limit": 1}), ..arguments() });
        assert!(error.detail_text().unwrap().contains("limit"));
        let error = refused(Arguments { tolerance: json!({"a": {"absolute": -1}}), ..arguments() });
        assert_eq!(error.sqlstate(), "22023");
    }

    #[test]
    fn options_of_the_load_count_where_nothing_else_is_said() {
        let options = json!({"nul_bytes": "strip"});
        let wanted = Wanted::parse(&Arguments { options, ..arguments() }).unwrap();
        let loaded = LoadOptions::parse(&TableArguments {
            options: json!({"rename": {"a": "b"}}),
            filter: Some("x > 1".into()),
            ..TableArguments::empty()
        });
        let load = wanted.as_load(Some(loaded.unwrap())).unwrap();
        assert_eq!(load.filter.as_deref(), Some("x > 1"));
        assert_eq!(load.nul_bytes, migrator_model::policy::NulBytes::Strip);
        assert_eq!(load.more.rename.len(), 1);
    }

    #[test]
    fn of_columns_that_are_not_chosen_nothing_counts() {
        let loaded = |structs: &str| {
            LoadOptions::parse(&TableArguments {
                column_types: json!({"E": "vector", "p_x": "text", "f": "vector"}),
                options: json!({"struct": structs, "normalize": ["E", "f"], "rename": {"f": "g"}}),
                ..TableArguments::empty()
            })
        };
        let chosen = |options: serde_json::Value, structs| {
            let wanted = Wanted::parse(&Arguments { options, ..arguments() }).unwrap();
            wanted.as_load(Some(loaded(structs).unwrap())).unwrap()
        };
        let load = chosen(json!({"columns": ["e", "p"]}), "jsonb");
        assert_eq!(load.more.normalize, ["E"]);
        assert_eq!((load.column_types.len(), load.more.rename.len()), (1, 0));
        assert_eq!(chosen(json!({"columns": ["e", "p"]}), "columns").column_types.len(), 2);
        // What is said itself is not looked at.
        let load = chosen(json!({"columns": ["e"], "normalize": ["f"]}), "jsonb");
        assert_eq!(load.more.normalize, ["f"]);
    }
}
