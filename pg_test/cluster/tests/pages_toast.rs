//! Loads by pages, byte for byte: rows of every size around the thresholds, and what the server
//! itself makes of the same values.

use migrator_cluster_tests::{Database, proofs, sources::Source, stored};
use postgres::Client;

struct Bench {
    client: Client,
    source: Source,
    _database: Database,
}

/// What a table is made with.
struct Shape<'s> {
    columns: &'s str,
    storage: &'s str,
    options: &'s str,
    compression: &'s str,
}

impl Bench {
    fn new(sql: &str) -> Self {
        let database = Database::create();
        let mut client = database.client();
        proofs::prepare(&mut client);
        Self { client, source: Source::new(sql), _database: database }
    }

    /// Makes the tables `paged`, `inserted` and `reference` alike.
    fn create(&mut self, shape: &Shape<'_>) {
        let Shape { columns, storage, options, compression } = shape;
        let mut sql = format!("SET default_toast_compression = {compression};");
        for table in ["paged", "inserted", "reference"] {
            sql += &format!(
                "DROP TABLE IF EXISTS {table}; CREATE TABLE {table} ({columns}) {options};"
            );
            for (column, kind) in storage.split(',').filter_map(|one| one.split_once(' ')) {
                sql += &format!("ALTER TABLE {table} ALTER {column} SET STORAGE {kind};");
            }
        }
        self.client.batch_execute(&sql).unwrap();
    }

    /// Loads a table and compares. COPY gets the values plain: compression, and what goes out of
    /// line, is all its own.
    fn compare(&mut self, table: &str, what: &str) -> (usize, usize) {
        self.client.batch_execute("SET migrator.reader_threads = 3").unwrap();
        self.client.batch_execute(&self.source.pages(table, "paged", "truncate")).unwrap();
        let append = r#", mode => 'append', options => '{"method": "multi_insert"}'"#;
        self.client.batch_execute(&self.source.load(table, "inserted", append)).unwrap();
        proofs::assert_sound(&mut self.client, "paged");
        let what = format!("{what}, {table}");
        stored::assert_same(
            &mut self.client,
            "paged",
            "inserted",
            &format!("{what}, multi_insert"),
        );
        self.copy_to_reference();
        stored::assert_same(&mut self.client, "paged", "reference", &format!("{what}, COPY"))
    }

    /// Copies `paged` to `reference`, by way of a file.
    fn copy_to_reference(&mut self) {
        let sql =
            "SELECT quote_literal(current_setting('data_directory') || '/' || current_database())";
        let file: String = self.client.query_one(sql, &[]).unwrap().get(0);
        for copy in ["paged TO", "reference FROM"] {
            self.client.batch_execute(&format!("COPY {copy} {file} (FORMAT binary)")).unwrap();
        }
    }

    /// The compressions that the server has.
    fn compressions(&mut self) -> Vec<String> {
        let sql =
            "SELECT unnest(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'";
        self.client.query(sql, &[]).unwrap().iter().map(|row| row.get(0)).collect()
    }
}

const ONE: &str = "id integer, t text";

/// One column at every length around the thresholds: of a tuple, of a page, of chunks.
#[test]
fn one_text_at_every_length() {
    let mut bench = Bench::new(
        "CREATE TABLE lengths AS SELECT n FROM (SELECT unnest(range(1900, 2101)) AS n UNION SELECT unnest(range(100, 140))
    UNION SELECT 8160 * k + d FROM range(1, 5) a(k), range(-40, 41) b(d) UNION SELECT 1996 * k + d FROM range(1, 9) a(k), range(-6, 7) b(d)) ORDER BY n;
CREATE TABLE texts AS SELECT row_number() OVER (ORDER BY n, kind) AS id, CASE kind WHEN 0 THEN repeat('x', n) WHEN 1 THEN noise(n, n)
    WHEN 2 THEN left(repeat('some words and ' || n, n), n) ELSE noise(n, n - n // 3) || repeat('y', n // 3) END AS t FROM lengths, range(4) k(kind);\n",
    );
    for compression in bench.compressions() {
        let shape = Shape { columns: ONE, storage: "", options: "", compression: &compression };
        bench.create(&shape);
        let (rows, values) = bench.compare("texts", &compression);
        println!("{compression}: {rows} rows, {values} values out of line");
        assert!(rows > 2000 && values > rows / 3, "{rows} rows, {values} values");
    }
}

const SEVERAL: &str = "id integer, a text, b bytea, c text, d text, e text, f text, g bigint";

/// Several columns whose sizes have nothing to do with each other, for each storage, target and
/// compression.
#[test]
fn several_columns_for_every_storage() {
    let mut bench = Bench::new(
        "CREATE TABLE several AS SELECT i::INTEGER AS id, noise('a' || i, i * 7919 % 1500) AS a,
    noise_blob('b' || i, i * 104729 % 3100) AS b, CASE WHEN i % 7 > 0 THEN repeat('word ' || i, i % 400) END AS c,
    CASE WHEN i % 3 > 0 THEN noise('d' || i, i * 31 % 900) || repeat('z', i * 17 % 2500) END AS d, repeat('s', i % 200) AS e,
    CASE WHEN i % 11 = 0 THEN repeat('abcdefgh', i * 3) ELSE 'f' END AS f, i * 1000003 AS g FROM range(600) t(i);
CREATE TABLE small AS SELECT id, left(a, 700) AS a, noise_blob('s' || id, id % 300) AS b, left(c, 900) AS c, left(d, 1500) AS d, e, left(f, 2000) AS f, g FROM several;\n",
    );
    let all = |kind: &str| {
        ["a", "b", "c", "d", "e", "f"].map(|column| format!("{column} {kind}")).join(",")
    };
    let storages = [
        ("several", all("extended")),
        ("several", all("external")),
        ("several", all("main")),
        ("several", "a external,b main,c extended,d main,e plain,f external".to_owned()),
        ("several", "a main,b external,e plain".to_owned()),
        ("small", all("plain")),
    ];
    for compression in bench.compressions() {
        for options in [
            "",
            "WITH (toast_tuple_target = 128)",
            "WITH (toast_tuple_target = 4080)",
            "WITH (toast_tuple_target = 8160, fillfactor = 60)",
        ] {
            for (table, storage) in &storages {
                let what = format!("{compression}, {options}, {storage}");
                let shape = Shape { columns: SEVERAL, storage, options, compression: &compression };
                bench.create(&shape);
                let (rows, _) = bench.compare(table, &what);
                assert_eq!(rows, 600, "{what}");
            }
        }
    }
}

/// A column's own compression goes before the default.
#[test]
fn a_column_has_its_own_compression() {
    let mut bench = Bench::new(
        "CREATE TABLE pairs AS SELECT i::INTEGER AS id, repeat('first ' || i, i) AS a, repeat(noise(i, i * 5), 2) || repeat('b', i) AS b FROM range(700) t(i);\n",
    );
    let compressions = bench.compressions();
    for (default, own) in compressions.iter().flat_map(|a| compressions.iter().map(move |b| (a, b)))
    {
        let columns = format!("id integer, a text, b text COMPRESSION {own}");
        bench.create(&Shape { columns: &columns, storage: "", options: "", compression: default });
        let what = format!("{default}, {own}");
        let (_, values) = bench.compare("pairs", &what);
        assert!(values > 100, "{values} values");
        let sql = "SELECT DISTINCT pg_column_compression(b) FROM paged WHERE pg_column_compression(b) IS NOT NULL";
        let found: Vec<String> =
            bench.client.query(sql, &[]).unwrap().iter().map(|row| row.get(0)).collect();
        assert_eq!(found, std::slice::from_ref(own));
    }
}

/// Other types than text, NULLs and dropped columns among them.
#[test]
fn other_types() {
    let mut bench = Bench::new(
        "CREATE TABLE others AS SELECT i::INTEGER AS id, list_transform(range(i % 500), lambda k: (k * i)::INTEGER) AS l,
    CASE WHEN i % 4 > 0 THEN list_transform(range(i % 150), lambda k: 'text ' || k) END AS ts, {'a': i, 'b': noise(i, i % 2600)} AS j,
    repeat('10', i % 3000)::BIT AS bits, (repeat('1', 1 + i % 38))::DECIMAL(38,0) AS n FROM range(1, 1500) t(i);\n",
    );
    let columns = "id integer, l integer[], gone text, ts text[], j jsonb, bits varbit, n numeric";
    bench.create(&Shape {
        columns,
        storage: "ts external,j main",
        options: "",
        compression: "pglz",
    });
    for table in ["paged", "inserted", "reference"] {
        bench.client.batch_execute(&format!("ALTER TABLE {table} DROP gone")).unwrap();
    }
    let (rows, values) = bench.compare("others", "other types");
    assert!(rows == 1499 && values > 100, "{rows} rows, {values} values");
}

/// A table that is created by the load is stored as if it had been created before.
#[test]
fn a_table_that_the_load_creates() {
    let mut bench = Bench::new(
        "CREATE TABLE several AS SELECT i::INTEGER AS id, noise('a' || i, i * 7 % 3000) AS a, noise_blob('b' || i, i * 11 % 5000) AS b,
    repeat('c' || i, i % 900) AS c FROM range(3000) t(i);\n",
    );
    let options = r#", options => '{"method": "pages", "analyze": false}'"#;
    bench.client.batch_execute(&bench.source.load("several", "paged", options)).unwrap();
    bench.client.batch_execute("CREATE TABLE reference (LIKE paged)").unwrap();
    bench.copy_to_reference();
    let (rows, values) =
        stored::assert_same(&mut bench.client, "paged", "reference", "a new table");
    assert!(rows == 3000 && values > 1000, "{rows} rows, {values} values");
    // Values that come later get identifiers of their own.
    bench
        .client
        .batch_execute("INSERT INTO paged SELECT id, a || 'x', b, c FROM reference")
        .unwrap();
    proofs::assert_sound(&mut bench.client, "paged");
}
