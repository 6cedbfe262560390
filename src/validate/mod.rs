//! Proof that what is in the target is what was in the source, and that it holds together. It uses
//! nothing of what loads but the plan of columns: the values of both sides are read by decoders of
//! its own.
//!
//! A validation's way: options → reader → pair of tables → schema checks → sums of both sides, at
//! the same time → rows that differ, where the sums do → checks of the target alone → run log.

pub mod check;
mod content;
mod fidelity;
mod here;
pub mod integrity;
mod job;
pub mod junit;
mod last;
mod loaded;
mod locate;
mod log;
mod names;
mod options;
mod pair;
mod pgtap;
mod physical;
mod range;
mod repair;
mod rows;
mod schema;
mod session;
mod statement;
mod stored;
mod tally;
pub mod tap;
mod target_schema;
mod there;
mod tolerance;
mod values;

pub use self::{
    job::{Report, database, differences, run, table},
    last::last,
    options::Arguments,
    pgtap::create as create_pgtap,
    repair::{Repair, repair},
    values::Line,
};
