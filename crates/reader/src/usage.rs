//! The reader's own memory, as the kernel counts it.

use std::{fs::File, os::unix::fs::FileExt};

/// /proc/self/status, opened before the sandbox closes the way to it.
pub struct Usage(Option<File>);

impl Usage {
    /// Keeps the file open for later.
    pub fn watch() -> Self {
        Self(File::open("/proc/self/status").ok())
    }

    /// The most memory ever held, in bytes; 0 when unknown.
    pub fn peak(&self) -> u64 {
        let mut text = [0; 4096];
        let length = self.0.as_ref().and_then(|file| file.read_at(&mut text, 0).ok());
        let text = String::from_utf8_lossy(&text[..length.unwrap_or(0)]);
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes =
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kilobytes.unwrap_or(0) * 1024
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_some_memory() {
        assert!(Usage::watch().peak() > 100 << 10);
    }
}
