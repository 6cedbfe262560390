//! What migrator knows before it touches a file or a server: names, logical types, tables,
//! the type mapping rules, the tuple image and the messages between backend and reader.
//!
//! Everything here is plain data and pure functions: no I/O, no PostgreSQL, no DuckDB.

#![forbid(unsafe_code)]
// Nothing that a file, a request or a user holds may end in a panic.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::todo,
        clippy::unreachable
    )
)]

pub mod canonical;
pub mod catalog;
pub mod crs;
pub mod file_name;
pub mod float_text;
pub mod ident;
pub mod layout;
pub mod logical_type;
pub mod page;
pub mod pg_type;
pub mod policy;
pub mod protocol;
pub mod query;
pub mod reject;
pub mod rules;
pub mod secret;
pub mod slot;

pub use {
    ident::{Ident, QualifiedName, SourceName},
    logical_type::{Field, LogicalType},
    pg_type::PgType,
    reject::BadValue,
};
