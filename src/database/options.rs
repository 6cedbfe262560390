//! What a user typed, parsed once.

use std::collections::BTreeMap;

use migrator_model::{Ident, SourceName, catalog::TableSummary, reject::shown};
use serde::Deserialize;

use super::selection::Selection;
use crate::{
    error::{Error, Result},
    load::{LoadOptions, Logged, TableArguments},
};

/// The arguments of `migrate_database` as SQL gives them.
#[derive(Clone, Debug)]
pub struct Arguments {
    pub source: String,
    pub schemas: serde_json::Value,
    pub include: Option<Vec<String>>,
    pub exclude: Option<Vec<String>>,
    pub data: bool,
    pub on_lossy: String,
    pub on_error: String,
    pub reject_limit: Option<i64>,
    pub options: serde_json::Value,
}

impl Arguments {
    /// The arguments that the run log keeps.
    pub fn described(source: String, described: &serde_json::Value) -> Self {
        let logged = Logged(described);
        Self {
            source,
            schemas: logged.object("schemas"),
            include: logged.texts("include"),
            exclude: logged.texts("exclude"),
            data: true,
            on_lossy: "error".into(),
            on_error: "error".into(),
            reject_limit: None,
            options: logged.object("options"),
        }
    }

    /// What the run log keeps of what was selected.
    pub fn described_selection(&self) -> serde_json::Value {
        serde_json::json!({
            "schemas": self.schemas,
            "include": self.include,
            "exclude": self.exclude,
            "options": self.options,
        })
    }
}

/// The keys of `options` that mean something for a database only; the rest is a table's.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct DatabaseOptions {
    keep_going: bool,
    tables: BTreeMap<String, TableOptions>,
}

/// `options.tables`: what is different for one table.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TableOptions {
    columns: Option<Vec<String>>,
    filter: Option<String>,
    column_types: BTreeMap<String, String>,
    rename: BTreeMap<String, String>,
    normalize: Vec<String>,
}

/// The arguments as they are meant.
pub struct Options {
    /// DuckDB's schemas and what they are called here.
    pub schemas: BTreeMap<String, Ident>,
    /// Which tables and views.
    pub selection: Selection,
    /// Whether a failure leaves the rest standing.
    pub keep_going: bool,
    /// What holds for every table.
    pub load: LoadOptions,
    tables: BTreeMap<String, TableOptions>,
}

impl Options {
    /// Parses the arguments.
    pub fn parse(arguments: &Arguments) -> Result<Self> {
        let mut options = arguments.options.clone();
        let own = own_options(&mut options)?;
        let table = TableArguments {
            on_lossy: arguments.on_lossy.clone(),
            on_error: arguments.on_error.clone(),
            reject_limit: arguments.reject_limit,
            options,
            ..TableArguments::empty()
        };
        let load = LoadOptions::parse(&table)?;
        refuse_columns(&load)?;
        Ok(Self {
            schemas: schemas(&arguments.schemas)?,
            selection: Selection::parse(arguments.include.as_ref(), arguments.exclude.as_ref())?,
            keep_going: own.keep_going,
            load,
            tables: own.tables,
        })
    }

    /// What holds for one table.
    pub fn of_table(&self, name: &SourceName) -> LoadOptions {
        let mut options = self.load.clone();
        if let Some(own) = self.tables.get(&name.to_string()).cloned() {
            options.columns = own.columns;
            options.filter = own.filter;
            options.column_types = own.column_types.into_iter().collect();
            options.more.rename = own.rename;
            options.more.normalize = own.normalize;
        }
        options
    }

    /// Refuses options for tables that are not chosen.
    pub fn check_tables(&self, chosen: &[TableSummary]) -> Result<()> {
        let names: Vec<_> = chosen.iter().map(|table| table.name.to_string()).collect();
        match self.tables.keys().find(|name| !names.contains(name)) {
            Some(name) => Err(unknown("options.tables", name, &[])),
            None => Ok(()),
        }
    }
}

/// The options for one table, of arguments as the run log keeps them.
pub fn of_table(described: &serde_json::Value, name: &SourceName) -> Result<LoadOptions> {
    Ok(Options::parse(&Arguments::described(String::new(), described))?.of_table(name))
}

/// Takes out what is ours, so that what is left is checked as a table's options are.
fn own_options(options: &mut serde_json::Value) -> Result<DatabaseOptions> {
    let mut own = serde_json::Map::new();
    for key in ["keep_going", "tables"] {
        let value = options.as_object_mut().and_then(|object| object.remove(key));
        own.extend(value.map(|value| (key.to_owned(), value)));
    }
    serde_json::from_value(own.into()).map_err(|error| {
        let reason = error.to_string().replace('`', "\"");
        Error::new("22023", "invalid options").detail(format!("In options: {reason}."))
    })
}

/// Refuses what names columns where all tables are meant.
fn refuse_columns(load: &LoadOptions) -> Result<()> {
    let more = &load.more;
    let named = [("normalize", !more.normalize.is_empty()), ("rename", !more.rename.is_empty())];
    match named.iter().find(|(_, is_said)| *is_said) {
        None => Ok(()),
        Some((name, _)) => {
            Err(Error::new("22023", format!("options.{name} names columns of one table"))
                .hint("Name them in options.tables, under their table."))
        }
    }
}

fn schemas(value: &serde_json::Value) -> Result<BTreeMap<String, Ident>> {
    let wrong = || {
        Error::new("22023", "schemas must be an object of schema names of the source and of here")
            .hint("For example '{\"main\": \"public\"}'.")
    };
    let pairs = value.as_object().ok_or_else(wrong)?;
    let pair = |(source, target): (&String, &serde_json::Value)| {
        Ok((source.clone(), Ident::new(target.as_str().ok_or_else(wrong)?)?))
    };
    pairs.iter().map(pair).collect()
}

/// An argument that names something which is not there.
pub fn unknown(argument: &str, name: &str, near: &[String]) -> Error {
    let error = Error::new("42704", format!("{argument} \"{}\" matches nothing", shown(name)));
    match near {
        [] => error.hint("source_tables() lists the tables and views of the source."),
        near => error.hint(format!("Perhaps you mean {}.", near.join(" or "))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(options: serde_json::Value) -> Result<Options> {
        let mut arguments = Arguments::described(String::new(), &json!({}));
        arguments.options = options;
        Options::parse(&arguments)
    }

    #[test]
    fn columns_are_those_of_a_table() {
        for options in [json!({"normalize": ["e"]}), json!({"rename": {"a": "b"}})] {
            let error = parse(options).map(|_| ()).unwrap_err();
            assert_eq!(error.sqlstate(), "22023");
            assert!(error.hint_text().unwrap().contains("options.tables"));
        }
        let options = parse(json!({"strict": true, "tables": {"main.t": {"normalize": ["e"]}}}));
        let name = |name: &str| SourceName { schema: Some("main".into()), name: name.into() };
        let options = options.unwrap();
        assert_eq!(options.of_table(&name("t")).more.normalize, ["e"]);
        assert!(options.of_table(&name("u")).more.normalize.is_empty());
    }
}
