//! What this machine has left, and what the server would take of it.

use serde::Deserialize;

use super::read;
use crate::error::{Error, Result};

/// What there is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine {
    /// Memory that is free, in bytes, where that is known.
    pub memory: Option<u64>,
    /// Room in /dev/shm, in bytes, where processes share memory there.
    pub shared: Option<u64>,
    /// maintenance_work_mem in bytes.
    pub maintenance: u64,
    /// max_parallel_maintenance_workers
    pub workers: u32,
}

#[derive(Deserialize)]
struct Settings {
    maintenance: u64,
    workers: u32,
    shares: String,
}

impl Machine {
    /// Looks.
    pub fn look() -> Result<Self> {
        let sql = "SELECT pg_size_bytes(current_setting('maintenance_work_mem')) AS maintenance,
                          current_setting('max_parallel_maintenance_workers')::int4 AS workers,
                          current_setting('dynamic_shared_memory_type') AS shares";
        let missing = || Error::new("XX000", "settings expected");
        let settings = read::<Settings>(sql, &[])?.pop().ok_or_else(missing)?;
        Ok(Self {
            memory: memory(),
            shared: if settings.shares == "posix" { shared() } else { None },
            maintenance: settings.maintenance,
            workers: settings.workers,
        })
    }

    /// The most that a build should take: half of what is free.
    pub fn half(&self) -> u64 {
        self.memory.map_or(u64::MAX, |memory| memory / 2)
    }

    /// Whether processes can share so much.
    pub fn shares(&self, bytes: u64) -> bool {
        self.shared.is_none_or(|room| bytes <= room)
    }
}

/// What the kernel calls available; in a container, no more than its limit leaves.
fn memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let available = available(&text)?;
    let read = |name: &str| {
        let text = std::fs::read_to_string(format!("/sys/fs/cgroup/memory.{name}")).ok()?;
        text.trim().parse::<u64>().ok()
    };
    match (read("max"), read("current")) {
        (Some(most), Some(current)) => Some(available.min(most.saturating_sub(current))),
        _ => Some(available),
    }
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

fn shared() -> Option<u64> {
    let room = rustix::fs::statvfs("/dev/shm").ok()?;
    Some(room.f_bavail * room.f_frsize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_says_what_is_available() {
        assert_eq!(available("MemTotal:  9 kB\nMemAvailable:   20480 kB\n"), Some(20 << 20));
        assert_eq!(available("MemTotal:  9 kB\n"), None);
        assert!(memory().is_some_and(|bytes| bytes > 0));
    }

    #[test]
    fn what_is_unknown_bounds_nothing() {
        let machine = Machine::default();
        assert_eq!(machine.half(), u64::MAX);
        assert!(machine.shares(u64::MAX));
        assert!(!Machine { shared: Some(1), ..machine }.shares(2));
    }
}
