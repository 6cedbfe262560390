//! ANALYZE of a foreign table: its rows are counted, and some of them are fetched.

use migrator_model::{
    Field, LogicalType,
    layout::{Attribute, HEADER_BYTES},
};
use pgrx::{PgTupleDesc, pg_sys, prelude::*};

use super::scan::{layout::Layout, running::Running};
use crate::{
    error::{Error, Result},
    pg::{
        image_check::{self, AttributeShape},
        report, types,
    },
    readers::{
        plan::ScanPlan,
        pushdown::Sql,
        sample::{self, Whole},
        table::{self, ForeignTable},
    },
};

/// The bytes of a tuple besides its data, and of its line pointer.
const TUPLE_OVERHEAD: u64 = 28;

/// AnalyzeForeignTable: it can be analyzed, and has about so many pages.
#[pg_guard]
pub unsafe extern "C-unwind" fn analyze_foreign_table(
    relation: pg_sys::Relation,
    function: *mut pg_sys::AcquireSampleRowsFunc,
    pages: *mut pg_sys::BlockNumber,
) -> bool {
    // SAFETY: ANALYZE calls with an open relation, and both out pointers are live.
    unsafe {
        let table = report::or_raise(table::look_up((*relation).rd_id.to_u32(), 0));
        *function = Some(acquire_sample_rows);
        *pages = page_count(&table, relation);
    }
    true
}

/// How many pages the rows would have here. By that ANALYZE divides its sample among the partitions
/// of a table, the others of which may lie here.
unsafe fn page_count(table: &ForeignTable, relation: pg_sys::Relation) -> u32 {
    // SAFETY: the relation is open.
    let width = unsafe { pg_sys::get_rel_data_width(relation, std::ptr::null_mut()) };
    let width = u64::try_from(width).unwrap_or(0) + TUPLE_OVERHEAD;
    let bytes = match table.rows {
        Some(rows) => rows.saturating_mul(width),
        None => table.source.files.iter().map(|file| size(&file.path)).sum(),
    };
    u32::try_from(bytes.div_ceil(u64::from(pg_sys::BLCKSZ))).unwrap_or(u32::MAX).max(1)
}

fn size(path: &std::path::Path) -> u64 {
    std::fs::metadata(path).map_or(0, |found| found.len())
}

/// AcquireSampleRowsFunc
#[pg_guard]
unsafe extern "C-unwind" fn acquire_sample_rows(
    relation: pg_sys::Relation,
    level: std::ffi::c_int,
    rows: *mut pg_sys::HeapTuple,
    wanted: std::ffi::c_int,
    total: *mut f64,
    dead: *mut f64,
) -> std::ffi::c_int {
    // SAFETY: ANALYZE calls with an open relation, and with room for so many rows.
    unsafe {
        let room = std::slice::from_raw_parts_mut(rows, wanted.max(0) as usize);
        let (found, count) = report::or_raise(sample_rows(relation, room));
        *total = count as f64;
        *dead = 0.0;
        if level == pg_sys::INFO as i32 {
            let name = crate::pg::quoting::text_of(&(*(*relation).rd_rel).relname);
            pgrx::info!("\"{name}\": table contains {count} rows; {found} rows in sample");
        }
        found as i32
    }
}

/// Fills the room with rows, in the order of the source. Returns how many, and how many there are.
unsafe fn sample_rows(
    relation: pg_sys::Relation,
    room: &mut [pg_sys::HeapTuple],
) -> Result<(usize, u64)> {
    // SAFETY: the relation is open, and its descriptor lives as long.
    let (oid, descriptor) =
        unsafe { ((*relation).rd_id, PgTupleDesc::from_pg_unchecked((*relation).rd_att)) };
    let table = table::look_up(oid.to_u32(), 0)?;
    let count = match table.rows {
        Some(rows) => rows,
        None => counted(&table)?,
    };
    let whole = Whole::of(&table.remote);
    // Only tables of databases know their number of rows and have row groups of DuckDB's.
    let has_row_groups = table.rows.is_some() && table.is_in_database();
    let sql = whole.sample(&table.remote, count, room.len() as u64, has_row_groups);
    let plan = ScanPlan { fills: whole.fills, ..plan(&table, whole.columns) };
    let layout = Layout::new(&descriptor, &plan)?;
    let mut running = Running::new(plan, layout.attributes).leaving_out();
    running.read(sql);
    let mut sample = Sample { room, kept: 0, arrived: 0, step: 1, bytes: 0 };
    while let Some(image) = running.next()? {
        image_check::check(image, &layout.shape)?;
        // SAFETY: the image was checked, and is copied.
        unsafe { sample.take(image, oid) };
    }
    running.finish();
    Ok((sample.kept, count))
}

fn plan(table: &ForeignTable, columns: Vec<Field>) -> ScanPlan {
    ScanPlan {
        server: table.server,
        user: 0,
        label: table.name.to_string(),
        tables: Vec::new(),
        sql: Sql::default(),
        columns,
        fills: Vec::new(),
        parameters: Vec::new(),
        limit: None,
        offset: None,
        accept_lossy: table.accept_lossy,
        nul_bytes: table.nul_bytes.clone(),
    }
}

/// Counts the rows of a view, a query or a file that does not say their number.
fn counted(table: &ForeignTable) -> Result<u64> {
    let unexpected = || Error::new("XX000", "a count could not be read");
    let column = Field { name: "count".into(), logical: LogicalType::BigInt };
    let target = types::target(pg_sys::INT8OID.to_u32(), -1)?;
    let attribute = Attribute { name: "count".into(), target, source: Some(0), not_null: true };
    let shape = [AttributeShape::of(&attribute)];
    let mut running = Running::new(plan(table, vec![column]), vec![attribute]);
    running.read(sample::count(&table.remote));
    let image = running.next()?.ok_or_else(unexpected)?;
    image_check::check(image, &shape)?;
    // The data of a tuple without NULL is behind its header, MAXALIGNed.
    let bytes = image.get(HEADER_BYTES.next_multiple_of(8)..).and_then(<[u8]>::first_chunk);
    let count = bytes.map(|bytes| i64::from_le_bytes(*bytes)).ok_or_else(unexpected)?;
    // Nothing follows, but a scan that is over has not to be stopped.
    while running.next()?.is_some() {}
    running.finish();
    u64::try_from(count).map_err(|_| unexpected())
}

/// The rows that are kept: as many as there is room for, in no more memory than maintenance_work_mem.
struct Sample<'r> {
    room: &'r mut [pg_sys::HeapTuple],
    kept: usize,
    arrived: usize,
    /// One of so many is kept.
    step: usize,
    bytes: usize,
}

impl Sample<'_> {
    unsafe fn take(&mut self, image: &mut [u8], table: pg_sys::Oid) {
        let is_wanted = self.arrived.is_multiple_of(self.step);
        self.arrived += 1;
        if !is_wanted || self.kept == self.room.len() {
            return;
        }
        let mut tuple = pg_sys::HeapTupleData {
            t_len: image.len() as u32,
            t_tableOid: table,
            t_data: image.as_mut_ptr().cast(),
            ..Default::default()
        };
        // SAFETY: by the caller; the copy is in the memory of ANALYZE.
        self.room[self.kept] = unsafe { pg_sys::heap_copytuple(&mut tuple) };
        self.kept += 1;
        self.bytes += image.len();
        while self.bytes > most_bytes() && self.kept > 1 {
            // SAFETY: the rows are those above.
            unsafe { self.thin_out() };
        }
    }

    /// Every second row goes, and only every second of those that would be kept is.
    unsafe fn thin_out(&mut self) {
        let kept = self.kept.div_ceil(2);
        for at in 0..self.kept {
            let tuple = self.room[at];
            // SAFETY: the row was copied by us, and is freed once.
            unsafe {
                if at % 2 == 0 {
                    self.room[at / 2] = tuple;
                } else {
                    self.bytes -= (*tuple).t_len as usize;
                    pg_sys::heap_freetuple(tuple);
                }
            }
        }
        self.kept = kept;
        self.step *= 2;
    }
}

/// maintenance_work_mem in bytes.
fn most_bytes() -> usize {
    // SAFETY: a plain setting of this backend.
    (unsafe { pg_sys::maintenance_work_mem }.max(0) as usize) << 10
}
