//! The labels of an enum, looked up once each.

use super::damaged;
use crate::error::Result;

/// Finds the label of an enum's value; None: there is none.
pub type Find = fn(u32) -> Option<Vec<u8>>;

/// Labels by OID, ascending, and where others are found.
#[derive(Clone, Debug)]
pub struct Labels {
    known: Vec<(u32, Vec<u8>)>,
    find: Find,
}

impl Labels {
    /// None yet.
    pub fn new(find: Find) -> Self {
        Self { known: Vec::new(), find }
    }

    /// The label of a value.
    pub fn get(&mut self, value: u32) -> Result<&[u8]> {
        let at = match self.known.binary_search_by_key(&value, |(oid, _)| *oid) {
            Ok(at) => at,
            Err(at) => {
                let label = (self.find)(value)
                    .ok_or_else(|| damaged("The value of an enum is none of its labels."))?;
                self.known.insert(at, (value, label));
                at
            }
        };
        Ok(&self.known[at].1)
    }
}
