//! The queries that advice is for: those that were given, or what pg_stat_statements has seen.

use migrator_model::{QualifiedName, reject::shown};
use pgrx::datum::DatumWithOid;
use serde::Deserialize;

use super::{options::Options, read};
use crate::{
    error::{Error, Result},
    pg::{
        extension, owner,
        query_shape::{
            Analysed,
            shape::{Statement, Use},
        },
        subtransaction::{attempt, attempt_unless},
    },
};

/// A query that names the table.
pub struct Query {
    /// What messages call it.
    pub name: String,
    /// What it asks of the table.
    pub statement: Statement,
    /// How often it ran, where that is known.
    pub calls: Option<f64>,
    /// The role that ran it; None: it was given.
    role: Option<u32>,
    analysed: Analysed,
}

/// Where queries came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The argument.
    Given,
    /// pg_stat_statements
    Seen,
    /// Nowhere: nothing was given, and nobody keeps statistics that the caller may read.
    Nowhere,
}

#[derive(Deserialize)]
struct Seen {
    query: String,
    role: u32,
    calls: f64,
    total_ms: f64,
}

impl Query {
    /// Runs a closure as the one whose query it is. What a query calls, and the planner evaluates,
    /// gets no rights but those of the role that ran it.
    pub fn as_its_role<T>(&self, run: impl FnOnce() -> T) -> T {
        match self.role {
            None => run(),
            Some(role) => owner::restricted_to(role, run),
        }
    }

    /// The role that ran it; None: it was given.
    pub fn role(&self) -> Option<u32> {
        self.role
    }

    /// As the server understands it.
    pub fn analysed(&self) -> &Analysed {
        &self.analysed
    }
}

/// Reads what was given. One that cannot be used is an error that tells which.
pub fn given(texts: &[String], table: u32, name: &QualifiedName) -> Result<Vec<Query>> {
    let one = |(at, text): (usize, &String)| {
        let place = at + 1;
        let analysed = attempt(|| Analysed::new(text)).map_err(|error| unusable(place, &error))?;
        let statement = attempt(|| Ok(analysed.shape(table)))?;
        if !statement.names_table {
            let message = format!("element {place} of workload does not name {}", name.quoted());
            return Err(Error::new("22023", message).detail(format!("It is: {}.", shown(text))));
        }
        let name = format!("query {place} of workload");
        Ok(Query { name, statement, calls: None, role: None, analysed })
    };
    texts.iter().enumerate().map(one).collect()
}

/// An error of the server's, or of ours, about one element.
fn unusable(place: usize, error: &Error) -> Error {
    let message = format!("element {place} of workload cannot be used");
    let why = crate::validate::check::sentence(error.message());
    let more = error.detail_text().map_or_else(String::new, |detail| format!(" {detail}"));
    let own = Error::new(error.sqlstate(), message).detail(format!("{why}.{more}"));
    match error.hint_text() {
        Some(hint) => own.hint(hint),
        None => own,
    }
}

/// What pg_stat_statements has seen, those that took longest first. None: it is not there, or the
/// caller may not read it.
pub fn seen(options: &Options, table: u32, name: &QualifiedName) -> Result<Option<Vec<Query>>> {
    let Some(schema) = extension::schema("pg_stat_statements")? else { return Ok(None) };
    let view = format!("{}.pg_stat_statements", schema.quoted());
    let found = attempt(|| {
        // Functions that a role's query calls run as that role, which the caller must be allowed to be.
        let sql = format!(
            "SELECT s.query, s.userid::int8 AS role, s.calls::float8 AS calls,
                    s.total_exec_time::float8 AS total_ms
               FROM {view} s JOIN pg_roles r ON r.oid = s.userid
              WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND s.calls > 0 AND s.query IS NOT NULL AND pg_has_role(r.oid, 'USAGE')
                AND s.query ~* '^[[:space:](]*(select|with|update|delete|insert|merge|table|values)'
                AND strpos(lower(s.query), lower($2)) > 0
              ORDER BY s.total_exec_time DESC, s.queryid LIMIT $1"
        );
        let arguments =
            [DatumWithOid::from(options.top), DatumWithOid::from(name.name.as_str().to_owned())];
        read::<Seen>(&sql, &arguments)
    });
    match found {
        Ok(found) => Ok(Some(found.into_iter().filter_map(|seen| one(seen, table)).collect())),
        // It is not preloaded, or the view is not readable.
        Err(_) => Ok(None),
    }
}

/// Whether something is wrong with more than one query.
fn is_fatal(error: &Error) -> bool {
    error.is_fatal() && error.sqlstate() != "XX000"
}

/// One that the server still understands, and that reads the table.
fn one(seen: Seen, table: u32) -> Option<Query> {
    let Seen { query, role, calls, total_ms } = seen;
    let looked = attempt_unless(is_fatal, || {
        owner::restricted_to(role, || {
            let analysed = Analysed::new(&query)?;
            let statement = analysed.shape(table);
            Ok((analysed, statement))
        })
    });
    let (analysed, mut statement) = looked.ok()?;
    if role != owner::current() {
        // Whoever makes the index reads its SQL with rights of his own.
        statement.uses.iter_mut().for_each(Use::keep_built_in);
    }
    let name = format!("\"{}\" ({calls:.0} calls, {total_ms:.0} ms in all)", shown(query.trim()));
    let reads = !statement.uses.is_empty();
    reads.then_some(Query { name, statement, calls: Some(calls), role: Some(role), analysed })
}
