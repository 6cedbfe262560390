//! Which pgvector is here, and what is known of it.

use super::design::Am;

/// A version of pgvector's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version([u32; 3]);

/// The first without known damage to graphs.
const SOUND: Version = Version([0, 8, 4]);
/// The first whose graphs may be built by several processes.
const PARALLEL: Version = Version([0, 8, 2]);
/// The first that can go on scanning an index.
const ITERATIVE: Version = Version([0, 8, 0]);
/// The first with graphs.
const GRAPHS: Version = Version([0, 5, 0]);

impl Version {
    /// As pg_extension has it: `0.8.0`. What is no number counts as 0.
    pub fn parse(text: &str) -> Self {
        let mut parts = text.split('.').map(|part| {
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part[..digits].parse().unwrap_or(0)
        });
        Self([0; 3].map(|none: u32| parts.next().unwrap_or(none)))
    }

    /// Whether it has this access method.
    pub fn has(self, am: Am) -> bool {
        am == Am::Ivfflat || self >= GRAPHS
    }

    /// Whether a build by several processes is sound.
    pub fn builds_in_parallel(self, am: Am) -> bool {
        am == Am::Ivfflat || self >= PARALLEL
    }

    /// Whether scans can go on until nothing is left.
    pub fn iterates(self) -> bool {
        self >= ITERATIVE
    }

    /// What is known against an index, in sentences.
    pub fn faults(self, am: Am) -> Option<String> {
        (am == Am::Hnsw && self < SOUND).then(|| {
            let mut faults = vec![
                "Before 0.8.4 VACUUM leaves some graphs without repair, so that later searches find less."
            ];
            if self < Self([0, 8, 3]) {
                faults.push("Before 0.8.3 it may damage them.");
            }
            if self < PARALLEL {
                faults.push(
                    "Before 0.8.2 a build by several processes may write beyond its memory (CVE-2026-3172), and so one process builds.",
                );
            }
            faults.join(" ")
        })
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert_eq!(Version::parse("0.8.0"), Version([0, 8, 0]));
        assert_eq!(Version::parse("0.10"), Version([0, 10, 0]));
        assert_eq!(Version::parse("1.0.0-rc1"), Version([1, 0, 0]));
        assert!(Version::parse("0.10.0") > Version::parse("0.9.9"));
    }

    #[test]
    fn faults_are_named_until_they_are_mended() {
        let faults = |text, am| Version::parse(text).faults(am);
        assert!(faults("0.8.0", Am::Hnsw).unwrap().contains("CVE-2026-3172"));
        assert!(!faults("0.8.2", Am::Hnsw).unwrap().contains("CVE-2026-3172"));
        assert!(faults("0.8.3", Am::Hnsw).is_some_and(|text| !text.contains("0.8.3")));
        assert_eq!(faults("0.8.4", Am::Hnsw), None);
        assert_eq!(faults("0.8.0", Am::Ivfflat), None);
        assert!(!Version::parse("0.8.1").builds_in_parallel(Am::Hnsw));
        assert!(Version::parse("0.8.1").builds_in_parallel(Am::Ivfflat));
    }
}
