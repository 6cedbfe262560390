//! pgvector's vector and halfvec: dimensions, then single or half precision numbers.

use half::f16;
use migrator_model::{
    BadValue, PgType,
    policy::{Loss, Losses},
};

use super::{
    Cells, Policy, array,
    bind::{ByRow, Column},
    float, varlena,
};
use crate::vector::Vector;

/// Binds a list of floats to vector or halfvec.
pub fn bind<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Box<dyn Cells + 'c>> {
    let (wanted, half) = match &column.target.pg {
        PgType::Vector(wanted) => (*wanted, false),
        PgType::HalfVec(wanted) => (*wanted, true),
        _ => return None,
    };
    let put = move |row, out: &mut Vec<u8>, losses: &mut Losses| {
        let Some(numbers) = array::numbers(column.logical, vector, row)
            .filter(|numbers| numbers.iter().all(|number| number.is_finite()))
        else {
            losses.count(Loss::NotAVector);
            return Err(BadValue::new("22000", "a vector holds neither NULL, NaN nor infinities"));
        };
        check_dimensions(numbers.len(), wanted)?;
        let physical = &column.target.physical;
        let open = varlena::open(out, physical);
        out.extend_from_slice(&(numbers.len() as u16).to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        for number in numbers {
            put_number(number, half, column.policy, out, losses)?;
        }
        varlena::close(out, &open, physical)
    };
    Some(Box::new(ByRow { validity: vector.validity, put }))
}

fn check_dimensions(have: usize, wanted: Option<u32>) -> Result<(), BadValue> {
    if let Some(wanted) = wanted
        && have != wanted as usize
    {
        return Err(BadValue::new("22000", format!("expected {wanted} dimensions, not {have}")));
    }
    match have {
        0 => Err(BadValue::new("22000", "vector must have at least 1 dimension")),
        1..=16_000 => Ok(()),
        _ => Err(BadValue::new("54000", "vector cannot have more than 16000 dimensions")),
    }
}

fn put_number(
    number: f64,
    half: bool,
    policy: &Policy,
    out: &mut Vec<u8>,
    losses: &mut Losses,
) -> Result<(), BadValue> {
    if !half {
        out.extend_from_slice(&float::narrow(number, policy, losses)?.to_le_bytes());
        return Ok(());
    }
    let narrowed = f16::from_f64(number);
    if narrowed.is_infinite() {
        return Err(BadValue::out_of_range(number, "halfvec"));
    }
    if narrowed.to_f64() != number {
        policy.lose(Loss::FloatPrecision, losses, "22003")?;
    }
    out.extend_from_slice(&narrowed.to_le_bytes());
    Ok(())
}
