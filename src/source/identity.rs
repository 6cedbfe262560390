//! What a source's files are at a moment, as the file system tells it: as long as that stays, what was
//! learned of them holds.

use std::{
    fs::{self, Metadata},
    hash::{Hash, Hasher},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use migrator_model::{protocol::SourceKind, secret::Secret};

use super::named::ResolvedSource;
use crate::{
    error::Result,
    pg::files::{self, ResolvedFile},
};

/// A source's files at a moment, and the key to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    kind: SourceKind,
    files: Vec<(String, PathBuf, State)>,
    /// A database's write-ahead log is a part of it.
    wal: Option<State>,
    key: Option<Secret>,
}

/// Changes whenever somebody writes to the file, or puts another in its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Identity {
    /// What the files are now, without a look inside.
    pub fn of(source: &ResolvedSource) -> Result<Self> {
        let state =
            |file: &ResolvedFile| Ok((file.name.clone(), file.path.clone(), state(&file.path)?));
        let files = source.files.iter().map(state).collect::<Result<_>>()?;
        let wal = match (source.kind, source.files.first()) {
            (SourceKind::Database, Some(file)) => wal_state(&file.path),
            _ => None,
        };
        Ok(Self { kind: source.kind, files, wal, key: source.key.clone() })
    }

    /// Whether these were the files before somebody has changed them.
    pub(super) fn is_before(&self, now: &Self) -> bool {
        let same_paths =
            self.files.iter().map(|file| &file.1).eq(now.files.iter().map(|file| &file.1));
        same_paths && (&self.files, &self.wal) != (&now.files, &now.wal)
    }
}

impl Hash for Identity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.files.hash(state);
        self.wal.hash(state);
    }
}

fn state(path: &Path) -> Result<State> {
    let found = fs::metadata(path);
    found
        .map(|found| State::of(&found))
        .map_err(|e| files::missing("file", &path.to_string_lossy(), &e))
}

fn wal_state(path: &Path) -> Option<State> {
    let mut wal = path.as_os_str().to_owned();
    wal.push(".wal");
    fs::metadata(wal).ok().map(|found| State::of(&found))
}

impl State {
    fn of(found: &Metadata) -> Self {
        Self {
            device: found.dev(),
            inode: found.ino(),
            bytes: found.size(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &Path) -> ResolvedSource {
        let name = "x.csv".to_owned();
        let file = ResolvedFile { name, path: path.to_owned(), device: 0, inode: 0 };
        let kind = SourceKind::Csv;
        ResolvedSource { kind, files: vec![file], key: None, shown: String::new(), server: None }
    }

    #[test]
    fn writing_to_a_file_changes_what_it_is() {
        let path = std::env::temp_dir().join(format!("migrator-identity-{}", std::process::id()));
        fs::write(&path, "a").unwrap();
        let source = source(&path);
        let before = Identity::of(&source).unwrap();
        assert_eq!(before, Identity::of(&source).unwrap());
        fs::write(&path, "ab").unwrap();
        assert_ne!(before, Identity::of(&source).unwrap());
        fs::remove_file(&path).unwrap();
        assert_eq!(Identity::of(&source).unwrap_err().sqlstate(), "58P01");
    }

    #[test]
    fn another_key_opens_another_source() {
        let source = source(Path::new("/"));
        let with_key = ResolvedSource { key: Some(Secret::new("k")), ..source.clone() };
        assert_ne!(Identity::of(&source).unwrap(), Identity::of(&with_key).unwrap());
    }
}
