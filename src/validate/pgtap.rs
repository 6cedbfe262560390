//! `validate_pgtap`: a test function for each table, as pgTAP's `runtests()` finds them.

use migrator_model::{
    Ident, QualifiedName, SourceName,
    catalog::TableKind,
    ident::{MAX_IDENT, clip, literal},
};

use super::{options::Level, session::Session};
use crate::{
    database,
    error::{Error, Result},
    pg::{extension, spi},
};

/// Makes or replaces the functions, and returns their names.
pub fn create(
    selection: &database::Arguments,
    test_schema: &str,
    level: &str,
) -> Result<Vec<String>> {
    Level::parse(level)?;
    let pgtap = extension::schema("pgtap")?.ok_or_else(|| {
        Error::new("55000", "the extension pgtap is not installed")
            .hint("CREATE EXTENSION pgtap, or use validate_table_tap(), which needs none.")
    })?;
    let own = extension::own_schema()?;
    let mut session = Session::open(&selection.source)?;
    let tables = session.reader.tables()?;
    let chosen = database::Expected::of(selection, tables, &session.objects)?;
    let names = Names { own, pgtap, tests: Ident::new(test_schema)? };
    let source = session.source.named().to_owned();
    session.reader.close();
    let test = |(table, target): (&SourceName, &QualifiedName)| {
        let name = names.function(table)?;
        spi::execute(&names.statement(&name, &source, table, target, level))?;
        Ok(format!("{}()", name.quoted()))
    };
    chosen.tables(TableKind::Table).map(test).collect()
}

/// The schemas that a test needs.
struct Names {
    own: Ident,
    pgtap: Ident,
    tests: Ident,
}

impl Names {
    fn function(&self, table: &SourceName) -> Result<QualifiedName> {
        let schema = table.schema.as_deref().filter(|schema| *schema != "main");
        let schema = schema.map_or_else(String::new, |schema| format!("{schema}_"));
        let name = format!("test_{schema}{}", table.name).replace('\0', "_");
        Ok(QualifiedName::new(self.tests.clone(), Ident::new(clip(&name, MAX_IDENT))?))
    }

    fn statement(
        &self,
        name: &QualifiedName,
        source: &str,
        table: &SourceName,
        target: &QualifiedName,
        level: &str,
    ) -> String {
        let (own, pgtap) = (self.own.quoted(), self.pgtap.quoted());
        let body = format!(
            "DECLARE
    c pg_catalog.record;
    description pg_catalog.text;
BEGIN
    FOR c IN SELECT * FROM {own}.validate_table(
        {}, {}, target => {}, level => {})
    LOOP
        description := pg_catalog.concat_ws(': ',
            pg_catalog.concat_ws('.', c.source_name, c.column_name), c.check_name);
        IF c.status OPERATOR(pg_catalog.=) 'skip' THEN
            RETURN NEXT {pgtap}.pass(pg_catalog.concat(description, ' # SKIP ', c.note));
        ELSE
            RETURN NEXT {pgtap}.ok(
                c.status OPERATOR(pg_catalog.=) ANY (ARRAY['pass', 'warn']), description);
        END IF;
        IF c.status OPERATOR(pg_catalog.=) ANY (ARRAY['fail', 'warn', 'error']) THEN
            RETURN NEXT {pgtap}.diag(pg_catalog.concat_ws(E'\\n', c.status,
                pg_catalog.concat('expected: ', c.expected),
                pg_catalog.concat('actual: ', c.actual),
                c.failing_keys::pg_catalog.text, c.note, c.remedy));
        END IF;
    END LOOP;
END",
            literal(source),
            literal(&table.quoted()),
            literal(&target.quoted()),
            literal(level)
        );
        format!(
            "CREATE OR REPLACE FUNCTION {}() RETURNS SETOF pg_catalog.text
                LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE AS {}",
            name.quoted(),
            literal(&body)
        )
    }
}
