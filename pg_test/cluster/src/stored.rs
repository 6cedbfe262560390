//! Rows as they lie on their pages, without what differs from load to load.

use std::collections::HashMap;

use postgres::Client;

/// HEAP_XMIN_FROZEN: what a load by pages, and hint bits, set.
const FROZEN: i32 = 0x300;
/// A pointer's first two bytes.
const EXTERNAL: [u8; 2] = [1, 18];
/// Where a pointer has the value's identifier; the relation's follows.
const IDENTIFIER: usize = 10;
/// The size of a pointer.
const POINTER: usize = 18;

/// A tuple.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuple {
    /// t_infomask, t_infomask2, t_hoff, lp_len.
    pub header: [i32; 4],
    /// t_bits
    pub nulls: Option<String>,
    /// Everything behind t_hoff. Pointers have no identifiers.
    pub data: Vec<u8>,
    /// The values that it points to.
    pub values: Vec<Value>,
}

impl Tuple {
    /// The first column.
    fn number(&self) -> i32 {
        self.data.first_chunk().map_or(0, |number| i32::from_le_bytes(*number))
    }
}

/// A value out of line.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// The bytes of each chunk.
    pub chunks: Vec<i32>,
    /// A hash of all bytes.
    pub hash: String,
}

/// The tuples of a table in the order in which they lie. Every value belongs to one of them.
pub fn tuples(client: &mut Client, table: &str) -> Vec<Tuple> {
    let mut values = values(client, table);
    let sql = "
        SELECT t_infomask, t_infomask2, t_hoff::integer, lp_len::integer, t_bits, t_data,
               tuple_data_split($1::text::regclass, t_data, t_infomask, t_infomask2, t_bits)
          FROM generate_series(0, pg_relation_size($1::text::regclass) / 8192 - 1) AS block,
               heap_page_items(get_raw_page($1, block))
         WHERE lp_flags = 1 ORDER BY block, lp";
    let rows = client.query(sql, &[&table]).unwrap();
    let tuples = rows.iter().map(|row| {
        let parts: Vec<Option<Vec<u8>>> = row.get(6);
        let mut data: Vec<u8> = row.get(5);
        let values = identifiers(&mut data, &parts).into_iter().map(|identifier| {
            values.remove(&identifier).unwrap_or_else(|| panic!("{table}: no value {identifier}"))
        });
        let [infomask, infomask2, hoff, length] = [0, 1, 2, 3].map(|at| row.get::<_, i32>(at));
        let header = [infomask & !FROZEN, infomask2, hoff, length];
        Tuple { header, nulls: row.get(4), values: values.collect(), data }
    });
    let tuples = tuples.collect();
    assert!(values.is_empty(), "{table}: {} values that no row points to", values.len());
    tuples
}

/// Takes the identifiers out of the pointers.
fn identifiers(data: &mut [u8], parts: &[Option<Vec<u8>>]) -> Vec<u32> {
    let (mut found, mut from) = (Vec::new(), 0);
    let is_pointer = |part: &&Vec<u8>| part.len() == POINTER && part.starts_with(&EXTERNAL);
    for pointer in parts.iter().flatten().filter(is_pointer) {
        let mut places = data[from..].windows(POINTER);
        let at = from + places.position(|place| place == &pointer[..]).unwrap();
        from = at + POINTER;
        let identifier = data[at + IDENTIFIER..][..4].first_chunk().unwrap();
        found.push(u32::from_le_bytes(*identifier));
        data[at + IDENTIFIER..from].fill(0);
    }
    found
}

/// The values of a table's TOAST relation.
fn values(client: &mut Client, table: &str) -> HashMap<u32, Value> {
    let Some(toast) = toast(client, table) else { return HashMap::new() };
    let sql = format!(
        "SELECT chunk_id, array_agg(chunk_seq ORDER BY chunk_seq),
                array_agg(length(chunk_data) ORDER BY chunk_seq),
                md5(string_agg(chunk_data, '' ORDER BY chunk_seq))
           FROM {toast} GROUP BY chunk_id"
    );
    let rows = client.query(&sql, &[]).unwrap();
    let value = |row: &postgres::Row| {
        let numbers: Vec<i32> = row.get(1);
        assert!(numbers.iter().copied().eq(0..numbers.len() as i32), "{table}: {numbers:?}");
        (row.get(0), Value { chunks: row.get(2), hash: row.get(3) })
    };
    rows.iter().map(value).collect()
}

/// The name of a table's TOAST relation.
pub fn toast(client: &mut Client, table: &str) -> Option<String> {
    let sql = "SELECT reltoastrelid::regclass::text FROM pg_class
                WHERE oid = $1::text::regclass AND reltoastrelid <> 0";
    client.query_opt(sql, &[&table]).unwrap().map(|row| row.get(0))
}

/// How the tuples of a TOAST relation look, whatever is in them.
fn chunk_shapes(client: &mut Client, table: &str) -> Vec<String> {
    let Some(toast) = toast(client, table) else { return Vec::new() };
    let sql = "
        SELECT DISTINCT concat_ws(' ', t_infomask & ~768, t_infomask2, t_hoff, t_bits, lp_len - t_hoff - length(t_data))
          FROM generate_series(0, pg_relation_size($1::text::regclass) / 8192 - 1) AS block,
               heap_page_items(get_raw_page($1, block)) WHERE lp_flags = 1 ORDER BY 1";
    client.query(sql, &[&toast]).unwrap().iter().map(|row| row.get(0)).collect()
}

/// Panics unless two tables hold the same bytes, row by row and value by value. Their first column
/// is an integer by which the rows of the first one are in order; INSERT puts rows where there is
/// room. Returns how many rows and values these are.
pub fn assert_same(client: &mut Client, one: &str, two: &str, what: &str) -> (usize, usize) {
    let (ours, mut theirs) = (tuples(client, one), tuples(client, two));
    assert!(ours.is_sorted_by_key(Tuple::number), "{what}: order");
    theirs.sort_by_key(Tuple::number);
    assert_eq!(ours.len(), theirs.len(), "{what}: rows");
    let different: Vec<_> =
        ours.iter().zip(&theirs).enumerate().filter(|(_, (a, b))| a != b).collect();
    if let Some((at, (a, b))) = different.first() {
        let count = different.len();
        panic!(
            "{what}: {count} rows differ, row {at} is the first:\n{} instead of\n{}",
            short(a),
            short(b)
        );
    }
    assert_eq!(chunk_shapes(client, one), chunk_shapes(client, two), "{what}: chunks");
    (ours.len(), ours.iter().map(|tuple| tuple.values.len()).sum())
}

fn short(tuple: &Tuple) -> String {
    let Tuple { header, nulls, data, values } = tuple;
    let data: Vec<_> = data.iter().take(100).map(|byte| format!("{byte:02x}")).collect();
    format!("{header:?} {nulls:?} {} {values:?}", data.concat())
}
