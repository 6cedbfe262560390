//! What the name of a file says of what is inside.

use crate::protocol::SourceKind;

/// How a file of text is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// `.gz`
    Gzip,
    /// `.zst`
    Zstd,
}

/// A file's name, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileName<'n> {
    /// The name without its extensions: what the file's table is called.
    pub stem: &'n str,
    /// What is inside.
    pub kind: SourceKind,
    /// How it is packed.
    pub packing: Packing,
    /// `.tsv`: tabulators between the values.
    pub is_tabbed: bool,
}

impl<'n> FileName<'n> {
    /// Takes a name apart. Whatever is not known is a DuckDB database, whatever it is called.
    pub fn parse(name: &'n str) -> Self {
        let (rest, packing) = match cut(name) {
            (rest, "gz") => (rest, Packing::Gzip),
            (rest, "zst") => (rest, Packing::Zstd),
            _ => (name, Packing::Plain),
        };
        let (stem, extension) = cut(rest);
        let kind = match (extension, packing) {
            ("parquet" | "parq", Packing::Plain) => SourceKind::Parquet,
            ("csv" | "tsv", _) => SourceKind::Csv,
            ("json" | "jsonl" | "ndjson", _) => SourceKind::Json,
            _ => return Self::database(name),
        };
        Self { stem, kind, packing, is_tabbed: extension == "tsv" }
    }

    fn database(name: &'n str) -> Self {
        let (kind, packing) = (SourceKind::Database, Packing::Plain);
        Self { stem: name, kind, packing, is_tabbed: false }
    }
}

/// The extensions that mean something, in any case of their letters.
const EXTENSIONS: [&str; 9] =
    ["gz", "zst", "parquet", "parq", "csv", "tsv", "json", "jsonl", "ndjson"];

/// Cuts one extension off; an empty one where there is none that means something.
fn cut(name: &str) -> (&str, &'static str) {
    let Some((stem, extension)) = name.rsplit_once('.') else { return (name, "") };
    let known = EXTENSIONS.into_iter().find(|known| extension.eq_ignore_ascii_case(known));
    match known {
        Some(known) if !stem.is_empty() => (stem, known),
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str) -> (SourceKind, &str) {
        let name = FileName::parse(name);
        (name.kind, name.stem)
    }

    #[test]
    fn extensions_tell_the_kind_and_the_rest_is_the_table() {
        assert_eq!(kind("2024-01.parquet"), (SourceKind::Parquet, "2024-01"));
        assert_eq!(kind("a.b.PARQ"), (SourceKind::Parquet, "a.b"));
        assert_eq!(kind("cities.CSV.gz"), (SourceKind::Csv, "cities"));
        assert_eq!(kind("log.ndjson.zst"), (SourceKind::Json, "log"));
    }

    #[test]
    fn anything_else_is_a_database() {
        for name in
            ["shop.duckdb", "shop", "x.parquet.gz", "x.gz", ".csv", ".gz", "csv", "x.csv.bz2"]
        {
            assert_eq!(kind(name), (SourceKind::Database, name));
        }
    }

    #[test]
    fn packing_and_tabulators_are_seen() {
        let name = FileName::parse("x.tsv.zst");
        assert_eq!((name.packing, name.is_tabbed), (Packing::Zstd, true));
        assert_eq!(FileName::parse("x.csv").packing, Packing::Plain);
    }
}
