//! Percentiles of what was timed: nearest rank, so that each is a time that a run has taken.

use std::time::Duration;

/// Times in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Of at least one run; None of none.
    pub fn new(mut times: Vec<Duration>) -> Option<Self> {
        times.sort_unstable();
        (!times.is_empty()).then_some(Self(times))
    }

    /// The smallest time that at least so many of a hundred runs do not exceed, in milliseconds.
    pub fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100);
        milliseconds(self.0[rank.clamp(1, self.0.len()) - 1])
    }

    /// How many runs there were.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The shortest, in milliseconds.
    pub fn min(&self) -> f64 {
        self.percentile(0)
    }

    /// The longest, in milliseconds.
    pub fn max(&self) -> f64 {
        self.percentile(100)
    }

    /// Their mean, in milliseconds.
    pub fn mean(&self) -> f64 {
        milliseconds(self.0.iter().sum()) / self.0.len() as f64
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(milliseconds: impl IntoIterator<Item = u64>) -> Times {
        Times::new(milliseconds.into_iter().map(Duration::from_millis).collect()).unwrap()
    }

    #[test]
    fn a_percentile_is_a_time_that_was_taken() {
        let hundred = times((1..=100).rev());
        let of = |percent| hundred.percentile(percent);
        assert_eq!([of(50), of(95), of(99)], [50.0, 95.0, 99.0]);
        let twenty = times(1..=20);
        assert_eq!([twenty.percentile(95), twenty.percentile(99)], [19.0, 20.0]);
        // 0.95 × 21 = 19.95, and so the twentieth.
        assert_eq!(times(1..=21).percentile(95), 20.0);
    }

    #[test]
    fn one_run_is_every_percentile() {
        let one = times([7]);
        assert_eq!([one.min(), one.percentile(50), one.max(), one.mean()], [7.0; 4]);
        assert_eq!(Times::new(Vec::new()), None);
    }

    #[test]
    fn a_single_slow_run_is_the_maximum_only() {
        let slow = times(std::iter::repeat_n(1, 999).chain([5_000]));
        assert_eq!([slow.percentile(50), slow.percentile(99), slow.max()], [1.0, 1.0, 5_000.0]);
        assert_eq!(slow.mean(), 5.999);
    }

    #[test]
    fn fractions_of_a_millisecond_stay() {
        let short = Times::new(vec![Duration::from_nanos(12_345)]).unwrap();
        assert_eq!(short.percentile(50), 0.012345);
    }
}
