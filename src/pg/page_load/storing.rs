//! How the server would store the rows of a relation.

use migrator_model::page::{
    Compression, LOWEST_VALUE, PAGE_BYTES, Pages, Storage, Storing, TOAST_THRESHOLD, Toast,
};
use pgrx::{PgTupleDesc, pg_sys};

use crate::{
    error::{Error, Result},
    pg::{relation::Relation, spi},
};

/// HEAP_DEFAULT_FILLFACTOR
const DEFAULT_FILLFACTOR: i32 = 100;

/// What the reader has to know to make the relation's pages.
pub fn pages(relation: &Relation) -> Result<Pages> {
    let (fillfactor, toast_target) = options(relation);
    let reserve = PAGE_BYTES * (100 - fillfactor.clamp(10, 100)) as usize / 100;
    // SAFETY: assigns one to the current subtransaction, if it has none yet.
    let xid = unsafe { pg_sys::GetCurrentTransactionId() }.into_inner();
    let toast = relation.toast().map(|relation| Toast { relation, first_value: first_value() });
    Ok(Pages { xid, reserve, storing: storing(relation)?, toast_target, toast })
}

/// fillfactor and toast_tuple_target
fn options(relation: &Relation) -> (i32, usize) {
    // SAFETY: the relation is an ordinary table and open: its options are NULL, or these.
    let options = unsafe { (*relation.raw()).rd_options.cast::<pg_sys::StdRdOptions>().as_ref() };
    options.map_or((DEFAULT_FILLFACTOR, TOAST_THRESHOLD), |options| {
        (options.fillfactor, options.toast_tuple_target.max(0) as usize)
    })
}

/// The one before those that the server will hand out next.
fn first_value() -> u32 {
    // SAFETY: takes one from the server's counter.
    let next = unsafe { pg_sys::GetNewObjectId() }.to_u32();
    (next - 1).max(LOWEST_VALUE)
}

fn storing(relation: &Relation) -> Result<Vec<Storing>> {
    let default = compression(default_compression()?.as_bytes().first().copied());
    // SAFETY: the relation is open, so its descriptor is live; it is only read here.
    let descriptor = unsafe { PgTupleDesc::from_pg_unchecked((*relation.raw()).rd_att) };
    let one = |attribute: &pg_sys::FormData_pg_attribute| {
        let storage = match attribute.attstorage as u8 {
            b'x' => Storage::Extended,
            b'e' => Storage::External,
            b'm' => Storage::Main,
            _ => Storage::Plain,
        };
        let chosen = Some(attribute.attcompression as u8).filter(|method| *method != 0);
        Storing { storage, compression: chosen.map_or(default, |method| compression(Some(method))) }
    };
    Ok(descriptor.iter().map(one).collect())
}

/// By the first letter, as attcompression has it.
fn compression(method: Option<u8>) -> Compression {
    match method {
        Some(b'l') => Compression::Lz4,
        _ => Compression::Pglz,
    }
}

fn default_compression() -> Result<String> {
    #[derive(serde::Deserialize)]
    struct Setting {
        value: Option<String>,
    }
    let sql = "SELECT pg_catalog.current_setting('default_toast_compression') AS value";
    let setting: Setting = spi::one(sql, &[])?;
    setting.value.ok_or_else(|| Error::new("XX000", "no default_toast_compression"))
}
