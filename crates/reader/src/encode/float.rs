//! Floating-point numbers, bit for bit.

use migrator_model::{
    BadValue, PgType,
    policy::{Loss, Lost},
};

use super::{
    Cells, Policy,
    bind::{Column, each},
    varlena::fixed,
};
use crate::vector::{Data, Vector};

/// Binds FLOAT and DOUBLE to real and double precision.
pub fn bind<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Box<dyn Cells + 'c>> {
    let (validity, policy) = (vector.validity, column.policy);
    Some(match (&vector.data, &column.target.pg) {
        (Data::F32(values), PgType::Float4) => each(validity, values, |value, out, _| {
            fixed(out, 4, value.to_le_bytes());
            Ok(())
        }),
        (Data::F32(values), PgType::Float8) => each(validity, values, |value, out, _| {
            fixed(out, 8, f64::from(*value).to_le_bytes());
            Ok(())
        }),
        (Data::F64(values), PgType::Float8) => each(validity, values, |value, out, _| {
            fixed(out, 8, value.to_le_bytes());
            Ok(())
        }),
        (Data::F64(values), PgType::Float4) => each(validity, values, |value, out, lost| {
            fixed(out, 4, narrow(*value, policy, lost)?.to_le_bytes());
            Ok(())
        }),
        _ => return None,
    })
}

/// A double as a real: a change is a loss, an infinity that was none is out of range.
pub fn narrow(value: f64, policy: &Policy, lost: &mut Lost) -> Result<f32, BadValue> {
    let narrowed = value as f32;
    if narrowed.is_infinite() && value.is_finite() {
        return Err(BadValue::out_of_range(value, "real"));
    }
    if f64::from(narrowed) != value && !value.is_nan() {
        policy.lose(Loss::FloatPrecision, lost, "22003")?;
    }
    Ok(narrowed)
}
