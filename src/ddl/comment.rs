//! Comments.

use migrator_model::{Ident, QualifiedName, ident::literal};

use super::{Kind, Statement, Untranslatable};

/// What a comment is on.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// A table.
    Table(&'a QualifiedName),
    /// A foreign table.
    ForeignTable(&'a QualifiedName),
    /// A column of a table.
    Column(&'a QualifiedName, &'a Ident),
    /// An index.
    Index(&'a QualifiedName),
    /// A sequence.
    Sequence(&'a QualifiedName),
    /// A view.
    View(&'a QualifiedName),
    /// A function, by its name with the types of its arguments.
    Function(&'a str),
    /// A type.
    Type(&'a QualifiedName),
    /// A schema.
    Schema(&'a Ident),
}

impl Target<'_> {
    fn sql(self) -> String {
        match self {
            Self::Table(name) => format!("TABLE {}", name.quoted()),
            Self::ForeignTable(name) => format!("FOREIGN TABLE {}", name.quoted()),
            Self::Column(table, column) => {
                format!("COLUMN {}.{}", table.quoted(), column.quoted())
            }
            Self::Index(name) => format!("INDEX {}", name.quoted()),
            Self::Sequence(name) => format!("SEQUENCE {}", name.quoted()),
            Self::View(name) => format!("VIEW {}", name.quoted()),
            Self::Function(signature) => format!("FUNCTION {signature}"),
            Self::Type(name) => format!("TYPE {}", name.quoted()),
            Self::Schema(name) => format!("SCHEMA {}", name.quoted()),
        }
    }

    /// The object's name here.
    pub fn name(self) -> String {
        match self {
            Self::Table(name)
            | Self::ForeignTable(name)
            | Self::Index(name)
            | Self::Sequence(name)
            | Self::View(name)
            | Self::Type(name) => name.quoted(),
            Self::Function(signature) => signature.to_owned(),
            Self::Schema(name) => name.quoted(),
            Self::Column(table, column) => format!("{}.{}", table.quoted(), column.quoted()),
        }
    }

    fn what(self) -> String {
        match self {
            Self::Table(name) => format!("table {}", name.name.quoted()),
            Self::ForeignTable(name) => format!("foreign table {}", name.name.quoted()),
            Self::Column(_, column) => format!("column {}", column.quoted()),
            Self::Index(name) => format!("index {}", name.name.quoted()),
            Self::Sequence(name) => format!("sequence {}", name.name.quoted()),
            Self::View(name) => format!("view {}", name.name.quoted()),
            Self::Function(signature) => format!("function {signature}"),
            Self::Type(name) => format!("type {}", name.name.quoted()),
            Self::Schema(name) => format!("schema {}", name.quoted()),
        }
    }
}

/// COMMENT ON
pub fn comment_on(target: Target<'_>, text: &str) -> Result<Statement, Untranslatable> {
    if text.contains('\0') {
        return Err(Untranslatable::new("the comment contains a NUL byte"));
    }
    let sql = format!("COMMENT ON {} IS {}", target.sql(), literal(text));
    Ok(Statement::new(Kind::Comment, format!("comment on {}", target.what()), sql))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_are_quoted() {
        let table = QualifiedName::parse("customers").unwrap();
        let column = Ident::new("Birth Date").unwrap();
        let statement = comment_on(Target::Column(&table, &column), "the form's \\ text").unwrap();
        assert_eq!(
            statement.sql,
            "COMMENT ON COLUMN \"customers\".\"Birth Date\" IS 'the form''s \\ text'"
        );
        assert_eq!(statement.what, "comment on column \"Birth Date\"");
    }

    #[test]
    fn a_nul_byte_is_refused() {
        let table = QualifiedName::parse("t").unwrap();
        assert!(comment_on(Target::Table(&table), "a\0b").is_err());
    }
}
