//! The box in front of a geometry: the least and greatest ordinate of each dimension (PostGIS:
//! liblwgeom/gbox.c), as floats that enclose it.
//!
//! PostGIS compares with `<` and `>` alone. Its bytes are met only by the same comparisons in the
//! same order, since NaN and the sign of zero depend on which operand is kept.

use super::arc;

/// Least and greatest value of each dimension; zero in those that a geometry has not.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    low: [f64; 4],
    high: [f64; 4],
}

impl Bounds {
    /// Bytes of a dimension: two floats.
    pub const SIZE: usize = 8;

    /// Of points; None where there are none.
    pub fn of_points(ordinates: &[u8], dimensions: usize) -> Option<Self> {
        match dimensions {
            2 => along_points::<2>(ordinates),
            3 => along_points::<3>(ordinates),
            _ => along_points::<4>(ordinates),
        }
    }

    /// Of arcs, each from a point over the next one to the one after.
    pub fn of_arcs(ordinates: &[u8], dimensions: usize) -> Option<Self> {
        match dimensions {
            2 => along_arcs::<2>(ordinates),
            3 => along_arcs::<3>(ordinates),
            _ => along_arcs::<4>(ordinates),
        }
    }

    /// Of two members of a collection, of which the empty ones have none.
    pub fn merged(whole: Option<Self>, member: Option<Self>) -> Option<Self> {
        let (Some(mut whole), Some(member)) = (whole, member) else { return whole.or(member) };
        whole.merge(&member);
        Some(whole)
    }

    /// gbox_merge: on a tie, and against NaN, what is there stays.
    fn merge(&mut self, member: &Self) {
        for (low, new) in self.low.iter_mut().zip(member.low) {
            *low = least(new, *low);
        }
        for (high, new) in self.high.iter_mut().zip(member.high) {
            *high = greatest(new, *high);
        }
    }

    /// Writes least and greatest of as many dimensions as there is room for.
    pub fn put(&self, room: &mut [u8]) {
        let (floats, _) = room.as_chunks_mut::<4>();
        let values = self.low.iter().zip(&self.high).flat_map(|(&l, &h)| [below(l), above(h)]);
        for (float, value) in floats.iter_mut().zip(values) {
            *float = value.to_le_bytes();
        }
    }
}

/// FP_MIN: the second one on a tie and where either is NaN.
pub fn least(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// FP_MAX
pub fn greatest(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

fn points<const N: usize>(ordinates: &[u8]) -> &[[[u8; 8]; N]] {
    ordinates.as_chunks().0.as_chunks().0
}

fn along_points<const N: usize>(ordinates: &[u8]) -> Option<Bounds> {
    let mut points = points::<N>(ordinates).iter().map(|point| point.map(f64::from_le_bytes));
    let first = points.next()?;
    let (mut low, mut high) = (first, first);
    for point in points {
        for ((low, high), value) in low.iter_mut().zip(&mut high).zip(point) {
            *low = least(*low, value);
            *high = greatest(*high, value);
        }
    }
    Some(Bounds { low: widen(low), high: widen(high) })
}

/// lwcircstring_calculate_gbox_cartesian begins with the limits of floats: where an arc gives NaN
/// they stay.
fn along_arcs<const N: usize>(ordinates: &[u8]) -> Option<Bounds> {
    let limits = ([f64::from(f32::MAX); 4], [f64::from(f32::MIN); 4]);
    let mut whole = Bounds { low: limits.0, high: limits.1 };
    let points = points::<N>(ordinates);
    for window in points.windows(3).step_by(2) {
        let [from, over, to] = window else { continue };
        let [from, over, to] = [from, over, to].map(|point| widen(point.map(f64::from_le_bytes)));
        let (low, high) = arc::extent(from, over, to);
        whole.merge(&Bounds { low, high });
    }
    (!points.is_empty()).then_some(whole)
}

fn widen<const N: usize>(values: [f64; N]) -> [f64; 4] {
    let mut wide = [0.0; 4];
    wide.iter_mut().zip(values).for_each(|(wide, value)| *wide = value);
    wide
}

/// The greatest float not above a value, but no infinity (next_float_down).
fn below(value: f64) -> f32 {
    let near = nearest(value);
    if f64::from(near) > value && near > f32::MIN { near.next_down() } else { near }
}

/// The least float not below a value, but no infinity (next_float_up).
fn above(value: f64) -> f32 {
    let near = nearest(value);
    if f64::from(near) < value && near < f32::MAX { near.next_up() } else { near }
}

fn nearest(value: f64) -> f32 {
    match value.is_nan() {
        true => nan(value),
        false => value.clamp(f32::MIN.into(), f32::MAX.into()) as f32,
    }
}

/// A quiet NaN of the same sign and leading bits, as processors convert it; Rust promises no bits.
fn nan(value: f64) -> f32 {
    let bits = value.to_bits();
    let sign = (bits >> 32) as u32 & 0x8000_0000;
    let payload = (bits >> 29) as u32 & 0x003f_ffff;
    f32::from_bits(sign | 0x7fc0_0000 | payload)
}
