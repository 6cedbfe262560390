//! Runs that are not counted: they fill caches, and let the server settle on a plan.

use std::time::Duration;

use crate::error::Result;

/// So many runs at least, and at most.
const RUNS: std::ops::RangeInclusive<usize> = 3..=10;

/// Runs until two in a row take about as long.
pub fn warm_up(mut run: impl FnMut(usize) -> Result<Duration>) -> Result<()> {
    let mut last = run(0)?;
    for at in 1..*RUNS.end() {
        let this = run(at)?;
        if at + 1 >= *RUNS.start() && are_close(last, this) {
            break;
        }
        last = this;
    }
    Ok(())
}

/// Within a fifth of the longer.
fn are_close(one: Duration, other: Duration) -> bool {
    one.abs_diff(other) * 5 <= one.max(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(milliseconds: &[u64]) -> usize {
        let mut runs = 0;
        warm_up(|at| {
            assert_eq!(at, runs);
            runs += 1;
            Ok(Duration::from_millis(milliseconds[at.min(milliseconds.len() - 1)]))
        })
        .unwrap();
        runs
    }

    #[test]
    fn it_ends_when_two_runs_take_as_long() {
        assert_eq!(runs(&[10]), 3);
        assert_eq!(runs(&[100, 10, 10]), 3);
        assert_eq!(runs(&[100, 50, 10, 8]), 4);
        assert_eq!(runs(&[100, 81, 64, 80, 100]), 4);
    }

    #[test]
    fn it_ends_where_they_never_do() {
        assert_eq!(runs(&[1, 2, 4, 8, 16, 32, 64, 128, 256, 512]), 10);
    }
}
