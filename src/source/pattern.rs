//! Patterns for files: `*`, `?` and `[…]` in the last part of a path.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, DirEntry},
    path::Path,
};

use glob::{MatchOptions, Pattern};
use migrator_model::reject::shown;

use crate::{
    error::{Error, Result},
    pg::{
        files::{self, ResolvedFile, Rights},
        wait,
    },
};

/// No more files make a source.
const MOST_FILES: usize = 10_000;

/// As a shell does: files whose names begin with a dot are named by a dot only.
const AS_SHELL: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// The files that a pattern matches.
pub struct Matches {
    /// The pattern with its folder resolved.
    pub shown: String,
    /// The files, in the order of their names; at least one.
    pub files: Vec<ResolvedFile>,
}

/// Whether a path is a pattern. A file whose name has such characters is meant where it is there.
pub fn is_pattern(path: &Path) -> bool {
    path.file_name().is_some_and(has_wildcard) && fs::symlink_metadata(path).is_err()
}

fn has_wildcard(part: &OsStr) -> bool {
    part.as_encoded_bytes().iter().any(|byte| matches!(byte, b'*' | b'?' | b'['))
}

/// Parses a pattern's last part.
pub fn parse(path: &Path) -> Result<Pattern> {
    let last = path.file_name().unwrap_or_default().to_string_lossy();
    Pattern::new(&last).map_err(|error| {
        Error::new("42602", format!("invalid pattern \"{}\"", shown(&path.to_string_lossy())))
            .detail(format!("At character {} of its last part: {}.", error.pos + 1, error.msg))
    })
}

/// Lists the files that a pattern matches. The folder and each of them are resolved, and the rights
/// to them checked.
pub fn expand(path: &Path, rights: Rights) -> Result<Matches> {
    let pattern = parse(path)?;
    let folder = files::resolve_folder(path, rights).map_err(|error| explain(path, error))?;
    let mut names = list(&folder, &pattern)?;
    if names.is_empty() {
        return Err(nothing(path));
    }
    names.sort();
    let files = names.iter().map(|name| files::resolve(&folder.join(name), rights));
    let shown = folder.join(pattern.as_str()).to_string_lossy().into_owned();
    Ok(Matches { shown, files: files.collect::<Result<_>>()? })
}

fn list(folder: &Path, pattern: &Pattern) -> Result<Vec<OsString>> {
    let failed = |error| files::missing("directory", &folder.to_string_lossy(), &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        wait::interrupts();
        let entry = entry.map_err(failed)?;
        if is_match(&entry, pattern) {
            names.push(entry.file_name());
        }
        if names.len() > MOST_FILES {
            return Err(too_many(&folder.join(pattern.as_str())));
        }
    }
    Ok(names)
}

/// Folders are no files, whatever they are called.
fn is_match(entry: &DirEntry, pattern: &Pattern) -> bool {
    pattern.matches_with(&entry.file_name().to_string_lossy(), AS_SHELL) && !is_folder(entry)
}

fn is_folder(entry: &DirEntry) -> bool {
    let kind = entry.file_type();
    kind.is_ok_and(|kind| kind.is_dir() || kind.is_symlink() && entry.path().is_dir())
}

fn nothing(path: &Path) -> Error {
    Error::new("58P01", format!("no file matches \"{}\"", shown(&path.to_string_lossy())))
}

fn too_many(path: &Path) -> Error {
    let path = shown(&path.to_string_lossy());
    Error::new("54000", format!("\"{path}\" matches more than {MOST_FILES} files"))
}

/// Adds to an error about a path whose folder is not there because it is a pattern.
pub fn explain(path: &Path, error: Error) -> Error {
    let folder = path.parent().unwrap_or(path);
    match error.sqlstate() == "58P01" && folder.iter().any(has_wildcard) {
        true => error.hint("Only the last part of a path may be a pattern."),
        false => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        parse(Path::new(pattern)).unwrap().matches_with(name, AS_SHELL)
    }

    #[test]
    fn patterns_match_as_in_a_shell() {
        assert!(matches("/d/2024-*.parquet", "2024-01.parquet"));
        assert!(!matches("/d/2024-*.parquet", "2023-01.parquet"));
        assert!(matches("/d/[ab]?.csv", "b1.csv"));
        assert!(!matches("/d/*.csv", ".hidden.csv"));
        assert!(!matches("/d/*.csv", "a.CSV"));
    }

    #[test]
    fn only_the_last_part_makes_a_pattern() {
        assert!(is_pattern(Path::new("/no such folder/*.csv")));
        assert!(!is_pattern(Path::new("/no such [folder]/a.csv")));
        assert!(!is_pattern(Path::new("/")));
    }

    #[test]
    fn a_pattern_that_makes_no_sense_is_refused() {
        let error = parse(Path::new("/d/[")).unwrap_err();
        assert_eq!((error.sqlstate(), error.message()), ("42602", "invalid pattern \"/d/[\""));
    }
}
