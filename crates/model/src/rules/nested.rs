//! Rules for lists, arrays, structs, maps, unions, variants and geometries.

use super::{Fidelity, Mapping, Rule, allows, map, rule};
use crate::{
    crs::srid_of_crs,
    logical_type::{Field, LogicalType as L},
    pg_type::{Environment, GeometryForm, MAX_VECTOR, PgType as P},
    policy::{Loss, Losses},
};

/// PostgreSQL's MAXDIM: an array has at most this many dimensions.
pub const MAX_DIMENSIONS: usize = 6;

/// What is lost inside JSON documents, whatever carries them.
const IN_JSON: &[Loss] = &[Loss::DuplicateKey, Loss::NegativeZero, Loss::NulBytes];

fn is_json(pg: &P) -> bool {
    matches!(pg, P::Jsonb | P::Json)
}

/// The levels of LIST and ARRAY around the innermost element.
pub(super) fn levels(logical: &L) -> usize {
    match logical {
        L::List(element) | L::Array(element, _) => 1 + levels(element),
        _ => 0,
    }
}

/// The innermost element of lists in lists.
fn leaf(logical: &L) -> &L {
    match logical {
        L::List(element) | L::Array(element, _) => leaf(element),
        other => other,
    }
}

fn is_list(logical: &L) -> bool {
    matches!(logical, L::List(_) | L::Array(..))
}

fn is_embedding(logical: &L) -> bool {
    matches!(logical, L::Array(element, n) if **element == L::Float && *n <= MAX_VECTOR)
}

/// A list of structs, maps and the like, or one that PostgreSQL's arrays have no dimensions for.
fn wants_jsonb(logical: &L) -> bool {
    is_list(logical) && (leaf(logical).is_nested() || levels(logical) > MAX_DIMENSIONS)
}

fn array_of_leaf(logical: &L, environment: &Environment) -> P {
    let element = leaf(logical);
    let pg = rule(element).map_or(P::Text, |rule| (rule.default)(element, environment));
    P::Array(Box::new(pg))
}

fn embedding(logical: &L, environment: &Environment) -> P {
    match logical {
        L::Array(_, n) if environment.pgvector.is_some() => P::Vector(Some(*n)),
        _ => P::Array(Box::new(P::Float4)),
    }
}

fn list_allows(logical: &L, pg: &P) -> bool {
    match pg {
        P::Array(element) => levels(logical) <= MAX_DIMENSIONS && allows(leaf(logical), element),
        P::Vector(_) | P::HalfVec(_) | P::SparseVec(_) => {
            levels(logical) == 1
                && matches!(leaf(logical), L::Float | L::Double | L::TinyInt | L::UTinyInt)
        }
        P::Bit(_) | P::Varbit(_) => {
            levels(logical) == 1 && matches!(leaf(logical), L::Boolean | L::TinyInt | L::UTinyInt)
        }
        other => is_json(other),
    }
}

/// Whether each attribute of a row type has a field of its name, and each field an attribute.
fn struct_allows(logical: &L, pg: &P) -> bool {
    let (L::Struct(fields), P::Composite { attributes, .. }) = (logical, pg) else {
        return is_json(pg);
    };
    let fits = |(name, pg): &(String, P)| {
        let field = Field::position(fields, name).and_then(|at| fields.get(at));
        field.is_some_and(|field| allows(&field.logical, pg))
    };
    fields.len() == attributes.len() && attributes.iter().all(fits)
}

/// The type of a STRUCT as a row type (`options.struct`), also inside lists: unnamed, with what its
/// fields become. None for every other type.
pub fn composite(logical: &L, environment: &Environment) -> Option<P> {
    match logical {
        L::Struct(fields) => {
            let attribute = |field: &Field| {
                let own = composite(&field.logical, environment);
                let default = || map(&field.logical, environment, &Losses::default()).pg;
                (field.name.clone(), own.unwrap_or_else(default))
            };
            Some(P::Composite { name: None, attributes: fields.iter().map(attribute).collect() })
        }
        L::List(_) | L::Array(..) if levels(logical) <= MAX_DIMENSIONS => {
            Some(P::Array(Box::new(composite(leaf(logical), environment)?)))
        }
        _ => None,
    }
}

fn geometry(logical: &L, environment: &Environment) -> P {
    let L::Geometry { crs } = logical else { return P::Bytea };
    if environment.postgis.is_none() {
        return P::Bytea;
    }
    let srid = crs.as_deref().and_then(srid_of_crs);
    P::Geometry(srid.map(|srid| GeometryForm { srid, kind: 0, z: false, m: false }))
}

/// A column of another SRID than the source's would misplace every value.
fn geometry_allows(logical: &L, pg: &P) -> bool {
    let L::Geometry { crs } = logical else { return false };
    match pg {
        P::Bytea | P::Geometry(None) => true,
        P::Geometry(Some(form)) => {
            let srid = crs.as_deref().and_then(srid_of_crs);
            form.srid == 0 || srid.is_none_or(|srid| srid == form.srid)
        }
        _ => false,
    }
}

/// What the data asks for where the default type cannot hold it: nothing is lost by it.
pub(super) fn instead(logical: &L, pg: &P, losses: &Losses) -> Option<Mapping> {
    if losses.of(Loss::NotAVector) > 0 && is_embedding(logical) {
        let note = "arrays with NULL or non-finite elements are no vectors".to_owned();
        let pg = P::Array(Box::new(P::Float4));
        return Some(Mapping { pg, fidelity: Fidelity::Exact, note });
    }
    if losses.of(Loss::Ordinates) > 0 && matches!(pg, P::Geometry(_)) {
        let note = "some values have Z or M, which a type modifier would have to say".to_owned();
        return Some(Mapping { pg: P::Geometry(None), fidelity: Fidelity::Widened, note });
    }
    if losses.of(Loss::NotRectangular) > 0 && matches!(pg, P::Array(_)) {
        let note = "some lists are no rectangles, which an array type cannot hold".to_owned();
        return Some(Mapping { pg: P::Jsonb, fidelity: Fidelity::Widened, note });
    }
    None
}

impl L {
    /// Whether values have parts with types of their own; lists apart.
    pub fn is_nested(&self) -> bool {
        matches!(self, L::Struct(_) | L::Tuple(_) | L::Map(..) | L::Union(_) | L::Variant)
    }
}

/// A rule for what becomes a JSON document, to be completed with `..`.
const JSON: Rule = Rule {
    duckdb: "",
    postgres: "jsonb",
    applies: |_| false,
    default: |_, _| P::Jsonb,
    alternatives: "json",
    allows: |_, pg| is_json(pg),
    fidelity: Fidelity::Widened,
    losses: IN_JSON,
    note: "",
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        duckdb: "FLOAT[n]",
        postgres: "vector(n) with pgvector, else real[]",
        applies: is_embedding,
        default: embedding,
        alternatives: "halfvec(n) (lossy), sparsevec(n), real[], double precision[], jsonb, json",
        allows: list_allows,
        fidelity: Fidelity::Exact,
        losses: &[Loss::NotAVector],
        note: "real[] where an element is NULL or not finite",
    },
    Rule {
        duckdb: "lists and arrays of STRUCT, MAP, UNION, TUPLE, VARIANT",
        applies: wants_jsonb,
        alternatives: "jsonb[], json, an array of a row type (`options.struct`)",
        allows: |l, pg| is_json(pg) || list_allows(l, pg),
        note: "an array type has at most 6 dimensions: deeper lists too",
        ..JSON
    },
    Rule {
        duckdb: "LIST(T), ARRAY(T, n)",
        postgres: "T[]",
        applies: |l| levels(l) == 1,
        default: array_of_leaf,
        alternatives: "vector(n), halfvec(n), sparsevec(n) of FLOAT, DOUBLE, TINYINT and UTINYINT, bit(n) and bit varying of BOOLEAN, TINYINT and UTINYINT, jsonb, json",
        allows: list_allows,
        fidelity: Fidelity::Exact,
        losses: &[],
        note: "",
    },
    Rule {
        duckdb: "lists in lists",
        postgres: "T[] of as many dimensions",
        applies: is_list,
        default: array_of_leaf,
        alternatives: "jsonb, json",
        allows: list_allows,
        fidelity: Fidelity::Exact,
        losses: &[Loss::NotRectangular],
        note: "jsonb where lists in lists differ in length or are NULL or empty",
    },
    Rule {
        duckdb: "STRUCT",
        applies: |l| matches!(l, L::Struct(_)),
        alternatives: "json, a row type, one column per field (`options.struct`)",
        allows: struct_allows,
        note: "an object; NaN, infinities and -0 as strings, what JSON has no type for as text",
        ..JSON
    },
    Rule {
        duckdb: "MAP",
        applies: |l| matches!(l, L::Map(..)),
        note: "an object when keys are VARCHAR, else an array of pairs",
        ..JSON
    },
    Rule {
        duckdb: "UNION",
        applies: |l| matches!(l, L::Union(_)),
        note: "`{\"tag\": \"num\", \"value\": 2}`",
        ..JSON
    },
    Rule { duckdb: "TUPLE", applies: |l| matches!(l, L::Tuple(_)), note: "an array", ..JSON },
    Rule { duckdb: "VARIANT", applies: |l| *l == L::Variant, ..JSON },
    Rule {
        duckdb: "GEOMETRY",
        postgres: "geometry(Geometry,srid) with PostGIS, else bytea",
        applies: |l| matches!(l, L::Geometry { .. }),
        default: geometry,
        alternatives: "geometry, geometry(…), bytea",
        allows: geometry_allows,
        fidelity: Fidelity::Widened,
        losses: &[Loss::Ordinates],
        note: "geometry without a modifier where there is no EPSG code, or Z or M; bytea is ISO WKB and leaves the CRS behind",
    },
];
