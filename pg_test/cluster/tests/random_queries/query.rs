//! Queries as trees, so that they can be made smaller, and their text.

use super::data::Kind;
use migrator_cluster_tests::foreign::literal;

/// Where a part of an expression goes, and where its subquery does.
const PART: char = '◊';
const SUBQUERY: char = '◎';

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: Kind,
    /// Its text, with a `◊` for each part and a `◎` for the subquery; a constant's bare value.
    text: String,
    constant: bool,
    pub parts: Vec<Expr>,
    pub subquery: Option<Box<Query>>,
}

impl Expr {
    /// A form with its parts.
    pub fn form(kind: Kind, text: &str, parts: Vec<Expr>) -> Self {
        Self { kind, text: text.to_owned(), constant: false, parts, subquery: None }
    }

    /// A constant of its kind.
    pub fn constant(kind: Kind, value: &str) -> Self {
        Self { constant: true, ..Self::form(kind, value, Vec::new()) }
    }

    /// A form with a subquery.
    pub fn with_subquery(kind: Kind, text: &str, parts: Vec<Expr>, subquery: Query) -> Self {
        Self { subquery: Some(Box::new(subquery)), ..Self::form(kind, text, parts) }
    }

    /// Whether it is a constant, which ORDER BY takes for the number of an output.
    pub fn is_constant(&self) -> bool {
        self.constant
    }

    fn write(&self, to: &mut Text) {
        if self.constant {
            return to.constant(self.kind, &self.text);
        }
        let mut parts = self.parts.iter();
        for letter in self.text.chars() {
            match letter {
                PART => parts.next().expect("a part for each ◊").write(to),
                SUBQUERY => self.subquery.as_ref().expect("a subquery for ◎").write(to),
                letter => to.sql.push(letter),
            }
        }
    }
}

/// What stands behind FROM.
#[derive(Clone, Debug)]
pub enum From {
    Table { name: String, alias: String },
    Join { kind: &'static str, left: Box<From>, right: Box<From>, on: Vec<Expr> },
    Derived { lateral: bool, query: Box<Query>, alias: String },
}

/// A key of ORDER BY.
#[derive(Clone, Debug)]
pub struct Key {
    pub expr: Expr,
    pub how: &'static str,
}

/// How a query is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    Plain,
    /// Its constants are parameters.
    Prepared {
        generic: bool,
    },
    Cursor,
}

/// A query. What it gives is called c1, c2 ….
#[derive(Clone, Debug)]
pub struct Query {
    pub distinct: bool,
    pub outputs: Vec<Expr>,
    pub from: From,
    pub filter: Vec<Expr>,
    /// How many outputs, of the first ones, are keys of GROUP BY; None: nothing is aggregated.
    pub grouping: Option<usize>,
    /// ROLLUP or CUBE instead of plain keys.
    pub sets: &'static str,
    pub having: Vec<Expr>,
    pub order: Vec<Key>,
    pub limit: Option<String>,
    /// UNION ALL and its like, with another query.
    pub set: Option<(&'static str, Box<Query>)>,
    pub way: Way,
    /// Settings of the planner for the run with pushdown.
    pub settings: Vec<&'static str>,
}

impl Query {
    /// Just the rows of something.
    pub fn new(from: From, outputs: Vec<Expr>) -> Self {
        Self {
            distinct: false,
            outputs,
            from,
            filter: Vec::new(),
            grouping: None,
            sets: "",
            having: Vec::new(),
            order: Vec::new(),
            limit: None,
            set: None,
            way: Way::Plain,
            settings: Vec::new(),
        }
    }

    /// Whether equal values become one, so that any of them may be shown.
    pub fn merges(&self) -> bool {
        let derived = matches!(&self.from, From::Derived { query, .. } if query.merges());
        self.distinct || self.grouping.is_some() || self.set.is_some() || derived
    }

    /// Whether rows come in the one order that is right.
    pub fn is_ordered(&self) -> bool {
        !self.order.is_empty()
    }

    /// The statements to send: one for each way.
    pub fn statements(&self) -> String {
        let prepared = matches!(self.way, Way::Prepared { .. });
        let mut text = Text { parameters: prepared.then(Vec::new), ..Text::default() };
        self.write(&mut text);
        let sql = text.sql;
        match (self.way, text.parameters) {
            (Way::Prepared { generic }, Some(values)) => {
                let mode = if generic { "force_generic_plan" } else { "auto" };
                let mode = format!("SET plan_cache_mode = {mode}; DEALLOCATE ALL");
                format!("{mode}; PREPARE q{} AS {sql}; {}", types(&values), execute(&values))
            }
            (Way::Cursor, _) => {
                format!("DECLARE c CURSOR FOR {sql}; FETCH 3 FROM c; FETCH ALL FROM c; CLOSE c")
            }
            _ => sql,
        }
    }

    /// The statements that show the plan.
    pub fn explained(&self) -> String {
        let explain = "EXPLAIN (VERBOSE, COSTS OFF)";
        let plain = Self { way: Way::Plain, ..self.clone() };
        match self.way {
            Way::Prepared { .. } => {
                let (prepare, execute) = self.parted();
                format!("{prepare}; {explain} {execute}")
            }
            _ => format!("{explain} {}", plain.statements()),
        }
    }

    fn parted(&self) -> (String, String) {
        let all = self.statements();
        let (prepare, execute) = all.rsplit_once("; ").expect("EXECUTE comes last");
        (prepare.to_owned(), execute.to_owned())
    }

    fn write(&self, to: &mut Text) {
        if let Some((operator, other)) = &self.set {
            to.sql.push('(');
            self.write_block(to);
            to.sql += &format!(") {operator} (");
            other.write_block(to);
            to.sql.push(')');
        } else {
            self.write_block(to);
        }
        let mut word = " ORDER BY ";
        for key in &self.order {
            to.sql += word;
            key.expr.write(to);
            to.sql += key.how;
            word = ", ";
        }
        if let Some(limit) = &self.limit {
            to.sql += limit;
        }
    }

    fn write_block(&self, to: &mut Text) {
        to.sql += if self.distinct { "SELECT DISTINCT " } else { "SELECT " };
        for (at, output) in self.outputs.iter().enumerate() {
            to.sql += if at > 0 { ", " } else { "" };
            output.write(to);
            to.sql += &format!(" AS c{}", at + 1);
        }
        to.sql += " FROM ";
        self.from.write(to);
        to.conditions(" WHERE ", &self.filter);
        if let Some(keys) = self.grouping.filter(|keys| *keys > 0) {
            let keys: Vec<_> = (1..=keys).map(|key| key.to_string()).collect();
            to.sql += &format!(" GROUP BY {}", keys_of(self.sets, &keys.join(", ")));
        }
        to.conditions(" HAVING ", &self.having);
    }
}

fn keys_of(sets: &str, keys: &str) -> String {
    if sets.is_empty() { keys.to_owned() } else { format!("{sets} ({keys})") }
}

impl From {
    fn write(&self, to: &mut Text) {
        match self {
            Self::Table { name, alias } => to.sql += &format!("{name} {alias}"),
            Self::Derived { lateral, query, alias } => {
                to.sql += if *lateral { "LATERAL (" } else { "(" };
                query.write(to);
                to.sql += &format!(") {alias}");
            }
            Self::Join { kind, left, right, on } => {
                to.sql.push('(');
                left.write(to);
                to.sql += &format!(" {kind} ");
                right.write(to);
                if *kind != "CROSS JOIN" {
                    to.conditions(" ON ", on);
                }
                to.sql.push(')');
            }
        }
    }
}

/// SQL on its way.
#[derive(Default)]
struct Text {
    sql: String,
    /// Where constants go that are to be parameters.
    parameters: Option<Vec<(Kind, String)>>,
}

impl Text {
    fn constant(&mut self, kind: Kind, value: &str) {
        let is_word = kind.sql().is_empty();
        match &mut self.parameters {
            Some(parameters) if !is_word => {
                parameters.push((kind, value.to_owned()));
                self.sql += &format!("${}", parameters.len());
            }
            _ => self.sql += &shown(kind, value),
        }
    }

    fn conditions(&mut self, word: &str, conditions: &[Expr]) {
        for (at, condition) in conditions.iter().enumerate() {
            self.sql += if at > 0 { " AND " } else { word };
            condition.write(self);
        }
        if conditions.is_empty() && word == " ON " {
            self.sql += " ON true";
        }
    }
}

/// A constant of a type.
fn shown(kind: Kind, value: &str) -> String {
    match kind {
        Kind::DateField | Kind::MomentField => value.to_owned(),
        Kind::Bytea => format!("'\\x{value}'::bytea"),
        Kind::TimestampTz => format!("{}::timestamptz", literal(&in_utc(value))),
        Kind::Int4 | Kind::Small | Kind::Positive | Kind::Divisor if value != "-2147483648" => {
            format!("({value})")
        }
        // An unknown literal takes the other side's type.
        Kind::Pattern => literal(value),
        _ => format!("{}::{}", literal(value), kind.sql()),
    }
}

/// A moment that does not depend on the session's zone.
fn in_utc(value: &str) -> String {
    match value.strip_suffix(" BC") {
        _ if value.contains("infinity") => value.to_owned(),
        Some(time) => format!("{time}+00 BC"),
        None => format!("{value}+00"),
    }
}

fn types(values: &[(Kind, String)]) -> String {
    let types: Vec<_> = values.iter().map(|(kind, _)| kind.sql()).collect();
    if types.is_empty() { String::new() } else { format!("({})", types.join(", ")) }
}

fn execute(values: &[(Kind, String)]) -> String {
    let values: Vec<_> = values.iter().map(|(kind, value)| shown(*kind, value)).collect();
    if values.is_empty() { "EXECUTE q".into() } else { format!("EXECUTE q({})", values.join(", ")) }
}
