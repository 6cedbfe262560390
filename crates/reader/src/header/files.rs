//! Files of other kinds than DuckDB's: their sizes, and whether they are what their names say.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use migrator_model::{
    catalog::FileInfo,
    protocol::{Failure, SourceFile, SourceKind},
};

use super::{hash, stamp, unreadable};

/// What a Parquet file begins and ends with.
const MAGIC: &[u8; 4] = b"PAR1";
/// What it ends with when its footer is encrypted.
const ENCRYPTED: &[u8; 4] = b"PARE";

/// Says of the files what can be said of all together.
pub fn read(kind: SourceKind, files: &[SourceFile]) -> Result<FileInfo, Failure> {
    let (mut size_bytes, mut stamps) = (0, Vec::new());
    for file in files {
        let path = Path::new(&file.path);
        let found = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        size_bytes += found.len();
        stamps.extend_from_slice(file.path.as_bytes());
        stamps.push(0);
        stamps.extend(stamp(Some(&found)));
        check(kind, path)?;
    }
    Ok(FileInfo {
        storage_version: 0,
        written_by: String::new(),
        encrypted: false,
        has_wal: false,
        size_bytes,
        fingerprint: hash(stamps.into_iter()),
    })
}

/// Refuses a file that cannot be read, and one that is no Parquet file though its name says so: of
/// the other kinds any text may be.
fn check(kind: SourceKind, path: &Path) -> Result<(), Failure> {
    let (first, last) = ends(path).map_err(|error| unreadable(path, &error))?;
    match kind {
        SourceKind::Parquet => check_magic(path, &first, &last),
        _ => Ok(()),
    }
}

fn check_magic(path: &Path, first: &[u8], last: &[u8]) -> Result<(), Failure> {
    let about = |what: &str| format!("file \"{}\" {what}", path.display());
    match (first, last) {
        _ if first == MAGIC && last == MAGIC => Ok(()),
        _ if last == ENCRYPTED => Err(Failure::new("0A000", about("is an encrypted Parquet file"))),
        ([], _) => {
            Err(Failure::new("22P04", about("is not a Parquet file")).detail("The file is empty."))
        }
        _ if first == MAGIC => Err(Failure::new("22P04", about("is not a whole Parquet file"))
            .detail("It begins as one, with \"PAR1\", and does not end so.")),
        _ => Err(Failure::new("22P04", about("is not a Parquet file"))
            .detail("A Parquet file begins and ends with \"PAR1\".")),
    }
}

/// The first four bytes of a file and the last four; fewer where it has fewer.
fn ends(path: &Path) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut file = File::open(path)?;
    let (mut first, mut last) = (Vec::new(), Vec::new());
    file.by_ref().take(4).read_to_end(&mut first)?;
    let end = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(end.saturating_sub(4)))?;
    file.take(4).read_to_end(&mut last)?;
    Ok((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_one(kind: SourceKind, bytes: &[u8]) -> Result<FileInfo, Failure> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bytes).unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        read(kind, &[SourceFile { name: "x".into(), path, device: 0, inode: 0 }])
    }

    #[test]
    fn a_parquet_file_begins_and_ends_as_one() {
        assert_eq!(read_one(SourceKind::Parquet, b"PAR1....PAR1").unwrap().size_bytes, 12);
        let state = |bytes| read_one(SourceKind::Parquet, bytes).unwrap_err().sqlstate;
        assert_eq!(state(b""), "22P04");
        assert_eq!(state(b"PAR1...."), "22P04");
        assert_eq!(state(b"id,name"), "22P04");
        assert_eq!(state(b"PAR1....PARE"), "0A000");
    }

    #[test]
    fn a_text_may_be_anything() {
        assert_eq!(read_one(SourceKind::Csv, b"").unwrap().size_bytes, 0);
        let info = read_one(SourceKind::Json, b"[]").unwrap();
        assert_eq!((info.storage_version, info.encrypted), (0, false));
    }

    #[test]
    fn a_missing_file_is_named() {
        let path = "/nowhere/at.csv".to_owned();
        let file = SourceFile { name: "at.csv".into(), path, device: 0, inode: 0 };
        let failure = read(SourceKind::Csv, &[file]).unwrap_err();
        assert_eq!(failure.sqlstate, "58P01");
        assert!(failure.message.contains("/nowhere/at.csv"));
    }
}
