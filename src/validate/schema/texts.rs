//! Collations and comments.

use migrator_model::{Ident, reject::shown};

use super::{BEYOND, Sides, or_all, warning};
use crate::{
    ddl::comment::{Target, comment_on},
    validate::check::Check,
};

/// What is before the text of something that PostgreSQL could not say, in a comment that a load
/// has made.
const ORIGINAL: &str = "DuckDB: ";

/// Collations that order texts as DuckDB does.
const BINARY: [&str; 5] = ["C", "POSIX", "ucs_basic", "C.utf8", "C.UTF-8"];

pub(super) fn checks(sides: &Sides<'_>) -> Vec<Check> {
    let mut checks = or_all(collations(sides), warning("collation_match"));
    checks.extend(or_all(comments(sides), warning("comment_match")));
    checks
}

fn collations(sides: &Sides<'_>) -> Vec<Check> {
    let rows = sides.shared().filter_map(|(_, pair, column)| {
        let own = pair.planned.scan.field.is_none();
        let wanted = pair.source.collation.as_deref().filter(|_| own);
        let actual = column.collation.as_deref().filter(|name| !BINARY.contains(name));
        if wanted.is_none() && actual.is_none() {
            return None;
        }
        let check = warning("collation_match").column(&column.name);
        let check = check.compare(wanted.unwrap_or("none"), actual.unwrap_or("none"));
        Some(match pair.source.collation_note().filter(|_| wanted.is_some()) {
            Some(note) => check.note(note),
            None => check,
        })
    });
    rows.collect()
}

fn comments(sides: &Sides<'_>) -> Vec<Check> {
    let target = &sides.target.name;
    let wanted = sides.wanted.table.comment.as_deref();
    let own = comment(wanted, sides.target.comment.as_deref(), Some(Target::Table(target)));
    let columns = sides.shared().filter_map(|(_, pair, column)| {
        let whole = pair.planned.scan.field.is_none();
        let wanted = pair.source.comment.as_deref().filter(|_| whole);
        let ident = Ident::new(&column.name).ok();
        let on = ident.as_ref().map(|ident| Target::Column(target, ident));
        Some(comment(wanted, column.comment.as_deref(), on)?.column(&column.name))
    });
    own.into_iter().chain(columns).collect()
}

/// A verdict; None where there is nothing to say.
fn comment(wanted: Option<&str>, actual: Option<&str>, on: Option<Target<'_>>) -> Option<Check> {
    if is_kept(wanted, actual) {
        return None;
    }
    let text = |text: Option<&str>| text.map_or_else(|| "none".to_owned(), shown);
    let check = warning("comment_match").compare(text(wanted), text(actual)).holds(false);
    let Some(wanted) = wanted else { return Some(check.holds(true).note(BEYOND)) };
    Some(match on.map(|on| comment_on(on, wanted)) {
        Some(Ok(statement)) => check.remedy(statement.sql),
        Some(Err(refused)) => check.skip(refused.reason),
        None => check,
    })
}

/// Whether the source's comment is there. What PostgreSQL could not say may stand behind it.
fn is_kept(wanted: Option<&str>, actual: Option<&str>) -> bool {
    match (wanted, actual) {
        (None, None) => true,
        (None, Some(actual)) => actual.starts_with(ORIGINAL),
        (Some(_), None) => false,
        (Some(wanted), Some(actual)) => actual.strip_prefix(wanted).is_some_and(|rest| {
            rest.is_empty()
                || rest.strip_prefix('\n').is_some_and(|rest| rest.starts_with(ORIGINAL))
        }),
    }
}
