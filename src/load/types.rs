//! Enum and row types that columns need: found, or created once.

use std::collections::HashMap;

use migrator_model::{
    Ident, PgType, QualifiedName,
    catalog::Column,
    ident::{MAX_IDENT, clip},
    pg_type::Environment,
};
use pgrx::datum::DatumWithOid;
use serde::Deserialize;

use crate::{
    ddl::{Statement, Untranslatable, composite, enumeration},
    error::{Error, Result},
    pg::{spi, types},
    steps::{About, Steps},
};

/// Enum types that are here, by their labels: one for each label set.
pub type KnownEnums = HashMap<Vec<String>, QualifiedName>;

/// Where types for a table's columns are looked for and created.
pub struct TypeMaker<'a> {
    /// The target's schema.
    pub schema: &'a Ident,
    /// The target's name.
    pub table: &'a str,
    /// Where other extensions' types are.
    pub environment: &'a Environment,
    /// Enum types that this run has made or found.
    pub known: &'a mut KnownEnums,
    /// The report.
    pub steps: &'a mut Steps,
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
    /// Gives unnamed types in a column's type their names, creating those that are missing.
    pub fn name(&mut self, pg: &mut PgType, column: &Column, target_column: &Ident) -> Result<()> {
        let own = column.enum_names.first().map(|source| source.name.as_str());
        self.name_as(pg, own, &format!("{}_{target_column}", self.table))
    }

    /// A type of the DuckDB type's own name where there is one, else of a made-up name.
    fn name_as(&mut self, pg: &mut PgType, own: Option<&str>, made_up: &str) -> Result<()> {
        match pg {
            PgType::Array(element) => self.name_as(element, own, made_up),
            PgType::Enum { name: name @ None, labels } => {
                *name = Some(self.enumeration(labels, own, made_up)?);
                Ok(())
            }
            PgType::Composite { name: name @ None, attributes } => {
                for (attribute, pg) in attributes.iter_mut() {
                    self.name_as(pg, None, &format!("{made_up}_{attribute}"))?;
                }
                *name = Some(self.composite(attributes, made_up)?);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// An enum type with these labels.
    fn enumeration(
        &mut self,
        labels: &[String],
        own: Option<&str>,
        made_up: &str,
    ) -> Result<QualifiedName> {
        if let Some(known) = self.known.get(labels) {
            return Ok(known.clone());
        }
        let name = self.new_enumeration(labels, own, made_up)?;
        self.known.insert(labels.to_vec(), name.clone());
        Ok(name)
    }

    fn new_enumeration(
        &mut self,
        labels: &[String],
        own: Option<&str>,
        made_up: &str,
    ) -> Result<QualifiedName> {
        for name in own.into_iter().map(str::to_owned).chain(candidates(made_up)) {
            let name = self.qualified(&name)?;
            match self.labels_of(&name)? {
                Some(Labels { labels: Some(same) }) if same == labels => return Ok(name),
                Some(_) => {}
                None => return self.create(enumeration::create_enum(&name, labels), name, made_up),
            }
        }
        Err(no_free_name(made_up))
    }

    /// A row type with these attributes.
    fn composite(
        &mut self,
        attributes: &[(String, PgType)],
        made_up: &str,
    ) -> Result<QualifiedName> {
        for name in candidates(made_up) {
            let name = self.qualified(&name)?;
            if self.labels_of(&name)?.is_none() {
                let statement = composite::create_composite(&name, attributes, self.environment);
                return self.create(statement, name, made_up);
            }
            match types::parse(&name.quoted()) {
                Ok(PgType::Composite { attributes: same, .. }) if same == attributes => {
                    return Ok(name);
                }
                _ => {}
            }
        }
        Err(no_free_name(made_up))
    }

    fn create(
        &mut self,
        statement: std::result::Result<Statement, Untranslatable>,
        name: QualifiedName,
        source: &str,
    ) -> Result<QualifiedName> {
        let statement = statement.map_err(|refused| {
            Error::new("42602", refused.reason).hint("Ask for another type with column_types.")
        })?;
        let about = About {
            kind: statement.kind,
            source: source.to_owned(),
            target: Some(name.quoted()),
            what: statement.what.clone(),
        };
        self.steps.run_or_raise(about, &statement)?;
        Ok(name)
    }

    fn qualified(&self, name: &str) -> Result<QualifiedName> {
        Ok(QualifiedName::new(self.schema.clone(), Ident::clipped(name)?))
    }

    fn labels_of(&self, name: &QualifiedName) -> Result<Option<Labels>> {
        let arguments = [
            DatumWithOid::from(self.schema.to_string()),
            DatumWithOid::from(name.name.to_string()),
        ];
        spi::first(LABELS, &arguments)
    }
}

/// A made-up name, and numbered ones for where that is something else's. The number stays when the
/// name has to be clipped.
fn candidates(made_up: &str) -> impl Iterator<Item = String> {
    let room = |end: &str| clip(made_up, MAX_IDENT - end.len()).to_owned() + end;
    std::iter::once(made_up.to_owned()).chain((2..100).map(move |n| room(&format!("_{n}"))))
}

fn no_free_name(made_up: &str) -> Error {
    Error::new("42710", format!("could not find a free name for type \"{made_up}\""))
}
