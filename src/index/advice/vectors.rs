//! Indexes for the nearest vectors: what `vector_advice` would say, by the catalogs alone. Nothing is
//! read and nothing is timed.

use migrator_model::Ident;
use serde_json::json;

use super::{
    choose::Nothing,
    outcome::{Advice, Row, risk_of_build},
    table::Table,
};
use crate::{
    ddl::names::Names,
    error::Result,
    index::vector::{self, AdviceArguments, Metric},
    pg::{query_shape::shape::Limit, subtransaction::attempt},
};

/// So few vectors are searched exactly before an index is worth anything.
const FEW: f64 = 10_000.0;

/// What is asked for.
pub struct Nearest<'a> {
    /// The column; None: an expression.
    pub column: Option<&'a str>,
    /// The distance.
    pub metric: Option<Metric>,
    /// How many of the nearest.
    pub limit: Option<Limit>,
    /// Which query it is of.
    pub query: Option<usize>,
    /// Who asks.
    pub name: &'a str,
}

impl Nearest<'_> {
    /// Advises.
    pub fn row(&self, table: &Table, names: &mut Names) -> Result<Row> {
        let (Some(column), Some(metric)) = (self.column, self.metric) else {
            return Ok(self.nothing(
                &[],
                "It is sorted by a distance that is none of pgvector's on a column.".to_owned(),
            ));
        };
        if let Some(index) = self.served_by(table, column, metric) {
            return Ok(self.nothing(&[column], format!("Index \"{index}\" serves it already.")));
        }
        if table.rows < FEW {
            let why = format!(
                "There are {:.0} rows: exact searches of so few are quick and find everything; vector_advice() measures them.",
                table.rows
            );
            return Ok(self.nothing(&[column], why));
        }
        let k = match self.limit {
            Some(Limit::Rows(rows)) => i32::try_from(rows).unwrap_or(1_000).clamp(1, 1_000),
            _ => 10,
        };
        let arguments = AdviceArguments {
            target: table.oid,
            column: column.to_owned(),
            metric: metric.name().to_owned(),
            target_recall: 0.95,
            p95_ms: 0.0,
            k,
        };
        match attempt(|| vector::expected(&arguments, table.rows as u64)) {
            Ok(advice) => Ok(self.advised(table, column, advice, names)),
            Err(error) => {
                let why = crate::validate::check::sentence(error.message());
                Ok(self.nothing(&[column], format!("{why}.")))
            }
        }
    }

    fn served_by<'t>(&self, table: &'t Table, column: &str, metric: Metric) -> Option<&'t str> {
        let is_it = |index: &&super::existing::Existing| {
            let first = index.keys.first();
            let is_vector = matches!(index.method.as_str(), "hnsw" | "ivfflat");
            let of_column = first.is_some_and(|key| {
                key.column.as_deref() == Some(column) || key.sql.contains(column)
            });
            let class = first.and_then(|key| Metric::of_class(&key.class));
            index.valid && is_vector && of_column && class == Some(metric)
        };
        table.indexes.iter().find(is_it).map(|index| index.name.as_str())
    }

    fn advised(
        &self,
        table: &Table,
        column: &str,
        advice: vector::Advice,
        names: &mut Names,
    ) -> Row {
        let Some(sql) = advice.index_sql else { return self.nothing(&[column], advice.rationale) };
        let idents: Vec<_> = Ident::clipped(column).into_iter().collect();
        let name = names.index(&table.name.name, &idents).quoted();
        let sql = sql.replacen("CREATE INDEX ON ", &format!("CREATE INDEX {name} ON "), 1);
        let seconds = advice.build_seconds.unwrap_or(0.0);
        Row {
            index_sql: Some(sql),
            kind: Advice::Make(advice.am),
            columns: vec![column.to_owned()],
            rationale: format!(
                "{} searches for the nearest rows. {}",
                crate::validate::check::sentence(self.name),
                advice.rationale
            ),
            expected_size: advice.index_size.map(|bytes| bytes as f64),
            expected_build_seconds: advice.build_seconds,
            expected_gain: json!({
                "method": "none",
                "note": "vector_advice() measures exact searches, vector_recall() those by the index",
            }),
            risk: Some(risk_of_build(seconds, None)),
            gain: None,
        }
    }

    fn nothing(&self, columns: &[&str], why: String) -> Row {
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        Row::nothing(Nothing { columns, why, query: self.query }, Some(self.name))
    }
}
