//! What a query asks of one table. The server itself parses and analyses the query, with the
//! caller's settings, and rewrites it, so that views are looked through; what is found is plain data.
//!
//! `statement` has the server read a text, `walk` goes through the query and what it contains,
//! `level` finds out which table's column a Var is, `key` makes SQL of expressions again, and
//! `condition` tells what a condition means, and `built_in` whether somebody's code is in it. Nothing of the query is executed but the immutable
//! functions on constants that every planner executes.

mod built_in;
mod columns;
mod condition;
mod contains;
mod key;
mod level;
mod prefix;
pub mod shape;
mod statement;
mod walk;

pub use self::statement::Analysed;
