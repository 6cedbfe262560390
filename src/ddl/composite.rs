//! Row types.

use migrator_model::{Ident, PgType, QualifiedName, pg_type::Environment};

use super::{Kind, Statement, Untranslatable};

/// CREATE TYPE … AS (…). Attribute names have at most 63 bytes.
pub fn create_composite(
    name: &QualifiedName,
    attributes: &[(String, PgType)],
    environment: &Environment,
) -> Result<Statement, Untranslatable> {
    let attribute = |(name, pg): &(String, PgType)| {
        let ident = Ident::new(name).map_err(|error| Untranslatable::new(error.to_string()))?;
        Ok(format!("{} {}", ident.quoted(), pg.sql(environment)))
    };
    let list = attributes.iter().map(attribute).collect::<Result<Vec<_>, _>>()?.join(", ");
    let sql = format!("CREATE TYPE {} AS ({list})", name.quoted());
    Ok(Statement::new(Kind::RowType, format!("type {}", name.name.quoted()), sql))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_quoted_in_order() {
        let name = QualifiedName::parse("shop.place").unwrap();
        let attributes = [("Lat".to_owned(), PgType::Float8), ("tags".to_owned(), PgType::Text)];
        let statement = create_composite(&name, &attributes, &Environment::default()).unwrap();
        assert_eq!(
            statement.sql,
            "CREATE TYPE \"shop\".\"place\" AS (\"Lat\" double precision, \"tags\" text)"
        );
    }

    #[test]
    fn an_attribute_name_of_64_bytes_is_refused() {
        let name = QualifiedName::parse("p").unwrap();
        let attributes = [("x".repeat(64), PgType::Text)];
        assert!(create_composite(&name, &attributes, &Environment::default()).is_err());
    }
}
