//! What a query asks of one table, as plain data.

/// A statement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statement {
    /// Whether it names the table at all.
    pub names_table: bool,
    /// Each place where it reads the table.
    pub uses: Vec<Use>,
}

/// One place where a statement reads the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Use {
    /// What all rows must fulfil.
    pub conditions: Vec<Condition>,
    /// The order in which they are wanted, where it is by this table alone.
    pub order: Vec<Sort>,
    /// Whether only the first of them are wanted.
    pub limit: Option<Limit>,
    /// The columns that are read for whatever reason.
    pub columns: Vec<String>,
    /// Whether rows themselves are needed: they are changed or locked, or a system column is read.
    pub whole_row: bool,
    /// Expressions in conditions that depend on more than a row, so that no index can hold them.
    pub unindexable: Vec<String>,
}

impl Use {
    /// Forgets SQL that names what is not the server's own: whoever reads it again would run it with
    /// rights that its author may not have.
    pub fn keep_built_in(&mut self) {
        self.conditions.retain(|condition| condition.key.built_in);
        for condition in &mut self.conditions {
            if !condition.built_in && condition.sql.take().is_some() {
                condition.value = Value::Parameter;
            }
        }
        if !self.order.iter().all(|sort| sort.key.built_in) {
            self.order.clear();
        }
    }
}

/// LIMIT
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So many rows.
    Rows(u64),
    /// Nobody knows how many.
    Unknown,
}

/// A test of one value of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The value.
    pub key: Key,
    /// The test.
    pub test: Test,
    /// What it is compared with.
    pub value: Value,
    /// The condition as SQL, where nothing but constants is in it.
    pub sql: Option<String>,
    /// Whether that SQL names nothing but what the server brings with it.
    pub built_in: bool,
}

/// A column, or an expression that an index can hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Key {
    /// As SQL: a quoted name, or an expression.
    pub sql: String,
    /// The column's name, where it is one.
    pub column: Option<String>,
    /// The columns that it depends on.
    pub columns: Vec<String>,
    /// The type's OID.
    pub type_oid: u32,
    /// The type's OID or, of a domain, that of the type below it.
    pub base_oid: u32,
    /// The collation's OID; 0: the type has none.
    pub collation: u32,
    /// What its values take by their type, in bytes.
    pub width: u32,
    /// Whether its texts are compared byte by byte.
    pub is_c: bool,
    /// Whether the type can be sorted.
    pub sorts: bool,
    /// Whether the type can be hashed.
    pub hashes: bool,
    /// Whether its SQL names nothing but what the server brings with it.
    pub built_in: bool,
}

impl Key {
    /// Whether LIKE compares it as a text whose beginning an index finds: of type text, character or
    /// varchar or, where it has the collation that such have, name.
    pub fn has_beginnings(&self) -> bool {
        matches!(self.base_oid, 25 | 1_042 | 1_043) || self.base_oid == 19 && self.is_c
    }
}

/// A test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// `=`
    Equal,
    /// IN, `= ANY`
    AnyOf,
    /// `>` or `>=`
    Above,
    /// `<` or `<=`
    Below,
    /// LIKE 'abc%', `^@`
    Prefix,
    /// IS NULL
    Null,
    /// IS NOT NULL
    NotNull,
    /// Another operator.
    Operator {
        /// Its OID.
        oid: u32,
        /// Its name.
        name: String,
    },
}

/// What a value is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Something that stands in the query.
    Constant,
    /// Something that is known when the query begins.
    Parameter,
    /// Something of another relation's row.
    Joined,
}

/// A part of ORDER BY.
#[derive(Clone, Debug, PartialEq)]
pub struct Sort {
    /// The value.
    pub key: Key,
    /// DESC
    pub descending: bool,
    /// NULLS FIRST
    pub nulls_first: bool,
    /// The operator, where the order is by the distance to something: `<=>`.
    pub distance: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(sql: &str, built_in: bool) -> Key {
        Key { sql: sql.to_owned(), built_in, ..Key::default() }
    }

    fn condition(key: Key, built_in: bool) -> Condition {
        let sql = Some(format!("{} = 1", key.sql));
        Condition { key, test: Test::Equal, value: Value::Constant, sql, built_in }
    }

    #[test]
    fn what_somebody_wrote_is_forgotten() {
        let sort = |key| Sort { key, descending: false, nulls_first: false, distance: None };
        let mut found = Use {
            conditions: vec![
                condition(key("a", true), true),
                condition(key("b", true), false),
                condition(key("s.g(c)", false), false),
            ],
            order: vec![sort(key("a", true)), sort(key("s.g(c)", false))],
            ..Use::default()
        };
        found.keep_built_in();
        assert_eq!(found.order, []);
        let [a, b] = &found.conditions[..] else { panic!("{found:?}") };
        assert_eq!((a.sql.as_deref(), a.value), (Some("a = 1"), Value::Constant));
        assert_eq!((b.sql.as_deref(), b.value), (None, Value::Parameter));
    }

    #[test]
    fn only_texts_have_beginnings() {
        let of = |base_oid, is_c| Key { base_oid, is_c, ..Key::default() }.has_beginnings();
        assert!(of(25, false) && of(1_043, false) && of(1_042, true) && of(19, true));
        assert!(!of(17, true) && !of(19, false) && !of(0, true));
    }
}
