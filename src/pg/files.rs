//! Which file a user means, and whether they may have it read.

use std::{
    fs,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
};

use super::acl;
use crate::{
    error::{Error, Result, reason},
    settings,
};

/// A file that the current user may read: absolute, without symlinks, and known by its inode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedFile {
    /// The path.
    pub path: PathBuf,
    /// Its device.
    pub device: u64,
    /// Its inode.
    pub inode: u64,
}

/// Resolves a path and checks the right to read it. Somebody without that right does not learn
/// whether the file exists.
pub fn resolve(source: &str) -> Result<ResolvedFile> {
    let path = Path::new(source);
    if source.is_empty() || source.contains('\0') || !path.is_absolute() {
        let shown = migrator_model::reject::shown(source);
        return Err(Error::new("42602", format!("path \"{shown}\" is not absolute"))
            .hint("Give the path of a DuckDB file on the server, from the root."));
    }
    let anything = acl::may_read_server_files();
    match fs::canonicalize(path) {
        Ok(found) if anything || is_allowed(&found) => regular_file(&found),
        Err(error) if anything || is_allowed_missing(path) => Err(missing(source, &error)),
        _ => Err(denied(source)),
    }
}

/// Whether a resolved path lies in an allowed folder, resolved likewise.
fn is_allowed(path: &Path) -> bool {
    let folders = settings::allowed_directories();
    folders.iter().filter_map(|folder| fs::canonicalize(folder).ok()).any(|f| path.starts_with(f))
}

/// Whether a file that is not there would lie in an allowed folder.
fn is_allowed_missing(path: &Path) -> bool {
    let folder = path.parent().and_then(|folder| fs::canonicalize(folder).ok());
    folder.is_some_and(|folder| is_allowed(&folder))
}

fn regular_file(path: &Path) -> Result<ResolvedFile> {
    let shown = path.display();
    let found = fs::metadata(path).map_err(|error| missing(&shown.to_string(), &error))?;
    if found.is_dir() {
        return Err(Error::new("42809", format!("\"{shown}\" is a directory"))
            .hint("Give the path of a DuckDB file."));
    }
    let kind = found.file_type();
    if kind.is_fifo() || kind.is_socket() || kind.is_char_device() || kind.is_block_device() {
        return Err(Error::new("42809", format!("\"{shown}\" is not a regular file")));
    }
    if path.to_str().is_none() {
        return Err(Error::new("42602", format!("path \"{shown}\" is not valid UTF-8")));
    }
    Ok(ResolvedFile { path: path.to_owned(), device: found.dev(), inode: found.ino() })
}

fn missing(path: &str, error: &std::io::Error) -> Error {
    let sqlstate = match error.kind() {
        std::io::ErrorKind::PermissionDenied => "42501",
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => "58P01",
        _ => "58030",
    };
    let path = migrator_model::reject::shown(path);
    let error = Error::new(sqlstate, format!("could not open file \"{path}\": {}", reason(error)));
    match sqlstate {
        "42501" => error.hint("The server's operating system user must be able to read the file."),
        _ => error,
    }
}

fn denied(path: &str) -> Error {
    let path = migrator_model::reject::shown(path);
    Error::new("42501", format!("permission denied to read file \"{path}\""))
        .detail("Only roles with privileges of the \"pg_read_server_files\" role may read any file of the server.")
        .hint("Ask for that role, or for the file's folder in migrator.allowed_directories.")
}
