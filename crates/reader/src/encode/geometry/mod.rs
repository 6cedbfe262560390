//! PostGIS' `geometry` from well-known binary.
//!
//! WKB is what DuckDB's GEOMETRY holds: ISO/IEC 13249-3 numbers its types and dimensions (1001 is
//! POINT Z); PostGIS' EWKB flags in the high bits are read as well. What PostGIS stores is
//! GSERIALIZED version 2, since PostGIS 3.0 (liblwgeom/gserialized2.c and .h): an SRID, flags, a
//! box of floats where one is useful, then the geometry, padded so that ordinates stay aligned.
//!
//! Every word and ordinate is little-endian, as on the machines this extension is built for.

mod arc;
mod bounds;
#[cfg(test)]
mod tests;
mod wkb;

use std::ops::Range;

use bounds::Bounds;
use migrator_model::{
    BadValue, LogicalType, PgType,
    crs::{SRID_MAX, srid_of_crs},
    pg_type::{GEOMETRY_KINDS, GeometryForm},
    policy::{Loss, Lost},
};
use wkb::Wkb;

use super::{
    Cells,
    bind::{Column, each},
    varlena,
};
use crate::vector::{Data, Vector};

/// GSERIALIZED's flags (gserialized2.h); WKB never yields GEODETIC 0x08, EXTENDED 0x10 or SOLID.
const FLAG_Z: u8 = 0x01;
const FLAG_M: u8 = 0x02;
const FLAG_BOX: u8 = 0x04;
const FLAG_VERSION_2: u8 = 0x40;

/// A geometry's type, numbered as in GSERIALIZED (liblwgeom.h: POINTTYPE and so on).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Point = 1,
    LineString,
    Polygon,
    MultiPoint,
    MultiLineString,
    MultiPolygon,
    GeometryCollection,
    CircularString,
    CompoundCurve,
    CurvePolygon,
    MultiCurve,
    MultiSurface,
    PolyhedralSurface,
    Triangle,
    Tin,
}

impl Kind {
    /// The type of a WKB number without its dimensions.
    fn of(number: u32) -> Option<Self> {
        Some(match number {
            1 => Self::Point,
            2 => Self::LineString,
            3 => Self::Polygon,
            4 => Self::MultiPoint,
            5 => Self::MultiLineString,
            6 => Self::MultiPolygon,
            7 => Self::GeometryCollection,
            8 => Self::CircularString,
            9 => Self::CompoundCurve,
            // 13 and 14 are what PostGIS 1.5 wrote; ISO gives them to types without values.
            10 | 13 => Self::CurvePolygon,
            11 | 14 => Self::MultiCurve,
            12 => Self::MultiSurface,
            15 => Self::PolyhedralSurface,
            16 => Self::Tin,
            17 => Self::Triangle,
            _ => return None,
        })
    }

    /// Whether a geometry may be a member (lwcollection_allows_subtype, lwcurvepoly_add_ring).
    fn allows(self, member: Self) -> bool {
        use Kind::{CircularString, CompoundCurve, CurvePolygon, LineString, Polygon};
        match self {
            Self::GeometryCollection => true,
            Self::MultiPoint => member == Self::Point,
            Self::MultiLineString => member == LineString,
            Self::MultiPolygon | Self::PolyhedralSurface => member == Polygon,
            Self::CompoundCurve => matches!(member, LineString | CircularString),
            CurvePolygon | Self::MultiCurve => {
                matches!(member, LineString | CircularString | CompoundCurve)
            }
            Self::MultiSurface => matches!(member, Polygon | CurvePolygon),
            Self::Tin => member == Self::Triangle,
            _ => false,
        }
    }
}

/// What stands in front of every geometry, also of a collection's members.
#[derive(Clone, Copy, Debug)]
struct Head {
    kind: Kind,
    z: bool,
    m: bool,
}

impl Head {
    fn ordinates(self) -> usize {
        2 + usize::from(self.z) + usize::from(self.m)
    }

    fn flags(self) -> u8 {
        let z = if self.z { FLAG_Z } else { 0 };
        let m = if self.m { FLAG_M } else { 0 };
        FLAG_VERSION_2 | z | m
    }
}

/// What was written of a geometry, for its box.
#[derive(Default)]
struct Shape {
    /// None: the geometry is empty, at whatever depth.
    bounds: Option<Bounds>,
    /// Points, rings or geometries directly in it.
    members: u32,
    /// Points of lines in it.
    vertices: u64,
}

impl Shape {
    /// Whether PostGIS stores a box (lwgeom_needs_bbox): not where the ordinates say it at once.
    fn needs_box(&self, kind: Kind) -> bool {
        match kind {
            Kind::Point => false,
            Kind::LineString => self.vertices > 2,
            Kind::MultiPoint => self.members != 1,
            Kind::MultiLineString => self.members != 1 || self.vertices > 2,
            _ => true,
        }
    }
}

/// Appends `wkb` as PostGIS' ST_GeomFromWKB(wkb, srid) is stored, behind the varlena header.
/// PostGIS itself would store another SRID in place of one that is too large or negative.
///
/// An SRID within the WKB gives way to `srid`, as there. Nothing is appended in case of an error,
/// which tells why the value cannot be carried.
fn gserialized(wkb: &[u8], srid: i32, out: &mut Vec<u8>) -> Result<(), String> {
    let start = out.len();
    let done = append(wkb, srid, out);
    if done.is_err() {
        out.truncate(start);
    }
    done
}

fn append(wkb: &[u8], srid: i32, out: &mut Vec<u8>) -> Result<(), String> {
    let srid = packed(srid)?;
    let mut wkb = Wkb::new(wkb);
    let head = wkb.head()?;
    out.extend_from_slice(&srid);
    out.push(head.flags());
    // Only the geometry's end tells whether it has a box, but nearly all other than points do.
    let room = if head.kind == Kind::Point { 0 } else { head.ordinates() * Bounds::SIZE };
    let box_at = out.len();
    out.resize(box_at + room, 0);
    let shape = wkb.body(head, 1, out)?;
    wkb.end()?;
    let bounds = shape.bounds.filter(|_| shape.needs_box(head.kind));
    settle(bounds, box_at..box_at + room, out);
    Ok(())
}

/// Binds GEOMETRY to PostGIS' geometry.
pub fn bind<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Box<dyn Cells + 'c>> {
    let (Data::Str(values), PgType::Geometry(form)) = (&vector.data, &column.target.pg) else {
        return None;
    };
    let (physical, policy) = (column.physical, column.policy);
    let srid = srid(column.logical, *form);
    Some(each(vector.validity, values, move |value, out, lost| {
        let open = varlena::open(out, &physical);
        let start = out.len();
        gserialized(value.bytes(), srid, out).map_err(|why| BadValue::new("22P03", why))?;
        fits(*form, &out[start..], lost, policy.count_only)?;
        varlena::close(out, &open, &physical)
    }))
}

/// The SRID of all values: the column's, or else the source's own.
fn srid(logical: &LogicalType, form: Option<GeometryForm>) -> i32 {
    let own = match logical {
        LogicalType::Geometry { crs } => crs.as_deref().and_then(srid_of_crs),
        _ => None,
    };
    form.map(|form| form.srid).filter(|srid| *srid != 0).or(own).unwrap_or(0)
}

/// Refuses what PostGIS would not let into such a column (postgis_valid_typmod).
fn fits(
    form: Option<GeometryForm>,
    stored: &[u8],
    lost: &mut Lost,
    count_only: bool,
) -> Result<(), BadValue> {
    let Some(form) = form else { return Ok(()) };
    let flags = stored.get(3).copied().unwrap_or(0);
    let (z, m) = (flags & FLAG_Z != 0, flags & FLAG_M != 0);
    if (z, m) != (form.z, form.m) {
        lost.note(Loss::Ordinates);
        let what = "geometry has other dimensions than the column";
        return if count_only { Ok(()) } else { Err(BadValue::new("22023", what)) };
    }
    let kind = stored_kind(stored, 2 + usize::from(z) + usize::from(m));
    if form.kind == 0 || kind == Some(form.kind) {
        return Ok(());
    }
    let name = |kind: u8| GEOMETRY_KINDS.get(usize::from(kind)).copied().unwrap_or_default();
    let (have, want) = (name(kind.unwrap_or(0)), name(form.kind));
    let reason = format!("geometry type ({have}) does not match column type ({want})");
    Err(BadValue::new("22023", reason))
}

/// The type's number, which stands behind the box.
fn stored_kind(stored: &[u8], ordinates: usize) -> Option<u8> {
    let has_box = stored.get(3)? & FLAG_BOX != 0;
    let at = 4 + if has_box { ordinates * Bounds::SIZE } else { 0 };
    stored.get(at).copied()
}

/// An SRID's three bytes, most significant first on every machine (gserialized2_set_srid).
fn packed(srid: i32) -> Result<[u8; 3], String> {
    if !(0..=SRID_MAX).contains(&srid) {
        return Err(format!("SRID {srid} is not within 0 and {SRID_MAX}"));
    }
    let [_, packed @ ..] = srid.to_be_bytes();
    Ok(packed)
}

/// Fills the room for the box, which stands behind the flags, or takes it away.
fn settle(bounds: Option<Bounds>, room: Range<usize>, out: &mut Vec<u8>) {
    let Some(bounds) = bounds else {
        out.drain(room);
        return;
    };
    out[room.start - 1] |= FLAG_BOX;
    bounds.put(&mut out[room]);
}
