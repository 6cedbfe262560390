//! Values of row types (HeapTupleHeader as a datum, access/htup_details.h): tuples whose first
//! bytes are a varlena header, and a type instead of transactions.

use migrator_model::layout::ROW_TYPE_FIELDS;

use super::{Fault, Inline, RowShape, span::Span, tuple, varlena};

/// Checks what follows the varlena header. lookup_rowtype_tupdesc() trusts type and modifier: they
/// decide how the attributes are read.
pub fn check(payload: &[u8], shape: &RowShape) -> Result<(), Fault> {
    let span = Span::new(payload, varlena::HEADER);
    if span.get(ROW_TYPE_FIELDS.start, ROW_TYPE_FIELDS.len())? != shape.type_fields {
        return Err(Fault::RowType);
    }
    tuple::check(span, shape.flags, &shape.attributes, &mut Inline).map_err(|error| error.fault)
}
