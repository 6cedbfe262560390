//! Rows of a source without loading them: the foreign data wrapper and the set-returning functions.
//!
//! `pushdown` says PostgreSQL's expressions in DuckDB's SQL, or not at all; `plan` is what the planner
//! hands to the executor; `table` is a foreign table as the planner sees it; `import` makes such tables.
//! The server's side of the wrapper is `pg::fdw`. `functions` reads without one, and `describe` says
//! what the columns are.

pub mod assumed;
pub mod bare_table;
pub mod describe;
pub mod described;
pub mod fit;
pub mod functions;
pub mod import;
pub mod kept;
pub mod options;
pub mod plan;
pub mod pushdown;
pub mod remedy;
pub mod sample;
pub mod table;
