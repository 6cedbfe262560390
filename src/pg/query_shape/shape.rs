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
    /// What its values take by their type, in bytes.
    pub width: u32,
    /// Whether its texts are compared byte by byte.
    pub is_c: bool,
    /// Whether the type can be sorted.
    pub sorts: bool,
    /// Whether the type can be hashed.
    pub hashes: bool,
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
