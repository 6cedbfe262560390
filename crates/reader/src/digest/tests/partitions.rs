//! Sums, parts, cuts and rows of one table agree with each other.

use migrator_model::canonical::{Sum, profile::canonical};

use super::*;

const ROWS: u64 = 60_000;

/// A key that comes in order, one that does not, a date, and a text with repetitions and NULLs.
fn rig() -> (Rig, Digest) {
    let rig = Rig::new(&["CREATE TABLE t AS
        SELECT i AS k, CAST((i * 7919) % 60000 AS INTEGER) AS j,
               DATE '1999-12-31' + CAST(i // 1000 AS INTEGER) AS d,
               CASE WHEN i % 10 = 0 THEN NULL ELSE 'text ' || (i % 1000) END AS s
          FROM range(60000) r(i)"]);
    let columns = vec![
        column("k", LogicalType::BigInt, Kind::Integer),
        column("j", LogicalType::Integer, Kind::Integer),
        column("d", LogicalType::Date, Kind::Date),
        column("s", LogicalType::Varchar, Kind::Text),
    ];
    (rig, table("t", columns))
}

fn sum_of(rows: &[RowHash]) -> Sum {
    let mut sum = Sum::default();
    rows.iter().for_each(|row| sum.add(row.row.0));
    sum
}

#[test]
fn a_sum_is_of_every_row_and_every_value() {
    let (mut rig, table) = rig();
    let sums = rig.sums(&table, None);
    assert_eq!(sums.rows.count, ROWS);
    let mut wanted = Sum::default();
    for n in 0..i128::from(ROWS) {
        wanted.add(migrator_model::canonical::hash::of_value(&canonical(|c| c.integer(n))));
    }
    assert_eq!(sums.columns[0].sum, wanted);
    assert_eq!(sums.columns[1].sum, wanted);
    let profile = &sums.columns[3].profile;
    assert_eq!(profile.nulls, ROWS / 10);
    assert_eq!(profile.min.as_ref().unwrap().bytes(), canonical(|c| c.text(b"text 1")));
    let (rows, read) = rig.rows(&table, whole(&[]), &[0]);
    assert_eq!((sum_of(&rows), read), (sums.rows, ROWS));
}

#[test]
fn parts_add_up_and_their_rows_are_in_them() {
    let (mut rig, table) = rig();
    let all = rig.sums(&table, None).rows;
    for key in [vec![], vec![0], vec![2, 1], vec![3, 0]] {
        let partition = Partition { key, by: By::Hash(7) };
        check_parts(&mut rig, &table, &partition, all);
    }
    for key in [vec![0], vec![1], vec![2, 0], vec![3, 1]] {
        let cuts = rig.cuts(&table, &key, 16);
        assert!((12..=15).contains(&cuts.len()), "{key:?} {}", cuts.len());
        let partition = Partition { key, by: By::Cuts(cuts.into()) };
        check_parts(&mut rig, &table, &partition, all);
    }
}

fn check_parts(rig: &mut Rig, table: &Digest, partition: &Partition, all: Sum) {
    let parts = rig.sums(table, Some(partition.clone())).parts;
    assert_eq!(parts.len(), partition.parts());
    let mut sum = Sum::default();
    parts.iter().for_each(|part| sum.merge(part));
    assert_eq!(sum, all, "{:?}", partition.key);
    let fair = ROWS / parts.len() as u64;
    assert!(parts.iter().all(|part| part.count < 2 * fair), "{:?} {parts:?}", partition.key);
    let last = parts.len() as u32 - 1;
    for wanted in [vec![0], vec![last], vec![1, 2, 5], vec![0, last]] {
        let (rows, _) = rig.rows(table, partition.clone(), &wanted);
        let mut sum = Sum::default();
        wanted.iter().for_each(|part| sum.merge(&parts[*part as usize]));
        assert_eq!(sum_of(&rows), sum, "{:?} {wanted:?}", partition.key);
    }
}

#[test]
fn a_part_of_an_ordered_key_needs_few_rows() {
    let (mut rig, table) = rig();
    for key in [0, 2] {
        let cuts = rig.cuts(&table, &[key], 16);
        let partition = Partition { key: vec![key], by: By::Cuts(cuts.into()) };
        let (rows, read) = rig.rows(&table, partition, &[3]);
        assert!(!rows.is_empty() && read < ROWS / 8, "{key} {read}");
    }
}

#[test]
fn cells_are_found_by_their_keys_and_repeated_rows_are_there_twice() {
    let mut rig = Rig::new(&["CREATE TABLE t AS SELECT * FROM
        (VALUES (1, 'a'), (2, 'b'), (2, 'c'), (2, 'c'), (NULL, 'd')) v(k, s)"]);
    let columns = vec![
        column("k", LogicalType::Integer, Kind::Integer),
        column("s", LogicalType::Varchar, Kind::Text),
    ];
    let table = table("t", columns);
    let two = canonical(|c| c.integer(2));
    let hash = migrator_model::canonical::hash::of_value(&two);
    let key = Hash(migrator_model::canonical::hash::of_row(&[hash]));
    let mut found = rig.found(&table, whole(&[0]), &[key]);
    found.sort_by(|one, other| one.cells.cmp(&other.cells));
    let texts: Vec<_> = found.iter().map(|row| row.cells[1].clone()).collect();
    let text = |text: &[u8]| canonical(|c| c.text(text));
    assert_eq!(texts, [text(b"b"), text(b"c"), text(b"c")]);
    assert!(found.iter().all(|row| row.hash.key == key && row.cells[0] == two));
    assert_eq!(found[1].hash, found[2].hash);
}

#[test]
fn rows_that_were_set_aside_are_left_out_and_a_filter_too() {
    let (mut rig, plain) = rig();
    let without = Digest { without: (0..ROWS as i64).step_by(3).collect(), ..plain.clone() };
    let odd = Digest { filter: Some("k % 3 <> 0 -- these".into()), ..plain };
    let (left, read) = rig.rows(&without, whole(&[0]), &[0]);
    assert_eq!((left.len() as u64, read), (ROWS / 3 * 2, ROWS));
    let (filtered, read) = rig.rows(&odd, whole(&[0]), &[0]);
    assert_eq!((filtered == left, read), (true, ROWS / 3 * 2));
    assert_eq!(rig.sums(&without, None), rig.sums(&odd, None));
}

#[test]
fn a_view_and_a_table_without_compared_columns_have_rows() {
    let mut rig = Rig::new(&[
        "CREATE TABLE t AS SELECT range AS k, {'a': range, 'b': NULL} AS s FROM range(10)",
        "CREATE VIEW v AS SELECT k + 1 AS k FROM t WHERE k < 5",
    ]);
    let columns = vec![column("k", LogicalType::BigInt, Kind::Integer)];
    assert_eq!(rig.sums(&table("v", columns), None).rows.count, 5);
    assert_eq!(rig.sums(&table("t", Vec::new()), None).rows.count, 10);
    let mut field = column("s", LogicalType::BigInt, Kind::Text);
    field.scan.field = Some("a".into());
    let cells = rig.cells(&table("t", vec![field]));
    assert_eq!(cells[9][0], canonical(|c| c.text(b"9")));
    let none = rig.cuts(&table("t", Vec::new()), &[], 9);
    assert!(none.is_empty());
}

#[test]
fn a_long_value_is_cut_off_in_cells_only() {
    let mut rig = Rig::new(&["CREATE TABLE t AS SELECT repeat('x', 10000) AS s"]);
    let table = table("t", vec![column("s", LogicalType::Varchar, Kind::Text)]);
    let whole = canonical(|c| c.text("x".repeat(10_000).as_bytes()));
    assert_eq!(rig.cells(&table)[0][0], whole[..4096]);
    let sum = rig.sums(&table, None);
    let hash = migrator_model::canonical::hash::of_value(&whole);
    assert_eq!(sum.columns[0].sum, Sum { count: 1, sum: hash });
    let (rows, _) = rig.rows(&table, self::whole(&[]), &[0]);
    let want = Want::Cells { partition: self::whole(&[]), keys: vec![rows[0].key], whole: true };
    let [DigestReply::Cells(cells)] = &rig.ask(&table, want).0[..] else { panic!("no cells") };
    assert_eq!(cells[0].cells, [whole]);
}
