//! What comes after the data of a table: keys, indexes, checks, defaults, foreign keys, comments.
//! Each is a step of its own; what the data contradicts is an error that shows the data.

mod expressions;
mod keys;
mod sequences;
mod vectors;

use migrator_model::{
    Ident, QualifiedName, SourceName,
    catalog::{Constraint, Sequence, Table},
    pg_type::Environment,
};
use pgrx::datum::DatumWithOid;
use serde::Deserialize;

pub use self::{expressions::columns, sequences::make as make_sequence};
use super::plan::PlannedColumn;
use crate::{
    ddl::{Kind, comment, constraint, macros::Macros, names::Names},
    error::Result,
    index::vector::BuildOptions,
    pg::spi,
    steps::{About, Original, Steps, Verdict},
};

/// Where objects of the source are here.
pub trait Places {
    /// A table, with the names of some of its columns.
    fn table(&self, name: &SourceName, columns: &[String]) -> Option<(QualifiedName, Vec<Ident>)>;
    /// A sequence.
    fn sequence(&self, name: &SourceName) -> Option<QualifiedName>;
    /// Whether a sequence that is here already serves one column only.
    fn serves_one_column(&self, name: &SourceName) -> bool;
}

/// A table whose data is here, and what is made for it.
pub struct PostData<'a> {
    /// The source table.
    pub table: &'a Table,
    /// The sequences of the file.
    pub sequences: &'a [Sequence],
    /// The macros of the file.
    pub macros: &'a Macros,
    /// The target.
    pub name: &'a QualifiedName,
    /// The columns that were loaded.
    pub planned: &'a [PlannedColumn],
    /// Their names in the target.
    pub columns: &'a [Ident],
    /// Where other extensions' types are.
    pub environment: &'a Environment,
    /// Where everything else is.
    pub places: &'a dyn Places,
    /// The names in the target's schema that are taken.
    pub names: &'a mut Names,
    /// The indexes of vectors that were asked for.
    pub vector_index: Option<&'a BuildOptions>,
    /// The report.
    pub steps: &'a mut Steps,
}

/// The names of relations and constraints in a schema.
pub fn taken_names(schema: &Ident) -> Result<Names> {
    #[derive(Deserialize)]
    struct Taken {
        name: String,
    }
    let argument = [DatumWithOid::from(schema.to_string())];
    let sql = "SELECT c.relname::text AS name FROM pg_class c
                 JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1
               UNION SELECT k.conname::text FROM pg_constraint k
                 JOIN pg_namespace n ON n.oid = k.connamespace WHERE n.nspname = $1";
    let taken = spi::read::<Taken>(sql, &argument)?;
    Ok(Names::with(taken.into_iter().map(|taken| taken.name)))
}

impl PostData<'_> {
    /// The target's names of source columns; None when one was not loaded as it is.
    fn idents(&self, names: &[String]) -> Option<Vec<Ident>> {
        names.iter().map(|name| self.ident(name)).collect()
    }

    fn ident(&self, name: &str) -> Option<Ident> {
        let at = self.planned.iter().position(|planned| {
            planned.scan.field.is_none() && planned.scan.name.eq_ignore_ascii_case(name)
        });
        at.and_then(|at| self.columns.get(at)).cloned()
    }

    /// A step about a part of the table.
    fn about(&self, kind: Kind, part: &str, target: Option<&Ident>, what: &str) -> About {
        let target = target.map(|target| format!("{}.{}", self.name.quoted(), target.quoted()));
        let source = format!("{}.{part}", self.table.name);
        About { kind, source, target, what: what.to_owned() }
    }

    /// FOREIGN KEY constraints, where their tables are here.
    pub fn foreign_keys(&mut self) -> Result<()> {
        for constraint in &self.table.constraints {
            if let Constraint::ForeignKey { columns, table, referenced } = constraint {
                self.foreign_key(columns, table, referenced)?;
            }
        }
        Ok(())
    }

    fn foreign_key(
        &mut self,
        columns: &[String],
        table: &SourceName,
        referenced: &[String],
    ) -> Result<()> {
        let part = format!("({})", columns.join(", "));
        let what = format!("foreign key {part} to \"{table}\"");
        let about = self.about(Kind::ForeignKey, &part, None, &what);
        let Some(idents) = self.idents(columns) else {
            return self.steps.skip(about, "not all of its columns are loaded").map(|_| ());
        };
        let parent = match table == &self.table.name {
            true => self.idents(referenced).map(|idents| (self.name.clone(), idents)),
            false => self.places.table(table, referenced),
        };
        let Some((parent, parent_columns)) = parent else {
            let reason = format!("table \"{table}\" is not here");
            return self.steps.skip(about, &reason).map(|_| ());
        };
        let name = self.names.foreign_key(&self.name.name, &idents);
        let statement =
            constraint::foreign_key(self.name, &name, &idents, &parent, &parent_columns);
        let about = self.about(Kind::ForeignKey, &part, Some(&name), &statement.what);
        self.steps.run(about, &statement, Verdict::Done, &["23503"]).map(|_| ())
    }

    /// COMMENT ON the table and its columns; what PostgreSQL could not say of them is kept there.
    pub fn comments(&mut self) -> Result<()> {
        let originals = self.steps.originals(&self.table.name);
        if let Some(text) = with_originals(self.table.comment.as_deref(), &originals, None) {
            self.comment(comment::Target::Table(self.name), &self.table.name.to_string(), &text)?;
        }
        for (planned, ident) in self.planned.iter().zip(self.columns) {
            let source = &self.table.columns[planned.source];
            if planned.scan.field.is_some() {
                continue;
            }
            let own = source.comment.as_deref();
            if let Some(text) = with_originals(own, &originals, Some(&source.name)) {
                let part = format!("{}.{}", self.table.name, source.name);
                self.comment(comment::Target::Column(self.name, ident), &part, &text)?;
            }
        }
        Ok(())
    }

    fn comment(&mut self, on: comment::Target<'_>, source: &str, text: &str) -> Result<()> {
        comment_on(self.steps, on, source, text)
    }
}

/// The source's comment and, each in a line of its own, what belongs there and is not here.
fn with_originals(
    comment: Option<&str>,
    originals: &[Original],
    column: Option<&str>,
) -> Option<String> {
    let own = originals.iter().filter(|original| original.column.as_deref() == column);
    let lines = own.map(|original| format!("DuckDB: {}", original.text));
    let all: Vec<_> = comment.map(str::to_owned).into_iter().chain(lines).collect();
    (!all.is_empty()).then(|| all.join("\n"))
}

/// COMMENT ON anything.
pub fn comment_on(
    steps: &mut Steps,
    on: comment::Target<'_>,
    source: &str,
    text: &str,
) -> Result<()> {
    let what = "comment".to_owned();
    let about = About { kind: Kind::Comment, source: source.to_owned(), target: None, what };
    match comment::comment_on(on, text) {
        Ok(statement) => {
            let what = statement.what.clone();
            let about = About { target: Some(on.name()), what, ..about };
            steps.run(about, &statement, Verdict::Done, &[]).map(|_| ())
        }
        Err(refused) => steps.manual(about, Some(text), &refused.reason).map(|_| ()),
    }
}
