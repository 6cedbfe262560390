//! A temporary table that takes expressions, to show how the server keeps them.

use migrator_model::{
    Ident, QualifiedName,
    catalog::Index,
    ident::{literal, quote},
};
use serde::Deserialize;

use super::{Stored, Translated, refused};
use crate::{
    ddl::{
        constraint,
        index::{self, Part},
    },
    error::Result,
    pg::{spi, subtransaction},
    validate::target_schema::{INDEXES, IndexPart, TargetColumn, TargetIndex},
};

/// A temporary table with the target's columns.
pub(super) struct Scratch(QualifiedName);

#[derive(Deserialize)]
struct Kept {
    text: Option<String>,
}

impl Scratch {
    /// Names it.
    pub(super) fn new() -> Result<Self> {
        let (schema, name) = (Ident::new("pg_temp")?, Ident::new("migrator_validate_expressions")?);
        Ok(Self(QualifiedName::new(schema, name)))
    }

    /// Makes it, with some of its columns generated.
    pub(super) fn create(
        &self,
        columns: &[TargetColumn],
        generated: &[(usize, &Ident, &str)],
    ) -> Result<()> {
        let line = |column: &TargetColumn| {
            let of = generated.iter().find(|(_, ident, _)| ident.as_str() == column.name);
            let end = of.map_or_else(String::new, |(_, _, sql)| {
                format!(" GENERATED ALWAYS AS ({sql}) STORED")
            });
            let name = quote(&column.name);
            format!("{name} {}{end}", column.type_name)
        };
        let lines: Vec<_> = columns.iter().map(line).collect();
        let name = self.0.quoted();
        spi::execute(&format!("CREATE TEMPORARY TABLE {name} ({})", lines.join(", ")))
    }

    fn regclass(&self) -> String {
        format!("{}::regclass", literal(&self.0.quoted()))
    }

    /// The expression of a column's default, or of the generated column itself.
    pub(super) fn kept_default(&self, column: &Ident) -> Result<Stored> {
        kept(&format!(
            "SELECT pg_get_expr(d.adbin, d.adrelid) AS text FROM pg_attrdef d
               JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
              WHERE d.adrelid = {} AND a.attname = {}",
            self.regclass(),
            literal(column.as_str())
        ))
    }

    /// A default as the server keeps it.
    pub(super) fn default(&self, column: &Ident, sql: &str) -> Result<Stored> {
        let statement = constraint::default(&self.0, column, sql).sql;
        taken(&statement, || self.kept_default(column), sql)
    }

    /// A check as the server keeps it.
    pub(super) fn check(&self, at: usize, sql: &Translated) -> Result<Stored> {
        let sql = match sql {
            Ok(sql) => sql,
            Err(reason) => return Ok(Stored::Unknown(reason.clone())),
        };
        let name = Ident::new(&format!("check_{at}"))?;
        let statement = constraint::check(&self.0, &name, sql).sql;
        let query = format!(
            "SELECT pg_get_expr(conbin, conrelid) AS text FROM pg_constraint
              WHERE conrelid = {} AND conname = '{name}'",
            self.regclass()
        );
        taken(&statement, || kept(&query), sql)
    }

    /// What an index sorts by, as the server keeps it.
    pub(super) fn index(
        &self,
        at: usize,
        source: &Index,
        parts: &std::result::Result<Vec<Part>, String>,
    ) -> Result<std::result::Result<Vec<IndexPart>, String>> {
        let parts = match parts {
            Ok(parts) => parts,
            Err(reason) => return Ok(Err(reason.clone())),
        };
        let name = Ident::new(&format!("migrator_validate_index_{at}"))?;
        let statement = match index::create_index(&self.0, &name, source, parts) {
            Ok(statement) => statement.sql,
            Err(refused) => return Ok(Err(refused.reason)),
        };
        let query = format!("{INDEXES}i.indrelid = {} AND c.relname = '{name}'", self.regclass());
        let made = subtransaction::attempt(|| {
            spi::execute(&statement)?;
            spi::one::<TargetIndex>(&query, &[])
        });
        match made {
            Ok(index) => Ok(Ok(index.parts)),
            Err(error) => Ok(Err(refused(&error))),
        }
    }
}

/// Has the server take an expression. One that needs a sequence which is not here is what the
/// target lacks: it is told as it is.
fn taken(statement: &str, kept: impl FnOnce() -> Result<Stored>, sql: &str) -> Result<Stored> {
    let made = subtransaction::attempt(|| {
        spi::execute(statement)?;
        kept()
    });
    Ok(made.unwrap_or_else(|error| match error.sqlstate() {
        "42P01" => Stored::Text(sql.to_owned()),
        _ => Stored::Unknown(refused(&error)),
    }))
}

/// The text that the server has kept. It keeps nothing of a default that is NULL.
fn kept(query: &str) -> Result<Stored> {
    let text = spi::first::<Kept>(query, &[])?.and_then(|kept| kept.text);
    Ok(text.map_or(Stored::None, Stored::Text))
}
