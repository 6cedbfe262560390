//! Embeddings: as long as each other, of real numbers, and pointing somewhere.

use migrator_model::ident::quote;
use serde::Deserialize;

use super::{heap, look::Look, question::Question, task::Task};
use crate::{
    error::{Error, Result},
    pg::spi,
    validate::check::Check,
};

/// A column of embeddings.
#[derive(Deserialize)]
struct Column {
    name: String,
    /// `vector`, `halfvec`, `sparsevec`, `_float4` or `_float8`.
    type_name: String,
    /// The schema of its type, and of pgvector's functions; quoted.
    schema: String,
    /// Whether the type is pgvector's.
    is_pgvector: bool,
    /// How many dimensions it was declared with; -1: any number.
    typmod: i32,
}

/// Whether all have as many dimensions as declared, or as most.
pub fn plan_of_dimension(look: Look<'_>) -> Result<Vec<Task<'_>>> {
    let tasks = columns(look)?.into_iter().map(|column| {
        Task::reading(look.check().column(column.name.as_str()), move |check| {
            dimension(look, &column, check)
        })
    });
    Ok(tasks.collect())
}

/// Whether all their numbers are numbers.
pub fn plan_of_non_finite(look: Look<'_>) -> Result<Vec<Task<'_>>> {
    let expected = "finite numbers";
    Ok(columns(look)?.iter().map(|one| task(look, one, &one.is_non_finite(), expected)).collect())
}

/// Whether all have a direction: no index of cosine distances holds the others.
pub fn plan_of_zero_norm(look: Look<'_>) -> Result<Vec<Task<'_>>> {
    let expected = "a norm above 0";
    Ok(columns(look)?.iter().map(|one| task(look, one, &one.is_zero(), expected)).collect())
}

fn task<'a>(look: Look<'a>, column: &Column, condition: &str, expected: &str) -> Task<'a> {
    let question = Question::rows_with(look.relation, condition);
    let check = look.check().column(column.name.as_str());
    let check = Check { expected: Some(expected.to_owned()), ..check };
    Task::reading(check, move |check| question.answer(look.heap, check))
}

fn dimension(look: Look<'_>, column: &Column, check: Check) -> Result<Check> {
    let expected = match column.typmod {
        declared if column.is_pgvector && declared > 0 => Some(declared),
        _ => column.most_have(look)?,
    };
    let dimensions = column.dimensions();
    let condition = match expected {
        Some(expected) => format!("{dimensions} <> {expected}"),
        None => "false".to_owned(),
    };
    let expected = expected.map(|expected| format!("{expected} dimensions"));
    Question::rows_with(look.relation, &condition).answer(look.heap, Check { expected, ..check })
}

/// The columns of pgvector's types, and the arrays that the user has named.
fn columns(look: Look<'_>) -> Result<Vec<Column>> {
    let columns: Vec<Column> = spi::rows_of_before(&format!(
        "SELECT a.attname::text AS name, t.typname::text AS type_name, a.atttypmod AS typmod,
                quote_ident(n.nspname) AS schema, e.oid IS NOT NULL AS is_pgvector
           FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
           JOIN pg_namespace n ON n.oid = t.typnamespace
           LEFT JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid
                                AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
           LEFT JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'vector'
                                   AND t.typname IN ('vector', 'halfvec', 'sparsevec')
          WHERE a.attrelid = {} AND a.attnum > 0 AND NOT a.attisdropped
          ORDER BY a.attnum",
        look.relation.oid
    ))?;
    let named = |column: &Column| look.options.vectors.contains(&column.name);
    let columns: Vec<_> =
        columns.into_iter().filter(|column| column.is_pgvector || named(column)).collect();
    match columns.iter().find(|column| !column.is_pgvector && !column.is_array()) {
        None => Ok(columns),
        Some(other) => Err(Error::new(
            "42804",
            format!("column {} holds no vectors but type {}", quote(&other.name), other.type_name),
        )),
    }
}

impl Column {
    fn is_array(&self) -> bool {
        matches!(self.type_name.as_str(), "_float4" | "_float8") && self.schema == "pg_catalog"
    }

    fn dimensions(&self) -> String {
        let (name, schema) = (quote(&self.name), &self.schema);
        match (self.is_pgvector, self.type_name.as_str()) {
            // pgvector has no function that tells them: `{1:1.5}/100`.
            (true, "sparsevec") => format!("split_part({name}::text, '/', 2)::int4"),
            (true, _) => format!("{schema}.vector_dims({name})"),
            (false, _) => format!("cardinality({name})"),
        }
    }

    /// The number of dimensions that most have; None when there are no vectors.
    fn most_have(&self, look: Look<'_>) -> Result<Option<i32>> {
        #[derive(Deserialize)]
        struct Most {
            dimensions: i32,
        }
        let (name, dimensions, from) = (quote(&self.name), self.dimensions(), look.relation.from());
        let sql = format!(
            "SELECT {dimensions} AS dimensions FROM {from} WHERE num_nulls({name}) = 0
              GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
        );
        let most = heap::rows::<Most>(&sql, None)?;
        Ok(most.first().map(|most| most.dimensions))
    }

    fn is_non_finite(&self) -> String {
        let name = quote(&self.name);
        match self.is_pgvector {
            // A sum of squares of 4-byte numbers fits into 8 bytes, so only they make it infinite.
            true => format!("{} IN ('NaN', 'Infinity')", self.norm()),
            false => format!(
                "EXISTS (SELECT FROM unnest({name}) e
                          WHERE e IS NULL OR e::float8 IN ('NaN', 'Infinity', '-Infinity'))"
            ),
        }
    }

    fn is_zero(&self) -> String {
        let name = quote(&self.name);
        match self.is_pgvector {
            true => format!("{} = 0", self.norm()),
            false => format!(
                "cardinality({name}) > 0
                 AND NOT EXISTS (SELECT FROM unnest({name}) e WHERE e IS NULL OR e <> 0)"
            ),
        }
    }

    fn norm(&self) -> String {
        let function = if self.type_name == "vector" { "vector_norm" } else { "l2_norm" };
        format!("{}.{function}({})", self.schema, quote(&self.name))
    }
}
