//! Builds of indexes of vectors that do not go well, and what a standby tells of one that does.

use migrator_cluster_tests::{Database, backend, eventually, private::Private};
use postgres::Client;

const ROWS: &str = "
    CREATE EXTENSION vector;
    CREATE TABLE docs (id integer PRIMARY KEY, e vector(32));
    INSERT INTO docs
    SELECT i, (SELECT array_agg(('x' || substr(md5(i || '/' || k), 1, 7))::bit(28)::integer ORDER BY k)
                 FROM generate_series(1, 32) k)
      FROM generate_series(1, 20000) i;";

fn settings(client: &mut Client) -> (String, String) {
    let sql = "SELECT current_setting('maintenance_work_mem'),
                      current_setting('max_parallel_maintenance_workers')";
    let row = client.query_one(sql, &[]).unwrap();
    (row.get(0), row.get(1))
}

fn indexes(client: &mut Client) -> i64 {
    let sql = "SELECT count(*) FROM pg_index WHERE indrelid = 'docs'::regclass";
    client.query_one(sql, &[]).unwrap().get(0)
}

#[test]
fn a_build_that_is_cancelled_leaves_nothing() {
    let database = Database::create();
    let mut client = database.client();
    client.batch_execute(ROWS).unwrap();
    let before = settings(&mut client);
    client.batch_execute("SET statement_timeout = '300ms'").unwrap();
    let build = r#"SELECT index FROM vector_index('docs', 'e', options => '{"ef_construction": 1000, "m": 64}')"#;
    let error = client.query(build, &[]).unwrap_err();
    assert_eq!(error.code().unwrap().code(), "57014");
    client.batch_execute("RESET statement_timeout").unwrap();
    assert_eq!(settings(&mut client), before);
    assert_eq!(indexes(&mut client), 1);
}

#[test]
fn others_see_how_far_a_build_is() {
    let database = Database::create();
    let mut client = database.client();
    client.batch_execute(ROWS).unwrap();
    let pid = backend(&mut client);
    let mut other = database.client();
    let building = std::thread::spawn(move || {
        let build = r#"SELECT index::text FROM vector_index('docs', 'e', options => '{"ef_construction": 400}')"#;
        client.query_one(build, &[]).unwrap().get::<_, String>(0)
    });
    eventually("the build shows its tuples", || {
        let sql = "SELECT tuples_done FROM pg_stat_progress_create_index WHERE pid = $1";
        let row = other.query_opt(sql, &[&pid]).unwrap();
        row.is_some_and(|row| row.get::<_, i64>(0) > 0)
    });
    assert_eq!(building.join().unwrap(), "docs_e_idx");
}

#[test]
fn a_graph_that_does_not_fit_is_built_with_a_warning() {
    let database = Database::create();
    let mut client = database.client();
    client.batch_execute(ROWS).unwrap();
    let sql = r#"SELECT settings->>'maintenance_work_mem', (settings->>'build_memory')::bigint > 2097152
                   FROM vector_index('docs', 'e', options => '{"memory": "2MB"}')"#;
    let row = client.query_one(sql, &[]).unwrap();
    assert_eq!((row.get::<_, String>(0), row.get(1)), ("2097152".to_owned(), true));
    let sql = "SELECT bool_or(recommended) FROM vector_recall('docs', 'e', samples => 20)";
    assert!(client.query_one(sql, &[]).unwrap().get::<_, bool>(0));
}

#[test]
fn a_standby_measures_what_it_has_got() {
    let primary = Private::start(&[], "");
    let mut client = primary.client();
    client.batch_execute(ROWS).unwrap();
    client.batch_execute("SELECT vector_index('docs', 'e')").unwrap();
    let replica = Private::replica_of(&primary, || {});
    let mut follower = replica.client();
    let advice = "SELECT am FROM vector_advice('docs', 'e', p95_ms => 0)";
    assert_eq!(follower.query_one(advice, &[]).unwrap().get::<_, String>(0), "hnsw");
    let recall = "SELECT recall > 0.9, index_used::text, measurement_id
                    FROM vector_recall('docs', 'e', ef_search => '{400}', samples => 20)";
    let row = follower.query_one(recall, &[]).unwrap();
    assert_eq!((row.get(0), row.get(1)), (true, "docs_e_idx"));
    assert_eq!(row.get::<_, Option<i64>>(2), None);
    let checks = "SELECT count(*) FROM vector_checks('docs', 'e', 'cosine') WHERE status = 'fail'";
    assert_eq!(follower.query_one(checks, &[]).unwrap().get::<_, i64>(0), 0);
    let error = follower.query("SELECT vector_index('docs', 'e')", &[]).unwrap_err();
    assert_eq!(error.code().unwrap().code(), "25006");
}
