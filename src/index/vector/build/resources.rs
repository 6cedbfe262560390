//! The memory and the processes of a build.

use super::options::Options;
use crate::{error::Result, index::vector::machine::Machine};

/// What maintenance_work_mem takes at least and at most.
const LIMITS: (u64, u64) = (1 << 20, (i32::MAX as u64) << 10);

/// A build whose graph does not fit takes so many times as long: four to seven were measured.
const SLOWED: f64 = 5.5;

/// What a build gets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resources {
    /// What it needs, in bytes.
    pub needed: u64,
    /// What it gets.
    pub memory: u64,
    /// Processes besides the session's own.
    pub workers: u32,
}

impl Resources {
    /// What is needed, no more than was allowed or than half of what is free; what the session has
    /// set already is no less.
    pub fn new(needed: u64, options: &Options, machine: &Machine, may_share: bool) -> Result<Self> {
        let allowed = options.memory()?;
        let wanted = needed.min(allowed.unwrap_or(u64::MAX)).min(machine.half());
        let memory = match allowed {
            Some(_) => wanted,
            None => wanted.max(machine.maintenance),
        };
        let memory = memory.clamp(LIMITS.0, LIMITS.1).next_multiple_of(1 << 10);
        let wanted = options.parallel_workers.unwrap_or(machine.workers);
        let shares = may_share && machine.shares(memory);
        Ok(Self { needed, memory, workers: if shares { wanted } else { 0 } })
    }

    /// All processes.
    pub fn processes(&self) -> u32 {
        1 + self.workers
    }

    /// The time of a build, where it does not fit a longer one.
    pub fn slowed(&self, seconds: f64) -> f64 {
        if self.memory < self.needed { seconds * SLOWED } else { seconds }
    }

    /// What is missing, in a sentence.
    pub fn shortage(&self) -> Option<String> {
        (self.memory < self.needed).then(|| {
            format!(
                "It needs {} MB, and gets {} MB: what no longer fits is built on disk, four to seven times slower.",
                self.needed.div_ceil(1 << 20),
                self.memory >> 20
            )
        })
    }

    /// The server's settings.
    pub fn settings(&self) -> [(&'static str, String); 2] {
        [
            ("maintenance_work_mem", format!("{}kB", self.memory >> 10)),
            ("max_parallel_maintenance_workers", self.workers.to_string()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MACHINE: Machine =
        Machine { memory: Some(8 << 30), shared: Some(1 << 30), maintenance: 64 << 20, workers: 2 };

    fn with(
        needed: u64,
        options: serde_json::Value,
        machine: Machine,
        may_share: bool,
    ) -> Resources {
        Resources::new(needed, &Options::parse(&options).unwrap(), &machine, may_share).unwrap()
    }

    #[test]
    fn a_build_gets_what_it_needs() {
        let resources = with(500 << 20, json!({}), MACHINE, true);
        assert_eq!((resources.memory, resources.workers), (500 << 20, 2));
        assert_eq!(resources.shortage(), None);
        assert_eq!(resources.settings()[0].1, "512000kB");
    }

    #[test]
    fn what_is_set_already_stays() {
        assert_eq!(with(1 << 20, json!({}), MACHINE, true).memory, 64 << 20);
        assert_eq!(with(1, json!({"memory": "16MB"}), MACHINE, true).memory, 1 << 20);
    }

    #[test]
    fn no_more_than_half_of_what_is_free() {
        let resources = with(9 << 30, json!({"memory": "8GB"}), MACHINE, true);
        assert_eq!(resources.memory, 4 << 30);
        assert!(resources.shortage().is_some());
        assert!(resources.slowed(1.0) > 4.0);
        assert_eq!(with(u64::MAX, json!({}), Machine::default(), true).memory, LIMITS.1);
    }

    #[test]
    fn processes_share_only_where_they_can() {
        assert_eq!(with(2 << 30, json!({}), MACHINE, true).workers, 0);
        assert_eq!(with(1 << 20, json!({"parallel_workers": 4}), MACHINE, false).workers, 0);
        assert_eq!(with(1 << 20, json!({"parallel_workers": 0}), MACHINE, true).workers, 0);
        assert_eq!(with(1 << 20, json!({"parallel_workers": 4}), MACHINE, true).processes(), 5);
    }
}
