//! The first bytes of a DuckDB file: what wrote it, whether it is encrypted, its fingerprint.
//!
//! Format (DuckDB's MainHeader, storage_info.hpp): three header blocks of 4 KiB. The first: u64
//! checksum, "DUCK", u64 storage version, four u64 of flags, then library version and source id of 32
//! bytes each. The second and third: u64 checksum, u64 iteration, … of the two last checkpoints.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use migrator_model::{catalog::FileInfo, protocol::Failure};

use super::{hash, stamp, unreadable};

const HEADER_BLOCK: usize = 4096;
const MAGIC_AT: usize = 8;
const MAGIC: &[u8; 4] = b"DUCK";
const STORAGE_VERSION_AT: usize = 12;
const FLAGS_AT: usize = 20;
const ENCRYPTED: u64 = 1;
const LIBRARY_VERSION_AT: usize = 0x34;
const LIBRARY_VERSION_BYTES: usize = 32;
/// DuckDB 2.0 reads these, and `DEPRECATED`, which its own files say.
const READABLE: std::ops::RangeInclusive<u64> = 64..=69;
const DEPRECATED: u64 = 999;

/// Reads the header. A file that is no DuckDB database is an error here already.
pub fn read(path: &Path) -> Result<FileInfo, Failure> {
    let (blocks, size_bytes) = first_blocks(path).map_err(|error| unreadable(path, &error))?;
    if blocks.get(MAGIC_AT..MAGIC_AT + 4) != Some(MAGIC) {
        return Err(not_duckdb(path, size_bytes));
    }
    let wal = wal_of(path);
    Ok(FileInfo {
        storage_version: word(&blocks, STORAGE_VERSION_AT),
        written_by: library_version(&blocks),
        encrypted: word(&blocks, FLAGS_AT) & ENCRYPTED != 0,
        has_wal: wal.is_some(),
        size_bytes,
        fingerprint: fingerprint(path, &blocks, wal.as_ref()),
    })
}

/// Refuses what the DuckDB inside cannot read, before it tries.
pub fn check_readable(path: &Path, file: &FileInfo, has_key: bool) -> Result<(), Failure> {
    check_wal(path)?;
    check_key(path, file.encrypted, has_key)?;
    let version = file.storage_version;
    if READABLE.contains(&version) || version == DEPRECATED {
        return Ok(());
    }
    let message = format!("DuckDB file \"{}\" has an unknown storage version", path.display());
    let detail = format!(
        "The file's version is {version}, written by \"{}\"; this reader knows 64 to 69 and 999.",
        file.written_by
    );
    let hint = if version < 64 {
        "Write it anew with DuckDB 0.10 or later: EXPORT DATABASE with the old version, IMPORT DATABASE with the new."
    } else {
        "Install a migrator that is built with a newer DuckDB, or write the file with STORAGE_VERSION 'v2.0.0'."
    };
    Err(Failure::new("0A000", message).detail(detail).hint(hint))
}

/// As in DuckDB: a key opens an encrypted file, and no other. A plain file in its place is not the
/// file that was meant.
fn check_key(path: &Path, encrypted: bool, has_key: bool) -> Result<(), Failure> {
    let about = |what: &str| format!("DuckDB file \"{}\" {what}", path.display());
    match (encrypted, has_key) {
        (true, false) => Err(Failure::new("0A000", about("is encrypted"))
            .detail("A file name alone does not carry the key.")
            .hint("Name the file by a foreign server, and the key by option encryption_key of a user mapping for it.")),
        (false, true) => Err(Failure::new("22023", about("is not encrypted"))
            .detail("An encryption key was given.")
            .hint("Drop option encryption_key of the user mapping.")),
        _ => Ok(()),
    }
}

fn first_blocks(path: &Path) -> io::Result<(Vec<u8>, u64)> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut blocks = Vec::new();
    file.take(3 * HEADER_BLOCK as u64).read_to_end(&mut blocks)?;
    Ok((blocks, size))
}

fn word(blocks: &[u8], at: usize) -> u64 {
    let bytes = blocks.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u64::from_le_bytes)
}

fn library_version(blocks: &[u8]) -> String {
    let end = LIBRARY_VERSION_AT + LIBRARY_VERSION_BYTES;
    let bytes = blocks.get(LIBRARY_VERSION_AT..end).unwrap_or_default();
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

fn wal_of(path: &Path) -> Option<fs::Metadata> {
    fs::symlink_metadata(wal_path(path)).ok().filter(|wal| wal.len() > 0)
}

fn wal_path(path: &Path) -> PathBuf {
    let mut wal = path.as_os_str().to_owned();
    wal.push(".wal");
    wal.into()
}

/// Refuses a log that is no file of its own: opening a FIFO waits for a writer, and a link leads to
/// something that nobody has allowed.
fn check_wal(path: &Path) -> Result<(), Failure> {
    let wal = wal_path(path);
    match fs::symlink_metadata(&wal) {
        Ok(found) if !found.is_file() => {
            let message = format!("write-ahead log \"{}\" is not a regular file", wal.display());
            Err(Failure::new("42809", message))
        }
        _ => Ok(()),
    }
}

/// Changes with every checkpoint (whose iteration and checksums the headers hold), with the
/// file's length and modification time, and with those of the log.
fn fingerprint(path: &Path, blocks: &[u8], wal: Option<&fs::Metadata>) -> String {
    let file = fs::metadata(path).ok();
    let stamps = [stamp(file.as_ref()), stamp(wal)].concat();
    hash(blocks.iter().copied().chain(stamps))
}

fn not_duckdb(path: &Path, size: u64) -> Failure {
    let message = format!("file \"{}\" is not a DuckDB database", path.display());
    let detail = match size {
        0 => "The file is empty.".to_owned(),
        _ => "A DuckDB database has the letters \"DUCK\" at byte 8.".to_owned(),
    };
    Failure::new("22P04", message).detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bytes).unwrap();
        file
    }

    fn header(version: u64, flags: u64) -> Vec<u8> {
        let mut bytes = vec![0; 3 * HEADER_BLOCK];
        bytes[8..12].copy_from_slice(MAGIC);
        bytes[12..20].copy_from_slice(&version.to_le_bytes());
        bytes[20..28].copy_from_slice(&flags.to_le_bytes());
        bytes[0x34..0x3a].copy_from_slice(b"v9.9.9");
        bytes
    }

    #[test]
    fn a_text_file_is_no_database() {
        assert_eq!(read(file(b"hello").path()).unwrap_err().sqlstate, "22P04");
        assert_eq!(read(file(b"").path()).unwrap_err().sqlstate, "22P04");
        assert_eq!(read(Path::new("/nowhere/at.all")).unwrap_err().sqlstate, "58P01");
    }

    #[test]
    fn a_newer_version_is_refused_by_number() {
        let newer = file(&header(70, 0));
        let info = read(newer.path()).unwrap();
        assert_eq!((info.storage_version, info.written_by.as_str()), (70, "v9.9.9"));
        let failure = check_readable(newer.path(), &info, false).unwrap_err();
        assert_eq!(failure.sqlstate, "0A000");
        assert!(failure.detail.unwrap().contains("version is 70"));
    }

    #[test]
    fn an_encrypted_file_is_named_as_such() {
        let info = read(file(&header(69, 1)).path()).unwrap();
        assert!(info.encrypted);
        let refused =
            |file: &FileInfo, has_key| check_readable(Path::new("x"), file, has_key).unwrap_err();
        assert!(refused(&info, false).hint.unwrap().contains("encryption_key"));
        check_readable(Path::new("x"), &info, true).unwrap();
        let plain = read(file(&header(69, 0)).path()).unwrap();
        assert_eq!(refused(&plain, true).sqlstate, "22023");
    }

    #[test]
    fn the_fingerprint_changes_with_the_content() {
        let one = file(&header(64, 0));
        let before = read(one.path()).unwrap().fingerprint;
        assert_eq!(before, read(one.path()).unwrap().fingerprint);
        let mut changed = header(64, 0);
        changed[5000] = 1;
        fs::write(one.path(), changed).unwrap();
        assert_ne!(before, read(one.path()).unwrap().fingerprint);
    }
}
