//! The tables that random queries are about: full of values that systems disagree about.

use migrator_cluster_tests::{foreign::literal, texts::TEXTS};

use super::values::*;

/// A type as far as the making of expressions cares. The last ones have constants only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Bool,
    Int2,
    Int4,
    Int8,
    Numeric,
    Float4,
    Float8,
    Text,
    Bytea,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Uuid,
    Mood,
    /// A pattern of LIKE.
    Pattern,
    /// An integer from -3 to 6.
    Small,
    /// An integer from 1 to 6.
    Positive,
    /// An integer that divides, seldom by zero.
    Divisor,
    /// An interval.
    Span,
    /// A field of a date, and one of a timestamp: bare words.
    DateField,
    MomentField,
    /// What can only be shown and tested for NULL: there are columns of it, but no constants.
    Other,
}

/// The types that columns have, and expressions.
pub const KINDS: [Kind; 15] = [
    Kind::Bool,
    Kind::Int2,
    Kind::Int4,
    Kind::Int8,
    Kind::Numeric,
    Kind::Float4,
    Kind::Float8,
    Kind::Text,
    Kind::Bytea,
    Kind::Date,
    Kind::Time,
    Kind::Timestamp,
    Kind::TimestampTz,
    Kind::Uuid,
    Kind::Mood,
];

impl Kind {
    /// The type's name in PostgreSQL; the empty one is of bare words.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Bool => "boolean",
            Self::Int2 => "smallint",
            Self::Int4 | Self::Small | Self::Positive | Self::Divisor => "integer",
            Self::Int8 => "bigint",
            Self::Numeric => "numeric",
            Self::Float4 => "real",
            Self::Float8 => "double precision",
            Self::Text | Self::Pattern => "text",
            Self::Bytea => "bytea",
            Self::Date => "date",
            Self::Time => "time",
            Self::Timestamp => "timestamp",
            Self::TimestampTz => "timestamptz",
            Self::Uuid => "uuid",
            Self::Mood => "public.mood",
            Self::Span => "interval",
            Self::DateField | Self::MomentField | Self::Other => "",
        }
    }

    /// Whether equal values may look different: -0 and 0, 1.0 and 1.00.
    pub fn has_twins(self) -> bool {
        matches!(self, Self::Numeric | Self::Float4 | Self::Float8)
    }
}

/// A column.
pub struct Column {
    pub name: &'static str,
    /// Its type at the source.
    duck: &'static str,
    /// Its type in PostgreSQL, if not that of its kind.
    pg: &'static str,
    pub kind: Kind,
    values: &'static [&'static str],
}

const fn column(
    name: &'static str,
    duck: &'static str,
    pg: &'static str,
    kind: Kind,
    values: &'static [&'static str],
) -> Column {
    Column { name, duck, pg, kind, values }
}

impl Column {
    /// The type in PostgreSQL.
    fn pg(&self) -> &str {
        if self.pg.is_empty() { self.kind.sql() } else { self.pg }
    }

    /// A value in DuckDB's SQL.
    fn value(&self, text: &str) -> String {
        match self.duck {
            "BLOB" => format!("unhex('{text}')"),
            "TIMESTAMPTZ" => format!("{}::TIMESTAMP", literal(&before_christ(text))),
            "DATE" | "TIMESTAMP" => format!("{}::{}", literal(&before_christ(text)), self.duck),
            duck => format!("{}::{}", literal(text), duck.split(" COLLATE").next().unwrap_or(duck)),
        }
    }

    /// Row `i`'s value: each column chooses for itself, NULL seldom.
    fn select(&self, salt: usize) -> String {
        let values: Vec<_> = self.values.iter().map(|text| self.value(text)).collect();
        let (count, values) = (values.len(), values.join(", "));
        let pick = format!("[{values}][(hash(i * 1009 + {salt}) % {count})::BIGINT + 1]");
        let pick = match self.duck {
            // Without ICU there is no cast from text, but the same microseconds.
            "TIMESTAMPTZ" => format!("({pick})::TIMESTAMPTZ"),
            _ => pick,
        };
        let null = format!("hash(i * 1013 + {salt}) % 7 = 3");
        format!("CASE WHEN NOT ({null}) THEN {pick} END AS {}", self.name)
    }
}

/// DuckDB's spelling of a year before Christ.
fn before_christ(text: &str) -> String {
    match text.strip_suffix(" BC").map(|text| text.split_once(' ').unwrap_or((text, ""))) {
        Some((date, time)) => format!("{date} (BC) {time}").trim_end().to_owned(),
        None => text.to_owned(),
    }
}

/// A table: `id`, and what it has besides.
pub struct Table {
    pub name: &'static str,
    rows: usize,
    pub columns: &'static [Column],
}

const FACTS: &[Column] = &[
    column("k", "INTEGER", "", Kind::Int4, &["0", "1", "2", "3", "4", "5", "6"]),
    column("n", "INTEGER", "", Kind::Int4, SMALL),
    column("b", "BOOLEAN", "", Kind::Bool, BOOLS),
    column("b2", "BOOLEAN", "", Kind::Bool, BOOLS),
    column("i1", "TINYINT", "", Kind::Int2, INT1),
    column("i2", "SMALLINT", "", Kind::Int2, INT2),
    column("s2", "SMALLINT", "", Kind::Int2, SMALL),
    column("i4", "INTEGER", "", Kind::Int4, INT4),
    column("i8", "BIGINT", "", Kind::Int8, INT8),
    column("s8", "BIGINT", "", Kind::Int8, SMALL),
    column("u1", "UTINYINT", "", Kind::Int2, UINT1),
    column("u2", "USMALLINT", "", Kind::Int4, UINT2),
    column("u4", "UINTEGER", "", Kind::Int8, UINT4),
    column("u8", "UBIGINT", "numeric(20,0)", Kind::Numeric, UINT8),
    column("h", "HUGEINT", "numeric(39,0)", Kind::Numeric, HUGE),
    column("d4", "DECIMAL(4,1)", "numeric(4,1)", Kind::Numeric, DEC4),
    column("d9", "DECIMAL(9,2)", "numeric(9,2)", Kind::Numeric, DEC9),
    column("d18", "DECIMAL(18,4)", "numeric(18,4)", Kind::Numeric, DEC18),
    column("d38", "DECIMAL(38,10)", "numeric(38,10)", Kind::Numeric, DEC38),
    column("f4", "FLOAT", "", Kind::Float4, FLOAT4),
    column("f8", "DOUBLE", "", Kind::Float8, FLOAT8),
    column("t", "VARCHAR", "", Kind::Text, TEXTS),
    column("t2", "VARCHAR", "", Kind::Text, FEW_TEXTS),
    column("bl", "BLOB", "", Kind::Bytea, BLOBS),
    column("dt", "DATE", "", Kind::Date, DATES),
    column("dt2", "DATE", "", Kind::Date, DATES),
    column("tm", "TIME", "", Kind::Time, TIMES),
    column("ts", "TIMESTAMP", "", Kind::Timestamp, TIMESTAMPS),
    column("tz", "TIMESTAMPTZ", "", Kind::TimestampTz, TIMESTAMPS),
    column("uu", "UUID", "", Kind::Uuid, UUIDS),
    column("en", "mood", "", Kind::Mood, &MOODS),
];

/// Columns whose types are others than the usual ones.
const OTHERS: &[Column] = &[
    column("k", "TINYINT", "integer", Kind::Int4, &["0", "1", "2", "3", "4", "5", "6"]),
    column("n", "UBIGINT", "integer", Kind::Int4, &["0", "1", "2", "3", "5", "7", "10"]),
    column("b", "BOOLEAN", "text", Kind::Text, BOOLS),
    column("i2", "SMALLINT", "bigint", Kind::Int8, INT2),
    column("i4", "INTEGER", "numeric(12,2)", Kind::Numeric, INT4),
    column("i8", "BIGINT", "text", Kind::Text, INT8),
    column("s8", "BIGINT", "smallint", Kind::Int2, SMALL),
    column("h", "HUGEINT", "bigint", Kind::Int8, SMALL),
    column("u8", "UBIGINT", "numeric", Kind::Numeric, UINT8),
    column("d9", "DECIMAL(9,2)", "numeric", Kind::Numeric, DEC9),
    column("d18", "DECIMAL(18,4)", "numeric(30,8)", Kind::Numeric, DEC18),
    column("d4", "DECIMAL(4,1)", "text", Kind::Text, DEC4),
    column("f4", "FLOAT", "double precision", Kind::Float8, FLOAT4),
    column("f8", "DOUBLE", "text", Kind::Text, FLOAT8),
    column("t", "VARCHAR", "varchar(40)", Kind::Text, TEXTS),
    column("t2", "VARCHAR", "char(8)", Kind::Text, WORDS),
    column("dt", "DATE", "timestamp", Kind::Timestamp, &["2000-01-01", "2024-02-29", "infinity"]),
    column("ts", "TIMESTAMP", "text", Kind::Text, TIMESTAMPS),
    column("uu", "UUID", "text", Kind::Text, UUIDS),
    column("en", "mood", "text", Kind::Text, &MOODS),
];

const DIMS: &[Column] = &[
    column("k", "INTEGER", "", Kind::Int4, &["0", "1", "2", "3", "4", "8"]),
    column("n", "INTEGER", "", Kind::Int4, SMALL),
    column("i2", "SMALLINT", "", Kind::Int2, INT2),
    column("i8", "BIGINT", "", Kind::Int8, INT8),
    column("d9", "DECIMAL(12,3)", "numeric(12,3)", Kind::Numeric, DEC9),
    column("f8", "DOUBLE", "", Kind::Float8, FLOAT8),
    column("t", "VARCHAR", "", Kind::Text, FEW_TEXTS),
    column("dt", "DATE", "", Kind::Date, DATES),
    column("ts", "TIMESTAMP", "", Kind::Timestamp, TIMESTAMPS),
    column("uu", "UUID", "", Kind::Uuid, UUIDS),
    column("en", "mood", "", Kind::Mood, &MOODS),
];

const TINY: &[Column] = &[
    column("k", "INTEGER", "", Kind::Int4, &["1", "2", "3", "9"]),
    column("t", "VARCHAR", "", Kind::Text, &["a", "A", "b"]),
    column("b", "BOOLEAN", "", Kind::Bool, BOOLS),
    column("f8", "DOUBLE", "", Kind::Float8, &["NaN", "0.0", "1"]),
];

/// Values that nothing overflows with: arithmetic is pushed here.
const PLAIN: &[Column] = &[
    column("k", "INTEGER", "", Kind::Int4, &["0", "1", "2", "3", "4", "5", "6"]),
    column("n", "INTEGER", "", Kind::Int4, SMALL),
    column("i2", "SMALLINT", "", Kind::Int2, SMALL),
    column("i4", "INTEGER", "", Kind::Int4, MODERATE),
    column("i8", "BIGINT", "", Kind::Int8, MODERATE),
    column("d9", "DECIMAL(9,2)", "numeric(9,2)", Kind::Numeric, PRICES),
    column("d15", "DECIMAL(15,2)", "numeric(15,2)", Kind::Numeric, PRICES),
    column("d38", "DECIMAL(38,4)", "numeric(38,4)", Kind::Numeric, PRICES),
    column("f8", "DOUBLE", "", Kind::Float8, &["-1.5", "0", "0.1", "1", "2.5", "100"]),
    column("t", "VARCHAR", "", Kind::Text, FEW_TEXTS),
    column("w", "VARCHAR", "", Kind::Text, WORDS),
    column("dt", "DATE", "", Kind::Date, DAYS),
    column("dt2", "DATE", "", Kind::Date, DAYS),
    column("tm", "TIME", "", Kind::Time, TIMES),
    column("ts", "TIMESTAMP", "", Kind::Timestamp, MOMENTS),
    column("tz", "TIMESTAMPTZ", "", Kind::TimestampTz, MOMENTS),
    column("b", "BOOLEAN", "", Kind::Bool, BOOLS),
    column("uu", "UUID", "", Kind::Uuid, UUIDS),
    column("bl", "BLOB", "", Kind::Bytea, BLOBS),
    column("en", "mood", "", Kind::Mood, &MOODS),
    column("u2", "USMALLINT", "", Kind::Int4, UINT2),
];

/// Types that are seldom.
const RARE: &[Column] = &[
    column("k", "INTEGER", "", Kind::Int4, &["0", "1", "2", "3", "4", "5", "6"]),
    column("n", "INTEGER", "", Kind::Int4, SMALL),
    column("s", "TIMESTAMP_S", "timestamp(0)", Kind::Timestamp, MOMENTS),
    column("ms", "TIMESTAMP_MS", "timestamp(3)", Kind::Timestamp, MOMENTS),
    column("ns", "TIMESTAMP_NS", "", Kind::Timestamp, MOMENTS),
    column("tn", "TIME_NS", "", Kind::Time, TIMES),
    column("uh", "UHUGEINT", "numeric(39,0)", Kind::Numeric, UINT8),
    column("co", "VARCHAR COLLATE NOCASE", "", Kind::Text, TEXTS),
    column("ca", "VARCHAR COLLATE NOACCENT", "", Kind::Text, FEW_TEXTS),
    column("iv", "INTERVAL", "interval", Kind::Other, SPANS),
    column("bt", "BIT", "bit varying", Kind::Other, &["0", "1", "0101", "111"]),
    column("js", "JSON", "jsonb", Kind::Other, &["{}", "[1, 2]", "null", "{\"a\": 1}"]),
    column("li", "INTEGER[]", "integer[]", Kind::Other, &["[]", "[1, 2]", "[NULL]"]),
    column("st", "STRUCT(a INTEGER)", "jsonb", Kind::Other, &["{'a': 1}", "{'a': NULL}"]),
    column(
        "tt",
        "TIMETZ",
        "timetz",
        Kind::Other,
        &["00:00:00+00", "12:00:00+02", "12:00:00-05:30"],
    ),
];

const TABLES: [Table; 7] = [
    Table { name: "facts", rows: 160, columns: FACTS },
    Table { name: "others", rows: 120, columns: OTHERS },
    Table { name: "plain", rows: 160, columns: PLAIN },
    Table { name: "rare", rows: 80, columns: RARE },
    Table { name: "dims", rows: 24, columns: DIMS },
    Table { name: "tiny", rows: 5, columns: TINY },
    Table { name: "empty", rows: 0, columns: DIMS },
];

/// `facts` in other shapes: a view at the source, a query, a partitioned table, a view that guards.
const SHAPES: [&str; 4] = ["seen", "asked", "parted", "guarded"];

/// The columns of a table.
pub fn columns(name: &str) -> &'static [Column] {
    let name = if SHAPES.contains(&name) { "facts" } else { name };
    let found = TABLES.iter().find(|table| table.name == name);
    found.expect("the table is one of these").columns
}

/// What DuckDB runs to make the file.
pub fn script() -> String {
    let moods: Vec<_> = MOODS.iter().map(|label| literal(label)).collect();
    let mut sql = format!("CREATE TYPE mood AS ENUM ({});\n", moods.join(", "));
    for Table { name, rows, columns } in TABLES {
        let types: Vec<_> = columns.iter().map(|c| format!("{} {}", c.name, c.duck)).collect();
        let selects: Vec<_> =
            columns.iter().enumerate().map(|(at, column)| column.select(at + 1)).collect();
        sql += &format!(
            "CREATE TABLE {name} (id INTEGER, {});\nINSERT INTO {name} SELECT i,\n    {}\nFROM range({rows}) r(i);\n",
            types.join(", "),
            selects.join(",\n    ")
        );
    }
    sql + "CREATE VIEW seen AS SELECT * FROM facts;\n"
}

/// What PostgreSQL runs: foreign tables in schema `remote`, loaded ones in `loaded`.
pub fn schemas(path: &str) -> Vec<String> {
    let moods: Vec<_> = MOODS.iter().map(|label| literal(label)).collect();
    let mut statements = vec![
        "CREATE SCHEMA remote; CREATE SCHEMA loaded".to_owned(),
        format!("CREATE TYPE public.mood AS ENUM ({})", moods.join(", ")),
        migrator_cluster_tests::foreign::server("random", path),
    ];
    for Table { name, .. } in TABLES {
        statements.push(foreign(name, name, ""));
        statements.push(format!("CREATE TABLE loaded.{name} (LIKE remote.{name})"));
        let mode = "mode => 'append'";
        statements.push(format!(
            "SELECT FROM migrate_table({}, '{name}', target => 'loaded.{name}', {mode})",
            literal(path)
        ));
    }
    statements.extend(shapes());
    statements
}

/// A foreign table.
fn foreign(name: &str, like: &str, options: &str) -> String {
    let list: Vec<_> =
        columns(like).iter().map(|column| format!("{} {}", column.name, column.pg())).collect();
    let list = list.join(", ");
    format!("CREATE FOREIGN TABLE remote.{name} (id integer, {list}) SERVER random {options}")
}

fn shapes() -> Vec<String> {
    let query = |filter: &str| format!("OPTIONS (query 'SELECT * FROM facts{filter}')");
    let mut statements = vec![
        foreign("seen", "facts", ""),
        foreign("asked", "facts", &query("")),
        foreign("part_1", "facts", &query(" WHERE k < 3")),
        foreign("part_2", "facts", &query(" WHERE k >= 3 AND k < 6")),
        foreign("part_3", "facts", &query(" WHERE k >= 6 OR k IS NULL")),
        "CREATE VIEW loaded.seen AS SELECT * FROM loaded.facts;
         CREATE VIEW loaded.asked AS SELECT * FROM loaded.facts"
            .to_owned(),
    ];
    for schema in ["remote", "loaded"] {
        statements.push(format!(
            "CREATE TABLE {schema}.parted (LIKE remote.facts) PARTITION BY LIST (k);
             CREATE VIEW {schema}.guarded WITH (security_barrier) AS SELECT * FROM {schema}.facts WHERE n > 0 OR n IS NULL"
        ));
    }
    for (part, bounds) in [
        ("part_1", "FOR VALUES IN (0, 1, 2)"),
        ("part_2", "FOR VALUES IN (3, 4, 5)"),
        ("part_3", "DEFAULT"),
    ] {
        statements.push(format!(
            "ALTER TABLE remote.parted ATTACH PARTITION remote.{part} {bounds};
             CREATE TABLE loaded.{part} PARTITION OF loaded.parted {bounds}"
        ));
    }
    statements.push("INSERT INTO loaded.parted SELECT * FROM loaded.facts".to_owned());
    statements
}
