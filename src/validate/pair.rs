//! A table of the source and its target, column by column.

use migrator_model::{
    Ident, LogicalType, PgType, QualifiedName,
    canonical::{Kind, request::DigestColumn},
    catalog::{Constraint, Table},
    crs::srid_of_crs,
    pg_type::Environment,
    policy::Losses,
    protocol::ScanColumn,
    rules,
};

use super::{
    here::{Column, Side},
    loaded::Run,
    options::{Tolerance, Wanted},
    schema::pairs,
    target_schema::{TargetColumn, TargetSchema},
};
use crate::{
    error::{Error, Result},
    load::{self, Job, LoadOptions, PlannedColumn},
    pg::facts::{self, Facts},
    source::Reader,
};

/// Both sides of a comparison.
pub struct Pair {
    /// The source table.
    pub table: Table,
    /// The target, or what it should be called.
    pub target: TargetSchema,
    /// Its OID; None: it is not there.
    pub oid: Option<u32>,
    /// What a load makes of the source's columns.
    pub planned: Vec<PlannedColumn>,
    /// The columns whose values are compared.
    pub columns: Vec<Compared>,
    /// The others, each with the reason.
    pub left_out: Vec<LeftOut>,
    /// The places of the key's columns among `columns`; empty: there is none.
    pub key: Vec<usize>,
    /// The load's options.
    pub load: LoadOptions,
    /// The load.
    pub run: Option<Run>,
    /// The source's rows that the load has set aside.
    pub without: Vec<i64>,
}

/// A column that is not compared, and why.
pub type LeftOut = (String, String);

/// A column on both sides.
pub struct Compared {
    /// What is read.
    pub scan: ScanColumn,
    /// Its name in the target.
    pub name: Ident,
    /// Its type there.
    pub pg: PgType,
    /// What its values mean there.
    pub kind: Kind,
    /// How far its values may be from the source's.
    pub tolerance: Option<Tolerance>,
}

/// What a pair is made of.
pub struct Sources<'a> {
    /// The source.
    pub reader: &'a mut Reader,
    /// The file, resolved.
    pub file: &'a str,
    /// Where other extensions' types are.
    pub environment: &'a Environment,
    /// What the validation is asked for.
    pub wanted: &'a Wanted,
}

impl Sources<'_> {
    /// Finds the target of a table, by the search path in force, and everything about the two.
    pub fn pair(&mut self, table: Table, target: Option<&str>) -> Result<Pair> {
        let name = name(&table, target)?;
        let oid = facts::relation_oid(&name)?;
        let target = match oid.map(TargetSchema::of).transpose()?.flatten() {
            Some(target) => target,
            None => TargetSchema::missing(load::target_name(&table, target)?),
        };
        let run = self.run(&table, &target.name)?;
        let mut options = run.as_ref().map(|run| run.load_options(&table.name)).transpose()?;
        // What was there before may have come by another filter.
        let is_appended = run.as_ref().is_some_and(|run| run.mode == "append");
        if is_appended && self.wanted.options.run.is_none() {
            options.iter_mut().for_each(|options| options.filter = None);
        }
        let load = self.wanted.as_load(options)?;
        let planned = self.planned(&table, &load)?;
        let (columns, left_out) = compared(&table, &planned, &target)?;
        let without = match &run {
            Some(run) => run.rejects(&table.name)?,
            None => Vec::new(),
        };
        let key = Vec::new();
        let mut pair =
            Pair { table, target, oid, planned, columns, left_out, key, load, run, without };
        pair.take_key(self.wanted.key.as_deref())?;
        pair.take_tolerance(self.wanted)?;
        Ok(pair)
    }

    /// The run whose options and rejects count. One of another content of the file says nothing.
    fn run(&self, table: &Table, target: &QualifiedName) -> Result<Option<Run>> {
        let run = match self.wanted.options.run {
            Some(0) => None,
            Some(run_id) => Some(Run::of(run_id)?),
            None => Run::last(self.file, &table.name, &target.quoted())?,
        };
        let fingerprint = &self.reader.ready().file.fingerprint;
        let other = run.as_ref().filter(|run| !run.is_of_database());
        if let Some(run) = other.filter(|run| run.source_table != table.name.to_string()) {
            let message = format!("run {} has carried table \"{}\"", run.run_id, run.source_table);
            return Err(Error::new("22023", message).detail("It is named in options.run."));
        }
        Ok(run.filter(|run| run.fingerprint == *fingerprint && run.source == self.file))
    }

    fn planned(&mut self, table: &Table, load: &LoadOptions) -> Result<Vec<PlannedColumn>> {
        let reader = &mut *self.reader;
        let job = Job { reader, table, options: load, environment: self.environment };
        let mut planned = job.plan()?;
        for column in &mut planned {
            column.settle(self.environment, &Losses::default());
        }
        Ok(planned)
    }
}

fn name(table: &Table, target: Option<&str>) -> Result<QualifiedName> {
    match (target, table.name.schema.as_deref()) {
        (Some(target), _) => Ok(QualifiedName::parse(target)?),
        (None, None | Some("main")) => {
            Ok(QualifiedName { schema: None, name: Ident::new(&table.name.name)? })
        }
        (None, Some(_)) => load::target_name(table, None),
    }
}

fn compared(
    table: &Table,
    planned: &[PlannedColumn],
    target: &TargetSchema,
) -> Result<(Vec<Compared>, Vec<LeftOut>)> {
    let (mut columns, mut left_out) = (Vec::new(), Vec::new());
    for pair in pairs(table, planned, target) {
        let scan = &pair.planned.scan;
        match pair.column.map(|column| (column, comparable(scan, column))) {
            None => {
                let name = pair.planned.name.clone();
                left_out.push((name, "the target has no such column".to_owned()));
            }
            Some((column, None)) => {
                let what = match scan.normalize {
                    true => "a scaled vector (options.normalize)".to_owned(),
                    false => scan.logical.to_string(),
                };
                let reason = format!("{what} is not compared with {}", column.type_name);
                left_out.push((column.name.clone(), reason));
            }
            Some((column, Some(pg))) => columns.push(Compared {
                scan: scan.clone(),
                name: Ident::new(&column.name)?,
                kind: Kind::of(&pg),
                pg,
                tolerance: None,
            }),
        }
    }
    Ok((columns, left_out))
}

fn comparable(scan: &ScanColumn, column: &TargetColumn) -> Option<PgType> {
    let pg = column.pg.clone().filter(|pg| rules::allows(&scan.logical, pg))?;
    // A load refuses to scale what does not become a vector.
    if scan.normalize && !pg.is_vector() {
        return None;
    }
    // Only a geometry of its own can be asked for its bytes.
    (matches!(pg, PgType::Geometry(_)) || !has_geometry(&pg)).then_some(pg)
}

fn has_geometry(pg: &PgType) -> bool {
    match pg {
        PgType::Geometry(_) => true,
        PgType::Array(element) => has_geometry(element),
        PgType::Composite { attributes, .. } => attributes.iter().any(|(_, pg)| has_geometry(pg)),
        _ => false,
    }
}

impl Pair {
    /// The schema that DuckDB's `main` is here: the target's where the table is one of `main`.
    pub fn home(&self) -> Result<Ident> {
        match (self.table.name.schema.as_deref(), &self.target.name.schema) {
            (None | Some("main"), Some(schema)) => Ok(schema.clone()),
            _ => facts::current_schema(),
        }
    }

    /// Why the target's rows cannot be compared.
    pub fn hidden(&self) -> Result<Option<String>> {
        let Some(oid) = self.oid else { return Ok(None) };
        let facts = Facts::of(oid)?;
        Ok(facts
            .row_security
            .then(|| format!("row-level security applies to {}: rows may be hidden", facts.name)))
    }

    /// Refuses to tell rows that differ where some cannot be seen.
    pub fn refuse_hidden(&self) -> Result<()> {
        match self.hidden()? {
            None => Ok(()),
            Some(reason) => Err(Error::new("42501", "rows cannot be compared")
                .detail(format!("{}.", super::check::sentence(&reason)))),
        }
    }

    /// The SRID of a geometry column, as the source's CRS says; 0 where it does not.
    pub fn srid(&self, column: &Compared) -> i32 {
        match &column.scan.logical {
            LogicalType::Geometry { crs: Some(crs) } => srid_of_crs(crs).unwrap_or(0),
            _ => 0,
        }
    }

    /// The relation here.
    pub fn side(&self, wanted: &Wanted) -> Result<Side> {
        let column = |column: &Compared| Column {
            name: column.name.quoted(),
            kind: column.kind.clone(),
            is_geometry: matches!(column.pg, PgType::Geometry(_)),
        };
        let columns = self.columns.iter().map(column).collect();
        Side::new(self.target.name.quoted(), columns, wanted.options.target_filter.clone())
    }

    /// The columns, as the source is asked for them.
    pub fn digest_columns(&self) -> Vec<DigestColumn> {
        let column = |column: &Compared| DigestColumn {
            scan: column.scan.clone(),
            kind: column.kind.clone(),
            digits: digits(&column.pg),
        };
        self.columns.iter().map(column).collect()
    }

    /// The place of a column, by its name on either side.
    fn place(&self, name: &str) -> Option<usize> {
        let exact = self.columns.iter().position(|column| column.name.as_str() == name);
        let of_source = || self.columns.iter().position(|column| column.scan.name == name);
        let folded = || self.columns.iter().position(|c| c.scan.name.eq_ignore_ascii_case(name));
        exact.or_else(of_source).or_else(folded)
    }

    fn places(&self, names: &[String]) -> Option<Vec<usize>> {
        let places: Option<Vec<_>> = names.iter().map(|name| self.place(name)).collect();
        places.filter(|places| !places.is_empty())
    }

    /// What the user says; else a primary key of either side, or a key of the target without NULL.
    fn take_key(&mut self, wanted: Option<&[String]>) -> Result<()> {
        if self.oid.is_none() {
            return Ok(());
        }
        if let Some(names) = wanted {
            let unknown = names.iter().find(|name| self.place(name).is_none());
            if let Some(name) = unknown {
                return Err(not_compared(name, "key"));
            }
            self.key = self.places(names).unwrap_or_default();
            return Ok(());
        }
        let keys = self.target_keys("p").chain(self.source_key()).chain(self.target_keys("u"));
        let found: Option<Vec<usize>> = keys.filter_map(|names| self.places(&names)).next();
        self.key = found.unwrap_or_default();
        Ok(())
    }

    fn target_keys(&self, kind: &'static str) -> impl Iterator<Item = Vec<String>> {
        let constraints = self.target.constraints.iter();
        let names = constraints.filter(move |one| one.kind == kind).map(|one| one.columns.clone());
        names.filter(|names| names.iter().all(|name| !self.may_be_null(name)))
    }

    fn may_be_null(&self, name: &str) -> bool {
        let column = self.target.columns.iter().find(|column| column.name == name);
        column.is_none_or(|column| !column.not_null)
    }

    fn source_key(&self) -> Option<Vec<String>> {
        self.table.constraints.iter().find_map(|constraint| match constraint {
            Constraint::PrimaryKey(columns) => Some(columns.clone()),
            _ => None,
        })
    }

    fn take_tolerance(&mut self, wanted: &Wanted) -> Result<()> {
        for (name, tolerance) in &wanted.tolerance {
            let place = self.place(name).ok_or_else(|| not_compared(name, "tolerance"))?;
            let column = &mut self.columns[place];
            if !matches!(column.kind, Kind::Float4 | Kind::Float8 | Kind::Numeric | Kind::Vector) {
                let message = format!("column \"{}\" can have no tolerance", column.name);
                return Err(Error::new("42804", message)
                    .detail("Only numbers with a fraction, and vectors of them, can have one."));
            }
            column.tolerance = Some(*tolerance);
        }
        if !wanted.tolerance.is_empty() && self.key.is_empty() && self.oid.is_some() {
            return Err(Error::new("22023", "a tolerance needs a key")
                .detail("Without a key a row that differs cannot be told from another.")
                .hint("Name the key's columns with key."));
        }
        Ok(())
    }
}

fn not_compared(name: &str, argument: &str) -> Error {
    let name = migrator_model::reject::shown(name);
    Error::new("42703", format!("column \"{name}\" is not compared"))
        .detail(format!("It is named in {argument}."))
}

/// Fractional digits of seconds that the type keeps.
fn digits(pg: &PgType) -> Option<u8> {
    match pg.innermost() {
        PgType::Time(digits)
        | PgType::TimeTz(digits)
        | PgType::Timestamp(digits)
        | PgType::TimestampTz(digits) => *digits,
        _ => None,
    }
}
