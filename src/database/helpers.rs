//! Helper functions, made beside the first view or function that needs them.

use migrator_model::{Ident, QualifiedName, SourceName};
use pgrx::datum::DatumWithOid;
use serde::Deserialize;

use super::{Migration, views::View};
use crate::{
    ddl::{
        helper::{Helper, Helpers},
        query::{Catalog, Relation},
    },
    error::{Error, Result},
    pg::spi,
    steps::Verdict,
};

impl Migration<'_> {
    /// Does something with all that a query may refer to; tells which helpers it used. `find` comes
    /// before what is here.
    pub(super) fn with_catalog<T>(
        &self,
        own_schema: &str,
        place: &QualifiedName,
        find: &dyn Fn(&str, &str) -> Option<Option<Relation>>,
        run: impl FnOnce(&Catalog<'_>) -> T,
    ) -> Result<(T, Vec<Helper>)> {
        let schema = place.schema.clone().ok_or_else(|| Error::new("XX000", "schema expected"))?;
        let helpers = Helpers::new(schema);
        let relations = |schema: Option<&str>, name: &str| {
            let schemas = schema.map_or(vec![own_schema, "main"], |schema| vec![schema]);
            schemas.iter().find_map(|schema| {
                find(schema, name).unwrap_or_else(|| self.relation_here(schema, name))
            })
        };
        let sequences = |name: &str| {
            use crate::load::Places;
            SourceName::parse(name).ok().and_then(|name| self.naming.sequence(&name))
        };
        let done = run(&Catalog {
            relations: &relations,
            sequences: &sequences,
            macros: &self.macros,
            helpers: &helpers,
            enums: &|labels| self.known.get(labels).cloned(),
            environment: &self.environment,
        });
        Ok((done, helpers.into_used()))
    }

    /// A table or view that was made.
    fn relation_here(&self, schema: &str, name: &str) -> Option<Relation> {
        if let Some(table) = self.tables.iter().find(|one| one.source().name.is(schema, name)) {
            return table.relation();
        }
        self.views.iter().find(|view| view.name().is(schema, name)).map(View::relation)
    }

    /// Makes the helpers that are not there yet, and returns the statements.
    pub(super) fn make_helpers(&self, schema: &Ident, helpers: &[Helper]) -> Result<Vec<String>> {
        let mut statements = Vec::new();
        for helper in helpers {
            if self.helpers.contains(&(schema.clone(), *helper)) || is_there(schema, helper)? {
                continue;
            }
            for statement in helper.statements(schema) {
                spi::execute(&statement)?;
                statements.push(statement);
            }
        }
        Ok(statements)
    }

    /// Remembers that they are there for good.
    pub(super) fn keep_helpers(&mut self, schema: &Ident, helpers: &[Helper]) {
        self.helpers.extend(helpers.iter().map(|helper| (schema.clone(), *helper)));
    }
}

/// Whether the helper is there from before. Another function of its name is an error, and so is
/// somebody else's: whoever owns it can make another of it, and the view's readers would run that.
fn is_there(schema: &Ident, helper: &Helper) -> Result<bool> {
    #[derive(Deserialize)]
    struct Found {
        mark: Option<String>,
        own: bool,
    }
    let signature = helper.signature(schema);
    let sql = "SELECT pg_catalog.obj_description(f.oid, 'pg_proc') AS mark,
                      f.proowner = CURRENT_USER::regrole AS own
                 FROM pg_proc f WHERE f.oid = pg_catalog.to_regprocedure($1)";
    let found = spi::rows::<Found>(sql, &[DatumWithOid::from(signature.clone())])?;
    match found.first() {
        None => Ok(false),
        Some(Found { mark: Some(mark), own: true }) if *mark == helper.mark() => Ok(true),
        Some(_) => Err(Error::new("42723", format!("function {signature} is another one"))),
    }
}

/// What became of an object that may have helpers.
pub(super) fn verdict(helpers: &[Helper]) -> Verdict {
    if helpers.is_empty() { Verdict::Translated } else { Verdict::Shimmed }
}
