//! Enum types that columns need: found, or created once.

use migrator_model::{Ident, PgType, QualifiedName, catalog::Column};
use pgrx::datum::DatumWithOid;
use serde::Deserialize;

use crate::{
    ddl::enumeration,
    error::{Error, Result},
    pg::spi,
};

/// Where types for a table's columns are looked for and created.
pub struct TypeMaker<'a> {
    /// The target's schema.
    pub schema: &'a Ident,
    /// The target's name.
    pub table: &'a str,
}

#[derive(Deserialize)]
struct Labels {
    labels: Option<Vec<String>>,
}

/// The labels of a type by this name: NULL for one that is no enum; no row for none at all.
const LABELS: &str = "
    SELECT (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder)
              FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid) AS labels
      FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
     WHERE n.nspname = $1 AND t.typname = $2";

impl TypeMaker<'_> {
    /// Gives an unnamed enum in a column's type a name, creating it where it is missing.
    pub fn name(&self, pg: &mut PgType, column: &Column, target_column: &Ident) -> Result<()> {
        match pg {
            PgType::Array(element) => self.name(element, column, target_column),
            PgType::Enum { name: name @ None, labels } => {
                *name = Some(self.enumeration(labels, column, target_column)?);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The DuckDB type's own name where one has these labels, else `table_column`; a number
    /// behind it where that name is something else's.
    fn enumeration(
        &self,
        labels: &[String],
        column: &Column,
        target: &Ident,
    ) -> Result<QualifiedName> {
        let own = column.enum_names.first().map(|source| source.name.clone());
        let made_up = format!("{}_{target}", self.table);
        let numbered = (2..100).map(|n| format!("{made_up}_{n}"));
        for candidate in own.into_iter().chain([made_up.clone()]).chain(numbered) {
            let name = Ident::clipped(&candidate)?;
            match self.labels_of(&name)? {
                Some(Labels { labels: Some(same) }) if same == labels => {
                    return Ok(QualifiedName::new(self.schema.clone(), name));
                }
                Some(_) => {}
                None => return self.create_enum(name, labels),
            }
        }
        Err(Error::new("42710", format!("could not find a free name for enum type \"{made_up}\"")))
    }

    fn labels_of(&self, name: &Ident) -> Result<Option<Labels>> {
        let arguments =
            [DatumWithOid::from(self.schema.to_string()), DatumWithOid::from(name.to_string())];
        spi::first(LABELS, &arguments)
    }

    fn create_enum(&self, name: Ident, labels: &[String]) -> Result<QualifiedName> {
        let name = QualifiedName::new(self.schema.clone(), name);
        let statement = enumeration::create_enum(&name, labels).map_err(|refused| {
            Error::new("42602", refused.reason).hint("Ask for text with column_types.")
        })?;
        spi::execute(&statement.sql)?;
        Ok(name)
    }
}
