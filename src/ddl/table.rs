//! Schemas and tables. Keys, defaults and checks come after the data, see `constraint`.

use migrator_model::{Ident, PgType, QualifiedName, pg_type::Environment};

use super::{Kind, Statement};

/// A column of a new table.
#[derive(Clone, Copy, Debug)]
pub struct ColumnDefinition<'a> {
    /// Its name.
    pub name: &'a Ident,
    /// Its type.
    pub pg: &'a PgType,
    /// NOT NULL
    pub not_null: bool,
    /// The translated expression of a stored generated column.
    pub generated: Option<&'a str>,
}

/// CREATE SCHEMA
pub fn create_schema(name: &Ident) -> Statement {
    let quoted = name.quoted();
    Statement::new(
        Kind::Schema,
        format!("schema {quoted}"),
        format!("CREATE SCHEMA IF NOT EXISTS {quoted}"),
    )
}

/// CREATE TABLE
pub fn create_table(
    name: &QualifiedName,
    columns: &[ColumnDefinition<'_>],
    environment: &Environment,
) -> Statement {
    let lines: Vec<_> = columns.iter().map(|column| line(column, environment)).collect();
    let quoted = name.quoted();
    let sql = match lines.as_slice() {
        [] => format!("CREATE TABLE {quoted} ()"),
        lines => format!("CREATE TABLE {quoted} (\n    {}\n)", lines.join(",\n    ")),
    };
    Statement::new(Kind::Table, format!("table {}", name.name.quoted()), sql)
}

fn line(column: &ColumnDefinition<'_>, environment: &Environment) -> String {
    let mut line = format!("{} {}", column.name.quoted(), column.pg.sql(environment));
    if let Some(expression) = column.generated {
        line += &format!(" GENERATED ALWAYS AS ({expression}) STORED");
    }
    if column.not_null {
        line += " NOT NULL";
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_types_not_null_and_generated_columns() {
        let (id, total) = (Ident::new("id").unwrap(), Ident::new("To\"tal").unwrap());
        let columns = [
            ColumnDefinition { name: &id, pg: &PgType::Int4, not_null: true, generated: None },
            ColumnDefinition {
                name: &total,
                pg: &PgType::Numeric(Some((14, 5))),
                not_null: false,
                generated: Some("(\"id\" * 2)"),
            },
        ];
        let name = QualifiedName::parse("shop.orders").unwrap();
        let statement = create_table(&name, &columns, &Environment::default());
        assert_eq!(
            statement.sql,
            "CREATE TABLE \"shop\".\"orders\" (\n    \"id\" integer NOT NULL,\n    \
             \"To\"\"tal\" numeric(14,5) GENERATED ALWAYS AS ((\"id\" * 2)) STORED\n)"
        );
        assert_eq!(statement.what, "table \"orders\"");
    }

    #[test]
    fn a_schema_is_quoted() {
        let statement = create_schema(&Ident::new("A b").unwrap());
        assert_eq!(statement.sql, "CREATE SCHEMA IF NOT EXISTS \"A b\"");
    }
}
