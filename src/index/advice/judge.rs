//! Whether an index is worth it: what its queries cost without it and with it, by the planner where it
//! can see an index that is not there, else by the formulas of `cost`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    candidate::Candidate,
    choose::Nothing,
    cost,
    hypothetical::{self, Hypopg},
    options::Options,
    outcome::{Advice, Row, risk_of_build},
    plan::Plan,
    size::{self, Rows},
    table::Table,
    workload::Query,
};
use crate::{ddl::names::Names, error::Result};

/// Judges indexes for one table.
pub struct Judge<'a> {
    table: &'a Table,
    options: &'a Options,
    queries: &'a [Query],
    hypopg: Option<Hypopg>,
    /// The plans as they are.
    plans: BTreeMap<usize, Plan>,
}

/// What queries cost, without and with an index.
struct Gain {
    before: f64,
    after: f64,
    method: &'static str,
    each: Vec<Value>,
    /// Whether the planner would use it, where that is known.
    is_used: bool,
}

impl<'a> Judge<'a> {
    /// With the plans of all queries.
    pub fn new(table: &'a Table, options: &'a Options, queries: &'a [Query]) -> Result<Self> {
        let plans = queries.iter().enumerate();
        let plans = plans.filter_map(|(at, query)| Some((at, hypothetical::plan(query)?)));
        Ok(Self { table, options, queries, hypopg: Hypopg::find()?, plans: plans.collect() })
    }

    /// The indexes that the queries use now.
    pub fn used(&self) -> Vec<String> {
        self.plans.values().flat_map(|plan| plan.indexes.clone()).collect()
    }

    fn rows(&self) -> Rows {
        Rows { rows: self.table.rows, pages: self.table.pages }
    }

    /// An index as a row; one that brings too little is none.
    pub fn row(&self, candidate: &Candidate, names: &mut Names) -> Result<Row> {
        let unnamed = names.clone();
        let name = names.index(&self.table.name.name, &candidate.name_parts());
        let sql = candidate.sql(&self.table.name, Some(&name));
        let gain = self.gain(candidate, &sql)?;
        if let Some(why) = self.too_little(candidate, &gain) {
            *names = unnamed;
            let nothing = Nothing { columns: candidate.columns(), why, query: None };
            let row = Row::nothing(nothing, self.asking(candidate).as_deref());
            return Ok(Row { expected_gain: gain.json(), ..row });
        }
        let seconds = size::seconds(candidate, self.rows());
        Ok(Row {
            index_sql: Some(sql),
            kind: Advice::Make(candidate.kind()),
            columns: candidate.columns(),
            rationale: self.rationale(candidate),
            expected_size: Some(size::bytes(candidate, self.rows())),
            expected_build_seconds: Some(seconds),
            expected_gain: gain.json(),
            risk: Some(risk_of_build(seconds, Some(candidate))),
            gain: Some(gain.before - gain.after),
        })
    }

    fn rationale(&self, candidate: &Candidate) -> String {
        let mut sentences = candidate.rationale.clone();
        sentences.extend(self.asking(candidate).map(|names| format!("Asked for by {names}.")));
        if !self.table.has_statistics() {
            sentences
                .push("There are no statistics that you may see: ANALYZE makes them.".to_owned());
        }
        sentences.push("Size and seconds are estimates.".to_owned());
        sentences.join(" ")
    }

    /// The queries that ask for it.
    fn asking(&self, candidate: &Candidate) -> Option<String> {
        let names = candidate.queries.iter().filter_map(|at| self.queries.get(*at));
        let names: Vec<_> = names.map(|query| query.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// Why it is not worth it; what a key or the source asks for is.
    fn too_little(&self, candidate: &Candidate, gain: &Gain) -> Option<String> {
        let only_queries = !candidate.queries.is_empty()
            && candidate.reasons.iter().all(|reason| *reason == super::candidate::Reason::Query);
        if !only_queries {
            return None;
        }
        let kind = candidate.kind();
        if !gain.is_used {
            return Some(format!(
                "The planner would not use an index of kind {kind}: it costs {:.0} as it is.",
                gain.before
            ));
        }
        let saved = (gain.before - gain.after) / gain.before.max(f64::MIN_POSITIVE);
        (saved < self.options.min_gain).then(|| {
            format!(
                "An index of kind {kind} would gain too little: it costs {:.0} as it is, and {:.0} with it.",
                gain.before, gain.after
            )
        })
    }

    fn gain(&self, candidate: &Candidate, sql: &str) -> Result<Gain> {
        if candidate.queries.is_empty() {
            return Ok(self.look_up(candidate));
        }
        if let Some(hypopg) = &self.hypopg
            && !self.table.is_partitioned
            && let Some(gain) = self.tried(hypopg, candidate, sql)?
        {
            return Ok(gain);
        }
        Ok(self.estimated(candidate))
    }

    /// What the planner says with the index, if hypopg can make it.
    fn tried(&self, hypopg: &Hypopg, candidate: &Candidate, sql: &str) -> Result<Option<Gain>> {
        let mut asking = candidate.queries.iter().filter_map(|at| self.queries.get(*at));
        // What several ask for has nothing in it but the server's own, and what is the caller's.
        let first = asking.next();
        let first = first.filter(|first| asking.all(|query| query.role() == first.role()));
        let gain = hypopg.with(sql, first, |name| Ok(self.planned(candidate, name)))?;
        Ok(gain.flatten())
    }

    /// What the planner says. None: none of the queries may be planned.
    fn planned(&self, candidate: &Candidate, name: &str) -> Option<Gain> {
        let mut gain = Gain::new("hypopg");
        gain.is_used = false;
        for at in &candidate.queries {
            let (Some(query), Some(before)) = (self.queries.get(*at), self.plans.get(at)) else {
                continue;
            };
            let after = hypothetical::plan(query)?;
            gain.is_used |= after.indexes.iter().any(|used| used == name);
            gain.add(query, before.cost, after.cost);
        }
        (!gain.each.is_empty()).then_some(gain)
    }

    /// What the formulas say.
    fn estimated(&self, candidate: &Candidate) -> Gain {
        let mut gain = Gain::new("estimate");
        let search = cost::search(candidate, self.rows(), self.correlation(candidate));
        for at in &candidate.queries {
            let Some(query) = self.queries.get(*at) else { continue };
            let (before, after) = match self.plans.get(at) {
                None => (cost::scan(self.rows()), search),
                Some(plan) => {
                    let scan = self.scan_in(plan);
                    let rest = scan.map_or(0.0, |scan| (plan.cost - scan).max(0.0));
                    // With the order a sort goes, too.
                    let rest = if candidate.first_rows.is_some() { 0.0 } else { rest };
                    (plan.cost, (rest + search).min(plan.cost))
                }
            };
            gain.add(query, before, after);
        }
        gain
    }

    /// What reading all of the table, or its partitions, costs in a plan.
    fn scan_in(&self, plan: &Plan) -> Option<f64> {
        let own = plan.scan_of(self.table.name.name.as_str());
        let all: f64 = plan.scans.iter().map(|(_, cost)| cost).sum();
        own.or_else(|| (self.table.is_partitioned && all > 0.0).then_some(all))
    }

    /// What a key asks for: one look-up.
    fn look_up(&self, candidate: &Candidate) -> Gain {
        let before = cost::scan(self.rows());
        let after = cost::search(candidate, self.rows(), self.correlation(candidate)).min(before);
        let each = vec![json!({
            "query": "a look-up by its columns", "cost_before": rounded(before), "cost_after": rounded(after),
        })];
        Gain { before, after, method: "estimate", each, is_used: true }
    }

    fn correlation(&self, candidate: &Candidate) -> f64 {
        let first = candidate.keys.first().and_then(|key| key.column.as_deref());
        let column = first.and_then(|name| self.table.column(name));
        column.and_then(|column| column.correlation).unwrap_or(0.0)
    }
}

impl Gain {
    fn new(method: &'static str) -> Self {
        Self { before: 0.0, after: 0.0, method, each: Vec::new(), is_used: true }
    }

    fn add(&mut self, query: &Query, before: f64, after: f64) {
        self.before += before;
        self.after += after;
        let mut each = json!({
            "query": query.name, "cost_before": rounded(before), "cost_after": rounded(after),
        });
        if let (Some(calls), Some(each)) = (query.calls, each.as_object_mut()) {
            each.insert("calls".to_owned(), calls.into());
        }
        self.each.push(each);
    }

    fn json(&self) -> Value {
        json!({
            "method": self.method, "cost_before": rounded(self.before),
            "cost_after": rounded(self.after), "queries": self.each,
        })
    }
}

fn rounded(cost: f64) -> f64 {
    (cost * 100.0).round() / 100.0
}

/// The names that are taken where the table is.
pub fn names(table: &Table) -> Result<Names> {
    let schema = table.name.schema.as_ref();
    schema.map_or_else(|| Ok(Names::default()), crate::load::taken_names)
}
