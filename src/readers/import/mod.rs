//! IMPORT FOREIGN SCHEMA: foreign tables for the tables and views of a source's schema, with the enum
//! types and comments that belong to them.
//!
//! Everything is planned before anything is made, and what stands against it is told at once.

mod options;
mod plan;
mod selection;

use std::collections::HashSet;

use migrator_model::{
    Ident, PgType, QualifiedName, SourceName,
    catalog::Column,
    ident::{MAX_IDENT, clip},
    pg_type::Environment,
};

pub use selection::Selection;

use self::{options::Options, plan::PlannedTable};
use super::kept;
use crate::{
    database::free_name,
    ddl::{
        comment,
        foreign_table::{ForeignColumn, create_foreign_table},
        names::Names,
    },
    error::Result,
    load::{KnownEnums, TypeMaker, comment_on},
    pg::{memory, server, types},
    source::{Reader, named},
    steps::{About, OnFailure, Steps},
};

/// The statement.
#[derive(Clone, Debug)]
pub struct Request {
    /// The server's OID; the current user has USAGE on it.
    pub server: u32,
    /// Its name.
    pub server_name: Ident,
    /// The schema of the source.
    pub remote_schema: String,
    /// Where the tables go.
    pub local_schema: Ident,
    /// Which of them.
    pub selection: Selection,
    /// OPTIONS (…)
    pub options: Vec<(String, String)>,
}

/// Makes the tables. What could not be made besides them is a warning.
pub fn run(request: &Request) -> Result<Vec<String>> {
    let options = Options::parse(&request.options)?;
    server::require_utf8()?;
    let environment = types::environment()?;
    let tables = kept::with_reader(&named::of_server(request.server, 0)?, |reader| {
        let chosen = request.selection.choose(&request.remote_schema, &reader.tables()?)?;
        plan_all(reader, &chosen, &environment, options)
    })?;
    let reserved = tables.iter().map(|table| table.name.to_string()).collect();
    let steps = Steps::new(false, OnFailure::Raise);
    let known = KnownEnums::new();
    let mut import = Import { request, options, environment, reserved, known, steps };
    for table in tables {
        memory::briefly(|| import.make(table))?;
    }
    Ok(import.steps.all_warnings())
}

fn plan_all(
    reader: &mut Reader,
    chosen: &[SourceName],
    environment: &Environment,
    options: Options,
) -> Result<Vec<PlannedTable>> {
    let (mut names, mut tables, mut problems) = (Names::default(), Vec::new(), Vec::new());
    for source in chosen {
        let name = free_name(&mut names, &source.name)?;
        match memory::briefly(|| PlannedTable::plan(reader, source, name, environment, options))? {
            Ok(table) => tables.push(table),
            Err(problem) => problems.push(problem),
        }
    }
    plan::refuse(problems)?;
    Ok(tables)
}

/// The tables while they are made.
struct Import<'r> {
    request: &'r Request,
    options: Options,
    environment: Environment,
    /// The names of all the tables: a row type of that name belongs to each.
    reserved: HashSet<String>,
    known: KnownEnums,
    steps: Steps,
}

impl Import<'_> {
    fn make(&mut self, mut table: PlannedTable) -> Result<()> {
        let name = QualifiedName::new(self.request.local_schema.clone(), table.name.clone());
        self.name_types(&mut table)?;
        self.create(&table, &name)?;
        match self.options.comments {
            true => self.comments(&table, &name),
            false => Ok(()),
        }
    }

    /// Finds or makes the enum types that the columns need.
    fn name_types(&mut self, table: &mut PlannedTable) -> Result<()> {
        let Self { request, environment, reserved, known, steps, .. } = self;
        for (at, pg) in table.types.iter_mut().enumerate() {
            if let PgType::Enum { .. } = pg.innermost() {
                let target_column = &table.columns[at];
                let mut column: Column = table.source.columns[at].clone();
                column.enum_names.retain(|name| !reserved.contains(&name.name));
                let own = &free_prefix(table.name.as_str(), target_column, reserved);
                let schema = &request.local_schema;
                TypeMaker { schema, table: own, environment, known, steps }.name(
                    pg,
                    &column,
                    target_column,
                )?;
            }
        }
        Ok(())
    }

    fn create(&mut self, table: &PlannedTable, name: &QualifiedName) -> Result<()> {
        let source = &table.source;
        let columns: Vec<_> = source
            .columns
            .iter()
            .zip(&table.columns)
            .zip(&table.types)
            .map(|((source, name), pg)| ForeignColumn {
                name,
                pg,
                not_null: self.options.not_null && !source.nullable,
                source: &source.name,
            })
            .collect();
        let schema = source.name.schema.as_deref().unwrap_or("main");
        let mut options = vec![("schema_name", schema), ("table_name", &source.name.name)];
        if self.options.accept_lossy {
            options.push(("on_lossy", "accept"));
        }
        let server = &self.request.server_name;
        let statement = create_foreign_table(name, server, &columns, &options, &self.environment);
        let about = About {
            kind: statement.kind,
            source: source.name.to_string(),
            target: Some(name.quoted()),
            what: statement.what.clone(),
        };
        self.steps.run_or_raise(about, &statement)
    }

    fn comments(&mut self, table: &PlannedTable, name: &QualifiedName) -> Result<()> {
        let own = table.source.name.to_string();
        if let Some(text) = &table.source.comment {
            comment_on(&mut self.steps, comment::Target::ForeignTable(name), &own, text)?;
        }
        for (column, ident) in table.source.columns.iter().zip(&table.columns) {
            if let Some(text) = &column.comment {
                let part = format!("{own}.{}", column.name);
                comment_on(&mut self.steps, comment::Target::Column(name, ident), &part, text)?;
            }
        }
        Ok(())
    }
}

/// What stands in front of a column's name in the name of its type, so that no table is called so.
fn free_prefix(table: &str, column: &Ident, reserved: &HashSet<String>) -> String {
    let mut prefix = table.to_owned();
    while reserved.contains(clip(&format!("{prefix}_{column}"), MAX_IDENT))
        && prefix.len() < MAX_IDENT
    {
        prefix.push('_');
    }
    prefix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_not_called_as_a_table() {
        let reserved = HashSet::from(["a_m".to_owned(), "a__m".to_owned()]);
        let prefix = |column: &str| free_prefix("a", &Ident::new(column).unwrap(), &reserved);
        assert_eq!(prefix("m"), "a__");
        assert_eq!(prefix("n"), "a");
    }
}
