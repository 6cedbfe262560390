//! Chooses what encodes a column: the only place that looks at types, once per chunk.

use migrator_model::{
    BadValue, LogicalType, PgType,
    layout::{Inner, Physical, Target},
    policy::Lost,
    protocol::Failure,
};

use super::{
    Cells, Policy, array, bits, display, embedding, float, geometry, integer, json, nested,
    temporal, text, tuple,
};
use crate::vector::{Data, Validity, Vector};

/// What a column needs to be encoded.
#[derive(Clone, Copy)]
pub struct Column<'c> {
    /// What the values are.
    pub logical: &'c LogicalType,
    /// What they become.
    pub target: &'c Target,
    /// How they are stored here: the target's own form, apart from an array's elements.
    pub physical: Physical,
    /// Whether vectors are scaled to length 1.
    pub normalize: bool,
    /// What to do with the difficult ones.
    pub policy: &'c Policy,
}

impl<'c> Column<'c> {
    /// A column of its own, or an attribute of a row type.
    pub fn new(logical: &'c LogicalType, target: &'c Target, policy: &'c Policy) -> Self {
        Self { logical, target, physical: target.physical, normalize: false, policy }
    }

    /// The elements of an array: every varlena has a four-byte header.
    pub fn element(logical: &'c LogicalType, target: &'c Target, policy: &'c Policy) -> Self {
        let physical = Physical { packable: false, ..target.physical };
        Self { logical, target, physical, normalize: false, policy }
    }
}

/// Cells over a slice of stored values and a function for one of them.
pub struct Each<'c, T, F> {
    validity: Validity<'c>,
    values: &'c [T],
    put: F,
}

impl<'c, T, F> Cells for Each<'c, T, F>
where
    F: Fn(&'c T, &mut Vec<u8>, &mut Lost) -> Result<(), BadValue>,
{
    fn is_null(&self, row: usize) -> bool {
        !self.validity.is_valid(row)
    }

    fn never_null(&self) -> bool {
        self.validity.0.is_none()
    }

    fn put(&self, row: usize, out: &mut Vec<u8>, lost: &mut Lost) -> Result<(), BadValue> {
        (self.put)(&self.values[row], out, lost)
    }
}

/// Boxed cells over a slice.
pub fn each<'c, T, F>(validity: Validity<'c>, values: &'c [T], put: F) -> Box<dyn Cells + 'c>
where
    F: Fn(&'c T, &mut Vec<u8>, &mut Lost) -> Result<(), BadValue> + 'c,
{
    Box::new(Each { validity, values, put })
}

/// Cells over whole rows of a vector, for what needs more than a slice.
pub struct ByRow<'c, F> {
    /// Which rows are NULL.
    pub validity: Validity<'c>,
    /// Writes the value of a row.
    pub put: F,
}

impl<F> Cells for ByRow<'_, F>
where
    F: Fn(usize, &mut Vec<u8>, &mut Lost) -> Result<(), BadValue>,
{
    fn is_null(&self, row: usize) -> bool {
        !self.validity.is_valid(row)
    }

    fn never_null(&self) -> bool {
        self.validity.0.is_none()
    }

    fn put(&self, row: usize, out: &mut Vec<u8>, lost: &mut Lost) -> Result<(), BadValue> {
        (self.put)(row, out, lost)
    }
}

/// A column without values.
struct Nulls;

impl Cells for Nulls {
    fn is_null(&self, _row: usize) -> bool {
        true
    }

    fn put(&self, _: usize, _: &mut Vec<u8>, _: &mut Lost) -> Result<(), BadValue> {
        Ok(())
    }
}

/// Binds a column to a vector.
pub fn bind<'c>(
    column: Column<'c>,
    vector: &'c Vector<'c>,
) -> Result<Box<dyn Cells + 'c>, Failure> {
    use LogicalType as L;
    use PgType as P;
    let cells = match (column.logical, &column.target.pg) {
        (L::Null, _) => Some(Box::new(Nulls) as Box<dyn Cells>),
        (L::List(_) | L::Array(..), P::Array(_)) => return array::bind(column, vector),
        (L::List(_) | L::Array(..), P::Vector(_) | P::HalfVec(_) | P::SparseVec(_)) => {
            embedding::bind(column, vector)
        }
        (L::List(_) | L::Array(..), P::Bit(_) | P::Varbit(_)) => bits::bind(column, vector),
        (L::Struct(_), P::Composite { .. }) => return tuple::bind_composite(column, vector),
        (L::Varchar | L::Json, P::Json | P::Jsonb) => json::bind(column, vector),
        (_, P::Json | P::Jsonb) => Some(nested::bind(column, vector)),
        (L::Geometry { .. }, P::Geometry(_)) => geometry::bind(column, vector),
        (L::Varchar | L::Json | L::Blob | L::Geometry { .. }, _) => text::bind(column, vector),
        (_, P::Text | P::Varchar(_) | P::Char(_)) => Some(display::bind(column, vector)),
        (L::Boolean, _) => boolean(column, vector),
        (L::Float | L::Double, _) => float::bind(column, vector),
        (L::Bit, _) => bits::bind(column, vector),
        (L::Uuid, _) => text::bind_uuid(column, vector),
        (L::Enum(_), P::Enum { .. }) => enumeration(column, vector)?,
        _ => integer::bind(column, vector).or_else(|| temporal::bind(column, vector)),
    };
    cells.ok_or_else(|| unexpected(column))
}

/// The chunk does not hold what the type says, or a rule allows a pair that nothing encodes.
fn unexpected(column: Column<'_>) -> Failure {
    let (logical, pg) = (column.logical, &column.target.pg);
    Failure::new("XX000", format!("no encoder for {logical} to {pg}"))
}

fn boolean<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Box<dyn Cells + 'c>> {
    match (&column.target.pg, &vector.data) {
        (PgType::Bool, Data::Bool(values)) => {
            Some(each(vector.validity, values, |value, out, _| {
                out.push(u8::from(*value != 0));
                Ok(())
            }))
        }
        _ => None,
    }
}

/// The index of an ENUM's value.
pub fn enum_index(data: &Data<'_>, row: usize) -> Option<usize> {
    Some(match data {
        Data::U8(values) => usize::from(*values.get(row)?),
        Data::U16(values) => usize::from(*values.get(row)?),
        Data::U32(values) => *values.get(row)? as usize,
        _ => return None,
    })
}

/// Labels to OIDs, by way of the labels: their order may differ.
fn enumeration<'c>(
    column: Column<'c>,
    vector: &'c Vector<'c>,
) -> Result<Option<Box<dyn Cells + 'c>>, Failure> {
    let (LogicalType::Enum(mine), PgType::Enum { labels, .. }) =
        (column.logical, &column.target.pg)
    else {
        return Ok(None);
    };
    let Inner::Labels(all) = &column.target.inner else { return Ok(None) };
    let oid = |label: &String| {
        let at = labels.iter().position(|theirs| theirs == label);
        at.and_then(|at| all.get(at)).copied()
    };
    let oids: Option<Vec<u32>> = mine.iter().map(oid).collect();
    let Some(oids) = oids else { return Ok(None) };
    let put = move |row, out: &mut Vec<u8>, _: &mut Lost| {
        let oid = enum_index(&vector.data, row).and_then(|index| oids.get(index));
        let oid = oid.ok_or_else(|| BadValue::new("22P02", "invalid input value for enum"))?;
        super::varlena::fixed(out, 4, oid.to_le_bytes());
        Ok(())
    };
    Ok(Some(Box::new(ByRow { validity: vector.validity, put })))
}
