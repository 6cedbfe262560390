//! Indexes of vectors: which one a column needs, its build, and the proof that it finds what is
//! there.

mod advice;
mod build;
mod checks;
mod column;
mod design;
mod existing;
mod machine;
mod metric;
mod recall;
mod sample;
mod search;
mod sizing;
mod version;
mod within;

use pgrx::{PgLogLevel, PgSqlErrorCode, pg_sys::panic::ErrorReport};

pub use self::{
    advice::{Advice, Arguments as AdviceArguments, advice, expected},
    build::{Build, Built, Options as BuildOptions, build},
    checks::{Arguments as CheckArguments, Check, checks},
    column::Column,
    metric::Metric,
    recall::{Arguments as RecallArguments, Row as RecallRow, recall},
};
use crate::error::Result;
pub(in crate::index) use crate::pg::spi::read;

/// Loads pgvector's library, so that its settings are known as what they are.
fn load_library(column: &Column) -> Result<()> {
    let sql = format!("SELECT {0}.vector_dims('[1]'::{0}.vector) AS n", column.schema.quoted());
    read::<serde::de::IgnoredAny>(&sql, &[]).map(|_| ())
}

/// A WARNING with all that belongs to it.
fn warn(message: String, detail: &str, hint: &str) {
    let report = ErrorReport::new(PgSqlErrorCode::ERRCODE_WARNING, message, "migrator");
    let report = report.set_detail(detail.to_owned()).set_hint(hint.to_owned());
    report.report(PgLogLevel::WARNING);
}
