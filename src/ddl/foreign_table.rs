//! Foreign tables.

use migrator_model::{Ident, PgType, QualifiedName, ident::literal, pg_type::Environment};

use super::{Kind, Statement};

/// A column of a new foreign table.
#[derive(Clone, Copy, Debug)]
pub struct ForeignColumn<'a> {
    /// Its name.
    pub name: &'a Ident,
    /// Its type.
    pub pg: &'a PgType,
    /// NOT NULL
    pub not_null: bool,
    /// What it is called at the source.
    pub source: &'a str,
}

/// CREATE FOREIGN TABLE. A column says what it is called at the source where it is called otherwise
/// here. No text may hold a NUL byte.
pub fn create_foreign_table(
    name: &QualifiedName,
    server: &Ident,
    columns: &[ForeignColumn<'_>],
    options: &[(&str, &str)],
    environment: &Environment,
) -> Statement {
    let lines: Vec<_> = columns.iter().map(|column| line(column, environment)).collect();
    let options: Vec<_> =
        options.iter().map(|(name, value)| format!("{name} {}", literal(value))).collect();
    let sql = format!(
        "CREATE FOREIGN TABLE {} (\n    {}\n) SERVER {} OPTIONS ({})",
        name.quoted(),
        lines.join(",\n    "),
        server.quoted(),
        options.join(", ")
    );
    Statement::new(Kind::Table, format!("foreign table {}", name.name.quoted()), sql)
}

fn line(column: &ForeignColumn<'_>, environment: &Environment) -> String {
    let ForeignColumn { name, pg, not_null, source } = column;
    let mut line = format!("{} {}", name.quoted(), pg.sql(environment));
    if name.as_str() != *source {
        line += &format!(" OPTIONS (column_name {})", literal(source));
    }
    if *not_null {
        line += " NOT NULL";
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_otherwise_at_the_source_is_named() {
        let (id, cut) = (Ident::new("id").unwrap(), Ident::new("it_is").unwrap());
        let columns = [
            ForeignColumn { name: &id, pg: &PgType::Int4, not_null: true, source: "id" },
            ForeignColumn { name: &cut, pg: &PgType::Text, not_null: true, source: "it's" },
        ];
        let statement = create_foreign_table(
            &QualifiedName::parse("public.\"Orders\"").unwrap(),
            &Ident::new("shop").unwrap(),
            &columns,
            &[("schema_name", "main"), ("table_name", "Orders")],
            &Environment::default(),
        );
        assert_eq!(
            statement.sql,
            "CREATE FOREIGN TABLE \"public\".\"Orders\" (\n    \"id\" integer NOT NULL,\n    \
             \"it_is\" text OPTIONS (column_name 'it''s') NOT NULL\n) SERVER \"shop\" \
             OPTIONS (schema_name 'main', table_name 'Orders')"
        );
        assert_eq!(statement.what, "foreign table \"Orders\"");
    }
}
