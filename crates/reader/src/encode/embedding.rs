//! pgvector's vector, halfvec and sparsevec: numbers of single or half precision, behind how many
//! there are.

use half::f16;
use migrator_model::{
    BadValue, PgType,
    pg_type::MAX_NONZERO,
    policy::{Loss, Lost, NulBytes},
};

use super::{
    Cells, Policy,
    bind::{ByRow, Column},
    float, varlena,
};
use crate::vector::{Data, Elements, Validity, Vector};

/// Binds a list of numbers to one of pgvector's types.
pub fn bind<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Box<dyn Cells + 'c>> {
    let (elements, child) = vector.elements()?;
    let from = From { column, validity: vector.validity, elements, valid: child.validity };
    match &child.data {
        Data::F32(values) => from.bind(values),
        Data::F64(values) => from.bind(values),
        Data::I8(values) => from.bind(values),
        Data::U8(values) => from.bind(values),
        _ => None,
    }
}

/// A number of a list.
trait Number: Copy + Into<f64> {
    /// In single precision.
    fn single(self, policy: &Policy, lost: &mut Lost) -> Result<f32, BadValue>;

    /// Appends all of them in single precision.
    fn put_singles(
        numbers: &[Self],
        policy: &Policy,
        out: &mut Vec<u8>,
        lost: &mut Lost,
    ) -> Result<(), BadValue> {
        out.reserve(numbers.len() * 4);
        numbers.iter().try_for_each(|number| {
            out.extend_from_slice(&number.single(policy, lost)?.to_le_bytes());
            Ok(())
        })
    }
}

impl Number for f32 {
    fn single(self, _: &Policy, _: &mut Lost) -> Result<f32, BadValue> {
        Ok(self)
    }

    /// Written into room that is there already, so that it becomes one copy.
    fn put_singles(
        numbers: &[f32],
        _: &Policy,
        out: &mut Vec<u8>,
        _: &mut Lost,
    ) -> Result<(), BadValue> {
        let start = out.len();
        out.resize(start + numbers.len() * 4, 0);
        let (slots, _) = out[start..].as_chunks_mut();
        slots.iter_mut().zip(numbers).for_each(|(slot, number)| *slot = number.to_le_bytes());
        Ok(())
    }
}

impl Number for f64 {
    fn single(self, policy: &Policy, lost: &mut Lost) -> Result<f32, BadValue> {
        float::narrow(self, policy, lost)
    }
}

impl Number for i8 {
    fn single(self, _: &Policy, _: &mut Lost) -> Result<f32, BadValue> {
        Ok(self.into())
    }
}

impl Number for u8 {
    fn single(self, _: &Policy, _: &mut Lost) -> Result<f32, BadValue> {
        Ok(self.into())
    }
}

/// Appends a value, whose numbers are finite and not too many, without its varlena header.
type Put<T> = fn(&[T], &Policy, &mut Vec<u8>, &mut Lost) -> Result<(), BadValue>;

fn put_of<T: Number>(pg: &PgType) -> Option<Put<T>> {
    match pg {
        PgType::Vector(_) => Some(put_vector),
        PgType::HalfVec(_) => Some(put_halfvec),
        PgType::SparseVec(_) => Some(put_sparsevec),
        _ => None,
    }
}

/// Whether none is NaN or infinite. It looks at all, because that is many at a time.
fn all_finite<T: Number>(numbers: &[T]) -> bool {
    numbers.iter().fold(true, |all, number| all & (*number).into().is_finite())
}

/// What the numbers are taken from.
struct From<'c> {
    column: Column<'c>,
    validity: Validity<'c>,
    elements: Elements<'c>,
    /// Which numbers are not NULL.
    valid: Validity<'c>,
}

impl<'c> From<'c> {
    fn bind<T: Number>(self, values: &'c [T]) -> Option<Box<dyn Cells + 'c>> {
        let (pg, policy) = (&self.column.target.pg, self.column.policy);
        if !self.column.normalize {
            let put = put_of::<T>(pg)?;
            return Some(
                self.cells(values, move |numbers, out, lost| put(numbers, policy, out, lost)),
            );
        }
        let put = put_of::<f32>(pg)?;
        Some(self.cells(values, move |numbers, out, lost| {
            put(&scaled(numbers, lost)?, &AGREED, out, lost)
        }))
    }

    /// Cells that check a row as a whole, then write its numbers.
    fn cells<T: Number>(
        self,
        values: &'c [T],
        put_all: impl Fn(&[T], &mut Vec<u8>, &mut Lost) -> Result<(), BadValue> + 'c,
    ) -> Box<dyn Cells + 'c> {
        let Self { column, validity, elements, valid } = self;
        let put = move |row, out: &mut Vec<u8>, lost: &mut Lost| {
            let range = elements.rows(row);
            let all_valid = valid.are_valid(range.clone());
            let numbers = &values[range];
            if !all_valid || !all_finite(numbers) {
                lost.note(Loss::NotAVector);
                let reason = "a vector holds neither NULL, NaN nor infinities";
                return Err(BadValue::new("22000", reason));
            }
            check_dimensions(numbers.len(), &column.target.pg)?;
            let open = varlena::open(out, &column.physical);
            put_all(numbers, out, lost)?;
            varlena::close(out, &open, &column.physical)
        };
        Box::new(ByRow { validity, put })
    }
}

/// In pgvector's words.
fn check_dimensions(have: usize, pg: &PgType) -> Result<(), BadValue> {
    let free = pg.sized(None);
    let most = free.largest_size().unwrap_or(u32::MAX);
    if have == 0 {
        return Err(BadValue::new("22000", format!("{free} must have at least 1 dimension")));
    }
    if have > most as usize {
        let message = format!("{free} cannot have more than {most} dimensions");
        return Err(BadValue::new("54000", message));
    }
    match pg {
        PgType::Vector(Some(wanted))
        | PgType::HalfVec(Some(wanted))
        | PgType::SparseVec(Some(wanted))
            if have != *wanted as usize =>
        {
            Err(BadValue::new("22000", format!("expected {wanted} dimensions, not {have}")))
        }
        _ => Ok(()),
    }
}

/// The dimensions of vector and halfvec.
fn put_dimensions(dimensions: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(dimensions as u16).to_le_bytes());
    out.extend_from_slice(&[0; 2]);
}

fn put_vector<T: Number>(
    numbers: &[T],
    policy: &Policy,
    out: &mut Vec<u8>,
    lost: &mut Lost,
) -> Result<(), BadValue> {
    put_dimensions(numbers.len(), out);
    T::put_singles(numbers, policy, out, lost)
}

fn put_halfvec<T: Number>(
    numbers: &[T],
    policy: &Policy,
    out: &mut Vec<u8>,
    lost: &mut Lost,
) -> Result<(), BadValue> {
    put_dimensions(numbers.len(), out);
    out.reserve(numbers.len() * 2);
    numbers.iter().try_for_each(|number| put_half((*number).into(), policy, out, lost))
}

/// Rounds as pgvector does: by way of single precision, to the nearest, ties to even. Not by
/// f16::from_f64, whose portable form forgets the lowest bits before it rounds.
fn put_half(
    exact: f64,
    policy: &Policy,
    out: &mut Vec<u8>,
    lost: &mut Lost,
) -> Result<(), BadValue> {
    let half = f16::from_f32(exact as f32);
    if half.is_infinite() {
        return Err(BadValue::out_of_range(exact, "halfvec"));
    }
    if half.to_f64() != exact {
        policy.lose(Loss::FloatPrecision, lost, "22003")?;
    }
    out.extend_from_slice(&half.to_le_bytes());
    Ok(())
}

/// As sparsevec.h has it: dimensions, how many numbers are not 0, a word of zeros, the places of
/// these numbers from 0, and the numbers.
fn put_sparsevec<T: Number>(
    numbers: &[T],
    policy: &Policy,
    out: &mut Vec<u8>,
    lost: &mut Lost,
) -> Result<(), BadValue> {
    out.extend_from_slice(&(numbers.len() as u32).to_le_bytes());
    let count_at = out.len();
    out.extend_from_slice(&[0; 8]);
    let mut singles = Vec::new();
    for (place, number) in numbers.iter().enumerate() {
        let single = number.single(policy, lost)?;
        if single != 0.0 {
            out.extend_from_slice(&(place as u32).to_le_bytes());
            singles.push(single);
        } else if is_negative_zero((*number).into()) {
            policy.lose(Loss::NegativeZero, lost, "22003")?;
        }
    }
    if singles.len() > MAX_NONZERO as usize {
        let message = format!("sparsevec cannot have more than {MAX_NONZERO} non-zero elements");
        return Err(BadValue::new("54000", message));
    }
    out[count_at..count_at + 4].copy_from_slice(&(singles.len() as u32).to_le_bytes());
    f32::put_singles(&singles, policy, out, lost)
}

fn is_negative_zero(number: f64) -> bool {
    number == 0.0 && number.is_sign_negative()
}

/// For what was lost with consent.
const AGREED: Policy = Policy { nul_bytes: NulBytes::Error, accept_lossy: true, count_only: false };

/// The numbers divided by the square root of the sum of their squares: in double precision from
/// the first number to the last, then rounded to single precision. To round what was scaled is part
/// of scaling; of a vector that has length 1 already it is a loss.
fn scaled<T: Number>(numbers: &[T], lost: &mut Lost) -> Result<Vec<f32>, BadValue> {
    let squares = numbers.iter().fold(0.0, |sum, number| {
        let number: f64 = (*number).into();
        sum + number * number
    });
    if numbers.iter().all(|number| (*number).into() == 0.0) {
        let reason = "a vector of zeros cannot be scaled to length 1";
        return Err(BadValue::new("22000", reason));
    }
    // The squares of doubles may be too large or too small to say anything.
    if !squares.is_normal() {
        return Err(BadValue::new("22003", "the length of a vector is out of range"));
    }
    let length = squares.sqrt();
    if length == 1.0 {
        return numbers.iter().map(|number| number.single(&AGREED, lost)).collect();
    }
    lost.note(Loss::Length);
    Ok(numbers.iter().map(|number| ((*number).into() / length) as f32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict(accept_lossy: bool) -> Policy {
        Policy { nul_bytes: NulBytes::Error, accept_lossy, count_only: false }
    }

    fn half(exact: f64, accept_lossy: bool) -> Result<(Vec<u8>, bool), BadValue> {
        let (mut out, mut lost) = (Vec::new(), Lost::default());
        put_half(exact, &strict(accept_lossy), &mut out, &mut lost)?;
        Ok((out, lost.has(Loss::FloatPrecision)))
    }

    #[test]
    fn halves_round_to_the_nearest_with_all_bits_in_view() {
        let tie = 1.0 + 2_f32.powi(-11);
        assert_eq!(half(tie.into(), true).unwrap(), (vec![0x00, 0x3c], true));
        let above = f32::from_bits(tie.to_bits() + 1);
        assert_eq!(half(above.into(), true).unwrap(), (vec![0x01, 0x3c], true));
        assert_eq!(half(1.5, false).unwrap(), (vec![0x00, 0x3e], false));
    }

    #[test]
    fn a_changed_or_too_large_number_is_a_bad_value() {
        assert_eq!(half(f64::from(0.1_f32), false).unwrap_err().sqlstate, "22003");
        assert_eq!(half(65_520.0, true).unwrap_err().sqlstate, "22003");
        assert!(half(65_504.0, false).is_ok());
    }

    #[test]
    fn every_small_integer_is_exact_in_each_precision() {
        for number in i8::MIN..=i8::MAX {
            assert!(!half(number.into(), false).unwrap().1);
        }
        for number in u8::MIN..=u8::MAX {
            assert!(!half(number.into(), false).unwrap().1);
        }
        let mut out = Vec::new();
        put_vector(&[-128_i8, 127], &strict(false), &mut out, &mut Lost::default()).unwrap();
        let numbers = [-128.0_f32, 127.0].map(f32::to_le_bytes);
        assert_eq!(out, [&[2, 0, 0, 0], numbers.as_flattened()].concat());
    }

    fn sparse<T: Number>(numbers: &[T], accept: bool) -> Result<(Vec<u8>, Lost), BadValue> {
        let (mut out, mut lost) = (Vec::new(), Lost::default());
        put_sparsevec(numbers, &strict(accept), &mut out, &mut lost)?;
        Ok((out, lost))
    }

    #[test]
    fn a_sparse_vector_has_no_zeros() {
        let words = |words: &[u32]| -> Vec<u8> {
            words.iter().flat_map(|word| word.to_le_bytes()).collect()
        };
        let (two, half) = (2.0_f32.to_bits(), 0.5_f32.to_bits());
        let wanted = words(&[4, 2, 0, 1, 3, two, half]);
        assert_eq!(sparse(&[0.0_f32, 2.0, 0.0, 0.5], false).unwrap(), (wanted, Lost::default()));
        assert_eq!(sparse(&[0.0_f64; 3], false).unwrap().0, words(&[3, 0, 0]));
        assert_eq!(sparse(&[0_u8, 2], false).unwrap().0, words(&[2, 1, 0, 1, two]));
        // A double that rounds to 0.
        assert_eq!(sparse(&[1e-50, 2.0], true).unwrap().0, words(&[2, 1, 0, 1, two]));
    }

    #[test]
    fn the_sign_of_a_zero_is_lost_with_consent_only() {
        assert_eq!(sparse(&[-0.0_f32, 1.0], false).unwrap_err().sqlstate, "22003");
        assert!(sparse(&[-0.0_f64, 1.0], true).unwrap().1.has(Loss::NegativeZero));
        assert!(!sparse(&[-1e-50, 1.0], true).unwrap().1.has(Loss::NegativeZero));
    }

    #[test]
    fn a_sparse_vector_has_at_most_so_many_numbers() {
        let mut numbers = vec![0.0_f32; 20_000];
        numbers[2_000..18_000].fill(1.0);
        assert_eq!(sparse(&numbers, false).unwrap().0.len(), 12 + 16_000 * 8);
        numbers[0] = 1.0;
        assert_eq!(sparse(&numbers, false).unwrap_err().sqlstate, "54000");
    }

    #[test]
    fn dimensions_are_checked_in_the_types_own_words() {
        let check = |have, pg| check_dimensions(have, &pg).map_err(|bad| bad.reason);
        assert_eq!(check(3, PgType::Vector(Some(3))), Ok(()));
        assert_eq!(check(20_000, PgType::SparseVec(None)), Ok(()));
        let told = |text: &str| Err(text.to_owned());
        assert_eq!(check(2, PgType::SparseVec(Some(3))), told("expected 3 dimensions, not 2"));
        assert_eq!(check(0, PgType::HalfVec(None)), told("halfvec must have at least 1 dimension"));
        assert_eq!(
            check(16_001, PgType::Vector(None)),
            told("vector cannot have more than 16000 dimensions")
        );
    }

    #[test]
    fn a_vector_is_scaled_to_length_1() {
        let mut lost = Lost::default();
        assert_eq!(scaled(&[1.0_f32, 0.0], &mut lost).unwrap(), [1.0, 0.0]);
        assert_eq!(lost, Lost::default());
        assert_eq!(scaled(&[3_i8, -4], &mut lost).unwrap(), [0.6, -0.8]);
        assert!(lost.has(Loss::Length) && !lost.has(Loss::FloatPrecision));
        let large = scaled(&[1e200, 1e150], &mut lost).unwrap_err();
        assert_eq!(large.sqlstate, "22003");
        assert!(scaled(&[1e100, 1e100], &mut lost).is_ok());
        assert_eq!(scaled(&[1e-170, 0.0], &mut lost).unwrap_err().sqlstate, "22003");
        assert_eq!(scaled(&[0.0_f32, -0.0], &mut lost).unwrap_err().sqlstate, "22000");
        assert_eq!(scaled::<f32>(&[], &mut lost).unwrap_err().sqlstate, "22000");
    }

    #[test]
    fn what_rounding_takes_of_a_vector_of_length_1_is_lost() {
        let mut lost = Lost::default();
        // Its square is less than double precision has next to 1.
        assert_eq!(scaled(&[1.0, 1e-10], &mut lost).unwrap(), [1.0, 1e-10_f32]);
        assert!(!lost.has(Loss::Length) && lost.has(Loss::FloatPrecision));
    }
}
