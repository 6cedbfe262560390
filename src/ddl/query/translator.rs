//! What is known and remembered while one statement is translated.

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
};

use migrator_model::{Ident, QualifiedName, reject::shown};
use sqlparser::ast::{Expr, ObjectName, Query};

use super::{
    Catalog, Relation, Untranslatable,
    block::Output,
    refuse,
    scope::{Frame, Tables},
    with::Ctes,
};
use crate::ddl::expression::{Context, Purpose, value::Value, walk::Walker};

/// Bytes of SQL over all values of a statement; aliases multiply what a hostile text says once.
const MAX_SPENT: usize = 8 << 20;

/// Translates one statement.
pub(super) struct Translator<'a> {
    catalog: &'a Catalog<'a>,
    pub(super) context: Context<'a>,
    uses: RefCell<Vec<QualifiedName>>,
    aliases: RefCell<HashSet<String>>,
    spent: Cell<usize>,
    /// Aggregates met so far; windows met so far.
    pub(super) aggregates: Cell<usize>,
    pub(super) windows: Cell<usize>,
}

impl<'a> Translator<'a> {
    pub(super) fn new(catalog: &'a Catalog<'a>, parameters: &'a [Value]) -> Self {
        let context = Context {
            columns: &[],
            sequences: catalog.sequences,
            environment: catalog.environment,
            purpose: Purpose::View,
            macros: catalog.macros,
            helpers: Some(catalog.helpers),
            parameters,
        };
        Self {
            catalog,
            context,
            uses: RefCell::default(),
            aliases: RefCell::default(),
            spent: Cell::new(0),
            aggregates: Cell::new(0),
            windows: Cell::new(0),
        }
    }

    pub(super) fn into_uses(self) -> Vec<QualifiedName> {
        self.uses.into_inner()
    }

    /// Translates a statement that stands in no other.
    pub(super) fn statement(
        &self,
        query: &Query,
        names: Option<&[Ident]>,
    ) -> Result<Output, Untranslatable> {
        let ctes = Ctes::default();
        let tables = Tables::default();
        self.query(query, &Frame::top(self, &tables, &ctes), &ctes, names)
    }

    /// Finds a relation and remembers that it is read.
    pub(super) fn relation(&self, name: &ObjectName) -> Result<Relation, Untranslatable> {
        let (schema, bare) = relation_name(name)?;
        let Some(relation) = (self.catalog.relations)(schema.as_deref(), bare) else {
            return refuse(format!("it reads {}, which is not here", shown(&name.to_string())));
        };
        let mut uses = self.uses.borrow_mut();
        if !uses.contains(&relation.target) {
            uses.push(relation.target.clone());
        }
        Ok(relation)
    }

    /// An alias like the name, that the statement has nowhere else.
    pub(super) fn alias(&self, name: &str) -> Result<Ident, Untranslatable> {
        distinct(&mut self.aliases.borrow_mut(), name)
    }

    /// Translates an expression in a frame.
    pub(super) fn value(
        &self,
        node: &Expr,
        frame: &Frame<'_, '_>,
    ) -> Result<Value, Untranslatable> {
        let value = Walker::within(&self.context, frame).value(node)?;
        self.spend(&value)?;
        Ok(value)
    }

    /// Counts the text of a value.
    pub(super) fn spend(&self, value: &Value) -> Result<(), Untranslatable> {
        self.spent.set(self.spent.get() + value.sql.len());
        match self.spent.get() > MAX_SPENT {
            true => refuse("the translation is too long"),
            false => Ok(()),
        }
    }

    /// A value as a column of a result.
    pub(super) fn settled(&self, value: &Value) -> Result<Value, Untranslatable> {
        value.settle(self.context.environment)
    }
}

/// A name like the one that is asked for, that a set does not hold yet, put into the set.
pub(super) fn distinct(taken: &mut HashSet<String>, name: &str) -> Result<Ident, Untranslatable> {
    let clean = name.replace('\0', "");
    let wanted = if clean.is_empty() { "q" } else { &clean };
    let unusable = |_| Untranslatable::new("a name cannot be used");
    let mut ident = Ident::clipped(wanted).map_err(unusable)?;
    let mut next = taken.len();
    while !taken.insert(ident.as_str().to_owned()) {
        let short = migrator_model::ident::clip(wanted, 52);
        ident = Ident::clipped(&format!("{short}_{next}")).map_err(unusable)?;
        next += 1;
    }
    Ok(ident)
}

/// Schema and name. A nested schema's path is joined with points.
pub(super) fn relation_name(name: &ObjectName) -> Result<(Option<String>, &str), Untranslatable> {
    let parts: Option<Vec<_>> = name.0.iter().map(|part| part.as_ident()).collect();
    match parts.as_deref().and_then(|parts| parts.split_last()) {
        Some((name, [])) => Ok((None, &name.value)),
        Some((name, schemas)) => {
            let path: Vec<_> = schemas.iter().map(|schema| schema.value.as_str()).collect();
            Ok((Some(path.join(".")), &name.value))
        }
        None => refuse(format!("the name {} is not supported", shown(&name.to_string()))),
    }
}
