//! Embeddings become vectors where all of their numbers allow it. DuckDB's statistics say so for
//! most files; what they leave open, or what lies in the WAL, is looked at.

use migrator_cluster_tests::{Database, sources::Source};
use postgres::Client;

/// 5,000 finite embeddings in the file, then what the WAL alone has.
fn source(in_wal: &str) -> Source {
    Source::new(&format!(
        "CREATE TABLE e AS SELECT range AS id, [range, 0.5, -range]::FLOAT[3] AS v FROM range(5000);
         CHECKPOINT;
         SET wal_autocheckpoint = '1GB';
         PRAGMA disable_checkpoint_on_shutdown;
         {in_wal};"
    ))
}

/// The type of the column, and how many rows there are.
fn type_and_rows(client: &mut Client, target: &str) -> (String, i64) {
    let sql = format!(
        "SELECT format_type(atttypid, atttypmod), (SELECT count(*) FROM {target})
           FROM pg_attribute WHERE attrelid = '{target}'::regclass AND attname = 'v'"
    );
    let row = client.query_one(&sql, &[]).unwrap();
    (row.get(0), row.get(1))
}

#[test]
fn what_the_wal_adds_decides_too() {
    let database = Database::create();
    let mut client = database.client();
    client.batch_execute("CREATE EXTENSION vector").unwrap();
    let cases = [
        ("SELECT 'nothing'", "vector(3)", 5000),
        ("INSERT INTO e VALUES (5000, [1, 2, 3])", "vector(3)", 5001),
        ("INSERT INTO e VALUES (5000, NULL)", "vector(3)", 5001),
        ("INSERT INTO e VALUES (5000, [1, 'nan'::FLOAT, 3])", "real[]", 5001),
        ("INSERT INTO e VALUES (5000, [1, 2, '-inf'::FLOAT])", "real[]", 5001),
        ("INSERT INTO e VALUES (5000, [1, NULL, 3])", "real[]", 5001),
        ("UPDATE e SET v = [1, 'inf'::FLOAT, 3] WHERE id = 4321", "real[]", 5000),
        // What is gone may still be in the statistics: then the data is looked at.
        (
            "UPDATE e SET v = [1, 'inf'::FLOAT, 3] WHERE id = 7; DELETE FROM e WHERE id = 7",
            "vector(3)",
            4999,
        ),
        ("DELETE FROM e", "vector(3)", 0),
    ];
    for (at, (in_wal, expected, rows)) in cases.into_iter().enumerate() {
        let source = source(in_wal);
        let target = format!("e{at}");
        client.query(&source.load("e", &target, ""), &[]).unwrap();
        assert_eq!(type_and_rows(&mut client, &target), (expected.into(), rows), "{in_wal}");
    }
}
