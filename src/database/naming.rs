//! What everything is called here, found before anything is made.
//!
//! The rules: `main` is the current schema unless `schemas` says otherwise, every other schema keeps
//! its name, a nested one joins its path with underscores. A name of more than 63 bytes is cut; one
//! that is taken gets a number; a column with the name of a system column gets an underscore.

use std::collections::{BTreeMap, HashMap};

use migrator_model::{
    Ident, QualifiedName, SourceName,
    catalog::{Objects, Table, TableSummary},
    ident::{MAX_IDENT, clip},
};

use super::options::unknown;
use crate::{
    ddl::{
        expression,
        names::{Names, SYSTEM_COLUMNS},
    },
    error::{Error, Result},
    load::{Places, taken_names},
    pg::facts,
};

/// The names of a run.
pub struct Naming {
    schemas: BTreeMap<String, Ident>,
    /// The names that are taken in each schema here.
    taken: BTreeMap<Ident, Names>,
    relations: HashMap<Key, QualifiedName>,
    sequences: HashMap<Key, QualifiedName>,
    /// The columns of each table, by their folded names.
    columns: HashMap<Key, HashMap<String, Ident>>,
    /// How many columns take their default from each sequence.
    users: HashMap<Key, usize>,
}

/// DuckDB's names ignore the case, and references need not be spelled as declarations are.
type Key = (String, String);

fn key(name: &SourceName) -> Key {
    (name.schema.as_deref().unwrap_or("main").to_ascii_lowercase(), name.name.to_ascii_lowercase())
}

impl Naming {
    /// Names schemas, tables, views and sequences. What is there already is told at once.
    pub fn start(
        wanted: &BTreeMap<String, Ident>,
        objects: &Objects,
        chosen: &[TableSummary],
        home: Result<Ident>,
    ) -> Result<Self> {
        let naming = Self::empty(schemas(wanted, objects, home)?);
        naming.refuse_existing(chosen)?;
        naming.with_relations(objects, chosen)
    }

    /// Names the same as if nothing were there yet.
    pub fn expect(
        wanted: &BTreeMap<String, Ident>,
        objects: &Objects,
        chosen: &[TableSummary],
        home: Result<Ident>,
    ) -> Result<Self> {
        let mut naming = Self::empty(schemas(wanted, objects, home)?);
        let all: Vec<_> = naming.schemas.values().cloned().collect();
        naming.taken = all.into_iter().map(|schema| (schema, Names::default())).collect();
        naming.with_relations(objects, chosen)
    }

    fn empty(schemas: BTreeMap<String, Ident>) -> Self {
        Self {
            schemas,
            taken: BTreeMap::new(),
            relations: HashMap::new(),
            sequences: HashMap::new(),
            columns: HashMap::new(),
            users: HashMap::new(),
        }
    }

    fn with_relations(mut self, objects: &Objects, chosen: &[TableSummary]) -> Result<Self> {
        for table in chosen {
            let name = self.relation(&table.name)?;
            self.relations.insert(key(&table.name), name);
        }
        for sequence in &objects.sequences {
            let name = self.relation(&sequence.name)?;
            self.sequences.insert(key(&sequence.name), name);
        }
        Ok(self)
    }

    /// Tables and views whose names are taken by what was there before.
    fn refuse_existing(&self, chosen: &[TableSummary]) -> Result<()> {
        let mut existing = Vec::new();
        for table in chosen {
            let schema = self.schema(table.name.schema.as_deref().unwrap_or("main"))?;
            let name = QualifiedName::new(schema, Ident::clipped(&table.name.name)?);
            if facts::relation_oid(&name)?.is_some() {
                existing.push(name.quoted());
            }
        }
        match existing.as_slice() {
            [] => Ok(()),
            [one] => Err(Error::new("42P07", format!("relation {one} already exists"))),
            many => Err(Error::new("42P07", format!("{} relations already exist", many.len()))
                .detail(format!("They are {}.", listed(many)))
                .hint("Leave them out with exclude, or name another schema with schemas.")),
        }
    }

    /// The schema here of a schema there.
    pub fn schema(&self, source: &str) -> Result<Ident> {
        let schema = self.schemas.get(source).cloned();
        schema
            .ok_or_else(|| Error::new("3F000", format!("schema \"{source}\" is not in the source")))
    }

    /// The schemas here, each once, with those they come from.
    pub fn schemas(&self) -> impl Iterator<Item = (&String, &Ident)> {
        self.schemas.iter()
    }

    /// A free name in a relation's schema, as near to its own as can be.
    fn relation(&mut self, source: &SourceName) -> Result<QualifiedName> {
        let schema = self.schema(source.schema.as_deref().unwrap_or("main"))?;
        let name = free(self.names(&schema)?, &source.name)?;
        Ok(QualifiedName::new(schema, name))
    }

    /// A free name for a type.
    pub fn type_name(&mut self, source: &SourceName) -> Result<QualifiedName> {
        self.relation(source)
    }

    /// The names taken in a schema here.
    pub fn names(&mut self, schema: &Ident) -> Result<&mut Names> {
        if !self.taken.contains_key(schema) {
            self.taken.insert(schema.clone(), taken_names(schema)?);
        }
        self.taken.get_mut(schema).ok_or_else(|| Error::new("XX000", "names expected"))
    }

    /// Lends the names of a schema to somebody who takes more of them.
    pub fn take_names(&mut self, schema: &Ident) -> Result<Names> {
        self.names(schema).map(std::mem::take)
    }

    /// Takes them back.
    pub fn give_names(&mut self, schema: &Ident, names: Names) {
        self.taken.insert(schema.clone(), names);
    }

    /// What a chosen table or view is called here.
    pub fn place(&self, source: &SourceName) -> Option<&QualifiedName> {
        self.relations.get(&key(source))
    }

    /// What a sequence is called here.
    pub fn sequence_place(&self, source: &SourceName) -> Option<&QualifiedName> {
        self.sequences.get(&key(source))
    }

    /// Names a table's columns.
    pub fn columns(&mut self, table: &SourceName, names: &[String]) -> Result<Vec<Ident>> {
        let idents = column_names(names)?;
        let folded = names.iter().map(|name| name.to_ascii_lowercase()).zip(idents.iter().cloned());
        self.columns.insert(key(table), folded.collect());
        Ok(idents)
    }

    /// Counts the columns whose default is the next value of a sequence.
    pub fn count_users(&mut self, table: &Table) {
        let defaults = table.columns.iter().filter_map(|column| column.default.as_deref());
        let sequences = defaults.filter_map(expression::only_nextval);
        for name in sequences.filter_map(|name| SourceName::parse(&name).ok()) {
            *self.users.entry(key(&name)).or_insert(0) += 1;
        }
    }

    /// Whether a column of a chosen table takes its default from a sequence.
    pub fn is_used(&self, sequence: &SourceName) -> bool {
        self.users.contains_key(&key(sequence))
    }

    /// Forgets a table that could not be made.
    pub fn forget(&mut self, table: &SourceName) {
        self.relations.remove(&key(table));
    }
}

/// What a table's columns are called here.
pub fn column_names(names: &[String]) -> Result<Vec<Ident>> {
    let mut taken = Names::with(SYSTEM_COLUMNS.map(str::to_owned));
    names.iter().map(|name| column(&mut taken, name)).collect()
}

fn column(taken: &mut Names, name: &str) -> Result<Ident> {
    match SYSTEM_COLUMNS.contains(&name) {
        true => free(taken, &format!("{name}_")),
        false => free(taken, name),
    }
}

/// The name itself, cut to what PostgreSQL takes, with a number where that is taken.
pub fn free(taken: &mut Names, name: &str) -> Result<Ident> {
    let name = name.replace('\0', "\u{2400}");
    let mut ident = Ident::clipped(if name.is_empty() { "_" } else { &name })?;
    let mut number = 2_u32;
    while !taken.take(&ident) {
        let end = format!("_{number}");
        ident = Ident::new(&(clip(&name, MAX_IDENT - end.len()).to_owned() + &end))?;
        number += 1;
    }
    Ok(ident)
}

fn schemas(
    wanted: &BTreeMap<String, Ident>,
    objects: &Objects,
    home: Result<Ident>,
) -> Result<BTreeMap<String, Ident>> {
    let sources = || objects.schemas.iter().map(|schema| schema.name.as_str()).chain(["main"]);
    if let Some(name) = wanted.keys().find(|name| !sources().any(|source| source == *name)) {
        let near: Vec<_> = sources().map(str::to_owned).collect();
        return Err(unknown("schemas", name, &near));
    }
    let mut schemas = BTreeMap::new();
    for source in sources() {
        let target = match wanted.get(source) {
            Some(target) => target.clone(),
            None if source == "main" => home.clone()?,
            None => Ident::clipped(&source.replace('.', "_"))?,
        };
        schemas.insert(source.to_owned(), target);
    }
    Ok(schemas)
}

/// The first few of a list, and how many more there are.
pub fn listed(names: &[String]) -> String {
    const SHOWN: usize = 20;
    let first = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{first} and {more} more"),
        _ => first,
    }
}

impl Places for Naming {
    fn table(&self, name: &SourceName, columns: &[String]) -> Option<(QualifiedName, Vec<Ident>)> {
        let known = self.columns.get(&key(name))?;
        let columns: Option<Vec<_>> =
            columns.iter().map(|column| known.get(&column.to_ascii_lowercase()).cloned()).collect();
        Some((self.relations.get(&key(name))?.clone(), columns?))
    }

    fn sequence(&self, name: &SourceName) -> Option<QualifiedName> {
        self.sequences.get(&key(name)).cloned()
    }

    fn serves_one_column(&self, name: &SourceName) -> bool {
        self.users.get(&key(name)) == Some(&1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_numbered_and_moved_out_of_the_systems_way() {
        let mut taken = Names::with(SYSTEM_COLUMNS.map(str::to_owned));
        let long = "x".repeat(70);
        let mut named = |name: &str| column(&mut taken, name).unwrap().to_string();
        assert_eq!(named("select"), "select");
        assert_eq!(named("ctid"), "ctid_");
        assert_eq!(named(&long), "x".repeat(63));
        assert_eq!(named(&long), "x".repeat(61) + "_2");
        assert_eq!(named("select"), "select_2");
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<_> = (0..25).map(|n| n.to_string()).collect();
        assert!(listed(&names).ends_with("19 and 5 more"));
        assert_eq!(listed(&names[..2]), "0, 1");
    }
}
