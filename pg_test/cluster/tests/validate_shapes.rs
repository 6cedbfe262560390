//! Tables and targets out of the ordinary: wide, empty, without common columns, views, partitions,
//! foreign keys, names.

use migrator_cluster_tests::{
    sources::Source,
    verdicts::{assert_equal_rows, failing, statuses, verdicts},
};
use postgres::Client;

/// What `validate_diff` tells: how, of which column, and the key.
fn lines(
    client: &mut Client,
    source: &Source,
    table: &str,
    target: &str,
) -> Vec<(String, Option<String>, String)> {
    let sql = format!(
        "SELECT op, column_name, key_values::text FROM validate_diff('{}', '{table}', target => '{target}') ORDER BY 1, 2, 3",
        source.path
    );
    let rows = client.query(&sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

fn line(op: &str, column: Option<&str>, key: &str) -> (String, Option<String>, String) {
    (op.to_owned(), column.map(str::to_owned), key.to_owned())
}

/// More columns than a function has arguments.
#[test]
fn wide_tables() {
    for count in [89, 90, 91, 150, 700, 1500] {
        let column = |n: usize| match n % 4 {
            0 => format!("(i + {n})::INTEGER AS c{n}"),
            1 => format!("CASE WHEN (i + {n}) % 3 > 0 THEN 't' || (i % 7) END AS c{n}"),
            2 => format!("(i + {n}) % 2 = 0 AS c{n}"),
            _ => format!("(i::DOUBLE / {n}) AS c{n}"),
        };
        let columns: Vec<_> = (0..count).map(column).collect();
        // Keyed tables of many parts, and of one.
        for rows in [200, 4500] {
            if rows * count > 1_000_000 {
                continue;
            }
            let (_database, mut client, source) = Source::with_database(&format!(
                "CREATE TABLE w AS SELECT {} FROM range({rows}) r(i);\n",
                columns.join(", ")
            ));
            client.batch_execute(&source.load("w", "w", "")).unwrap();
            assert_equal_rows(&mut client, &source.validation("w", "w", ""));
            assert_equal_rows(&mut client, &source.validation("w", "w", ", key => ARRAY['c0']"));
            let last = count - 1;
            let damage = format!("UPDATE w SET c{last} = NULL WHERE c0 = 77");
            client.batch_execute(&damage).unwrap();
            let said = verdicts(&mut client, &source.validation("w", "w", ", key => ARRAY['c0']"));
            assert!(failing(&said).contains(&"value_mismatch"), "{count} columns: {said:#?}");
            let sums = said.iter().filter(|v| v.name == "column_checksum" && v.is_bad());
            let names: Vec<_> = sums.map(|v| v.column.clone().unwrap()).collect();
            assert_eq!(names, [format!("c{last}")], "{count} columns");
            let repair = format!("SELECT FROM validate_repair({}, false)", said[0].run_id);
            client.batch_execute(&repair).unwrap();
            assert_equal_rows(&mut client, &source.validation("w", "w", ""));
        }
    }
}

#[test]
fn no_rows() {
    let (_database, mut client, source) = Source::with_database(
        "CREATE TABLE e (id INTEGER PRIMARY KEY, t VARCHAR, d DOUBLE, s STRUCT(a INTEGER));\nCREATE TABLE n (t VARCHAR);\n",
    );
    for table in ["e", "n"] {
        client.batch_execute(&source.load(table, table, "")).unwrap();
        assert_equal_rows(&mut client, &source.validation(table, table, ""));
        assert_eq!(lines(&mut client, &source, table, table), []);
    }
    client.batch_execute("INSERT INTO e VALUES (1); INSERT INTO n VALUES (''), (NULL)").unwrap();
    for (table, rows) in [("e", 1), ("n", 2)] {
        let said = verdicts(&mut client, &source.validation(table, table, ""));
        assert!(failing(&said).contains(&"extra_in_target"), "{said:#?}");
        assert_eq!(statuses(&said, "row_count_match"), ["fail"]);
        assert_eq!(lines(&mut client, &source, table, table).len(), rows);
        let repair = format!("SELECT FROM validate_repair({}, false)", said[0].run_id);
        client.batch_execute(&repair).unwrap();
        assert_equal_rows(&mut client, &source.validation(table, table, ""));
    }
}

#[test]
fn no_columns_in_common() {
    let (_database, mut client, source) =
        Source::with_database("CREATE TABLE t AS SELECT i AS a, 'x' AS b FROM range(100) r(i);\n");
    client.batch_execute("CREATE TABLE other AS SELECT i AS z FROM generate_series(1, 100) i; CREATE TABLE bare (); INSERT INTO bare SELECT FROM generate_series(1, 99)").unwrap();
    for target in ["other", "bare"] {
        for level in ["quick", "standard", "full"] {
            let call = source.validation("t", target, "").replace("'full'", &format!("'{level}'"));
            let said = verdicts(&mut client, &call);
            let expected = if target == "other" { "pass" } else { "fail" };
            assert_eq!(statuses(&said, "row_count_match"), [expected], "{level}: {said:#?}");
            assert_eq!(statuses(&said, "columns_match_set"), ["fail"], "{level}");
            // What was not compared does not pass.
            assert!(!statuses(&said, "row_checksum").contains(&"pass"), "{level}: {said:#?}");
        }
    }
    let said = verdicts(&mut client, &source.validation("t", "nowhere", ""));
    assert_eq!(statuses(&said, "table_exists"), ["fail"]);
}

#[test]
fn views_on_both_sides() {
    let (_database, mut client, source) = Source::with_database(
        "CREATE TABLE t AS SELECT i AS a, 'x' || i AS b FROM range(5000) r(i);\n\
         CREATE VIEW v AS SELECT a * 2 AS a, upper(b) AS b FROM t WHERE a % 2 = 0;\n\
         CREATE VIEW sorted AS SELECT * FROM t ORDER BY b DESC LIMIT 100;\n",
    );
    for view in ["v", "sorted"] {
        client.batch_execute(&source.load(view, &format!("t_{view}"), "")).unwrap();
        assert_equal_rows(&mut client, &source.validation(view, &format!("t_{view}"), ""));
        assert_equal_rows(
            &mut client,
            &source.validation(view, &format!("t_{view}"), ", key => ARRAY['a']"),
        );
    }
    client.batch_execute("UPDATE t_v SET b = lower(b) WHERE a = 8").unwrap();
    let said = verdicts(&mut client, &source.validation("v", "t_v", ", key => ARRAY['a']"));
    assert!(failing(&said).contains(&"case_drift"), "{said:#?}");
    // A view, a materialized view and a foreign table's stand-in as targets.
    client.batch_execute(&source.load("t", "t", "")).unwrap();
    client
        .batch_execute("CREATE VIEW w AS SELECT b, a FROM t; CREATE MATERIALIZED VIEW m AS TABLE t")
        .unwrap();
    for target in ["w", "m"] {
        assert_equal_rows(&mut client, &source.validation("t", target, ""));
    }
    client.batch_execute("DELETE FROM t WHERE a = 3").unwrap();
    assert_equal_rows(&mut client, &source.validation("t", "m", ""));
    let said = verdicts(&mut client, &source.validation("t", "w", ", key => ARRAY['a']"));
    assert!(failing(&said).contains(&"missing_in_target"), "{said:#?}");
}

#[test]
fn partitions_and_heirs() {
    let (_database, mut client, source) = Source::with_database(
        "CREATE TABLE p AS SELECT i::INTEGER AS id, i / 4 AS share, 'x' || i AS t FROM range(9000) r(i);\n",
    );
    client
        .batch_execute(
            "CREATE TABLE p (id integer PRIMARY KEY, share float8, t text) PARTITION BY RANGE (id);
             CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (MINVALUE) TO (3000);
             -- Its columns lie elsewhere.
             CREATE TABLE p2 (gone integer, t text, id integer NOT NULL, share float8);
             ALTER TABLE p2 DROP COLUMN gone;
             ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (3000) TO (6000);
             CREATE TABLE p3 PARTITION OF p DEFAULT PARTITION BY HASH (id);
             CREATE TABLE p31 PARTITION OF p3 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
             CREATE TABLE p32 PARTITION OF p3 FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
        )
        .unwrap();
    client.batch_execute(&source.load("p", "p", ", mode => 'append'")).unwrap();
    assert_equal_rows(&mut client, &source.validation("p", "p", ""));
    client
        .batch_execute("UPDATE p SET share = share + 1 WHERE id IN (10, 4000, 8000); DELETE FROM p WHERE id = 5000")
        .unwrap();
    let share = Some("share");
    let expected = [
        line("changed", share, r#"{"id": 10}"#),
        line("changed", share, r#"{"id": 4000}"#),
        line("changed", share, r#"{"id": 8000}"#),
        line("missing", None, r#"{"id": 5000}"#),
    ];
    assert_eq!(lines(&mut client, &source, "p", "p"), expected);
    let said = verdicts(&mut client, &source.validation("p", "p", ""));
    let repair = format!("SELECT FROM validate_repair({}, false)", said[0].run_id);
    client.batch_execute(&repair).unwrap();
    assert_equal_rows(&mut client, &source.validation("p", "p", ""));
}
