//! Tuples: the rows of a relation, and values of row types, which look the same.

use migrator_model::{
    BadValue, Field, LogicalType,
    layout::{
        Attribute, HAS_NULL, HAS_VARWIDTH, HEADER_BYTES, HOFF_AT, INFOMASK_AT, INFOMASK2_AT, Inner,
        MAX_ALIGN, MAX_FIELD_BYTES, ROW_TYPE_FIELDS, Target, align_up,
    },
    policy::Lost,
    protocol::Failure,
};

use super::{
    Cells, Policy,
    bind::{self, Column},
    varlena,
};
use crate::vector::{Data, Vector};

/// One attribute of a bound tuple.
struct Part<'c> {
    attribute: &'c Attribute,
    /// What fills it, and from which source column; None leaves it NULL.
    cells: Option<(usize, Box<dyn Cells + 'c>)>,
}

/// The attributes of a tuple, bound to the columns of a chunk.
pub struct Tuple<'c> {
    parts: Vec<Part<'c>>,
    /// The header of every row, where none has a NULL.
    full: Option<Vec<u8>>,
    /// Only count what is lost: a value that cannot be carried does not hide the next.
    count_only: bool,
}

/// The scan columns of a chunk.
#[derive(Clone, Copy)]
pub struct Sources<'c> {
    /// Their types.
    pub logicals: &'c [LogicalType],
    /// Whether their vectors are scaled to length 1; of those that are not named here none.
    pub normalized: &'c [bool],
    /// Their values.
    pub columns: &'c [Vector<'c>],
}

impl<'c> Sources<'c> {
    /// Binds one to what it fills.
    fn bind(
        self,
        source: usize,
        target: &'c Target,
        policy: &'c Policy,
    ) -> Result<Box<dyn Cells + 'c>, Failure> {
        let (Some(logical), Some(vector)) = (self.logicals.get(source), self.columns.get(source))
        else {
            return Err(Failure::new("08P01", "attribute without a scan column"));
        };
        let normalize = self.normalized.get(source).copied().unwrap_or(false);
        bind::bind(Column { normalize, ..Column::new(logical, target, policy) }, vector)
    }
}

/// Binds attributes to the columns they are filled from.
pub fn bind<'c>(
    attributes: &'c [Attribute],
    sources: Sources<'c>,
    policy: &'c Policy,
) -> Result<Tuple<'c>, Failure> {
    let part = |attribute: &'c Attribute| {
        let cells = match (attribute.source, &attribute.target) {
            (Some(source), Some(target)) => Some((source, sources.bind(source, target, policy)?)),
            _ => None,
        };
        Ok(Part { attribute, cells })
    };
    Ok(Tuple::new(attributes.iter().map(part).collect::<Result<_, _>>()?, policy))
}

impl<'c> Tuple<'c> {
    fn new(parts: Vec<Part<'c>>, policy: &Policy) -> Self {
        let never_null = |part: &Part<'_>| part.cells.as_ref().is_some_and(|(_, c)| c.never_null());
        let full = parts.iter().all(never_null).then(|| {
            let mut header = Vec::new();
            put_header(&parts, 0, &mut header);
            header
        });
        Self { parts, full, count_only: policy.count_only }
    }

    /// Appends the row as a tuple image; losses are noted for each source column, and an error
    /// comes with its source column.
    pub fn put_row(
        &self,
        row: usize,
        out: &mut Vec<u8>,
        lost: &mut [Lost],
    ) -> Result<(), (usize, BadValue)> {
        let start = out.len();
        if let Some(header) = &self.full {
            out.extend_from_slice(header);
            let mut filled = self.parts.iter().filter_map(|part| part.cells.as_ref());
            return filled.try_for_each(|cells| self.put(cells, row, start, out, lost));
        }
        let has_null = put_header(&self.parts, row, out);
        for (at, part) in self.parts.iter().enumerate() {
            let Some(cells) = part.cells.as_ref().filter(|(_, c)| !c.is_null(row)) else {
                check_null(part)?;
                continue;
            };
            if has_null {
                out[start + HEADER_BYTES + at / 8] |= 1 << (at % 8);
            }
            self.put(cells, row, start, out, lost)?;
        }
        Ok(())
    }

    #[inline]
    fn put(
        &self,
        (source, cells): &(usize, Box<dyn Cells + 'c>),
        row: usize,
        start: usize,
        out: &mut Vec<u8>,
        lost: &mut [Lost],
    ) -> Result<(), (usize, BadValue)> {
        let mut none = Lost::default();
        let lost = lost.get_mut(*source).unwrap_or(&mut none);
        match cells.put(row, out, lost) {
            Err(_) if self.count_only => {}
            put => put.map_err(|bad| (*source, bad))?,
        }
        // At each attribute, so that no row gets much larger before it is refused.
        match out.len() - start > MAX_FIELD_BYTES {
            true => Err((*source, BadValue::new("54000", "row is larger than 1 GB"))),
            false => Ok(()),
        }
    }
}

/// Appends a row's header with an empty null bitmap, as heap_form_tuple lays it out. Whether the
/// row has a NULL.
fn put_header(parts: &[Part<'_>], row: usize, out: &mut Vec<u8>) -> bool {
    let is_null = |part: &Part<'_>| part.cells.as_ref().is_none_or(|(_, c)| c.is_null(row));
    let varwidth = |part: &Part<'_>| {
        let len = part.attribute.target.as_ref().map(|target| target.physical.len);
        len == Some(-1) && !is_null(part)
    };
    let has_null = parts.iter().any(is_null);
    let has_varwidth = parts.iter().any(varwidth);
    let bitmap = if has_null { parts.len().div_ceil(8) } else { 0 };
    let data = align_up(HEADER_BYTES + bitmap, MAX_ALIGN);
    let start = out.len();
    out.resize(start + data, 0);
    let infomask =
        if has_null { HAS_NULL } else { 0 } | if has_varwidth { HAS_VARWIDTH } else { 0 };
    let count = parts.len() as u16;
    out[start + INFOMASK2_AT..][..2].copy_from_slice(&count.to_le_bytes());
    out[start + INFOMASK_AT..][..2].copy_from_slice(&infomask.to_le_bytes());
    out[start + HOFF_AT] = data as u8;
    has_null
}

fn check_null(part: &Part<'_>) -> Result<(), (usize, BadValue)> {
    if !part.attribute.not_null {
        return Ok(());
    }
    let name = &part.attribute.name;
    let reason = format!("null value in column \"{name}\" violates not-null constraint");
    let source = part.cells.as_ref().map_or(0, |(source, _)| *source);
    Err((source, BadValue::new("23502", reason)))
}

/// A STRUCT as a value of a row type.
struct Composite<'c> {
    tuple: Tuple<'c>,
    header: &'c [u8; HEADER_BYTES],
    column: Column<'c>,
    vector: &'c Vector<'c>,
}

/// Takes over from the server's own header what all values of the type have in common: the type,
/// a version's stamp, the item pointer, and flags beyond those that `put_row` sets.
fn stamp(value: &mut [u8], header: &[u8; HEADER_BYTES]) {
    value[ROW_TYPE_FIELDS].copy_from_slice(&header[ROW_TYPE_FIELDS]);
    let flags = u16::from_le_bytes([header[INFOMASK_AT], header[INFOMASK_AT + 1]]);
    let common = (flags & !(HAS_NULL | HAS_VARWIDTH)).to_le_bytes();
    value[INFOMASK_AT] |= common[0];
    value[INFOMASK_AT + 1] |= common[1];
}

impl Cells for Composite<'_> {
    fn is_null(&self, row: usize) -> bool {
        !self.vector.validity.is_valid(row)
    }

    fn put(&self, row: usize, out: &mut Vec<u8>, lost: &mut Lost) -> Result<(), BadValue> {
        let physical = &self.column.physical;
        let open = varlena::open(out, physical);
        // The varlena header and DatumTupleFields lie where a stored tuple has its xmin to cid.
        out.truncate(open.start);
        let mut parts = vec![Lost::default(); self.tuple.parts.len()];
        self.tuple.put_row(row, out, &mut parts).map_err(|(_, bad)| bad)?;
        parts.iter().for_each(|part| lost.merge(*part));
        stamp(&mut out[open.start..], self.header);
        varlena::close(out, &open, physical)
    }
}

/// Binds a STRUCT to a row type.
pub fn bind_composite<'c>(
    column: Column<'c>,
    vector: &'c Vector<'c>,
) -> Result<Box<dyn Cells + 'c>, Failure> {
    let (Inner::Row(row_type), LogicalType::Struct(fields), Data::Struct(parts)) =
        (&column.target.inner, column.logical, &vector.data)
    else {
        return Err(Failure::new("XX000", "row type expected"));
    };
    let tuple = bind_parts(&row_type.attributes, fields, parts, column.policy)?;
    Ok(Box::new(Composite { tuple, header: &row_type.header, column, vector }))
}

/// Binds attributes to the fields of their names.
fn bind_parts<'c>(
    attributes: &'c [Attribute],
    fields: &'c [Field],
    parts: &'c [Vector<'c>],
    policy: &'c Policy,
) -> Result<Tuple<'c>, Failure> {
    let part = |attribute: &'c Attribute| {
        let at = attribute.source.and_then(|_| Field::position(fields, &attribute.name));
        let field = at.and_then(|at| Some((at, fields.get(at)?, parts.get(at)?)));
        let cells = match (field, &attribute.target) {
            (Some((at, field, vector)), Some(target)) => {
                Some((at, bind::bind(Column::new(&field.logical, target, policy), vector)?))
            }
            _ => None,
        };
        Ok(Part { attribute, cells })
    };
    Ok(Tuple::new(attributes.iter().map(part).collect::<Result<_, _>>()?, policy))
}
