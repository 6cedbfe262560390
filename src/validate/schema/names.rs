//! Names that are cut, and names that differ in case only.

use std::collections::BTreeMap;

use migrator_model::{
    ident::{MAX_IDENT, clip},
    reject::shown,
};

use super::{Sides, error, or_all, plain, warning};
use crate::validate::check::Check;

pub(super) fn checks(sides: &Sides<'_>) -> Vec<Check> {
    let mut checks = or_all(truncations(sides), error("identifier_truncation"));
    checks.extend(or_all(collisions(sides), error("identifier_case_collision")));
    checks
}

fn truncations(sides: &Sides<'_>) -> Vec<Check> {
    let table = &sides.wanted.table.name.name;
    let here = sides.target.name.name.as_str();
    let own = (table.len() > MAX_IDENT && here == clip(table, MAX_IDENT))
        .then(|| truncation(table, Some(here)));
    let long = sides.pairs.iter().filter(|pair| pair.planned.name.len() > MAX_IDENT);
    let columns = long.map(|pair| {
        let found = pair.column.map(|column| column.name.as_str());
        let shared = sides.pairs.iter().filter(|other| {
            other.column.map(|column| column.name.as_str()) == found && found.is_some()
        });
        // Two columns cannot be the same one.
        let found = found.filter(|_| shared.count() == 1);
        truncation(&pair.planned.name, found).column(found.unwrap_or(&pair.planned.name))
    });
    own.into_iter().chain(columns).collect()
}

/// A name that was cut, and is still its own, is a warning.
fn truncation(name: &str, found: Option<&str>) -> Check {
    let name_of = "identifier_truncation";
    let check = if found.is_some() { warning(name_of) } else { error(name_of) };
    let check = check.compare(shown(name), found.unwrap_or("none"));
    check.note(format!("PostgreSQL's names have at most {MAX_IDENT} bytes"))
}

fn collisions(sides: &Sides<'_>) -> Vec<Check> {
    let mut folded = BTreeMap::<String, Vec<&str>>::new();
    for column in &sides.target.columns {
        folded.entry(column.name.to_lowercase()).or_default().push(&column.name);
    }
    let columns = folded.into_values().filter(|names| names.len() > 1).map(|names| {
        let list = names.iter().map(|name| plain(name)).collect::<Vec<_>>().join(", ");
        let check = warning("identifier_case_collision").column(names.join(", "));
        collision(check, list)
    });
    let others = sides.target.namesakes.iter().map(|name| {
        let own = plain(sides.target.name.name.as_str());
        collision(warning("identifier_case_collision"), format!("{own}, {}", plain(name)))
    });
    columns.chain(others).collect()
}

fn collision(check: Check, names: String) -> Check {
    let check = Check { actual: Some(names), ..check.holds(false) };
    check.note(
        "these names differ in case only: without quotes PostgreSQL finds one of them at most",
    )
}
