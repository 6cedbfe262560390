//! Common table expressions.

use migrator_model::Ident;
use sqlparser::ast::{Cte as Node, Query, SetExpr, SetOperator, SetQuantifier, With};

use super::{
    Untranslatable,
    block::{Column, Output},
    refuse,
    scope::{Frame, alike},
    translator::Translator,
};

/// A name that WITH gives to a query.
#[derive(Clone, Debug)]
pub(super) struct Cte {
    pub(super) name: String,
    pub(super) ident: Ident,
    pub(super) columns: Vec<Column>,
}

/// Those of one WITH, and those around it.
#[derive(Clone, Debug, Default)]
pub(super) struct Ctes<'c> {
    own: Vec<Cte>,
    around: Option<&'c Ctes<'c>>,
}

impl Ctes<'_> {
    /// The nearest of a name.
    pub(super) fn find(&self, name: &str) -> Option<&Cte> {
        let own = self.own.iter().rev().find(|cte| alike(&cte.name, name));
        own.or_else(|| self.around.and_then(|around| around.find(name)))
    }
}

/// Translates WITH: its text, and what it names.
pub(super) fn ctes<'c>(
    translator: &Translator<'_>,
    with: Option<&With>,
    frame: &Frame<'_, '_>,
    around: &'c Ctes<'c>,
) -> Result<(String, Ctes<'c>), Untranslatable> {
    let mut ctes = Ctes { own: Vec::new(), around: Some(around) };
    let Some(with) = with else { return Ok((String::new(), ctes)) };
    let mut parts = Vec::new();
    for node in &with.cte_tables {
        let recursive = with.recursive.then(|| halves(&node.query)).flatten();
        let (cte, body) = match recursive {
            Some(halves) => repeated(translator, node, halves, frame, &ctes)?,
            None => single(translator, node, frame, &ctes)?,
        };
        parts.push(printed(&cte, &body));
        ctes.own.push(cte);
    }
    let word = if with.recursive { "WITH RECURSIVE" } else { "WITH" };
    Ok((format!("{word} {} ", parts.join(", ")), ctes))
}

fn printed(cte: &Cte, body: &str) -> String {
    let columns: Vec<_> = cte.columns.iter().map(|column| column.ident.quoted()).collect();
    format!("{}({}) AS ({body})", cte.ident.quoted(), columns.join(", "))
}

fn single(
    translator: &Translator<'_>,
    node: &Node,
    frame: &Frame<'_, '_>,
    ctes: &Ctes<'_>,
) -> Result<(Cte, String), Untranslatable> {
    let output = translator.query(&node.query, frame, ctes, None)?;
    Ok((named(translator, node, output.columns)?, output.sql))
}

fn named(
    translator: &Translator<'_>,
    node: &Node,
    mut columns: Vec<Column>,
) -> Result<Cte, Untranslatable> {
    if node.from.is_some() || node.materialized.is_some() {
        return refuse("an option of WITH is not supported");
    }
    let name = node.alias.name.value.clone();
    for (column, alias) in columns.iter_mut().zip(&node.alias.columns) {
        column.name.clone_from(&alias.name.value);
    }
    Ok(Cte { ident: translator.alias(&name)?, name, columns })
}

type Halves<'q> = (&'q SetExpr, &'static str, &'q SetExpr);

/// Both sides of the UNION of a recursive query.
fn halves(query: &Query) -> Option<Halves<'_>> {
    let plain = query.with.is_none() && query.order_by.is_none() && query.limit_clause.is_none();
    match query.body.as_ref() {
        SetExpr::SetOperation { op: SetOperator::Union, set_quantifier, left, right } if plain => {
            let word = match set_quantifier {
                SetQuantifier::All => "UNION ALL",
                SetQuantifier::None | SetQuantifier::Distinct => "UNION",
                _ => return None,
            };
            Some((left, word, right))
        }
        SetExpr::Query(inner) if plain => halves(inner),
        _ => None,
    }
}

/// A query that may read what it yields: the first half decides on the types.
fn repeated(
    translator: &Translator<'_>,
    node: &Node,
    (left, word, right): Halves<'_>,
    frame: &Frame<'_, '_>,
    ctes: &Ctes<'_>,
) -> Result<(Cte, String), Untranslatable> {
    let first = translator.body(left, frame, ctes, None)?;
    let cte = named(translator, node, first.columns.clone())?;
    let inner = Ctes { own: vec![cte.clone()], around: Some(ctes) };
    let again = translator.body(right, frame, &inner, None)?;
    if classes(&first) != classes(&again) {
        return refuse("a recursive query whose halves have different types is not supported");
    }
    Ok((cte, format!("({}) {word} ({})", first.sql, again.sql)))
}

fn classes(output: &Output) -> Vec<String> {
    output.columns.iter().map(|column| format!("{:?}", column.class)).collect()
}
