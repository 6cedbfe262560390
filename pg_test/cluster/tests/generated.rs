//! Databases made by chance: names, types, values, keys, references and their order. Everything has
//! to arrive, and every value has to be what DuckDB itself says it is.

use migrator_cluster_tests::{Database, duck};
use postgres::Client;
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
    test_runner::{Config, TestRunner},
};

/// A type, and how its values are written and compared.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Type {
    Boolean,
    Integer,
    Bigint,
    Hugeint,
    Decimal,
    Double,
    Varchar,
    Date,
    Timestamp,
    Uuid,
    Blob,
    Mood,
    Numbers,
    Texts,
    Pair,
}

const TYPES: [Type; 15] = [
    Type::Boolean,
    Type::Integer,
    Type::Bigint,
    Type::Hugeint,
    Type::Decimal,
    Type::Double,
    Type::Varchar,
    Type::Date,
    Type::Timestamp,
    Type::Uuid,
    Type::Blob,
    Type::Mood,
    Type::Numbers,
    Type::Texts,
    Type::Pair,
];

impl Type {
    fn sql(self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::Integer => "INTEGER",
            Self::Bigint => "BIGINT",
            Self::Hugeint => "HUGEINT",
            Self::Decimal => "DECIMAL(18,4)",
            Self::Double => "DOUBLE",
            Self::Varchar => "VARCHAR",
            Self::Date => "DATE",
            Self::Timestamp => "TIMESTAMP",
            Self::Uuid => "UUID",
            Self::Blob => "BLOB",
            Self::Mood => "mood",
            Self::Numbers => "INTEGER[]",
            Self::Texts => "VARCHAR[]",
            Self::Pair => "STRUCT(a INTEGER, b VARCHAR)",
        }
    }

    /// A value in DuckDB's SQL.
    fn value(self) -> BoxedStrategy<String> {
        let text = || "[^\0]{0,12}".prop_map(|text| literal(&text));
        let nullable =
            |inner: BoxedStrategy<String>| prop_oneof![4 => inner, 1 => Just("NULL".to_owned())];
        let cast = |text: String, to: &str| format!("'{text}'::{to}");
        match self {
            Self::Boolean => any::<bool>().prop_map(|b| b.to_string()).boxed(),
            Self::Integer => any::<i32>().prop_map(move |n| cast(n.to_string(), "INTEGER")).boxed(),
            Self::Bigint => any::<i64>().prop_map(move |n| cast(n.to_string(), "BIGINT")).boxed(),
            Self::Hugeint => {
                any::<i128>().prop_map(move |n| cast(n.to_string(), "HUGEINT")).boxed()
            }
            Self::Decimal => (-999_999_999_999_999_999_i64..=999_999_999_999_999_999)
                .prop_map(|n| {
                    let sign = if n < 0 { "-" } else { "" };
                    let (whole, rest) = (n.unsigned_abs() / 10_000, n.unsigned_abs() % 10_000);
                    format!("'{sign}{whole}.{rest:04}'::DECIMAL(18,4)")
                })
                .boxed(),
            Self::Double => {
                any::<f64>().prop_map(move |n| cast(format!("{n:?}"), "DOUBLE")).boxed()
            }
            Self::Varchar => text().boxed(),
            Self::Date => {
                (-719_162..2_932_897).prop_map(|d| format!("DATE '1970-01-01' + ({d})")).boxed()
            }
            Self::Timestamp => (-62_135_596_800_000_000_i64..253_402_300_800_000_000)
                .prop_map(|t| format!("make_timestamp({t})"))
                .boxed(),
            Self::Uuid => any::<u128>()
                .prop_map(|n| {
                    let h = format!("{n:032x}");
                    let parts = [&h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..]];
                    format!("'{}'::UUID", parts.join("-"))
                })
                .boxed(),
            Self::Blob => vec(any::<u8>(), 0..20)
                .prop_map(|bytes| {
                    let hex: String = bytes.iter().map(|byte| format!("\\x{byte:02X}")).collect();
                    format!("'{hex}'::BLOB")
                })
                .boxed(),
            Self::Mood => select(vec!["'sad'", "'it''s'", "'Ok now'"])
                .prop_map(|label| format!("{label}::mood"))
                .boxed(),
            Self::Numbers => {
                vec(nullable(any::<i32>().prop_map(|n| format!("({n})")).boxed()), 0..5)
                    .prop_map(|items| format!("[{}]::INTEGER[]", items.join(", ")))
                    .boxed()
            }
            Self::Texts => vec(nullable(text().boxed()), 0..5)
                .prop_map(|items| format!("[{}]::VARCHAR[]", items.join(", ")))
                .boxed(),
            Self::Pair => (any::<i32>(), nullable(text().boxed()))
                .prop_map(|(a, b)| {
                    format!("{{'a': ({a}), 'b': {b}}}::STRUCT(a INTEGER, b VARCHAR)")
                })
                .boxed(),
        }
    }

    /// The same text of a value from both systems: by DuckDB, by PostgreSQL.
    fn shown(self, column: &str) -> (String, String) {
        match self {
            Self::Varchar | Self::Mood => (
                format!("hex(({column})::VARCHAR)"),
                format!("upper(encode(convert_to(({column})::text, 'UTF8'), 'hex'))"),
            ),
            Self::Blob => (format!("hex({column})"), format!("upper(encode({column}, 'hex'))")),
            Self::Numbers | Self::Texts | Self::Pair => (
                format!("hex(to_json({column})::VARCHAR)"),
                format!("upper(encode(convert_to(to_json({column})::text, 'UTF8'), 'hex'))"),
            ),
            _ => (format!("({column})::VARCHAR"), format!("({column})::text")),
        }
    }

    fn same(self, one: &str, other: &str) -> bool {
        match self {
            _ if one == "\\N" || other == "\\N" => one == other,
            Self::Double => {
                let number = |text: &str| text.parse::<f64>().unwrap();
                let (a, b) = (number(one), number(other));
                a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
            }
            Self::Numbers | Self::Texts | Self::Pair => document(one) == document(other),
            _ => one == other,
        }
    }
}

fn document(hex: &str) -> serde_json::Value {
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
    serde_json::from_slice(&bytes).unwrap()
}

/// The program that runs the script ends a statement at a semicolon before a line's end.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace(";\n", ";\r").replace('\'', "''"))
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    kind: Type,
    /// NOT NULL
    required: bool,
    /// COMMENT
    comment: Option<String>,
}

#[derive(Clone, Debug)]
struct Table {
    schema: &'static str,
    name: String,
    columns: Vec<Column>,
    /// Rows of values; NULL where there is none.
    rows: Vec<Vec<Option<String>>>,
    /// PRIMARY KEY (id), UNIQUE (id, second), CHECK (id >= 0), DEFAULT nextval
    keyed: bool,
    unique: bool,
    checked: bool,
    counted: bool,
    /// An index on the first column that can have one.
    indexed: bool,
    /// A foreign key to an earlier table, or to itself.
    parent: Option<Index>,
    view: bool,
}

/// Names that are hard on somebody.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}",
        "[A-Za-z][A-Za-z0-9_ ]{0,10}[a-z]",
        select(vec![
            "select", "Order", "user", "ctid", "xmin", "día", "日本", "a\"b", "it's", "x.y"
        ])
        .prop_map(str::to_owned),
        "[a-f]{70}",
    ]
}

fn column() -> impl Strategy<Value = Column> {
    let comment = proptest::option::weighted(0.2, "[a-z' ]{1,20}");
    (name(), select(TYPES.to_vec()), any::<bool>(), comment)
        .prop_map(|(name, kind, required, comment)| Column { name, kind, required, comment })
}

fn table() -> impl Strategy<Value = Table> {
    let flags = (any::<[bool; 5]>(), proptest::option::of(any::<Index>()), any::<bool>());
    (select(vec!["main", "side", "Other one"]), name(), vec(column(), 0..6), flags).prop_flat_map(
        |(schema, name, columns, ([keyed, unique, checked, counted, indexed], parent, view))| {
            let row: Vec<_> = columns
                .iter()
                .map(|column| match column.required {
                    true => column.kind.value().prop_map(Some).boxed(),
                    false => proptest::option::weighted(0.8, column.kind.value()).boxed(),
                })
                .collect();
            vec(row, 0..6).prop_map(move |rows| Table {
                schema,
                name: name.clone(),
                columns: columns.clone(),
                rows,
                keyed,
                unique,
                checked,
                counted,
                indexed,
                parent,
                view,
            })
        },
    )
}

/// Tables whose names and columns differ in more than their case, as DuckDB wants it.
fn tables() -> impl Strategy<Value = Vec<Table>> {
    vec(table(), 1..8).prop_map(|tables| {
        let mut known = std::collections::HashSet::new();
        let mut kept = Vec::new();
        for mut table in tables {
            let mut names = std::collections::HashSet::from(["id".to_owned(), "up".to_owned()]);
            let keep: Vec<bool> =
                table.columns.iter().map(|c| names.insert(c.name.to_lowercase())).collect();
            for row in &mut table.rows {
                let mut keep = keep.iter();
                row.retain(|_| *keep.next().unwrap());
            }
            let mut keep = keep.iter();
            table.columns.retain(|_| *keep.next().unwrap());
            if known.insert((table.schema, table.name.to_lowercase())) {
                kept.push(table);
            }
        }
        kept
    })
}

impl Table {
    fn place(&self) -> String {
        format!("{}.{}", quote(self.schema), quote(&self.name))
    }

    /// Where `up` refers to: a table with a key, before this one or this one.
    fn parent<'t>(&'t self, before: &'t [Table]) -> Option<&'t Table> {
        let candidates: Vec<_> = before.iter().chain([self]).filter(|t| t.keyed).collect();
        let wanted = self.parent.filter(|_| !candidates.is_empty());
        // DuckDB knows no foreign keys across schemas.
        wanted.map(|index| *index.get(&candidates)).filter(|t| t.schema == self.schema)
    }

    /// The column of an index.
    fn index(&self) -> Option<&Column> {
        let fits = |c: &&Column| {
            matches!(c.kind, Type::Integer | Type::Bigint | Type::Varchar | Type::Date | Type::Uuid)
        };
        self.columns.iter().find(fits).filter(|_| self.indexed)
    }

    fn script(&self, number: usize, before: &[Table]) -> String {
        let place = self.place();
        let mut parts = vec![match self.counted {
            true => format!("id INTEGER NOT NULL DEFAULT nextval('counter_{number}')"),
            false => "id INTEGER NOT NULL".to_owned(),
        }];
        parts.push("up INTEGER".into());
        for column in &self.columns {
            let null = if column.required { " NOT NULL" } else { "" };
            parts.push(format!("{} {}{null}", quote(&column.name), column.kind.sql()));
        }
        if self.keyed {
            parts.push("PRIMARY KEY (id)".into());
        }
        if self.unique {
            parts.push("UNIQUE (id, up)".into());
        }
        if self.checked {
            parts.push("CHECK (id >= 0 AND (up IS NULL OR up <= id + 1000))".into());
        }
        let parent = self.parent(before);
        if let Some(parent) = parent {
            parts.push(format!("FOREIGN KEY (up) REFERENCES {} (id)", parent.place()));
        }
        let mut sql = String::new();
        if self.counted {
            sql += &format!("CREATE SEQUENCE counter_{number} START {};\n", number + 1);
        }
        sql += &format!("CREATE TABLE {place} ({});\n", parts.join(", "));
        for (id, row) in self.rows.iter().enumerate() {
            // A row may refer to rows of a parent that are surely there.
            let up = match parent {
                Some(parent) if parent.rows.is_empty() || std::ptr::eq(parent, self) => "NULL",
                Some(_) => "0",
                None => "NULL",
            };
            let values: Vec<_> = row.iter().map(|v| v.as_deref().unwrap_or("NULL")).collect();
            let values = [
                vec![id.to_string(), up.to_owned()],
                values.iter().map(|v| (*v).to_owned()).collect(),
            ]
            .concat();
            sql += &format!("INSERT INTO {place} VALUES ({});\n", values.join(", "));
        }
        if let Some(column) = self.index() {
            sql += &format!("CREATE INDEX idx_{number} ON {place} ({});\n", quote(&column.name));
        }
        for column in &self.columns {
            if let Some(comment) = &column.comment {
                let name = quote(&column.name);
                sql += &format!("COMMENT ON COLUMN {place}.{name} IS {};\n", literal(comment));
            }
        }
        if self.view {
            sql += &format!(
                "CREATE VIEW view_{number} AS SELECT up, count(*) AS n FROM {place} GROUP BY ALL;\n"
            );
        }
        sql
    }
}

fn script(tables: &[Table]) -> String {
    let mut sql = "CREATE TYPE mood AS ENUM ('sad', 'it''s', 'Ok now');\nCREATE SCHEMA side;\n\
                   CREATE SCHEMA \"Other one\";\n"
        .to_owned();
    for (number, table) in tables.iter().enumerate() {
        sql += &table.script(number, &tables[..number]);
    }
    sql
}

fn count(client: &mut Client, sql: &str) -> usize {
    client.query_one(sql, &[]).unwrap().get::<_, i64>(0) as usize
}

const HERE: &str = "connamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'side', 'Other one'))";

/// Carries a database and compares all that can be counted, and every value.
fn carried(client: &mut Client, tables: &[Table]) {
    let folder = duck::folder();
    let file = folder.path().join("generated.duckdb");
    duck::run(&file, &script(tables));
    let path = literal(&file.display().to_string());
    client.batch_execute("BEGIN").unwrap();
    let planned = statements(client, &format!("migrate_preview({path})"));
    let made = statements(client, &format!("migrate_database({path})"));
    assert_eq!(planned, made);
    let number = |of: &dyn Fn(&Table) -> bool| tables.iter().filter(|table| of(table)).count();
    for (kind, expected) in [
        ("p", number(&|table| table.keyed)),
        ("u", number(&|table| table.unique)),
        ("c", number(&|table| table.checked)),
        ("f", (0..tables.len()).filter(|at| tables[*at].parent(&tables[..*at]).is_some()).count()),
    ] {
        let sql = format!("SELECT count(*) FROM pg_constraint WHERE contype = '{kind}' AND {HERE}");
        assert_eq!(count(client, &sql), expected, "constraints of kind {kind}");
    }
    let indexes = "SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'idx\\_%'";
    assert_eq!(count(client, indexes), number(&|table| table.index().is_some()));
    let comments = tables.iter().flat_map(|t| &t.columns).filter(|c| c.comment.is_some()).count();
    let described = "SELECT count(*) FROM pg_description d JOIN pg_class c ON c.oid = d.objoid
                      WHERE d.objsubid > 0 AND c.relnamespace IN (SELECT oid FROM pg_namespace
                            WHERE nspname IN ('public', 'side', 'Other one'))";
    assert_eq!(count(client, described), comments);
    for (at, table) in tables.iter().enumerate() {
        compare(client, &file, table);
        if table.view {
            let rows = format!("FROM view_{at}");
            let theirs = duck::run(&file, &format!("SELECT count(*)::VARCHAR {rows};\n"));
            let ours = count(client, &format!("SELECT count(*) {rows}"));
            assert_eq!(ours, theirs.trim().parse::<usize>().unwrap());
        }
    }
    client.batch_execute("ROLLBACK").unwrap();
}

/// The statements of a report, the data apart; nothing may be missing from it.
fn statements(client: &mut Client, call: &str) -> Vec<(String, Option<String>)> {
    let sql =
        format!("SELECT kind, verdict, sql, note FROM {call} WHERE kind <> 'data' ORDER BY step");
    let rows = client.query(&sql, &[]).unwrap();
    let line = |row: &postgres::Row| {
        let (verdict, note): (String, Option<String>) = (row.get(1), row.get(3));
        assert!(["done", "translated"].contains(&verdict.as_str()), "{verdict}: {note:?}");
        (row.get(0), row.get(2))
    };
    rows.iter().map(line).collect()
}

/// Compares every value by texts that each system makes.
fn compare(client: &mut Client, file: &std::path::Path, table: &Table) {
    let mut shown = vec![("id::VARCHAR".to_owned(), "id::text".to_owned())];
    let target: (String, Vec<String>) = names_here(client, table);
    for (column, here) in table.columns.iter().zip(&target.1) {
        let (theirs, _) = column.kind.shown(&quote(&column.name));
        let (_, ours) = column.kind.shown(&quote(here));
        shown.push((theirs, ours));
    }
    let list = |of: &dyn Fn(&(String, String)) -> String| {
        shown.iter().map(of).collect::<Vec<_>>().join(", ")
    };
    let theirs = format!("SELECT {} FROM {} ORDER BY id;\n", list(&|s| s.0.clone()), table.place());
    let theirs = duck::run(file, &theirs);
    let cast = |s: &(String, String)| format!("coalesce({}, '\\N')", s.1);
    let ours = format!("SELECT {} FROM {} ORDER BY id", list(&cast), target.0);
    let ours = client.query(&ours, &[]).unwrap();
    let theirs: Vec<&str> = theirs.lines().collect();
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        for (at, theirs) in theirs.split('\t').enumerate() {
            let ours: String = ours.get(at);
            let kind = if at == 0 { Type::Integer } else { table.columns[at - 1].kind };
            assert!(kind.same(theirs, &ours), "{kind:?}: {ours} instead of {theirs}");
        }
    }
}

/// What a table and its columns are called here, from the report.
fn names_here(client: &mut Client, table: &Table) -> (String, Vec<String>) {
    let source = format!("{}.{}", table.schema, table.name);
    let sql = "SELECT target_name FROM migrator.steps WHERE kind = 'table' AND source_name = $1
                ORDER BY run_id DESC LIMIT 1";
    let place: String = client.query_one(sql, &[&source]).unwrap().get(0);
    let sql =
        "SELECT attname::text FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 2
                ORDER BY attnum";
    let columns = client.query(sql, &[&place]).unwrap();
    (place, columns.iter().map(|row| row.get(0)).collect())
}

#[test]
fn whatever_a_database_holds_arrives() {
    let database = Database::create();
    let config =
        Config { cases: 60, failure_persistence: None, max_shrink_iters: 100, ..Config::default() };
    let outcome = TestRunner::new(config).run(&tables(), |tables| {
        carried(&mut database.client(), &tables);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
