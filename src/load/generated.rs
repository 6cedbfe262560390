//! Generated columns: stored ones, where their expression translates and the server takes it.
//! They are loaded with the source's values; `verify` tells where PostgreSQL would compute others.

use migrator_model::{Ident, QualifiedName, catalog::Table, pg_type::Environment};
use serde::Deserialize;

use super::{plan::PlannedColumn, post_data};
use crate::{
    ddl::expression::{self, Context, Purpose},
    error::Result,
    pg::{spi, subtransaction},
};

/// The expression of each column, where it is generated and translates.
pub fn translate(
    table: &Table,
    planned: &[PlannedColumn],
    idents: &[Ident],
    environment: &Environment,
    warnings: &mut Vec<String>,
) -> Vec<Option<String>> {
    let columns = post_data::columns(table, planned, idents);
    let mut translated = Vec::new();
    for (column, ident) in planned.iter().zip(idents) {
        let source = &table.columns[column.source];
        let sql = source.generated.as_ref().filter(|_| column.scan.field.is_none());
        let purpose = Purpose::Generated { logical: &source.logical, pg: &column.mapping.pg };
        let context = Context { columns: &columns, sequences: &|_| None, environment, purpose };
        translated.push(sql.and_then(|sql| match expression::translate(sql, &context) {
            Ok(translated) => Some(translated.sql),
            Err(refused) => {
                warnings.push(plain(ident, &refused.reason));
                None
            }
        }));
    }
    translated
}

fn plain(column: &Ident, reason: &str) -> String {
    format!("column {} is not generated any more, it holds the values: {reason}", column.quoted())
}

/// Creates the table with its generated columns, or, where the server refuses them, with plain
/// columns instead.
pub fn create(
    generated: &[Option<String>],
    definitions: impl Fn(&[Option<String>]) -> String,
    warnings: &mut Vec<String>,
) -> Result<()> {
    if generated.iter().all(Option::is_none) {
        return spi::execute(&definitions(generated));
    }
    match subtransaction::attempt(|| spi::execute(&definitions(generated))) {
        Ok(done) => done,
        Err(error) => {
            warnings.push(format!("generated columns hold their values only: {}", error.message()));
            spi::execute(&definitions(&vec![None; generated.len()]))
        }
    }
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

/// Warns about rows whose value PostgreSQL would compute differently.
pub fn verify(table: &QualifiedName, warnings: &mut Vec<String>) -> Result<()> {
    let argument = [pgrx::datum::DatumWithOid::from(table.quoted())];
    let sql = "SELECT quote_ident(a.attname) AS name, pg_get_expr(d.adbin, d.adrelid) AS expression
                 FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                WHERE a.attrelid = to_regclass($1) AND a.attgenerated = 's'";
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
    Ok(())
}
