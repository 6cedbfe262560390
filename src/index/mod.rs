//! What answers how fast, and how well: measurements of queries and indexes, kept in
//! `migrator.measurements`, the gates of a run, and jobs that build indexes.

pub mod advice;
mod apply;
mod bounds;
mod gates;
mod latency;
pub mod measurements;
pub mod percentile;
pub mod vector;

pub use self::{
    apply::{Applied, Arguments as ApplyArguments, apply, work},
    gates::{Verdict, gate},
    latency::{Arguments as LatencyArguments, Latency, check as check_latency, tap as latency_tap},
};
