//! Keys and indexes.

use migrator_model::{
    Ident, QualifiedName,
    catalog::{Constraint, Index},
};

use super::{super::duplicates, PostData};
use crate::{
    ddl::{
        Kind, Statement, comment, constraint,
        expression::{self, Purpose},
        index::{self, Part},
    },
    error::Result,
    steps::{About, Original, Verdict},
};

impl PostData<'_> {
    /// PRIMARY KEY and UNIQUE constraints.
    pub fn keys(&mut self) -> Result<()> {
        for constraint in &self.table.constraints {
            match constraint {
                Constraint::PrimaryKey(columns) => self.key(columns, Kind::PrimaryKey)?,
                Constraint::Unique(columns) => self.key(columns, Kind::Unique)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn key(&mut self, columns: &[String], kind: Kind) -> Result<()> {
        let part = format!("({})", columns.join(", "));
        let word = if kind == Kind::PrimaryKey { "primary key" } else { "unique constraint" };
        let Some(idents) = self.idents(columns) else {
            let about = self.about(kind, &part, None, &format!("{word} {part}"));
            return self.steps.skip(about, "not all of its columns are loaded").map(|_| ());
        };
        let table = self.name;
        let (name, statement) = if kind == Kind::PrimaryKey {
            let name = self.names.primary_key(&table.name);
            (name.clone(), constraint::primary_key(table, &name, &idents))
        } else {
            let name = self.names.unique(&table.name, &idents);
            (name.clone(), constraint::unique(table, &name, &idents))
        };
        let list: Vec<_> = idents.iter().map(Ident::quoted).collect();
        let about = self.about(kind, &part, Some(&name), &statement.what);
        self.run_unique(about, &statement, Verdict::Done, &list).map(|_| ())
    }

    /// A key or unique index; duplicates are an error that shows some.
    fn run_unique(
        &mut self,
        about: About,
        statement: &Statement,
        verdict: Verdict,
        keys: &[String],
    ) -> Result<bool> {
        match self.steps.run(about, statement, verdict, &["23505"]) {
            Err(error) if error.sqlstate() == "23505" => {
                Err(duplicates::explain(self.name, &statement.what, keys)?.unwrap_or(error))
            }
            other => other,
        }
    }

    /// Secondary indexes.
    pub fn indexes(&mut self) -> Result<()> {
        self.table.indexes.iter().try_for_each(|index| self.index(index))
    }

    fn manual_index(&mut self, about: About, text: String, reason: &str) -> Result<()> {
        let original = Original { column: None, text };
        self.steps.manual_part(about, &self.table.name, original, reason).map(|_| ())
    }

    fn index(&mut self, source: &Index) -> Result<()> {
        let what = format!("index \"{}\"", source.name);
        let about = self.about(Kind::Index, &source.name, None, &what);
        let unique = if source.unique { "UNIQUE " } else { "" };
        let (name, parts) = (&source.name, source.expressions.join(", "));
        let text = format!("{unique}INDEX {} ({parts})", migrator_model::ident::quote(name));
        if let Some(column) = self.indexed_vector(source) {
            return match self.carried_vector_index(source, &column)? {
                None => Ok(()),
                Some(reason) => self.manual_index(about, text, reason),
            };
        }
        let parts = match self.parts(source) {
            Ok(parts) => parts,
            Err(reason) => return self.manual_index(about, text, &reason),
        };
        let name = self.index_name(source)?;
        let statement = match index::create_index(self.name, &name, source, &parts) {
            Ok(statement) => statement,
            Err(refused) => {
                return self.manual_index(about, text, &refused.reason);
            }
        };
        let keys: Vec<_> = parts.iter().map(part_sql).collect();
        let about = self.about(Kind::Index, &source.name, Some(&name), &statement.what);
        let made = self.run_unique(about, &statement, verdict(&parts), &keys)?;
        match source.comment.as_ref().filter(|_| made) {
            Some(text) => {
                let index = QualifiedName { schema: self.name.schema.clone(), name };
                self.comment(comment::Target::Index(&index), &source.name, text)
            }
            None => Ok(()),
        }
    }

    /// An index's name is one of the schema's, where another table may have taken it.
    pub(super) fn index_name(&mut self, source: &Index) -> Result<Ident> {
        let name = Ident::clipped(&source.name)?;
        Ok(if self.names.take(&name) { name } else { self.names.index(&self.name.name, &[]) })
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
}

fn verdict(parts: &[Part]) -> Verdict {
    let plain = parts.iter().all(|part| matches!(part, Part::Column(_)));
    if plain { Verdict::Done } else { Verdict::Translated }
}

fn part_sql(part: &Part) -> String {
    match part {
        Part::Column(column) => column.quoted(),
        Part::Expression(expression) => format!("({expression})"),
    }
}
