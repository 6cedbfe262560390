//! Embeddings as a client sees them: with the crates `postgres` and `pgvector`, as an application
//! would read them and search for neighbours.

use migrator_cluster_tests::{Database, data};
use pgvector::Vector;
use postgres::Client;

/// A database with the passages of the test data, and their index.
fn passages(options: &str) -> (Database, Client) {
    let database = Database::create();
    let mut client = database.client();
    client.batch_execute("CREATE EXTENSION vector").unwrap();
    let sql = "SELECT warnings FROM migrate_table($1, 'passages', constraints => false, options => $2::text::jsonb)";
    let warnings: Vec<String> =
        client.query_one(sql, &[&data("passages.duckdb"), &options]).unwrap().get(0);
    assert_eq!(warnings, Vec::<String>::new());
    (database, client)
}

fn all(client: &mut Client) -> Vec<(String, Vec<f32>)> {
    let rows = client.query("SELECT ctid::text, embedding FROM passages", &[]).unwrap();
    rows.iter().map(|row| (row.get(0), row.get::<_, Vector>(1).to_vec())).collect()
}

fn cosine(one: &[f32], other: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    1.0 - dot(one, other) / (dot(one, one) * dot(other, other)).sqrt()
}

/// The distance of the k-th nearest, computed here.
fn radius(vectors: &[(String, Vec<f32>)], query: &[f32], k: usize) -> f64 {
    let mut distances: Vec<_> = vectors.iter().map(|(_, vector)| cosine(vector, query)).collect();
    distances.sort_unstable_by(f64::total_cmp);
    distances[k - 1]
}

#[test]
fn vectors_and_neighbours_come_back() {
    let (_database, mut client) = passages(r#"{"vector_index": true}"#);
    let vectors = all(&mut client);
    assert!(vectors.len() > 100);
    assert!(vectors.iter().all(|(_, vector)| vector.len() == 384));
    let sql = "SELECT embedding, embedding <=> $1 FROM passages ORDER BY embedding <=> $1 LIMIT 10";
    client.batch_execute("SET enable_seqscan = off; SET hnsw.ef_search = 100").unwrap();
    let search = client.prepare(sql).unwrap();
    let (mut found, mut wanted) = (0, 0);
    for (_, query) in vectors.iter().step_by(vectors.len().div_ceil(50)) {
        let rows = client.query(&search, &[&Vector::from(query.clone())]).unwrap();
        let radius = radius(&vectors, query, 10) + 1e-6;
        for row in &rows {
            let (vector, distance): (Vector, f64) = (row.get(0), row.get(1));
            assert!((cosine(vector.as_slice(), query) - distance).abs() < 1e-5);
            found += i32::from(distance <= radius);
        }
        wanted += 10;
    }
    assert!(f64::from(found) >= 0.95 * f64::from(wanted), "{found} of {wanted}");
}

#[test]
fn the_measured_recall_is_that_of_a_client() {
    let (_database, mut client) = passages(r#"{"vector_index": true}"#);
    let sql = "SELECT recall, index_used::text FROM vector_recall('passages', 'embedding',
               ef_search => '{20}', samples => 100)";
    let row = client.query_one(sql, &[]).unwrap();
    let measured: f64 = row.get(0);
    assert_eq!(row.get::<_, String>(1), "passages_embedding_idx");
    // The same rows, searched for by a client, which leaves out the row itself.
    let sample = "SELECT ctid::text, embedding FROM passages WHERE embedding IS NOT NULL
                  ORDER BY hashtextextended(ctid::text, 1), ctid LIMIT 100";
    let vectors = all(&mut client);
    client.batch_execute("SET enable_seqscan = off; SET hnsw.ef_search = 20").unwrap();
    let sql =
        "SELECT ctid::text, embedding <=> $1 FROM passages ORDER BY embedding <=> $1 LIMIT 11";
    let (mut found, mut wanted) = (0, 0);
    for row in client.query(sample, &[]).unwrap() {
        let (own, query): (String, Vector) = (row.get(0), row.get(1));
        let others: Vec<_> = vectors.iter().filter(|(place, _)| *place != own).cloned().collect();
        let radius = radius(&others, query.as_slice(), 10) + 1e-6;
        let rows = client.query(sql, &[&query]).unwrap();
        let near = rows.iter().filter(|row| row.get::<_, String>(0) != own).take(10);
        found += near.filter(|row| row.get::<_, f64>(1) <= radius).count();
        wanted += 10;
    }
    let own = found as f64 / f64::from(wanted);
    assert!((measured - own).abs() < 0.005, "{measured} instead of {own}");
}
