//! What can be told of the files without DuckDB.

mod database;
mod files;

use std::{fs, io, path::Path, time::UNIX_EPOCH};

use migrator_model::{
    catalog::FileInfo,
    protocol::{Failure, Open, SourceKind},
};

/// Reads what is needed of the files. One that is not what it should be is an error here already.
pub fn read(open: &Open) -> Result<FileInfo, Failure> {
    match (open.kind, open.files.first()) {
        (_, None) => Err(Failure::new("08P01", "a source of no files")),
        (SourceKind::Database, Some(file)) => database::read(Path::new(&file.path)),
        (kind, Some(_)) => files::read(kind, &open.files),
    }
}

/// Refuses what the DuckDB inside cannot read, before it tries.
pub fn check_readable(open: &Open, info: &FileInfo) -> Result<(), Failure> {
    match (open.kind, open.files.first()) {
        (SourceKind::Database, Some(file)) => {
            database::check_readable(Path::new(&file.path), info, open.encryption_key.is_some())
        }
        _ => Ok(()),
    }
}

/// A file's length and modification time, as bytes.
fn stamp(meta: Option<&fs::Metadata>) -> Vec<u8> {
    let modified = meta.and_then(|meta| meta.modified().ok());
    let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let numbers =
        [meta.map_or(0, fs::Metadata::len), since.map_or(0, |time| time.as_nanos() as u64)];
    numbers.into_iter().flat_map(u64::to_le_bytes).collect()
}

/// FNV-1a, 64 bits, in hex.
fn hash(bytes: impl Iterator<Item = u8>) -> String {
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let sqlstate = match error.kind() {
        io::ErrorKind::NotFound => "58P01",
        io::ErrorKind::PermissionDenied => "42501",
        _ => "58030",
    };
    let reason = match rustix::io::Errno::from_io_error(error) {
        Some(errno) => errno.to_string(),
        None => error.to_string(),
    };
    let reason = reason.split(" (os error").next().unwrap_or_default().to_owned();
    Failure::new(sqlstate, format!("could not open file \"{}\": {reason}", path.display()))
}
