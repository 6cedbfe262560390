//! Runs a query with pushdown, without it, and over loaded tables, and compares what they give.

use std::collections::BTreeMap;

use migrator_cluster_tests::{
    Database,
    foreign::{pushed, remote_lines},
    outcome::{Outcome, Row, outcome},
    sources::Source,
};
use postgres::Client;

use super::{
    data::{self, Kind},
    query::Query,
};

/// An expression that turned out to be a constant, which ORDER BY takes for the number of an output.
const POSITION: &str = "42P10";

/// Where a query runs.
#[derive(Clone, Copy, Debug)]
enum Side {
    Pushed,
    Local,
    Loaded,
}

/// What two outcomes are to each other.
#[derive(Debug, PartialEq)]
enum Verdict {
    Equal,
    BothFail,
    /// One has evaluated what the other did not have to.
    Excused,
    Different(String),
}

/// A database with the tables of [`data`], and what has been counted there.
pub struct Arena {
    client: Client,
    counts: BTreeMap<String, usize>,
    /// The client's connection counts on it.
    _database: Database,
    _source: Source,
}

impl Arena {
    /// Makes the file and the tables.
    pub fn new(database: Database) -> Self {
        let source = Source::new(&data::script());
        let mut client = database.client();
        for statement in data::schemas(&source.path) {
            client
                .batch_execute(&statement)
                .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        }
        client.batch_execute("ANALYZE").unwrap();
        Self { client, counts: BTreeMap::new(), _database: database, _source: source }
    }

    /// How often something was counted.
    pub fn counted(&self, what: &str) -> usize {
        self.counts.get(what).copied().unwrap_or(0)
    }

    /// All that was counted.
    pub fn counts(&self) -> &BTreeMap<String, usize> {
        &self.counts
    }

    fn count(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
    }

    /// Runs a query on all sides: how they differ.
    pub fn difference(&mut self, query: &Query) -> Option<String> {
        self.compared(query, false)
    }

    /// The same, and counts what happened.
    pub fn checked(&mut self, query: &Query) -> Option<String> {
        self.compared(query, true)
    }

    fn compared(&mut self, query: &Query, counting: bool) -> Option<String> {
        let sql = query.statements();
        let settings: Vec<_> = query.settings.iter().map(|s| format!("SET {s}; ")).collect();
        let settings = settings.concat();
        let kinds: Vec<Kind> = query.outputs.iter().map(|output| output.kind).collect();
        let shape = Shape { kinds: &kinds, merges: query.merges(), ordered: query.is_ordered() };
        let local = shape.normal(self.run(Side::Local, "", &sql));
        let pushed = shape.normal(self.run(Side::Pushed, &settings, &sql));
        let loaded = shape.normal(self.run(Side::Loaded, "", &sql));
        let may_skip = may_skip(&sql);
        let verdicts = [
            ("with pushdown", verdict(&pushed, &local, may_skip)),
            ("over loaded tables", verdict(&loaded, &local, may_skip)),
        ];
        if counting {
            self.note(query, &settings, &local, &verdicts);
        }
        if let Outcome::Error { code, message } = &local
            && (code.starts_with("42") && code != POSITION || code.starts_with("57"))
        {
            return Some(format!("the query is wrong: {code} {message}"));
        }
        let words = verdicts.into_iter().filter_map(|(side, verdict)| match verdict {
            Verdict::Different(how) => Some(format!("{side}: {how}")),
            _ => None,
        });
        words.reduce(|one, other| format!("{one}\n{other}"))
    }

    fn note(
        &mut self,
        query: &Query,
        settings: &str,
        local: &Outcome,
        verdicts: &[(&str, Verdict); 2],
    ) {
        self.count("queries");
        for (side, verdict) in verdicts {
            match verdict {
                Verdict::Excused => self.count(&format!("excused {side}")),
                Verdict::BothFail => self.count(&format!("both fail {side}")),
                Verdict::Equal | Verdict::Different(_) => {}
            }
        }
        if matches!(local, Outcome::Rows(rows) if !rows.is_empty()) {
            self.count("with rows");
        }
        let remote = self.remote(query, settings);
        for part in pushed(&remote) {
            self.count(part);
        }
    }

    /// What a query sends to readers.
    pub fn remote(&mut self, query: &Query, settings: &str) -> Vec<String> {
        match self.run(Side::Pushed, settings, &query.explained()) {
            Outcome::Rows(lines) => {
                let lines: Vec<_> = lines.into_iter().flatten().flatten().collect();
                remote_lines(&lines)
            }
            Outcome::Error { .. } => Vec::new(),
        }
    }

    /// A query as it is, on all sides: how they differ.
    pub fn plain_difference(&mut self, sql: &str) -> Option<String> {
        let shape = Shape { kinds: &[], merges: false, ordered: sql.contains("ORDER BY") };
        let [local, pushed, loaded] = [Side::Local, Side::Pushed, Side::Loaded]
            .map(|side| shape.normal(self.run(side, "", sql)));
        [pushed, loaded].iter().find_map(|outcome| match verdict(outcome, &local, false) {
            Verdict::Different(how) => Some(how),
            _ => None,
        })
    }

    fn run(&mut self, side: Side, settings: &str, sql: &str) -> Outcome {
        let (schema, pushdown) = match side {
            Side::Pushed => ("remote", "on"),
            Side::Local => ("remote", "off"),
            Side::Loaded => ("loaded", "on"),
        };
        let batch = format!(
            "RESET ALL; SET search_path = {schema}, public; SET migrator.pushdown = {pushdown}; \
             SET statement_timeout = '60s'; {settings}{sql}"
        );
        outcome(&mut self.client, &batch)
    }
}

/// Whether the order of evaluation is PostgreSQL's to choose, so that an error may come or not.
fn may_skip(sql: &str) -> bool {
    const CHOICES: [&str; 10] = [
        " AND ", " OR ", "CASE ", "COALESCE", " JOIN ", "LIMIT", "FETCH", "OFFSET", "HAVING",
        "SELECT ",
    ];
    let subqueries = sql.matches("SELECT ").count() > 1;
    CHOICES.iter().any(|word| match *word {
        "SELECT " => subqueries,
        word => sql.contains(word),
    })
}

fn verdict(outcome: &Outcome, expected: &Outcome, may_skip: bool) -> Verdict {
    use Outcome::{Error, Rows};
    match (outcome, expected) {
        (Rows(rows), Rows(expected)) if rows == expected => Verdict::Equal,
        (Rows(rows), Rows(expected)) => Verdict::Different(first_difference(rows, expected)),
        (Error { code, message }, _) if !is_of_a_value(code) => {
            Verdict::Different(format!("{code} {message}"))
        }
        (Error { .. }, Error { .. }) => Verdict::BothFail,
        (Error { .. }, Rows(_)) | (Rows(_), Error { .. }) if may_skip => Verdict::Excused,
        (Error { code, message }, Rows(_)) => {
            Verdict::Different(format!("{code} {message} instead of rows"))
        }
        (Rows(_), Error { code, message }) => {
            Verdict::Different(format!("rows instead of {code} {message}"))
        }
    }
}

/// Whether an error is one that values bring about.
fn is_of_a_value(code: &str) -> bool {
    code.starts_with("22") || ["0A000", "54001", POSITION].contains(&code)
}

fn first_difference(rows: &[Row], expected: &[Row]) -> String {
    let pair = rows.iter().zip(expected).find(|(row, expected)| row != expected);
    let counts = format!("{} rows, {} expected", rows.len(), expected.len());
    match pair {
        Some((row, expected)) => format!("{counts}; {row:?} instead of {expected:?}"),
        None => format!("{counts}; {:?}", rows.get(expected.len()).or(expected.get(rows.len()))),
    }
}

/// How rows are compared.
struct Shape<'a> {
    kinds: &'a [Kind],
    merges: bool,
    ordered: bool,
}

impl Shape<'_> {
    fn normal(&self, outcome: Outcome) -> Outcome {
        let Outcome::Rows(mut rows) = outcome else { return outcome };
        if self.merges {
            for row in &mut rows {
                for (value, kind) in row.iter_mut().zip(self.kinds) {
                    *value = value.take().map(|text| by_value(*kind, text));
                }
            }
        }
        if !self.ordered {
            rows.sort();
        }
        Outcome::Rows(rows)
    }
}

/// The same text for equal numbers.
fn by_value(kind: Kind, text: String) -> String {
    match kind {
        Kind::Numeric if text.contains('.') => {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Kind::Float4 | Kind::Float8 if text == "-0" => "0".to_owned(),
        _ => text,
    }
}
