//! What a table becomes, and why one cannot be imported.

use migrator_model::{
    Ident, PgType, SourceName,
    catalog::Table,
    ident::MAX_IDENT,
    pg_type::Environment,
    policy::Losses,
    rules::{self, Fidelity, Mapping},
};

use super::options::Options;
use crate::{
    database::column_names,
    error::{Error, Result},
    load,
    source::Reader,
};

/// A table that can be made.
pub struct PlannedTable {
    /// The table or view.
    pub source: Table,
    /// Its name here.
    pub name: Ident,
    /// The names of its columns here.
    pub columns: Vec<Ident>,
    /// Their types; enums without names.
    pub types: Vec<PgType>,
}

/// Why a table cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The SQLSTATE of an error about it alone.
    sqlstate: &'static str,
    /// One line, as of an error.
    message: String,
    /// Full sentences.
    lines: Vec<String>,
}

impl PlannedTable {
    /// Plans one. The outer result is an error that ends the import at once.
    pub fn plan(
        reader: &mut Reader,
        source: &SourceName,
        name: Ident,
        environment: &Environment,
        options: Options,
    ) -> Result<std::result::Result<Self, Problem>> {
        let table = reader.describe(source)?;
        if let Some(problem) = unreadable(&table) {
            return Ok(Err(problem));
        }
        let mappings = match options.look_at_data {
            true => load::mappings(reader, &table, environment)?,
            false => by_types(&table, environment),
        };
        if let Some(problem) = problem(&table, &mappings, options) {
            return Ok(Err(problem));
        }
        let columns: Vec<_> = table.columns.iter().map(|column| column.name.clone()).collect();
        let columns = column_names(&columns)?;
        let types = mappings.into_iter().map(|mapping| without_long_labels(mapping.pg)).collect();
        Ok(Ok(Self { source: table, name, columns, types }))
    }
}

fn by_types(table: &Table, environment: &Environment) -> Vec<Mapping> {
    let none = Losses::default();
    table.columns.iter().map(|column| rules::map(&column.logical, environment, &none)).collect()
}

/// A view that DuckDB cannot bind, or a name that no option can hold.
fn unreadable(table: &Table) -> Option<Problem> {
    let name = table.name.to_string();
    if let Some(reason) = &table.broken {
        return Some(Problem {
            sqlstate: "0A000",
            message: format!("view \"{name}\" of the source cannot be read"),
            lines: vec![format!("DuckDB says: {reason}")],
        });
    }
    let mut names = table.columns.iter().map(|column| &column.name);
    (name.contains('\0') || names.any(|name| name.contains('\0'))).then(|| Problem {
        sqlstate: "42602",
        message: format!("table \"{}\" has a name with a NUL byte", name.replace('\0', "\u{2400}")),
        lines: Vec::new(),
    })
}

/// Columns that cannot be carried at all or, else, those that would lose what nobody agreed to lose.
fn problem(table: &Table, mappings: &[Mapping], options: Options) -> Option<Problem> {
    let name = &table.name;
    let unsupported = lines(table, mappings, Fidelity::Unsupported);
    if !unsupported.is_empty() {
        let message = format!("table \"{name}\" has columns of unsupported types");
        return Some(Problem { sqlstate: "0A000", message, lines: unsupported });
    }
    let lossy = lines(table, mappings, Fidelity::Lossy);
    if lossy.is_empty() || options.accept_lossy {
        return None;
    }
    let message = format!("table \"{name}\" would lose data");
    Some(Problem { sqlstate: "22000", message, lines: lossy })
}

fn lines(table: &Table, mappings: &[Mapping], fidelity: Fidelity) -> Vec<String> {
    let columns = table.columns.iter().zip(mappings);
    let bad = columns.filter(|(_, mapping)| mapping.fidelity == fidelity);
    bad.map(|(column, Mapping { pg, note, .. })| match fidelity {
        Fidelity::Unsupported => format!("Column \"{}\": {note}.", column.name),
        _ => format!("Column \"{}\", {} to {pg}: {note}.", column.name, column.logical),
    })
    .collect()
}

/// One error for all tables that cannot be imported.
pub fn refuse(mut problems: Vec<Problem>) -> Result<()> {
    let Some(first) = problems.first() else { return Ok(()) };
    let is_loss = problems.iter().all(|problem| problem.sqlstate == "22000");
    let hint = match is_loss {
        true => {
            "Accept the loss with OPTIONS (on_lossy 'accept'), leave these tables out with EXCEPT, or make them by CREATE FOREIGN TABLE with other types."
        }
        false => {
            "Leave these tables out with EXCEPT; CREATE FOREIGN TABLE makes them with fewer columns, or with the option query."
        }
    };
    let sqlstate = first.sqlstate;
    if problems.len() == 1 {
        let only = problems.remove(0);
        let error = Error::new(sqlstate, only.message).hint(hint);
        return Err(match only.lines.is_empty() {
            true => error,
            false => error.detail(only.lines.join("\n")),
        });
    }
    let message = format!("{} tables cannot be imported as they are", problems.len());
    let text = |problem: Problem| {
        [vec![format!("{}.", problem.message)], problem.lines].concat().join("\n")
    };
    let detail: Vec<_> = problems.into_iter().map(text).collect();
    Err(Error::new(sqlstate, message).detail(detail.join("\n")).hint(hint))
}

/// An enum whose labels PostgreSQL cannot have is a text here.
fn without_long_labels(pg: PgType) -> PgType {
    let is_label = |label: &String| label.len() <= MAX_IDENT && !label.contains('\0');
    match pg {
        PgType::Array(element) => PgType::Array(Box::new(without_long_labels(*element))),
        PgType::Enum { labels, .. } if !labels.iter().all(is_label) => PgType::Text,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(sqlstate: &'static str, message: &str) -> Problem {
        let lines = vec![format!("About {message}.")];
        Problem { sqlstate, message: message.to_owned(), lines }
    }

    #[test]
    fn all_tables_are_told_at_once() {
        assert!(refuse(Vec::new()).is_ok());
        let one = refuse(vec![problem("22000", "a")]).unwrap_err();
        assert_eq!((one.message(), one.detail_text()), ("a", Some("About a.")));
        assert!(one.hint_text().unwrap().contains("on_lossy"));
        let two = refuse(vec![problem("0A000", "a"), problem("22000", "b")]).unwrap_err();
        assert_eq!(two.message(), "2 tables cannot be imported as they are");
        assert_eq!(two.detail_text(), Some("a.\nAbout a.\nb.\nAbout b."));
        assert!(!two.hint_text().unwrap().contains("on_lossy"));
    }

    #[test]
    fn labels_that_are_too_long_make_texts() {
        let labels = vec!["x".repeat(64)];
        let list = PgType::Array(Box::new(PgType::Enum { name: None, labels }));
        assert_eq!(without_long_labels(list), PgType::Array(Box::new(PgType::Text)));
    }
}
