//! Samples of a table or of a query in FROM.

use sqlparser::ast::{
    Expr, TableFactor, TableSample, TableSampleKind, TableSampleMethod, TableSampleModifier,
    TableSampleUnit, TableWithJoins, Value as Constant,
};

use super::{
    Untranslatable,
    block::{Block, Item},
    from::From,
    refuse,
    scope::{Field, Table},
    translator::Translator,
};

/// The sample of a part of FROM.
pub(super) fn of(node: &TableFactor) -> Option<&TableSample> {
    let (TableFactor::Table { sample, .. } | TableFactor::Derived { sample, .. }) = node else {
        return None;
    };
    match sample {
        Some(
            TableSampleKind::AfterTableAlias(sample) | TableSampleKind::BeforeTableAlias(sample),
        ) => Some(sample),
        None => None,
    }
}

/// USING SAMPLE is about all of FROM, which is known only where that is one table.
pub(super) fn check(nodes: &[TableWithJoins]) -> Result<(), Untranslatable> {
    let whole = |node: &TableFactor| {
        of(node).is_some_and(|sample| sample.modifier == TableSampleModifier::Sample)
    };
    let parts = |node: &TableWithJoins| {
        whole(&node.relation) || node.joins.iter().any(|join| whole(&join.relation))
    };
    let joined = nodes.len() > 1 || nodes.iter().any(|node| !node.joins.is_empty());
    match joined && nodes.iter().any(parts) {
        true => refuse("USING SAMPLE of a join is not supported"),
        false => Ok(()),
    }
}

impl Translator<'_> {
    /// Draws a sample of a part of FROM that is one table, a relation or a query.
    pub(super) fn sampled(
        &self,
        from: From,
        sample: &TableSample,
        relation: bool,
    ) -> Result<From, Untranslatable> {
        let plain = sample.seed.is_none() && sample.bucket.is_none() && sample.offset.is_none();
        let Some(quantity) = sample.quantity.as_ref().filter(|_| plain) else {
            return refuse("a sample with a seed draws other rows in PostgreSQL");
        };
        let number = number(&quantity.value)?;
        let percent = quantity.unit == Some(TableSampleUnit::Percent);
        match (&sample.name, percent) {
            (Some(TableSampleMethod::Bernoulli), true) if relation => {
                Ok(followed(from, &format!("TABLESAMPLE BERNOULLI ({number})")))
            }
            (Some(TableSampleMethod::System), true) if relation => {
                Ok(followed(from, &format!("TABLESAMPLE SYSTEM ({number})")))
            }
            (Some(TableSampleMethod::Bernoulli), true) => {
                self.drawn(from, &format!("WHERE pg_catalog.random() * 100 < {number}"))
            }
            // The rewritten name of a reservoir.
            (Some(TableSampleMethod::Block), false) if number.parse::<u32>().is_ok() => {
                self.drawn(from, &format!("ORDER BY pg_catalog.random() LIMIT {number}"))
            }
            _ => refuse("this kind of sample is not supported"),
        }
    }

    /// A query that draws rows, in the place of what it draws them from.
    fn drawn(&self, from: From, clause: &str) -> Result<From, Untranslatable> {
        let [table] = from.tables.tables.as_slice() else {
            return refuse("a sample of a join is not supported");
        };
        let item = |field: &Field| Item::plain(&field.name, field.value.clone());
        let items = table.fields.iter().map(item).collect();
        let block = Block { items, from: from.sql.clone(), ..Block::default() };
        let output = block.output(self, false, None)?;
        let alias = self.alias(&table.name)?;
        let fields = output.columns.iter().map(|column| column.field(&alias)).collect();
        let sql = format!("({} {clause}) AS {}", output.sql, alias.quoted());
        let (schema, name) = (table.schema.clone(), table.name.clone());
        Ok(From::single(sql, Table { schema, name, fields }))
    }
}

fn followed(from: From, clause: &str) -> From {
    From { sql: from.sql.map(|sql| format!("{sql} {clause}")), ..from }
}

/// A number that is written as one.
fn number(node: &Expr) -> Result<&str, Untranslatable> {
    match node {
        Expr::Value(value) => match &value.value {
            Constant::Number(text, false) => Ok(text),
            _ => refuse("the size of a sample is not a number"),
        },
        _ => refuse("the size of a sample is not a number"),
    }
}
