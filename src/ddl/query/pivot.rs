//! PIVOT and UNPIVOT: columns made of rows, and rows made of columns.

use std::ops::ControlFlow;

use migrator_model::reject::shown;
use sqlparser::ast::{
    self, Expr, ExprWithAlias, FunctionArg, FunctionArgExpr, FunctionArguments, NullInclusion,
    PivotValueSource, TableAlias, TableFactor, Value as Constant, visit_expressions,
};

use super::{
    Untranslatable,
    block::{Block, Item},
    from::{self, From},
    refuse,
    scope::{Field, Frame, alike},
    statement::countable,
    translator::Translator,
    with::Ctes,
};
use crate::ddl::expression::{
    class::Class,
    literals,
    value::{Value, unify},
};

/// DuckDB's name for the result where it has no alias.
const UNNAMED: &str = "__unnamed_pivot";

impl Translator<'_> {
    /// One row for each of some columns: their values are joined to every row.
    pub(super) fn unpivot(
        &self,
        node: &TableFactor,
        around: &Frame<'_, '_>,
        ctes: &Ctes<'_>,
    ) -> Result<From, Untranslatable> {
        let TableFactor::Unpivot { table, value, name, columns, null_inclusion, alias } = node
        else {
            return refuse("UNPIVOT is not supported in this form");
        };
        let Expr::Identifier(value) = value else {
            return refuse("UNPIVOT into several columns is not supported");
        };
        if alias.as_ref().is_some_and(|alias| !alias.columns.is_empty()) {
            return refuse("UNPIVOT whose alias names columns keeps NULLs in DuckDB");
        }
        let from = self.factor(table, around, ctes)?;
        let fields = &from.tables.visible;
        let mut labels = Vec::new();
        let mut values = Vec::new();
        let mut used = Vec::new();
        for ExprWithAlias { expr, alias } in columns {
            let field = only(fields, expr)?;
            labels.push(alias.as_ref().map_or(&field.name, |alias| &alias.value));
            values.push(field.value.clone());
            used.push(&field.name);
        }
        let (values, class) = unify(values, "UNPIVOT")?;
        let mut rows = Vec::new();
        for (label, value) in labels.iter().zip(&values) {
            let label = literals::typed(label, &Class::Text)?.sql;
            rows.push(format!("({label}, {})", value.sql));
        }
        let inner = self.alias("unpivot")?;
        let column = |name: &str| format!("{}.{name}", inner.quoted());
        let rest = fields.iter().filter(|field| !used.iter().any(|name| alike(name, &field.name)));
        let mut items: Vec<_> =
            rest.map(|field| Item::plain(&field.name, field.value.clone())).collect();
        items.push(Item::plain(&name.value, Value::settled(column("k"), Class::Text)));
        items.push(Item::plain(&value.value, Value::new(column("v"), class)));
        let (text, mut filters) = (from.sql.unwrap_or_default(), from.filters);
        if *null_inclusion != Some(NullInclusion::IncludeNulls) {
            filters.push(format!("{} IS NOT NULL", column("v")));
        }
        let sql = format!(
            "{text} CROSS JOIN LATERAL (VALUES {}) AS {}(k, v)",
            rows.join(", "),
            inner.quoted()
        );
        let block = Block { items, from: Some(sql), filters, ..Block::default() };
        self.turned(block, alias.as_ref())
    }

    /// One column for each of some values: aggregates of the rows that have it.
    pub(super) fn pivot(
        &self,
        node: &TableFactor,
        around: &Frame<'_, '_>,
        ctes: &Ctes<'_>,
    ) -> Result<From, Untranslatable> {
        let TableFactor::Pivot {
            table,
            aggregate_functions: aggregates,
            value_column,
            value_source: PivotValueSource::List(list),
            default_on_null: groups,
            alias,
        } = node
        else {
            return refuse("PIVOT without a list of values is not supported");
        };
        let [turned] = value_column.as_slice() else {
            return refuse("PIVOT by several columns is not supported");
        };
        let from = self.factor(table, around, ctes)?;
        let frame = around.inside(&from.tables, ctes);
        let fields = &from.tables.visible;
        let by = only(fields, turned)?;
        let mut items = Vec::new();
        let mut keys = Vec::new();
        for field in rest(fields, by, aggregates, groups.as_ref())? {
            countable(&field.value.class, "PIVOT")?;
            keys.push(field.value.sql.clone());
            items.push(Item::plain(&field.name, field.value.clone()));
        }
        let counted = (self.aggregates.get(), self.windows.get());
        for value in list {
            let (label, condition) = condition(turned, by, value)?;
            for aggregate in aggregates {
                let name = match (&aggregate.alias, aggregates.len()) {
                    (None, 1) => label.clone(),
                    (Some(alias), _) => format!("{label}_{}", alias.value),
                    (None, _) => format!("{label}_{}", aggregate.expr),
                };
                let node = filtered(&aggregate.expr, &condition)?;
                items.push(Item::plain(name, self.value(&node, &frame)?));
            }
        }
        self.aggregates.set(counted.0);
        self.windows.set(counted.1);
        let group = (!keys.is_empty()).then(|| keys.join(", "));
        let block = Block { items, from: from.sql, filters: from.filters, group, having: None };
        self.turned(block, alias.as_ref())
    }

    fn turned(&self, block: Block, alias: Option<&TableAlias>) -> Result<From, Untranslatable> {
        let output = block.output(self, false, None)?;
        let wanted = alias.map_or(UNNAMED, |alias| &alias.name.value);
        let ident = self.alias(wanted)?;
        let fields = output.columns.iter().map(|column| column.field(&ident)).collect();
        let sql = format!("({}) AS {}", output.sql, ident.quoted());
        Ok(From::single(sql, from::table(None, wanted, fields, alias)?))
    }
}

/// The only column of a name.
fn only<'f>(fields: &'f [Field], node: &Expr) -> Result<&'f Field, Untranslatable> {
    let Expr::Identifier(name) = node else {
        return refuse(format!("{} in PIVOT or UNPIVOT is not a column", shown(&node.to_string())));
    };
    let mut same = fields.iter().filter(|field| alike(&field.name, &name.value));
    match (same.next(), same.next()) {
        (Some(field), None) => Ok(field),
        _ => refuse(format!("{} in PIVOT or UNPIVOT is not one column", shown(&name.value))),
    }
}

/// What is grouped by: what GROUP BY names, or all columns that are used nowhere.
fn rest<'f>(
    fields: &'f [Field],
    by: &Field,
    aggregates: &[ExprWithAlias],
    groups: Option<&Expr>,
) -> Result<Vec<&'f Field>, Untranslatable> {
    if let Some(groups) = groups {
        // The parser's word for GROUP BY, as it was rewritten.
        let Expr::Function(ast::Function { args: FunctionArguments::List(list), .. }) = groups
        else {
            return refuse("GROUP BY of PIVOT is not supported in this form");
        };
        let column = |arg: &FunctionArg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(node)) => only(fields, node),
            _ => refuse("GROUP BY of PIVOT is not supported in this form"),
        };
        return list.args.iter().map(column).collect();
    }
    let mut used = vec![by.name.clone()];
    for aggregate in aggregates {
        let found = visit_expressions(&aggregate.expr, |node| match node {
            Expr::Identifier(name) => {
                used.push(name.value.clone());
                ControlFlow::Continue(())
            }
            Expr::CompoundIdentifier(_) | Expr::Subquery(_) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        if found.is_break() {
            return refuse("an aggregate of PIVOT is not supported in this form");
        }
    }
    Ok(fields.iter().filter(|f| !used.iter().any(|name| alike(name, &f.name))).collect())
}

/// The name that a value gives to a column, and the rows that it stands for.
fn condition(
    column: &Expr,
    by: &Field,
    value: &ExprWithAlias,
) -> Result<(String, Expr), Untranslatable> {
    let Expr::Value(constant) = &value.expr else {
        return refuse("a value of PIVOT is not a literal");
    };
    let name = match (&constant.value, &by.value.class) {
        (Constant::SingleQuotedString(text), Class::Text) => text.clone(),
        (Constant::Number(text, false), Class::Integer { .. })
            if text.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            text.clone()
        }
        (Constant::Boolean(truth), Class::Boolean) => truth.to_string(),
        (Constant::Null, _) => "NULL".to_owned(),
        (other, class) => {
            let other = shown(&other.to_string());
            return refuse(format!("PIVOT of {} by {other} is not supported", class.name()));
        }
    };
    let name = value.alias.as_ref().map_or(name, |alias| alias.value.clone());
    let (left, right) = (Box::new(column.clone()), Box::new(value.expr.clone()));
    Ok((name, Expr::IsNotDistinctFrom(left, right)))
}

/// An aggregate of the rows that meet a condition.
fn filtered(node: &Expr, condition: &Expr) -> Result<Expr, Untranslatable> {
    let Expr::Function(function) = node else {
        return refuse("an aggregate of PIVOT is not a function");
    };
    // DuckDB forgets a FILTER here, and what is only sorted by may be grouped by or not.
    let ordered = matches!(&function.args, FunctionArguments::List(list)
        if !list.clauses.is_empty());
    if function.filter.is_some() || ordered || !function.within_group.is_empty() {
        return refuse("an aggregate of PIVOT with FILTER or ORDER BY is not supported");
    }
    let filter = Some(Box::new(condition.clone()));
    let function = ast::Function { filter, ..function.clone() };
    Ok(Expr::Function(function))
}
