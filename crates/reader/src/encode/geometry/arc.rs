//! How far a circular arc reaches (PostGIS: liblwgeom/gbox.c lw_arc_calculate_gbox_cartesian,
//! lwalgorithm.c lw_arc_center), in PostGIS' own order of operations, without fused ones: so the
//! last bit agrees with PostGIS on x86-64, where its packages are compiled so.

use super::bounds::{greatest, least};

/// EPSILON_SQLMM: ends this close make a full circle, and a cross product this small a line.
const CLOSE: f64 = 1e-8;

type Point = [f64; 4];

/// Least and greatest values along the arc. Z and M count at its ends only.
pub fn extent(from: Point, over: Point, to: Point) -> (Point, Point) {
    let mut low = std::array::from_fn(|at| least(from[at], to[at]));
    let mut high = std::array::from_fn(|at| greatest(from[at], to[at]));
    let Some((center, radius)) = circle(from, over, to) else { return (low, high) };
    let full = from[0] == to[0] && from[1] == to[1];
    let side = side_of(from, to, over);
    for at in 0..2 {
        for (end, reach) in [(&mut low, center[at] - radius), (&mut high, center[at] + radius)] {
            let mut extreme = center;
            extreme[at] = reach;
            // The arc passes the circle's extremes on that side of its chord where `over` is.
            if full || side == side_of(from, to, extreme) {
                end[at] = reach;
            }
        }
    }
    (low, high)
}

/// Center and radius; None for a straight line.
fn circle(from: Point, over: Point, to: Point) -> Option<(Point, f64)> {
    let is_full = (from[0] - to[0]).abs() < CLOSE && (from[1] - to[1]).abs() < CLOSE;
    let [x, y] = if is_full { halfway(from, over) } else { equidistant(from, over, to)? };
    let (dx, dy) = (x - from[0], y - from[1]);
    Some(([x, y, 0.0, 0.0], (dx * dx + dy * dy).sqrt()))
}

fn halfway(from: Point, over: Point) -> [f64; 2] {
    [from[0] + (over[0] - from[0]) / 2.0, from[1] + (over[1] - from[1]) / 2.0]
}

/// The circumscribed circle's center; None where the three are (nearly) in line.
fn equidistant(from: Point, over: Point, to: Point) -> Option<[f64; 2]> {
    let (over_x, over_y) = (over[0] - from[0], over[1] - from[1]);
    let (to_x, to_y) = (to[0] - from[0], to[1] - from[1]);
    let over_square = over_x * over_x + over_y * over_y;
    let to_square = to_x * to_x + to_y * to_y;
    let cross = 2.0 * (over_x * to_y - to_x * over_y);
    if cross.abs() < CLOSE {
        return None;
    }
    let right = (over_square * to_y - to_square * over_y) / cross;
    let down = (over_square * to_x - to_square * over_x) / cross;
    Some([from[0] + right, from[1] - down])
}

/// On which side of a line a point is: -1, 0 or 1, and 0 for NaN (lw_segment_side).
fn side_of(from: Point, to: Point, point: Point) -> i8 {
    let right = (point[0] - from[0]) * (to[1] - from[1]);
    let side = right - (to[0] - from[0]) * (point[1] - from[1]);
    i8::from(side > 0.0) - i8::from(side < 0.0)
}
