//! Structs as row types: attributes find their fields by name.

use migrator_model::{Field, canonical::Kind};

use super::{
    bind::{Column, bind as bind_column},
    values::{Bound, by_row},
};
use crate::vector::{Validity, Vector};

/// Binds a STRUCT to a row type; None where an attribute has no field. How many digits of seconds
/// an attribute keeps is not told: all of them count.
pub fn bind<'c>(
    column: Column<'c>,
    attributes: &'c [(String, Kind)],
    fields: &'c [Field],
    parts: &'c [Vector<'c>],
    validity: Validity<'c>,
) -> Option<Bound<'c>> {
    let attribute = |(name, kind): &'c (String, Kind)| {
        let at = Field::position(fields, name)?;
        let (field, part) = (fields.get(at)?, parts.get(at)?);
        let logical = &field.logical;
        let column = Column { logical, kind, digits: None, nul: column.nul, normalize: false };
        Some(bind_column(column, part))
    };
    let bound = attributes.iter().map(attribute).collect::<Option<Vec<_>>>()?;
    Some(by_row(validity, move |row, out| {
        out.row(bound.len());
        bound.iter().for_each(|attribute| attribute.put(row, out));
    }))
}
