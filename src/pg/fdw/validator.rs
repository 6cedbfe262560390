//! The options of servers, user mappings, tables and columns, as the server has them checked when they
//! are set.

use pgrx::{pg_sys, pg_sys::panic::ErrorReport, prelude::*};

use crate::{
    error::{Error, Result},
    pg::foreign::{Options, option},
    readers::options::TableOptions,
    source::named,
};

/// What options belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Server,
    UserMapping,
    Table,
    Column,
    /// The wrapper itself, or what the server has learnt since.
    Other,
}

impl Owner {
    fn of(catalog: pg_sys::Oid) -> Self {
        match catalog {
            pg_sys::ForeignServerRelationId => Self::Server,
            pg_sys::UserMappingRelationId => Self::UserMapping,
            pg_sys::ForeignTableRelationId => Self::Table,
            pg_sys::AttributeRelationId => Self::Column,
            _ => Self::Other,
        }
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Server => &["path"],
            Self::UserMapping => &["encryption_key"],
            Self::Table => &["schema_name", "table_name", "query", "on_lossy", "nul_bytes"],
            Self::Column => &["column_name"],
            Self::Other => &[],
        }
    }
}

/// Checks options: all of the object, those that are there already as well.
#[pg_extern(sql = "
CREATE FUNCTION migrator.fdw_validator(options text[], catalog oid) RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'fdw_validator_wrapper';
")]
fn fdw_validator(
    options: Vec<Option<String>>,
    catalog: pg_sys::Oid,
) -> std::result::Result<(), ErrorReport> {
    let (owner, options) = (Owner::of(catalog), named_values(options));
    check(owner, &options)?;
    match (owner, option(&options, "path")) {
        (Owner::Server, Some(path)) => Ok(named::check_path(path)?),
        (Owner::Server, None) => Err(path_is_missing().into()),
        _ => Ok(()),
    }
}

/// The server joins name and value by an equals sign.
fn named_values(options: Vec<Option<String>>) -> Options {
    let split = |option: String| match option.split_once('=') {
        Some((name, value)) => (name.to_owned(), value.to_owned()),
        None => (option, String::new()),
    };
    options.into_iter().flatten().map(split).collect()
}

fn check(owner: Owner, options: &Options) -> Result<()> {
    for (name, value) in options {
        if !owner.names().contains(&name.as_str()) {
            return Err(unknown(owner, name));
        }
        if value.is_empty() {
            return Err(Error::new("22023", format!("option \"{name}\" must not be empty")));
        }
    }
    if owner == Owner::Table { check_table(options) } else { Ok(()) }
}

fn check_table(options: &Options) -> Result<()> {
    let other =
        ["schema_name", "table_name"].into_iter().find(|name| option(options, name).is_some());
    if let (Some(_), Some(other)) = (option(options, "query"), other) {
        let message = format!("options \"query\" and \"{other}\" exclude each other");
        return Err(Error::new("42601", message));
    }
    TableOptions::parse(options, "").map(|_| ())
}

fn unknown(owner: Owner, name: &str) -> Error {
    let name = migrator_model::reject::shown(name);
    Error::new("HV00D", format!("invalid option \"{name}\"")).hint(match owner.names() {
        [] => "There are no valid options in this context.".to_owned(),
        names => format!("Valid options in this context are: {}", names.join(", ")),
    })
}

fn path_is_missing() -> Error {
    Error::new("HV002", "option \"path\" is required for servers of foreign data wrapper migrator")
        .hint("Give it the path of a file on the server, from the root, or a pattern for several.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(owner: Owner, options: &[&str]) -> Result<()> {
        check(owner, &named_values(options.iter().map(|option| Some((*option).into())).collect()))
    }

    fn refusal(owner: Owner, options: &[&str]) -> String {
        checked(owner, options).unwrap_err().message().to_owned()
    }

    #[test]
    fn options_belong_to_something() {
        assert!(checked(Owner::Column, &["column_name=a"]).is_ok());
        assert_eq!(refusal(Owner::Column, &["path=/a"]), "invalid option \"path\"");
        let error = checked(Owner::Other, &["x=1"]).unwrap_err();
        assert_eq!(error.hint_text(), Some("There are no valid options in this context."));
    }

    #[test]
    fn a_value_may_hold_an_equals_sign() {
        let options = named_values(vec![Some("path=/data/a=b.duckdb".into())]);
        assert_eq!(option(&options, "path"), Some("/data/a=b.duckdb"));
    }

    #[test]
    fn a_table_is_a_table_or_a_query() {
        assert!(checked(Owner::Table, &["query=FROM t", "on_lossy=accept"]).is_ok());
        let both = refusal(Owner::Table, &["query=FROM t", "table_name=t"]);
        assert_eq!(both, "options \"query\" and \"table_name\" exclude each other");
        let empty = refusal(Owner::Table, &["table_name="]);
        assert_eq!(empty, "option \"table_name\" must not be empty");
    }
}
