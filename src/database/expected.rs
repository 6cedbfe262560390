//! What `migrate_database` would call everything, whatever is here already.

use migrator_model::{
    Ident, QualifiedName, SourceName,
    catalog::{Objects, TableKind, TableSummary},
};

use super::{Arguments, naming::Naming, options::Options};
use crate::{error::Result, load::Places, pg::facts};

/// The tables and views of a selection, and where they are expected.
pub struct Expected {
    chosen: Vec<TableSummary>,
    naming: Naming,
}

impl Expected {
    /// Chooses and names.
    pub fn of(arguments: &Arguments, all: Vec<TableSummary>, objects: &Objects) -> Result<Self> {
        let options = Options::parse(arguments)?;
        let chosen = options.selection.choose(all, objects)?;
        options.check_tables(&chosen)?;
        let home = facts::current_schema();
        let naming = Naming::expect(&options.schemas, objects, &chosen, home)?;
        Ok(Self { chosen, naming })
    }

    /// Those of one kind.
    pub fn tables(&self, kind: TableKind) -> impl Iterator<Item = (&SourceName, &QualifiedName)> {
        let chosen = self.chosen.iter().filter(move |one| one.kind == kind);
        chosen.filter_map(|one| Some((&one.name, self.naming.place(&one.name)?)))
    }
}

impl Places for Expected {
    fn table(&self, name: &SourceName, columns: &[String]) -> Option<(QualifiedName, Vec<Ident>)> {
        let columns: std::result::Result<_, _> =
            columns.iter().map(|name| Ident::clipped(name)).collect();
        Some((self.naming.place(name)?.clone(), columns.ok()?))
    }

    fn sequence(&self, name: &SourceName) -> Option<QualifiedName> {
        self.naming.sequence_place(name).cloned()
    }

    fn serves_one_column(&self, _name: &SourceName) -> bool {
        false
    }
}
