//! One SELECT in PostgreSQL's SQL, and the columns that a query yields.

use std::collections::HashSet;

use migrator_model::Ident;

use super::{
    Untranslatable, refuse,
    scope::Field,
    translator::{Translator, distinct},
};
use crate::ddl::expression::{
    class::Class,
    value::{Literal, Value},
};

/// A column of a query's result.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// DuckDB's name for it.
    pub(super) name: String,
    pub(super) ident: Ident,
    pub(super) class: Class,
    /// Whether it is NULL and nothing else.
    pub(super) null: bool,
}

impl Column {
    /// The column as it is reached from outside.
    pub(super) fn field(&self, alias: &Ident) -> Field {
        let sql = format!("{}.{}", alias.quoted(), self.ident.quoted());
        Field { name: self.name.clone(), value: Value::settled(sql, self.class.clone()) }
    }
}

/// A whole query.
#[derive(Clone, Debug)]
pub(super) struct Output {
    pub(super) sql: String,
    pub(super) columns: Vec<Column>,
}

/// A member of a select list.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) value: Value,
    pub(super) aggregate: bool,
    pub(super) window: bool,
    /// Whether it makes several rows of one.
    pub(super) unnests: bool,
}

impl Item {
    pub(super) fn plain(name: impl Into<String>, value: Value) -> Self {
        Self { name: name.into(), value, aggregate: false, window: false, unnests: false }
    }
}

/// A SELECT without what comes after HAVING.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    pub(super) items: Vec<Item>,
    pub(super) from: Option<String>,
    pub(super) filters: Vec<String>,
    pub(super) group: Option<String>,
    pub(super) having: Option<String>,
}

impl Block {
    /// Prints it, with the names given or names like DuckDB's.
    pub(super) fn output(
        &self,
        translator: &Translator<'_>,
        distinct: bool,
        names: Option<&[Ident]>,
    ) -> Result<Output, Untranslatable> {
        let idents = idents(self.items.iter().map(|item| item.name.as_str()), names)?;
        let mut list = Vec::new();
        let mut columns = Vec::new();
        for (item, ident) in self.items.iter().zip(idents) {
            if distinct && !item.value.class.comparable() && item.value.class != Class::Untyped {
                return refuse(format!("DISTINCT of {} is not supported", item.value.class.name()));
            }
            let value = translator.settled(&item.value)?;
            list.push(format!("{} AS {}", value.sql, ident.quoted()));
            let null = value.literal == Some(Literal::Null);
            columns.push(Column { name: item.name.clone(), ident, class: value.class, null });
        }
        let word = if distinct { "SELECT DISTINCT " } else { "SELECT " };
        Ok(Output { sql: format!("{word}{}{}", list.join(", "), self.rest()), columns })
    }

    fn rest(&self) -> String {
        let part = |word: &str, text: &Option<String>| match text {
            Some(text) => format!(" {word} {text}"),
            None => String::new(),
        };
        let filter = (!self.filters.is_empty()).then(|| self.filters.join(" AND "));
        let mut sql = part("FROM", &self.from);
        sql += &part("WHERE", &filter);
        sql += &part("GROUP BY", &self.group);
        sql + &part("HAVING", &self.having)
    }
}

/// Names for the columns of a result, each once.
pub(super) fn idents<'n>(
    wanted: impl ExactSizeIterator<Item = &'n str>,
    names: Option<&[Ident]>,
) -> Result<Vec<Ident>, Untranslatable> {
    match names {
        // More columns than names: the hidden ones, or those of a shorter list of aliases.
        Some(names) if names.len() == wanted.len() => Ok(names.to_vec()),
        Some(_) => refuse("the number of columns is not the view's"),
        None => {
            let mut taken = HashSet::new();
            wanted.map(|name| distinct(&mut taken, name)).collect()
        }
    }
}
