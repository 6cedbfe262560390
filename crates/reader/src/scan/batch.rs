//! Rows on their way from the thread that makes them to the one that sends them.

use migrator_model::{
    layout::{MAX_ALIGN, align_up},
    reject::Reject,
};

use crate::pages::toast::Values;

/// A batch with so many bytes is full; only its last row may make it larger.
const FULL_BYTES: usize = 1 << 20;
/// A batch with so many rejects is full.
const FULL_REJECTS: usize = 100;

/// Some rows of a chunk.
#[derive(Default)]
pub struct Batch {
    /// Tuple images, each MAXALIGNed.
    bytes: Vec<u8>,
    /// Where they start, and their lengths.
    rows: Vec<(usize, usize)>,
    /// Their values out of line.
    pub values: Values,
    /// Rows that are not carried.
    pub rejects: Vec<Reject>,
}

impl Batch {
    /// The images.
    pub fn images(&self) -> impl Iterator<Item = &[u8]> {
        self.rows.iter().map(|(start, length)| &self.bytes[*start..start + length])
    }

    /// Adds a row that `put` appends to the bytes. What it has appended when it fails is removed.
    pub fn add<E>(
        &mut self,
        put: impl FnOnce(&mut Vec<u8>, &mut Values) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.bytes.len();
        let put = put(&mut self.bytes, &mut self.values);
        match &put {
            Ok(()) => {
                self.rows.push((start, self.bytes.len() - start));
                self.bytes.resize(align_up(self.bytes.len(), MAX_ALIGN), 0);
            }
            Err(_) => self.bytes.truncate(start),
        }
        put
    }

    /// Whether it should go.
    pub fn is_full(&self) -> bool {
        self.bytes.len() + self.values.bytes.len() >= FULL_BYTES
            || self.rejects.len() >= FULL_REJECTS
    }

    /// Empties it. Memory that only a large row has needed is given back.
    pub fn clear(&mut self) {
        if self.bytes.capacity() > 4 * FULL_BYTES || self.values.bytes.capacity() > 4 * FULL_BYTES {
            *self = Self::default();
        }
        self.bytes.clear();
        self.rows.clear();
        self.values.clear();
        self.rejects.clear();
    }
}
