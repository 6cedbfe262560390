//! Tables: planned all together, created, loaded one by one, and given their keys.

use std::time::Instant;

use migrator_model::{
    Ident, QualifiedName, SourceName,
    catalog::{Table, TableKind},
    ident::literal,
};

use super::Migration;
use crate::{
    ddl::{Kind, expression::Column},
    error::{Error, Result},
    load::{
        self, Job, LoadOptions, Mode, NewTable, PlannedColumn, PostData, Target,
        generated_differences, length_notes, load_warnings,
    },
    pg::{memory, spi, subtransaction},
    steps::{About, Step, Verdict, reason},
};

/// A table on its way.
pub(super) struct Planned {
    table: Table,
    options: LoadOptions,
    columns: Vec<PlannedColumn>,
    idents: Vec<Ident>,
    name: QualifiedName,
    /// Where its rows go, once it is made.
    target: Option<Target>,
}

impl Planned {
    /// The source table.
    pub(super) fn source(&self) -> &Table {
        &self.table
    }

    /// Source, name here and columns, where it was made.
    pub(super) fn made(&self) -> Option<(&Table, &QualifiedName, Vec<Column<'_>>)> {
        self.target.as_ref()?;
        Some((&self.table, &self.name, load::columns(&self.table, &self.columns, &self.idents)))
    }
}

impl Migration<'_> {
    /// Decides what every column of every table becomes. What stands against it is told at once.
    pub(super) fn plan_tables(&mut self) -> Result<()> {
        let mut problems = Vec::new();
        for table in self.chosen_of(TableKind::Table) {
            let planned = memory::briefly(|| self.plan_table(&table.name));
            match planned {
                Ok(planned) => self.tables.push(planned),
                Err(error) if self.options.keep_going && !error.is_fatal() => {
                    self.give_up(&table.name, &error)?
                }
                Err(error) if error.is_fatal() => return Err(error),
                Err(error) => problems.push((table.name, error)),
            }
        }
        all_problems(problems)
    }

    fn plan_table(&mut self, name: &SourceName) -> Result<Planned> {
        let table = self.reader.describe(name)?;
        self.naming.count_users(&table);
        let options = self.options.of_table(name);
        let mut job = Job {
            reader: &mut self.reader,
            table: &table,
            options: &options,
            environment: &self.environment,
        };
        let mut columns = job.plan()?;
        job.profile(&mut columns)?;
        let names: Vec<_> = columns.iter().map(|column| column.name.clone()).collect();
        let idents = self.naming.columns(name, &names)?;
        let place = self.naming.place(name).cloned();
        let place = place.ok_or_else(|| Error::new("XX000", "a table without a name"))?;
        Ok(Planned { table, options, columns, idents, name: place, target: None })
    }

    /// A table that cannot be made: what belongs to it is left out, too.
    fn give_up(&mut self, name: &SourceName, error: &Error) -> Result<()> {
        self.naming.forget(name);
        let what = format!("table \"{name}\"");
        let about = About { kind: Kind::Table, source: name.to_string(), target: None, what };
        let note = Some(reason(error));
        let verdict = Verdict::Failed;
        self.steps.push(Step { about, verdict, sql: None, rows: None, seconds: 0.0, note })?;
        Ok(())
    }

    /// CREATE TABLE for each.
    pub(super) fn create_tables(&mut self) -> Result<()> {
        for at in 0..self.tables.len() {
            let made = match self.options.keep_going {
                true => subtransaction::attempt(|| self.create_table(at)),
                false => self.create_table(at),
            };
            match made {
                Ok(target) => self.tables[at].target = Some(target),
                Err(error) if self.options.keep_going && !error.is_fatal() => {
                    let name = self.tables[at].table.name.clone();
                    self.give_up(&name, &error)?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn create_table(&mut self, at: usize) -> Result<Target> {
        let Planned { table, columns, idents, name, .. } = &mut self.tables[at];
        let before = self.steps.list.len();
        NewTable {
            source: table,
            name,
            columns: idents.clone(),
            planned: columns,
            environment: &self.environment,
            macros: &self.macros,
            known: &mut self.known,
            steps: &mut self.steps,
        }
        .create()?;
        self.note_plan(at, before)
    }

    /// Adds to the table's step what had to be called otherwise and which types have no dimensions,
    /// and hands the target back.
    fn note_plan(&mut self, at: usize, before: usize) -> Result<Target> {
        let Planned { table, columns, idents, name, .. } = &self.tables[at];
        let mut notes = Vec::new();
        if table.name.name != name.name.as_str() {
            notes.push(format!("renamed from \"{}\"", table.name.name));
        }
        for (column, ident) in columns.iter().zip(idents) {
            if column.name != ident.as_str() {
                notes.push(format!("column {} renamed from \"{}\"", ident.quoted(), column.name));
            }
        }
        notes.extend(length_notes(columns));
        let mut steps = self.steps.list[before..].iter_mut();
        if let Some(step) = steps.find(|step| step.about.kind == Kind::Table)
            && !notes.is_empty()
        {
            step.note = Some(notes.join("; "));
        }
        Target::existing_table(name, idents.clone())
    }

    /// Rows, keys and indexes, table by table.
    pub(super) fn load_tables(&mut self, data: bool) -> Result<()> {
        for at in 0..self.tables.len() {
            if self.tables[at].target.is_none() {
                continue;
            }
            if data && !memory::briefly(|| self.load_table(at))? {
                continue;
            }
            self.with(at, |data| {
                data.keys()?;
                data.indexes()?;
                data.vector_indexes()
            })?;
        }
        Ok(())
    }

    /// Moves the rows of one table. False: it failed, and the run goes on.
    fn load_table(&mut self, at: usize) -> Result<bool> {
        let began = Instant::now();
        let moved = match self.options.keep_going {
            true => subtransaction::attempt(|| self.transfer(at)),
            false => self.transfer(at),
        };
        let (verdict, rows, note) = match moved {
            Ok((rows, warnings)) => {
                let note = Some(warnings.join("; ")).filter(|note| !note.is_empty());
                (Verdict::Done, Some(rows), note)
            }
            Err(error) if self.options.keep_going && !error.is_fatal() => {
                (Verdict::Failed, None, Some(reason(&error)))
            }
            Err(error) => return Err(error),
        };
        let (about, sql) = (self.about_data(at), Some(self.equivalent(at)));
        let seconds = began.elapsed().as_secs_f64();
        self.steps.push(Step { about, verdict, sql, rows, seconds, note })
    }

    fn transfer(&mut self, at: usize) -> Result<(i64, Vec<String>)> {
        let Planned { table, options, columns, target, name, .. } = &mut self.tables[at];
        let (Some(target), Some(rejects)) = (target, &mut self.rejects) else {
            return Err(Error::new("XX000", "a table without a target"));
        };
        rejects.begin_table(&table.name);
        // In a subtransaction of its own only a table that is emptied there can take pages.
        if options.mode == Mode::Create && target.is_of_another_subtransaction() {
            spi::execute_as_called(&format!("TRUNCATE TABLE {}", name.quoted()))?;
        }
        let method = target.method(Mode::Create, options.more.method)?;
        let mut job =
            Job { reader: &mut self.reader, table, options, environment: &self.environment };
        let (loaded, _) = job.transfer(columns, target, method, rejects)?;
        let mut warnings = load_warnings(table, columns, &loaded);
        warnings.extend(generated_differences(name)?);
        if loaded.rows_rejected > 0 {
            let count = loaded.rows_rejected;
            warnings.push(format!("rejected rows: {count}, see migrator.rejects"));
        }
        let rows = loaded.rows_loaded as i64;
        self.loaded.add(&loaded);
        Ok((rows, warnings))
    }

    fn about_data(&self, at: usize) -> About {
        let Planned { table, name, .. } = &self.tables[at];
        About {
            kind: Kind::Data,
            source: table.name.to_string(),
            target: Some(name.quoted()),
            what: format!("data of {}", name.quoted()),
        }
    }

    /// What a user would call to have only this table loaded.
    fn equivalent(&self, at: usize) -> String {
        let Planned { table, name, .. } = &self.tables[at];
        let quoted = |part: &str| migrator_model::ident::quote(part);
        let schema = table.name.schema.as_deref().map(|schema| quoted(schema) + ".");
        let source = schema.unwrap_or_default() + &quoted(&table.name.name);
        format!(
            "SELECT * FROM migrate_table({}, {}, target => {}, mode => 'append')",
            literal(self.source.named()),
            literal(&source),
            literal(&name.quoted())
        )
    }

    /// CHECK constraints and DEFAULTs.
    pub(super) fn checks_and_defaults(&mut self) -> Result<()> {
        self.each_table(|data| {
            data.checks()?;
            data.defaults()
        })
    }

    /// FOREIGN KEY constraints, when every table is there.
    pub(super) fn foreign_keys(&mut self) -> Result<()> {
        self.each_table(|data| data.foreign_keys())
    }

    /// Statistics.
    pub(super) fn analyze(&mut self) -> Result<()> {
        self.tables
            .iter()
            .filter_map(|planned| planned.target.as_ref())
            .try_for_each(Target::analyze)
    }

    /// Does something for each table that was made.
    pub(super) fn each_table(
        &mut self,
        mut run: impl FnMut(&mut PostData<'_>) -> Result<()>,
    ) -> Result<()> {
        for at in 0..self.tables.len() {
            if self.tables[at].target.is_some() {
                self.with(at, &mut run)?;
            }
        }
        Ok(())
    }

    fn with(&mut self, at: usize, run: impl FnOnce(&mut PostData<'_>) -> Result<()>) -> Result<()> {
        let Planned { table, columns, idents, name, options, .. } = &self.tables[at];
        let schema = name.schema.clone().ok_or_else(|| Error::new("XX000", "schema expected"))?;
        let mut names = self.naming.take_names(&schema)?;
        let mut data = PostData {
            table,
            sequences: &self.objects.sequences,
            macros: &self.macros,
            name,
            planned: columns,
            columns: idents,
            environment: &self.environment,
            places: &self.naming,
            names: &mut names,
            vector_index: options.vector_index.as_ref(),
            steps: &mut self.steps,
        };
        let done = memory::briefly(|| run(&mut data));
        self.naming.give_names(&schema, names);
        done
    }
}

/// One error for all tables that cannot be carried.
fn all_problems(problems: Vec<(SourceName, Error)>) -> Result<()> {
    let mut problems = problems.into_iter();
    let Some((_, first)) = problems.next() else { return Ok(()) };
    let rest: Vec<_> = problems.collect();
    if rest.is_empty() {
        return Err(first);
    }
    let message = format!("{} tables cannot be carried as they are", rest.len() + 1);
    let line = |error: &Error| {
        let detail = error.detail_text().map_or_else(String::new, |detail| format!("\n{detail}"));
        format!("{}.{detail}", error.message())
    };
    let lines: Vec<_> =
        std::iter::once(line(&first)).chain(rest.iter().map(|(_, e)| line(e))).collect();
    let error = Error::new(first.sqlstate(), message).detail(lines.join("\n"));
    Err(match first.hint_text() {
        Some(hint) => error.hint(hint),
        None => error,
    })
}
