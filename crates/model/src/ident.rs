//! Names. [`Ident`] is a PostgreSQL identifier and the only place that quotes one; [`SourceName`]
//! names a table in a DuckDB file.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// PostgreSQL's NAMEDATALEN - 1, in bytes.
pub const MAX_IDENT: usize = 63;

/// Why a text cannot be a name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// Longer than 63 bytes.
    #[error("identifier \"{0}\" is longer than 63 bytes")]
    TooLong(String),
    /// Empty, or a NUL byte inside.
    #[error("invalid name syntax")]
    Syntax,
}

/// A PostgreSQL identifier: 1 to 63 bytes without NUL.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ident(heapless::String<MAX_IDENT>);

impl Ident {
    /// Takes a name as it is, without folding its case.
    pub fn new(name: &str) -> Result<Self, NameError> {
        if name.is_empty() || name.contains('\0') {
            return Err(NameError::Syntax);
        }
        let short = heapless::String::try_from(name);
        short.map(Self).map_err(|_| NameError::TooLong(name.to_owned()))
    }

    /// Takes as much of a name as fits, cut at a character boundary: for names that we make up.
    pub fn clipped(name: &str) -> Result<Self, NameError> {
        Self::new(clip(name, MAX_IDENT))
    }

    /// The bare name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name between double quotes, safe in any SQL text.
    pub fn quoted(&self) -> String {
        quote(&self.0)
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The longest start of `text` that has at most `bytes` bytes and ends at a character boundary.
pub fn clip(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// A name between double quotes; both PostgreSQL and DuckDB read it back as it was.
pub fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text between single quotes, for PostgreSQL with standard_conforming_strings and for DuckDB.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A name as DuckDB prints it: quoted only where it has to be.
pub fn duckdb_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    if starts_well && name.chars().all(plain) { name.to_owned() } else { quote(name) }
}

/// A relation or type in PostgreSQL; without a schema it is found through the search path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct QualifiedName {
    /// The schema, if one is named.
    pub schema: Option<Ident>,
    /// The object.
    pub name: Ident,
}

impl QualifiedName {
    /// A name in a schema.
    pub fn new(schema: Ident, name: Ident) -> Self {
        Self { schema: Some(schema), name }
    }

    /// Reads `orders`, `audit.orders` or `"My Table"` by PostgreSQL's rules.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let SourceName { schema, name } = SourceName::parse(text)?;
        let schema = schema.as_deref().map(Ident::new).transpose()?;
        Ok(Self { schema, name: Ident::new(&name)? })
    }

    /// The name, quoted and qualified where a schema is known.
    pub fn quoted(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", schema.quoted(), self.name.quoted()),
            None => self.name.quoted(),
        }
    }
}

/// A table or view of a DuckDB file. DuckDB's names have no length limit and ignore case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceName {
    /// The schema, if one is named; a nested schema's path is joined with dots.
    pub schema: Option<String>,
    /// The table or view.
    pub name: String,
}

impl SourceName {
    /// The name, quoted and qualified, as [`SourceName::parse`] reads it.
    pub fn quoted(&self) -> String {
        let schema = self.schema.as_deref().map(|schema| quote(schema) + ".");
        schema.unwrap_or_default() + &quote(&self.name)
    }

    /// Reads `orders`, `audit.orders` or `"My Table"`, quoted and folded as in PostgreSQL.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let mut parts = split_name(text)?;
        let name = parts.pop().ok_or(NameError::Syntax)?;
        let schema = parts.pop();
        if parts.is_empty() { Ok(Self { schema, name }) } else { Err(NameError::Syntax) }
    }

    /// Whether it is this name of this schema; as DuckDB does, in any case, and `main` if none is
    /// said.
    pub fn is(&self, schema: &str, name: &str) -> bool {
        let own = self.schema.as_deref().unwrap_or("main");
        own.eq_ignore_ascii_case(schema) && self.name.eq_ignore_ascii_case(name)
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// Splits a possibly qualified, possibly quoted name into its parts.
fn split_name(text: &str) -> Result<Vec<String>, NameError> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    loop {
        let (part, after) = next_part(rest)?;
        parts.push(part);
        match after.trim_start().strip_prefix('.') {
            Some(next) => rest = next.trim_start(),
            None if after.trim().is_empty() => return Ok(parts),
            None => return Err(NameError::Syntax),
        }
    }
}

fn next_part(text: &str) -> Result<(String, &str), NameError> {
    match text.strip_prefix('"') {
        Some(quoted) => quoted_part(quoted),
        None => bare_part(text),
    }
}

fn quoted_part(text: &str) -> Result<(String, &str), NameError> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let end = rest.find('"').ok_or(NameError::Syntax)?;
        name.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                name.push('"');
                rest = after;
            }
            None if name.is_empty() || name.contains('\0') => return Err(NameError::Syntax),
            None => return Ok((name, rest)),
        }
    }
}

fn bare_part(text: &str) -> Result<(String, &str), NameError> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
    let end = text.find(|c: char| !is_part(c)).unwrap_or(text.len());
    let (part, rest) = text.split_at(end);
    if part.is_empty() || part.starts_with(|c: char| c.is_ascii_digit() || c == '$') {
        return Err(NameError::Syntax);
    }
    Ok((part.to_ascii_lowercase(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<(Option<String>, String), NameError> {
        SourceName::parse(text).map(|name| (name.schema, name.name))
    }

    #[test]
    fn names_are_read_as_postgresql_reads_them() {
        assert_eq!(parsed("Orders"), Ok((None, "orders".into())));
        assert_eq!(parsed("audit . orders"), Ok((Some("audit".into()), "orders".into())));
        assert_eq!(parsed("\"My \"\"T\"\"\""), Ok((None, "My \"T\"".into())));
        assert_eq!(parsed("a.\"B.c\""), Ok((Some("a".into()), "B.c".into())));
    }

    #[test]
    fn bad_names_are_refused() {
        for text in ["", ".", "a.", "a b", "\"a", "\"\"", "a.b.c", "1a", "a;b"] {
            assert_eq!(parsed(text), Err(NameError::Syntax), "{text}");
        }
    }

    #[test]
    fn identifiers_have_at_most_63_bytes() {
        assert!(Ident::new(&"x".repeat(63)).is_ok());
        assert!(matches!(Ident::new(&"x".repeat(64)), Err(NameError::TooLong(_))));
        assert_eq!(Ident::clipped(&"é".repeat(40)).unwrap().as_str().len(), 62);
    }

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(Ident::new("a\"b").unwrap().quoted(), "\"a\"\"b\"");
        assert_eq!(literal("it's"), "'it''s'");
    }
}
