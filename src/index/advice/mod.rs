//! `index_advice`: which indexes a table needs, and which it does not.
//!
//! What asks for an index is the source, a foreign key, or a query. `workload` has the server analyse
//! queries and `wanted` says what each reading of the table wants, with the planner's own estimates;
//! `choose` decides, purely; `merge` makes one index of several; `judge` asks the planner what it would
//! be worth. `remove` finds what should go. No query of a workload is executed.

mod candidate;
mod choose;
mod cost;
mod estimate;
mod existing;
mod foreign_keys;
mod hypothetical;
mod judge;
mod merge;
mod options;
mod outcome;
mod plan;
mod remove;
mod size;
mod source;
mod table;
mod vectors;
mod wanted;
mod workload;

use pgrx::{datum::DatumWithOid, pg_sys};
use serde_json::{Value, json};

pub use self::outcome::Row;
use self::{
    candidate::{Candidate, Reason},
    choose::{Choice, Chooser, Class, Nothing},
    estimate::Estimates,
    judge::Judge,
    options::Options,
    outcome::Advice,
    source::Wishes,
    table::Table,
    vectors::Nearest,
    wanted::Wanted,
    workload::{Origin, Query},
};
use super::{
    measurements::{self, Kind, Measurement},
    vector::{Metric, read},
};
use crate::{ddl::names::Names, error::Result, pg::query_shape::shape::Sort};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// The table's OID.
    pub target: u32,
    /// Queries; None: those that pg_stat_statements has seen.
    pub workload: Option<Vec<String>>,
    /// The options.
    pub options: Value,
}

/// Advises: what to make first, then what needs no index, then what should go.
pub fn advise(arguments: &Arguments) -> Result<Vec<Row>> {
    let options = Options::parse(&arguments.options)?;
    let mut table = Table::of(arguments.target)?;
    table.rows = Estimates::rows(&table)?;
    let (queries, origin) = queries(arguments, &options, &table)?;
    let wishes = source::wishes(&options, &table)?;
    let rows =
        Advisor { table: &table, options: &options, queries: &queries, origin }.rows(wishes)?;
    record(&table, &rows)?;
    Ok(rows)
}

fn queries(
    arguments: &Arguments,
    options: &Options,
    table: &Table,
) -> Result<(Vec<Query>, Origin)> {
    if let Some(texts) = &arguments.workload {
        let given = workload::given(texts, table.oid, &table.name)?;
        return Ok((given, Origin::Given));
    }
    match workload::seen(options, table.oid, &table.name)? {
        Some(queries) => Ok((queries, Origin::Seen)),
        None => {
            pgrx::notice!(
                "no workload was given, and pg_stat_statements cannot be read: advice is by keys and indexes alone"
            );
            Ok((Vec::new(), Origin::Nowhere))
        }
    }
}

/// All that advice depends on.
struct Advisor<'a> {
    table: &'a Table,
    options: &'a Options,
    queries: &'a [Query],
    origin: Origin,
}

/// What was chosen for the queries.
#[derive(Default)]
struct Chosen {
    candidates: Vec<Candidate>,
    nearest: Vec<(Sort, usize, Option<crate::pg::query_shape::shape::Limit>)>,
    nothing: Vec<Nothing>,
}

impl Advisor<'_> {
    fn rows(&self, wishes: Wishes) -> Result<Vec<Row>> {
        let chosen = self.chosen()?;
        let keys = foreign_keys::candidates(self.table)?;
        let asked: Vec<_> =
            wishes.candidates.iter().chain(&keys).chain(&chosen.candidates).cloned().collect();
        let (served, missing): (Vec<_>, Vec<_>) =
            asked.into_iter().partition(|candidate| self.served_by(candidate).is_some());
        let judge = Judge::new(self.table, self.options, self.queries)?;
        let mut names = judge::names(self.table)?;
        let mut made = Vec::new();
        for candidate in merge::merged(missing) {
            made.push(judge.row(&candidate, &mut names)?);
        }
        made.extend(self.nearest(&wishes, &chosen, &mut names)?);
        let (mut made, mut none): (Vec<_>, Vec<_>) =
            made.into_iter().partition(|row| row.kind != Advice::None);
        made.sort_by(|a, b| b.gain.unwrap_or(0.0).total_cmp(&a.gain.unwrap_or(0.0)));
        none.extend(served.iter().filter_map(|candidate| self.already(candidate)));
        none.extend(chosen.nothing.into_iter().map(|nothing| self.nothing(nothing)));
        if self.origin == Origin::Seen {
            // Nobody has asked for the reasons.
            none.clear();
        }
        none.extend(wishes.nothing.into_iter().map(|nothing| Row::nothing(nothing, None)));
        none.dedup();
        made.extend(none);
        made.extend(remove::rows(self.table, self.options, &judge.used(), &keys)?);
        Ok(made)
    }

    fn chosen(&self) -> Result<Chosen> {
        let estimates = Estimates::of(self.table);
        let mut all = Vec::new();
        for (at, query) in self.queries.iter().enumerate() {
            let share = |condition: &str| estimates.share(query, condition);
            let uses = query.statement.uses.iter();
            all.extend(uses.map(|found| Wanted::of(at, found, self.table, &share)));
        }
        let classes = classes(&all)?;
        let chooser = Chooser::new(self.table, self.options, &classes, &all);
        let mut chosen = Chosen::default();
        for wanted in &all {
            for choice in chooser.choose(wanted) {
                match choice {
                    Choice::Index(candidate) => chosen.candidates.push(*candidate),
                    Choice::Nearest { sort, query } => {
                        chosen.nearest.push((sort, query, wanted.limit));
                    }
                    Choice::None(nothing) => chosen.nothing.push(nothing),
                }
            }
        }
        chosen.nothing.extend(self.only_written());
        Ok(chosen)
    }

    /// Queries that write to the table and read nothing of it.
    fn only_written(&self) -> Vec<Nothing> {
        let why = "It reads nothing of the table.";
        let queries = self.queries.iter().enumerate();
        let silent = queries.filter(|(_, query)| query.statement.uses.is_empty());
        let nothing =
            |(at, _)| Nothing { columns: Vec::new(), why: why.to_owned(), query: Some(at) };
        silent.map(nothing).collect()
    }

    fn served_by(&self, candidate: &Candidate) -> Option<&str> {
        let mut indexes = self.table.indexes.iter();
        indexes.find(|index| candidate.is_served_by(index)).map(|index| index.name.as_str())
    }

    /// What a query asked for, and is there.
    fn already(&self, candidate: &Candidate) -> Option<Row> {
        let index =
            self.served_by(candidate).filter(|_| candidate.reasons.contains(&Reason::Query))?;
        let query = candidate.queries.first().copied();
        let why = format!("Index \"{index}\" serves it already.");
        Some(self.nothing(Nothing { columns: candidate.columns(), why, query }))
    }

    fn nothing(&self, nothing: Nothing) -> Row {
        let query = nothing.query.and_then(|at| self.queries.get(at));
        Row::nothing(nothing, query.map(|query| query.name.as_str()))
    }

    fn nearest(&self, wishes: &Wishes, chosen: &Chosen, names: &mut Names) -> Result<Vec<Row>> {
        let mut rows: Vec<Row> = Vec::new();
        let mut asked = Vec::new();
        for (column, metric) in &wishes.vectors {
            let (limit, query) = (None, None);
            let name = "an index of the source";
            asked.push(Nearest { column: Some(column), metric: Some(*metric), limit, query, name });
        }
        for (sort, at, limit) in &chosen.nearest {
            let metric = sort.distance.as_deref().and_then(Metric::of_operator);
            let name = self.queries.get(*at).map_or("a query", |query| query.name.as_str());
            let (column, limit, query) = (sort.key.column.as_deref(), *limit, Some(*at));
            asked.push(Nearest { column, metric, limit, query, name });
        }
        let mut seen = Vec::new();
        for nearest in asked {
            let same = (nearest.column, nearest.metric);
            if !seen.contains(&same) {
                seen.push(same);
                rows.push(nearest.row(self.table, names)?);
            }
        }
        Ok(rows)
    }
}

/// The operator classes of the operators that no B-tree knows.
fn classes(all: &[Wanted]) -> Result<Vec<Class>> {
    let special: Vec<_> = all.iter().flat_map(|wanted| &wanted.special).collect();
    if special.is_empty() {
        return Ok(Vec::new());
    }
    let oid = |oid: u32| pg_sys::Oid::from(oid);
    let operators: Vec<_> = special.iter().map(|one| oid(one.operator)).collect();
    let types: Vec<_> = special.iter().map(|one| oid(one.part.key.type_oid)).collect();
    read(CLASSES, &[DatumWithOid::from(operators), DatumWithOid::from(types)])
}

/// A class is of a type, of all arrays or ranges, or of text, which varchar is as well.
const CLASSES: &str = "
    SELECT DISTINCT w.operator::int8 AS operator, w.type::int8 AS type_oid,
           m.amname::text AS method, o.opcname::text AS name, n.nspname::text AS schema,
           o.opcdefault AS is_default
      FROM unnest($1::oid[], $2::oid[]) AS w (operator, type)
      JOIN pg_type d ON d.oid = w.type
      JOIN pg_type t ON t.oid = coalesce(nullif(d.typbasetype, 0), d.oid)
      JOIN pg_amop a ON a.amopopr = w.operator AND a.amoppurpose = 's'
      JOIN pg_opclass o ON o.opcfamily = a.amopfamily AND o.opcintype = a.amoplefttype
      JOIN pg_am m ON m.oid = o.opcmethod JOIN pg_namespace n ON n.oid = o.opcnamespace
     WHERE m.amname IN ('gin', 'gist')
       AND (o.opcintype = t.oid
            OR o.opcintype = 'anyarray'::regtype AND t.typcategory = 'A'
            OR o.opcintype = 'anyrange'::regtype AND t.typtype = 'r'
            OR o.opcintype = 'text'::regtype AND t.oid = 'varchar'::regtype)
     ORDER BY 1, 2, 3, 4";

/// Keeps what was advised.
fn record(table: &Table, rows: &[Row]) -> Result<()> {
    let target = table.name.quoted();
    let kept = rows.iter().filter(|row| row.kind != Advice::None);
    let measurement = |row: &Row| Measurement {
        kind: Kind::Advice,
        target: Some(target.clone()),
        target_tables: vec![target.clone()],
        column_name: row.columns.first().filter(|_| row.columns.len() == 1).cloned(),
        metric: "cost_saved",
        value: row.gain,
        details: json!({
            "index_sql": row.index_sql, "kind": row.kind.as_str(), "columns": row.columns,
            "gain": row.expected_gain,
        }),
    };
    let measurements: Vec<_> = kept.map(measurement).collect();
    measurements::record(&measurements).map(|_| ())
}
