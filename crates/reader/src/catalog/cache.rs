//! The catalog, read with a handful of queries: each of DuckDB's catalog functions walks the whole
//! catalog, so that asking them about one table at a time would take the square of it. What one table
//! alone needs is asked first, because often it is the only one: no more is read than somebody wants
//! to know.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use migrator_model::{SourceName, ident::literal, protocol::Failure};
use once_cell::unsync::OnceCell;
use serde::de::DeserializeOwned;

use super::{
    Listed,
    plan::{self, Known},
    query, raw,
};
use crate::open::Source;

/// Schema and relation.
pub type Key = (i64, i64);

/// What is known of the source.
#[derive(Default)]
pub struct Cache {
    schemas: OnceCell<HashMap<i64, raw::Schema>>,
    /// Tables and views, by schema and name.
    relations: OnceCell<Vec<Rc<Listed>>>,
    /// Tables that were asked for by these names.
    known: RefCell<HashMap<SourceName, Option<Rc<Known>>>>,
    /// Enum types by their labels: the catalog does not say which type a column has.
    enums: OnceCell<HashMap<Vec<String>, Vec<SourceName>>>,
    /// What belongs to the table that was asked for first.
    one: RefCell<Option<(Key, Rc<Details>)>>,
    /// What belongs to all of them.
    all: OnceCell<Rc<Details>>,
}

/// What belongs to tables and views.
pub struct Details {
    /// The columns of each, in order.
    columns: HashMap<Key, Vec<raw::Column>>,
    /// The constraints of each table, in order.
    constraints: HashMap<Key, Vec<raw::Constraint>>,
    /// The indexes of each table, by name.
    indexes: HashMap<Key, Vec<raw::Index>>,
}

impl Cache {
    /// Schemas by their OIDs.
    pub fn schemas(&self, source: &Source) -> Result<&HashMap<i64, raw::Schema>, Failure> {
        self.schemas.get_or_try_init(|| {
            Ok(raw::Schema::with_paths(query::rows::<raw::Leaf>(source, raw::SCHEMAS)?))
        })
    }

    /// The name of something in a schema.
    pub fn qualified(
        &self,
        source: &Source,
        schema_oid: i64,
        name: String,
    ) -> Result<SourceName, Failure> {
        let schema = self.schemas(source)?.get(&schema_oid).map(|schema| schema.name.clone());
        Ok(SourceName { schema, name })
    }

    /// Tables and views, by schema and name.
    pub fn relations(&self, source: &Source) -> Result<&[Rc<Listed>], Failure> {
        let all = self.relations.get_or_try_init(|| {
            let tables = raw::TABLES.replace("$which", "");
            self.listed(source, &format!("{tables} UNION ALL {}", raw::VIEWS))
        })?;
        Ok(all)
    }

    /// Whether all are listed already.
    pub fn has_relations(&self) -> bool {
        self.relations.get().is_some()
    }

    /// The base table of that name, if the plan of reading it tells of one.
    pub fn known(&self, source: &Source, wanted: &SourceName) -> Option<Rc<Known>> {
        if let Some(known) = self.known.borrow().get(wanted) {
            return known.clone();
        }
        let known = plan::look_up(source, wanted).map(Rc::new);
        self.known.borrow_mut().insert(wanted.clone(), known.clone());
        known
    }

    /// The tables of that name, whatever their schema; views are not looked at.
    pub fn tables(&self, source: &Source, name: &str) -> Result<Vec<Rc<Listed>>, Failure> {
        let which = format!("AND lower(table_name) = lower({})", literal(name));
        self.listed(source, &raw::TABLES.replace("$which", &which))
    }

    fn listed(&self, source: &Source, sql: &str) -> Result<Vec<Rc<Listed>>, Failure> {
        let schemas = self.schemas(source)?;
        let listed = |relation: raw::Relation| {
            let schema = schemas.get(&relation.key.schema_oid)?;
            Some(Rc::new(Listed::new(source.kind(), schema, relation)))
        };
        let raw = query::rows::<raw::Relation>(source, sql)?;
        let mut all: Vec<_> = raw.into_iter().filter_map(listed).collect();
        all.sort_by(|a, b| a.found.name.cmp(&b.found.name));
        Ok(all)
    }

    /// The enum types of these labels.
    pub fn enums(&self, source: &Source, labels: &[String]) -> Result<Vec<SourceName>, Failure> {
        let all = self.enums.get_or_try_init(|| self.read_enums(source))?;
        Ok(all.get(labels).cloned().unwrap_or_default())
    }

    fn read_enums(
        &self,
        source: &Source,
    ) -> Result<HashMap<Vec<String>, Vec<SourceName>>, Failure> {
        let mut enums = HashMap::<_, Vec<_>>::new();
        for one in query::rows::<raw::Enum>(source, raw::ENUMS)? {
            let name = self.qualified(source, one.schema_oid, one.name)?;
            enums.entry(one.labels).or_default().push(name);
        }
        Ok(enums)
    }

    /// What belongs to a table or view, and perhaps to others.
    pub fn details(&self, source: &Source, key: Key) -> Result<Rc<Details>, Failure> {
        let mut one = self.one.borrow_mut();
        match (&*one, self.all.get()) {
            (_, Some(all)) => Ok(all.clone()),
            (Some((known, details)), _) if *known == key => Ok(details.clone()),
            (Some(_), None) => {
                self.all.get_or_try_init(|| Details::read(source, None).map(Rc::new)).cloned()
            }
            (None, None) => {
                let details = Rc::new(Details::read(source, Some(key))?);
                *one = Some((key, details.clone()));
                Ok(details)
            }
        }
    }
}

impl Details {
    /// Reads what belongs to one table or view, or to all.
    fn read(source: &Source, key: Option<Key>) -> Result<Self, Failure> {
        Ok(Self {
            columns: grouped(source, raw::COLUMNS, key)?,
            constraints: grouped(source, raw::CONSTRAINTS, key)?,
            indexes: grouped(source, raw::INDEXES, key)?,
        })
    }

    /// The columns, in order.
    pub fn columns(&self, key: Key) -> &[raw::Column] {
        of(&self.columns, key)
    }

    /// The constraints, in order.
    pub fn constraints(&self, key: Key) -> &[raw::Constraint] {
        of(&self.constraints, key)
    }

    /// The indexes, by name.
    pub fn indexes(&self, key: Key) -> &[raw::Index] {
        of(&self.indexes, key)
    }
}

fn of<T>(all: &HashMap<Key, Vec<T>>, key: Key) -> &[T] {
    all.get(&key).map_or(&[], Vec::as_slice)
}

/// The rows of a query by the relation that they belong to, in the query's order.
fn grouped<T: DeserializeOwned>(
    source: &Source,
    sql: &str,
    key: Option<Key>,
) -> Result<HashMap<Key, Vec<T>>, Failure> {
    let which = key.map_or_else(String::new, |(schema, relation)| {
        format!("AND schema_oid = {schema} AND table_oid = {relation}")
    });
    let mut groups = HashMap::new();
    for row in query::rows::<raw::Of<T>>(source, &sql.replace("$which", &which))? {
        let key = (row.key.schema_oid, row.key.oid);
        groups.entry(key).or_insert_with(Vec::new).push(row.of);
    }
    Ok(groups)
}
