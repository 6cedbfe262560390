//! Views, in the order of what they read.

use std::cell::Cell;

use migrator_model::{
    Ident, LogicalType, PgType, QualifiedName, SourceName,
    catalog::{Table, TableKind},
    policy::Losses,
    rules,
};

use super::{Migration, helpers::verdict, tables::Planned};
use crate::{
    ddl::{
        Kind, comment,
        expression::Column,
        helper::Helper,
        query::{self, Relation, TranslatedQuery},
    },
    error::Result,
    load::comment_on,
    pg::{
        facts::{Facts, relation_oid},
        spi, subtransaction,
    },
    steps::{About, reason},
};

/// A view on its way, or here.
pub(super) struct View {
    table: Table,
    place: QualifiedName,
    /// Unknown where DuckDB cannot read the view here, until it is made.
    columns: Vec<ViewColumn>,
}

struct ViewColumn {
    source: String,
    ident: Ident,
    logical: LogicalType,
    collation: Option<String>,
    /// What it is here; a guess until the view is made.
    pg: PgType,
}

/// What became of an attempt to translate a view.
enum Attempt {
    Translated(TranslatedQuery, Vec<Helper>),
    /// It reads a view that is not here yet.
    Waits(String),
    Refused(String),
}

impl Migration<'_> {
    /// Makes the views that PostgreSQL can say; every other is `manual`, with its text.
    pub(super) fn views(&mut self) -> Result<()> {
        let mut pending = Vec::new();
        for summary in self.chosen_of(TableKind::View) {
            pending.extend(self.describe_view(&summary.name)?);
        }
        loop {
            let before = self.views.len();
            let mut waiting = Vec::new();
            while let Some(view) = take_first(&mut pending) {
                match self.translate(&view, &[&pending, &waiting])? {
                    Attempt::Translated(query, helpers) => {
                        let made = self.make_view(view, &query, &helpers)?;
                        self.views.extend(made);
                    }
                    Attempt::Refused(reason) => self.manual(&view, &reason)?,
                    Attempt::Waits(_) => waiting.push(view),
                }
            }
            if self.views.len() == before {
                return self.give_up_views(waiting);
            }
            pending = waiting;
        }
    }

    /// What is left reads views that are not here and never will be.
    fn give_up_views(&mut self, views: Vec<View>) -> Result<()> {
        for view in views {
            if let Attempt::Waits(reason) | Attempt::Refused(reason) = self.translate(&view, &[])? {
                self.manual(&view, &reason)?;
            }
        }
        Ok(())
    }

    fn describe_view(&mut self, name: &SourceName) -> Result<Option<View>> {
        let table = self.reader.describe(name)?;
        let Some(place) = self.naming.place(name).cloned() else { return Ok(None) };
        let names: Vec<_> = table.columns.iter().map(|column| column.name.clone()).collect();
        let idents = self.naming.columns(name, &names)?;
        let mut columns = Vec::new();
        for (column, ident) in table.columns.iter().zip(idents) {
            let logical = column.logical.clone();
            let pg = rules::map(&logical, &self.environment, &Losses::default()).pg;
            let (source, collation) = (column.name.clone(), None);
            columns.push(ViewColumn { source, ident, logical, collation, pg });
        }
        Ok(Some(View { table, place, columns }))
    }

    /// Translates a view, given those that are here and those that may come.
    fn translate(&self, view: &View, coming: &[&Vec<View>]) -> Result<Attempt> {
        let Some(sql) = view.table.sql.as_deref() else {
            return Ok(Attempt::Refused("the source does not show its query".into()));
        };
        let waits = Cell::new(false);
        let find = |schema: &str, name: &str| {
            if view.name().is(schema, name) {
                return Some(view.table.broken.is_none().then(|| view.relation()));
            }
            let comes = coming.iter().copied().flatten().any(|one| one.name().is(schema, name));
            waits.set(waits.get() || comes);
            None
        };
        let (translated, helpers) =
            self.with_catalog(view.schema(), &view.place, &find, |catalog| {
                query::translate_view(sql, catalog)
            })?;
        Ok(match translated {
            Ok(query) => Attempt::Translated(query, helpers),
            Err(refused) if waits.get() => Attempt::Waits(view.explained(refused.reason)),
            Err(refused) => Attempt::Refused(view.explained(refused.reason)),
        })
    }

    /// CREATE VIEW. What the server does not take after all is `manual`, too.
    fn make_view(
        &mut self,
        view: View,
        query: &TranslatedQuery,
        helpers: &[Helper],
    ) -> Result<Option<View>> {
        let Some(schema) = view.place.schema.clone() else { return Ok(None) };
        let sql = format!("CREATE VIEW {} AS {}", view.place.quoted(), query.sql);
        let done = subtransaction::attempt(|| {
            let mut statements = self.make_helpers(&schema, helpers)?;
            spi::execute(&sql)?;
            statements.push(sql);
            Ok(statements)
        });
        let statements = match done {
            Ok(statements) => statements,
            Err(error) if error.is_fatal() => return Err(error),
            Err(error) => {
                let reason = format!("its translation was refused: {}", reason(&error));
                return self.manual(&view, &reason).map(|()| None);
            }
        };
        self.keep_helpers(&schema, helpers);
        let note = view.table.broken.as_ref().map(|broken| {
            format!("DuckDB cannot read it here, so that its types are not checked: {broken}")
        });
        let sql = statements.join(";\n");
        self.steps.done_with(view.about(), verdict(helpers), &sql, note)?;
        let view = view.made(query)?;
        self.comment_view(&view)?;
        Ok(Some(view))
    }

    fn comment_view(&mut self, view: &View) -> Result<()> {
        let source = view.table.name.to_string();
        if let Some(text) = &view.table.comment {
            comment_on(&mut self.steps, comment::Target::View(&view.place), &source, text)?;
        }
        for (column, made) in view.table.columns.iter().zip(&view.columns) {
            if let Some(text) = &column.comment {
                let on = comment::Target::Column(&view.place, &made.ident);
                comment_on(&mut self.steps, on, &format!("{source}.{}", column.name), text)?;
            }
        }
        Ok(())
    }

    fn manual(&mut self, view: &View, reason: &str) -> Result<()> {
        let about = About { target: None, ..view.about() };
        self.steps.manual(about, view.table.sql.as_deref(), reason).map(|_| ())
    }
}

impl View {
    /// Its name in the source.
    pub(super) fn name(&self) -> &SourceName {
        &self.table.name
    }

    fn schema(&self) -> &str {
        self.table.name.schema.as_deref().unwrap_or("main")
    }

    fn about(&self) -> About {
        About {
            kind: Kind::View,
            source: self.table.name.to_string(),
            target: Some(self.place.quoted()),
            what: format!("view \"{}\"", self.table.name),
        }
    }

    /// A reason with what DuckDB says of the view itself.
    fn explained(&self, reason: String) -> String {
        match &self.table.broken {
            Some(broken) => format!("{reason}; DuckDB cannot read it here: {broken}"),
            None => reason,
        }
    }

    /// The view as a query reads it.
    pub(super) fn relation(&self) -> Relation {
        let columns = self.columns.iter().map(|column| Column {
            source: &column.source,
            ident: &column.ident,
            logical: &column.logical,
            pg: &column.pg,
            generated: false,
            collation: column.collation.as_deref(),
        });
        Relation::new(self.schema(), self.place.clone(), columns)
    }

    /// The view with its columns as the server has worked them out.
    fn made(mut self, query: &TranslatedQuery) -> Result<Self> {
        let Some(oid) = relation_oid(&self.place)? else { return Ok(self) };
        let mut types = Vec::new();
        for attribute in Facts::of(oid)?.attributes {
            types.extend(attribute.target()?.map(|target| target.pg));
        }
        if types.len() != query.columns.len() {
            return Ok(self);
        }
        let known = self.columns.len() == types.len();
        let columns = query.columns.iter().zip(types).enumerate().map(|(at, (column, pg))| {
            let old = self.columns.get(at).filter(|_| known);
            ViewColumn {
                source: old.map_or_else(|| column.ident.to_string(), |old| old.source.clone()),
                logical: old.map_or_else(|| column.logical(), |old| old.logical.clone()),
                collation: column.collation().map(str::to_owned),
                ident: column.ident.clone(),
                pg,
            }
        });
        self.columns = columns.collect();
        Ok(self)
    }
}

impl Planned {
    /// The table as a query reads it; None where it could not be made.
    pub(super) fn relation(&self) -> Option<Relation> {
        let (table, name, columns) = self.made()?;
        let schema = table.name.schema.as_deref().unwrap_or("main");
        Some(Relation::new(schema, name.clone(), columns))
    }
}

fn take_first(views: &mut Vec<View>) -> Option<View> {
    if views.is_empty() { None } else { Some(views.remove(0)) }
}
