//! UNION, INTERSECT, EXCEPT and VALUES: results whose columns meet in a common type.

use migrator_model::Ident;
use sqlparser::ast::{SetExpr, SetOperator, SetQuantifier, Values};

use super::{
    Untranslatable,
    block::{Block, Column, Item, Output, idents},
    refuse,
    scope::{Frame, alike},
    statement::countable,
    translator::Translator,
    with::Ctes,
};
use crate::ddl::expression::{
    class::Class,
    value::{Value, unify},
};

impl Translator<'_> {
    /// Translates what stands between WITH and ORDER BY.
    pub(super) fn body(
        &self,
        body: &SetExpr,
        around: &Frame<'_, '_>,
        ctes: &Ctes<'_>,
        names: Option<&[Ident]>,
    ) -> Result<Output, Untranslatable> {
        match body {
            SetExpr::Query(query) => self.query(query, around, ctes, names),
            SetExpr::Select(select) => {
                let query = bare(SetExpr::Select(select.clone()));
                self.query(&query, around, ctes, names)
            }
            SetExpr::Values(values) => self.rows(values, around, ctes, names),
            SetExpr::SetOperation { left, op, set_quantifier, right } => {
                let left = self.body(left, around, ctes, None)?;
                let right = self.body(right, around, ctes, None)?;
                self.combined(left, *op, *set_quantifier, right, names)
            }
            _ => refuse("a statement that is not a query is not supported"),
        }
    }

    fn combined(
        &self,
        left: Output,
        op: SetOperator,
        quantifier: SetQuantifier,
        right: Output,
        names: Option<&[Ident]>,
    ) -> Result<Output, Untranslatable> {
        use SetQuantifier::{All, AllByName, ByName, Distinct, DistinctByName, None as Plain};
        let word = match op {
            SetOperator::Union => "UNION",
            SetOperator::Intersect => "INTERSECT",
            SetOperator::Except | SetOperator::Minus => "EXCEPT",
        };
        let all = matches!(quantifier, All | AllByName);
        let (ours, theirs) = match quantifier {
            Plain | All | Distinct => by_place(&left, &right)?,
            ByName | AllByName | DistinctByName => by_name(&left, &right),
        };
        let (left, right) = self.aligned(left, ours, right, theirs, names)?;
        for column in &left.columns {
            if !all {
                countable(&column.class, word)?;
            }
        }
        let sql = format!("({}) {word}{} ({})", left.sql, if all { " ALL" } else { "" }, right.sql);
        Ok(Output { sql, columns: left.columns })
    }

    /// Both results with the columns wanted from each, in common types.
    fn aligned(
        &self,
        left: Output,
        ours: Vec<Wanted>,
        right: Output,
        theirs: Vec<Wanted>,
        names: Option<&[Ident]>,
    ) -> Result<(Output, Output), Untranslatable> {
        let (mut one, mut two) = (Vec::new(), Vec::new());
        let aliases = (self.alias("q")?, self.alias("q")?);
        for (l, r) in ours.into_iter().zip(theirs) {
            let values = vec![l.value(&left, &aliases.0), r.value(&right, &aliases.1)];
            let (mut values, class) = common(values)?;
            let value = values.pop().unwrap_or_else(Value::null);
            two.push(Item::plain(l.name.clone(), Value { class: class.clone(), ..value }));
            let value = values.pop().unwrap_or_else(Value::null);
            one.push(Item::plain(l.name, Value { class, ..value }));
        }
        Ok((self.shaped(left, one, &aliases.0, names)?, self.shaped(right, two, &aliases.1, None)?))
    }

    /// A result with other columns; the result itself where they are its own.
    fn shaped(
        &self,
        output: Output,
        items: Vec<Item>,
        alias: &Ident,
        names: Option<&[Ident]>,
    ) -> Result<Output, Untranslatable> {
        let same = |(item, column): (&Item, &Column)| {
            item.value == column.field(alias).value && !column.null
        };
        let whole = items.len() == output.columns.len() && names.is_none();
        if whole && items.iter().zip(&output.columns).all(same) {
            return Ok(output);
        }
        let from = Some(format!("({}) AS {}", output.sql, alias.quoted()));
        Block { items, from, ..Block::default() }.output(self, false, names)
    }

    fn rows(
        &self,
        values: &Values,
        around: &Frame<'_, '_>,
        ctes: &Ctes<'_>,
        names: Option<&[Ident]>,
    ) -> Result<Output, Untranslatable> {
        let tables = super::scope::Tables::default();
        let frame = around.inside(&tables, ctes);
        let mut rows = Vec::new();
        for row in &values.rows {
            let cells: Result<Vec<_>, _> =
                row.content.iter().map(|node| self.value(node, &frame)).collect();
            rows.push(cells?);
        }
        let width = rows.first().map_or(0, Vec::len);
        if width == 0 || rows.iter().any(|row| row.len() != width) {
            return refuse("VALUES of different lengths");
        }
        let (cells, classes) = self.cells(rows, width)?;
        let titles: Vec<_> = (0..width).map(|at| format!("col{at}")).collect();
        let idents = idents(titles.iter().map(String::as_str), names)?;
        let alias = self.alias("valueslist")?.quoted();
        let list: Vec<_> = idents.iter().map(Ident::quoted).collect();
        let sql = format!("SELECT * FROM (VALUES {cells}) AS {alias}({})", list.join(", "));
        let column = |((name, ident), class)| Column { name, ident, class, null: false };
        let columns = titles.into_iter().zip(idents).zip(classes).map(column).collect();
        Ok(Output { sql, columns })
    }

    /// The rows as text, every column in one type.
    fn cells(
        &self,
        rows: Vec<Vec<Value>>,
        width: usize,
    ) -> Result<(String, Vec<Class>), Untranslatable> {
        let height = rows.len();
        let mut columns: Vec<Vec<Value>> = (0..width).map(|_| Vec::new()).collect();
        for row in rows {
            for (column, cell) in columns.iter_mut().zip(row) {
                column.push(cell);
            }
        }
        let mut classes = Vec::new();
        for column in &mut columns {
            let (values, class) = common(std::mem::take(column))?;
            for value in values {
                column.push(self.settled(&Value { class: class.clone(), ..value })?);
            }
            classes.push(class);
        }
        let row = |at: usize| {
            let cells = columns.iter().filter_map(|column| column.get(at));
            let cells: Vec<_> = cells.map(|value| value.sql.as_str()).collect();
            format!("({})", cells.join(", "))
        };
        Ok(((0..height).map(row).collect::<Vec<_>>().join(", "), classes))
    }
}

/// A column that a result contributes.
struct Wanted {
    name: String,
    /// Its place; None where the result has no such column.
    place: Option<usize>,
}

impl Wanted {
    fn value(&self, output: &Output, alias: &Ident) -> Value {
        match self.place.and_then(|place| output.columns.get(place)) {
            Some(column) if !column.null => column.field(alias).value,
            _ => Value::null(),
        }
    }
}

fn by_place(left: &Output, right: &Output) -> Result<(Vec<Wanted>, Vec<Wanted>), Untranslatable> {
    if left.columns.len() != right.columns.len() {
        return refuse("results with different numbers of columns");
    }
    let wanted = |(place, column): (usize, &Column)| Wanted {
        name: column.name.clone(),
        place: Some(place),
    };
    let all = |output: &Output| output.columns.iter().enumerate().map(wanted).collect();
    Ok((all(left), all(right)))
}

fn by_name(left: &Output, right: &Output) -> (Vec<Wanted>, Vec<Wanted>) {
    let place =
        |output: &Output, name: &str| output.columns.iter().position(|c| alike(&c.name, name));
    let mut names: Vec<_> = left.columns.iter().map(|column| column.name.clone()).collect();
    let more = right.columns.iter().filter(|column| place(left, &column.name).is_none());
    names.extend(more.map(|column| column.name.clone()));
    let all = |output: &Output| {
        names.iter().map(|name| Wanted { name: name.clone(), place: place(output, name) }).collect()
    };
    (all(left), all(right))
}

/// Values in the type that a column of them has: a string is a VARCHAR here, a constant an INTEGER.
fn common(values: Vec<Value>) -> Result<(Vec<Value>, Class), Untranslatable> {
    let typed = |value: &Value| value.class != Class::Untyped;
    let strings = values.iter().any(|value| !typed(value) && *value != Value::null());
    if strings && values.iter().any(|value| typed(value) && value.class != Class::Text) {
        return refuse("texts and other values in one column are not supported");
    }
    if values.iter().all(|value| *value == Value::null()) {
        return Ok((values, Class::Untyped));
    }
    let classes = values.iter().map(|value| Value::new("", value.class.clone()));
    let classes = classes.filter(|value| value.class != Class::Untyped).collect();
    let (_, class) = unify(classes, "a column")?;
    let converted: Result<Vec<_>, _> = values
        .into_iter()
        .map(|value| crate::ddl::expression::literals::convert(value, &class))
        .collect();
    Ok((converted?, class))
}

/// A query of nothing but a body.
fn bare(body: SetExpr) -> sqlparser::ast::Query {
    sqlparser::ast::Query {
        with: None,
        body: Box::new(body),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}
