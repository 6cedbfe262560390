//! Generated columns: stored ones, where their expression translates and the server takes it.
//! They are loaded with the source's values; `verify` tells where PostgreSQL would compute others.

use migrator_model::{Ident, QualifiedName};
use serde::Deserialize;

use super::{post_data, target::NewTable};
use crate::{
    ddl::{
        Kind,
        expression::{self, Context, Purpose},
    },
    error::{Error, Result},
    pg::{spi, subtransaction},
    steps::{About, Original, Verdict, reason},
};

/// The expression of each column, where it is generated and translates.
pub fn translate(table: &mut NewTable<'_>) -> Result<Vec<Option<String>>> {
    let mut translated = Vec::new();
    for at in 0..table.planned.len() {
        let column = &table.planned[at];
        let source = &table.source.columns[column.source];
        let sql = source.generated.as_ref().filter(|_| column.scan.field.is_none());
        let Some(sql) = sql else {
            translated.push(None);
            continue;
        };
        match expression_of(table, at, sql) {
            Ok(sql) => translated.push(Some(sql)),
            Err(reason) => {
                manual(table, at, &reason)?;
                translated.push(None);
            }
        }
    }
    Ok(translated)
}

fn expression_of(
    table: &NewTable<'_>,
    at: usize,
    sql: &str,
) -> std::result::Result<String, String> {
    let columns = post_data::columns(table.source, table.planned, &table.columns);
    let column = &table.planned[at];
    let logical = &table.source.columns[column.source].logical;
    let purpose = Purpose::Generated { logical, pg: &column.mapping.pg };
    let environment = table.environment;
    let context = Context::of_table(&columns, &|_| None, table.macros, environment, purpose);
    let translated = expression::translate(sql, &context);
    translated.map(|translated| translated.sql).map_err(|refused| refused.reason)
}

fn about(table: &NewTable<'_>, column: &Ident) -> About {
    About {
        kind: Kind::Generated,
        source: format!("{}.{column}", table.source.name),
        target: Some(format!("{}.{}", table.name.quoted(), column.quoted())),
        what: format!("generated column {}", column.quoted()),
    }
}

fn holds_values(reason: &str) -> String {
    format!("{reason}; it is a plain column and holds the values")
}

/// Creates the table with its generated columns, or, where the server refuses them, with plain
/// columns instead.
pub fn create(table: &mut NewTable<'_>, generated: &[Option<String>]) -> Result<()> {
    let (about, whole) = (table.about(), table.statement(generated));
    if generated.iter().all(Option::is_none) {
        return table.steps.run_or_raise(about, &whole);
    }
    let refused = subtransaction::attempt(|| spi::execute(&whole.sql)).err();
    match &refused {
        None => table.steps.done(about, Verdict::Done, &whole.sql)?,
        Some(_) => {
            let plain = table.statement(&vec![None; generated.len()]);
            table.steps.run_or_raise(about, &plain)?;
        }
    }
    record(table, generated, refused.as_ref())
}

/// One step for each generated column.
fn record(
    table: &mut NewTable<'_>,
    generated: &[Option<String>],
    refused: Option<&Error>,
) -> Result<()> {
    for (at, sql) in generated.iter().enumerate() {
        let Some(sql) = sql else { continue };
        match refused {
            None => {
                let about = about(table, &table.columns[at]);
                table.steps.done(about, Verdict::Translated, sql)?;
            }
            Some(error) => manual(table, at, &reason(error))?,
        }
    }
    Ok(())
}

/// Records that a column is a plain one here.
fn manual(table: &mut NewTable<'_>, at: usize, reason: &str) -> Result<()> {
    let about = about(table, &table.columns[at]);
    let source = &table.source.columns[table.planned[at].source];
    let expression = source.generated.as_deref().unwrap_or_default();
    let text = format!("GENERATED ALWAYS AS ({expression})");
    let original = Original { column: Some(source.name.clone()), text };
    let name = &table.source.name;
    table.steps.manual_part(about, name, original, &holds_values(reason)).map(|_| ())
}

#[derive(Deserialize)]
struct Generated {
    name: String,
    expression: String,
}

#[derive(Deserialize)]
struct Count {
    rows: i64,
}

/// What is to be told of rows whose value PostgreSQL would compute differently.
pub fn verify(table: &QualifiedName) -> Result<Vec<String>> {
    let argument = [pgrx::datum::DatumWithOid::from(table.quoted())];
    let sql = "SELECT quote_ident(a.attname) AS name, pg_get_expr(d.adbin, d.adrelid) AS expression
                 FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                WHERE a.attrelid = to_regclass($1) AND a.attgenerated = 's'";
    let mut warnings = Vec::new();
    for Generated { name, expression } in spi::rows::<Generated>(sql, &argument)? {
        let sql = format!(
            "SELECT pg_catalog.count(*) AS rows FROM {} WHERE {name} IS DISTINCT FROM ({expression})",
            table.quoted()
        );
        let rows = spi::one::<Count>(&sql, &[])?.rows;
        if rows > 0 {
            warnings.push(format!(
                "column {name}: {rows} rows hold the source's value, which PostgreSQL would compute differently"
            ));
        }
    }
    Ok(warnings)
}
