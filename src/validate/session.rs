//! A validation at work: an open source, and one table after the other.

use std::time::Instant;

use migrator_model::{
    SourceName,
    catalog::{Objects, Sequence, Table, TableKind},
    pg_type::Environment,
};

use super::{
    check::{Category, Check, Severity},
    content, fidelity,
    here::Side,
    integrity,
    loaded::Run,
    locate::Search,
    names,
    options::{Level, Wanted},
    pair::{LeftOut, Pair, Sources},
    physical, rows, schema,
    stored::{Expressions, StoredExpressions},
    there::There,
    values::{Line, RowDifference},
};
use crate::{
    ddl::macros::Macros,
    error::{Error, Result},
    load::{Neighbours, Places},
    pg::{self, memory, server, subtransaction, wait},
    source::{
        Depth, Reader,
        named::{self, ResolvedSource},
    },
};

/// An open source.
pub struct Session {
    /// What it is.
    pub source: ResolvedSource,
    /// Its reader.
    pub reader: Reader,
    environment: Environment,
    /// What there is besides tables.
    pub objects: Objects,
    macros: Macros,
}

/// What a validation of one table came to.
pub struct Validated {
    /// The checks, in order.
    pub checks: Vec<Check>,
    /// The rows that differ, as far as they were looked for.
    pub lines: Vec<Line>,
    /// The target, qualified and quoted.
    pub target: String,
    /// The run that has loaded it.
    pub run: Option<Run>,
}

impl Session {
    /// Opens a source.
    pub fn open(source: &str) -> Result<Self> {
        server::require_utf8()?;
        let source = named::resolve(source)?;
        let mut reader = Reader::open(&source, Depth::Database)?;
        let objects = reader.objects()?;
        let macros = Macros::new(&objects.macros);
        Ok(Self { source, reader, environment: pg::types::environment()?, objects, macros })
    }

    /// The table of the source that the run log calls so.
    pub fn recorded(&mut self, shown: &str) -> Result<SourceName> {
        let tables = self.reader.tables()?;
        let found = tables.into_iter().find(|table| table.name.to_string() == shown);
        found.map(|table| table.name).ok_or_else(|| {
            let shown = migrator_model::reject::shown(shown);
            Error::new("42P01", format!("table \"{shown}\" is not in the source"))
        })
    }

    /// A table and its target.
    pub fn pair(&mut self, table: Table, target: Option<&str>, wanted: &Wanted) -> Result<Pair> {
        let Self { source, reader, environment, .. } = self;
        Sources { reader, file: &source.shown, environment, wanted }.pair(table, target)
    }

    /// Validates a table. `places` knows where its neighbours are; None: as a load of this table
    /// alone would find them.
    pub fn validate(
        &mut self,
        pair: &Pair,
        wanted: &Wanted,
        places: Option<&dyn Places>,
    ) -> Result<Validated> {
        let mut work = Work { session: self, pair, wanted, checks: Vec::new(), lines: Vec::new() };
        let home = pair.home()?;
        let neighbours =
            Neighbours { table: &pair.table.name, target: &pair.target.name, home: &home };
        work.schema(places.unwrap_or(&neighbours))?;
        if pair.oid.is_some() {
            work.data()?;
            work.target_alone()?;
        }
        let Work { mut checks, lines, .. } = work;
        checks.retain(|check| wanted.wants(check.name));
        let source = Some(pair.table.name.to_string());
        let target = pair.target.name.quoted();
        for check in &mut checks {
            check.source_name = check.source_name.take().or_else(|| source.clone());
            check.target_name = check.target_name.take().or_else(|| Some(target.clone()));
        }
        Ok(Validated { checks, lines, target, run: pair.run.clone() })
    }
}

impl Session {
    /// The rows that differ, as many as the user wants to see.
    pub fn lines(&mut self, pair: &Pair, wanted: &Wanted) -> Result<Vec<Line>> {
        pair.refuse_hidden()?;
        let side = pair.side(wanted)?;
        let mut search = Search { reader: &mut self.reader, pair, side: &side };
        let (rows, _) = search.all(wanted.limit(), false)?;
        Ok(rows.iter().flat_map(|row| pair.lines(row)).collect())
    }
}

/// One table's validation.
struct Work<'a> {
    session: &'a mut Session,
    pair: &'a Pair,
    wanted: &'a Wanted,
    checks: Vec<Check>,
    lines: Vec<Line>,
}

impl Work<'_> {
    fn add(&mut self, began: Instant, mut checks: Vec<Check>) {
        let seconds = began.elapsed().as_secs_f64() / checks.len().max(1) as f64;
        checks.iter_mut().for_each(|check| check.seconds = seconds);
        self.checks.extend(checks);
    }

    /// What the catalogs say.
    fn schema(&mut self, places: &dyn Places) -> Result<()> {
        let (began, pair) = (Instant::now(), self.pair);
        let stored = match pair.oid.is_some() && pair.table.kind == TableKind::Table {
            true => self.stored(places)?,
            false => StoredExpressions::default(),
        };
        let parents = |name: &SourceName, columns: &[String]| places.table(name, columns);
        let wanted = schema::Wanted {
            table: &pair.table,
            planned: &pair.planned,
            stored: &stored,
            parents: &parents,
        };
        let checks = schema::checks(&wanted, &pair.target);
        self.add(began, checks);
        Ok(())
    }

    fn stored(&self, places: &dyn Places) -> Result<StoredExpressions> {
        let sequences: &[Sequence] = &self.session.objects.sequences;
        let Session { environment, macros, .. } = &*self.session;
        let pair = self.pair;
        memory::briefly(|| {
            Expressions {
                table: &pair.table,
                planned: &pair.planned,
                target: &pair.target,
                sequences,
                macros,
                environment,
                places,
            }
            .stored()
        })
    }

    /// Rows and values.
    fn data(&mut self) -> Result<()> {
        if let Some(reason) = self.pair.hidden()? {
            let check = |name| Check::new(name, Category::Content, Severity::Error).skip(&reason);
            self.checks.push(check(names::ROW_COUNT));
            self.checks.push(check(names::ROW_CHECKSUM));
            return Ok(());
        }
        let side = self.pair.side(self.wanted)?;
        match self.wanted.level {
            Level::Quick => self.count(&side),
            _ if self.pair.columns.is_empty() => self.count(&side),
            _ => self.content(&side),
        }
    }

    fn count(&mut self, side: &Side) -> Result<()> {
        let began = Instant::now();
        let (reader, pair) = (&mut self.session.reader, self.pair);
        let ((read, loaded), here) = There { reader, pair }.count(|| side.count())?;
        let check = content::row_count(pair, read, loaded, here.unsigned_abs());
        self.add(began, vec![check]);
        Ok(())
    }

    fn content(&mut self, side: &Side) -> Result<()> {
        let began = Instant::now();
        let locate = self.wanted.level >= Level::Full || !self.wanted.tolerance.is_empty();
        let mut search = Search { reader: &mut self.session.reader, pair: self.pair, side };
        let partition = locate.then(|| search.partition()).transpose()?;
        let (there, here) = search.sums(partition.as_ref())?;
        let mut checks = content::checks(self.pair, &there, &here);
        checks.extend(self.pair.left_out.iter().map(left_out));
        checks.extend(content::srids(self.pair, side)?);
        let mut located = None;
        if let Some(partition) = partition {
            let sums = (&there.digested, &here);
            located = Some(search.located(&partition, sums, self.wanted.limit(), false)?);
        }
        self.add(began, checks);
        match located {
            Some((rows, complete)) => self.located(&rows, complete),
            None => self.point_to_diff(content::is_same(&there, &here)),
        }
        Ok(())
    }

    /// What the rows that differ say.
    fn located(&mut self, rows: &[RowDifference], complete: bool) {
        let began = Instant::now();
        if complete {
            forgive(&mut self.checks, self.pair, rows);
        }
        self.lines = rows.iter().flat_map(|row| self.pair.lines(row)).collect();
        let mut checks = rows::checks(self.pair, rows, complete);
        if self.wanted.level >= Level::Full {
            checks.extend(fidelity::checks(self.pair, rows, complete));
        }
        self.add(began, checks);
    }

    fn point_to_diff(&mut self, is_same: bool) {
        let row_checksum = self.checks.iter_mut().find(|check| check.name == names::ROW_CHECKSUM);
        if let (false, Some(check)) = (is_same, row_checksum) {
            let note = "level full, or validate_diff(), shows the rows that differ";
            check.note.get_or_insert_with(|| note.to_owned());
        }
    }

    /// What holds within the target, and how it is stored.
    fn target_alone(&mut self) -> Result<()> {
        let Some(oid) = self.pair.oid.filter(|_| self.wanted.level >= Level::Full) else {
            return Ok(());
        };
        wait::interrupts();
        let chosen: Option<Vec<String>> = self.wanted.checks.as_ref().map(|checks| {
            let known = |name: &&String| integrity::names().any(|one| one == name.as_str());
            checks.iter().filter(known).cloned().collect()
        });
        if matches!(self.pair.target.kind.as_deref(), Some("r" | "p" | "m")) {
            let none = serde_json::json!({});
            self.checks.extend(integrity::of_relation(oid, chosen.as_deref(), &none)?);
        }
        let verify = self.wanted.wants_any(&["heap_verify", "btree_verify"]);
        if self.wanted.level == Level::Paranoid && verify {
            let began = Instant::now();
            let checks = physical::checks(self.pair)?;
            self.add(began, checks);
        }
        Ok(())
    }
}

/// A column whose values cannot be compared is no column that was compared.
fn left_out((column, reason): &LeftOut) -> Check {
    let check = Check::new(names::COLUMN_CHECKSUM, Category::Content, Severity::Error);
    check.column(column).skip(reason)
}

/// Where columns have tolerances, sums that differ say nothing: the rows that are left decide.
fn forgive(checks: &mut [Check], pair: &Pair, rows: &[RowDifference]) {
    let tolerant: Vec<_> =
        pair.columns.iter().enumerate().filter(|c| c.1.tolerance.is_some()).collect();
    if tolerant.is_empty() {
        return;
    }
    let same_rows = rows.iter().all(|row| !row.columns.is_empty());
    let is_near = |at: usize| same_rows && rows.iter().all(|row| !row.columns.contains(&at));
    for check in checks.iter_mut().filter(|check| check.status == super::check::Status::Fail) {
        let of_column = |name: &str| tolerant.iter().find(|(_, c)| c.name.as_str() == name);
        let near = match (check.name, check.column_name.as_deref()) {
            (names::ROW_CHECKSUM, _) => rows.is_empty(),
            (_, Some(column))
                if matches!(check.category, Category::Content | Category::Profile) =>
            {
                of_column(column).is_some_and(|(at, _)| is_near(*at))
            }
            _ => false,
        };
        if near {
            *check = check.clone().holds(true).note("within the tolerance");
        }
    }
}

/// Runs one table's part of several: its error is its verdict, unless it must end all.
pub fn attempt(name: &SourceName, run: impl FnOnce() -> Result<Validated>) -> Result<Validated> {
    match subtransaction::attempt(run) {
        Err(error) if !error.is_fatal() => {
            let check = Check::new("table_exists", Category::Schema, Severity::Error);
            let check = Check { source_name: Some(name.to_string()), ..check.failed(&error) };
            Ok(Validated {
                checks: vec![check],
                lines: Vec::new(),
                target: String::new(),
                run: None,
            })
        }
        other => other,
    }
}
