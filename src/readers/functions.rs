//! `read_table()` and `read_query()`: rows of a source under a column definition list.

use migrator_model::{
    Field, SourceName,
    layout::Attribute,
    pg_type::Environment,
    policy::{NulBytes, OnError},
    protocol::{Scan, ScanColumn},
    reject::shown,
    rules,
};

use super::{
    describe, kept,
    remedy::{self, Reading},
};
use crate::{
    error::{Error, Result},
    load::{Job, LoadOptions, TableArguments},
    pg::{
        record::{RecordColumn, RecordSet, RowStore},
        server,
    },
    source::{Event, Reader, ScanStream, named, rows_lost},
};

/// What is read.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// A table or view.
    Table {
        /// Its name, as the user wrote it.
        name: String,
        /// Which of its columns, in which order; None: all.
        columns: Option<Vec<String>>,
        /// A DuckDB predicate.
        filter: Option<String>,
    },
    /// A query in DuckDB's SQL.
    Query(String),
}

/// Reads all of it into the set.
pub fn read(source: &str, wanted: Wanted, set: RecordSet<'_>) -> Result<()> {
    server::require_utf8()?;
    kept::with_reader(&named::resolve(source)?, |reader| {
        let bound = wanted.bind(reader)?;
        let attributes = bound.attributes(&set.columns())?;
        let mut store = set.begin(&attributes);
        let stream = reader.scan(bound.scan(attributes))?;
        copy(stream, &mut store).map_err(|error| remedy::of(error, Reading::Function))
    })
}

/// Every row that the source gave has arrived, or the call fails.
fn copy(mut stream: ScanStream<'_>, store: &mut RowStore<'_>) -> Result<()> {
    let mut arrived = 0;
    while let Some(event) = stream.next()? {
        match event {
            Event::Expect(_) => {}
            Event::Rows => {
                let (buffer, images) = stream.rows();
                store.put(buffer, images)?;
                arrived += images.len() as u64;
            }
            Event::Pages(_) | Event::Rejects(_) => {
                return Err(Error::new("08P01", "the reader process sent no rows"));
            }
        }
    }
    let read = stream.done()?.rows_read;
    if read == arrived { Ok(()) } else { Err(rows_lost(read, arrived)) }
}

/// What is read, as the source has it.
struct Bound {
    /// The table, or what messages call the query.
    name: SourceName,
    query: Option<String>,
    filter: Option<String>,
    columns: Vec<ScanColumn>,
}

impl Wanted {
    fn bind(self, reader: &mut Reader) -> Result<Bound> {
        match self {
            Self::Table { name, columns, filter } => {
                if columns.as_ref().is_some_and(Vec::is_empty) {
                    return Err(Error::new("22023", "columns must name a column"));
                }
                let table = reader.outline(&SourceName::parse(&name)?)?;
                let arguments = TableArguments { columns, ..TableArguments::empty() };
                let options = &LoadOptions::parse(&arguments)?;
                let environment = &Environment::default();
                let planned = Job { reader, table: &table, options, environment }.plan()?;
                let columns = planned.into_iter().map(|column| column.scan).collect();
                Ok(Bound { name: table.name, query: None, filter, columns })
            }
            Self::Query(query) => {
                let fields = reader.describe_query(&query)?;
                let columns = fields.iter().map(describe::scan_column).collect();
                let name = describe::query_name();
                Ok(Bound { name, query: Some(query), filter: None, columns })
            }
        }
    }
}

impl Bound {
    /// The caller's columns, each filled from the source's column in its place. All that do not fit
    /// are told at once.
    fn attributes(&self, wanted: &[RecordColumn]) -> Result<Vec<Attribute>> {
        let mut problems = Vec::new();
        let (have, want) = (self.columns.len(), wanted.len());
        if have != want {
            problems.push(format!("The list has {}, the source has {}.", count(want), count(have)));
        }
        let mut attributes = Vec::new();
        for (at, (column, source)) in wanted.iter().zip(&self.columns).enumerate() {
            let name = column.name.clone();
            match column.target()?.filter(|target| rules::allows(&source.logical, &target.pg)) {
                Some(target) => attributes.push(Attribute {
                    name,
                    target: Some(target),
                    source: Some(at),
                    not_null: false,
                }),
                None => problems.push(mismatch(at + 1, column, source)),
            }
        }
        if problems.is_empty() { Ok(attributes) } else { Err(self.does_not_fit(problems)) }
    }

    fn does_not_fit(&self, problems: Vec<String>) -> Error {
        let what = match &self.query {
            Some(_) => "the query".to_owned(),
            None => format!("table \"{}\"", self.name),
        };
        let message = format!("the column definition list does not fit {what}");
        let error = Error::new("42804", message).detail(problems.join("\n"));
        let field = |column: &ScanColumn| Field {
            name: column.name.clone(),
            logical: column.logical.clone(),
        };
        match describe::by_types(&self.columns.iter().map(field).collect::<Vec<_>>()) {
            Ok(list) => error.hint(format!("A list that fits is ({list}).")),
            Err(_) => error,
        }
    }

    fn scan(self, attributes: Vec<Attribute>) -> Scan {
        Scan {
            table: self.name,
            query: self.query,
            columns: self.columns,
            filter: self.filter,
            attributes,
            on_error: OnError::Error,
            nul_bytes: NulBytes::Error,
            accept_lossy: false,
            dry_run: false,
            pages: None,
            keep_order: true,
        }
    }
}

fn count(columns: usize) -> String {
    match columns {
        1 => "1 column".to_owned(),
        more => format!("{more} columns"),
    }
}

fn mismatch(number: usize, column: &RecordColumn, source: &ScanColumn) -> String {
    let RecordColumn { name, type_name, .. } = column;
    let ScanColumn { name: theirs, logical, .. } = source;
    let their_type = shown(&logical.to_string());
    let possible = match rules::possible(logical) {
        none if none.is_empty() => "nothing, it is not known to this version".to_owned(),
        possible => possible,
    };
    format!(
        "Column {number}, \"{name}\": the source's \"{theirs}\" of type {their_type} cannot become {type_name}; possible are {possible}."
    )
}
