//! The planner's callbacks: how much of a query DuckDB can compute, and what that costs.
//!
//! `expression` says the server's expressions as plain data; what they are in DuckDB's SQL, if they
//! are anything there, is `readers::pushdown`'s business. Each relation of the planner's remembers a
//! `state`: a foreign table (`size`, `paths`), a join of such relations (`join`), or what comes behind
//! (`upper`). `plan` makes the plan node of whatever the planner has chosen.

mod catalog;
mod conditions;
mod constant;
mod cost;
mod expression;
mod given;
mod join;
pub(in crate::pg) mod nodes;
mod outputs;
mod parameterized;
mod paths;
mod plan;
mod planning;
mod query;
mod size;
mod sort;
mod state;
mod types;
mod upper;

pub use {
    join::get_foreign_join_paths, paths::get_foreign_paths, plan::get_foreign_plan,
    size::get_foreign_rel_size, upper::get_foreign_upper_paths,
};
