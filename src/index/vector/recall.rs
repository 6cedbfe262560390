//! `vector_recall`: what share of the nearest rows an index finds at which setting, and how long
//! that takes. The truth comes from exact searches; the plan proves that the index was used.

mod proportion;

use serde_json::json;

use self::proportion::interval;
use super::{
    column::{Column, Contents},
    design::{Am, Form},
    load_library,
    sample::{self, Query},
    search::{Neighbour, Search, UsedIndex, not_used, parameter, used_index},
    within,
};
use crate::{
    error::{Error, Result},
    index::{
        bounds,
        measurements::{self, Kind},
        percentile::Times,
    },
    pg::{
        guc,
        prepared::{Bound, Prepared},
        wait,
    },
};

/// Searches that warm up a setting.
const WARM_UP: usize = 10;
/// Timed searches at least: fewer queries are searched for several times.
const TIMED: usize = 100;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// The table's OID.
    pub target: u32,
    /// The column.
    pub column: String,
    /// A table of queries; else rows of the target.
    pub queries: Option<u32>,
    /// Its column.
    pub query_column: Option<String>,
    /// How many of the nearest.
    pub k: i32,
    /// The settings to try.
    pub settings: Vec<i32>,
    /// How many queries.
    pub samples: i32,
    /// The distance.
    pub metric: String,
    /// What share is enough.
    pub target_recall: f64,
}

/// What came of a setting.
#[derive(Clone, Debug)]
pub struct Row {
    /// ef_search or probes.
    pub setting: u32,
    /// Whether it is ef_search.
    pub is_graph: bool,
    /// The share that was found.
    pub recall: f64,
    /// What it is at least, with 95 % confidence.
    pub low: f64,
    /// What it is at most.
    pub high: f64,
    /// How long searches took.
    pub times: Times,
    /// The index that the plan reads.
    pub index: u32,
    /// Whether it is the cheapest that is enough.
    pub recommended: bool,
    /// Whether no other one is both quicker and better.
    pub pareto: bool,
    /// How many queries.
    pub queries: usize,
    /// The measurement, where it was recorded.
    pub measurement_id: Option<i64>,
}

/// Measures.
pub fn recall(arguments: &Arguments) -> Result<Vec<Row>> {
    arguments.check()?;
    let column = Column::of(arguments.target, &arguments.column)?;
    let metric = column.metric(&arguments.metric)?;
    load_library(&column)?;
    let search = Search { column: &column, metric, k: arguments.k as u32 };
    let queries = arguments.sampled(&search)?;
    let (form, index) = index_of(&search, &queries)?;
    let am = Am::named(&index.am).ok_or_else(|| unknown(&index))?;
    let truth = within::exact(|| queries.iter().map(|query| search.truth(query)).collect())?;
    let trial = Trial { search, queries, truth, form, am };
    let mut rows = arguments.values().map(|value| trial.run(value)).collect::<Result<Vec<_>>>()?;
    judge(&mut rows, arguments.target_recall);
    tell(&trial, &rows, arguments.target_recall)?;
    record(&trial, &index, &mut rows)?;
    Ok(rows)
}

impl Arguments {
    fn check(&self) -> Result<()> {
        bounds::between("k", self.k, 1..=1_000)?;
        bounds::between("samples", self.samples, 1..=10_000)?;
        if self.settings.is_empty() {
            return Err(Error::new("22023", "ef_search must name a setting"));
        }
        let setting = |one: &i32| bounds::between("ef_search", *one, 1..=1_000);
        self.settings.iter().try_for_each(setting)?;
        bounds::share("target_recall", self.target_recall)
    }

    /// The settings in order, each once.
    fn values(&self) -> impl Iterator<Item = u32> {
        let mut values: Vec<_> = self.settings.iter().map(|value| *value as u32).collect();
        values.sort_unstable();
        values.dedup();
        values.into_iter()
    }

    fn sampled(&self, search: &Search<'_>) -> Result<Vec<Query>> {
        let Search { column, metric, .. } = *search;
        let samples = self.samples as u32;
        let queries = match self.queries {
            None => sample::own(column, metric, samples)?,
            Some(table) => {
                let name = self.query_column.as_deref();
                sample::of_table(column, metric, table, name, samples)?
            }
        };
        match queries.is_empty() {
            false => Ok(queries),
            true => Err(Error::new("02000", "there are no vectors to search for")),
        }
    }
}

fn unknown(index: &UsedIndex) -> Error {
    let message = format!("index {} is of method {}, which is not known", index.name, index.am);
    Error::new("0A000", message).hint("Known are hnsw and ivfflat.")
}

/// The form in which a query has to ask, and the index that then answers it.
fn index_of(search: &Search<'_>, queries: &[Query]) -> Result<(Form, UsedIndex)> {
    let first = queries.first().ok_or_else(|| not_used(search))?;
    let dimensions = match search.column.dimensions {
        Some(dimensions) => Some(dimensions),
        None => Contents::of(search.column)?.dimensions(),
    };
    for form in search.forms(dimensions) {
        let used = within::indexed(&[], || used_by(search, form, first))?;
        if let Some(index) = used {
            return Ok((form, index));
        }
    }
    Err(not_used(search))
}

fn used_by(search: &Search<'_>, form: Form, query: &Query) -> Result<Option<UsedIndex>> {
    let sql = search.sql(form, &search.parameter(), search.limit(query), search.k);
    let prepared = Prepared::new(&sql)?;
    let ran = prepared.run(&prepared.bind(&[parameter(query)])?, None);
    match ran.plan {
        Some(plan) => used_index(&plan.json),
        None => Ok(None),
    }
}

/// Queries, what they should find, and how an index is asked.
struct Trial<'a> {
    search: Search<'a>,
    queries: Vec<Query>,
    truth: Vec<Vec<f64>>,
    form: Form,
    am: Am,
}

impl Trial<'_> {
    fn run(&self, setting: u32) -> Result<Row> {
        let name = self.am.setting();
        within::indexed(&[(name, setting.to_string())], || {
            let (times, index) = self.times(setting)?;
            let (found, wanted) = self.found(setting)?;
            let (recall, low, high) = interval(found, wanted);
            Ok(Row {
                setting,
                is_graph: self.am == Am::Hnsw,
                recall,
                low,
                high,
                times,
                index,
                recommended: false,
                pareto: false,
                queries: self.queries.len(),
                measurement_id: None,
            })
        })
    }

    /// Times as a client sees them that has prepared its query; every plan has to read the index.
    fn times(&self, setting: u32) -> Result<(Times, u32)> {
        let prepared = self.prepare(setting)?;
        let bound = self.queries.iter().map(|query| prepared.bind(&[parameter(query)]));
        let bound: Vec<Bound> = bound.collect::<Result<_>>()?;
        let rounds = TIMED.div_ceil(bound.len().max(1));
        let warm_up = bound.iter().take(WARM_UP).map(|bound| (bound, false));
        let timed = (0..rounds).flat_map(|_| bound.iter()).map(|bound| (bound, true));
        let (mut known, mut index, mut times) = (None, None, Vec::new());
        for (bound, counts) in warm_up.chain(timed) {
            wait::interrupts();
            let ran = prepared.run(bound, known);
            if let Some(plan) = ran.plan {
                index = Some(used_index(&plan.json)?.ok_or_else(|| not_used(&self.search))?);
                known = Some(ran.generation);
            }
            times.extend(counts.then_some(ran.elapsed));
        }
        let nothing = || Error::new("XX000", "nothing was measured");
        Ok((Times::new(times).ok_or_else(nothing)?, index.ok_or_else(nothing)?.oid))
    }

    fn prepare(&self, setting: u32) -> Result<Prepared> {
        let Self { search, queries, .. } = self;
        let limit = queries.first().map_or(search.k, |query| search.limit(query));
        Prepared::new(&search.sql(self.form, &search.parameter(), limit, setting))
    }

    /// How many of the nearest were found, of how many.
    fn found(&self, setting: u32) -> Result<(u64, u64)> {
        let (mut found, mut wanted) = (0, 0);
        for (query, truth) in self.queries.iter().zip(&self.truth) {
            wait::interrupts();
            found += hits(truth, &self.search.found(self.form, query, setting)?);
            wanted += truth.len() as u64;
        }
        Ok((found, wanted))
    }
}

/// Rows no farther than the last of the nearest: which of several that are as far does not count.
fn hits(truth: &[f64], found: &[Neighbour]) -> u64 {
    let Some(last) = truth.last() else { return 0 };
    let near = found.iter().filter(|one| one.distance <= *last).count();
    near.min(truth.len()) as u64
}

/// Decides which setting to take, and which ones have no better.
fn judge(rows: &mut [Row], target: f64) {
    let figures: Vec<_> = rows.iter().map(|row| (row.recall, row.times.percentile(95))).collect();
    for (row, own) in rows.iter_mut().zip(&figures) {
        row.pareto = !figures.iter().any(|other| is_better(*other, *own));
    }
    if let Some(row) = rows.iter_mut().find(|row| row.recall >= target) {
        row.recommended = true;
    }
}

/// At least as good in both, and better in one.
fn is_better(other: (f64, f64), own: (f64, f64)) -> bool {
    other.0 >= own.0 && other.1 <= own.1 && other != own
}

/// What the rows do not say: that none is enough, or that the planner would not take the index.
fn tell(trial: &Trial<'_>, rows: &[Row], target: f64) -> Result<()> {
    let Some(row) = rows.iter().find(|row| row.recommended) else {
        pgrx::notice!("no setting reaches recall {target}");
        return Ok(());
    };
    let Some(query) = trial.queries.first() else { return Ok(()) };
    let setting = [(trial.am.setting(), row.setting.to_string())];
    let by_itself = || used_by(&trial.search, trial.form, query);
    if guc::with_all(&setting, by_itself)?.is_none() {
        pgrx::notice!(
            "at {} = {} the planner by itself searches without the index",
            trial.am.setting(),
            row.setting
        );
    }
    Ok(())
}

fn record(trial: &Trial<'_>, index: &UsedIndex, rows: &mut [Row]) -> Result<()> {
    let Search { column, metric, k } = trial.search;
    let measurement = |row: &Row| {
        let details = json!({
            "setting": {trial.am.setting(): row.setting},
            "recommended": row.recommended,
            "index": index.name,
            "metric": metric.name(),
            "k": k,
            "queries": row.queries,
            "recall_low": row.low,
            "recall_high": row.high,
            "p50_ms": row.times.percentile(50),
            "p95_ms": row.times.percentile(95),
            "p99_ms": row.times.percentile(99),
        });
        column.measurement(Kind::Recall, "recall", Some(row.recall), details)
    };
    let measured: Vec<_> = rows.iter().map(measurement).collect();
    let ids = measurements::record(&measured)?;
    for (row, id) in rows.iter_mut().zip(ids) {
        row.measurement_id = Some(id);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::index::vector::sample::Place;

    fn row(recall: f64, milliseconds: u64) -> Row {
        Row {
            setting: 40,
            is_graph: true,
            recall,
            low: 0.0,
            high: 1.0,
            times: Times::new(vec![Duration::from_millis(milliseconds)]).unwrap(),
            index: 1,
            recommended: false,
            pareto: false,
            queries: 1,
            measurement_id: None,
        }
    }

    #[test]
    fn the_cheapest_that_is_enough_is_recommended() {
        let mut rows = [row(0.8, 1), row(0.96, 3), row(0.96, 5), row(0.99, 9)];
        judge(&mut rows, 0.95);
        assert_eq!(rows.each_ref().map(|row| row.recommended), [false, true, false, false]);
        assert_eq!(rows.each_ref().map(|row| row.pareto), [true, true, false, true]);
        let mut rows = [row(0.8, 1)];
        judge(&mut rows, 0.95);
        assert!(!rows[0].recommended && rows[0].pareto);
    }

    #[test]
    fn ties_count_whichever_is_found() {
        let at = |distance| Neighbour { place: Place { table: 1, row: "(0,1)".into() }, distance };
        let found = [at(0.0), at(0.5), at(0.5), at(0.7)];
        assert_eq!(hits(&[0.0, 0.5], &found), 2);
        assert_eq!(hits(&[0.0, 0.1, 0.5], &found), 3);
        assert_eq!(hits(&[0.0, 0.1, 0.2], &found), 1);
        assert_eq!(hits(&[], &found), 0);
    }
}
