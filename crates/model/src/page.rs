//! Heap pages and values out of line, as the reader makes them and the backend checks them.
//!
//! Formats: storage/bufpage.h, storage/itemid.h, access/heaptoast.h and varatt.h (postgres.h before
//! PostgreSQL 16) of PostgreSQL 15 to 18 with blocks of 8 kB, little endian.

use serde::{Deserialize, Serialize};

/// BLCKSZ
pub const PAGE_BYTES: usize = 8192;
/// SizeOfPageHeaderData
pub const PAGE_HEADER: usize = 24;
/// sizeof(ItemIdData)
pub const LINE_POINTER: usize = 4;
/// MaxHeapTuplesPerPage
pub const MAX_LINE_POINTERS: usize = 291;
/// MaxHeapTupleSize, and TOAST_TUPLE_TARGET_MAIN.
pub const MAX_TUPLE: usize = 8160;
/// Offset of pd_flags in the page header.
pub const FLAGS_AT: usize = 10;
/// Offset of pd_lower.
pub const LOWER_AT: usize = 12;
/// Offset of pd_upper.
pub const UPPER_AT: usize = 14;
/// Offset of pd_special.
pub const SPECIAL_AT: usize = 16;
/// Offset of pd_pagesize_version.
pub const VERSION_AT: usize = 18;
/// PD_ALL_VISIBLE
pub const ALL_VISIBLE: u16 = 0x0004;
/// pd_pagesize_version: 8192 | PG_PAGE_LAYOUT_VERSION
pub const PAGE_VERSION: u16 = 0x2004;
/// LP_NORMAL, where a line pointer has its flags.
pub const LP_NORMAL: u32 = 1 << 15;
/// Where a line pointer has its length.
pub const LP_LENGTH_SHIFT: u32 = 17;

/// Offset of t_xmin in a tuple.
pub const XMIN_AT: usize = 0;
/// Offset of t_ctid: the block number's high half, its low half, and the line pointer from 1.
pub const CTID_AT: usize = 12;
/// HEAP_HASEXTERNAL
pub const HAS_EXTERNAL: u16 = 0x0004;
/// HEAP_XMIN_FROZEN | HEAP_XMAX_INVALID: what each tuple of a new page has.
pub const FROZEN: u16 = 0x0b00;

/// TOAST_TUPLE_THRESHOLD: larger tuples are made smaller.
pub const TOAST_THRESHOLD: usize = 2032;
/// TOAST_MAX_CHUNK_SIZE
pub const TOAST_CHUNK: usize = 1996;
/// TOAST_POINTER_SIZE
pub const TOAST_POINTER: usize = 18;
/// The first two bytes of a value that is out of line: va_header, and VARTAG_ONDISK.
pub const EXTERNAL_TAG: [u8; 2] = [0x01, 18];
/// The data of a tuple of a TOAST relation: chunk_id, chunk_seq, and the header of chunk_data.
pub const CHUNK_HEADER: usize = 12;
/// VARHDRSZ_COMPRESSED: the varlena header, and va_tcinfo.
pub const COMPRESSED_HEADER: usize = 8;
/// The size in va_tcinfo and va_extinfo; the two bits above are the method.
pub const SIZE_MASK: u32 = (1 << 30) - 1;
/// Where the method is.
pub const METHOD_SHIFT: u32 = 30;
/// FirstNormalObjectId: no value has a lower identifier.
pub const LOWEST_VALUE: u32 = 16384;

/// attstorage
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Storage {
    /// `p`: neither compressed nor out of line.
    Plain,
    /// `e`: out of line.
    External,
    /// `m`: compressed, and out of line where nothing else helps.
    Main,
    /// `x`: compressed and out of line.
    Extended,
}

/// ToastCompressionId
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Compression {
    /// TOAST_PGLZ_COMPRESSION_ID
    Pglz = 0,
    /// TOAST_LZ4_COMPRESSION_ID
    Lz4 = 1,
}

/// How an attribute is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storing {
    /// attstorage
    pub storage: Storage,
    /// attcompression, or what the server uses by default.
    pub compression: Compression,
}

/// Finished pages are wanted rather than rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pages {
    /// t_xmin of each tuple.
    pub xid: u32,
    /// The bytes that stay free on a page: what the fillfactor leaves.
    pub reserve: usize,
    /// How each attribute is stored, in attnum order.
    pub storing: Vec<Storing>,
    /// toast_tuple_target: what tuples above [`TOAST_THRESHOLD`] are brought down to, in bytes.
    pub toast_target: usize,
    /// The relation that values go to; None: the target has none.
    pub toast: Option<Toast>,
}

/// A TOAST relation that is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toast {
    /// Its OID.
    pub relation: u32,
    /// The identifier of its first value. The others count down from there, and go on from the
    /// highest below [`LOWEST_VALUE`]: those that the server hands out next stay free.
    pub first_value: u32,
}

/// A slot of pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRun {
    /// Whether they are the TOAST relation's.
    pub toast: bool,
    /// The block number of the first.
    pub first: u32,
    /// The values whose first chunk is on them, in order.
    pub values: Vec<StoredValue>,
}

/// A value that is out of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredValue {
    /// The attribute that it belongs to, from 0.
    #[serde(rename = "a")]
    pub attribute: u16,
    /// va_rawsize: its length with a four-byte header, not compressed.
    #[serde(rename = "r")]
    pub raw_size: u32,
    /// va_extinfo: the bytes that are stored, and the method. Compressed ones start with
    /// va_tcinfo.
    #[serde(rename = "e")]
    pub ext_info: u32,
}

impl StoredValue {
    /// The bytes that are stored.
    pub fn stored_size(&self) -> usize {
        (self.ext_info & SIZE_MASK) as usize
    }

    /// VARATT_EXTERNAL_IS_COMPRESSED: what is stored is shorter than the value.
    pub fn is_compressed(&self) -> bool {
        self.stored_size() + 4 < self.raw_size as usize
    }
}
