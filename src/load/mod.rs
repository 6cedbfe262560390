//! The main job: one table of a source into one relation of this database.
//!
//! A load's way: options → rights → reader → catalog → plan (with a look at the data where that
//! decides) → target → rows → what comes after the data → run log. Everything is in the caller's
//! transaction.

mod copy;
mod duplicates;
mod generated;
mod lengths;
mod names;
mod neighbours;
mod normalize;
mod options;
mod outcome;
mod plan;
mod post_data;
mod rejects;
mod run_log;
mod table;
mod target;
mod types;

use migrator_model::{
    Ident, QualifiedName, SourceName,
    catalog::{Objects, Sequence, Table, TableKind},
    pg_type::Environment,
    protocol::Done,
};
use pgrx::datum::DatumWithOid;
use serde::Deserialize;

use self::outcome::{Clock, Method, Phases};
pub use self::{
    generated::verify as generated_differences,
    lengths::notes as length_notes,
    neighbours::Neighbours,
    options::{Arguments as TableArguments, LoadOptions, Mode, StructAs, not_one_of, parse_object},
    outcome::Loaded,
    plan::PlannedColumn,
    post_data::{Places, PostData, columns, comment_on, make_sequence, taken_names},
    rejects::Rejects,
    run_log::{Logged, Run as RunRecord, current_role, next_id as next_run_id, owner as log_owner},
    table::{Job, mappings, warnings as load_warnings},
    target::{NewTable, Target, create_schema, name as target_name},
    types::{KnownEnums, TypeMaker},
};
use crate::{
    ddl::macros::Macros,
    error::{Error, Result},
    pg::{self, server, spi},
    source::{
        Depth, Reader,
        named::{self, ResolvedSource},
    },
    steps::{OnFailure, Steps},
};

/// What `migrate_table` returns.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The run.
    pub run_id: i64,
    /// The target's OID.
    pub target: u32,
    /// What the rows came to.
    pub loaded: Loaded,
    /// The table's size in bytes, with its TOAST.
    pub heap_bytes: i64,
    /// How rows were written.
    pub method: Method,
    /// Seconds since the call.
    pub seconds: f64,
    /// What was not carried, and what was lost with consent.
    pub warnings: Vec<String>,
}

/// Runs a load.
pub fn run(arguments: &TableArguments) -> Result<Outcome> {
    Load::open(arguments)?.run()
}

/// A load from its start to its end.
struct Load<'a> {
    arguments: &'a TableArguments,
    options: LoadOptions,
    clock: Clock,
    phases: Phases,
    wal_before: u64,
    source: ResolvedSource,
    reader: Reader,
    table: Table,
    sequences: Vec<Sequence>,
    macros: Macros,
    environment: Environment,
    steps: Steps,
    warnings: Vec<String>,
}

impl<'a> Load<'a> {
    fn open(arguments: &'a TableArguments) -> Result<Self> {
        let mut clock = Clock::start();
        let wal_before = server::wal_bytes();
        let options = LoadOptions::parse(arguments)?;
        let wanted = SourceName::parse(&arguments.table_name)?;
        let source = named::resolve(&arguments.source)?;
        let mut reader = Reader::open(&source, Depth::Database)?;
        let table = reader.describe_readable(&wanted)?;
        let Objects { sequences, macros, .. } = reader.objects()?;
        let macros = Macros::new(&macros);
        let environment = pg::types::environment()?;
        let phases = Phases { open: clock.lap(), ..Phases::default() };
        let steps = Steps::new(options.more.strict, OnFailure::Record);
        let warnings = Vec::new();
        Ok(Self {
            arguments,
            options,
            clock,
            phases,
            wal_before,
            source,
            reader,
            table,
            sequences,
            macros,
            environment,
            steps,
            warnings,
        })
    }

    fn run(mut self) -> Result<Outcome> {
        let mut planned = self.job().plan()?;
        let (existing, name) = self.resolve_names(&mut planned)?;
        let home = self.home(name.as_ref())?;
        self.job().profile(&mut planned)?;
        self.phases.profile = self.clock.lap();
        let mut target = match existing {
            Some(target) => target,
            None => {
                let name = name.ok_or_else(|| Error::new("XX000", "target expected"))?;
                self.create(&name, &mut planned)?
            }
        };
        if self.options.mode == Mode::Truncate {
            spi::execute_as_called(&format!("TRUNCATE TABLE {}", target.name.quoted()))?;
        }
        let method = target.method(self.options.mode, self.options.more.method)?;
        self.phases.prepare = self.clock.lap();
        let run_id = next_run_id()?;
        let mut rejects = Rejects::of(run_id, &self.table.name, self.options.reject_limit)?;
        let (loaded, done) = self.job().transfer(&planned, &target, method, &mut rejects)?;
        self.warnings.extend(length_notes(&planned));
        self.warnings.extend(table::warnings(&self.table, &planned, &loaded));
        self.phases(&done);
        if let (Mode::Create, Some(home)) = (self.options.mode, &home) {
            self.post_data(&planned, &target, home)?;
        }
        self.warnings.extend(self.steps.all_warnings());
        self.phases.post_data = self.clock.lap();
        self.finish(run_id, &target, method, loaded)
    }

    fn job(&mut self) -> Job<'_> {
        let Self { reader, table, options, environment, .. } = self;
        Job { reader, table, options, environment }
    }

    /// The schema that DuckDB's `main` becomes: the target's where the table is one of `main`.
    fn home(&self, target: Option<&QualifiedName>) -> Result<Option<Ident>> {
        match (self.table.name.schema.as_deref(), target) {
            (None | Some("main"), Some(name)) => Ok(name.schema.clone()),
            _ => pg::facts::current_schema().map(Some),
        }
    }

    fn create(&mut self, name: &QualifiedName, planned: &mut [PlannedColumn]) -> Result<Target> {
        let columns = names::columns(planned)?;
        let Self { table: source, environment, macros, steps, .. } = self;
        let known = &mut KnownEnums::new();
        NewTable { source, name, columns, planned, environment, macros, known, steps }.create()
    }

    fn post_data(
        &mut self,
        planned: &[PlannedColumn],
        target: &Target,
        home: &Ident,
    ) -> Result<()> {
        self.warnings.extend(generated::verify(&target.name)?);
        let Some(schema) =
            target.name.schema.as_ref().filter(|_| self.table.kind == TableKind::Table)
        else {
            return Ok(());
        };
        let mut data = PostData {
            table: &self.table,
            sequences: &self.sequences,
            macros: &self.macros,
            name: &target.name,
            planned,
            columns: &target.filled,
            environment: &self.environment,
            places: &Neighbours { table: &self.table.name, target: &target.name, home },
            names: &mut post_data::taken_names(schema)?,
            vector_index: self.options.vector_index.as_ref(),
            steps: &mut self.steps,
        };
        let (constraints, indexes) = (self.options.constraints, self.options.indexes);
        if constraints {
            data.keys()?;
        }
        if indexes {
            data.indexes()?;
            data.vector_indexes()?;
        }
        if constraints {
            data.checks()?;
            data.defaults()?;
            data.foreign_keys()?;
        }
        data.comments()
    }

    /// Resolves the target by the caller's search path: an existing relation with its columns
    /// matched, or the name of a new one.
    fn resolve_names(
        &self,
        planned: &mut Vec<PlannedColumn>,
    ) -> Result<(Option<Target>, Option<QualifiedName>)> {
        let wanted = self.arguments.target.as_deref();
        match self.options.mode {
            Mode::Create => Ok((None, Some(target::name(&self.table, wanted)?))),
            Mode::Append | Mode::Truncate => {
                let facts = target::find(&self.table, wanted)?;
                if self.options.columns.is_none() {
                    target::leave_out_generated(&facts, planned);
                }
                Ok((Some(target::existing(facts, planned)?), None))
            }
        }
    }

    fn phases(&mut self, done: &Done) {
        self.phases.load = self.clock.lap();
        self.phases.reader_fetch = done.fetch_seconds;
        self.phases.reader_encode = done.encode_seconds;
        self.phases.reader_wait = done.wait_seconds;
    }

    fn finish(
        mut self,
        run_id: i64,
        target: &Target,
        method: Method,
        loaded: Loaded,
    ) -> Result<Outcome> {
        if self.options.more.analyze != Some(false) {
            target.analyze()?;
        }
        self.phases.analyze = self.clock.lap();
        let heap_bytes = table_size(target.oid)?;
        let seconds = self.clock.total().as_secs_f64();
        let ready = self.reader.ready().clone();
        self.reader.close();
        RunRecord {
            run_id,
            seconds,
            source: self.source.shown.clone(),
            fingerprint: ready.file.fingerprint,
            source_table: self.table.name.to_string(),
            target: target.name.quoted(),
            mode: word(&self.options.mode),
            method: method.as_str().to_owned(),
            options: self.source.remember(described(self.arguments)),
            rows: [loaded.rows_read, loaded.rows_loaded, loaded.rows_rejected],
            heap_bytes,
            wal_bytes: server::wal_bytes().saturating_sub(self.wal_before),
            reader_peak_memory: loaded.reader_peak_memory,
            phases: serde_json::to_value(&self.phases).unwrap_or_default(),
            warnings: self.warnings.clone(),
            duckdb_version: ready.duckdb_version,
        }
        .record()?;
        let warnings = self.warnings;
        Ok(Outcome { run_id, target: target.oid, loaded, heap_bytes, method, seconds, warnings })
    }
}

fn table_size(oid: u32) -> Result<i64> {
    #[derive(Deserialize)]
    struct Size {
        bytes: Option<i64>,
    }
    let argument = [DatumWithOid::from(pgrx::pg_sys::Oid::from(oid))];
    let sql = "SELECT pg_catalog.pg_table_size($1) AS bytes";
    Ok(spi::one::<Size>(sql, &argument)?.bytes.unwrap_or(0))
}

fn word<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn described(arguments: &TableArguments) -> serde_json::Value {
    serde_json::json!({
        "columns": arguments.columns,
        "filter": arguments.filter,
        "column_types": arguments.column_types,
        "on_lossy": arguments.on_lossy,
        "on_error": arguments.on_error,
        "reject_limit": arguments.reject_limit,
        "constraints": arguments.constraints,
        "indexes": arguments.indexes,
        "options": arguments.options,
    })
}
