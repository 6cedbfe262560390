//! Which columns a name can mean: those of the tables in FROM, aliases of the select list, and
//! those of the queries around it.

use std::cell::{Cell, RefCell};

use migrator_model::{Ident, reject::shown};
use sqlparser::ast::{self, Expr};

use super::{
    Untranslatable, aggregates,
    columns::{self, Columns},
    refuse, subquery,
    translator::Translator,
    windows,
    with::Ctes,
};
use crate::ddl::expression::{class::Class, nested, value::Value, walk::Scope};

/// A column with its name in DuckDB.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: Value,
}

/// Something in FROM that qualifies its columns.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// None where an alias hides it.
    pub(super) schema: Option<String>,
    pub(super) name: String,
    pub(super) fields: Vec<Field>,
}

/// All of FROM.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    pub(super) tables: Vec<Table>,
    /// What `*` stands for: the columns of all tables, those of USING merged.
    pub(super) visible: Vec<Field>,
}

/// An alias of the select list.
#[derive(Clone, Debug)]
pub(super) struct Alias {
    pub(super) name: String,
    pub(super) value: Value,
    pub(super) aggregates: usize,
    pub(super) windows: usize,
}

/// How an alias and a column of the same name get along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aliases {
    /// The column is meant.
    Last,
    /// The alias is meant in some places and the column in others.
    Unsure,
}

/// What names mean in one SELECT, or in one part of FROM.
pub(super) struct Frame<'f, 'a> {
    pub(super) translator: &'f Translator<'a>,
    pub(super) tables: &'f Tables,
    pub(super) ctes: &'f Ctes<'f>,
    parent: Option<&'f Frame<'f, 'a>>,
    /// Whether these are the tables to the left in the same FROM.
    siblings: bool,
    pub(super) aliases: RefCell<Vec<Alias>>,
    pub(super) mode: Cell<Aliases>,
    /// What `COLUMNS(…)` stands for.
    pub(super) columns: Columns,
    /// Columns found here, and columns found around here.
    pub(super) own: Cell<usize>,
    pub(super) outer: Cell<usize>,
}

impl<'f, 'a> Frame<'f, 'a> {
    /// Around a statement there is nothing.
    pub(super) fn top(
        translator: &'f Translator<'a>,
        tables: &'f Tables,
        ctes: &'f Ctes<'f>,
    ) -> Self {
        Self {
            translator,
            tables,
            ctes,
            parent: None,
            siblings: false,
            aliases: RefCell::default(),
            mode: Cell::new(Aliases::Last),
            columns: Columns::default(),
            own: Cell::new(0),
            outer: Cell::new(0),
        }
    }

    /// A SELECT's tables, inside this.
    pub(super) fn inside<'g>(&'g self, tables: &'g Tables, ctes: &'g Ctes<'g>) -> Frame<'g, 'a>
    where
        'f: 'g,
    {
        Frame { parent: Some(self), ..Frame::top(self.translator, tables, ctes) }
    }

    /// The tables to the left of another one in FROM.
    pub(super) fn beside<'g>(&'g self, tables: &'g Tables) -> Frame<'g, 'a>
    where
        'f: 'g,
    {
        Frame { siblings: true, ..self.inside(tables, self.ctes) }
    }

    /// How many columns to the left were used so far.
    pub(super) fn lateral(&self) -> usize {
        let further = self.parent.map_or(0, |parent| parent.lateral());
        if self.siblings { self.own.get() + further } else { 0 }
    }

    fn found(
        &self,
        qualifiers: &[ast::Ident],
        name: &ast::Ident,
    ) -> Result<Option<Value>, Untranslatable> {
        match qualifiers {
            [] => self.bare(&name.value),
            _ => self.qualified(qualifiers, &name.value),
        }
    }

    fn bare(&self, name: &str) -> Result<Option<Value>, Untranslatable> {
        let own = one(&self.tables.visible, name)?;
        let alias = self.alias(name)?;
        match (own, alias) {
            (Some(own), Some(alias))
                if self.mode.get() == Aliases::Unsure && own.sql != alias.value.sql =>
            {
                refuse(format!("\"{}\" is a column and an alias", shown(name)))
            }
            (Some(own), _) => Ok(Some(own)),
            (None, Some(alias)) => {
                let count = |cell: &Cell<usize>, more: usize| cell.set(cell.get() + more);
                count(&self.translator.aggregates, alias.aggregates);
                count(&self.translator.windows, alias.windows);
                self.translator.spend(&alias.value)?;
                Ok(Some(alias.value))
            }
            (None, None) => self.row(name),
        }
    }

    /// A whole row by the name of its table, where it is the only one: a row that an outer join has
    /// made up would be another matter.
    fn row(&self, name: &str) -> Result<Option<Value>, Untranslatable> {
        match self.tables.tables.as_slice() {
            [table] if alike(&table.name, name) => {
                let field = |field: &Field| (field.name.clone(), field.value.clone());
                let fields = table.fields.iter().map(field).collect();
                nested::struct_pack(fields, &self.translator.context).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The alias of a name.
    pub(super) fn alias(&self, name: &str) -> Result<Option<Alias>, Untranslatable> {
        let aliases = self.aliases.borrow();
        let mut same = aliases.iter().filter(|alias| alike(&alias.name, name));
        match (same.next(), same.next()) {
            (Some(_), Some(_)) => refuse(format!("alias \"{}\" is ambiguous", shown(name))),
            (first, _) => Ok(first.cloned()),
        }
    }

    /// A table's column, or a part of one: `orders.address.city`.
    fn qualified(
        &self,
        qualifiers: &[ast::Ident],
        name: &str,
    ) -> Result<Option<Value>, Untranslatable> {
        for count in (1..=qualifiers.len()).rev() {
            let (prefix, rest) = qualifiers.split_at(count);
            let Some(table) = self.table(prefix)? else { continue };
            let (column, fields) = match rest.split_first() {
                Some((column, fields)) => (column.value.as_str(), fields),
                None => (name, &[][..]),
            };
            return match one(&table.fields, column)? {
                Some(value) if rest.is_empty() => Ok(Some(value)),
                Some(value) => path(value, fields, name).map(Some),
                None => refuse(format!("column \"{}\" does not exist", shown(column))),
            };
        }
        let Some((column, fields)) = qualifiers.split_first() else { return Ok(None) };
        match self.bare(&column.value)? {
            Some(value) if value.class.document() || value.class == Class::Json => {
                path(value, fields, name).map(Some)
            }
            // A column that has no parts: a table around may be meant.
            _ => Ok(None),
        }
    }

    /// The table that qualifiers name.
    pub(super) fn table(
        &self,
        qualifiers: &[ast::Ident],
    ) -> Result<Option<&'f Table>, Untranslatable> {
        let named = |table: &&Table| match qualifiers {
            [name] => alike(&table.name, &name.value),
            [schema, name] | [_, schema, name] => {
                let own = table.schema.as_deref();
                alike(&table.name, &name.value) && own.is_some_and(|own| alike(own, &schema.value))
            }
            _ => false,
        };
        let mut same = self.tables.tables.iter().filter(named);
        match (same.next(), same.next()) {
            (Some(_), Some(_)) => refuse("a table's name is ambiguous"),
            (first, _) => Ok(first),
        }
    }
}

impl Scope for Frame<'_, '_> {
    fn column(
        &self,
        qualifiers: &[ast::Ident],
        name: &ast::Ident,
    ) -> Result<Option<Value>, Untranslatable> {
        let around = || self.parent.map_or(Ok(None), |parent| parent.column(qualifiers, name));
        if let Some(value) = self.found(qualifiers, name)? {
            let alias = qualifiers.is_empty() && one(&self.tables.visible, &name.value)?.is_none();
            if alias && around()?.is_some() {
                return refuse(format!(
                    "\"{}\" is an alias and a column around",
                    shown(&name.value)
                ));
            }
            self.own.set(self.own.get() + 1);
            return Ok(Some(value));
        }
        let around = around()?;
        self.outer.set(self.outer.get() + usize::from(around.is_some()));
        Ok(around)
    }

    fn call(&self, name: &str, function: &ast::Function) -> Option<Result<Value, Untranslatable>> {
        match function.over {
            Some(_) => Some(windows::call(self, name, function)),
            None if name == "columns" => Some(columns::value(self, function)),
            None => aggregates::call(self, name, function),
        }
    }

    fn query(&self, node: &Expr) -> Option<Result<Value, Untranslatable>> {
        subquery::value(self, node)
    }

    fn alias(&self, name: &str) -> Result<Ident, Untranslatable> {
        self.translator.alias(name)
    }

    fn fold(
        &self,
        name: &str,
        values: &[Value],
        order: &str,
    ) -> Option<Result<Value, Untranslatable>> {
        aggregates::fold(name, values, order, self.translator.context.helpers)
    }
}

/// Whether DuckDB takes two names for one.
pub(super) fn alike(one: &str, two: &str) -> bool {
    one == two || one.to_lowercase() == two.to_lowercase()
}

/// A part of a part of a value.
fn path(value: Value, fields: &[ast::Ident], name: &str) -> Result<Value, Untranslatable> {
    let value = fields.iter().try_fold(value, |value, part| nested::field(value, &part.value))?;
    nested::field(value, name)
}

/// The only field of a name.
fn one(fields: &[Field], name: &str) -> Result<Option<Value>, Untranslatable> {
    let mut same = fields.iter().filter(|field| alike(&field.name, name));
    match (same.next(), same.next()) {
        (Some(_), Some(_)) => refuse(format!("column \"{}\" is ambiguous", shown(name))),
        (first, _) => Ok(first.map(|field| field.value.clone())),
    }
}
