//! Secondary indexes.

use migrator_model::{Ident, QualifiedName, catalog::Index, reject::shown};

use super::{Kind, Statement, Untranslatable};

/// What an index sorts by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A column.
    Column(Ident),
    /// A translated expression.
    Expression(String),
}

/// CREATE INDEX. The index lives in its table's schema; `parts` are `source.expressions`, translated.
pub fn create_index(
    table: &QualifiedName,
    name: &Ident,
    source: &Index,
    parts: &[Part],
) -> Result<Statement, Untranslatable> {
    // ART is DuckDB's ordinary index: like a B-tree it answers equality and ranges.
    if !source.method.eq_ignore_ascii_case("art") {
        let method = shown(&source.method);
        return Err(Untranslatable::new(format!("index method \"{method}\" is not supported")));
    }
    let unique = if source.unique { "UNIQUE " } else { "" };
    let list = parts.iter().map(part).collect::<Vec<_>>().join(", ");
    let (table, quoted) = (table.quoted(), name.quoted());
    let sql = format!("CREATE {unique}INDEX {quoted} ON {table} USING btree ({list})");
    Ok(Statement::new(Kind::Index, format!("index {quoted}"), sql))
}

fn part(part: &Part) -> String {
    match part {
        Part::Column(column) => column.quoted(),
        Part::Expression(expression) => format!("({expression})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(method: &str) -> Index {
        Index {
            name: "i".into(),
            method: method.into(),
            unique: true,
            expressions: vec!["a".into()],
            options: Default::default(),
            comment: None,
        }
    }

    fn made(method: &str) -> Result<Statement, Untranslatable> {
        let table = QualifiedName::parse("s.t").unwrap();
        let name = Ident::new("I x").unwrap();
        let parts =
            [Part::Column(Ident::new("a").unwrap()), Part::Expression("pg_catalog.f()".into())];
        create_index(&table, &name, &index(method), &parts)
    }

    #[test]
    fn art_becomes_btree() {
        assert_eq!(
            made("art").unwrap().sql,
            "CREATE UNIQUE INDEX \"I x\" ON \"s\".\"t\" USING btree (\"a\", (pg_catalog.f()))"
        );
    }

    #[test]
    fn other_methods_are_refused() {
        assert_eq!(made("hnsw").unwrap_err().reason, "index method \"hnsw\" is not supported");
    }
}
