//! The labels of enum types.

use migrator_model::{LogicalType, PgType, QualifiedName, ident::literal, reject::shown};

use super::{Sides, error, or_all};
use crate::validate::check::Check;

pub(super) fn checks(sides: &Sides<'_>) -> Vec<Check> {
    let rows = sides.shared().filter_map(|(_, pair, column)| {
        let (mut wanted, mut actual) = (Vec::new(), Vec::new());
        of_source(&pair.planned.scan.logical, &mut wanted);
        of_target(column.pg.as_ref()?, &mut actual);
        // Where one side has its labels in texts or JSON there are none to compare.
        let pairs = wanted.into_iter().zip(&actual).filter(|_| !actual.is_empty());
        let differing = pairs.filter_map(|(wanted, (name, labels))| row(wanted, name, labels));
        Some(differing.map(|check| check.column(&column.name)).collect::<Vec<_>>())
    });
    or_all(rows.flatten().collect(), error("enum_labels_match"))
}

fn of_source<'t>(logical: &'t LogicalType, found: &mut Vec<&'t [String]>) {
    match logical {
        LogicalType::Enum(labels) => found.push(labels),
        other => other.children().into_iter().for_each(|child| of_source(child, found)),
    }
}

type Enumeration<'t> = (Option<&'t QualifiedName>, &'t [String]);

fn of_target<'t>(pg: &'t PgType, found: &mut Vec<Enumeration<'t>>) {
    match pg {
        PgType::Enum { name, labels } => found.push((name.as_ref(), labels)),
        PgType::Array(element) => of_target(element, found),
        PgType::Composite { attributes, .. } => {
            attributes.iter().for_each(|(_, pg)| of_target(pg, found));
        }
        _ => {}
    }
}

/// Labels that only the target has do no harm where the others stand in the same order.
fn row(wanted: &[String], name: &Option<&QualifiedName>, actual: &[String]) -> Option<Check> {
    if wanted == actual {
        return None;
    }
    let text = |labels: &[String]| shown(&labels.join(", "));
    let check = error("enum_labels_match").compare(text(wanted), text(actual));
    let missing: Vec<_> = wanted.iter().filter(|label| !actual.contains(label)).collect();
    let kept: Vec<_> = actual.iter().filter(|label| wanted.contains(label)).collect();
    if missing.is_empty() && kept.into_iter().eq(wanted) {
        return Some(check.holds(true).note("the target has more labels"));
    }
    let check = check.holds(false);
    if missing.is_empty() {
        return Some(Check { difference: Some("in another order".into()), ..check });
    }
    let list: Vec<_> = missing.iter().map(|label| literal(label)).collect();
    let check =
        Check { difference: Some(shown(&format!("missing: {}", list.join(", ")))), ..check };
    Some(match name {
        Some(name) => check.remedy(add(name, &list)),
        None => check,
    })
}

fn add(name: &QualifiedName, labels: &[String]) -> String {
    let statement = |label: &String| format!("ALTER TYPE {} ADD VALUE {label}", name.quoted());
    labels.iter().take(20).map(statement).collect::<Vec<_>>().join("; ")
}
