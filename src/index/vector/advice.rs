//! `vector_advice`: which index a column of vectors needs, if any.

use std::time::Duration;

use serde_json::json;

use super::{
    column::{Column, Contents},
    design::{Am, Design, Method},
    load_library,
    machine::Machine,
    metric::Metric,
    sample,
    search::Search,
    sizing::Size,
};
use crate::{
    error::{Error, Result},
    index::{
        bounds,
        measurements::{self, Kind},
        percentile::Times,
    },
    validate::check::sentence,
};

/// Exact searches that are timed.
const TIMED: u32 = 10;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// The table's OID.
    pub target: u32,
    /// The column.
    pub column: String,
    /// The distance.
    pub metric: String,
    /// What share of the nearest has to be found.
    pub target_recall: f64,
    /// What 95 of a hundred searches may take, in milliseconds.
    pub p95_ms: f64,
    /// How many of the nearest are asked for.
    pub k: i32,
}

/// What is advised.
#[derive(Clone, Debug, Default)]
pub struct Advice {
    /// `hnsw`, `ivfflat` or `none`.
    pub am: &'static str,
    /// The operator class.
    pub operator_class: Option<String>,
    /// What is indexed.
    pub expression: Option<String>,
    /// m
    pub m: Option<u32>,
    /// ef_construction
    pub ef_construction: Option<u32>,
    /// hnsw.ef_search
    pub ef_search: Option<u32>,
    /// lists
    pub lists: Option<u32>,
    /// ivfflat.probes
    pub probes: Option<u32>,
    /// What the build needs, in bytes.
    pub build_memory: Option<u64>,
    /// Whether several processes can share that.
    pub shared_memory_fits: Option<bool>,
    /// What it takes on disk, in bytes.
    pub index_size: Option<u64>,
    /// What the build takes, in seconds.
    pub build_seconds: Option<f64>,
    /// Why.
    pub rationale: String,
    /// What exact searches take.
    pub exact_p95_ms: Option<f64>,
    /// The statement.
    pub index_sql: Option<String>,
}

/// Advises.
pub fn advice(arguments: &Arguments) -> Result<Advice> {
    arguments.check()?;
    let column = Column::of(arguments.target, &arguments.column)?;
    let metric = column.metric(&arguments.metric)?;
    load_library(&column)?;
    let contents = Contents::of(&column)?;
    let (recall, k) = (arguments.target_recall, arguments.k as u32);
    let wish = column.wish(&contents, metric, recall, k);
    let exact = exact(Search { column: &column, metric, k }, &contents)?;
    let case =
        Case { arguments, column: &column, metric, contents, exact, machine: Machine::look()? };
    let designed = |am| wish.design(am);
    let advice = match (case.needs_none(), designed(Am::Hnsw)) {
        (Some(reason), design) => case.none(reason, design.ok()),
        (None, Err(reason)) => case.none(format!("{}.", sentence(&reason)), None),
        (None, Ok(graph)) => case.one(graph, designed(Am::Ivfflat).ok()),
    };
    case.record(&advice)?;
    Ok(advice)
}

/// What is advised for so many vectors by the catalogs alone: none of them is read, and nothing is
/// timed or recorded.
pub fn expected(arguments: &Arguments, vectors: u64) -> Result<Advice> {
    arguments.check()?;
    let column = Column::of(arguments.target, &arguments.column)?;
    let metric = column.metric(&arguments.metric)?;
    let (least, most) = (column.dimensions, column.dimensions);
    let contents = Contents { rows: vectors, vectors, least, most, ..Contents::default() };
    let wish = column.wish(&contents, metric, arguments.target_recall, arguments.k as u32);
    let (exact, machine) = (None, Machine::look()?);
    let case = Case { arguments, column: &column, metric, contents, exact, machine };
    if column.dimensions.is_none() {
        let reason =
            "The column's type says no number of dimensions: vector_advice() looks at the vectors.";
        return Ok(case.none(reason.to_owned(), None));
    }
    Ok(match wish.design(Am::Hnsw) {
        Err(reason) => case.none(format!("{}.", sentence(&reason)), None),
        Ok(graph) => case.one(graph, wish.design(Am::Ivfflat).ok()),
    })
}

impl Arguments {
    fn check(&self) -> Result<()> {
        bounds::share("target_recall", self.target_recall)?;
        if !(self.p95_ms >= 0.0 && self.p95_ms.is_finite()) {
            return Err(Error::new("22023", "p95_ms must be 0 or more")
                .detail(format!("It is {}.", self.p95_ms)));
        }
        bounds::between("k", self.k, 1..=1_000)
    }
}

/// What exact searches for some of its rows take; None of a column that holds nothing.
fn exact(search: Search<'_>, contents: &Contents) -> Result<Option<Times>> {
    if contents.dimensions().is_none() {
        return Ok(None);
    }
    let queries = sample::own(search.column, search.metric, TIMED)?;
    let times: Vec<Duration> = search.exact_times(&queries)?;
    Ok(Times::new(times))
}

/// All that advice depends on.
struct Case<'a> {
    arguments: &'a Arguments,
    column: &'a Column,
    metric: Metric,
    contents: Contents,
    exact: Option<Times>,
    machine: Machine,
}

impl Case<'_> {
    fn exact_ms(&self) -> Option<f64> {
        self.exact.as_ref().map(|times| times.percentile(95))
    }

    /// Why there should be no index at all.
    fn needs_none(&self) -> Option<String> {
        let Contents { vectors, least, most, .. } = self.contents;
        if vectors == 0 {
            return Some("There are no vectors.".to_owned());
        }
        if let (Some(least), Some(most)) = (least, most)
            && least < most
        {
            return Some(format!(
                "The vectors have between {least} and {most} dimensions; an index holds those of one number: make one for each, on the cast column, with a condition."
            ));
        }
        let (took, limit) = (self.exact_ms()?, self.arguments.p95_ms);
        (took <= limit).then(|| {
            let searches = self.exact.as_ref().map_or(0, Times::count);
            format!(
                "Exact searches of {vectors} vectors took {took:.1} ms at the 95th percentile of {searches}, measured here just now; up to {limit} ms they need no index, and find everything."
            )
        })
    }

    fn none(&self, rationale: String, otherwise: Option<Design>) -> Advice {
        let otherwise = otherwise.filter(|_| self.exact.is_some());
        let otherwise = otherwise.map_or_else(String::new, |design| {
            format!(" Otherwise it would be {} ({}).", design.am().name(), design.parameters())
        });
        Advice {
            am: "none",
            rationale: format!("{rationale}{otherwise}"),
            exact_p95_ms: self.exact_ms(),
            ..Advice::default()
        }
    }

    /// A graph, or lists where the memory for a graph is not to be had.
    fn one(&self, graph: Design, lists: Option<Design>) -> Advice {
        let fits = self.size(&graph).memory(&graph) <= self.machine.half();
        match lists.filter(|_| !fits) {
            None => self.advised(graph, self.reason_for_graph(fits)),
            Some(lists) => {
                let reason = "The graph of an hnsw index needs more than half of the memory that is free, and a build that does not fit takes many times as long; lists need little, and find less in the same time.";
                self.advised(lists, reason.to_owned())
            }
        }
    }

    fn reason_for_graph(&self, fits: bool) -> String {
        let took = self.exact_ms().map_or_else(String::new, |took| {
            let limit = self.arguments.p95_ms;
            format!(
                "Exact searches took {took:.1} ms at the 95th percentile, more than {limit} ms. "
            )
        });
        let memory = match fits {
            true => "",
            false => " It needs more than half of the memory that is free: its build will be slow.",
        };
        format!("{took}hnsw finds more in the same time than ivfflat.{memory}")
    }

    fn size(&self, design: &Design) -> Size {
        Size::of(self.column, &self.contents, self.metric, design)
    }

    fn advised(&self, design: Design, reason: String) -> Advice {
        let size = self.size(&design);
        let memory = size.memory(&design);
        let advice = Advice {
            am: design.am().name(),
            operator_class: Some(design.operator_class(self.column, self.metric)),
            expression: Some(design.expression(self.column)),
            build_memory: Some(memory),
            shared_memory_fits: Some(self.machine.shares(memory)),
            index_size: Some(size.disk(&design)),
            build_seconds: Some(size.seconds(&design, 1)),
            rationale: format!("{reason} {}", self.more(&design)),
            exact_p95_ms: self.exact_ms(),
            index_sql: Some(design.create(self.column, self.metric, None)),
            ..Advice::default()
        };
        match design.method {
            Method::Hnsw { m, ef_construction, ef_search } => Advice {
                m: Some(m),
                ef_construction: Some(ef_construction),
                ef_search: Some(ef_search),
                ..advice
            },
            Method::Ivfflat { lists, probes } => {
                Advice { lists: Some(lists), probes: Some(probes), ..advice }
            }
        }
    }

    /// What is to be known of the figures.
    fn more(&self, design: &Design) -> String {
        let mut sentences = vec![
            "Memory and size follow from rows and dimensions; the seconds are those of one process, at a rate measured on another machine.".to_owned(),
            format!(
                "Whether {} is enough for recall {} only vector_recall() tells.",
                design.am().setting(),
                self.arguments.target_recall
            ),
        ];
        sentences.extend(design.form.why().map(str::to_owned));
        let left_out = self.contents.left_out(self.metric);
        sentences.extend(left_out.map(|what| format!("No index finds: {what}.")));
        sentences.extend(self.column.version.faults(design.am()));
        sentences.join(" ")
    }

    fn record(&self, advice: &Advice) -> Result<()> {
        let Some(took) = self.exact_ms() else { return Ok(()) };
        let details = json!({
            "metric": self.metric.name(), "k": self.arguments.k, "am": advice.am,
            "vectors": self.contents.vectors, "index_sql": advice.index_sql,
        });
        let measured = self.column.measurement(Kind::Advice, "exact_p95_ms", Some(took), details);
        measurements::record(&[measured]).map(|_| ())
    }
}
