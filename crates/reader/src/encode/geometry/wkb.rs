//! Reads WKB, and writes each part as GSERIALIZED has it. What is refused is what PostGIS refuses
//! (liblwgeom/lwin_wkb.c with LW_PARSER_CHECK_ALL), bytes behind the geometry, and deeper nesting.

use super::{Bounds, Head, Kind, Shape};

/// Collections within collections; PostGIS reads 198, which no real geometry needs.
const DEPTH_MAX: usize = 32;

/// EWKB's flags in a type number (liblwgeom.h: WKBZOFFSET and so on). PostGIS looks at no other.
const EWKB_Z: u32 = 0x8000_0000;
const EWKB_M: u32 = 0x4000_0000;
const EWKB_SRID: u32 = 0x2000_0000;
const EWKB_FLAGS: u32 = 0xf000_0000;

/// Bytes of an ordinate.
const DOUBLE: usize = 8;

pub struct Wkb<'a> {
    rest: &'a [u8],
    /// Byte order of the geometry being read: each member of a collection says its own.
    big_endian: bool,
    /// A polyhedral surface was read: PostGIS demands closed triangles from there on.
    closed_triangles: bool,
}

impl<'a> Wkb<'a> {
    pub fn new(wkb: &'a [u8]) -> Self {
        Self { rest: wkb, big_endian: false, closed_triangles: false }
    }

    /// Refuses bytes that are left.
    pub fn end(&self) -> Result<(), String> {
        match self.rest.len() {
            0 => Ok(()),
            bytes => Err(format!("WKB has {bytes} bytes behind its geometry")),
        }
    }

    /// Reads byte order, type and dimensions, and passes over EWKB's SRID.
    pub fn head(&mut self) -> Result<Head, String> {
        self.big_endian = match self.take(1)? {
            [0] => true,
            [1] => false,
            [order, ..] => return Err(format!("WKB has the unknown byte order {order}")),
            [] => return Err(truncated()),
        };
        let number = self.word()?;
        if number & EWKB_SRID != 0 {
            self.word()?;
        }
        let iso = number & !EWKB_FLAGS;
        let kind = Kind::of(iso % 1000).filter(|_| iso < 4000);
        Ok(Head {
            kind: kind.ok_or_else(|| format!("WKB has the unknown geometry type {number}"))?,
            z: number & EWKB_Z != 0 || matches!(iso / 1000, 1 | 3),
            m: number & EWKB_M != 0 || matches!(iso / 1000, 2 | 3),
        })
    }

    /// Reads what follows a head and writes it all. `depth` counts collections, from 1.
    pub fn body(&mut self, head: Head, depth: usize, out: &mut Vec<u8>) -> Result<Shape, String> {
        put(out, head.kind as u32);
        match head.kind {
            Kind::Point => self.point(head, out),
            Kind::LineString | Kind::CircularString => self.line(head, out),
            Kind::Polygon => self.polygon(head, out),
            Kind::Triangle => self.triangle(head, out),
            _ => self.collection(head, depth, out),
        }
    }

    /// A point is empty where X and Y are NaN. PostGIS would drop its Z and M in silence.
    fn point(&mut self, head: Head, out: &mut Vec<u8>) -> Result<Shape, String> {
        let counted = out.len();
        put(out, 1);
        let ordinates = self.ordinates(head, 1, out)?;
        let is_nan = |ordinate: &[u8; DOUBLE]| f64::from_le_bytes(*ordinate).is_nan();
        let (plane, beyond) = ordinates.as_chunks().0.split_at_checked(2).ok_or_else(truncated)?;
        if plane.iter().all(is_nan) {
            if !beyond.iter().all(is_nan) {
                return Err("Point without X and Y has other ordinates".to_owned());
            }
            out.truncate(counted);
            put(out, 0);
            return Ok(Shape::default());
        }
        Ok(Shape {
            bounds: Bounds::of_points(ordinates, head.ordinates()),
            members: 1,
            vertices: 1,
        })
    }

    fn line(&mut self, head: Head, out: &mut Vec<u8>) -> Result<Shape, String> {
        let count = self.word()?;
        let arcs = head.kind == Kind::CircularString;
        let least = if arcs { 3 } else { 2 };
        if count != 0 && count < least {
            return Err(format!("{:?} has fewer than {least} points", head.kind));
        }
        if arcs && count != 0 && count % 2 == 0 {
            return Err(format!("{:?} has an even number of points", head.kind));
        }
        put(out, count);
        let ordinates = self.ordinates(head, count, out)?;
        let bounds = match arcs {
            true => Bounds::of_arcs(ordinates, head.ordinates()),
            false => Bounds::of_points(ordinates, head.ordinates()),
        };
        Ok(Shape { bounds, members: count, vertices: count.into() })
    }

    /// The numbers of points of all rings come first, then their ordinates.
    fn polygon(&mut self, head: Head, out: &mut Vec<u8>) -> Result<Shape, String> {
        let rings = self.word()?;
        put(out, rings);
        let counts = out.len();
        let words = self.at_least(rings)?.next_multiple_of(2);
        out.resize(counts + words * 4, 0);
        let mut shape = Shape { members: rings, ..Shape::default() };
        for ring in 0..rings as usize {
            let start = out.len();
            let points = self.ring(head, 2, out)?;
            out[counts + ring * 4..][..4].copy_from_slice(&points.to_le_bytes());
            // The others lie within the first, so PostGIS looks at no other.
            if ring == 0 {
                shape.bounds = Bounds::of_points(&out[start..], head.ordinates());
            }
        }
        Ok(shape)
    }

    /// WKB has it as a polygon of one ring, GSERIALIZED as a line.
    fn triangle(&mut self, head: Head, out: &mut Vec<u8>) -> Result<Shape, String> {
        let rings = self.word()?;
        let counted = out.len();
        put(out, 0);
        match rings {
            0 => return Ok(Shape::default()),
            1 => {}
            _ => return Err(format!("{:?} has {rings} rings", head.kind)),
        }
        let closed = if self.closed_triangles { 2 + usize::from(head.z) } else { 0 };
        let count = self.ring(head, closed, out)?;
        out[counted..][..4].copy_from_slice(&count.to_le_bytes());
        let bounds = Bounds::of_points(&out[counted + 4..], head.ordinates());
        Ok(Shape { bounds, members: count, vertices: count.into() })
    }

    /// Every type whose members are geometries with heads of their own.
    fn collection(&mut self, head: Head, depth: usize, out: &mut Vec<u8>) -> Result<Shape, String> {
        if depth > DEPTH_MAX {
            return Err(format!("WKB nests geometries deeper than {DEPTH_MAX}"));
        }
        let mut shape = Shape { members: self.word()?, ..Shape::default() };
        put(out, shape.members);
        self.closed_triangles |= head.kind == Kind::PolyhedralSurface && shape.members != 0;
        for _ in 0..shape.members {
            let member = self.member(head, depth, out)?;
            shape.vertices += member.vertices;
            shape.bounds = Bounds::merged(shape.bounds, member.bounds);
        }
        Ok(shape)
    }

    fn member(&mut self, of: Head, depth: usize, out: &mut Vec<u8>) -> Result<Shape, String> {
        let head = self.head()?;
        if !of.kind.allows(head.kind) {
            return Err(format!("{:?} contains a {:?}", of.kind, head.kind));
        }
        if (head.z, head.m) != (of.z, of.m) {
            return Err(format!("{:?} contains other dimensions than its own", of.kind));
        }
        self.body(head, depth + 1, out)
    }

    /// A count and its points, of which the first and the last must agree in `closed` ordinates:
    /// in their bits, so that zero is not minus zero and NaN is NaN (ptarray_is_closed_2d).
    fn ring(&mut self, head: Head, closed: usize, out: &mut Vec<u8>) -> Result<u32, String> {
        let count = self.word()?;
        if count < 4 {
            return Err(format!("{:?} has a ring of fewer than 4 points", head.kind));
        }
        let ring = self.ordinates(head, count, out)?;
        let last = ring.len() - head.ordinates() * DOUBLE;
        if ring[..closed * DOUBLE] != ring[last..][..closed * DOUBLE] {
            return Err(format!("{:?} has a ring that is not closed", head.kind));
        }
        Ok(count)
    }

    /// Writes the ordinates of that many points, and hands back what it wrote.
    fn ordinates<'o>(
        &mut self,
        head: Head,
        points: u32,
        out: &'o mut Vec<u8>,
    ) -> Result<&'o [u8], String> {
        let bytes = self.take((points as usize).saturating_mul(head.ordinates() * DOUBLE))?;
        let start = out.len();
        out.extend_from_slice(bytes);
        if self.big_endian {
            out[start..].as_chunks_mut::<DOUBLE>().0.iter_mut().for_each(|it| it.reverse());
        }
        Ok(&out[start..])
    }

    /// A count of things that take four bytes or more each, before anything is sized by it.
    fn at_least(&self, count: u32) -> Result<usize, String> {
        let count = count as usize;
        if count > self.rest.len() / 4 { Err(truncated()) } else { Ok(count) }
    }

    fn word(&mut self) -> Result<u32, String> {
        let bytes = self.take(4)?.first_chunk().ok_or_else(truncated)?;
        let read = if self.big_endian { u32::from_be_bytes } else { u32::from_le_bytes };
        Ok(read(*bytes))
    }

    fn take(&mut self, bytes: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or_else(truncated)?;
        self.rest = rest;
        Ok(taken)
    }
}

fn truncated() -> String {
    "WKB is truncated".to_owned()
}

fn put(out: &mut Vec<u8>, word: u32) {
    out.extend_from_slice(&word.to_le_bytes());
}
