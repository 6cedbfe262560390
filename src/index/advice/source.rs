//! What the source has and the table has not: keys and indexes, by the names of their columns.

use migrator_model::{
    Ident, SourceName,
    catalog::{Constraint, Index, Table as SourceTable},
    ident::quote,
    pg_type::Environment,
    policy::Losses,
};

use super::{
    candidate::{Candidate, Method, Part, Reason},
    choose::Nothing,
    options::Options,
    table::Table,
};
use crate::{
    ddl::{
        expression::{self, Context, Purpose},
        macros::Macros,
    },
    error::{Error, Result},
    index::vector::Metric,
    load::{self, Job, LoadOptions, PlannedColumn, TableArguments},
    pg::{self, query_shape::Analysed, search_path::SafeSettings, subtransaction::attempt},
    source::{Depth, Reader, named},
};

/// What the source asks for.
#[derive(Default)]
pub struct Wishes {
    /// Indexes.
    pub candidates: Vec<Candidate>,
    /// Indexes of vectors: the column, and the distance.
    pub vectors: Vec<(String, Metric)>,
    /// What cannot be had, and why.
    pub nothing: Vec<Nothing>,
}

/// Looks at the source that the options name.
pub fn wishes(options: &Options, table: &Table) -> Result<Wishes> {
    let Some(source) = &options.source else {
        return match &options.source_table {
            None => Ok(Wishes::default()),
            Some(_) => Err(Error::new("22023", "options.source_table needs options.source")),
        };
    };
    let wanted = match &options.source_table {
        Some(name) => SourceName::parse(name)?,
        None => SourceName { schema: None, name: table.name.name.as_str().to_owned() },
    };
    let mut reader = Reader::open(&named::resolve(source)?, Depth::Database)?;
    let described = reader.describe_readable(&wanted)?;
    let macros = Macros::new(&reader.objects()?.macros);
    let environment = pg::types::environment()?;
    let planned = planned(&mut reader, &described, &environment)?;
    reader.close();
    let sides = Sides { described: &described, table, planned, macros, environment };
    Ok(sides.wishes())
}

/// What a load would make of the columns: the translation of expressions depends on their types.
fn planned(
    reader: &mut Reader,
    table: &SourceTable,
    environment: &Environment,
) -> Result<Vec<PlannedColumn>> {
    let options = &LoadOptions::parse(&TableArguments::empty())?;
    let mut planned = Job { reader, table, options, environment }.plan()?;
    planned.iter_mut().for_each(|column| column.settle(environment, &Losses::default()));
    Ok(planned)
}

/// Both sides.
struct Sides<'a> {
    described: &'a SourceTable,
    table: &'a Table,
    planned: Vec<PlannedColumn>,
    macros: Macros,
    environment: Environment,
}

impl Sides<'_> {
    fn wishes(&self) -> Wishes {
        let mut wishes = Wishes::default();
        for constraint in &self.described.constraints {
            let (columns, what) = match constraint {
                Constraint::PrimaryKey(columns) => (columns, "primary key"),
                Constraint::Unique(columns) => (columns, "unique constraint"),
                Constraint::ForeignKey { columns, .. } => (columns, "foreign key"),
                Constraint::Check(_) => continue,
            };
            self.key(&mut wishes, columns, what);
        }
        for index in &self.described.indexes {
            self.index(&mut wishes, index);
        }
        wishes
    }

    fn key(&self, wishes: &mut Wishes, columns: &[String], what: &str) {
        let whole = format!("The source's {what} ({})", columns.join(", "));
        let names: Option<Vec<_>> = columns.iter().map(|name| self.here(name)).collect();
        let Some(names) = names else {
            return wishes.nothing.push(missing(&whole));
        };
        let parts: Vec<_> = names.iter().map(|name| self.table.column_part(name)).collect();
        let equal = parts.len();
        let unique = what != "foreign key";
        let becomes = match what {
            "primary key" => " ALTER TABLE … ADD PRIMARY KEY USING INDEX makes the key of it.",
            _ => "",
        };
        let why = format!("{whole} has no index here.{becomes}");
        wishes.candidates.push(wish(Method::Btree, parts, equal, unique, why));
    }

    fn index(&self, wishes: &mut Wishes, index: &Index) {
        let whole = format!("The source's index {}", quote(&index.name));
        if !index.method.eq_ignore_ascii_case("art") {
            return self.of_vectors(wishes, index, &whole);
        }
        let parts: std::result::Result<Vec<_>, _> =
            index.expressions.iter().map(|sql| self.part(sql)).collect();
        match parts {
            Ok(parts) => {
                let equal = if index.unique { parts.len() } else { 0 };
                let why = format!("{whole} is not here.");
                wishes.candidates.push(wish(Method::Btree, parts, equal, index.unique, why));
            }
            Err(reason) => wishes.nothing.push(Nothing {
                columns: Vec::new(),
                why: format!("{whole} cannot be made here: {reason}."),
                query: None,
            }),
        }
    }

    fn of_vectors(&self, wishes: &mut Wishes, index: &Index, whole: &str) {
        let only = index.expressions.first().and_then(|sql| expression::only_column(sql));
        let column = only.and_then(|name| self.here(&name));
        let metric = Metric::of_vss(index.options.get("metric").map(String::as_str));
        match (column, metric) {
            (Some(column), Some(metric)) if index.method.eq_ignore_ascii_case("hnsw") => {
                wishes.vectors.push((column, metric));
            }
            _ => wishes.nothing.push(missing(whole)),
        }
    }

    /// A column of the source by its name here.
    fn here(&self, name: &str) -> Option<String> {
        let columns = &self.table.columns;
        let exact = columns.iter().find(|column| column.name == name);
        let folded = || columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
        exact.or_else(folded).map(|column| column.name.clone())
    }

    fn part(&self, sql: &str) -> std::result::Result<Part, String> {
        if let Some(name) = expression::only_column(sql) {
            let here = self.here(&name).ok_or_else(|| format!("column \"{name}\" is not here"))?;
            return Ok(self.table.column_part(&here));
        }
        let translated = self.translated(sql)?;
        self.expression(&translated)
    }

    fn translated(&self, sql: &str) -> std::result::Result<String, String> {
        let (mut planned, mut idents) = (Vec::new(), Vec::new());
        for column in &self.planned {
            let here = self.here(&column.name).and_then(|name| Ident::new(&name).ok());
            if let Some(ident) = here {
                planned.push(column.clone());
                idents.push(ident);
            }
        }
        let columns = load::columns(self.described, &planned, &idents);
        let context =
            Context::of_table(&columns, &|_| None, &self.macros, &self.environment, Purpose::Index);
        let translated = expression::translate(sql, &context);
        translated.map(|translated| translated.sql).map_err(|refused| refused.reason)
    }

    /// The server's own words for an expression.
    fn expression(&self, sql: &str) -> std::result::Result<Part, String> {
        let query = format!("SELECT FROM {} WHERE ({sql}) IS NOT NULL", self.table.from());
        let shape = attempt(|| {
            let _safe = SafeSettings::enter();
            Ok(Analysed::new(&query)?.shape(self.table.oid))
        });
        let shape = shape.map_err(|error| error.message().to_owned())?;
        let conditions = shape.uses.iter().flat_map(|found| &found.conditions);
        let key = conditions.map(|condition| &condition.key).next();
        key.map(|key| self.table.part(key, 0.005))
            .ok_or_else(|| "the server keeps no such expression in an index".to_owned())
    }
}

fn wish(method: Method, keys: Vec<Part>, equal: usize, unique: bool, why: String) -> Candidate {
    let mut candidate = Candidate::new(method, keys, equal);
    candidate.unique = unique;
    candidate.reasons.insert(Reason::Source);
    candidate.rationale.push(why);
    candidate
}

fn missing(whole: &str) -> Nothing {
    let why = format!(
        "{whole} cannot be made here: not all of its columns are here, or nothing here is like it."
    );
    Nothing { columns: Vec::new(), why, query: None }
}
