//! Enum types.

use migrator_model::{
    QualifiedName,
    ident::{MAX_IDENT, literal},
    reject::shown,
};

use super::{Kind, Statement, Untranslatable};

/// CREATE TYPE … AS ENUM. PostgreSQL's labels have at most 63 bytes.
pub fn create_enum(name: &QualifiedName, labels: &[String]) -> Result<Statement, Untranslatable> {
    if let Some(label) = labels.iter().find(|label| label.len() > MAX_IDENT) {
        let label = shown(label);
        let reason = format!("enum label \"{label}\" is longer than {MAX_IDENT} bytes");
        return Err(Untranslatable::new(reason));
    }
    if labels.iter().any(|label| label.contains('\0')) {
        return Err(Untranslatable::new("an enum label contains a NUL byte"));
    }
    let list = labels.iter().map(|label| literal(label)).collect::<Vec<_>>().join(", ");
    let sql = format!("CREATE TYPE {} AS ENUM ({list})", name.quoted());
    Ok(Statement::new(Kind::EnumType, format!("type {}", name.name.quoted()), sql))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_quoted_in_order() {
        let name = QualifiedName::parse("audit.\"Severity\"").unwrap();
        let labels = ["low".to_owned(), "it's".to_owned()];
        let statement = create_enum(&name, &labels).unwrap();
        assert_eq!(statement.sql, "CREATE TYPE \"audit\".\"Severity\" AS ENUM ('low', 'it''s')");
    }

    #[test]
    fn a_label_of_64_bytes_is_refused() {
        let name = QualifiedName::parse("e").unwrap();
        assert!(create_enum(&name, &["x".repeat(64)]).is_err());
        assert!(create_enum(&name, &["x".repeat(63)]).is_ok());
    }
}
