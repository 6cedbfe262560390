//! The target's side of a comparison: canonical bytes of values as the server holds them.
//!
//! A decoder is bound once to a column: to what its values mean and to the type that they really
//! have, by the server's own catalog. From there on a value is a slice of bytes that is read with
//! bounds checks, so that a damaged one is an ERROR and nothing worse. Nothing of the load is used
//! here: a wrong encoder must not bless its own output.
//!
//! `aggregate` and `row_functions` are the SQL functions; `call`, `catalog`, `datum` and `varlena`
//! speak to the server; what reads bytes is safe code.

mod aggregate;
mod array;
mod bind;
mod call;
mod catalog;
mod columns;
mod datum;
mod decoder;
mod enumeration;
mod hashes;
mod jsonb;
mod number;
mod row;
mod row_functions;
mod rows;
mod scalar;
mod storage;
mod tuple;
pub(super) mod varlena;

#[cfg(test)]
mod tests;

use crate::error::Error;

/// A value that is none of its type.
#[cold]
fn damaged(detail: &str) -> Error {
    Error::new("XX001", "a stored value is damaged").detail(detail)
}
