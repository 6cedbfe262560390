//! The main job: one table of a source into one relation of this database.
//!
//! A load's way: options → rights → reader → catalog → plan (with a look at the data where that
//! decides) → target → rows → what comes after the data → run log. Everything is in the caller's
//! transaction.

mod copy;
mod duplicates;
mod generated;
mod names;
mod options;
mod outcome;
mod plan;
mod post_data;
mod rejects;
mod run_log;
mod target;
mod types;

use migrator_model::{
    Ident, QualifiedName, SourceName,
    catalog::{Sequence, Table},
    layout::{Attribute, Target as ColumnTarget},
    pg_type::Environment,
    policy::{Losses, NulBytes, OnError},
    protocol::{Done, Scan},
    rules,
};
use pgrx::datum::DatumWithOid;
use serde::Deserialize;

pub use options::Arguments;

use self::{
    options::{LoadOptions, Mode, OnLossy, StructAs},
    outcome::{Clock, Loaded, Method, Phases},
    plan::PlannedColumn,
    rejects::Rejects,
    target::Target,
};
use crate::{
    error::{Error, Result},
    pg::{self, files, server, spi},
    source::{Depth, Event, Reader},
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
pub fn run(arguments: &Arguments) -> Result<Outcome> {
    Load::open(arguments)?.run()
}

/// A load from its start to its end.
struct Load<'a> {
    arguments: &'a Arguments,
    options: LoadOptions,
    clock: Clock,
    phases: Phases,
    wal_before: u64,
    file: files::ResolvedFile,
    reader: Reader,
    table: Table,
    sequences: Vec<Sequence>,
    environment: Environment,
    warnings: Vec<String>,
}

impl<'a> Load<'a> {
    fn open(arguments: &'a Arguments) -> Result<Self> {
        let mut clock = Clock::start();
        let wal_before = server::wal_bytes();
        let options = LoadOptions::parse(arguments)?;
        let wanted = SourceName::parse(&arguments.table_name)?;
        let file = files::resolve(&arguments.source)?;
        let mut reader = Reader::open(&file, Depth::Database)?;
        let table = reader.describe(&wanted)?;
        let sequences = reader.objects()?.sequences;
        if let Some(reason) = &table.broken {
            let message = format!("view \"{}\" of the source cannot be read", table.name);
            return Err(Error::new("0A000", message).detail(format!("DuckDB says: {reason}")));
        }
        let environment = pg::types::environment()?;
        let phases = Phases { open: clock.lap(), ..Phases::default() };
        let warnings = Vec::new();
        Ok(Self {
            arguments,
            options,
            clock,
            phases,
            wal_before,
            file,
            reader,
            table,
            sequences,
            environment,
            warnings,
        })
    }

    fn run(mut self) -> Result<Outcome> {
        let mut planned = self.plan()?;
        let (existing, name) = self.resolve_names(&mut planned)?;
        let home = self.home(name.as_ref())?;
        self.profile(&mut planned)?;
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
        let run_id = run_log::next_id()?;
        let (loaded, done) = self.load(run_id, &planned, &target, method)?;
        self.note_losses(&planned, &loaded);
        self.note_diverted(&loaded);
        self.phases(&done);
        if let (Mode::Create, Some(home)) = (self.options.mode, &home) {
            self.post_data(&planned, &target, home)?;
        }
        self.phases.post_data = self.clock.lap();
        self.finish(run_id, &target, method, loaded)
    }

    /// The schema that DuckDB's `main` becomes: the target's where the table is one of `main`.
    fn home(&self, target: Option<&QualifiedName>) -> Result<Option<Ident>> {
        match (self.table.name.schema.as_deref(), target) {
            (None | Some("main"), Some(name)) => Ok(name.schema.clone()),
            _ => pg::facts::current_schema().map(Some),
        }
    }

    fn create(&mut self, name: &QualifiedName, planned: &mut [PlannedColumn]) -> Result<Target> {
        target::create(&self.table, name, planned, &self.environment, &mut self.warnings)
    }

    fn post_data(
        &mut self,
        planned: &[PlannedColumn],
        target: &Target,
        home: &Ident,
    ) -> Result<()> {
        generated::verify(&target.name, &mut self.warnings)?;
        let warnings = post_data::make(&post_data::PostData {
            table: &self.table,
            sequences: &self.sequences,
            name: &target.name,
            home,
            planned,
            columns: &target.filled,
            environment: &self.environment,
            options: &self.options,
        })?;
        self.warnings.extend(warnings);
        Ok(())
    }

    /// The columns with the types that were asked for.
    fn plan(&self) -> Result<Vec<PlannedColumn>> {
        let mut planned = plan::columns(&self.table, &self.options)?;
        if self.options.more.structs == StructAs::Composite {
            plan::composites(&mut planned, &self.environment)?;
        }
        for (name, type_name) in &self.options.column_types {
            let column = plan::named(&self.table, &mut planned, name, "column_types")?;
            column.fix(pg::types::parse(type_name)?)?;
        }
        plan::rename(&self.table, &mut planned, &self.options.more.rename)?;
        Ok(planned)
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

    /// Decides types and fidelity, with a look at the data of the columns where that matters.
    fn profile(&mut self, planned: &mut [PlannedColumn]) -> Result<()> {
        let looked_at: Vec<usize> = (0..planned.len())
            .filter(|at| planned[*at].depends_on_data(&self.environment))
            .collect();
        let losses = self.count_losses(planned, &looked_at)?;
        for (at, column) in planned.iter_mut().enumerate() {
            let none = Losses::default();
            let position = looked_at.iter().position(|looked| *looked == at);
            let losses = position.and_then(|position| losses.get(position)).unwrap_or(&none);
            column.settle(&self.environment, losses);
        }
        plan::check(&self.table, planned, self.options.on_lossy)
    }

    fn count_losses(&mut self, planned: &[PlannedColumn], at: &[usize]) -> Result<Vec<Losses>> {
        if at.is_empty() {
            return Ok(Vec::new());
        }
        let chosen: Vec<_> = at.iter().map(|at| planned[*at].clone()).collect();
        let filter = self.options.filter.clone();
        dry_run(&mut self.reader, &self.table.name, &chosen, filter, &self.environment)
    }

    fn load(
        &mut self,
        run_id: i64,
        planned: &[PlannedColumn],
        target: &Target,
        method: Method,
    ) -> Result<(Loaded, Done)> {
        if !server::is_utf8() {
            return Err(Error::new("0A000", "the database's encoding is not UTF8")
                .detail("DuckDB's texts are UTF-8, and are not converted."));
        }
        let rejects = Rejects::of(run_id, &self.table.name, self.options.reject_limit)?;
        let scan = Scan {
            table: self.table.name.clone(),
            columns: planned.iter().map(|column| column.scan.clone()).collect(),
            filter: self.options.filter.clone(),
            attributes: target.attributes.clone(),
            on_error: self.options.on_error,
            nul_bytes: self.options.nul_bytes.clone(),
            accept_lossy: self.options.on_lossy == OnLossy::Accept,
            dry_run: false,
        };
        copy::run(&mut self.reader, scan, target, method, rejects)
    }

    fn note_losses(&mut self, planned: &[PlannedColumn], loaded: &Loaded) {
        for (column, losses) in planned.iter().zip(&loaded.losses) {
            for (loss, count) in losses.iter() {
                let name = &column.name;
                self.warnings.push(format!("column \"{name}\": {count} values lost {loss}"));
            }
        }
    }

    /// Rows that the target's own triggers and rules have dealt with differently.
    fn note_diverted(&mut self, loaded: &Loaded) {
        let sent = loaded.rows_read - loaded.rows_rejected.min(loaded.rows_read);
        if sent != loaded.rows_loaded {
            let inserted = loaded.rows_loaded;
            self.warnings.push(format!(
                "{inserted} of {sent} rows were inserted: triggers or rules of the target took the others"
            ));
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
        run_log::Run {
            run_id,
            seconds,
            source: self.file.path.display().to_string(),
            fingerprint: ready.file.fingerprint,
            source_table: self.table.name.to_string(),
            target: target.name.quoted(),
            mode: word(&self.options.mode),
            method: method.as_str().to_owned(),
            options: described(self.arguments),
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

/// Encodes columns for their default or chosen types and throws the rows away: what each loses.
pub fn dry_run(
    reader: &mut Reader,
    table: &SourceName,
    planned: &[PlannedColumn],
    filter: Option<String>,
    environment: &Environment,
) -> Result<Vec<Losses>> {
    let attribute = |(at, column): (usize, &PlannedColumn)| {
        let logical = &column.scan.logical;
        let pg = match column.fixed {
            true => column.mapping.pg.clone(),
            false => rules::map(logical, environment, &Losses::default()).pg,
        };
        let target = Some(ColumnTarget::dry(&pg));
        Attribute { name: column.name.clone(), target, source: Some(at), not_null: false }
    };
    let scan = Scan {
        table: table.clone(),
        columns: planned.iter().map(|column| column.scan.clone()).collect(),
        filter,
        attributes: planned.iter().enumerate().map(attribute).collect(),
        on_error: OnError::Reject,
        nul_bytes: NulBytes::Error,
        accept_lossy: false,
        dry_run: true,
    };
    let mut stream = reader.scan(scan)?;
    while let Some(event) = stream.next()? {
        if let Event::Rows = event {
            return Err(Error::new("08P01", "the reader process sent rows in a dry run"));
        }
    }
    Ok(stream.done()?.losses)
}

/// The mapping of every column of a table, decided on its data: what `source_columns` shows.
pub fn mappings(
    reader: &mut Reader,
    table: &Table,
    environment: &Environment,
) -> Result<Vec<rules::Mapping>> {
    let arguments = Arguments::of_table(&table.name);
    let mut planned = plan::columns(table, &LoadOptions::parse(&arguments)?)?;
    let chosen: Vec<_> =
        planned.iter().filter(|column| column.depends_on_data(environment)).cloned().collect();
    let losses = match chosen.is_empty() {
        true => Vec::new(),
        false => dry_run(reader, &table.name, &chosen, None, environment)?,
    };
    let mut counted = losses.iter();
    for column in &mut planned {
        let none = Losses::default();
        let looked_at = column.depends_on_data(environment);
        let losses = if looked_at { counted.next().unwrap_or(&none) } else { &none };
        column.settle(environment, losses);
    }
    Ok(planned.into_iter().map(|column| column.mapping).collect())
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

fn described(arguments: &Arguments) -> serde_json::Value {
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
