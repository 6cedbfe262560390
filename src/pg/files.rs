//! Which file a user means, and whether they may have it read.

use std::{
    fs,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
};

use migrator_model::reject::shown;

use super::acl;
use crate::{
    error::{Error, Result, reason},
    settings,
};

/// A file that may be read: known by its path and its inode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedFile {
    /// The last part of the path that was given; where that is a symlink, its own name.
    pub name: String,
    /// The path: absolute, without symlinks.
    pub path: PathBuf,
    /// Its device.
    pub device: u64,
    /// Its inode.
    pub inode: u64,
}

/// Whose right to read a file counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// The current user's.
    User,
    /// Those of everybody who may use a foreign server: whoever gave the path to the server had the
    /// right to it. What a symlink leads to has been given by nobody: there the server's owner must
    /// have the right.
    Server {
        /// srvowner
        owner: u32,
    },
}

impl Rights {
    /// Whether they reach to what a path has led to.
    fn allow(self, path: &Path, found: &Path) -> bool {
        let is_itself = self != Self::User && path == found;
        is_itself || self.reach_everywhere() || is_allowed(found)
    }

    /// What a path leads to. `given` is what somebody has written.
    fn follow(self, kind: &str, path: &Path, given: &Path) -> Result<PathBuf> {
        match fs::canonicalize(path) {
            Ok(found) if self.allow(path, &found) => Ok(found),
            Err(error) if self.allow_missing(path) => {
                Err(missing(kind, &path.to_string_lossy(), &error))
            }
            _ => Err(self.denied(&given.to_string_lossy())),
        }
    }

    /// Whether somebody may learn that nothing is there.
    fn allow_missing(self, path: &Path) -> bool {
        let in_reach =
            |folder: &Path| fs::canonicalize(folder).is_ok_and(|found| self.allow(folder, &found));
        self.reach_everywhere() || path.parent().is_some_and(in_reach)
    }

    fn reach_everywhere(self) -> bool {
        acl::may_read_server_files(match self {
            Self::User => None,
            Self::Server { owner } => Some(owner),
        })
    }

    fn denied(self, path: &str) -> Error {
        let error =
            Error::new("42501", format!("permission denied to read file \"{}\"", shown(path)));
        match self {
            Self::User => error
                .detail("Only roles with privileges of the \"pg_read_server_files\" role may read any file of the server.")
                .hint("Ask for that role, or for the file's folder in migrator.allowed_directories."),
            Self::Server { .. } => error.detail(
                "A symbolic link is in the way, and the foreign server's owner may not read what it leads to.",
            ),
        }
    }
}

/// Resolves an absolute path and checks the right to read what is there. Somebody without that right
/// does not learn whether there is anything.
pub fn resolve(path: &Path, rights: Rights) -> Result<ResolvedFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    regular_file(name, &rights.follow("file", path, path)?)
}

/// The same for the folder of a pattern, which is to be listed.
pub fn resolve_folder(pattern: &Path, rights: Rights) -> Result<PathBuf> {
    rights.follow("directory", pattern.parent().unwrap_or(pattern), pattern)
}

/// Checks that the current user has the right to what is at a path, or would be.
pub fn check_right(path: &Path) -> Result<()> {
    let rights = Rights::User;
    let has = match fs::canonicalize(path) {
        Ok(found) => rights.allow(path, &found),
        Err(_) => rights.allow_missing(path),
    };
    if has { Ok(()) } else { Err(rights.denied(&path.to_string_lossy())) }
}

/// Whether a resolved path lies in an allowed folder, resolved likewise.
fn is_allowed(path: &Path) -> bool {
    let folders = settings::allowed_directories();
    folders.iter().filter_map(|folder| fs::canonicalize(folder).ok()).any(|f| path.starts_with(f))
}

fn regular_file(name: String, path: &Path) -> Result<ResolvedFile> {
    let shown = path.display();
    let found = fs::metadata(path).map_err(|error| missing("file", &shown.to_string(), &error))?;
    if found.is_dir() {
        return Err(Error::new("42809", format!("\"{shown}\" is a directory"))
            .hint("Give the path of a file, or a pattern for the files in it."));
    }
    let kind = found.file_type();
    if kind.is_fifo() || kind.is_socket() || kind.is_char_device() || kind.is_block_device() {
        return Err(Error::new("42809", format!("\"{shown}\" is not a regular file")));
    }
    if path.to_str().is_none() {
        return Err(Error::new("42602", format!("path \"{shown}\" is not valid UTF-8")));
    }
    Ok(ResolvedFile { name, path: path.to_owned(), device: found.dev(), inode: found.ino() })
}

/// What is to be said of a file or folder that the operating system does not give.
pub fn missing(kind: &str, path: &str, error: &std::io::Error) -> Error {
    let sqlstate = match error.kind() {
        std::io::ErrorKind::PermissionDenied => "42501",
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => "58P01",
        _ => "58030",
    };
    let message = format!("could not open {kind} \"{}\": {}", shown(path), reason(error));
    let error = Error::new(sqlstate, message);
    match sqlstate {
        "42501" => error.hint("The server's operating system user must be able to read the file."),
        _ => error,
    }
}
