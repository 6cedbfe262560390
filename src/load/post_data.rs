//! What comes after the data: keys, indexes, checks, defaults, foreign keys, comments. Each is
//! tried for itself; what cannot be had is a warning, what the data contradicts is an error.

use migrator_model::{
    Ident, QualifiedName, SourceName,
    catalog::{Constraint, Index, Sequence, Table, TableKind},
    pg_type::Environment,
};
use pgrx::datum::DatumWithOid;
use serde::Deserialize;

use super::{duplicates, options::LoadOptions, plan::PlannedColumn};
use crate::{
    ddl::{
        Statement, comment, constraint,
        expression::{self, Column, Context, Purpose},
        index::{self, Part},
        names::Names,
        sequence,
    },
    error::{Error, Result},
    pg::{facts, spi, subtransaction},
};

/// Everything that statements after the data are made from.
pub struct PostData<'a> {
    /// The source table.
    pub table: &'a Table,
    /// The sequences of the file.
    pub sequences: &'a [Sequence],
    /// The target.
    pub name: &'a QualifiedName,
    /// The schema that DuckDB's `main` becomes.
    pub home: &'a Ident,
    /// The columns that were loaded.
    pub planned: &'a [PlannedColumn],
    /// Their names in the target.
    pub columns: &'a [Ident],
    /// Where other extensions' types are.
    pub environment: &'a Environment,
    /// What the user asked for.
    pub options: &'a LoadOptions,
}

/// Makes everything. Returns warnings about what could not be made.
pub fn make(data: &PostData<'_>) -> Result<Vec<String>> {
    if data.table.kind == TableKind::View {
        return Ok(Vec::new());
    }
    let mut maker = Maker { data, names: taken_names(data.name)?, warnings: Vec::new() };
    if data.options.constraints {
        maker.keys()?;
    }
    if data.options.indexes {
        data.table.indexes.iter().try_for_each(|index| maker.index(index))?;
    }
    if data.options.constraints {
        maker.checks()?;
        maker.defaults()?;
        maker.foreign_keys()?;
    }
    maker.comments()?;
    Ok(maker.warnings)
}

/// The names of relations in the target's schema, and of the target's constraints.
fn taken_names(table: &QualifiedName) -> Result<Names> {
    #[derive(Deserialize)]
    struct Taken {
        name: String,
    }
    let schema = table.schema.as_ref().map(ToString::to_string);
    let arguments = [DatumWithOid::from(schema), DatumWithOid::from(table.quoted())];
    let sql = "SELECT c.relname::text AS name FROM pg_class c
                 JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1
               UNION SELECT conname::text FROM pg_constraint WHERE conrelid = to_regclass($2)";
    let taken = spi::rows::<Taken>(sql, &arguments)?;
    Ok(Names::with(taken.into_iter().map(|taken| taken.name)))
}

struct Maker<'a> {
    data: &'a PostData<'a>,
    names: Names,
    warnings: Vec<String>,
}

impl Maker<'_> {
    /// Names what could not be made; under `options.strict` that ends the load.
    fn warn(&mut self, what: &str, reason: &str) -> Result<()> {
        let warning = format!("{what} was not made: {reason}");
        if self.data.options.more.strict {
            return Err(Error::new("0A000", warning));
        }
        self.warnings.push(warning);
        Ok(())
    }

    /// Tries a statement. `fatal` are the SQLSTATEs that mean that the data contradicts it.
    fn attempt(&mut self, statement: &Statement, fatal: &[&str]) -> Result<bool> {
        match subtransaction::attempt(|| spi::execute(&statement.sql)) {
            Ok(done) => done.map(|()| true),
            Err(error) if fatal.contains(&error.sqlstate()) => Err(error),
            Err(error) => {
                let detail = error.detail_text().map_or_else(String::new, |d| format!(" ({d})"));
                let reason = format!("{}{detail}", error.message());
                self.warn(&statement.what, &reason).map(|()| false)
            }
        }
    }

    /// The target's names of source columns; None when one was not loaded as it is.
    fn idents(&self, names: &[String]) -> Option<Vec<Ident>> {
        names.iter().map(|name| self.ident(name)).collect()
    }

    fn ident(&self, name: &str) -> Option<Ident> {
        let at = self.data.planned.iter().position(|planned| {
            planned.scan.field.is_none() && planned.scan.name.to_lowercase() == name.to_lowercase()
        });
        at.and_then(|at| self.data.columns.get(at)).cloned()
    }

    fn keys(&mut self) -> Result<()> {
        for constraint in &self.data.table.constraints {
            let (columns, primary) = match constraint {
                Constraint::PrimaryKey(columns) => (columns, true),
                Constraint::Unique(columns) => (columns, false),
                _ => continue,
            };
            let kind = if primary { "primary key" } else { "unique constraint" };
            let Some(idents) = self.idents(columns) else {
                let what = format!("{kind} ({})", columns.join(", "));
                self.warn(&what, "not all of its columns are loaded")?;
                continue;
            };
            self.key(&idents, primary)?;
        }
        Ok(())
    }

    fn key(&mut self, columns: &[Ident], primary: bool) -> Result<()> {
        let table = self.data.name;
        let statement = if primary {
            constraint::primary_key(table, &self.names.primary_key(&table.name), columns)
        } else {
            constraint::unique(table, &self.names.unique(&table.name, columns), columns)
        };
        let list: Vec<_> = columns.iter().map(Ident::quoted).collect();
        self.attempt_unique(&statement, &list)
    }

    /// A key or unique index; duplicates are an error that shows some.
    fn attempt_unique(&mut self, statement: &Statement, keys: &[String]) -> Result<()> {
        match self.attempt(statement, &["23505"]) {
            Err(error) if error.sqlstate() == "23505" => {
                Err(duplicates::explain(self.data.name, &statement.what, keys)?.unwrap_or(error))
            }
            other => other.map(|_| ()),
        }
    }

    fn index(&mut self, source: &Index) -> Result<()> {
        let what = format!("index \"{}\"", source.name);
        let parts = match self.parts(source) {
            Ok(parts) => parts,
            Err(reason) => return self.warn(&what, &reason),
        };
        let name = Ident::clipped(&source.name)?;
        // An index's name is one of the schema's, where another table may have taken it.
        let name =
            if self.names.take(&name) { name } else { self.names.index(&self.data.name.name, &[]) };
        let statement = match index::create_index(self.data.name, &name, source, &parts) {
            Ok(statement) => statement,
            Err(refused) => return self.warn(&what, &refused.reason),
        };
        let keys: Vec<_> = parts.iter().map(part_sql).collect();
        self.attempt_unique(&statement, &keys)?;
        match &source.comment {
            Some(text) => {
                let index = QualifiedName { schema: self.data.name.schema.clone(), name };
                self.comment(comment::Target::Index(&index), text)
            }
            None => Ok(()),
        }
    }

    fn parts(&self, source: &Index) -> std::result::Result<Vec<Part>, String> {
        let part = |sql: &String| match expression::only_column(sql) {
            Some(column) => {
                let ident = self.ident(&column);
                ident.map(Part::Column).ok_or_else(|| format!("column \"{column}\" is not loaded"))
            }
            None => self.translate(sql, Purpose::Index).map(Part::Expression),
        };
        source.expressions.iter().map(part).collect()
    }

    fn translate(&self, sql: &str, purpose: Purpose<'_>) -> std::result::Result<String, String> {
        let columns = columns(self.data.table, self.data.planned, self.data.columns);
        let sequences = |name: &str| self.sequence(name).map(|(_, target)| target);
        let context = Context {
            columns: &columns,
            sequences: &sequences,
            environment: self.data.environment,
            purpose,
        };
        let translated = expression::translate(sql, &context);
        translated.map(|translated| translated.sql).map_err(|refused| refused.reason)
    }

    fn checks(&mut self) -> Result<()> {
        for constraint in &self.data.table.constraints {
            let Constraint::Check(sql) = constraint else { continue };
            let what = format!("check constraint {}", migrator_model::reject::shown(sql));
            match self.translate(sql, Purpose::Check) {
                Ok(translated) => {
                    let name = self.names.check(&self.data.name.name, &[]);
                    let statement = constraint::check(self.data.name, &name, &translated);
                    self.attempt(&statement, &[])?;
                }
                Err(reason) => self.warn(&what, &reason)?,
            }
        }
        Ok(())
    }

    fn defaults(&mut self) -> Result<()> {
        for (planned, ident) in self.data.planned.iter().zip(self.data.columns) {
            let source = &self.data.table.columns[planned.source];
            let Some(sql) = source.default.as_ref().filter(|_| planned.scan.field.is_none()) else {
                continue;
            };
            let what = format!("default of column {}", ident.quoted());
            let owned = self.make_sequence(sql)?;
            let purpose = Purpose::Default { logical: &source.logical, pg: &planned.mapping.pg };
            match self.translate(sql, purpose) {
                Ok(translated) => {
                    let statement = constraint::default(self.data.name, ident, &translated);
                    let made = self.attempt(&statement, &[])?;
                    if let Some(sequence) = owned.filter(|_| made) {
                        let owned_by = sequence::owned_by(&sequence, self.data.name, ident);
                        self.attempt(&owned_by, &[])?;
                    }
                }
                Err(reason) => self.warn(&what, &reason)?,
            }
        }
        Ok(())
    }

    /// A sequence of the source by the argument of nextval, and its name here.
    fn sequence(&self, name: &str) -> Option<(&Sequence, QualifiedName)> {
        let wanted = SourceName::parse(name).ok()?;
        let schema = wanted.schema.as_deref().unwrap_or("main").to_lowercase();
        let found = self.data.sequences.iter().find(|sequence| {
            let own = sequence.name.schema.as_deref().unwrap_or("main");
            own.to_lowercase() == schema
                && sequence.name.name.to_lowercase() == wanted.name.to_lowercase()
        })?;
        Some((found, self.here(&found.name).ok()?))
    }

    /// Where an object of the source is here: its table's schema for its table's schema.
    fn here(&self, source: &SourceName) -> Result<QualifiedName> {
        let name = Ident::new(&source.name)?;
        let schema = match &source.schema {
            schema if *schema == self.data.table.name.schema => self.data.name.schema.clone(),
            Some(other) if other != "main" => Some(Ident::new(&other.replace('.', "_"))?),
            _ => Some(self.data.home.clone()),
        };
        Ok(QualifiedName { schema, name })
    }

    /// Makes the sequence that a default takes its values from, unless it is there. Returns the
    /// one that was made and that nothing but this column uses.
    fn make_sequence(&mut self, default: &str) -> Result<Option<QualifiedName>> {
        let Some(argument) = expression::only_nextval(default) else { return Ok(None) };
        let Some((source, target)) = self.sequence(&argument) else { return Ok(None) };
        let source = source.clone();
        if facts::relation_oid(&target)?.is_some() {
            return Ok(None);
        }
        let statement = match sequence::create_sequence(&target, &source) {
            Ok(statement) => statement,
            Err(refused) => {
                let what = format!("sequence {}", target.name.quoted());
                return self.warn(&what, &refused.reason).map(|()| None);
            }
        };
        if !self.attempt(&statement, &[])? {
            return Ok(None);
        }
        if let Some(setval) = sequence::setval(&target, &source) {
            self.attempt(&setval, &[])?;
        }
        if let Some(text) = &source.comment {
            self.comment(comment::Target::Sequence(&target), text)?;
        }
        let same_schema = target.schema == self.data.name.schema;
        Ok(Some(target).filter(|_| same_schema))
    }

    fn foreign_keys(&mut self) -> Result<()> {
        for constraint in &self.data.table.constraints {
            let Constraint::ForeignKey { columns, table, referenced } = constraint else {
                continue;
            };
            let what = format!("foreign key ({}) to \"{table}\"", columns.join(", "));
            let Some(idents) = self.idents(columns) else {
                self.warn(&what, "not all of its columns are loaded")?;
                continue;
            };
            let parent = match table == &self.data.table.name {
                true => self.data.name.clone(),
                false => self.here(table)?,
            };
            if facts::relation_oid(&parent)?.is_none() {
                self.warn(&what, &format!("table {} does not exist", parent.quoted()))?;
                continue;
            }
            let referenced = referenced
                .iter()
                .map(|name| Ident::new(name))
                .collect::<std::result::Result<Vec<_>, _>>()?;
            let name = self.names.foreign_key(&self.data.name.name, &idents);
            let statement =
                constraint::foreign_key(self.data.name, &name, &idents, &parent, &referenced);
            self.attempt(&statement, &["23503"])?;
        }
        Ok(())
    }

    fn comments(&mut self) -> Result<()> {
        if let Some(text) = &self.data.table.comment {
            self.comment(comment::Target::Table(self.data.name), text)?;
        }
        for (planned, ident) in self.data.planned.iter().zip(self.data.columns) {
            let text = &self.data.table.columns[planned.source].comment;
            if let Some(text) = text.as_ref().filter(|_| planned.scan.field.is_none()) {
                self.comment(comment::Target::Column(self.data.name, ident), text)?;
            }
        }
        Ok(())
    }

    fn comment(&mut self, target: comment::Target<'_>, text: &str) -> Result<()> {
        match comment::comment_on(target, text) {
            Ok(statement) => self.attempt(&statement, &[]).map(|_| ()),
            Err(refused) => self.warn("comment", &refused.reason),
        }
    }
}

fn part_sql(part: &Part) -> String {
    match part {
        Part::Column(column) => column.quoted(),
        Part::Expression(expression) => format!("({expression})"),
    }
}

/// The columns that an expression may name.
pub fn columns<'a>(
    table: &'a Table,
    planned: &'a [PlannedColumn],
    idents: &'a [Ident],
) -> Vec<Column<'a>> {
    let whole = planned.iter().zip(idents).filter(|(planned, _)| planned.scan.field.is_none());
    let column = |(planned, ident): (&'a PlannedColumn, &'a Ident)| Column {
        source: &planned.scan.name,
        ident,
        logical: &planned.scan.logical,
        pg: &planned.mapping.pg,
        generated: table.columns[planned.source].generated.is_some(),
    };
    whole.map(column).collect()
}
