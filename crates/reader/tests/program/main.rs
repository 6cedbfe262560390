//! The program itself, over its socket, in its sandbox.

mod encrypted;
mod files;
mod queries;
mod rig;
mod sandbox;
mod waiting;
