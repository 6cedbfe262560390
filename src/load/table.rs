//! One table on its way: planned, profiled, transferred. `migrate_table` does it once,
//! `migrate_database` for every table.

use migrator_model::{
    PgType, SourceName,
    catalog::Table,
    layout::{Attribute, Target as ColumnTarget},
    pg_type::Environment,
    policy::{Losses, NulBytes, OnError},
    protocol::{Done, Scan, ScanColumn},
    rules,
};

use super::{
    copy, normalize,
    options::{Arguments, LoadOptions, OnLossy, StructAs},
    outcome::{Loaded, Method},
    plan::{self, PlannedColumn},
    rejects::Rejects,
    target::Target,
};
use crate::{
    error::{Error, Result},
    pg::{guc, server, types},
    source::{Event, Reader},
};

/// A table of an open source, and how it is wanted.
pub struct Job<'j> {
    /// The source.
    pub reader: &'j mut Reader,
    /// The table.
    pub table: &'j Table,
    /// What the user asked for.
    pub options: &'j LoadOptions,
    /// Where other extensions' types are.
    pub environment: &'j Environment,
}

impl Job<'_> {
    /// The columns with the types that were asked for.
    pub fn plan(&self) -> Result<Vec<PlannedColumn>> {
        let mut planned = plan::columns(self.table, self.options)?;
        if self.options.more.structs == StructAs::Composite {
            plan::composites(&mut planned, self.environment)?;
        }
        for (name, type_name) in &self.options.column_types {
            let column = plan::named(self.table, &mut planned, name, "column_types")?;
            if column.fixed && self.options.more.structs != StructAs::Composite {
                return Err(plan::named_twice(&column.name, "column_types"));
            }
            column.fix(asked(type_name)?)?;
        }
        normalize::mark(self.table, &mut planned, &self.options.more.normalize)?;
        plan::rename(self.table, &mut planned, &self.options.more.rename)?;
        Ok(planned)
    }

    /// Decides types and fidelity, with a look at the data of the columns where that matters.
    pub fn profile(&mut self, planned: &mut [PlannedColumn]) -> Result<()> {
        self.measure(planned)?;
        let looked_at: Vec<usize> = (0..planned.len())
            .filter(|at| planned[*at].depends_on_data(self.environment))
            .collect();
        let losses = self.count_losses(planned, &looked_at)?;
        for (at, column) in planned.iter_mut().enumerate() {
            let none = Losses::default();
            let position = looked_at.iter().position(|looked| *looked == at);
            let losses = position.and_then(|position| losses.get(position)).unwrap_or(&none);
            column.settle(self.environment, losses);
        }
        normalize::check(planned)?;
        plan::check(self.table, planned, self.options.on_lossy)
    }

    fn count_losses(&mut self, planned: &[PlannedColumn], at: &[usize]) -> Result<Vec<Losses>> {
        if at.is_empty() {
            return Ok(Vec::new());
        }
        let chosen: Vec<_> = at.iter().map(|at| planned[*at].clone()).collect();
        let filter = self.options.filter.clone();
        dry_run(self.reader, &self.table.name, &chosen, filter, self.environment)
    }

    /// Moves the rows.
    pub fn transfer(
        &mut self,
        planned: &[PlannedColumn],
        target: &Target,
        method: Method,
        rejects: &mut Rejects,
    ) -> Result<(Loaded, Done)> {
        server::require_utf8()?;
        let scan = Scan {
            table: self.table.name.clone(),
            query: None,
            columns: planned.iter().map(|column| column.scan.clone()).collect(),
            filter: self.options.filter.clone(),
            attributes: target.attributes.clone(),
            on_error: self.options.on_error,
            nul_bytes: self.options.nul_bytes.clone(),
            accept_lossy: self.options.on_lossy == OnLossy::Accept,
            dry_run: false,
            pages: None,
            keep_order: self.options.more.keep_order != Some(false),
        };
        let run = || copy::run(self.reader, scan, target, method, rejects);
        match &self.options.more.wal_compression {
            Some(value) => guc::with("wal_compression", value, run),
            None => run(),
        }
    }
}

/// The type that a user names. To SQL, BIT alone is bit(1): here it is bits of the length that the
/// data has, as vector alone is for vectors.
fn asked(type_name: &str) -> Result<PgType> {
    let pg = types::parse(type_name)?;
    Ok(if is_bare_bit(type_name) { pg.without_length() } else { pg })
}

/// Whether it is BIT without a length, or an array of it.
fn is_bare_bit(type_name: &str) -> bool {
    let brackets = |rest: &str| rest.split_whitespace().collect::<String>().replace("[]", "");
    match type_name.trim().split_at_checked(3) {
        Some((word, rest)) => word.eq_ignore_ascii_case("bit") && brackets(rest).is_empty(),
        None => false,
    }
}

/// What a load lost with consent, and what the target's own triggers and rules have dealt with
/// differently.
pub fn warnings(table: &Table, planned: &[PlannedColumn], loaded: &Loaded) -> Vec<String> {
    let mut warnings = Vec::new();
    for column in planned {
        let source = table.columns.get(column.source);
        if let Some(note) = source.and_then(|source| source.collation_note()) {
            warnings.push(format!("column \"{}\": {note}", column.name));
        }
    }
    for (column, losses) in planned.iter().zip(&loaded.losses) {
        for (loss, count) in losses.iter() {
            warnings.push(format!("column \"{}\": {count} values lost {loss}", column.name));
        }
    }
    let sent = loaded.rows_read.saturating_sub(loaded.rows_rejected);
    if sent != loaded.rows_loaded {
        let inserted = loaded.rows_loaded;
        warnings.push(format!(
            "{inserted} of {sent} rows were inserted: triggers or rules of the target took the others"
        ));
    }
    warnings
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
        query: None,
        // What scaling changes is no loss to ask about.
        columns: planned
            .iter()
            .map(|c| ScanColumn { normalize: false, ..c.scan.clone() })
            .collect(),
        filter,
        attributes: planned.iter().enumerate().map(attribute).collect(),
        on_error: OnError::Reject,
        nul_bytes: NulBytes::Error,
        accept_lossy: false,
        dry_run: true,
        pages: None,
        keep_order: true,
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
    let arguments = Arguments::empty();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_without_a_length_are_known_by_their_name() {
        for name in ["bit", " BIT ", "bit[]", "Bit [ ] []"] {
            assert!(is_bare_bit(name), "{name}");
        }
        for name in ["bit(1)", "bit varying", "bit(3)[]", "\"bit\"", "bi", "bits", "éé"] {
            assert!(!is_bare_bit(name), "{name}");
        }
    }
}
