//! A foreign table as the planner and the executor see it: its source, and what each of its columns
//! is there.

use migrator_model::{SourceName, policy::NulBytes, protocol::SourceKind};

use super::{
    described,
    fit::{self, Here},
    options::{Relation, TableOptions},
    pushdown::RemoteTable,
};
use crate::{
    error::Result,
    pg::{
        fdw::descriptor::{self, ColumnShape},
        foreign,
    },
    source::named::{self, ResolvedSource},
};

/// A foreign table with its counterpart.
#[derive(Clone, Debug)]
pub struct ForeignTable {
    /// Its server's OID.
    pub server: u32,
    /// The files.
    pub source: ResolvedSource,
    /// The table or view at the source, or what messages call its query.
    pub name: SourceName,
    /// Table option `query`: the table is a query.
    pub is_query: bool,
    /// FROM and columns.
    pub remote: RemoteTable,
    /// The rows at the source, where DuckDB knows them without reading.
    pub rows: Option<u64>,
    /// Table option `on_lossy` is `accept`.
    pub accept_lossy: bool,
    /// Table option `nul_bytes`.
    pub nul_bytes: NulBytes,
}

impl ForeignTable {
    /// Whether it is a table or view of a DuckDB database.
    pub fn is_in_database(&self) -> bool {
        self.source.kind == SourceKind::Database && !self.is_query
    }
}

/// Looks a foreign table up at its source, as this user (0: the current one). The answer is remembered
/// while the source stays the same. Columns that are missing there, or whose types do not fit, are an
/// error that names all of them.
pub fn look_up(table: u32, user: u32) -> Result<ForeignTable> {
    let facts = foreign::table(table)?;
    let shape = descriptor::of_relation(table)?;
    let options = TableOptions::parse(&facts.options, &shape.name)?;
    let source = named::of_server(facts.server, user)?;
    let described = described::describe(&source, &options.relation)?;
    let here = here(table, shape.columns)?;
    let columns = fit::fit(&shape.name, here, &described.columns, &options)?;
    let name = match &described.name {
        Some(name) => name.clone(),
        None => SourceName { schema: None, name: shape.name },
    };
    Ok(ForeignTable {
        server: facts.server,
        source,
        name,
        is_query: matches!(options.relation, Relation::Query(_)),
        remote: RemoteTable { from: described.from.clone(), columns },
        rows: described.rows,
        accept_lossy: options.accept_lossy,
        nul_bytes: options.nul_bytes,
    })
}

fn here(table: u32, columns: Vec<Option<ColumnShape>>) -> Result<Vec<Option<Here>>> {
    let here = |(attnum, column): (i16, ColumnShape)| {
        let options = foreign::column_options(table, attnum)?;
        Ok(Here {
            column_name: foreign::option(&options, "column_name").map(str::to_owned),
            type_name: descriptor::type_name(column.type_oid, column.typmod),
            name: column.name,
            pg: column.target.map(|target| target.pg),
        })
    };
    let numbered = (1..).zip(columns);
    numbered.map(|(attnum, column)| column.map(|c| here((attnum, c))).transpose()).collect()
}
