//! A replica gets what a load by pages writes, page for page, also one that is made in the middle.

use migrator_cluster_tests::{
    connect, eventually_within,
    private::Private,
    proofs,
    sources::{self, SHAPES, Source},
};
use postgres::Client;
use std::time::Duration;

fn value<T: postgres::types::FromSqlOwned>(client: &mut Client, sql: &str) -> T {
    client.query_one(sql, &[]).unwrap().get(0)
}

/// What the server can compress WAL with.
fn compressions(client: &mut Client) -> Vec<String> {
    let sql = "SELECT array_agg(v) FROM pg_settings, unnest(enumvals) v WHERE name = 'wal_compression' AND v IN ('off', 'pglz', 'lz4', 'zstd')";
    value(client, sql)
}

fn load(client: &mut Client, source: &Source, schema: &str, compression: &str) {
    client.batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
    for (table, column) in SHAPES {
        let options = format!(
            r#", options => '{{"method": "pages", "analyze": false, "wal_compression": "{compression}"}}'"#
        );
        let name = format!("{schema}.{table}");
        client.batch_execute(&source.load(table, &name, &options)).unwrap();
        client.batch_execute(&format!("CREATE INDEX ON {name} ({column})")).unwrap();
    }
}

/// The pages of a table's fork, and of its TOAST relation's, without their checksums: those of a
/// replica come when it writes the pages.
fn pages(client: &mut Client, table: &str, fork: &str) -> Option<String> {
    let sql = "
        SELECT string_agg(md5(overlay(get_raw_page(relation::regclass::text, $2, block) PLACING '\\x0000' FROM 9)), ' ' ORDER BY relation, block)
          FROM (SELECT unnest(ARRAY[oid, reltoastrelid]) AS relation FROM pg_class WHERE oid = $1::text::regclass) b,
               generate_series(0, pg_relation_size(relation, $2) / 8192 - 1) AS block WHERE relation <> 0";
    client.query_one(sql, &[&table, &fork]).unwrap().get(0)
}

fn assert_equal(primary: &mut Client, replica: &mut Client, schemas: &[String]) {
    let position: String = value(primary, "SELECT pg_current_wal_lsn()::text");
    let arrived = format!("SELECT pg_last_wal_replay_lsn() >= '{position}'");
    eventually_within(Duration::from_secs(60), "the replica follows", || value(replica, &arrived));
    for (schema, (table, _)) in
        schemas.iter().flat_map(|schema| SHAPES.map(|shape| (schema, shape)))
    {
        let name = format!("{schema}.{table}");
        assert_eq!(
            proofs::rows_in_order(primary, &name),
            proofs::rows_in_order(replica, &name),
            "{name}"
        );
        for fork in ["main", "vm"] {
            assert_eq!(pages(primary, &name, fork), pages(replica, &name, fork), "{name} {fork}");
        }
        proofs::assert_well_made(primary, &name);
        proofs::assert_well_made(replica, &name);
    }
}

#[test]
fn a_replica_is_equal_page_for_page() {
    let primary = Private::start(&["-k"], "wal_keep_size = 1GB\n");
    let source = sources::shapes();
    let mut client = primary.client();
    let compressions = compressions(&mut client);
    println!("{compressions:?}");
    assert!(compressions.len() >= 2, "{compressions:?}");
    let replica = Private::replica_of(&primary, || load(&mut client, &source, "meanwhile", "off"));
    for compression in &compressions {
        load(&mut client, &source, &format!("wal_{compression}"), compression);
    }
    let mut schemas: Vec<String> = compressions.iter().map(|name| format!("wal_{name}")).collect();
    schemas.push("meanwhile".to_owned());
    let mut follower = replica.client();
    assert_equal(&mut client, &mut follower, &schemas);
    let smaller = r#"SELECT (SELECT avg(wal_bytes) FROM migrator.runs WHERE target LIKE '"wal_pglz"%')
                        < (SELECT avg(wal_bytes) FROM migrator.runs WHERE target LIKE '"wal_off"%')"#;
    assert!(value::<bool>(&mut client, smaller), "the option has an effect");

    let amcheck = ["-h", replica.socket(), "-U", "postgres", "--heapallindexed", "postgres"];
    replica.run("pg_amcheck", &amcheck);
    drop((client, follower));
    for server in [&primary, &replica] {
        server.stop("fast");
        server.run("pg_checksums", &["--check", "-D", server.data().to_str().unwrap()]);
    }
    // As a server of its own it goes on.
    std::fs::remove_file(replica.data().join("standby.signal")).unwrap();
    replica.start_again();
    let mut client = replica.client();
    load(&mut client, &source, "later", "off");
    for (table, _) in SHAPES {
        proofs::assert_well_made(&mut client, &format!("later.{table}"));
        proofs::assert_well_made(&mut client, &format!("meanwhile.{table}"));
    }
}

/// An incremental backup, which servers have from 17, knows the pages from the WAL.
#[test]
fn an_incremental_backup_has_every_page() {
    let mut shared = connect("postgres", "postgres");
    if !value::<bool>(
        &mut shared,
        "SELECT current_setting('server_version_num')::integer >= 170000",
    ) {
        println!("no incremental backups here");
        return;
    }
    let server = Private::start(&["-k"], "summarize_wal = on\n");
    let source = sources::shapes();
    let mut client = server.client();
    // A file that the full backup has, and that the load makes anew, and one that it does not have.
    client.batch_execute(&source.pages("large", "large", "create")).unwrap();
    let [full, increment] = server.incremental_backup(|| {
        load(&mut client, &source, "later", "off");
        client.batch_execute(&source.pages("large", "large", "truncate")).unwrap();
    });
    let restored = server.combined(&[&full, &increment]);
    let mut copy = restored.client();
    for (table, _) in SHAPES {
        let name = format!("later.{table}");
        assert_eq!(
            proofs::rows_in_order(&mut client, &name),
            proofs::rows_in_order(&mut copy, &name),
            "{name}"
        );
        proofs::assert_well_made(&mut copy, &name);
    }
    assert_eq!(
        proofs::rows_in_order(&mut client, "large"),
        proofs::rows_in_order(&mut copy, "large")
    );
    proofs::assert_well_made(&mut copy, "large");
}
