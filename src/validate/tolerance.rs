//! Whether two values are near enough, as the user says for a column.

use migrator_model::canonical::{bytes::tag, render};

use super::options::Tolerance;

/// Whether the target's value is near enough to the source's.
pub fn is_near(there: &[u8], here: &[u8], allowed: &Tolerance) -> bool {
    match (there.first(), here.first()) {
        (Some(&tag::VECTOR), Some(&tag::VECTOR)) => vectors(there, here, allowed),
        (Some(&tag::NUMERIC), Some(&tag::NUMERIC)) => numerics(there, here, allowed),
        (Some(one), Some(other)) if one == other => match (number(there), number(here)) {
            (Some(one), Some(other)) => {
                numbers(one, other, allowed) || ulp(there, here, allowed.ulp)
            }
            _ => false,
        },
        _ => false,
    }
}

fn number(canonical: &[u8]) -> Option<f64> {
    match *canonical.first()? {
        tag::FLOAT4 => Some(f32::from_le_bytes(*canonical.get(1..)?.first_chunk()?).into()),
        tag::FLOAT8 => Some(f64::from_le_bytes(*canonical.get(1..)?.first_chunk()?)),
        _ => None,
    }
}

/// Exact numbers have an exact distance.
fn numerics(there: &[u8], here: &[u8], allowed: &Tolerance) -> bool {
    let (there, here) = (render::text(there), render::text(here));
    let exact = allowed.absolute.and_then(|limit| is_within(&there, &here, &limit.to_string()));
    let (Ok(one), Ok(other)) = (there.parse(), here.parse()) else { return false };
    match exact {
        Some(true) => true,
        Some(false) => numbers(one, other, &Tolerance { absolute: None, ..*allowed }),
        None => numbers(one, other, allowed),
    }
}

/// Whether two decimals are no further apart than a third says; None for what has too many digits.
fn is_within(there: &str, here: &str, limit: &str) -> Option<bool> {
    let scale = [there, here, limit].map(|text| text.split_once('.').map_or(0, |(_, f)| f.len()));
    let scale = scale.into_iter().max()?;
    let scaled = |text: &str| -> Option<i128> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        format!("{whole}{fraction:0<scale$}").parse().ok()
    };
    let distance = scaled(there)?.checked_sub(scaled(here)?)?;
    Some(distance.unsigned_abs() <= scaled(limit)?.unsigned_abs())
}

fn numbers(there: f64, here: f64, allowed: &Tolerance) -> bool {
    if !there.is_finite() || !here.is_finite() {
        return false;
    }
    let distance = (there - here).abs();
    let within = |limit: Option<f64>| limit.is_some_and(|limit| distance <= limit);
    within(allowed.absolute) || within(allowed.relative.map(|part| part * there.abs()))
}

/// Units in the last place between two floating-point numbers.
fn ulp(there: &[u8], here: &[u8], allowed: Option<u64>) -> bool {
    let Some(allowed) = allowed else { return false };
    let steps = |canonical: &[u8]| match *canonical.first()? {
        tag::FLOAT4 => {
            let bits = i32::from_le_bytes(*canonical.get(1..)?.first_chunk()?);
            Some(i64::from(if bits < 0 { i32::MIN - bits } else { bits }))
        }
        tag::FLOAT8 => {
            let bits = i64::from_le_bytes(*canonical.get(1..)?.first_chunk()?);
            Some(if bits < 0 { i64::MIN - bits } else { bits })
        }
        _ => None,
    };
    let are_finite =
        || number(there).zip(number(here)).is_some_and(|(a, b)| a.is_finite() && b.is_finite());
    steps(there).zip(steps(here)).is_some_and(|(a, b)| are_finite() && a.abs_diff(b) <= allowed)
}

fn vectors(there: &[u8], here: &[u8], allowed: &Tolerance) -> bool {
    let numbers_of = |vector: &[u8]| -> Vec<f32> {
        let numbers = vector.get(5..).unwrap_or_default();
        numbers.chunks_exact(4).map(|n| f32::from_le_bytes([n[0], n[1], n[2], n[3]])).collect()
    };
    let (there, here) = (numbers_of(there), numbers_of(here));
    let float = |value: f32| migrator_model::canonical::profile::canonical(|c| c.float4(value));
    let near = |(one, other): (&f32, &f32)| {
        numbers((*one).into(), (*other).into(), allowed)
            || ulp(&float(*one), &float(*other), allowed.ulp)
            || one == other
    };
    there.len() == here.len() && there.iter().zip(&here).all(near)
}

#[cfg(test)]
mod tests {
    use migrator_model::canonical::profile::canonical;

    use super::*;

    fn near(there: f64, here: f64, allowed: Tolerance) -> bool {
        is_near(&canonical(|c| c.float8(there)), &canonical(|c| c.float8(here)), &allowed)
    }

    #[test]
    fn each_tolerance_has_its_own_measure() {
        let absolute = Tolerance { absolute: Some(0.5), ..Tolerance::default() };
        assert!(near(1.0, 1.5, absolute) && !near(1.0, 1.75, absolute));
        let relative = Tolerance { relative: Some(0.25), ..Tolerance::default() };
        assert!(near(1000.0, 1250.0, relative) && !near(1.0, 1.5, relative));
        let ulp = Tolerance { ulp: Some(1), ..Tolerance::default() };
        assert!(near(1.0, 1.0_f64.next_up(), ulp) && near(0.0, -0.0, ulp));
        assert!(!near(1.0, 1.0_f64.next_up().next_up(), ulp));
        assert!(!near(f64::INFINITY, 5.0, relative) && !near(f64::INFINITY, 5.0, absolute));
        assert!(!near(f64::MAX, f64::INFINITY, ulp) && !near(f64::NAN, 1.0, absolute));
    }

    #[test]
    fn numerics_and_vectors_have_one_too_and_null_is_near_nothing() {
        let allowed = Tolerance { absolute: Some(0.5), ..Tolerance::default() };
        let numeric = |digits: &[u16]| canonical(|c| c.numeric(false, 0, digits));
        assert!(is_near(&numeric(&[3]), &numeric(&[3, 4000]), &allowed));
        let cent = Tolerance { absolute: Some(0.01), ..Tolerance::default() };
        assert!(is_near(&numeric(&[24, 5600]), &numeric(&[24, 5700]), &cent));
        assert!(!is_near(&numeric(&[24, 5600]), &numeric(&[24, 5700, 1]), &cent));
        assert!(!is_near(&numeric(&[3]), &numeric(&[4]), &allowed));
        let vector = |numbers: [f32; 2]| {
            canonical(|c| {
                c.vector(2);
                numbers.iter().for_each(|number| c.raw(&number.to_le_bytes()));
            })
        };
        assert!(is_near(&vector([1.0, 2.0]), &vector([1.5, 2.0]), &allowed));
        assert!(!is_near(&vector([1.0, 2.0]), &vector([1.5, 2.6]), &allowed));
        assert!(!is_near(&canonical(|c| c.null()), &canonical(|c| c.float8(0.0)), &allowed));
    }
}
