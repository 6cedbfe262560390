//! Lists and bits as pgvector's types and as bit(n): what is stored is what pgvector makes of the
//! same texts, what a client reads, and what validation holds it against.

use migrator_cluster_tests::{
    Database,
    chance::Chance,
    proofs,
    sources::Source,
    verdicts::{self, statuses},
};
use pgvector::{Bit, HalfVector, SparseVector, Vector};
use postgres::Client;

const ROWS: u64 = 300;

/// What a table becomes.
const TYPES: &str = r#"{"f": "vector", "l": "halfvec", "d": "sparsevec", "t": "vector", "b": "bit", "digits": "bit"}"#;

/// A row without NULL: numbers that half precision holds, small ones, and bits.
struct Row {
    numbers: Vec<f32>,
    small: Vec<i8>,
    bits: Vec<bool>,
}

/// Every 17th row has only NULLs; the first number of the others is not 0.
fn rows(dimensions: usize) -> Vec<Option<Row>> {
    let chance = &mut Chance(7 + dimensions as u64);
    let mut row = |id: u64| {
        let mut number = |at: usize| match (at, chance.below(3)) {
            (0, _) => (id + 1) as f32 / 64.0,
            (_, 0) => 0.0,
            _ => (chance.below(4_001) as f32 - 2_000.0) / 64.0,
        };
        let numbers = (0..dimensions).map(&mut number).collect();
        let small = (0..dimensions).map(|_| chance.below(256) as u8 as i8).collect();
        let bits = (0..dimensions).map(|_| chance.percent(40)).collect();
        (!id.is_multiple_of(17)).then_some(Row { numbers, small, bits })
    };
    (0..ROWS).map(&mut row).collect()
}

fn list<T: std::fmt::Display>(all: &[T]) -> String {
    let all: Vec<_> = all.iter().map(T::to_string).collect();
    format!("[{}]", all.join(","))
}

impl Row {
    fn digits(&self) -> String {
        self.bits.iter().map(|bit| if *bit { '1' } else { '0' }).collect()
    }

    /// Its texts: of the numbers, of the small ones, and of the bits.
    fn texts(&self) -> [String; 3] {
        [list(&self.numbers), list(&self.small), self.digits()]
    }

    fn values(&self, id: usize) -> String {
        let ([numbers, small, digits], bits) = (self.texts(), list(&self.bits));
        format!("({id}, '{numbers}', '{numbers}', '{numbers}', '{small}', '{digits}', '{bits}')")
    }

    /// As `options.normalize` has them.
    fn scaled(&self) -> Vec<f32> {
        let squares = |sum: f64, number: &f32| sum + f64::from(*number) * f64::from(*number);
        let length = self.numbers.iter().fold(0.0, squares).sqrt();
        self.numbers.iter().map(|number| (f64::from(*number) / length) as f32).collect()
    }
}

fn source(rows: &[Option<Row>], dimensions: usize) -> Source {
    let nulls = |id| format!("({id}, NULL, NULL, NULL, NULL, NULL, NULL)");
    let row =
        |(id, row): (usize, &Option<Row>)| row.as_ref().map_or_else(|| nulls(id), |r| r.values(id));
    let values: Vec<_> = rows.iter().enumerate().map(row).collect();
    Source::new(&format!(
        "CREATE TABLE v (id INTEGER PRIMARY KEY, f FLOAT[{dimensions}], l FLOAT[], d DOUBLE[], t TINYINT[], b BIT, digits BOOLEAN[]);
INSERT INTO v VALUES {};\n",
        values.join(", ")
    ))
}

fn prepared(database: &Database) -> Client {
    let mut client = database.client();
    client.batch_execute("CREATE EXTENSION vector").unwrap();
    proofs::prepare(&mut client);
    client
}

/// The texts of all rows, for pgvector and the server to read.
fn make_texts(client: &mut Client, rows: &[Option<Row>]) {
    client
        .batch_execute("CREATE TABLE texts (id integer PRIMARY KEY, v text, t text, b text)")
        .unwrap();
    let insert = client.prepare("INSERT INTO texts VALUES ($1, $2, $3, $4)").unwrap();
    for (id, row) in rows.iter().enumerate() {
        let [v, t, b] = row.as_ref().map_or([None, None, None], |row| row.texts().map(Some));
        client.execute(&insert, &[&(id as i32), &v, &t, &b]).unwrap();
    }
}

/// How many values of a column are not, to the bit, what the server makes of their text.
fn differing(client: &mut Client, target: &str, column: &str, send: &str, made: &str) -> i64 {
    let sql = format!(
        "SELECT count(*) FROM {target} x JOIN texts y USING (id)
          WHERE {send}(x.{column}) IS DISTINCT FROM {send}({made})"
    );
    client.query_one(&sql, &[]).unwrap().get(0)
}

fn types(client: &mut Client, target: &str) -> String {
    let sql =
        "SELECT string_agg(format_type(atttypid, atttypmod), ' ' ORDER BY attnum) FROM pg_attribute
                WHERE attrelid = $1::text::regclass AND attnum > 1";
    client.query_one(sql, &[&target]).unwrap().get(0)
}

fn proof(source: &Source, target: &str) -> String {
    let path = &source.path;
    format!("validate_table('{path}', 'v', target => '{target}', level => 'paranoid')")
}

/// With vectors that lie in the table, and with those that are too large for it.
#[test]
fn what_is_stored_is_what_pgvector_makes_of_the_text() {
    for dimensions in [3, 9, 700] {
        let database = Database::create();
        let mut client = prepared(&database);
        let rows = rows(dimensions);
        let source = source(&rows, dimensions);
        make_texts(&mut client, &rows);
        for method in ["pages", "multi_insert", "insert"] {
            let target = format!("by_{method}");
            let more =
                format!(r#", column_types => '{TYPES}', options => '{{"method": "{method}"}}'"#);
            let loaded = client.query_one(&source.load("v", &target, &more), &[]).unwrap();
            assert_eq!(loaded.get::<_, Vec<String>>("warnings"), Vec::<String>::new());
            let n = dimensions;
            let expected =
                format!("vector({n}) halfvec({n}) sparsevec({n}) vector({n}) bit({n}) bit({n})");
            assert_eq!(types(&mut client, &target), expected);
            for (column, send, made) in [
                ("f", "vector_send", "y.v::vector".to_owned()),
                ("l", "halfvec_send", "y.v::halfvec".to_owned()),
                ("d", "sparsevec_send", "y.v::vector::sparsevec".to_owned()),
                ("t", "vector_send", "y.t::vector".to_owned()),
                ("b", "bit_send", format!("y.b::bit({n})")),
                ("digits", "bit_send", format!("y.b::bit({n})")),
            ] {
                let differing = differing(&mut client, &target, column, send, &made);
                assert_eq!(differing, 0, "{target}.{column} of {dimensions}");
            }
            proofs::assert_sound(&mut client, &target);
            let verdicts = verdicts::verdicts(&mut client, &proof(&source, &target));
            assert_eq!(verdicts::failing(&verdicts), Vec::<&str>::new(), "{target} of {n}");
        }
    }
}

#[test]
fn a_client_reads_them_by_its_own_types() {
    let database = Database::create();
    let mut client = prepared(&database);
    let rows = rows(20);
    let source = source(&rows, 20);
    let more = format!(", column_types => '{TYPES}'");
    client.query(&source.load("v", "read", &more), &[]).unwrap();
    let found = client.query("SELECT f, l, d, t, b, digits FROM read ORDER BY id", &[]).unwrap();
    assert_eq!(found.len(), rows.len());
    for (found, row) in found.iter().zip(&rows) {
        let Some(row) = row else {
            assert!(found.get::<_, Option<Vector>>(0).is_none());
            assert!(found.get::<_, Option<SparseVector>>(2).is_none());
            assert!(found.get::<_, Option<Bit>>(4).is_none());
            continue;
        };
        assert_eq!(found.get::<_, Vector>(0).as_slice(), row.numbers);
        let halves: Vec<f32> =
            found.get::<_, HalfVector>(1).as_slice().iter().map(|half| half.to_f32()).collect();
        assert_eq!(halves, row.numbers);
        let sparse: SparseVector = found.get(2);
        assert_eq!((sparse.dimensions(), sparse.to_vec()), (20, row.numbers.clone()));
        assert!(sparse.values().iter().all(|value| *value != 0.0));
        let small: Vec<f32> = row.small.iter().map(|number| f32::from(*number)).collect();
        assert_eq!(found.get::<_, Vector>(3).as_slice(), small);
        for column in [4, 5] {
            assert_eq!(found.get::<_, Bit>(column), Bit::new(&row.bits));
        }
    }
}

#[test]
fn normalized_vectors_are_proved_and_tampering_is_found() {
    let database = Database::create();
    let mut client = prepared(&database);
    let rows = rows(50);
    let source = source(&rows, 50);
    let more = r#", columns => '{id,f,l,d}', column_types => '{"l": "sparsevec", "d": "halfvec"}',
        options => '{"normalize": ["f", "l", "d"]}'"#;
    let loaded = client.query_one(&source.load("v", "unit", more), &[]).unwrap();
    let warnings: Vec<String> = loaded.get("warnings");
    // Of every row that has numbers; halves round what was scaled.
    let all = rows.iter().flatten().count();
    let lost = |column: &str, what: &str| format!("column \"{column}\": {all} values lost {what}");
    let length = |column| lost(column, "their length (options.normalize)");
    let precision = lost("d", "floating-point precision");
    assert_eq!(warnings, [length("f"), length("l"), precision, length("d")]);
    let found = client.query("SELECT f, l FROM unit ORDER BY id", &[]).unwrap();
    for (found, row) in found.iter().zip(&rows) {
        let Some(row) = row else { continue };
        assert_eq!(found.get::<_, Vector>(0).as_slice(), row.scaled());
        assert_eq!(found.get::<_, SparseVector>(1).to_vec(), row.scaled());
    }
    let verdicts = verdicts::verdicts(&mut client, &proof(&source, "unit"));
    assert_eq!(verdicts::failing(&verdicts), Vec::<&str>::new());
    assert_eq!(statuses(&verdicts, "consented_loss"), ["pass"]);
    // One of another length, and those of other rows.
    for (column, value) in [
        ("f", "f * array_fill(2::real, ARRAY[50])::vector"),
        ("l", "(SELECT l FROM unit WHERE id = 6)"),
        ("d", "(SELECT d FROM unit WHERE id = 7)"),
    ] {
        let sql = format!("BEGIN; UPDATE unit SET {column} = {value} WHERE id = 5");
        client.batch_execute(&sql).unwrap();
        let verdicts = verdicts::verdicts(&mut client, &proof(&source, "unit"));
        let failing = verdicts::failing(&verdicts);
        assert!(failing.contains(&"column_checksum"), "{column}: {failing:?}");
        client.batch_execute("ROLLBACK").unwrap();
    }
}

#[test]
fn what_double_precision_loses_is_told_and_proved() {
    let database = Database::create();
    let mut client = prepared(&database);
    let source = Source::new(
        "CREATE TABLE v AS SELECT i::INTEGER AS id, [1 / i::DOUBLE, 0, -i]::DOUBLE[] AS d FROM range(1, 200) t(i);\n",
    );
    let refused = source.load("v", "refused", r#", column_types => '{"d": "sparsevec"}'"#);
    assert_eq!(client.query(&refused, &[]).unwrap_err().code().unwrap().code(), "22000");
    for pg in ["vector", "halfvec", "sparsevec"] {
        let more = format!(r#", on_lossy => 'accept', column_types => '{{"d": "{pg}"}}'"#);
        client
            .query(&source.load("v", pg, &more).replace("target => '", "target => 'as_"), &[])
            .unwrap();
        let verdicts = verdicts::verdicts(&mut client, &proof(&source, &format!("as_{pg}")));
        assert_eq!(verdicts::failing(&verdicts), Vec::<&str>::new(), "{pg}");
    }
    let found = client.query("SELECT d FROM as_sparsevec ORDER BY id", &[]).unwrap();
    for (number, found) in (1_i32..).zip(&found) {
        let wanted = [(1.0 / f64::from(number)) as f32, 0.0, -number as f32];
        assert_eq!(found.get::<_, SparseVector>(0).to_vec(), wanted);
    }
}
