//! The whole file in one call: every object in order, in the caller's transaction, and for each a
//! line that tells what became of it.
//!
//! A run's way: options → reader → selection → names → plan of every table, with all that stands
//! against it at once → schemas, types, sequences, tables → data, keys and indexes table by table →
//! checks and defaults → foreign keys → views, macros, triggers → comments → statistics.

mod expected;
mod helpers;
mod log;
mod macros;
mod naming;
mod objects;
mod options;
mod selection;
mod tables;
mod views;

use std::collections::HashSet;

use migrator_model::{
    Ident,
    catalog::{Objects, TableKind, TableSummary},
    pg_type::Environment,
};

pub use self::{
    expected::Expected,
    naming::{column_names, free as free_name},
    options::{Arguments, of_table as options_of_table},
};
use self::{naming::Naming, options::Options, tables::Planned, views::View};
use crate::{
    ddl::{helper::Helper, macros::Macros},
    error::Result,
    load::{KnownEnums, Loaded, Rejects, next_run_id},
    pg::{self, facts, server, subtransaction},
    source::{
        Depth, Reader,
        named::{self, ResolvedSource},
    },
    steps::{OnFailure, Step, Steps},
};

/// What a run came to.
pub struct Outcome {
    /// The run; None for a preview.
    pub run_id: Option<i64>,
    /// The report.
    pub steps: Vec<Step>,
}

/// Carries the file.
pub fn run(arguments: &Arguments) -> Result<Outcome> {
    let mut migration = Migration::open(arguments)?;
    let run_id = next_run_id()?;
    migration.rejects = Some(Rejects::of_database(run_id, migration.options.load.reject_limit)?);
    migration.all(arguments.data)?;
    migration.record(run_id)?;
    Ok(Outcome { run_id: Some(run_id), steps: migration.finish() })
}

/// Does the same without the data, and undoes it.
pub fn preview(arguments: &Arguments) -> Result<Outcome> {
    let mut migration = Migration::open(arguments)?;
    subtransaction::rehearse(|| migration.all(false))?;
    Ok(Outcome { run_id: None, steps: migration.finish() })
}

/// A run from its start to its end.
struct Migration<'a> {
    arguments: &'a Arguments,
    options: Options,
    began: std::time::Instant,
    wal_before: u64,
    source: ResolvedSource,
    reader: Reader,
    environment: Environment,
    objects: Objects,
    macros: Macros,
    /// The tables and views that were chosen, by schema and name.
    chosen: Vec<TableSummary>,
    naming: Naming,
    known: KnownEnums,
    rejects: Option<Rejects>,
    tables: Vec<Planned>,
    views: Vec<View>,
    /// Helper functions that are there, by schema.
    helpers: HashSet<(Ident, Helper)>,
    loaded: Loaded,
    steps: Steps,
}

impl<'a> Migration<'a> {
    fn open(arguments: &'a Arguments) -> Result<Self> {
        let (began, wal_before) = (std::time::Instant::now(), server::wal_bytes());
        let options = Options::parse(arguments)?;
        let source = named::resolve(&arguments.source)?;
        let mut reader = Reader::open(&source, Depth::Database)?;
        let objects = reader.objects()?;
        let chosen = options.selection.choose(reader.tables()?, &objects)?;
        options.check_tables(&chosen)?;
        let home = facts::current_schema();
        let naming = Naming::start(&options.schemas, &objects, &chosen, home)?;
        let failure = if options.keep_going { OnFailure::KeepGoing } else { OnFailure::Raise };
        let steps = Steps::new(options.load.more.strict, failure);
        let macros = Macros::new(&objects.macros);
        Ok(Self {
            arguments,
            options,
            began,
            wal_before,
            source,
            reader,
            environment: pg::types::environment()?,
            objects,
            macros,
            chosen,
            naming,
            known: KnownEnums::new(),
            rejects: None,
            tables: Vec::new(),
            views: Vec::new(),
            helpers: HashSet::new(),
            loaded: Loaded::default(),
            steps,
        })
    }

    fn all(&mut self, data: bool) -> Result<()> {
        self.plan_tables()?;
        self.schemas()?;
        self.types()?;
        self.sequences()?;
        self.create_tables()?;
        self.load_tables(data)?;
        self.checks_and_defaults()?;
        self.foreign_keys()?;
        self.views()?;
        self.macros()?;
        self.triggers()?;
        self.comments()?;
        if data && self.options.load.more.analyze != Some(false) {
            self.analyze()?;
        }
        Ok(())
    }

    fn finish(self) -> Vec<Step> {
        self.reader.close();
        self.steps.list
    }

    fn chosen_of(&self, kind: TableKind) -> Vec<TableSummary> {
        self.chosen.iter().filter(|one| one.kind == kind).cloned().collect()
    }

    /// The schema here of a schema there.
    fn schema(&self, source: Option<&str>) -> Result<Ident> {
        self.naming.schema(source.unwrap_or("main"))
    }
}
