//! What the server would keep of the source's expressions. It keeps them in its own words, so that
//! texts can only be compared once the server has taken both: a temporary table takes the source's,
//! and is undone. The target's own expressions are never evaluated.

mod scratch;

use self::scratch::Scratch;
use super::{
    schema::pairs,
    target_schema::{IndexPart, TargetSchema},
};
use crate::{
    ddl::{
        expression::{self, Context, Purpose},
        index::{self, Part},
        macros::Macros,
    },
    error::{Error, Result},
    load::{self, Places, PlannedColumn},
    pg::subtransaction,
};
use migrator_model::{
    Ident, QualifiedName, SourceName,
    catalog::{Constraint, Index, Sequence, Table},
    pg_type::Environment,
};

/// What the server would keep of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Nothing: there is none.
    None,
    /// This text.
    Text(String),
    /// Nobody can say, for this reason.
    Unknown(String),
}

/// All expressions of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredExpressions {
    /// Of its CHECK constraints, in their order.
    pub checks: Vec<Stored>,
    /// DEFAULT of the planned columns.
    pub defaults: Vec<Stored>,
    /// Of the planned columns that are generated.
    pub generated: Vec<Stored>,
    /// What its indexes sort by, or why none is made of them.
    pub indexes: Vec<std::result::Result<Vec<IndexPart>, String>>,
}

/// A table whose expressions are looked at.
pub struct Expressions<'a> {
    /// The source table.
    pub table: &'a Table,
    /// The columns that were loaded.
    pub planned: &'a [PlannedColumn],
    /// The target, which exists.
    pub target: &'a TargetSchema,
    /// The sequences of the file.
    pub sequences: &'a [Sequence],
    /// The macros of the file.
    pub macros: &'a Macros,
    /// Where other extensions' types are.
    pub environment: &'a Environment,
    /// Where everything else is.
    pub places: &'a dyn Places,
}

/// An expression in PostgreSQL's words, or why there is none.
type Translated = std::result::Result<String, String>;

/// The columns that are on both sides, with the types that they have here.
struct Shared {
    planned: Vec<PlannedColumn>,
    idents: Vec<Ident>,
    /// Their places among the planned columns.
    places: Vec<usize>,
}

impl Shared {
    /// The expressions that were translated, each with its column and that one's place.
    fn expressions<'s>(
        &'s self,
        wanted: &'s [Option<Translated>],
    ) -> impl Iterator<Item = (usize, &'s Ident, &'s str)> {
        let columns = self.places.iter().zip(&self.idents);
        columns.filter_map(|(place, ident)| match &wanted[*place] {
            Some(Ok(sql)) => Some((*place, ident, sql.as_str())),
            _ => None,
        })
    }
}

impl Expressions<'_> {
    /// Has the server take them all.
    pub fn stored(&self) -> Result<StoredExpressions> {
        let shared = self.shared()?;
        let wanted = self.translated(&shared);
        match wanted.is_empty() {
            true => Ok(wanted.unknown("")),
            false => match subtransaction::rehearse(|| self.taken(&shared, &wanted)) {
                Err(error) if !error.is_fatal() => Ok(wanted.unknown(&refused(&error))),
                taken => taken,
            },
        }
    }

    fn shared(&self) -> Result<Shared> {
        let (mut planned, mut idents, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (at, pair) in pairs(self.table, self.planned, self.target).into_iter().enumerate() {
            let Some(column) = pair.column else { continue };
            let mut known = pair.planned.clone();
            if let Some(pg) = &column.pg {
                known.mapping.pg = pg.clone();
            }
            planned.push(known);
            idents.push(Ident::new(&column.name)?);
            places.push(at);
        }
        Ok(Shared { planned, idents, places })
    }

    fn translate(&self, shared: &Shared, sql: &str, purpose: Purpose<'_>) -> Translated {
        let columns = load::columns(self.table, &shared.planned, &shared.idents);
        let sequences = |name: &str| self.sequence(name);
        let context =
            Context::of_table(&columns, &sequences, self.macros, self.environment, purpose);
        let translated = expression::translate(sql, &context);
        translated.map(|translated| translated.sql).map_err(|refused| refused.reason)
    }

    /// A sequence of the source by the argument of nextval, by its name here.
    fn sequence(&self, name: &str) -> Option<QualifiedName> {
        let SourceName { schema, name } = SourceName::parse(name).ok()?;
        let schema = schema.as_deref().unwrap_or("main");
        let found = self.sequences.iter().find(|sequence| sequence.name.is(schema, &name))?;
        self.places.sequence(&found.name)
    }

    fn translated(&self, shared: &Shared) -> Wanted {
        let checks = self.table.constraints.iter().filter_map(|constraint| match constraint {
            Constraint::Check(sql) => Some(self.translate(shared, sql, Purpose::Check)),
            _ => None,
        });
        let mut wanted = Wanted {
            checks: checks.collect(),
            defaults: vec![None; self.planned.len()],
            generated: vec![None; self.planned.len()],
            indexes: self.table.indexes.iter().map(|index| self.parts(shared, index)).collect(),
        };
        for (planned, at) in shared.planned.iter().zip(&shared.places) {
            let source = &self.table.columns[planned.source];
            let (logical, pg) = (&source.logical, &planned.mapping.pg);
            let of = |sql: &Option<String>, purpose| {
                let sql = sql.as_ref().filter(|_| planned.scan.field.is_none());
                sql.map(|sql| self.translate(shared, sql, purpose))
            };
            wanted.defaults[*at] = of(&source.default, Purpose::Default { logical, pg });
            wanted.generated[*at] = of(&source.generated, Purpose::Generated { logical, pg });
        }
        wanted
    }

    fn parts(&self, shared: &Shared, index: &Index) -> std::result::Result<Vec<Part>, String> {
        let part = |sql: &String| match expression::only_column(sql) {
            Some(column) => {
                let named = |planned: &PlannedColumn| {
                    planned.scan.field.is_none() && planned.scan.name.eq_ignore_ascii_case(&column)
                };
                let at = shared.planned.iter().position(named);
                let ident = at.and_then(|at| shared.idents.get(at)).cloned();
                ident.map(Part::Column).ok_or_else(|| format!("column \"{column}\" is not here"))
            }
            None => self.translate(shared, sql, Purpose::Index).map(Part::Expression),
        };
        let parts =
            index.expressions.iter().map(part).collect::<std::result::Result<Vec<_>, _>>()?;
        // Some methods have no counterpart here.
        let Ok(name) = Ident::clipped(&index.name) else { return Err("it has no name".into()) };
        let made = index::create_index(&self.target.name, &name, index, &parts);
        made.map(|_| parts).map_err(|refused| refused.reason)
    }

    fn taken(&self, shared: &Shared, wanted: &Wanted) -> Result<StoredExpressions> {
        let scratch = Scratch::new()?;
        let generated = self.taken_generated(&scratch, shared, wanted)?;
        let mut defaults = unknown_columns(&wanted.defaults, "");
        for (place, ident, sql) in shared.expressions(&wanted.defaults) {
            defaults[place] = scratch.default(ident, sql)?;
        }
        let checks = wanted.checks.iter().enumerate();
        let checks = checks.map(|(at, sql)| scratch.check(at, sql)).collect::<Result<_>>()?;
        let indexes = self.table.indexes.iter().zip(&wanted.indexes).enumerate();
        let indexes = indexes.map(|(at, (index, parts))| scratch.index(at, index, parts));
        Ok(StoredExpressions {
            checks,
            defaults,
            generated,
            indexes: indexes.collect::<Result<_>>()?,
        })
    }

    /// Makes the table with its generated columns. Where the server refuses one of them, a load
    /// makes plain columns of them all.
    fn taken_generated(
        &self,
        scratch: &Scratch,
        shared: &Shared,
        wanted: &Wanted,
    ) -> Result<Vec<Stored>> {
        let columns = &self.target.columns;
        let expressions: Vec<_> = shared.expressions(&wanted.generated).collect();
        if let Err(error) = subtransaction::attempt(|| scratch.create(columns, &expressions)) {
            scratch.create(columns, &[])?;
            return Ok(unknown_columns(&wanted.generated, &refused(&error)));
        }
        let mut generated = unknown_columns(&wanted.generated, "");
        for (place, ident, _) in expressions {
            generated[place] = scratch.kept_default(ident)?;
        }
        Ok(generated)
    }
}

/// What is to be taken.
struct Wanted {
    checks: Vec<Translated>,
    defaults: Vec<Option<Translated>>,
    generated: Vec<Option<Translated>>,
    indexes: Vec<std::result::Result<Vec<Part>, String>>,
}

impl Wanted {
    /// Whether there is nothing that the server would have to take.
    fn is_empty(&self) -> bool {
        let columns = self.defaults.iter().chain(&self.generated).flatten();
        let has_expression =
            |parts: &Vec<Part>| parts.iter().any(|part| matches!(part, Part::Expression(_)));
        !self.checks.iter().chain(columns).any(std::result::Result::is_ok)
            && !self.indexes.iter().flatten().any(has_expression)
    }

    /// What there is when the server takes nothing.
    fn unknown(self, why: &str) -> StoredExpressions {
        let check = |sql: &Translated| unknown(Some(sql), why);
        let index = |parts: std::result::Result<Vec<Part>, String>| {
            let plain = |part| match part {
                Part::Column(column) => {
                    Ok(IndexPart { column: Some(column.to_string()), expression: None })
                }
                Part::Expression(_) => Err(why.to_owned()),
            };
            parts?.into_iter().map(plain).collect()
        };
        StoredExpressions {
            checks: self.checks.iter().map(check).collect(),
            defaults: unknown_columns(&self.defaults, why),
            generated: unknown_columns(&self.generated, why),
            indexes: self.indexes.into_iter().map(index).collect(),
        }
    }
}

fn unknown_columns(wanted: &[Option<Translated>], why: &str) -> Vec<Stored> {
    wanted.iter().map(|sql| unknown(sql.as_ref(), why)).collect()
}

fn unknown(sql: Option<&Translated>, why: &str) -> Stored {
    match sql {
        None => Stored::None,
        Some(Ok(_)) => Stored::Unknown(why.to_owned()),
        Some(Err(reason)) => Stored::Unknown(reason.clone()),
    }
}

fn refused(error: &Error) -> String {
    format!("the server does not take it: {}", error.message())
}
