//! The fence around DuckDB and the kernel: the only unsafe code of the reader.
//!
//! Of DuckDB's C API only functions are called that catch C++ exceptions themselves, or that cannot
//! throw for flat chunks of the types they were asked for (`duckdb_vector_get_data` and its kin).
#![allow(unsafe_code)]

pub mod database;
mod logical;
pub mod process;
pub mod slots;
pub mod statement;
pub mod string;
mod vectors;
