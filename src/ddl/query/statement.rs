//! A query: WITH, a body, ORDER BY and LIMIT.

use migrator_model::Ident;
use sqlparser::ast::{
    BinaryOperator, Expr, LimitClause, Query, Select, SetExpr, Value as Constant,
};

use super::{
    Untranslatable,
    block::{Block, Item, Output},
    order::{self, Key},
    refuse,
    rewrite::PERCENT,
    scope::{Aliases, Field, Frame},
    translator::Translator,
    with::{self, Ctes},
};
use crate::ddl::expression::{class::Class, division::once, value::Value};

/// The rows that a SELECT leaves out at its end.
enum Keep {
    All,
    Distinct,
    /// Those for which the value is true.
    Where(Value, bool),
}

impl Translator<'_> {
    /// Translates a query inside a frame.
    pub(super) fn query(
        &self,
        query: &Query,
        around: &Frame<'_, '_>,
        ctes: &Ctes<'_>,
        names: Option<&[Ident]>,
    ) -> Result<Output, Untranslatable> {
        let plain = query.fetch.is_none()
            && query.locks.is_empty()
            && query.for_clause.is_none()
            && query.settings.is_none()
            && query.format_clause.is_none()
            && query.pipe_operators.is_empty();
        if !plain {
            return refuse("a clause after the query is not supported");
        }
        let (prefix, ctes) = with::ctes(self, query.with.as_ref(), around, ctes)?;
        let limit = limit(query.limit_clause.as_ref())?;
        let mut output = match query.body.as_ref() {
            SetExpr::Select(select) => self.select(select, query, around, &ctes, names)?,
            body => {
                let output = self.body(body, around, &ctes, names)?;
                self.ordered(output, query, around, &ctes, names)?
            }
        };
        let limit = match limit {
            Limit::Rows(clause) => clause,
            Limit::Percent(percent, offset) => self.share(&output.sql, &percent, &offset)?,
        };
        output.sql = format!("{prefix}{}{limit}", output.sql);
        Ok(output)
    }

    /// LIMIT of so many percent of all rows, which are counted by a second run of the query.
    fn share(&self, sql: &str, percent: &str, offset: &str) -> Result<String, Untranslatable> {
        once(&Value::new(sql, Class::Boolean))?;
        if sql.contains(" TABLESAMPLE ") {
            return refuse("LIMIT of a percentage of a sample is not supported");
        }
        let alias = self.alias("q")?.quoted();
        let text = format!(
            " LIMIT (SELECT pg_catalog.floor({percent}::double precision / 100 \
             * pg_catalog.count(*))::bigint FROM ({sql}) AS {alias}){offset}"
        );
        self.spend(&Value::new(&*text, Class::Boolean))?;
        Ok(text)
    }

    /// Translates a SELECT with the ORDER BY of its query.
    fn select(
        &self,
        select: &Select,
        query: &Query,
        around: &Frame<'_, '_>,
        ctes: &Ctes<'_>,
        names: Option<&[Ident]>,
    ) -> Result<Output, Untranslatable> {
        supported(select)?;
        let from = self.from(&select.from, around, ctes)?;
        let frame = around.inside(&from.tables, ctes);
        let mut block = Block { from: from.sql, filters: from.filters, ..Block::default() };
        block.items = self.items(&select.projection, &frame)?;
        if let Some(filter) = &select.selection {
            block.filters.push(self.value(filter, &frame)?.boolean("WHERE")?.sql);
        }
        block.group = self.group(&select.group_by, &frame, &block.items)?;
        if let Some(having) = &select.having {
            frame.mode.set(Aliases::Unsure);
            block.having = Some(self.value(having, &frame)?.boolean("HAVING")?.sql);
            frame.mode.set(Aliases::Last);
        }
        let keys = order::keys(query.order_by.as_ref(), &frame, &block.items)?;
        match self.keep(select, &frame, &keys)? {
            Keep::All => self.sorted(block, &keys, names),
            Keep::Distinct => self.distinct(block, &keys, names),
            Keep::Where(value, distinct) => self.filtered(block, value, distinct, &keys, names),
        }
    }

    fn keep(
        &self,
        select: &Select,
        frame: &Frame<'_, '_>,
        keys: &[Key],
    ) -> Result<Keep, Untranslatable> {
        use sqlparser::ast::Distinct::{All, Distinct, On};
        let distinct = matches!(select.distinct, Some(Distinct));
        match (&select.qualify, &select.distinct) {
            (None, None | Some(All)) => Ok(Keep::All),
            (None, Some(Distinct)) => Ok(Keep::Distinct),
            (None, Some(On(nodes))) => Ok(Keep::Where(order::first_of(nodes, frame, keys)?, false)),
            (Some(_), Some(On(_))) => refuse("DISTINCT ON with QUALIFY is not supported"),
            (Some(node), _) => {
                let value = self.value(node, frame)?.boolean("QUALIFY")?;
                Ok(Keep::Where(value, distinct))
            }
        }
    }

    /// A SELECT and its order.
    fn sorted(
        &self,
        block: Block,
        keys: &[Key],
        names: Option<&[Ident]>,
    ) -> Result<Output, Untranslatable> {
        if block.items.iter().any(|item| item.unnests) && !order::by_place(keys, &block.items) {
            return refuse("ORDER BY beside unnest is not supported");
        }
        let mut output = block.output(self, false, names)?;
        output.sql += &order::clause(keys, &block.items);
        Ok(output)
    }

    /// SELECT DISTINCT: PostgreSQL sorts it by what it selects only.
    fn distinct(
        &self,
        block: Block,
        keys: &[Key],
        names: Option<&[Ident]>,
    ) -> Result<Output, Untranslatable> {
        if order::by_place(keys, &block.items) {
            let mut output = block.output(self, true, names)?;
            output.sql += &order::clause(keys, &block.items);
            return Ok(output);
        }
        if keys.iter().any(|key| key.place.is_none()) {
            return refuse("ORDER BY of a DISTINCT query by what it does not select");
        }
        let inner = block.output(self, true, None)?;
        self.around(inner, keys, names)
    }

    /// A query as the source of another one that sorts it.
    fn around(
        &self,
        inner: Output,
        keys: &[Key],
        names: Option<&[Ident]>,
    ) -> Result<Output, Untranslatable> {
        let alias = self.alias("q")?;
        let mut outer = Block {
            from: Some(format!("({}) AS {}", inner.sql, alias.quoted())),
            ..Block::default()
        };
        for column in &inner.columns {
            let field = column.field(&alias);
            outer.items.push(Item::plain(field.name, field.value));
        }
        let mut keys = keys.to_vec();
        for key in &mut keys {
            if let Some(item) = key.place.and_then(|place| outer.items.get(place)) {
                key.value = item.value.clone();
            }
        }
        self.sorted(outer, &keys, names)
    }

    /// A SELECT of which the rows are kept for which a value is true: it goes into the select list
    /// of a query inside, because WHERE comes before windows.
    fn filtered(
        &self,
        mut block: Block,
        keep: Value,
        distinct: bool,
        keys: &[Key],
        names: Option<&[Ident]>,
    ) -> Result<Output, Untranslatable> {
        if block.items.iter().any(|item| item.unnests) {
            return refuse("QUALIFY or DISTINCT ON beside unnest is not supported");
        }
        let width = block.items.len();
        block.items.push(Item::plain("keep", keep));
        let places = hidden(&mut block, keys);
        let inner = block.output(self, false, None)?;
        let alias = self.alias("q")?;
        let fields: Vec<_> = inner.columns.iter().map(|column| column.field(&alias)).collect();
        let from = Some(format!("({}) AS {}", inner.sql, alias.quoted()));
        let mut outer = Block { from, ..Block::default() };
        outer.filters.extend(fields.get(width).map(|field| field.value.sql.clone()));
        let item = |field: &Field| Item::plain(&field.name, field.value.clone());
        outer.items = fields.iter().take(width).map(item).collect();
        let mut keys = keys.to_vec();
        for (key, place) in keys.iter_mut().zip(places) {
            key.place = (place < width).then_some(place);
            if let Some(field) = fields.get(place) {
                key.value = field.value.clone();
            }
        }
        match distinct {
            true => self.distinct(outer, &keys, names),
            false => self.sorted(outer, &keys, names),
        }
    }

    /// A result of anything but a SELECT, sorted by its columns.
    fn ordered(
        &self,
        output: Output,
        query: &Query,
        around: &Frame<'_, '_>,
        ctes: &Ctes<'_>,
        names: Option<&[Ident]>,
    ) -> Result<Output, Untranslatable> {
        if query.order_by.is_none() {
            return Ok(output);
        }
        let alias = self.alias("q")?;
        let fields: Vec<_> = output.columns.iter().map(|column| column.field(&alias)).collect();
        let items: Vec<_> = fields.iter().map(|f| Item::plain(&f.name, f.value.clone())).collect();
        let tables = super::scope::Tables { tables: Vec::new(), visible: fields };
        let keys = order::keys(query.order_by.as_ref(), &around.inside(&tables, ctes), &items)?;
        let from = Some(format!("({}) AS {}", output.sql, alias.quoted()));
        self.sorted(Block { from, items, ..Block::default() }, &keys, names)
    }
}

/// Puts what is sorted by, and not selected, at the end of a select list; tells every key's place.
fn hidden(block: &mut Block, keys: &[Key]) -> Vec<usize> {
    let mut places = Vec::new();
    for key in keys {
        places.push(key.place.unwrap_or(block.items.len()));
        if key.place.is_none() {
            block.items.push(Item::plain("sort", key.value.clone()));
        }
    }
    places
}

/// Refuses clauses of other systems.
fn supported(select: &Select) -> Result<(), Untranslatable> {
    let plain = select.top.is_none()
        && select.into.is_none()
        && select.exclude.is_none()
        && select.lateral_views.is_empty()
        && select.prewhere.is_none()
        && select.connect_by.is_empty()
        && select.cluster_by.is_empty()
        && select.distribute_by.is_empty()
        && select.sort_by.is_empty()
        && select.named_window.is_empty()
        && select.value_table_mode.is_none()
        && select.optimizer_hints.is_empty()
        && select.select_modifiers.is_none();
    if plain { Ok(()) } else { refuse("a clause of the SELECT is not supported") }
}

/// How many rows are kept at the end of a query.
enum Limit {
    /// The clauses.
    Rows(String),
    /// A percentage, and the clause of OFFSET.
    Percent(String, String),
}

fn limit(clause: Option<&LimitClause>) -> Result<Limit, Untranslatable> {
    let Some(clause) = clause else { return Ok(Limit::Rows(String::new())) };
    let LimitClause::LimitOffset { limit, offset, limit_by } = clause else {
        return refuse("LIMIT with a comma is not supported");
    };
    if !limit_by.is_empty() {
        return refuse("LIMIT BY is not supported");
    }
    let clause = |word: &str, node: Option<&Expr>| match node {
        Some(node) => Ok(format!(" {word} {}", count(node)?)),
        None => Ok(String::new()),
    };
    let offset = clause("OFFSET", offset.as_ref().map(|offset| &offset.value))?;
    match limit.as_ref().and_then(percentage) {
        Some(percent) => Ok(Limit::Percent(percent?, offset)),
        None => Ok(Limit::Rows(clause("LIMIT", limit.as_ref())? + &offset)),
    }
}

/// The number before a `%`.
fn percentage(node: &Expr) -> Option<Result<String, Untranslatable>> {
    let Expr::BinaryOp { left, op: BinaryOperator::Modulo, right } = node else { return None };
    let marked = matches!(right.as_ref(), Expr::Identifier(name) if name.value == PERCENT);
    let number = match left.as_ref() {
        Expr::Nested(inner) => inner.to_string(),
        other => other.to_string(),
    };
    let fits = number.parse().is_ok_and(|number: f64| (0.0..=100.0).contains(&number));
    match marked && fits && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        true => Some(Ok(number)),
        false => Some(refuse("this percentage of LIMIT is not supported")),
    }
}

fn count(node: &Expr) -> Result<u64, Untranslatable> {
    let number = match node {
        Expr::Nested(inner) => return count(inner),
        Expr::Value(value) => match &value.value {
            Constant::Number(text, false) => text.parse().ok(),
            _ => None,
        },
        _ => None,
    };
    number.map_or_else(|| refuse("a LIMIT that is not a number is not supported"), Ok)
}

/// Whether values of a class are told apart alike in both systems.
pub(super) fn countable(class: &Class, place: &str) -> Result<(), Untranslatable> {
    match class.comparable() || *class == Class::Untyped {
        true => Ok(()),
        false => refuse(format!("{place} of {} is not supported", class.name())),
    }
}
