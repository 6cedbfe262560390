//! migrator: whole databases out of DuckDB files into PostgreSQL.
//!
//! `api` is the SQL surface; `load` carries a table, `database` a whole file; `validate` proves it;
//! `readers` reads without loading; `index` advises, builds and measures; `ddl` writes statements;
//! `steps` tells what became of each object; `source` is the backend's end of a reader process; `pg`
//! is the fence around the server. No DuckDB runs here.

// An ErrorReport is large, and the server wants exactly that type from SQL functions.
#![allow(clippy::result_large_err)]
// Unsafe code is for pg alone, and nothing that a user does may end in a panic.
#![deny(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![deny(clippy::todo, clippy::unimplemented, clippy::unreachable)]
#![cfg_attr(
    any(test, feature = "pg_test"),
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)
)]

mod api;
mod database;
mod ddl;
mod error;
mod index;
mod load;
mod pg;
mod readers;
mod settings;
mod source;
mod steps;
mod tap;
mod validate;

::pgrx::pg_module_magic!(name, version);

pgrx::extension_sql_file!("../sql/bootstrap.sql", name = "bootstrap", bootstrap);
pgrx::extension_sql_file!("../sql/measure.sql", name = "measure", requires = ["bootstrap"]);
pgrx::extension_sql_file!("../sql/jobs.sql", name = "jobs", requires = ["bootstrap"]);
pgrx::extension_sql_file!(
    "../sql/readers.sql",
    name = "readers",
    requires = [
        api::foreign::check_foreign_table,
        api::read::read_table,
        api::read::read_query,
        api::read::read_describe
    ]
);
pgrx::extension_sql_file!("../sql/finalize.sql", name = "finalize", finalize);

/// Called by the server when it loads the library.
#[pgrx::pg_guard]
pub extern "C-unwind" fn _PG_init() {
    settings::register();
}
