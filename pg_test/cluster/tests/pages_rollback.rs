//! A load by pages belongs to its transaction and its subtransaction: with them its files go.

use migrator_cluster_tests::{Database, proofs, sources::Source, stored};
use postgres::Client;

struct Scene {
    client: Client,
    source: Source,
    database: Database,
}

impl Scene {
    fn new() -> Self {
        let database = Database::create();
        let mut client = database.client();
        proofs::prepare(&mut client);
        let source = Source::new(
            "CREATE TABLE large (id INTEGER PRIMARY KEY, t VARCHAR);
INSERT INTO large SELECT i, CASE WHEN i % 10 = 0 THEN noise(i, 5000) ELSE 'small' END FROM range(10000) t(i);
CREATE INDEX large_t ON large (id, length(t));
CREATE TABLE other AS SELECT i::INTEGER AS id FROM range(50000) t(i);\n",
        );
        Self { client, source, database }
    }

    fn run(&mut self, sql: &str) {
        self.client.batch_execute(sql).unwrap_or_else(|error| panic!("{error:?}: {sql}"));
    }

    fn load(&mut self, table: &str, target: &str, mode: &str) {
        let sql = self.source.pages(table, target, mode);
        self.run(&sql);
    }

    fn count(&mut self, sql: &str) -> i64 {
        self.client.query_one(sql, &[]).unwrap().get(0)
    }

    fn exists(&mut self, table: &str) -> bool {
        self.client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&table]).unwrap().get(0)
    }

    /// The numbers of the files of a table, its TOAST relation and their indexes.
    fn files(&mut self, table: &str) -> Vec<u32> {
        let sql = "WITH heaps AS (SELECT unnest(ARRAY[oid, reltoastrelid]) AS oid FROM pg_class WHERE oid = $1::text::regclass),
                everything AS (SELECT oid FROM heaps UNION ALL SELECT indexrelid FROM heaps JOIN pg_index ON indrelid = oid)
            SELECT pg_relation_filenode(oid) FROM everything WHERE oid <> 0";
        let files: Vec<u32> =
            self.client.query(sql, &[&table]).unwrap().iter().map(|row| row.get(0)).collect();
        assert!(files.len() > 2 && self.left(&files).len() > files.len(), "{files:?}");
        files
    }

    /// Those that are still in the data directory: all forks, all segments.
    fn left(&mut self, files: &[u32]) -> Vec<String> {
        let sql = "SELECT f FROM pg_database d, pg_ls_dir('base/' || d.oid) f WHERE datname = current_database()";
        let rows = self.client.query(sql, &[]).unwrap();
        let is_theirs = |name: &String| {
            let number = name.split(['_', '.']).next().and_then(|number| number.parse().ok());
            number.is_some_and(|number: u32| files.contains(&number))
        };
        rows.iter().map(|row| row.get(0)).filter(is_theirs).collect()
    }

    /// The first segment of a dropped relation stays, empty, until the next checkpoint.
    fn assert_gone(&mut self, files: &[u32]) {
        self.run("CHECKPOINT");
        let left = self.left(files);
        assert!(left.is_empty(), "{left:?}");
    }

    /// A table with old rows, its files, and a hash of its rows.
    fn old(&mut self) -> (Vec<u32>, (i64, Option<String>)) {
        self.run(
            "CREATE TABLE old (id integer PRIMARY KEY, t text);
             INSERT INTO old SELECT -i, (SELECT string_agg(md5((i * k)::text), '') FROM generate_series(1, 200) k) FROM generate_series(1, 300) i",
        );
        (self.files("old"), proofs::rows_in_order(&mut self.client, "old"))
    }

    fn assert_old(&mut self, (files, rows): &(Vec<u32>, (i64, Option<String>))) {
        assert_eq!(&proofs::rows_in_order(&mut self.client, "old"), rows);
        assert_eq!(&self.files("old"), files);
        proofs::assert_sound(&mut self.client, "old");
        self.run("INSERT INTO old VALUES (0, repeat('x', 100000)); DELETE FROM old WHERE id = 0");
    }
}

#[test]
fn a_rollback_takes_the_files() {
    let mut scene = Scene::new();
    scene.run("BEGIN");
    scene.load("large", "large", "create");
    let files = scene.files("large");
    assert_eq!(scene.count("SELECT count(*) FROM large"), 10_000);
    scene.run("ROLLBACK");
    assert!(!scene.exists("large"));
    scene.assert_gone(&files);
    // An error does it, too.
    scene.run("BEGIN");
    scene.load("large", "large", "create");
    let files = scene.files("large");
    scene.client.batch_execute("SELECT 1 / 0").unwrap_err();
    scene.run("ROLLBACK");
    assert!(!scene.exists("large"));
    scene.assert_gone(&files);
}

#[test]
fn a_rollback_to_a_savepoint_takes_the_files() {
    let mut scene = Scene::new();
    let old = scene.old();
    scene.run("BEGIN");
    scene.load("other", "before", "create");
    scene.run("SAVEPOINT s");
    scene.load("large", "large", "create");
    scene.load("large", "old", "truncate");
    let mut files = [scene.files("large"), scene.files("old")].concat();
    scene.run("ROLLBACK TO s");
    // The same again, one deeper, and in it one that stays.
    scene.run("SAVEPOINT t");
    scene.load("large", "large", "create");
    scene.run("SAVEPOINT u");
    scene.load("large", "large", "truncate");
    files.extend(scene.files("large"));
    scene.run("ROLLBACK TO u");
    assert_eq!(scene.count("SELECT count(*) FROM large"), 10_000);
    files.extend(scene.files("large"));
    scene.run("ROLLBACK TO t");
    scene.load("other", "after", "create");
    scene.run("COMMIT");
    assert!(!scene.exists("large"));
    scene.assert_old(&old);
    scene.assert_gone(&files);
    for table in ["before", "after"] {
        assert_eq!(scene.count(&format!("SELECT count(*) FROM {table}")), 50_000);
        proofs::assert_well_made(&mut scene.client, table);
    }
}

#[test]
fn a_released_savepoint_is_rolled_back_with_the_rest() {
    let mut scene = Scene::new();
    let old = scene.old();
    for end in [
        "RELEASE a; RELEASE s; ROLLBACK",
        "RELEASE a; ROLLBACK TO s; COMMIT",
        "RELEASE s; ROLLBACK",
    ] {
        scene.run("BEGIN; SAVEPOINT s; SAVEPOINT a");
        scene.load("large", "large", "create");
        scene.load("large", "old", "truncate");
        let files = [scene.files("large"), scene.files("old")].concat();
        scene.run(end);
        assert!(!scene.exists("large"), "{end}");
        scene.assert_old(&old);
        scene.assert_gone(&files);
    }
}

#[test]
fn an_exception_block_takes_the_files() {
    let mut scene = Scene::new();
    let old = scene.old();
    let [create, truncate] = [("large", "create"), ("old", "truncate")].map(|(target, mode)| {
        scene.source.pages("large", target, mode).replace("SELECT * FROM", "PERFORM")
    });
    scene.run("CREATE TABLE seen (file oid)");
    let remember = "CREATE FUNCTION files(name regclass) RETURNS oid[] LANGUAGE sql AS $$
        SELECT array_agg(pg_relation_filenode(c)) FROM pg_class, unnest(ARRAY[oid, reltoastrelid]) c WHERE oid = name $$";
    scene.run(remember);
    let block = format!(
        "DO $$ DECLARE files oid[]; BEGIN
            BEGIN
                {create};
                {truncate};
                files := files('large') || files('old');
                IF (SELECT count(*) FROM large) <> 10000 OR (SELECT count(*) FROM old) <> 10000 THEN
                    RAISE 'rows are missing' USING ERRCODE = 'XX001';
                END IF;
                RAISE division_by_zero;
            EXCEPTION WHEN division_by_zero THEN
                INSERT INTO seen SELECT unnest(files);
            END;
        END $$"
    );
    scene.run(&block);
    let files: Vec<u32> = scene
        .client
        .query("SELECT file FROM seen", &[])
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(files.len(), 4);
    assert!(!scene.exists("large"));
    scene.assert_old(&old);
    scene.assert_gone(&files);
    // Without the exception it stays.
    scene.run(&block.replace("RAISE division_by_zero;", ""));
    for table in ["large", "old"] {
        assert_eq!(scene.count(&format!("SELECT count(*) FROM {table}")), 10_000);
        proofs::assert_well_made(&mut scene.client, table);
    }
}

#[test]
fn two_loads_in_a_transaction() {
    let mut scene = Scene::new();
    let old = scene.old();
    for end in ["ROLLBACK", "COMMIT"] {
        scene.run("BEGIN");
        scene.load("large", "one", "create");
        scene.load("other", "two", "create");
        scene.load("large", "old", "truncate");
        // And once more: the first file of the transaction goes at once.
        scene.load("large", "one", "truncate");
        scene.load("large", "old", "truncate");
        let counts = "SELECT (SELECT count(*) FROM one) + (SELECT count(*) FROM two) + (SELECT count(*) FROM old)";
        assert_eq!(scene.count(counts), 70_000);
        let files = [scene.files("one"), scene.files("old")].concat();
        scene.run(end);
        if end == "ROLLBACK" {
            assert!(!scene.exists("one") && !scene.exists("two"));
            scene.assert_old(&old);
            scene.assert_gone(&files);
        } else {
            scene.assert_gone(&old.0);
        }
    }
    for table in ["one", "two", "old"] {
        proofs::assert_well_made(&mut scene.client, table);
    }
}

/// What is new in an outer transaction is not new in a subtransaction, and gets no pages there.
#[test]
fn an_outer_table_gets_no_pages_in_a_subtransaction() {
    let mut scene = Scene::new();
    scene.run("BEGIN; CREATE TABLE outer_one (id integer); SAVEPOINT s");
    let sql = scene.source.load("other", "outer_one", ", mode => 'append'");
    let method: String =
        scene.client.query_one(&format!("SELECT method FROM ({sql}) r"), &[]).unwrap().get(0);
    println!("method {method}");
    assert_eq!(scene.count("SELECT count(*) FROM outer_one"), 50_000);
    scene.run("ROLLBACK TO s");
    assert_eq!(scene.count("SELECT count(*) FROM outer_one"), 0);
    scene.run("INSERT INTO outer_one VALUES (1); COMMIT");
    assert_eq!(scene.count("SELECT count(*) FROM outer_one"), 1);
    proofs::assert_sound(&mut scene.client, "outer_one");
    assert!(stored::toast(&mut scene.client, "outer_one").is_none());
}

/// Other sessions see nothing before the commit, and nothing at all after a rollback.
#[test]
fn others_see_nothing_before_the_commit() {
    let mut scene = Scene::new();
    let mut other = scene.database.client();
    let see = |other: &mut Client| -> i64 {
        let seen = other.query_one("SELECT count(*) FROM old WHERE id >= 0", &[]);
        seen.map_or(-1, |row| row.get(0))
    };
    other.batch_execute("SET lock_timeout = '200ms'").unwrap();
    scene.old();
    scene.run("BEGIN");
    scene.load("large", "old", "truncate");
    assert_eq!(see(&mut other), -1, "it is locked");
    scene.run("ROLLBACK");
    assert_eq!(see(&mut other), 0);
    scene.load("large", "old", "truncate");
    assert_eq!(see(&mut other), 10_000);
}
