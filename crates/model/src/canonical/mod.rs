//! What both sides of a comparison say about the same data: canonical bytes of values, their
//! hashes, sums of hashes, and profiles.

pub mod bytes;
pub mod hash;
pub mod kind;
pub mod profile;
pub mod render;
pub mod request;

pub use {
    bytes::{Canonical, Special},
    hash::Sum,
    kind::Kind,
    profile::{ColumnDigest, Profile},
};
