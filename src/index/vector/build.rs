//! `vector_index`: builds an index with the memory that it needs, and says what to expect.

mod options;
mod resources;

use std::time::Instant;

use migrator_model::{Ident, QualifiedName};
use serde_json::{Value, json};

pub use self::options::Options;
use self::resources::Resources;
use super::{
    column::{Column, Contents},
    design::{Am, Design, Method},
    machine::Machine,
    metric::Metric,
    sizing::Size,
    warn,
};
use crate::{
    ddl::names::Names,
    error::{Error, Result},
    index::measurements::{self, Kind},
    load,
    pg::{facts, guc, spi},
};

/// An index that is about to be built.
#[derive(Debug)]
pub struct Build {
    column: Column,
    metric: Metric,
    design: Design,
    contents: Contents,
    resources: Resources,
    /// The index, in its table's schema.
    pub name: QualifiedName,
    /// CREATE INDEX
    pub sql: String,
    /// What it should take, in seconds.
    expected: f64,
}

/// An index that was built.
#[derive(Debug)]
pub struct Built {
    /// Its OID.
    pub oid: u32,
    /// The statement.
    pub sql: String,
    /// What it was built with, and how to search it.
    pub settings: Value,
    /// What it took.
    pub seconds: f64,
}

/// Builds one.
pub fn build(target: u32, column: &str, metric: &str, options: &Value) -> Result<Built> {
    let options = Options::parse(options)?;
    let column = Column::of(target, column)?;
    let metric = column.metric(options.metric.as_deref().unwrap_or(metric))?;
    let schema = column.relation.schema.clone();
    let schema = schema.ok_or_else(|| Error::new("XX000", "schema expected"))?;
    let mut names = load::taken_names(&schema)?;
    Build::plan(column, metric, &options, &mut names)?.run()
}

impl Build {
    /// Decides what to build.
    pub fn plan(
        column: Column,
        metric: Metric,
        options: &Options,
        names: &mut Names,
    ) -> Result<Self> {
        let contents = Contents::of(&column)?;
        let design = options.design(&column, &contents, metric)?;
        refuse_unsound(&column, &design)?;
        let machine = Machine::look()?;
        let size = Size::of(&column, &contents, metric, &design);
        let may_share = column.version.builds_in_parallel(design.am());
        let needed = size.memory(&design);
        let resources = Resources::new(needed, options, &machine, may_share)?;
        let name = index_name(&column, options, names)?;
        let sql = design.create(&column, metric, Some(&name));
        let name = QualifiedName { schema: column.relation.schema.clone(), name };
        let expected = resources.slowed(size.seconds(&design, resources.processes()));
        Ok(Self { column, metric, design, contents, resources, name, sql, expected })
    }

    /// Says what is to be expected; warns of what is known to go wrong.
    pub fn announce(&self) {
        let (vectors, memory) = (self.contents.eligible(self.metric), self.resources.memory >> 20);
        let (name, processes) = (self.name.name.quoted(), self.resources.processes());
        pgrx::notice!(
            "building index {name} of {vectors} vectors: {memory} MB of memory, processes: {processes}, about {:.0} s; pg_stat_progress_create_index shows how far it is",
            self.expected.ceil()
        );
        if let Some(left_out) = self.contents.left_out(self.metric) {
            pgrx::notice!("the index does not find all rows: {left_out}");
        }
        if let Some(faults) = self.column.version.faults(self.design.am()) {
            let message = format!("pgvector {} has known faults", self.column.version);
            let hint = "Update pgvector to 0.8.4 or later, and REINDEX.";
            warn(message, &faults, hint);
        }
        if let Some(detail) = self.resources.shortage() {
            let message = format!("the memory for index {name} is not enough");
            let hint = "Build it where more memory is free, or set options.memory.";
            warn(message, &detail, hint);
        }
    }

    /// Runs a closure with the settings of the build.
    pub fn with_settings<T>(&self, run: impl FnOnce() -> Result<T>) -> Result<T> {
        guc::with_all(&self.resources.settings(), run)
    }

    /// Builds it.
    pub fn run(self) -> Result<Built> {
        self.announce();
        let began = Instant::now();
        self.with_settings(|| spi::execute(&self.sql))?;
        self.done(began.elapsed().as_secs_f64())
    }

    /// Records that it was built.
    pub fn done(self, seconds: f64) -> Result<Built> {
        let missing = || Error::new("XX000", format!("index {} expected", self.name.quoted()));
        let oid = facts::relation_oid(&self.name)?.ok_or_else(missing)?;
        let settings = self.settings();
        let details = json!({"index": self.name.quoted(), "sql": self.sql, "settings": settings});
        let measured =
            self.column.measurement(Kind::Build, "build_seconds", Some(seconds), details);
        measurements::record(&[measured])?;
        Ok(Built { oid, sql: self.sql, settings, seconds })
    }

    fn settings(&self) -> Value {
        let mut settings = json!({
            "am": self.design.am().name(),
            "metric": self.metric.name(),
            "operator_class": self.design.operator_class(&self.column, self.metric),
            "expression": self.design.expression(&self.column),
            "vectors": self.contents.eligible(self.metric),
            "build_memory": self.resources.needed,
            "maintenance_work_mem": self.resources.memory,
            "max_parallel_maintenance_workers": self.resources.workers,
            "expected_seconds": self.expected,
        });
        let more = match self.design.method {
            Method::Hnsw { m, ef_construction, ef_search } => {
                json!({"m": m, "ef_construction": ef_construction, "hnsw.ef_search": ef_search})
            }
            Method::Ivfflat { lists, probes } => json!({"lists": lists, "ivfflat.probes": probes}),
        };
        if let (Some(settings), Value::Object(more)) = (settings.as_object_mut(), more) {
            settings.extend(more);
        }
        settings
    }
}

/// A version that cannot build it, or builds what is damaged.
fn refuse_unsound(column: &Column, design: &Design) -> Result<()> {
    let (version, am) = (column.version, design.am());
    match version.has(am) {
        true => Ok(()),
        false => Err(Error::new("0A000", format!("pgvector {version} has no {}", am.name()))
            .hint("Update pgvector to 0.8.4 or later.")),
    }
}

fn index_name(column: &Column, options: &Options, names: &mut Names) -> Result<Ident> {
    match &options.name {
        Some(name) => Ok(Ident::new(name)?),
        None => Ok(names.index(&column.relation.name, std::slice::from_ref(&column.name))),
    }
}

impl Options {
    /// What is recommended, but for what was said.
    fn design(&self, column: &Column, contents: &Contents, metric: Metric) -> Result<Design> {
        let am = match self.am.as_deref() {
            None => Am::Hnsw,
            Some(name) => Am::named(name)
                .ok_or_else(|| load::not_one_of("options.am", name, "hnsw, ivfflat"))?,
        };
        if column.dimensions.is_none() && contents.dimensions().is_none() {
            let message =
                format!("the vectors of column {} have no one length", column.name.quoted());
            return Err(Error::new("22023", message)
                .detail(format!("{} of them have between {} and {} dimensions.", contents.vectors,
                    contents.least.unwrap_or(0), contents.most.unwrap_or(0)))
                .hint("An index holds vectors of one length: make one on the cast column, with a condition."));
        }
        let wish = column.wish(contents, metric, self.recall.unwrap_or(0.95), 10);
        let design = wish.design(am).map_err(|reason| Error::new("0A000", reason))?;
        self.replaced(design)
    }
}
