//! Queries made by chance give the same with pushdown, without it, and over loaded tables.
//!
//! MIGRATOR_TEST_QUERIES says how many run in each database, MIGRATOR_TEST_SEED where they begin: a
//! failure names the seed of its query. An error on one side has to be one on the others, too, but
//! where PostgreSQL may choose what it evaluates first: `a AND b`, LIMIT, joins. Those are counted.

mod random_queries;

use migrator_cluster_tests::{Database, connect};
use random_queries::{make, run::Arena, smallest};

/// So many queries in each database.
const QUERIES: u64 = 1200;
/// A run ends after so many that differ.
const MOST_FAILURES: usize = 8;

/// What has differed once.
const KNOWN: &[&str] = &[
    "SELECT DISTINCT ON (k) k, id, t FROM facts ORDER BY k DESC NULLS LAST, id",
    "SELECT k, count(*) FROM facts GROUP BY k ORDER BY count(*) DESC, k FETCH FIRST 2 ROWS WITH TIES",
    "SELECT f FROM tiny f WHERE f IS NOT NULL",
    "SELECT f FROM tiny f WHERE (f.k, f.t, f.b) IS NULL",
    "SELECT count(f) FROM tiny f",
    "SELECT id FROM dims WHERE tableoid = 'dims'::regclass ORDER BY id",
    "SELECT id, generate_series(1, k) FROM tiny ORDER BY 1, 2 LIMIT 4",
    "SELECT id, row_number() OVER (PARTITION BY k ORDER BY id) FROM dims ORDER BY id LIMIT 5",
    "SELECT sum(id) OVER (ORDER BY id) FROM dims ORDER BY 1 LIMIT 3",
    "SELECT string_agg(t, ',' ORDER BY id) FROM facts",
    "SELECT array_agg(k ORDER BY id DESC) FROM facts WHERE k > 1",
    "SELECT count(*) FILTER (WHERE k > 1), count(DISTINCT t), k IS NULL FROM facts GROUP BY k IS NULL ORDER BY 3",
    "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY id) FROM facts",
    "SELECT a.id, (SELECT count(*) FROM facts b WHERE b.k = a.k) FROM dims a ORDER BY 1",
    "WITH x AS MATERIALIZED (SELECT * FROM facts WHERE k = 1) SELECT count(*) FROM x a JOIN x b USING (id)",
    "WITH RECURSIVE r AS (SELECT 1 AS k UNION ALL SELECT r.k + 1 FROM r WHERE r.k < 4) SELECT r.k, count(f.id) FROM r LEFT JOIN facts f USING (k) GROUP BY r.k ORDER BY 1",
    "SELECT v.k, f.id FROM (VALUES (1, 'a'), (2, 'b')) v (k, t) JOIN facts f ON f.k = v.k ORDER BY 1, 2",
    "SELECT 1 FROM facts WHERE false",
    "SELECT count(*) FROM facts WHERE NULL",
    "SELECT 1, 'x', NULL FROM tiny",
    "SELECT FROM tiny",
    "SELECT count(*) FROM (SELECT FROM facts) f",
    "SELECT max(k), min(t COLLATE \"C\"), 7 FROM empty",
    "SELECT sum(k), count(*), avg(d9), bool_and(k > 1) FROM empty",
    "SELECT k, 1 FROM facts GROUP BY k, 2 ORDER BY 1",
    "SELECT 1 FROM facts GROUP BY ()",
    "SELECT count(*) FROM facts HAVING count(*) > 1000",
    "SELECT d4, count(*) FROM facts GROUP BY d4 HAVING min(id) > 3 ORDER BY 1",
    "SELECT k FROM facts WHERE k = 1 GROUP BY k",
    "SELECT a.id FROM facts a LEFT JOIN dims b ON a.k = b.k AND b.n > 1 WHERE b.id IS NULL ORDER BY 1",
    "SELECT a.id FROM tiny a NATURAL JOIN empty b",
    "SELECT * FROM tiny a, tiny b, tiny c WHERE a.id = b.id AND b.id = c.id ORDER BY a.id",
    "SELECT a.id FROM dims a WHERE EXISTS (SELECT FROM facts b WHERE b.k = a.k AND b.id > a.id) ORDER BY 1",
    "SELECT id FROM facts ORDER BY t COLLATE \"C\" DESC NULLS FIRST, id LIMIT 7 OFFSET 2",
    "SELECT id FROM facts ORDER BY t, id LIMIT 30",
    "SELECT id FROM facts ORDER BY f8 DESC, id LIMIT 30",
    "SELECT id FROM facts ORDER BY en, bl, uu, tm, tz, id LIMIT 40",
    "SELECT count(*) FROM facts WHERE random() < 2",
    "SELECT id FROM tiny WHERE random() < 2 ORDER BY id FOR UPDATE",
    "SELECT a.id, b.id FROM tiny a JOIN dims b USING (k) ORDER BY a.id, b.id FOR UPDATE OF a",
    "SELECT k, sum(count(*)) OVER (ORDER BY k) FROM facts GROUP BY k ORDER BY k",
    "SELECT k, count(*) FROM facts GROUP BY k HAVING k > ALL (SELECT k FROM tiny WHERE k IS NOT NULL) ORDER BY k",
    "SELECT k, n, grouping(k, n), count(*) FROM facts GROUP BY CUBE (k, n) ORDER BY 3, 1, 2",
    "SELECT k, n, count(*) FROM plain GROUP BY GROUPING SETS ((k), (n), ()) ORDER BY 1, 2, 3",
    "DEALLOCATE ALL; PREPARE p(bigint, bigint) AS SELECT id FROM facts ORDER BY id LIMIT $1 OFFSET $2; EXECUTE p(3, 2); EXECUTE p(NULL, 150); EXECUTE p(0, NULL)",
    "DEALLOCATE ALL; PREPARE p(bigint) AS SELECT id FROM facts ORDER BY id LIMIT $1; EXECUTE p(-1)",
    "DEALLOCATE ALL; PREPARE p(text, numeric, date) AS SELECT id FROM facts WHERE t = $1 OR d9 > $2 OR dt < $3 ORDER BY id; EXECUTE p('a', 'NaN', 'infinity'); EXECUTE p(NULL, NULL, NULL); EXECUTE p('''', 1e-50, '4713-01-01 BC')",
    "SELECT id FROM plain WHERE dt + interval '1 month' > ts ORDER BY id",
    "SELECT extract(year FROM dt), extract(month FROM ts), count(*) FROM plain GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT sum(d15 * (1 - d9)), sum(d15 * (1 - d9) * (1 + d9)), avg(d15), avg(i4 + 1) FROM plain",
    "SELECT w, sum(CASE WHEN n > 1 THEN d15 ELSE 0 END) FROM plain GROUP BY w ORDER BY w",
    "SELECT date_trunc('month', ts), max(d15) - min(d15) FROM plain GROUP BY 1 ORDER BY 1",
    "SELECT k, count(*) FROM parted GROUP BY k ORDER BY k",
    "SELECT tableoid::regclass::text ~ 'part_', count(*) FROM parted GROUP BY 1",
    "SELECT id FROM parted WHERE k = 4 ORDER BY id",
    "SELECT co FROM rare WHERE co = 'a' OR co > 'B' ORDER BY co COLLATE \"C\", id",
    "SELECT count(*), co FROM rare GROUP BY co ORDER BY co COLLATE \"C\"",
    "SELECT count(DISTINCT co), min(co COLLATE \"C\"), max(ca COLLATE \"C\") FROM rare",
];

/// Conditions that are longer or deeper than DuckDB likes them.
fn long() -> Vec<String> {
    let many = |one: &dyn Fn(usize) -> String, count: usize, between: &str| {
        (0..count).map(one).collect::<Vec<_>>().join(between)
    };
    let pair = |at: usize| format!("(k = {at} AND n > {at})");
    [
        format!("id IN ({})", many(&|at| (at * 3).to_string(), 3000, ", ")),
        many(&pair, 3000, " OR "),
        many(&|at| format!("n <> {}", at + 10), 3000, " AND "),
        format!("n + {} > 500", many(&|_| "1".to_owned(), 500, " + ")),
        format!("w || {} <> ''", many(&|_| "'x'".to_owned(), 500, " || ")),
        format!("{}b{}", "coalesce(".repeat(1200), ", b)".repeat(1200)),
        format!("t <> '{}'", "x".repeat(1_000_000)),
    ]
    .map(|condition| format!("SELECT count(*) FROM plain WHERE {condition}"))
    .into()
}

/// What must be pushed, in percent of all queries.
const FLOORS: [(&str, usize); 7] = [
    ("where", 35),
    ("join", 7),
    ("group", 1),
    ("aggregate", 4),
    ("order", 10),
    ("limit", 3),
    ("distinct", 2),
];

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |number| number.parse().unwrap())
}

fn run(database: Database, first: u64) {
    let mut arena = Arena::new(database);
    let mut failures = Vec::new();
    for known in KNOWN {
        failures.extend(arena.plain_difference(known).map(|how| format!("{known}\n{how}")));
    }
    for long in long() {
        failures.extend(arena.plain_difference(&long).map(|how| format!("{long:.200}…\n{how}")));
    }
    let first = number("MIGRATOR_TEST_SEED", first);
    let queries = number("MIGRATOR_TEST_QUERIES", QUERIES);
    for seed in first..first + queries {
        let query = make::query(seed);
        if let Some(how) = arena.checked(&query) {
            let query = smallest(query, 300, &mut |query| {
                let how = arena.difference(query);
                how.is_some_and(|how| !how.contains("the query is wrong"))
            });
            let small = arena.difference(&query);
            let remote = arena.remote(&query, "").join("\n");
            failures.push(format!(
                "seed {seed}: {how}\nsmaller: {}\n{}\n{remote}",
                query.statements(),
                small.unwrap_or_default()
            ));
        }
        if failures.len() >= MOST_FAILURES {
            break;
        }
    }
    println!("{:#?}", arena.counts());
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    if queries >= QUERIES {
        assert_pushed(&arena);
    }
}

/// Panics where too little was pushed to have proven anything.
fn assert_pushed(arena: &Arena) {
    let percent = |what: &str| arena.counted(what) * 100 / arena.counted("queries");
    for (part, floor) in FLOORS {
        assert!(percent(part) >= floor, "{part}: {} % of the queries", percent(part));
    }
    assert!(percent("with rows") >= 50, "{} % of the queries have rows", percent("with rows"));
    for excused in ["excused with pushdown", "excused over loaded tables"] {
        assert!(percent(excused) <= 4, "{excused}: {} % of the queries", percent(excused));
    }
}

#[test]
fn where_bytes_decide() {
    run(Database::create(), 1_000_000);
}

/// With settings that say how constants look.
#[test]
fn where_a_language_decides() {
    let Some(database) = in_a_language() else {
        println!("this server knows no language");
        return;
    };
    database.set(&[
        "timezone = 'America/St_Johns'",
        "datestyle = 'SQL, DMY'",
        "intervalstyle = 'sql_standard'",
        "bytea_output = 'escape'",
        "extra_float_digits = 0",
    ]);
    run(database, 2_000_000);
}

/// A database whose texts are ordered as in a language, if the server can have one.
fn in_a_language() -> Option<Database> {
    let mut client = connect("postgres", "postgres");
    let sql = "SELECT count(*) FROM pg_collation WHERE collprovider = 'i'";
    let has_icu: i64 = client.query_one(sql, &[]).unwrap().get(0);
    (has_icu > 0)
        .then(|| Database::create_with("TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'und'"))
}
