//! The three ways to open a source. Whichever it is: before anything of the source is looked at by
//! DuckDB, it may open these files and no others.

use std::{collections::HashMap, path::Path, sync::Arc};

use migrator_model::{
    file_name::{FileName, Packing},
    ident::{literal, quote},
    protocol::{Failure, Open, SourceFile, SourceKind},
    secret::Secret,
};

use super::{Origin, settings};
use crate::ffi::database::{Database, DuckError, Session};

/// Two connections to what is to be read.
pub struct Connected {
    /// One for everything that is read, in one transaction.
    pub session: Session,
    /// One for what may fail.
    pub probe: Session,
}

/// Opens the source.
pub fn connect(open: &Open, origin: &Origin) -> Result<Connected, Failure> {
    let opened = match (open.kind, &open.encryption_key) {
        (SourceKind::Database, None) => plain(open, origin),
        (SourceKind::Database, Some(key)) => return encrypted(open, key, origin),
        _ => return files(open, origin),
    };
    opened.map_err(|error| origin.explain(&error))
}

/// A database is opened as such: DuckDB then knows which files belong to it.
fn plain(open: &Open, origin: &Origin) -> Result<Connected, DuckError> {
    let mut settings = settings::before_open(open);
    settings.push(("access_mode", "READ_ONLY".to_owned()));
    settings.push(("enable_external_access", "false".to_owned()));
    two(Database::open(origin.path(), &settings)?)
}

/// DuckDB takes a key only with ATTACH. Temporary files are encrypted, too, by the only means that
/// the DuckDB inside has: its own library, which it calls unsafe because of its random numbers.
fn encrypted(open: &Open, key: &Secret, origin: &Origin) -> Result<Connected, Failure> {
    let failed = |error: DuckError| origin.explain(&error);
    let mut settings = settings::before_open(open);
    settings.push(("force_mbedtls_unsafe", "true".to_owned()));
    settings.push(("temp_file_encryption", "true".to_owned()));
    let connected = Database::open(MEMORY, &settings).and_then(two).map_err(failed)?;
    let Connected { session, probe } = &connected;
    let name = quote(&database_name(Path::new(origin.path())));
    let (path, secret) = (literal(origin.path()), literal(key.reveal()));
    let attach = format!("ATTACH {path} AS {name} (READ_ONLY, ENCRYPTION_KEY {secret})");
    session.execute(&attach).map_err(|error| origin.refused_key(&error))?;
    session.execute("SET enable_external_access = false").map_err(failed)?;
    for session in [session, probe] {
        session.execute(&format!("USE {name}")).map_err(failed)?;
    }
    Ok(connected)
}

/// Files of other kinds become views of an empty database.
fn files(open: &Open, origin: &Origin) -> Result<Connected, Failure> {
    check_names(&open.files)?;
    let failed = |error: DuckError| origin.explain(&error);
    let connected =
        Database::open(MEMORY, &settings::before_open(open)).and_then(two).map_err(failed)?;
    let paths: Vec<_> = open.files.iter().map(|file| literal(&file.path)).collect();
    let allow = format!("SET allowed_paths = [{}]", paths.join(", "));
    connected.session.execute(&allow).map_err(failed)?;
    connected.session.execute("SET enable_external_access = false").map_err(failed)?;
    for file in &open.files {
        let made = connected.session.execute(&view(open.kind, file));
        made.map_err(|error| Origin::file(open.kind, &file.path).unreadable(&error))?;
    }
    Ok(connected)
}

/// Two files cannot be one table, and names that differ in case only are the same to DuckDB.
fn check_names(files: &[SourceFile]) -> Result<(), Failure> {
    let mut taken = HashMap::new();
    for file in files {
        let table = FileName::parse(&file.name).stem;
        if let Some(other) = taken.insert(table.to_ascii_lowercase(), &file.name) {
            let message = format!("two files would be table \"{table}\"");
            let detail = format!("They are \"{other}\" and \"{}\".", file.name);
            return Err(Failure::new("42P07", message).detail(detail));
        }
    }
    Ok(())
}

const MEMORY: &str = ":memory:";

fn two(database: Database) -> Result<Connected, DuckError> {
    let database = Arc::new(database);
    Ok(Connected { session: database.connect()?, probe: database.connect()? })
}

/// What DuckDB would call the database, whose views may say so; names that it has taken already get
/// another.
fn database_name(path: &Path) -> String {
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let file = file.unwrap_or_default();
    match file.split('.').next().unwrap_or_default() {
        "" => "source".to_owned(),
        name if ["memory", "system", "temp"]
            .iter()
            .any(|taken| name.eq_ignore_ascii_case(taken)) =>
        {
            format!("{name}_db")
        }
        name => name.to_owned(),
    }
}

/// The file as a view. Its name says how it is packed, not its path, which may be anywhere; folders
/// of a path are no columns.
fn view(kind: SourceKind, file: &SourceFile) -> String {
    let name = FileName::parse(&file.name);
    let compression = match name.packing {
        Packing::Plain => "none",
        Packing::Gzip => "gzip",
        Packing::Zstd => "zstd",
    };
    let read = match kind {
        SourceKind::Csv if name.is_tabbed => {
            format!("read_csv($path, compression = '{compression}', delim = '\t', $folders)")
        }
        SourceKind::Csv => format!("read_csv($path, compression = '{compression}', $folders)"),
        SourceKind::Json => format!("read_json($path, compression = '{compression}', $folders)"),
        SourceKind::Database | SourceKind::Parquet => "read_parquet($path, $folders)".to_owned(),
    };
    let read = read.replace("$folders", "hive_partitioning = false");
    let read = read.replace("$path", &literal(&file.path));
    format!("CREATE VIEW main.{} AS SELECT * FROM {read}", quote(name.stem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view_of(kind: SourceKind, name: &str) -> String {
        let path = "/blobs/it's".to_owned();
        view(kind, &SourceFile { name: name.into(), path, device: 0, inode: 0 })
    }

    #[test]
    fn the_name_says_how_a_file_is_read() {
        assert_eq!(
            view_of(SourceKind::Csv, "a \"b\".TSV.gz"),
            "CREATE VIEW main.\"a \"\"b\"\"\" AS SELECT * FROM read_csv('/blobs/it''s', \
             compression = 'gzip', delim = '\t', hive_partitioning = false)"
        );
        assert_eq!(
            view_of(SourceKind::Parquet, "2024-01.parquet"),
            "CREATE VIEW main.\"2024-01\" AS SELECT * FROM read_parquet('/blobs/it''s', \
             hive_partitioning = false)"
        );
        assert!(view_of(SourceKind::Json, "x.ndjson").contains("compression = 'none'"));
    }

    #[test]
    fn two_files_are_two_tables() {
        let file =
            |name: &str| SourceFile { name: name.into(), path: String::new(), device: 0, inode: 0 };
        check_names(&[file("a.csv"), file("b.csv")]).unwrap();
        let failure = check_names(&[file("a.csv"), file("A.csv.gz")]).unwrap_err();
        assert_eq!(failure.sqlstate, "42P07");
    }

    #[test]
    fn a_database_is_called_as_duckdb_calls_it() {
        let name = |path: &str| database_name(Path::new(path));
        assert_eq!(name("/data/shop.v2.duckdb"), "shop");
        assert_eq!(name("/data/Memory.duckdb"), "Memory_db");
        assert_eq!(name("/data/.duckdb"), "source");
    }
}
