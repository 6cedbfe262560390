//! Texts under collations of every sort: what bytes decide is pushed, what a language decides is not,
//! and nothing changes but the time it takes.

use migrator_cluster_tests::{
    Database, foreign,
    outcome::{Outcome, outcome},
    sources::Source,
    texts::TEXTS,
};

/// A column's collation, whether bytes decide about equality there, and whether about order.
const COLUMNS: [(&str, &str, bool, bool); 5] = [
    ("by_default", "", true, true),
    ("by_bytes", "COLLATE \"C\"", true, true),
    ("by_posix", "COLLATE \"POSIX\"", true, true),
    ("by_language", "COLLATE \"und-x-icu\"", true, false),
    ("by_any_case", "COLLATE any_case", false, false),
];

/// Conditions that are about equality, and ones about order.
const EQUAL: [&str; 10] = [
    "$ = 'a'",
    "$ <> 'a'",
    "$ IN ('a', 'É', 'ß')",
    "$ NOT IN ('a', 'b', NULL)",
    "$ = ANY (ARRAY['A', 'z'])",
    "$ IS DISTINCT FROM 'a'",
    "nullif($, 'a') IS NULL",
    "CASE $ WHEN 'a' THEN true ELSE $ = 'B' END",
    "$ || 'x' = 'ax'",
    "('a', 1) = ($, 1)",
];
const ORDERED: [&str; 4] =
    ["$ < 'b'", "$ >= 'Z'", "$ BETWEEN 'a' AND 'é'", "greatest($, 'b') = 'b'"];
/// Patterns; languages that ignore case have none before PostgreSQL 18.
const LIKE: [&str; 3] = ["$ LIKE 'a%'", "$ NOT LIKE '%b'", "$ ^@ 'a'"];

fn source() -> Source {
    let values: Vec<_> = TEXTS.iter().map(|text| foreign::literal(text)).collect();
    Source::new(&format!(
        "CREATE TABLE texts AS SELECT (row_number() OVER ())::INTEGER AS id, t FROM (SELECT unnest([{}, NULL]) AS t);\n",
        values.join(", ")
    ))
}

fn database(source: &Source) -> Database {
    let database = Database::create();
    let columns: Vec<_> = COLUMNS
        .iter()
        .map(|(name, collation, ..)| format!("{name} text OPTIONS (column_name 't') {collation}"))
        .collect();
    let statements = format!(
        "CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
         {}; CREATE SCHEMA remote; CREATE SCHEMA loaded;
         CREATE FOREIGN TABLE remote.texts (id integer, {}) SERVER texts;
         CREATE TABLE loaded.texts (LIKE remote.texts);
         INSERT INTO loaded.texts SELECT * FROM remote.texts",
        source.server("texts"),
        columns.join(", ")
    );
    database.client().batch_execute(&statements).unwrap();
    database
}

/// Panics where a query gives other rows with pushdown, or without it, than over the loaded table.
fn same(client: &mut postgres::Client, sql: &str) {
    let mut run = |schema: &str, pushdown: &str| {
        let set = format!("SET search_path = {schema}, public; SET migrator.pushdown = {pushdown}");
        match outcome(client, &format!("{set}; {sql}")) {
            Outcome::Rows(mut rows) if !sql.contains("ORDER BY") => {
                rows.sort();
                Outcome::Rows(rows)
            }
            outcome => outcome,
        }
    };
    let expected = run("loaded", "on");
    assert_eq!(run("remote", "off"), expected, "{sql} without pushdown");
    assert_eq!(run("remote", "on"), expected, "{sql}");
    client.batch_execute("SET search_path = remote, public; SET migrator.pushdown = on").unwrap();
}

#[test]
fn texts_under_every_collation() {
    let source = source();
    let database = database(&source);
    let mut client = database.client();
    let has = |client: &mut postgres::Client, sql: &str, part: &str| {
        foreign::pushed(&foreign::remote_sql(client, sql)).contains(&part)
    };
    for (name, _, equal, ordered) in COLUMNS {
        let conditions = EQUAL.iter().map(|condition| (condition, equal));
        let conditions = conditions.chain(ORDERED.iter().map(|condition| (condition, ordered)));
        for (condition, pushable) in
            conditions.chain(LIKE.iter().map(|condition| (condition, equal)))
        {
            let sql = format!("SELECT id FROM texts WHERE {}", condition.replace('$', name));
            same(&mut client, &sql);
            assert!(pushable || !has(&mut client, &sql, "where"), "{sql} is pushed");
        }
        let shapes = [
            (format!("SELECT id FROM texts ORDER BY {name}, id"), "order", ordered),
            (
                format!("SELECT id FROM texts ORDER BY {name} DESC NULLS LAST, id LIMIT 9"),
                "order",
                ordered,
            ),
            (format!("SELECT count(*) FROM texts GROUP BY {name}"), "group", equal),
            (format!("SELECT count(DISTINCT {name}) FROM texts"), "aggregate", equal),
            (
                format!("SELECT count(*) FROM (SELECT DISTINCT {name} FROM texts) t"),
                "distinct",
                equal,
            ),
            (
                format!("SELECT min({name}), max({name}) FROM texts WHERE id > 3"),
                "aggregate",
                ordered,
            ),
            (
                format!("SELECT a.id, b.id FROM texts a JOIN texts b ON a.{name} = b.{name}"),
                "join",
                equal,
            ),
        ];
        for (sql, part, pushable) in shapes {
            same(&mut client, &sql);
            let pushed = has(&mut client, &sql, part);
            assert_eq!(pushed, pushable, "{sql}: {part}");
        }
        let simple = format!("SELECT id FROM texts WHERE {name} = 'a'");
        assert_eq!(has(&mut client, &simple, "where"), equal, "{simple}");
    }
    // The collation of the operator counts, not the column's.
    for (sql, part, pushable) in [
        ("SELECT id FROM texts WHERE by_language COLLATE \"C\" < 'b'", "where", true),
        ("SELECT id FROM texts WHERE by_bytes COLLATE \"und-x-icu\" < 'b'", "where", false),
        ("SELECT id FROM texts WHERE by_any_case = 'A' COLLATE \"C\"", "where", true),
        ("SELECT id FROM texts ORDER BY by_language COLLATE \"C\", id", "order", true),
        ("SELECT id FROM texts ORDER BY by_bytes COLLATE \"und-x-icu\", id", "order", false),
    ] {
        same(&mut client, sql);
        assert_eq!(has(&mut client, sql, part), pushable, "{sql}");
    }
}
