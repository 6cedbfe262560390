//! Tuple images become finished heap pages, and values out of line.

pub mod builder;
pub mod compress;
pub mod ids;
pub mod pglz;
pub mod toast;
