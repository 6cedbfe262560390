//! Where the objects beside a single table are.

use migrator_model::{Ident, QualifiedName, SourceName};

use super::post_data::Places;
use crate::pg::facts;

/// Where a table's neighbours in the source are here: its own schema for those of its schema, the
/// current one for `main`, else a schema of the same name.
pub struct Neighbours<'a> {
    /// The table in the source.
    pub table: &'a SourceName,
    /// The table here.
    pub target: &'a QualifiedName,
    /// The schema that DuckDB's `main` is here.
    pub home: &'a Ident,
}

impl Neighbours<'_> {
    fn place(&self, name: &SourceName) -> Option<QualifiedName> {
        let schema = match &name.schema {
            schema if *schema == self.table.schema => self.target.schema.clone()?,
            Some(other) if other != "main" => Ident::new(&other.replace('.', "_")).ok()?,
            _ => self.home.clone(),
        };
        Some(QualifiedName::new(schema, Ident::new(&name.name).ok()?))
    }
}

impl Places for Neighbours<'_> {
    fn table(&self, name: &SourceName, columns: &[String]) -> Option<(QualifiedName, Vec<Ident>)> {
        let place = self.place(name)?;
        facts::relation_oid(&place).ok()??;
        let columns: std::result::Result<_, _> =
            columns.iter().map(|name| Ident::new(name)).collect();
        Some((place, columns.ok()?))
    }

    fn sequence(&self, name: &SourceName) -> Option<QualifiedName> {
        self.place(name)
    }

    /// Who else uses it cannot be known from one table.
    fn serves_one_column(&self, _name: &SourceName) -> bool {
        false
    }
}
