//! Tables made by chance are loaded and one thing in them is broken: it is located exactly, nothing
//! else is, and the repair undoes it.

mod validate_tables;

use migrator_cluster_tests::{
    Database,
    sources::Source,
    verdicts::{assert_equal_rows, failing, verdicts},
};
use postgres::Client;
use validate_tables::{Chance, Key, Table};

/// So many tables of each sort, and so many ways to break each.
const TABLES: u64 = 5;
const BREAKS: u64 = 3;

/// What is done to one row.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Break {
    Cell,
    Delete,
    Duplicate,
    Insert,
    Rekey,
}

struct Case<'a> {
    client: &'a mut Client,
    source: &'a Source,
    table: &'a Table,
    what: String,
}

/// What `validate_diff` should say: how, of which column.
type Lines = Vec<(String, Option<String>)>;

impl Case<'_> {
    fn run(&mut self, sql: &str) -> u64 {
        let what = &self.what;
        self.client.execute(sql, &[]).unwrap_or_else(|error| panic!("{what}: {sql}: {error:?}"))
    }

    fn value<T: postgres::types::FromSqlOwned>(&mut self, sql: &str) -> T {
        let what = &self.what;
        let row = self.client.query_one(sql, &[]);
        row.unwrap_or_else(|error| panic!("{what}: {sql}: {error:?}")).get(0)
    }

    /// A call of one of the functions, with what all of them are told.
    fn call(&self, function: &str, more: &str) -> String {
        let key = self.table.key_argument();
        format!("{function}('{}', 't', target => 't'{key}{more})", self.source.path)
    }

    fn load(&mut self) {
        self.run("DROP TABLE IF EXISTS t, before");
        let load = self.source.load("t", "t", "");
        self.run(&load);
        self.run("CREATE TABLE before AS SELECT t.ctid AS place, t AS every FROM t");
        assert_equal_rows(self.client, &self.call("validate_table", ", level => 'full'"));
        assert_eq!(self.lines(), [], "{}", self.what);
    }

    fn lines(&mut self) -> Lines {
        let sql =
            format!("SELECT op, column_name FROM {} ORDER BY 1", self.call("validate_diff", ""));
        let rows = self.client.query(&sql, &[]);
        let rows = rows.unwrap_or_else(|error| panic!("{}: {error:?}", self.what));
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// So many rows of now look like this one of before, whatever they are.
    fn copies(&mut self, of: &str) -> i64 {
        self.value(&format!(
            "SELECT count(*) FROM before b WHERE b.every::text =
                 (SELECT every::text FROM {of})"
        ))
    }

    /// Breaks something. None: it cannot be broken so.
    fn broken(&mut self, how: Break, chance: &mut Chance) -> Option<Lines> {
        let rows: i64 = self.value("SELECT count(*) FROM t");
        let victim = match rows {
            0 => None,
            rows => Some(self.value::<String>(&format!(
                "SELECT ctid::text FROM t OFFSET {} LIMIT 1",
                chance.below(rows as u64)
            ))),
        };
        let old = format!(
            "(SELECT every FROM before WHERE place = '{}') o",
            victim.clone().unwrap_or_default()
        );
        let at = victim.map(|ctid| format!("WHERE ctid = '{ctid}'"));
        let keyed = self.table.key != Key::None;
        let one = |op: &str| vec![(op.to_owned(), None)];
        Some(match how {
            Break::Delete => {
                let copies = self.copies(&old);
                self.run(&format!("DELETE FROM t {}", at?));
                one(if copies > 1 { "duplicate" } else { "missing" })
            }
            Break::Duplicate => {
                let at = at?;
                self.run("ALTER TABLE t DROP CONSTRAINT IF EXISTS t_pkey");
                self.run(&format!("INSERT INTO t SELECT * FROM t {at}"));
                one("duplicate")
            }
            Break::Insert if keyed => {
                self.insert_beside(&at?);
                one("extra")
            }
            Break::Rekey if keyed => {
                let set = self.table.other_key();
                self.run(&format!("UPDATE t SET {set} {}", at?));
                vec![("extra".to_owned(), None), ("missing".to_owned(), None)]
            }
            Break::Cell => self.cell(&at?, &old, chance),
            _ => return None,
        })
    }

    fn insert_beside(&mut self, at: &str) {
        self.run(&format!("CREATE TEMP TABLE beside AS SELECT * FROM t {at}"));
        let set = self.table.other_key();
        self.run(&format!("UPDATE beside SET {set}"));
        self.run("INSERT INTO t SELECT * FROM beside");
        self.run("DROP TABLE beside");
    }

    fn cell(&mut self, at: &str, old: &str, chance: &mut Chance) -> Lines {
        let column = chance.of(&self.table.columns);
        let (name, kind) = (column.name.clone(), column.kind);
        let value = match chance.below(5) {
            0 => format!(
                "CASE WHEN {name} IS NULL THEN {} ELSE nullif({name}, {name}) END",
                kind.some
            ),
            _ => format!(
                "CASE WHEN {name} IS NULL THEN {} ELSE {} END",
                kind.some,
                kind.changed.replace("$v", &name)
            ),
        };
        self.what += &format!(", {name} {} of the row {at}", kind.duck);
        let copies = self.copies(old);
        let new: String =
            self.value(&format!("UPDATE t SET {name} = {value} {at} RETURNING t::text"));
        let before: String = self.value(&format!("SELECT every::text FROM {old}"));
        assert_ne!(new, before, "{}: nothing was changed", self.what);
        if self.table.key != Key::None {
            return vec![("changed".to_owned(), Some(name))];
        }
        let others =
            self.client.query_one("SELECT count(*) FROM before WHERE every::text = $1", &[&new]);
        let others: i64 = others.unwrap().get(0);
        let mut lines = vec![
            (if copies > 1 { "duplicate" } else { "missing" }.to_owned(), None),
            (if others > 0 { "duplicate" } else { "extra" }.to_owned(), None),
        ];
        lines.sort();
        lines
    }

    /// What is broken is found, named, and mended.
    fn found(&mut self, expected: &Lines) {
        assert_eq!(self.lines(), *expected, "{}", self.what);
        let said = verdicts(self.client, &self.call("validate_table", ""));
        assert!(failing(&said).contains(&"row_checksum"), "{}: {said:#?}", self.what);
        if let [(op, Some(column))] = &expected[..]
            && op == "changed"
        {
            let sums = said.iter().filter(|v| v.name == "column_checksum" && v.is_bad());
            let columns: Vec<_> = sums.map(|v| v.column.clone().unwrap()).collect();
            assert_eq!(columns, [column.as_str()], "{}", self.what);
        }
        let full = verdicts(self.client, &self.call("validate_table", ", level => 'full'"));
        let named = failing(&full);
        for (op, _) in expected {
            let name = match op.as_str() {
                "missing" => "missing_in_target",
                "extra" => "extra_in_target",
                "changed" => "value_mismatch",
                _ => "duplicate_key",
            };
            assert!(named.contains(&name), "{}: {name} is not in {named:?}", self.what);
        }
        self.repaired(full[0].run_id, expected.len());
    }

    fn repaired(&mut self, run: i64, statements: usize) {
        let shown: i64 =
            self.value(&format!("SELECT count(*) FROM validate_repair({run}) WHERE rows IS NULL"));
        assert_eq!(shown as usize, statements, "{}", self.what);
        let touched = format!("SELECT sql, rows FROM validate_repair({run}, false)");
        let rows = self.client.query(&touched, &[]);
        let rows = rows.unwrap_or_else(|error| panic!("{}: {error:?}", self.what));
        for row in &rows {
            let (sql, rows): (String, Option<i64>) = (row.get(0), row.get(1));
            assert_eq!(rows, Some(1), "{}: {sql}", self.what);
        }
        assert_equal_rows(self.client, &self.call("validate_table", ", level => 'full'"));
        self.same_for_postgresql();
    }
}

impl Case<'_> {
    /// PostgreSQL's own comparison, of texts.
    fn same_for_postgresql(&mut self) {
        let differ: Vec<String> = self.value(
            "SELECT coalesce(array_agg(d::text), '{}') FROM (
                 (SELECT t::text FROM t EXCEPT ALL SELECT every::text FROM before)
                 UNION ALL (SELECT every::text FROM before EXCEPT ALL SELECT t::text FROM t)) d",
        );
        assert!(differ.is_empty(), "{}: {differ:#?}", self.what);
    }
}

/// What a database may have set, and what must not matter.
const SETTINGS: [&str; 9] = [
    "timezone = 'America/St_Johns'",
    "datestyle = 'SQL, DMY'",
    "intervalstyle = 'sql_standard'",
    "standard_conforming_strings = off",
    "escape_string_warning = off",
    "backslash_quote = off",
    "bytea_output = 'escape'",
    "extra_float_digits = -10",
    "array_nulls = off",
];

fn tables(keys: &[Key], first: u64, settings: &[&str]) {
    let database = Database::create();
    database.set(settings);
    let mut client = database.client();
    client.batch_execute("CREATE EXTENSION vector").unwrap();
    let first = std::env::var("MIGRATOR_TEST_SEED").map_or(first, |seed| seed.parse().unwrap());
    for seed in first..first + TABLES {
        let mut chance = Chance(seed);
        let key = keys[seed as usize % keys.len()];
        let table = Table::made(&mut chance, key);
        let what = format!("seed {seed}, {key:?}, {} rows", table.rows);
        println!("{what}: {}", table.sql());
        let source = Source::new(&table.sql());
        for _ in 0..BREAKS {
            let ways = [
                Break::Cell,
                Break::Cell,
                Break::Delete,
                Break::Duplicate,
                Break::Insert,
                Break::Rekey,
            ];
            let how = *chance.of(&ways);
            let what = format!("{what}, {how:?}");
            let mut case = Case { client: &mut client, source: &source, table: &table, what };
            case.load();
            let broken = case.broken(how, &mut chance);
            if let Some(expected) = broken {
                case.found(&expected);
            }
        }
    }
}

#[test]
fn rows_with_a_key() {
    let keys =
        [Key::Integer, Key::Composite, Key::Text, Key::Named, Key::Date, Key::Decimal, Key::Uuid];
    tables(&keys, 1000, &[]);
}

#[test]
fn rows_without_a_key() {
    tables(&[Key::None], 2000, &[]);
}

#[test]
fn settings_do_not_matter() {
    let keys = [Key::Date, Key::Text, Key::Decimal, Key::Composite, Key::None, Key::Uuid];
    tables(&keys, 3000, &SETTINGS);
}
