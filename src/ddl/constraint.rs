//! Keys, checks, defaults and foreign keys: what is added to a table after its data.

use migrator_model::{Ident, QualifiedName};

use super::{Kind, Statement};

/// ALTER TABLE … ADD CONSTRAINT … PRIMARY KEY
pub fn primary_key(table: &QualifiedName, name: &Ident, columns: &[Ident]) -> Statement {
    let body = format!("PRIMARY KEY {}", list(columns));
    add(table, name, Kind::PrimaryKey, "primary key", &body)
}

/// ALTER TABLE … ADD CONSTRAINT … UNIQUE
pub fn unique(table: &QualifiedName, name: &Ident, columns: &[Ident]) -> Statement {
    let body = format!("UNIQUE {}", list(columns));
    add(table, name, Kind::Unique, "unique constraint", &body)
}

/// ALTER TABLE … ADD CONSTRAINT … CHECK, with a translated expression.
pub fn check(table: &QualifiedName, name: &Ident, expression: &str) -> Statement {
    add(table, name, Kind::Check, "check constraint", &format!("CHECK ({expression})"))
}

/// ALTER TABLE … ADD CONSTRAINT … FOREIGN KEY. DuckDB has NO ACTION only, PostgreSQL's default.
pub fn foreign_key(
    table: &QualifiedName,
    name: &Ident,
    columns: &[Ident],
    referenced: &QualifiedName,
    referenced_columns: &[Ident],
) -> Statement {
    let (from, to) = (list(columns), list(referenced_columns));
    let body = format!("FOREIGN KEY {from} REFERENCES {} {to}", referenced.quoted());
    add(table, name, Kind::ForeignKey, "foreign key", &body)
}

/// ALTER TABLE … ALTER COLUMN … SET DEFAULT, with a translated expression.
pub fn default(table: &QualifiedName, column: &Ident, expression: &str) -> Statement {
    let (table, column) = (table.quoted(), column.quoted());
    let sql = format!("ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {expression}");
    Statement::new(Kind::Default, format!("default of column {column}"), sql)
}

fn add(table: &QualifiedName, name: &Ident, kind: Kind, what: &str, body: &str) -> Statement {
    let (table, name) = (table.quoted(), name.quoted());
    let sql = format!("ALTER TABLE {table} ADD CONSTRAINT {name} {body}");
    Statement::new(kind, format!("{what} {name}"), sql)
}

fn list(columns: &[Ident]) -> String {
    format!("({})", columns.iter().map(Ident::quoted).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ident(name: &str) -> Ident {
        Ident::new(name).unwrap()
    }

    fn table() -> QualifiedName {
        QualifiedName::parse("\"T\"").unwrap()
    }

    #[test]
    fn keys_name_their_columns() {
        let columns = [ident("a"), ident("Line No")];
        let statement = primary_key(&table(), &ident("T_pkey"), &columns);
        assert_eq!(
            statement.sql,
            "ALTER TABLE \"T\" ADD CONSTRAINT \"T_pkey\" PRIMARY KEY (\"a\", \"Line No\")"
        );
        assert_eq!(statement.what, "primary key \"T_pkey\"");
        assert!(unique(&table(), &ident("u"), &columns).sql.contains("\"u\" UNIQUE (\"a\","));
    }

    #[test]
    fn a_foreign_key_names_both_sides() {
        let other = QualifiedName::parse("s.p").unwrap();
        let statement = foreign_key(&table(), &ident("f"), &[ident("a")], &other, &[ident("b")]);
        let end = "ADD CONSTRAINT \"f\" FOREIGN KEY (\"a\") REFERENCES \"s\".\"p\" (\"b\")";
        assert!(statement.sql.ends_with(end), "{}", statement.sql);
    }

    #[test]
    fn checks_and_defaults_take_their_expression() {
        assert!(check(&table(), &ident("c"), "(\"a\" > 0)").sql.ends_with("CHECK ((\"a\" > 0))"));
        let statement = default(&table(), &ident("a"), "1");
        assert_eq!(statement.sql, "ALTER TABLE \"T\" ALTER COLUMN \"a\" SET DEFAULT 1");
    }
}
