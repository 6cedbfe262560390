//! What DuckDB's own statistics prove, so that a dry run need not look at the data.

use migrator_model::{
    LogicalType, PgType,
    layout::Attribute,
    policy::Losses,
    protocol::{Done, Scan},
};
use serde::Deserialize;

use super::select::expression;
use crate::{
    catalog::{Found, rows},
    open::Source,
};

/// A dry run of what is left to look at.
pub struct Undecided {
    /// The scan, without the columns that lose nothing for certain.
    pub scan: Scan,
    /// Its columns' places in the whole scan.
    places: Vec<usize>,
}

#[derive(Deserialize)]
struct Answer {
    proven: Vec<Option<bool>>,
}

impl Undecided {
    /// Takes out of a dry run the embeddings whose statistics say that none of their numbers is
    /// NULL, NaN or infinite. Statistics may be too wide, never too narrow: DuckDB skips rows by
    /// them. A number that they did not tell of would end the load with an error.
    pub fn of(source: &Source, scan: &Scan, found: &Found) -> Self {
        let asked = match found.is_stored {
            true => embeddings(scan),
            // Its statistics would cost a run of its query.
            false => Vec::new(),
        };
        let proven = proven(source, scan, found, &asked);
        let places = (0..scan.columns.len()).filter(|at| !proven.contains(at)).collect();
        Self::new(scan, places)
    }

    fn new(scan: &Scan, places: Vec<usize>) -> Self {
        let columns = places.iter().map(|at| scan.columns[*at].clone()).collect();
        let moved = |attribute: &Attribute| {
            let source = places.iter().position(|at| Some(*at) == attribute.source)?;
            Some(Attribute { source: Some(source), ..attribute.clone() })
        };
        let attributes = scan.attributes.iter().filter_map(moved).collect();
        Self { scan: Scan { columns, attributes, ..scan.clone() }, places }
    }

    /// Whether nothing is left to look at.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// What the dry run came to, for the columns of the whole scan.
    pub fn whole(&self, done: Done, columns: usize) -> Done {
        let mut losses = vec![Losses::default(); columns];
        for (at, lost) in self.places.iter().zip(done.losses) {
            losses[*at] = lost;
        }
        Done { losses, ..done }
    }
}

/// The columns of single precision that are to become vectors: all that can stand against it are
/// NULL, NaN and infinities.
fn embeddings(scan: &Scan) -> Vec<usize> {
    let is_embedding = |attribute: &&Attribute| {
        let pg = attribute.target.as_ref().map(|target| &target.pg);
        let logical = attribute.source.and_then(|at| scan.columns.get(at)).map(|c| &c.logical);
        let of_floats = logical.is_some_and(|logical| match logical {
            LogicalType::Array(element, _) | LogicalType::List(element) => {
                **element == LogicalType::Float
            }
            _ => false,
        });
        matches!(pg, Some(PgType::Vector(_))) && of_floats
    };
    scan.attributes.iter().filter(is_embedding).filter_map(|attribute| attribute.source).collect()
}

/// Those of the columns that the statistics speak for. Where they cannot be asked, none.
fn proven(source: &Source, scan: &Scan, found: &Found, asked: &[usize]) -> Vec<usize> {
    if asked.is_empty() {
        return Vec::new();
    }
    let stats = |at: &usize| format!("stats({}) AS s{at}", expression(&scan.columns[*at]));
    let stats: Vec<_> = asked.iter().map(stats).collect();
    let proofs: Vec<_> = asked.iter().map(|at| proof(&format!("s{at}"))).collect();
    let sql = format!(
        "SELECT [{}] AS proven FROM (SELECT {} FROM {} LIMIT 1)",
        proofs.join(", "),
        stats.join(", "),
        found.sql
    );
    let answer = rows::<Answer>(source, &sql).ok().and_then(|mut rows| rows.pop());
    let proven = answer.map_or_else(Vec::new, |answer| answer.proven);
    asked
        .iter()
        .zip(proven)
        .filter(|(_, proven)| *proven == Some(true))
        .map(|(at, _)| *at)
        .collect()
}

/// stats() answers with a VARIANT. NaN counts as the greatest number there.
fn proof(stats: &str) -> String {
    let part = |name: &str, kind: &str| {
        format!("TRY_CAST(CAST({stats}.child_stats.{name} AS VARCHAR) AS {kind})")
    };
    format!(
        "{} IS FALSE AND isfinite({}) AND isfinite({})",
        part("has_null", "BOOLEAN"),
        part("min", "DOUBLE"),
        part("max", "DOUBLE")
    )
}
