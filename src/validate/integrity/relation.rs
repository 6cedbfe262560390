//! The relations that are looked at, and how their rows are told apart.

use migrator_model::{
    Ident, QualifiedName,
    ident::{literal, quote},
    reject::shown,
};
use serde::Deserialize;

use crate::{
    error::{Error, Result},
    pg::spi,
};

/// A relation.
pub struct Relation {
    /// pg_class.oid
    pub oid: u32,
    /// Its name, qualified.
    pub name: QualifiedName,
    /// relkind
    pub kind: String,
    /// Whether policies may hide rows from the current user.
    pub row_security: bool,
    owner: u32,
    may_select: bool,
    keys: Vec<Key>,
}

/// A column of the primary key.
#[derive(Deserialize)]
struct Key {
    name: String,
    /// Whether its type is the server's own.
    built_in: bool,
}

#[derive(Deserialize)]
struct Found {
    oid: u32,
    schema: String,
    name: String,
    kind: String,
    owner: u32,
    row_security: bool,
    may_select: bool,
    keys: Vec<Key>,
}

/// What an ordinary table, a partitioned one and a materialized view have as relkind.
const KINDS: &str = "('r', 'p', 'm')";

impl Relation {
    /// Looks a relation up by its OID.
    pub fn of(oid: u32) -> Result<Self> {
        let sql = format!(
            "SELECT c.oid::int8 AS oid, n.nspname::text AS schema, c.relname::text AS name,
                    c.relkind::text AS kind, c.relowner::int8 AS owner,
                    row_security_active(c.oid) AS row_security,
                    has_table_privilege(c.oid, 'SELECT') AS may_select,
                    coalesce((
                        SELECT json_agg(json_build_object('name', a.attname,
                                                          'built_in', a.atttypid < 16384)
                                        ORDER BY k.n)
                          FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n),
                               pg_attribute a
                         WHERE i.indrelid = c.oid AND i.indisprimary AND k.n <= i.indnkeyatts
                           AND a.attrelid = c.oid AND a.attnum = k.attnum), '[]') AS keys
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE c.oid = {oid}"
        );
        let found = spi::rows_of_before::<Found>(&sql)?.into_iter().next();
        found.ok_or_else(|| missing(oid))?.try_into()
    }

    /// The relation that a user has named.
    pub fn target(oid: u32) -> Result<Self> {
        let relation = Self::of(oid)?;
        match relation.kind.as_str() {
            "r" | "p" | "m" => Ok(relation),
            _ => Err(Error::new(
                "42809",
                format!("{} is not a table or materialized view", relation.name.name.quoted()),
            )),
        }
    }

    /// All that a schema holds, in the order of their names.
    pub fn targets_in(schema: &str) -> Result<Vec<Self>> {
        #[derive(Deserialize)]
        struct Target {
            oid: Option<u32>,
        }
        // A schema without a table is one row without a table.
        let sql = format!(
            "SELECT c.oid::int8 AS oid
               FROM pg_namespace n
               LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN {KINDS}
              WHERE n.nspname = {} ORDER BY c.relname",
            literal(schema)
        );
        let targets: Vec<Target> = spi::rows_of_before(&sql)?;
        if targets.is_empty() {
            return Err(no_schema(schema));
        }
        let oids: Vec<_> = targets.into_iter().filter_map(|target| target.oid).collect();
        match oids.is_empty() {
            true => Err(empty(schema)),
            false => oids.into_iter().map(Self::of).collect(),
        }
    }

    /// Its name, qualified and quoted.
    pub fn quoted(&self) -> String {
        self.name.quoted()
    }

    /// What follows FROM. A constraint speaks of the relation alone, not of what inherits from it;
    /// the rows of a partitioned table are its partitions'.
    pub fn from(&self) -> String {
        match self.is_partitioned() {
            true => self.quoted(),
            false => format!("ONLY {}", self.quoted()),
        }
    }

    /// Whether its rows are in its partitions.
    pub fn is_partitioned(&self) -> bool {
        self.kind == "p"
    }

    /// The columns that tell its rows apart, each as SQL and as a quoted name; `of` goes before
    /// each column: the primary key, else where the row lies.
    pub fn key(&self, of: &str) -> Vec<(String, String)> {
        if !self.keys.is_empty() {
            return self.keys.iter().map(|key| (key.sql(of), quote(&key.name))).collect();
        }
        let place = (format!("{of}ctid"), quote("ctid"));
        match self.is_partitioned() {
            true => vec![(format!("{of}tableoid::regclass"), quote("table")), place],
            false => vec![place],
        }
    }

    /// The same for a SELECT list.
    pub fn key_list(&self, of: &str) -> String {
        let keys = self.key(of).into_iter().map(|(sql, name)| format!("{sql} AS {name}"));
        keys.collect::<Vec<_>>().join(", ")
    }

    /// How many columns that makes.
    pub fn key_width(&self) -> usize {
        self.key("").len()
    }

    /// The role that evaluates expressions of the owner's; None: the current user.
    ///
    /// A superuser's check must not run a function of the owner's with a superuser's rights. Who
    /// may read all of the relation loses nothing by seeing what the owner sees.
    pub fn evaluated_as(&self) -> Option<u32> {
        self.may_select.then_some(self.owner)
    }
}

impl TryFrom<Found> for Relation {
    type Error = Error;

    fn try_from(found: Found) -> Result<Self> {
        let Found { oid, schema, name, kind, owner, row_security, may_select, keys } = found;
        let name = QualifiedName::new(Ident::new(&schema)?, Ident::new(&name)?);
        Ok(Self { oid, name, kind, row_security, owner, may_select, keys })
    }
}

impl Key {
    /// A value of a type that somebody has made goes through its output function: a cast of theirs
    /// to json would run with the current user's rights.
    fn sql(&self, of: &str) -> String {
        let column = format!("{of}{}", quote(&self.name));
        if self.built_in { column } else { format!("format('%s', {column})") }
    }
}

fn missing(oid: u32) -> Error {
    Error::new("42P01", format!("relation with OID {oid} does not exist"))
}

fn no_schema(schema: &str) -> Error {
    // An untyped constant is taken for a schema's name, because that is the nearer to a text.
    Error::new("3F000", format!("schema \"{}\" does not exist", shown(schema)))
        .hint("To check a table cast its name to regclass, or write target => before it.")
}

fn empty(schema: &str) -> Error {
    Error::new("42P01", format!("there is no table in schema \"{}\"", shown(schema)))
}
