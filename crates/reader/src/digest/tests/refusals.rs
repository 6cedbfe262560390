//! What is refused, and how.

use super::*;

fn rig() -> (Rig, Digest) {
    let rig = Rig::new(&[
        "CREATE TABLE t AS SELECT range AS k FROM range(5000)",
        "CREATE VIEW v AS SELECT * FROM t",
        "CREATE VIEW bad AS SELECT CASE WHEN k = 4000 THEN error('no') ELSE k END AS k FROM t",
    ]);
    (rig, table("t", vec![column("k", LogicalType::BigInt, Kind::Integer)]))
}

fn sqlstate(rig: &mut Rig, wanted: &Digest) -> String {
    rig.answer(wanted).unwrap_err().sqlstate
}

#[test]
fn what_does_not_fit_is_refused_with_its_code() {
    let (mut rig, table) = rig();
    let named = |name: &str| SourceName { schema: None, name: name.into() };
    let filtered = |filter: &str| Digest { filter: Some(filter.into()), ..table.clone() };
    for filter in ["", "k >", "k = 1) LIMIT (1", "nobody = 1"] {
        assert_eq!(sqlstate(&mut rig, &filtered(filter)), "42601", "{filter}");
    }
    let view = Digest { table: named("v"), without: vec![1], ..table.clone() };
    assert_eq!(sqlstate(&mut rig, &view), "0A000");
    assert_eq!(sqlstate(&mut rig, &Digest { table: named("x"), ..table.clone() }), "42P01");
    let other = vec![column("k", LogicalType::Integer, Kind::Text)];
    assert_eq!(sqlstate(&mut rig, &Digest { columns: other, ..table.clone() }), "42804");
    let unknown = vec![column("k", LogicalType::Unknown("X".into()), Kind::Text)];
    assert_eq!(sqlstate(&mut rig, &Digest { columns: unknown, ..table.clone() }), "0A000");
    let keyed = |partition| Digest { want: Want::Sums(Some(partition)), ..table.clone() };
    assert_eq!(sqlstate(&mut rig, &keyed(whole(&[1]))), "08P01");
    let cuts = By::Cuts(vec![vec![Vec::new(), Vec::new()]].into());
    assert_eq!(sqlstate(&mut rig, &keyed(Partition { key: vec![0], by: cuts })), "08P01");
}

#[test]
fn a_row_that_fits_no_message_is_refused_only_where_all_of_it_is_wanted() {
    let mut rig = Rig::new(&["CREATE TABLE t AS SELECT repeat('x', 20000000) AS s"]);
    let table = table("t", vec![column("s", LogicalType::Varchar, Kind::Text)]);
    let (rows, _) = rig.rows(&table, whole(&[]), &[0]);
    let cells = |whole_values| {
        let keys = vec![rows[0].key];
        let want = Want::Cells { partition: whole(&[]), keys, whole: whole_values };
        Digest { want, ..table.clone() }
    };
    assert!(rig.answer(&cells(false)).is_ok());
    assert_eq!(sqlstate(&mut rig, &cells(true)), "54000");
}

#[test]
fn an_error_of_duckdb_ends_all_threads() {
    let (mut rig, table) = rig();
    let bad = SourceName { schema: None, name: "bad".into() };
    assert_eq!(sqlstate(&mut rig, &Digest { table: bad, ..table }), "38000");
}

#[test]
fn a_digest_stops_when_told() {
    let (mut rig, table) = rig();
    for want in [Want::Sums(None), Want::Cuts { key: vec![0], parts: 4 }] {
        let mut answers = Answers { stopped: true, ..Answers::default() };
        let stopped = answer(&mut rig.source, &Digest { want, ..table.clone() }, &mut answers);
        let Err(Stop::Failed(failure)) = stopped else { panic!("it went on") };
        assert_eq!(failure.sqlstate, "57014");
    }
}

/// Nobody takes what the threads send: they must end, not wait.
struct Gone;

impl Port for Gone {
    fn say(&mut self, _: DigestReply) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn is_stopped(&self) -> bool {
        false
    }
}

#[test]
fn threads_end_when_the_backend_is_gone() {
    let mut rig = Rig::new(&["CREATE TABLE t AS SELECT range AS k FROM range(200000)"]);
    let columns = vec![column("k", LogicalType::BigInt, Kind::Integer)];
    let want = Want::Rows { partition: whole(&[]), parts: vec![0] };
    let gone = answer(&mut rig.source, &Digest { want, ..table("t", columns) }, &mut Gone);
    assert!(matches!(gone, Err(Stop::Gone(_))));
}
