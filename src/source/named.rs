//! What the argument `source` names: a file, files, or a foreign server.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use migrator_model::{
    file_name::FileName,
    protocol::{SourceFile, SourceKind},
    reject::shown,
    secret::Secret,
};
use serde_json::Value;

use super::pattern::{self, Matches};
use crate::{
    error::{Error, Result},
    pg::{
        files::{self, ResolvedFile, Rights},
        foreign::{self, Server},
    },
};

/// The files of a source that the current user may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedSource {
    /// What kind of files.
    pub kind: SourceKind,
    /// The files, in the order of their names; at least one.
    pub files: Vec<ResolvedFile>,
    /// The key of an encrypted database.
    pub key: Option<Secret>,
    /// What the run log and messages call it: the path, or the pattern.
    pub shown: String,
    /// The foreign server that has led to it.
    pub server: Option<String>,
}

impl ResolvedSource {
    /// What the user would write to have it again: the server's name, or the path.
    pub fn named(&self) -> &str {
        self.server.as_deref().unwrap_or(&self.shown)
    }

    /// What the run log keeps of a run's arguments: the server's name, too, where it was given.
    pub fn remember(&self, mut arguments: Value) -> Value {
        if let (Some(object), Some(server)) = (arguments.as_object_mut(), &self.server) {
            object.insert(SOURCE.to_owned(), server.as_str().into());
        }
        arguments
    }

    /// The files as the reader is told of them.
    pub fn source_files(&self) -> Vec<SourceFile> {
        let file = |file: &ResolvedFile| SourceFile {
            name: file.name.clone(),
            path: file.path.to_string_lossy().into_owned(),
            device: file.device,
            inode: file.inode,
        };
        self.files.iter().map(file).collect()
    }
}

/// What a user would write to have the source of a run again: the key of an encrypted one, and the right
/// to it, come with the server only.
pub fn remembered(path: &str, arguments: &Value) -> String {
    arguments.get(SOURCE).and_then(Value::as_str).unwrap_or(path).to_owned()
}

/// Where the run log keeps the name of a server.
const SOURCE: &str = "source";

/// Resolves what a user has written: a path, a pattern, or the name of a server on which the current
/// user has USAGE.
pub fn resolve(source: &str) -> Result<ResolvedSource> {
    if source.starts_with('/') {
        return at(source, Rights::User);
    }
    let found = if source.contains('\0') { None } else { foreign::server_by_name(source)? };
    of(&found.ok_or_else(|| nowhere(source))?, 0)
}

/// The source of a foreign server, for its foreign tables: rights were checked when it was made. The
/// user mapping is this user's; 0: the current one's.
pub fn of_server(server: u32, user: u32) -> Result<ResolvedSource> {
    of(&foreign::server(server)?, user)
}

/// Checks a path that is to become a server's: that it is one, and that the current user has the right
/// to it. Files need not be there yet.
pub fn check_path(path: &str) -> Result<()> {
    if !path.starts_with('/') {
        return Err(Error::new("42602", format!("path \"{}\" is not absolute", shown(path)))
            .hint("Give the path of a file on the server, from the root."));
    }
    let path = Path::new(path);
    if pattern::is_pattern(path) {
        pattern::parse(path)?;
    }
    files::check_right(path)
}

fn of(server: &Server, user: u32) -> Result<ResolvedSource> {
    let path = server.option("path").ok_or_else(|| {
        Error::new("HV002", format!("server \"{}\" has no option \"path\"", server.name))
    })?;
    let mapping = foreign::user_mapping(server.oid, user)?.unwrap_or_default();
    let key = mapping.into_iter().find(|(name, _)| name == "encryption_key");
    let source = at(path, Rights::Server { owner: server.owner })?;
    let key = key.map(|(_, key)| Secret::new(key));
    Ok(ResolvedSource { key, server: Some(server.name.clone()), ..source })
}

fn nowhere(source: &str) -> Error {
    let source = shown(source);
    Error::new("42704", format!("source \"{source}\" is neither an absolute path nor a foreign server"))
        .hint("Give the path of a file on the server, from the root, or the name of a server of foreign data wrapper migrator.")
}

fn at(path: &str, rights: Rights) -> Result<ResolvedSource> {
    let path = Path::new(path);
    match pattern::is_pattern(path) {
        true => matched(path, pattern::expand(path, rights)?),
        false => {
            let file =
                files::resolve(path, rights).map_err(|error| pattern::explain(path, error))?;
            one(path, file)
        }
    }
}

fn one(path: &Path, file: ResolvedFile) -> Result<ResolvedSource> {
    let kind = FileName::parse(&file.name).kind;
    let shown = match kind {
        SourceKind::Database => file.path.clone(),
        _ => with_folder_resolved(path, &file.path),
    };
    Ok(source(kind, vec![file], &shown))
}

/// The extensions of a symlink's own name say what is inside, so that is the name to keep.
fn with_folder_resolved(path: &Path, file: &Path) -> PathBuf {
    let folder = path.parent().and_then(|folder| std::fs::canonicalize(folder).ok());
    match (folder, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => file.to_owned(),
    }
}

fn matched(path: &Path, matches: Matches) -> Result<ResolvedSource> {
    let kind = common_kind(path, &matches.files)?;
    check_names(&matches.files)?;
    Ok(source(kind, matches.files, Path::new(&matches.shown)))
}

fn source(kind: SourceKind, files: Vec<ResolvedFile>, shown: &Path) -> ResolvedSource {
    let shown = shown.to_string_lossy().into_owned();
    ResolvedSource { kind, files, key: None, shown, server: None }
}

/// What all files of a pattern are.
fn common_kind(path: &Path, files: &[ResolvedFile]) -> Result<SourceKind> {
    let kind = |file: &ResolvedFile| FileName::parse(&file.name).kind;
    let pattern = shown(&path.to_string_lossy());
    let error = |message| {
        Err(Error::new("42809", message)
            .hint("End the pattern with the extension of the files that are meant."))
    };
    if let Some(file) = files.iter().find(|file| kind(file) == SourceKind::Database) {
        let file = shown(&file.name);
        return error(format!(
            "\"{pattern}\" matches \"{file}\", which is no Parquet, CSV or JSON file"
        ));
    }
    let Some(first) = files.first() else { return error(format!("no file matches \"{pattern}\"")) };
    match files.iter().find(|file| kind(file) != kind(first)) {
        None => Ok(kind(first)),
        Some(other) => {
            let (first, other) = (shown(&first.name), shown(&other.name));
            error(format!(
                "\"{pattern}\" matches files of several kinds: \"{first}\" and \"{other}\""
            ))
        }
    }
}

/// Each file is a table: no two may have one name. DuckDB does not tell the case of letters apart.
fn check_names(files: &[ResolvedFile]) -> Result<()> {
    let mut seen: HashMap<String, &ResolvedFile> = HashMap::new();
    for file in files {
        let stem = FileName::parse(&file.name).stem;
        if let Some(other) = seen.insert(stem.to_ascii_lowercase(), file) {
            let (one, two) = (other.path.display(), file.path.display());
            return Err(Error::new(
                "42710",
                format!("table \"{}\" is there more than once", shown(stem)),
            )
            .detail(format!("\"{one}\" and \"{two}\" are called so without their extensions.")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Vec<ResolvedFile> {
        let file = |name: &&str| ResolvedFile {
            name: (*name).to_owned(),
            path: Path::new("/d").join(name),
            device: 0,
            inode: 0,
        };
        names.iter().map(file).collect()
    }

    fn kind(names: &[&str]) -> Result<SourceKind> {
        common_kind(Path::new("/d/*"), &files(names))
    }

    #[test]
    fn a_pattern_is_of_one_kind() {
        assert_eq!(kind(&["a.csv", "b.tsv.gz"]).unwrap(), SourceKind::Csv);
        let message = |names: &[&str]| kind(names).unwrap_err().message().to_owned();
        assert_eq!(
            message(&["a.csv", "b.json"]),
            "\"/d/*\" matches files of several kinds: \"a.csv\" and \"b.json\""
        );
        assert_eq!(
            message(&["a.csv", "b.duckdb"]),
            "\"/d/*\" matches \"b.duckdb\", which is no Parquet, CSV or JSON file"
        );
    }

    #[test]
    fn tables_have_names_of_their_own() {
        assert!(check_names(&files(&["a.csv", "b.csv"])).is_ok());
        let error = check_names(&files(&["A.csv", "a.csv.gz"])).unwrap_err();
        assert_eq!(error.message(), "table \"a\" is there more than once");
        let detail = "\"/d/A.csv\" and \"/d/a.csv.gz\" are called so without their extensions.";
        assert_eq!(error.detail_text(), Some(detail));
    }

    #[test]
    fn a_server_is_remembered_by_its_name() {
        let by_path = source(SourceKind::Database, Vec::new(), Path::new("/d/a.duckdb"));
        let by_server = ResolvedSource { server: Some("shop".into()), ..by_path.clone() };
        let again = |source: &ResolvedSource| {
            remembered(&source.shown, &source.remember(serde_json::json!({"data": true})))
        };
        assert_eq!((again(&by_path).as_str(), by_path.named()), ("/d/a.duckdb", "/d/a.duckdb"));
        assert_eq!((again(&by_server).as_str(), by_server.named()), ("shop", "shop"));
    }

    #[test]
    fn a_link_is_shown_by_its_own_name() {
        let shown = with_folder_resolved(Path::new("/no such folder/a.csv"), Path::new("/b/1"));
        assert_eq!(shown, Path::new("/b/1"));
        assert_eq!(
            with_folder_resolved(Path::new("/a.csv"), Path::new("/b/1")),
            Path::new("/a.csv")
        );
    }
}
