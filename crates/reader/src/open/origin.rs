//! Where something comes from, and DuckDB's errors about it in PostgreSQL's terms.

use migrator_model::{
    protocol::{Failure, Open, SourceFile, SourceKind},
    reject::shown,
    secret::Secret,
};

use crate::ffi::database::DuckError;

/// The files, as messages call them.
pub struct Origin {
    kind: SourceKind,
    /// The first file.
    path: String,
    /// The last one, where there are several.
    last: Option<String>,
    secret: Option<Secret>,
}

impl Origin {
    /// All files of a source.
    pub fn of(open: &Open) -> Self {
        let path = |file: Option<&SourceFile>| file.map(|file| file.path.clone());
        Self {
            kind: open.kind,
            path: path(open.files.first()).unwrap_or_default(),
            last: path(open.files.get(1..).and_then(<[_]>::last)),
            secret: open.encryption_key.clone(),
        }
    }

    /// One of its files.
    pub fn file(kind: SourceKind, path: &str) -> Self {
        Self { kind, path: path.to_owned(), last: None, secret: None }
    }

    /// The path of the first file.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// DuckDB's text without what nobody may see.
    pub fn redact(&self, text: &str) -> String {
        self.secret.as_ref().map_or_else(|| text.to_owned(), |secret| secret.redact(text))
    }

    /// What the files are.
    fn noun(&self) -> &'static str {
        match self.kind {
            SourceKind::Database => "DuckDB file",
            SourceKind::Parquet => "Parquet file",
            SourceKind::Csv => "CSV file",
            SourceKind::Json => "JSON file",
        }
    }

    /// Which files they are.
    fn shown(&self) -> String {
        match &self.last {
            Some(last) => format!("\"{}\" to \"{last}\"", self.path),
            None => format!("\"{}\"", self.path),
        }
    }

    /// DuckDB's errors by what a user can do about them.
    pub fn explain(&self, error: &DuckError) -> Failure {
        let text = &self.redact(&error.message);
        if let Some(failure) = of_values(text) {
            return self.with_remedy(failure, text);
        }
        let detail = shown_error(text);
        let fail = |sqlstate, what: &str| {
            let message = format!("{} {}", what.replace("$file", self.noun()), self.shown());
            Failure::new(sqlstate, message).detail(detail.clone())
        };
        match text.as_str() {
            _ if text.contains("Could not set lock on file") => {
                fail("55006", "could not lock $file")
                    .hint("Another process has the file open for writing: end it, or copy the file and its .wal and migrate the copy.")
            }
            _ if text.contains("is not a valid DuckDB database file") => {
                fail("22P04", "could not read $file")
            }
            _ if text.contains("unknown index type") => {
                fail("0A000", "could not replay the write-ahead log of $file")
                    .hint("CHECKPOINT the file in a DuckDB that has the index's extension loaded.")
            }
            _ if self.kind != SourceKind::Database && is_malformed(text) => {
                self.with_remedy(fail("22P04", "could not read $file"), text)
            }
            // A text of the user's may say anything.
            _ if is_corruption(text) && !text.starts_with("Invalid Input Error") => fail("XX001", "$file is corrupt:"),
            _ if text.contains("max_temp_directory_size") || text.contains("temp_directory") => {
                fail("53400", "no more room for temporary files of $file")
                    .hint("Raise temp_file_limit, or set migrator.temp_directory to a larger disk.")
            }
            _ if text.starts_with("Out of Memory Error") => fail("53200", "out of memory reading $file")
                .hint("Raise migrator.reader_memory."),
            _ if text.starts_with("IO Error") => fail("58030", "could not read $file"),
            _ if text.starts_with("Permission Error") => {
                Failure::new("42501", "the reader's sandbox forbids this").detail(detail)
            }
            _ => Failure::new("38000", "DuckDB could not run the query").detail(detail),
        }
    }

    /// Why DuckDB finds no columns in a file.
    pub fn unreadable(&self, error: &DuckError) -> Failure {
        let failure = self.explain(error);
        match failure.sqlstate.as_str() {
            "38000" => {
                let message = format!("could not read {} {}", self.noun(), self.shown());
                Failure { sqlstate: "22P04".to_owned(), message, ..failure }
            }
            _ => failure,
        }
    }

    /// DuckDB decides by the first rows of a text what its columns are. A query may say so itself.
    fn with_remedy(&self, failure: Failure, text: &str) -> Failure {
        match self.kind {
            SourceKind::Csv if text.contains("CSV Error") => failure.hint(
                "A query can read the file in another way: read_csv('FILE', sample_size = -1), or with all_varchar = true.",
            ),
            SourceKind::Json if text.contains("JSON transform error") => failure
                .hint("A query can read the file in another way: read_json('FILE', sample_size = -1)."),
            _ => failure,
        }
    }

    /// Why DuckDB does not attach the file with the key. Its own words may repeat the key, so they
    /// are shown only where the key is not what it complains of.
    pub fn refused_key(&self, error: &DuckError) -> Failure {
        let text = error.message.as_str();
        let about = |what: &str| format!("{what} {} {}", self.noun(), self.shown());
        match text {
            _ if text.contains("Wrong encryption key") => {
                Failure::new("28P01", about("wrong encryption key for"))
            }
            _ if text.to_lowercase().contains("blob") || text.contains("ot a valid key") => {
                Failure::new("22023", about("invalid encryption key for"))
                    .detail("A key is a text of ASCII characters, in which \\xAA stands for a byte.")
            }
            _ if text.contains("encryption cipher") || text.contains("different cipher") => {
                Failure::new("0A000", about("unsupported cipher of"))
                    .detail("Only AES-GCM, DuckDB's default, vouches for what it decrypts.")
                    .hint("Write a copy without ENCRYPTION_CIPHER: ATTACH both in DuckDB, then COPY FROM DATABASE.")
            }
            _ => self.explain(error),
        }
    }
}

/// Errors that single values cause. These come first: DuckDB shows the values, which may say anything.
fn of_values(text: &str) -> Option<Failure> {
    let (kind, message) = text.split_once(" Error: ")?;
    let (sqlstate, what) = match kind {
        "INTERRUPT" => ("57014", "the scan was stopped"),
        "Out of Range" => ("22003", "a value is out of range at the source"),
        "Divide by Zero" => ("22012", "division by zero at the source"),
        "Conversion" if is_out_of_range(message) => {
            ("22003", "a value is out of range at the source")
        }
        "Conversion" => ("22P02", "a value does not fit its type at the source"),
        "Invalid Input" if message.starts_with("JSON transform error") => {
            ("22P02", "a value does not fit its type at the source")
        }
        _ => return None,
    };
    let failure = Failure::new(sqlstate, what);
    Some(if kind == "INTERRUPT" { failure } else { failure.detail(shown_error(text)) })
}

/// Whether a number has no place in its type. A text has none either way.
fn is_out_of_range(message: &str) -> bool {
    let number = message.starts_with("Type ") && message.contains(" with value ");
    (number && message.contains("out of range")) || message.starts_with("Could not cast value ")
}

/// Whether a file is not what its name says.
fn is_malformed(text: &str) -> bool {
    let signs = [
        "CSV Error",
        "Error when sniffing file",
        "Malformed JSON",
        "not a GZIP stream",
        "Unknown frame descriptor",
    ];
    signs.iter().any(|sign| text.contains(sign))
}

fn is_corruption(text: &str) -> bool {
    let signs = [
        "orrupt",
        "Serialization Error",
        "checksum",
        "INTERNAL Error",
        "deserialize",
        "read enough",
    ];
    signs.iter().any(|sign| text.contains(sign))
}

/// DuckDB's first line as a DETAIL; its stack traces and query excerpts stay out.
fn shown_error(text: &str) -> String {
    let mut lines = text.lines();
    let mut line = lines.next().unwrap_or_default().to_owned();
    // What is wrong with a line of a CSV file stands below the line.
    if line.contains("CSV Error on Line")
        && let Some(reason) = lines.find(|line| !line.starts_with("Original Line: "))
    {
        line = format!("{line}: {reason}");
    }
    let line = if line.len() > 300 { shown(&line) } else { line };
    format!("DuckDB says: {line}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explain(kind: SourceKind, message: &str) -> Failure {
        Origin::file(kind, "/data/x").explain(&DuckError::new(message))
    }

    fn state(message: &str) -> String {
        explain(SourceKind::Database, message).sqlstate
    }

    #[test]
    fn what_a_value_says_decides_nothing() {
        assert_eq!(
            state("Conversion Error: Could not convert string 'out of range: corrupt' to INT32"),
            "22P02"
        );
        assert_eq!(
            state(
                "Conversion Error: Type INT64 with value 5 can't be cast because the value is out of range for the destination type INT8"
            ),
            "22003"
        );
        assert_eq!(state("Out of Range Error: Overflow in addition of INT32 (1 + 2)!"), "22003");
        assert_eq!(state("INTERRUPT Error: Interrupted!"), "57014");
        assert_eq!(state("Invalid Input Error: anything"), "38000");
    }

    #[test]
    fn a_bad_line_is_told_with_its_reason() {
        let message = "Conversion Error: CSV Error on Line: 3\nOriginal Line: x,y\nError when \
                       converting column \"a\". Could not convert string \"x\" to 'BIGINT'\n\nMore";
        let failure = explain(SourceKind::Csv, message);
        assert_eq!(failure.sqlstate, "22P02");
        assert_eq!(
            failure.detail.unwrap(),
            "DuckDB says: Conversion Error: CSV Error on Line: 3: Error when converting column \
             \"a\". Could not convert string \"x\" to 'BIGINT'"
        );
        assert!(failure.hint.unwrap().contains("all_varchar"));
    }

    #[test]
    fn files_are_called_what_they_are() {
        let failure = explain(SourceKind::Parquet, "IO Error: nothing");
        assert_eq!(failure.message, "could not read Parquet file \"/data/x\"");
        let failure = explain(SourceKind::Database, "INTERNAL Error: nothing");
        assert_eq!(failure.message, "DuckDB file is corrupt: \"/data/x\"");
    }
}
