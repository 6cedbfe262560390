//! PostGIS' geometry: GSERIALIZED version 2 (liblwgeom/gserialized2.c). Its functions follow the
//! counts without a look at the value's length, and rely on what lwgeom_from_wkb() sees to with
//! LW_PARSER_CHECK_ALL: a line of one point or a ring of none ends the server.

use super::Fault;

/// Flags: Z, M, a box, and the version's bit. A reader sets no other.
const FLAG_Z: u8 = 0x01;
const FLAG_M: u8 = 0x02;
const FLAG_BOX: u8 = 0x04;
const FLAG_VERSION_2: u8 = 0x40;
const FLAGS: u8 = FLAG_Z | FLAG_M | FLAG_BOX | FLAG_VERSION_2;
/// SRID_MAXIMUM
const SRID_MAX: u32 = 999_999;
/// Geometries in geometries: as many levels as the encoder writes.
const DEPTH_MAX: usize = 33;

/// Types by their numbers (liblwgeom.h).
const POINT: u32 = 1;
const LINE: u32 = 2;
const POLYGON: u32 = 3;
const COLLECTION: u32 = 7;
const ARCS: u32 = 8;
const COMPOUND: u32 = 9;
const CURVE_POLYGON: u32 = 10;
const TRIANGLE: u32 = 14;

/// What the members of a geometry may be: lwcollection_allows_subtype() (lwcollection.c). Empty
/// for types without members.
fn members(kind: u32) -> &'static [u32] {
    match kind {
        4 => &[POINT],
        5 => &[LINE],
        6 | 13 => &[POLYGON],
        COLLECTION => &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        COMPOUND => &[LINE, ARCS],
        CURVE_POLYGON | 11 => &[LINE, ARCS, COMPOUND],
        12 => &[POLYGON, CURVE_POLYGON],
        15 => &[TRIANGLE],
        _ => &[],
    }
}

/// Checks what follows the varlena header.
pub fn check(payload: &[u8]) -> Result<(), Fault> {
    let (head, rest) = payload.split_first_chunk().ok_or(Fault::Geometry)?;
    let [high, middle, low, flags] = *head;
    let srid = u32::from_be_bytes([0, high, middle, low]);
    let sane = srid <= SRID_MAX && flags & !FLAGS == 0 && flags & FLAG_VERSION_2 != 0;
    let ordinates = 2 + usize::from(flags & FLAG_Z != 0) + usize::from(flags & FLAG_M != 0);
    let bounds = if flags & FLAG_BOX != 0 { ordinates * 8 } else { 0 };
    let (_, body) = rest.split_at_checked(bounds).ok_or(Fault::Geometry)?;
    let mut cursor = Cursor { rest: body, point: ordinates * 8 };
    cursor.geometry(members(COLLECTION), 0)?;
    pass(sane && cursor.rest.is_empty())
}

fn pass(holds: bool) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault::Geometry) }
}

struct Cursor<'a> {
    rest: &'a [u8],
    /// The bytes of one point.
    point: usize,
}

impl<'a> Cursor<'a> {
    fn geometry(&mut self, allowed: &[u32], depth: usize) -> Result<(), Fault> {
        let (kind, count) = (self.word()?, self.word()?);
        pass(allowed.contains(&kind) && has_enough(kind, count))?;
        match kind {
            POINT | LINE | ARCS | TRIANGLE => self.points(count).map(|_| ()),
            POLYGON => self.polygon(count),
            _ if depth == DEPTH_MAX => Err(Fault::Geometry),
            _ => (0..count).try_for_each(|_| self.geometry(members(kind), depth + 1)),
        }
    }

    /// The numbers of points of all rings come first, padded to eight bytes.
    fn polygon(&mut self, rings: u32) -> Result<(), Fault> {
        let rings = rings as usize;
        let bytes = rings.div_ceil(2).saturating_mul(8);
        let (counts, rest) = self.rest.split_at_checked(bytes).ok_or(Fault::Geometry)?;
        let (counts, padding) = counts.split_at_checked(rings * 4).ok_or(Fault::Geometry)?;
        pass(padding.iter().all(|byte| *byte == 0))?;
        self.rest = rest;
        let mut counts = counts.as_chunks().0.iter();
        counts.try_for_each(|count| self.ring(u32::from_le_bytes(*count)))
    }

    /// Closed in the plane, bit by bit: ptarray_is_closed_2d().
    fn ring(&mut self, count: u32) -> Result<(), Fault> {
        let point = self.point;
        let points = self.points(count)?;
        let last = points.len().checked_sub(point).and_then(|last| points.get(last..));
        let plane = |point: &'a [u8]| point.first_chunk::<16>();
        pass(count >= 4 && plane(points) == last.and_then(plane))
    }

    fn points(&mut self, count: u32) -> Result<&'a [u8], Fault> {
        let bytes = (count as usize).saturating_mul(self.point);
        let (points, rest) = self.rest.split_at_checked(bytes).ok_or(Fault::Geometry)?;
        self.rest = rest;
        Ok(points)
    }

    fn word(&mut self) -> Result<u32, Fault> {
        let (word, rest) = self.rest.split_first_chunk().ok_or(Fault::Geometry)?;
        self.rest = rest;
        Ok(u32::from_le_bytes(*word))
    }
}

/// The least points where there are some, and an odd number for arcs.
fn has_enough(kind: u32, count: u32) -> bool {
    match kind {
        POINT => count <= 1,
        LINE => count != 1,
        ARCS => count == 0 || count >= 3 && count % 2 == 1,
        TRIANGLE => count == 0 || count >= 4,
        _ => true,
    }
}
