//! What holds an expression: checks and defaults.

use migrator_model::{
    Ident,
    catalog::{Constraint, Table},
    reject::shown,
};

use super::{super::plan::PlannedColumn, PostData};
use crate::{
    ddl::{
        Kind, constraint,
        expression::{self, Column, Context, Purpose},
    },
    error::Result,
    steps::{Original, Verdict},
};

impl PostData<'_> {
    /// An expression in PostgreSQL's words, or why there is none.
    pub(super) fn translate(
        &self,
        sql: &str,
        purpose: Purpose<'_>,
    ) -> std::result::Result<String, String> {
        let columns = columns(self.table, self.planned, self.columns);
        let sequences = |name: &str| self.sequence(name).map(|(_, target)| target);
        let environment = self.environment;
        let context = Context::of_table(&columns, &sequences, self.macros, environment, purpose);
        let translated = expression::translate(sql, &context);
        translated.map(|translated| translated.sql).map_err(|refused| refused.reason)
    }

    /// CHECK constraints.
    pub fn checks(&mut self) -> Result<()> {
        for constraint in &self.table.constraints {
            if let Constraint::Check(sql) = constraint {
                self.check(sql)?;
            }
        }
        Ok(())
    }

    fn check(&mut self, sql: &str) -> Result<()> {
        let part = shown(sql);
        let translated = match self.translate(sql, Purpose::Check) {
            Ok(translated) => translated,
            Err(reason) => {
                let what = format!("check constraint {part}");
                let about = self.about(Kind::Check, &part, None, &what);
                let original = Original { column: None, text: format!("CHECK ({sql})") };
                let table = &self.table.name;
                return self.steps.manual_part(about, table, original, &reason).map(|_| ());
            }
        };
        let name = self.names.check(&self.name.name, &[]);
        let statement = constraint::check(self.name, &name, &translated);
        let about = self.about(Kind::Check, &part, Some(&name), &statement.what);
        self.steps.run(about, &statement, Verdict::Translated, &[]).map(|_| ())
    }

    /// DEFAULT expressions, with the sequences that they need.
    pub fn defaults(&mut self) -> Result<()> {
        for (planned, ident) in self.planned.iter().zip(self.columns) {
            let source = &self.table.columns[planned.source];
            if let Some(sql) = source.default.as_ref().filter(|_| planned.scan.field.is_none()) {
                self.default(planned, ident, sql)?;
            }
        }
        Ok(())
    }

    fn default(&mut self, planned: &PlannedColumn, ident: &Ident, sql: &str) -> Result<()> {
        let source = &self.table.columns[planned.source];
        let what = format!("default of column {}", ident.quoted());
        let about = self.about(Kind::Default, &source.name, Some(ident), &what);
        let owned = self.make_sequence(sql)?;
        let purpose = Purpose::Default { logical: &source.logical, pg: &planned.mapping.pg };
        let translated = match self.translate(sql, purpose) {
            Ok(translated) => translated,
            Err(reason) => {
                let column = Some(source.name.clone());
                let original = Original { column, text: format!("DEFAULT {sql}") };
                let table = &self.table.name;
                return self.steps.manual_part(about, table, original, &reason).map(|_| ());
            }
        };
        let statement = constraint::default(self.name, ident, &translated);
        let made = self.steps.run(about, &statement, Verdict::Translated, &[])?;
        match owned.filter(|_| made) {
            Some(sequence) => self.own_sequence(&sequence, ident),
            None => Ok(()),
        }
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
        collation: table.columns[planned.source].collation.as_deref(),
    };
    whole.map(column).collect()
}
