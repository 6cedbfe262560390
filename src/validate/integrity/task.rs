//! One thing to look at, and how its verdict is found.

use std::time::{Duration, Instant};

use super::{look::Look, relation::Relation};
use crate::{error::Result, pg::subtransaction::attempt, validate::check::Check};

type Judge<'a> = Box<dyn FnOnce(Check) -> Result<Vec<Check>> + 'a>;

/// A check that knows what it looks at.
pub struct Task<'a> {
    check: Check,
    /// What reads the rows; None when the catalogs have decided.
    judge: Option<Judge<'a>>,
}

impl<'a> Task<'a> {
    /// A check that the catalogs have decided.
    pub fn known(check: Check) -> Self {
        Self { check, judge: None }
    }

    /// A check that reads rows.
    pub fn reading(check: Check, judge: impl FnOnce(Check) -> Result<Check> + 'a) -> Self {
        Self::reading_for_several(check, |check| Ok(vec![judge(check)?]))
    }

    /// A check that reads rows once for several verdicts.
    pub fn reading_for_several(
        check: Check,
        judge: impl FnOnce(Check) -> Result<Vec<Check>> + 'a,
    ) -> Self {
        Self { check, judge: Some(Box::new(judge)) }
    }

    /// Its verdict; `before` is what it has taken so far.
    pub fn finish(self, look: Look<'_>, before: Duration) -> Result<Vec<Check>> {
        let began = Instant::now();
        let shown = self.check.clone();
        let result = match self.judge {
            None => Ok(vec![self.check]),
            Some(_) if look.relation.row_security => Ok(vec![hidden(self.check, look.relation)]),
            Some(judge) => attempt(|| judge(self.check)),
        };
        settle(result, shown, before + began.elapsed())
    }
}

/// Turns an error into the verdict of the check it came from, unless it must end everything, and
/// notes the time.
pub fn settle(result: Result<Vec<Check>>, check: Check, took: Duration) -> Result<Vec<Check>> {
    let mut checks = match result {
        Err(error) if !error.is_fatal() => vec![check.failed(&error)],
        other => other?,
    };
    let seconds = took.as_secs_f64() / checks.len().max(1) as f64;
    checks.iter_mut().for_each(|check| check.seconds = seconds);
    Ok(checks)
}

/// The verdict on rows of which the current user may see a part only: what is not seen is not
/// passed.
pub fn hidden(check: Check, relation: &Relation) -> Check {
    let reason = format!("row-level security applies to {}", relation.quoted());
    let note = check.noted(&reason);
    check.skip(note)
}
