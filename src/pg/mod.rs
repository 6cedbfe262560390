//! The fence around PostgreSQL: the only unsafe code of the extension, and with `compat` the only
//! place that knows server versions.
#![allow(unsafe_code)]

pub mod acl;
pub mod bulk_insert;
pub mod call;
mod canonical;
pub mod compat;
pub mod domain;
pub mod enums;
pub mod exit;
pub mod explain;
pub mod extension;
pub mod facts;
pub mod fdw;
pub mod files;
pub mod foreign;
pub mod guc;
pub mod image_check;
pub mod index_lock;
pub mod index_statement;
pub mod json;
pub mod list;
pub mod memory;
pub mod owner;
pub mod page_load;
pub mod prepared;
pub mod progress;
pub mod query_shape;
pub mod quoting;
pub mod reap;
mod receiver;
pub mod record;
pub mod relation;
pub mod report;
pub mod row_type;
pub mod scan_rows;
pub mod search_path;
pub mod server;
pub mod session_lock;
pub mod shared_memory;
pub mod spi;
pub mod subtransaction;
pub mod timeout;
pub mod types;
pub mod wait;
pub mod worker;
