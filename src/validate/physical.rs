//! How the target is stored, as amcheck sees it.

use serde::Deserialize;

use super::{
    check::{Category, Check, Severity},
    pair::Pair,
};
use crate::{
    error::{Error, Result},
    pg::{extension, spi, subtransaction},
};

#[derive(Deserialize)]
struct Fault {
    place: String,
    msg: String,
}

#[derive(Deserialize)]
struct Index {
    oid: u32,
    name: String,
}

/// Heap, TOAST and B-trees of the target.
pub fn checks(pair: &Pair) -> Result<Vec<Check>> {
    let Some(oid) = pair.oid else { return Ok(Vec::new()) };
    let heap = || Check::new("heap_verify", Category::Physical, Severity::Error);
    let kind = pair.target.kind.as_deref();
    if !matches!(kind, Some("r" | "m")) {
        return Ok(vec![heap().skip("only ordinary tables and materialized views have a heap")]);
    }
    let Some(amcheck) = extension::schema("amcheck")? else {
        return Ok(vec![
            heap()
                .skip("the extension amcheck is not installed")
                .remedy("CREATE EXTENSION amcheck"),
        ]);
    };
    let schema = amcheck.quoted();
    let mut checks = vec![verify_heap(heap(), &schema, oid)?];
    let sql = format!(
        "SELECT c.oid::int8 AS oid, i.indexrelid::regclass::text AS name
           FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
          WHERE i.indrelid = {oid} AND a.amname = 'btree' AND i.indisvalid
          ORDER BY c.relname"
    );
    for index in spi::rows_of_before::<Index>(&sql)? {
        checks.push(verify_index(&schema, &index)?);
    }
    Ok(checks)
}

fn verify_heap(check: Check, schema: &str, oid: u32) -> Result<Check> {
    let sql = format!(
        "SELECT pg_catalog.concat('block ', blkno, ', line pointer ', offnum, ', attribute ', attnum)
                AS place, msg FROM {schema}.verify_heapam({oid}, check_toast => true) LIMIT 20"
    );
    match attempt(|| spi::rows_of_before::<Fault>(&sql)) {
        Ok(faults) => Ok(faults_of(check, &faults)),
        Err(error) if error.is_fatal() && !is_corruption(&error) => Err(error),
        Err(error) => Ok(check.failed(&error)),
    }
}

/// What amcheck finds in an index is an error of this class: a verdict here.
fn is_corruption(error: &Error) -> bool {
    matches!(error.sqlstate(), "XX001" | "XX002")
}

fn attempt<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    subtransaction::attempt_unless(|error| error.is_fatal() && !is_corruption(error), run)
}

fn faults_of(check: Check, faults: &[Fault]) -> Check {
    let lines: Vec<_> =
        faults.iter().map(|fault| format!("{}: {}", fault.place, fault.msg)).collect();
    let check = Check { unexpected_count: Some(faults.len() as i64), ..check };
    match lines.is_empty() {
        true => check.holds(true),
        false => Check { actual: Some(lines.join("\n")), ..check.holds(false) },
    }
}

fn verify_index(schema: &str, index: &Index) -> Result<Check> {
    #[derive(Deserialize)]
    struct Nothing {}
    let check = Check::new("btree_verify", Category::Physical, Severity::Error);
    let check = check.note(format!("index {}", index.name));
    let sql = format!("SELECT {schema}.bt_index_check({}, true)::text AS done", index.oid);
    match attempt(|| spi::rows_of_before::<Nothing>(&sql)) {
        Ok(_) => Ok(check.holds(true)),
        Err(error) if is_corruption(&error) => {
            let actual = Some(error.message().to_owned());
            let remedy = format!("REINDEX INDEX CONCURRENTLY {}", index.name);
            Ok(Check { actual, ..check.holds(false) }.remedy(remedy))
        }
        Err(error) if error.is_fatal() => Err(error),
        Err(error) => Ok(check.failed(&error)),
    }
}
