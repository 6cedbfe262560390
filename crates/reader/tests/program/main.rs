//! The program itself, over its socket, in its sandbox.

#![forbid(unsafe_code)]

mod encrypted;
mod files;
mod queries;
mod rig;
mod sandbox;
mod waiting;
