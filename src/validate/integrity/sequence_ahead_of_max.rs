//! A sequence that would hand out numbers that are taken.

use migrator_model::ident::literal;

use super::{
    look::Look,
    sequence::{self, Numbered, Place},
    task::Task,
};
use crate::{error::Result, validate::check::Check};

/// The keys that a sequence numbers. Elsewhere a number may come twice.
pub fn plan(look: Look<'_>) -> Result<Vec<Task<'_>>> {
    let keys = sequence::of(look.relation.oid)?.into_iter().filter(|numbered| numbered.is_key);
    keys.map(|numbered| numbered.task(look, judge)).collect()
}

fn judge(look: Look<'_>, numbered: &Numbered, check: Check) -> Result<Check> {
    let place = numbered.place(look)?;
    let rows = look.heap.count(&look.relation.from())?;
    let side = if numbered.ascends() { '>' } else { '<' };
    let Place { next, extreme, distance, is_ahead } = place;
    let check = Check {
        expected: extreme.as_ref().map(|extreme| format!("next value {side} {extreme}")),
        actual: Some(format!("next value {next}")),
        difference: distance,
        rows_checked: Some(rows),
        remedy: if is_ahead { None } else { remedy(numbered, extreme.as_deref())? },
        ..check
    };
    Ok(check.holds(is_ahead))
}

/// A value out of the sequence's bounds cannot be set.
fn remedy(numbered: &Numbered, extreme: Option<&str>) -> Result<Option<String>> {
    let last = extreme.and_then(|extreme| extreme.parse::<i64>().ok());
    let last = last.filter(|last| (numbered.min..=numbered.max).contains(last));
    let Some(last) = last else { return Ok(None) };
    let sequence = literal(&numbered.sequence()?);
    Ok(Some(format!("SELECT pg_catalog.setval({sequence}, {last}, true)")))
}
