//! Macros. Where one is called, what it stands for takes the place of the call, as in DuckDB; by
//! itself it becomes a function in PostgreSQL.

mod call;
mod function;

use std::cell::Cell;

use migrator_model::catalog::{Macro, Overload};
use sqlparser::ast::{DataType, Expr, Query};

pub use self::function::{Function, functions};
use super::{Untranslatable, query::parse};

/// How deep calls inside macros may make an expression, in steps of `query::parse`.
const MAX_DEPTH: usize = parse::MAX_CHAIN;
/// Calls in one statement: each level of macros can multiply them.
const MAX_CALLS: usize = 2_000;

/// The macros of a file, parsed once.
pub struct Macros {
    list: Vec<Parsed>,
    depth: Cell<usize>,
    calls: Cell<usize>,
}

/// One macro.
struct Parsed {
    schema: String,
    name: String,
    is_table: bool,
    forms: Vec<Result<Form, Untranslatable>>,
}

/// One form of it.
pub(in crate::ddl) struct Form {
    parameters: Vec<Parameter>,
    body: Body,
    /// How deep the tree of the body can be.
    depth: usize,
}

struct Parameter {
    name: String,
    data_type: Option<DataType>,
    default: Option<Expr>,
}

enum Body {
    Expression(Box<Expr>),
    Query(Box<Query>),
}

impl Macros {
    /// Parses all of them. One that cannot be parsed is refused where it is called.
    pub fn new(macros: &[Macro]) -> Self {
        Self { list: macros.iter().map(parsed).collect(), depth: Cell::new(0), calls: Cell::new(0) }
    }

    /// A macro by its name, in DuckDB's own or in any case.
    fn find(&self, schema: Option<&str>, name: &str, is_table: bool) -> Option<&Parsed> {
        self.list.iter().find(|one| {
            one.is_table == is_table
                && one.name.eq_ignore_ascii_case(name)
                && schema.is_none_or(|schema| one.schema.eq_ignore_ascii_case(schema))
        })
    }

    /// Does something with what a macro stands for, unless macros have gone too far.
    fn inside<T>(
        &self,
        depth: usize,
        run: impl FnOnce() -> Result<T, Untranslatable>,
    ) -> Result<T, Untranslatable> {
        let before = self.depth.get();
        self.calls.set(self.calls.get() + 1);
        if before + depth > MAX_DEPTH || self.calls.get() > MAX_CALLS {
            return Err(Untranslatable::new("macros that call macros have become too much"));
        }
        self.depth.set(before + depth);
        let done = run();
        self.depth.set(before);
        done
    }

    /// Counts anew: another statement begins.
    pub(in crate::ddl) fn restart(&self) {
        self.calls.set(0);
    }
}

fn parsed(one: &Macro) -> Parsed {
    let form = |form| read(form, one.is_table);
    Parsed {
        schema: one.name.schema.clone().unwrap_or_else(|| "main".into()),
        name: one.name.name.clone(),
        is_table: one.is_table,
        forms: one.overloads.iter().map(form).collect(),
    }
}

fn read(form: &Overload, is_table: bool) -> Result<Form, Untranslatable> {
    let mut parameters = Vec::new();
    for parameter in &form.parameters {
        parameters.push(Parameter {
            name: parameter.name.clone(),
            data_type: parameter.data_type.as_deref().map(parse::data_type).transpose()?,
            default: parameter.default.as_deref().map(parse::value).transpose()?,
        });
    }
    let (body, depth) = match is_table {
        true => {
            let (query, depth) = parse::query(&form.definition)?;
            (Body::Query(Box::new(query)), depth)
        }
        false => {
            let (expression, depth) = parse::expression(&form.definition)?;
            (Body::Expression(Box::new(expression)), depth)
        }
    };
    Ok(Form { parameters, body, depth })
}
