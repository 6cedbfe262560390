//! Random queries over tables full of values that systems disagree about.

pub mod data;
mod expressions;
pub mod make;
pub mod query;
pub mod run;
mod shrink;
mod values;

pub use shrink::smallest;
