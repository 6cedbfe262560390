//! TPC-H's 22 queries give the same over foreign tables as over loaded ones, with pushdown and without.

use std::time::{Duration, Instant};

use migrator_cluster_tests::{
    Database, foreign,
    outcome::{Row, outcome},
    sources::Source,
};
use postgres::Client;

/// Like dbgen's at a scale of 0.005, with fewer brands, containers and colours, so that each query has rows.
const DATA: &str = include_str!("tpch/data.sql");
/// With the queries' own parameters where these find rows, ordered in one way only.
const QUERIES: &str = include_str!("tpch/queries.sql");
const TABLES: [&str; 8] =
    ["region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem"];

/// Without pushdown it reads a table for each row of another one, for more than a minute.
const SLOW: usize = 20;

fn queries() -> Vec<&'static str> {
    let query = |part: &'static str| part.split_once('\n').map(|(_, sql)| sql.trim());
    QUERIES.split("-- ").filter_map(query).map(|sql| sql.trim_end_matches(';')).collect()
}

/// The rows of a query as texts, and how long they took.
fn timed(client: &mut Client, settings: &str, query: &str) -> (Vec<Row>, Duration) {
    client.batch_execute(settings).unwrap();
    let since = Instant::now();
    let outcome = outcome(client, query);
    let took = since.elapsed();
    (outcome.rows(), took)
}

#[test]
fn foreign_tables_equal_loaded_ones() {
    let source = Source::new(DATA);
    let database = Database::create();
    let mut client = database.client();
    client.batch_execute("CREATE SCHEMA loaded; CREATE SCHEMA remote").unwrap();
    client.batch_execute(&source.server("tpch")).unwrap();
    client.batch_execute("IMPORT FOREIGN SCHEMA main FROM SERVER tpch INTO remote").unwrap();
    for table in TABLES {
        client.batch_execute(&source.load(table, &format!("loaded.{table}"), "")).unwrap();
    }
    let indexes = "CREATE INDEX ON loaded.lineitem (l_partkey, l_suppkey);
                   CREATE INDEX ON loaded.lineitem (l_orderkey); ANALYZE";
    client.batch_execute(indexes).unwrap();
    assert_eq!(queries().len(), 22);
    let mut groups = 0;
    for (at, query) in queries().into_iter().enumerate() {
        let at = at + 1;
        let (expected, loaded) = timed(&mut client, "SET search_path = loaded, public", query);
        assert!(!expected.is_empty(), "query {at} has no rows");
        assert!(expected[0].iter().all(Option::is_some), "query {at}: {:?}", expected[0]);
        let remote = "SET search_path = remote, public; SET migrator.pushdown =";
        let (rows, without) = match at {
            SLOW => (expected.clone(), Duration::ZERO),
            _ => timed(&mut client, &format!("{remote} off"), query),
        };
        assert!(
            rows == expected,
            "query {at} without pushdown: {rows:#?} instead of {expected:#?}"
        );
        let (rows, with) = timed(&mut client, &format!("{remote} on"), query);
        assert!(rows == expected, "query {at}: {rows:#?} instead of {expected:#?}");
        let sent = foreign::remote_sql(&mut client, query);
        let pushed = foreign::pushed(&sent);
        println!(
            "query {at}: {} rows, {} scans, {with:.0?} (without {without:.0?}, loaded {loaded:.0?}): {}",
            rows.len(),
            sent.len(),
            pushed.join(" ")
        );
        groups += usize::from(pushed.contains(&"group") || pushed.contains(&"aggregate"));
    }
    assert!(groups >= 8, "{groups} queries were grouped by the reader");
}
