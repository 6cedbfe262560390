//! Indexes of vectors: those of the source, made by DuckDB's extension vss, and those that were
//! asked for.

use std::time::Instant;

use migrator_model::{Ident, LogicalType, PgType, QualifiedName, catalog::Index};

use super::PostData;
use crate::{
    ddl::{Kind, Statement, comment, expression},
    error::{Error, Result},
    index::vector::{self, Build, BuildOptions, Metric},
    pg::{facts, subtransaction},
    steps::{self, Verdict},
};

const NOT_INSTALLED: &str = "the extension vector is not installed";
/// DuckDB prints an index of vss without its parameters.
const UNTOLD: &str = "DuckDB does not tell its metric; options.vector_index can";

/// What a search asks for when nothing is said.
const METRIC: &str = "cosine";

impl PostData<'_> {
    /// Those that were asked for, of all embeddings for which the source has none.
    pub fn vector_indexes(&mut self) -> Result<()> {
        let Some(options) = self.vector_index else { return Ok(()) };
        let options = options.clone();
        for (part, ident) in self.embeddings() {
            self.make_vector_index(&part, &ident, &options, Verdict::Done)?;
        }
        self.report_what_is_no_vector()
    }

    /// What is an embedding in the source, and has become something else here.
    fn report_what_is_no_vector(&mut self) -> Result<()> {
        let indexed = self.indexed_vectors();
        for (planned, ident) in self.planned.iter().zip(self.columns) {
            let pg = &planned.mapping.pg;
            let is_array = matches!(pg, PgType::Array(_));
            if !is_array || !is_embedding(&planned.scan.logical) || indexed.contains(ident) {
                continue;
            }
            let reason = match self.environment.pgvector {
                Some(_) => format!("its type is {pg}"),
                None => NOT_INSTALLED.to_owned(),
            };
            let what = format!("index of vectors on column {}", ident.quoted());
            let about = self.about(Kind::Index, &planned.scan.name, None, &what);
            self.steps.manual(about, None, &reason)?;
        }
        Ok(())
    }

    fn embeddings(&self) -> Vec<(String, Ident)> {
        let loaded = self.planned.iter().zip(self.columns);
        let vectors = loaded.filter(|(planned, _)| planned.mapping.pg.is_vector());
        let indexed = self.indexed_vectors();
        let others = vectors.filter(|(_, ident)| !indexed.contains(ident));
        others.map(|(planned, ident)| (planned.scan.name.clone(), ident.clone())).collect()
    }

    /// The columns for which the source has an index of vectors.
    fn indexed_vectors(&self) -> Vec<Ident> {
        self.table.indexes.iter().filter_map(|index| self.indexed_vector(index)).collect()
    }

    /// The column of an index of vectors.
    pub(super) fn indexed_vector(&self, source: &Index) -> Option<Ident> {
        match (source.method.as_str(), source.expressions.as_slice()) {
            ("hnsw", [only]) => self.ident(&expression::only_column(only)?),
            _ => None,
        }
    }

    /// The source's index with its metric and parameters; what DuckDB does not tell of it is what
    /// was asked for. Returns why there cannot be one.
    pub(super) fn carried_vector_index(
        &mut self,
        source: &Index,
        ident: &Ident,
    ) -> Result<Option<&'static str>> {
        if self.environment.pgvector.is_none() {
            return Ok(Some(NOT_INSTALLED));
        }
        let Some(options) = carried(source, self.vector_index) else { return Ok(Some(UNTOLD)) };
        let name = self.index_name(source)?.to_string();
        let options = BuildOptions { name: Some(name), ..options };
        let made = self.make_vector_index(&source.name, ident, &options, Verdict::Translated)?;
        if let (Some(index), Some(text)) = (made, &source.comment) {
            self.comment(comment::Target::Index(&index), &source.name, text)?;
        }
        Ok(None)
    }

    /// Returns its name, where it could be made.
    fn make_vector_index(
        &mut self,
        part: &str,
        column: &Ident,
        options: &BuildOptions,
        verdict: Verdict,
    ) -> Result<Option<QualifiedName>> {
        let what = format!("index of vectors on column {}", column.quoted());
        let about = self.about(Kind::Index, part, None, &what);
        let build = match subtransaction::attempt(|| self.plan_vector_index(column, options)) {
            Ok(build) => build,
            Err(error) if error.is_fatal() => return Err(error),
            Err(error) => {
                let reason = steps::reason(&error);
                return self.steps.manual(about, None, &reason).map(|_| None);
            }
        };
        build.announce();
        let index = build.name.clone();
        let what = format!("index {}", index.name.quoted());
        let about = self.about(Kind::Index, part, Some(&index.name), &what);
        let statement = Statement { sql: build.sql.clone(), what, kind: Kind::Index };
        let began = Instant::now();
        let steps = &mut *self.steps;
        let made = build.with_settings(|| steps.run(about, &statement, verdict, &[]))?;
        match made {
            true => build.done(began.elapsed().as_secs_f64()).map(|_| Some(index)),
            false => Ok(None),
        }
    }

    fn plan_vector_index(&mut self, column: &Ident, options: &BuildOptions) -> Result<Build> {
        let missing = || Error::new("XX000", "target expected");
        let oid = facts::relation_oid(self.name)?.ok_or_else(missing)?;
        let column = vector::Column::of(oid, column.as_str())?;
        let metric = column.metric(options.metric.as_deref().unwrap_or(METRIC))?;
        Build::plan(column, metric, options, self.names)
    }
}

fn is_embedding(logical: &LogicalType) -> bool {
    matches!(logical, LogicalType::Array(element, _)
        if matches!(**element, LogicalType::Float | LogicalType::Double))
}

/// What DuckDB tells of an index, within pgvector's limits; else what was asked for.
fn carried(source: &Index, asked: Option<&BuildOptions>) -> Option<BuildOptions> {
    let told = |name: &str| source.options.get(name).map(String::as_str);
    let number = |name: &str| told(name).and_then(|text| text.parse::<u32>().ok());
    if source.options.is_empty() {
        return asked.cloned();
    }
    let metric = Metric::of_vss(told("metric"))?;
    let m = number("m").map(|m| m.clamp(2, 100));
    let least = 2 * m.unwrap_or(16);
    let ef_construction = number("ef_construction").map(|ef| ef.clamp(least.max(4), 1_000));
    let metric = Some(metric.name().to_owned());
    Some(BuildOptions { metric, m, ef_construction, ..BuildOptions::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(options: &[(&str, &str)]) -> Index {
        let options = options.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Index {
            name: "i".into(),
            method: "hnsw".into(),
            unique: false,
            expressions: vec!["e".into()],
            options: options.collect(),
            comment: None,
        }
    }

    #[test]
    fn parameters_are_carried() {
        let source = index(&[("metric", "ip"), ("m", "12"), ("ef_construction", "5000")]);
        let options = carried(&source, None).unwrap();
        assert_eq!(options.metric.as_deref(), Some("ip"));
        assert_eq!((options.m, options.ef_construction), (Some(12), Some(1_000)));
        let options = carried(&index(&[("m", "200"), ("ef_construction", "64")]), None).unwrap();
        assert_eq!(options.metric.as_deref(), Some("l2"));
        assert_eq!((options.m, options.ef_construction), (Some(100), Some(200)));
        assert_eq!(carried(&index(&[("metric", "hamming")]), None), None);
    }

    #[test]
    fn what_is_not_told_is_asked_for_or_missing() {
        let asked = BuildOptions { m: Some(24), ..BuildOptions::default() };
        assert_eq!(carried(&index(&[]), Some(&asked)), Some(asked));
        assert_eq!(carried(&index(&[]), None), None);
    }
}
