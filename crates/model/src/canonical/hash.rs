//! Hashes of canonical bytes, and their sums: what two sides compare.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

/// The hash of a value's canonical bytes: XXH3, 128 bits.
#[inline]
pub fn of_value(canonical: &[u8]) -> u128 {
    xxh3_128(canonical)
}

/// The hash of a row, or of its key: of the hashes of its values, little endian, in the order of the
/// columns. More than 15 are hashed in parts, each together with what came before.
#[inline]
pub fn of_row(values: &[u128]) -> u128 {
    let mut bytes = [0; 16 * TOGETHER];
    let mut row = 0;
    for part in values.chunks(TOGETHER) {
        for (slot, value) in bytes.chunks_exact_mut(16).zip(part) {
            slot.copy_from_slice(&value.to_le_bytes());
        }
        let hash = xxh3_128(&bytes[..16 * part.len()]);
        row = if values.len() <= TOGETHER { hash } else { xxh3_128(&both(row, hash)) };
    }
    row
}

/// So many values are hashed together: XXH3 has a short way for up to 240 bytes.
const TOGETHER: usize = 15;

fn both(one: u128, other: u128) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&one.to_le_bytes());
    bytes[16..].copy_from_slice(&other.to_le_bytes());
    bytes
}

/// Hashes of many values, in any order: a sum, so that a value that is there twice counts twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// How many.
    pub count: u64,
    /// Modulo 2^128, as hexadecimal digits in messages.
    #[serde(with = "hexadecimal")]
    pub sum: u128,
}

impl Sum {
    /// Adds a hash.
    #[inline]
    pub fn add(&mut self, hash: u128) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(hash);
    }

    /// Adds what was summed elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

/// A hash in a message: JSON's numbers are too small for it.
pub mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes 32 digits.
    pub fn serialize<S: Serializer>(hash: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{hash:032x}"))
    }

    /// Reads them.
    pub fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<u128, D::Error> {
        let digits = std::borrow::Cow::<str>::deserialize(deserializer)?;
        u128::from_str_radix(&digits, 16).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_survives_a_message() {
        let sum = Sum { count: 3, sum: u128::MAX - 5 };
        let text = serde_json::to_string(&sum).unwrap();
        assert_eq!(serde_json::from_str::<Sum>(&text).unwrap(), sum);
    }

    #[test]
    fn a_rows_hash_depends_on_the_order_of_its_values_and_on_each_of_them() {
        for columns in [1, 2, 14, 15, 16, 30, 31, 100] {
            let row: Vec<u128> = (1..=columns).collect();
            for at in 0..row.len() {
                let mut other = row.clone();
                other[at] += 1 << 77;
                assert_ne!(of_row(&row), of_row(&other), "{columns} {at}");
            }
            let turned: Vec<u128> = row.iter().rev().copied().collect();
            assert_eq!(of_row(&row) == of_row(&turned), columns == 1);
        }
    }

    #[test]
    fn two_pairs_that_a_xor_of_crcs_confuses_have_different_sums() {
        let sum = |values: [i128; 5]| {
            let mut sum = Sum::default();
            for value in values {
                let mut canonical = super::super::Canonical::default();
                canonical.integer(value);
                sum.add(of_value(canonical.bytes()));
            }
            sum
        };
        assert_ne!(sum([21, 23, 25, 27, 29]), sum([21, 22, 24, 26, 28]));
    }
}
