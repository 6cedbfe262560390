//! What the column holds.

use super::{Check, Look, Status};
use crate::{
    error::Result,
    index::vector::metric::{Element, Metric},
};

pub(super) fn dimension_uniform(look: &Look<'_>) -> Result<Vec<Check>> {
    let (least, most) = (look.contents.least, look.contents.most);
    let (Some(least), Some(most)) = (least, most) else {
        return Ok(vec![Check::skipped("dimension_uniform", "There are no vectors.")]);
    };
    let expected = look.column.dimensions.unwrap_or(most);
    let actual = if least == most { least.to_string() } else { format!("{least} to {most}") };
    let holds = least == expected && most == expected;
    let check = Check::new("dimension_uniform", Status::must(holds), expected, actual);
    Ok(vec![match look.column.dimensions {
        Some(_) => check,
        None => check.detail("The column's type says no number: an index needs it in a cast."),
    }])
}

pub(super) fn null_count(look: &Look<'_>) -> Result<Vec<Check>> {
    let nulls = look.contents.rows.saturating_sub(look.contents.vectors);
    let check = Check::new("null_count", Status::should(nulls == 0), 0, nulls);
    Ok(vec![if nulls == 0 { check } else { check.detail("No index finds these rows.") }])
}

pub(super) fn zero_count(look: &Look<'_>) -> Result<Vec<Check>> {
    let zeros = look.contents.zeros;
    let check = Check::new("zero_count", Status::should(zeros == 0), 0, zeros);
    let reason = "A vector of zeros has no cosine, and no index of it finds one.";
    Ok(vec![if zeros == 0 { check } else { check.detail(reason) }])
}

pub(super) fn non_finite_count(look: &Look<'_>) -> Result<Vec<Check>> {
    let count = look.contents.non_finite;
    Ok(vec![Check::new("non_finite_count", Status::must(count == 0), 0, count)])
}

/// Inner products are cosines of vectors of length 1 only.
pub(super) fn unit_norm(look: &Look<'_>) -> Result<Vec<Check>> {
    if look.column.element == Element::Bit {
        return Ok(vec![Check::skipped("unit_norm", "Bits have no length.")]);
    }
    let (units, vectors) = (look.contents.units, look.contents.vectors);
    let by_products = |metric: Option<Metric>| metric == Some(Metric::Ip);
    let indexed = look.indexes.iter().any(|one| by_products(Metric::of_class(one.class())));
    let check = Check::new("unit_norm", Status::should(units == vectors), vectors, units);
    Ok(vec![match (units == vectors, indexed || by_products(look.metric)) {
        (true, _) => check,
        (false, true) => {
            check.detail("Inner products rank vectors of other lengths by their length, too.")
        }
        (false, false) => Check {
            status: Status::Skip,
            ..check.detail("Only inner products ask for it, and nothing here uses them.")
        },
    }])
}
