//! What the values of a column look like: counts and bounds, taken from their canonical bytes, so
//! that both sides say the same of the same data.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{
    bytes::{Canonical, tag},
    hash::{self, Sum},
};

/// Of a text only so many bytes count for its place between others.
const BOUND_BYTES: usize = 64;

/// What one side has of a column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ColumnDigest {
    /// Its values, NULL among them.
    pub sum: Sum,
    /// What they look like.
    pub profile: Profile,
}

impl ColumnDigest {
    /// Takes a value in, and returns its hash.
    #[inline]
    pub fn add(&mut self, canonical: &[u8]) -> u128 {
        let hash = hash::of_value(canonical);
        self.sum.add(hash);
        self.profile.add(canonical);
        hash
    }

    /// Adds what was taken in elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.sum.merge(&other.sum);
        self.profile.merge(&other.profile);
    }
}

/// Counts and bounds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// NULLs.
    pub nulls: u64,
    /// Booleans that are true.
    pub trues: u64,
    /// Texts and bytes of length 0.
    pub empty: u64,
    /// Bytes of texts and of bytes, added up.
    pub length: u64,
    /// NaN and infinities.
    pub not_finite: u64,
    /// Floating-point zeros with a sign.
    pub negative_zeros: u64,
    /// What is no value of the column's type.
    pub invalid: u64,
    /// The least value; None for types without an order here, and where there is none.
    pub min: Option<Bound>,
    /// The greatest.
    pub max: Option<Bound>,
}

/// A value between others: its canonical bytes, of a text only the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound(Vec<u8>);

impl Bound {
    /// The value's canonical bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Profile {
    #[inline]
    fn add(&mut self, canonical: &[u8]) {
        let Some((kind, payload)) = canonical.split_first() else { return };
        match *kind {
            tag::NULL => self.nulls += 1,
            tag::BOOL => self.trues += u64::from(payload == [1]),
            tag::TEXT | tag::BYTES => {
                let length = payload.len().saturating_sub(4) as u64;
                self.length += length;
                self.empty += u64::from(length == 0);
                if *kind == tag::TEXT {
                    self.bounds(canonical);
                }
            }
            tag::FLOAT4 | tag::FLOAT8 => self.float(canonical),
            tag::NUMERIC if payload.first() != Some(&0) => self.not_finite += 1,
            tag::INVALID => self.invalid += 1,
            tag::INTEGER | tag::NUMERIC | tag::DATE | tag::TIME | tag::TIMESTAMP => {
                self.bounds(canonical);
            }
            _ => {}
        }
    }

    fn float(&mut self, canonical: &[u8]) {
        let value = float(canonical);
        if !value.is_finite() {
            self.not_finite += 1;
            return;
        }
        self.negative_zeros += u64::from(value == 0.0 && value.is_sign_negative());
        self.bounds(canonical);
    }

    #[inline]
    fn bounds(&mut self, canonical: &[u8]) {
        lower(&mut self.min, canonical, Ordering::Less);
        lower(&mut self.max, canonical, Ordering::Greater);
    }

    /// Adds what was taken in elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.nulls += other.nulls;
        self.trues += other.trues;
        self.empty += other.empty;
        self.length += other.length;
        self.not_finite += other.not_finite;
        self.negative_zeros += other.negative_zeros;
        self.invalid += other.invalid;
        if let Some(min) = &other.min {
            lower(&mut self.min, &min.0, Ordering::Less);
        }
        if let Some(max) = &other.max {
            lower(&mut self.max, &max.0, Ordering::Greater);
        }
    }
}

/// Replaces the bound by a value that lies on this side of it.
#[inline]
fn lower(bound: &mut Option<Bound>, canonical: &[u8], side: Ordering) {
    match bound {
        Some(Bound(bytes)) if compare(canonical, bytes) != side => {}
        Some(Bound(bytes)) => {
            bytes.clear();
            bytes.extend_from_slice(clipped(canonical));
        }
        None => *bound = Some(Bound(clipped(canonical).to_vec())),
    }
}

/// Only texts are long.
fn clipped(canonical: &[u8]) -> &[u8] {
    match canonical.first() {
        Some(&tag::TEXT) => &canonical[..canonical.len().min(5 + BOUND_BYTES)],
        _ => canonical,
    }
}

/// The order of two values of one column, NULL first. A column of documents has several kinds.
#[inline]
pub fn compare(one: &[u8], other: &[u8]) -> Ordering {
    let kind = one.first().copied().unwrap_or_default();
    match kind {
        _ if one.first() != other.first() => one.first().cmp(&other.first()),
        tag::INTEGER => integer::<16, _>(one, i128::from_le_bytes)
            .cmp(&integer::<16, _>(other, i128::from_le_bytes)),
        tag::DATE => integer::<4, _>(one, i32::from_le_bytes)
            .cmp(&integer::<4, _>(other, i32::from_le_bytes)),
        tag::TIME | tag::TIMESTAMP => integer::<8, _>(one, i64::from_le_bytes)
            .cmp(&integer::<8, _>(other, i64::from_le_bytes)),
        tag::FLOAT4 | tag::FLOAT8 => float(one).total_cmp(&float(other)),
        tag::NUMERIC => compare_numerics(one, other),
        tag::TEXT => {
            let text = |bytes: &'_ [u8]| 5..bytes.len().min(5 + BOUND_BYTES);
            one.get(text(one)).cmp(&other.get(text(other)))
        }
        _ => one.cmp(other),
    }
}

#[inline]
fn integer<const N: usize, T: Default>(canonical: &[u8], parse: impl Fn([u8; N]) -> T) -> T {
    canonical
        .get(1..)
        .and_then(|payload| payload.first_chunk())
        .map_or_else(T::default, |b| parse(*b))
}

fn float(canonical: &[u8]) -> f64 {
    match canonical.first() {
        Some(&tag::FLOAT4) => integer(canonical, f32::from_le_bytes).into(),
        _ => integer(canonical, f64::from_le_bytes),
    }
}

/// Finite numbers: sign, then size.
fn compare_numerics(one: &[u8], other: &[u8]) -> Ordering {
    let sign = |number: &[u8]| match (number.get(2), number.len()) {
        (Some(1), _) => -1,
        (_, 9) => 0,
        _ => 1,
    };
    let (sign_of_one, sign_of_other) = (sign(one), sign(other));
    if sign_of_one != sign_of_other || sign_of_one == 0 {
        return sign_of_one.cmp(&sign_of_other);
    }
    let size = weight(one).cmp(&weight(other)).then_with(|| digits(one).cmp(digits(other)));
    if sign_of_one > 0 { size } else { size.reverse() }
}

/// The weight of a finite numeric.
fn weight(numeric: &[u8]) -> i16 {
    let weight = numeric.get(3..).and_then(|bytes| bytes.first_chunk());
    weight.map_or(0, |bytes| i16::from_le_bytes(*bytes))
}

/// The digits of a finite numeric, the highest first.
fn digits(numeric: &[u8]) -> impl Iterator<Item = u16> {
    let digits = numeric.get(9..).unwrap_or_default();
    digits.chunks_exact(2).map(|digit| u16::from_le_bytes([digit[0], digit[1]]))
}

/// The canonical bytes of a value, for tests and for values that are made by hand.
pub fn canonical(put: impl FnOnce(&mut Canonical)) -> Vec<u8> {
    let mut canonical = Canonical::default();
    put(&mut canonical);
    canonical.bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numeric(negative: bool, weight: i32, digits: &[u16]) -> Vec<u8> {
        canonical(|c| c.numeric(negative, weight, digits))
    }

    #[test]
    fn numbers_are_ordered_by_their_value() {
        let ascending = [
            numeric(true, 1, &[1]),
            numeric(true, 0, &[2, 5]),
            numeric(true, 0, &[2]),
            numeric(true, -1, &[9999]),
            numeric(false, 0, &[]),
            numeric(false, -1, &[1]),
            numeric(false, 0, &[1]),
            numeric(false, 0, &[1, 1]),
            numeric(false, 0, &[2]),
            numeric(false, 1, &[1]),
        ];
        for (at, one) in ascending.iter().enumerate() {
            for (place, other) in ascending.iter().enumerate() {
                assert_eq!(compare(one, other), at.cmp(&place), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn values_that_end_too_early_are_compared_all_the_same() {
        for kind in tag::NULL..=tag::SPARSEVEC {
            assert_eq!(compare(&[kind], &[kind]), Ordering::Equal, "{kind}");
        }
    }

    #[test]
    fn a_profile_is_the_same_however_the_rows_were_split() {
        let texts: Vec<_> =
            ["b", "", "a", "é"].iter().map(|t| canonical(|c| c.text(t.as_bytes()))).collect();
        let mut whole = ColumnDigest::default();
        let (mut one, mut other) = (ColumnDigest::default(), ColumnDigest::default());
        for (at, text) in texts.iter().enumerate() {
            whole.add(text);
            if at % 2 == 0 {
                one.add(text)
            } else {
                other.add(text)
            };
        }
        one.merge(&other);
        assert_eq!(one, whole);
        assert_eq!((whole.profile.empty, whole.profile.length), (1, 4));
        assert_eq!(whole.profile.min.as_ref().map(Bound::bytes), Some(texts[1].as_slice()));
        assert_eq!(whole.profile.max.as_ref().map(Bound::bytes), Some(texts[3].as_slice()));
    }

    #[test]
    fn texts_and_numbers_of_documents_are_ordered_whichever_comes_first() {
        let values = [numeric(false, 0, &[5]), canonical(|c| c.text(b"a"))];
        let mut columns = [ColumnDigest::default(), ColumnDigest::default()];
        values.iter().for_each(|value| _ = columns[0].add(value));
        values.iter().rev().for_each(|value| _ = columns[1].add(value));
        assert_eq!(columns[0], columns[1]);
    }

    #[test]
    fn what_is_not_finite_is_counted_and_no_bound() {
        let mut column = ColumnDigest::default();
        for value in [f64::NAN, f64::INFINITY, -0.0, 1.5] {
            column.add(&canonical(|c| c.float8(value)));
        }
        let Profile { not_finite, negative_zeros, max, .. } = column.profile;
        assert_eq!((not_finite, negative_zeros), (2, 1));
        assert_eq!(max.unwrap().bytes(), canonical(|c| c.float8(1.5)));
    }
}
