//! Defaults, generated columns and checks: compared by the texts that the server keeps.

use migrator_model::{catalog::Constraint, ident::quote, reject::shown};

use super::{BEYOND, Sides, or_all, warning};
use crate::validate::{
    check::{Check, Status},
    stored::Stored,
    target_schema::TargetConstraint,
};

pub(super) fn checks(sides: &Sides<'_>) -> Vec<Check> {
    let mut checks = or_all(defaults(sides), warning("default_match"));
    checks.extend(or_all(generated(sides), warning("generated_column_match")));
    checks.extend(or_all(conditions(sides), warning("check_constraint_match")));
    checks
}

/// A verdict on two texts; None where neither side has one.
fn compared(check: Check, wanted: &Stored, actual: Option<&str>) -> Option<Check> {
    let actual_text = actual.map_or_else(|| "none".to_owned(), shown);
    match (wanted, actual) {
        (Stored::None, None) => None,
        (Stored::None, Some(_)) => Some(check.compare("none", actual_text)),
        (Stored::Unknown(reason), _) => Some(untold(check, reason)),
        // What is clipped for the eye is compared in full.
        (Stored::Text(text), _) => {
            let holds = actual == Some(text);
            Some(check.compare(shown(text), actual_text).holds(holds))
        }
    }
}

fn untold(check: Check, reason: &str) -> Check {
    check.skip(format!("the source's expression cannot be compared: {reason}"))
}

fn defaults(sides: &Sides<'_>) -> Vec<Check> {
    let rows = sides.shared().filter_map(|(at, _, column)| {
        let wanted = sides.wanted.stored.defaults.get(at).unwrap_or(&Stored::None);
        let check = warning("default_match").column(&column.name);
        if column.identity {
            let check = Check { actual: Some("identity".into()), ..check };
            return Some(check.note("the target numbers its rows by itself"));
        }
        let check = compared(check, wanted, column.default.as_deref())?;
        Some(match wanted {
            Stored::None => check.holds(true).note(BEYOND),
            Stored::Text(text) if check.status != Status::Pass => {
                let name = quote(&column.name);
                check.remedy(sides.alter(&format!("ALTER COLUMN {name} SET DEFAULT {text}")))
            }
            _ => check,
        })
    });
    rows.collect()
}

fn generated(sides: &Sides<'_>) -> Vec<Check> {
    let rows = sides.shared().filter_map(|(at, _, column)| {
        let wanted = sides.wanted.stored.generated.get(at).unwrap_or(&Stored::None);
        let check = warning("generated_column_match").column(&column.name);
        compared(check, wanted, column.generated.as_deref())
    });
    rows.collect()
}

fn conditions(sides: &Sides<'_>) -> Vec<Check> {
    let is_check = |constraint: &&Constraint| matches!(constraint, Constraint::Check(_));
    let sources = sides.wanted.table.constraints.iter().filter(is_check);
    let mut left: Vec<_> = sides.target.constraints.iter().filter(|c| c.kind == "c").collect();
    let mut rows = Vec::new();
    let mut missing = Vec::new();
    for (source, wanted) in sources.zip(&sides.wanted.stored.checks) {
        let Constraint::Check(sql) = source else { continue };
        match wanted {
            Stored::Text(text) => match take(&mut left, text) {
                true => {
                    rows.push(warning("check_constraint_match").compare(shown(text), shown(text)))
                }
                false => missing.push(text),
            },
            Stored::Unknown(reason) => {
                let check =
                    Check { expected: Some(shown(sql)), ..warning("check_constraint_match") };
                rows.push(untold(check, reason));
            }
            Stored::None => {}
        }
    }
    for text in missing {
        let check = warning("check_constraint_match").compare(shown(text), "none").holds(false);
        rows.push(check.remedy(sides.alter(&format!("ADD CHECK ({text})"))));
    }
    for text in left.iter().filter_map(|constraint| constraint.expression.as_deref()) {
        let check = warning("check_constraint_match").compare("none", shown(text));
        rows.push(check.holds(true).note(BEYOND));
    }
    rows
}

/// Takes a constraint with this text, if there is one.
fn take(left: &mut Vec<&TargetConstraint>, text: &str) -> bool {
    let at = left.iter().position(|constraint| constraint.expression.as_deref() == Some(text));
    at.map(|at| left.remove(at)).is_some()
}
