//! Rules for lists, arrays, structs, maps, unions, variants and geometries.

use super::{Fidelity, Mapping, Rule, allows, rule};
use crate::{
    logical_type::LogicalType as L,
    pg_type::{Environment, PgType as P},
    policy::{Loss, Losses},
};

/// PostgreSQL's MAXDIM: an array has at most this many dimensions.
pub const MAX_DIMENSIONS: usize = 6;
/// pgvector's VECTOR_MAX_DIM, HALFVEC_MAX_DIM.
pub const MAX_VECTOR: u32 = 16_000;

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
        P::Array(element) => allows(leaf(logical), element),
        P::Vector(_) | P::HalfVec(_) => {
            levels(logical) == 1 && matches!(leaf(logical), L::Float | L::Double)
        }
        other => is_json(other),
    }
}

/// What the data asks for where the default type cannot hold it: nothing is lost by it.
pub(super) fn instead(logical: &L, pg: &P, losses: &Losses) -> Option<Mapping> {
    if losses.of(Loss::NotAVector) > 0 && is_embedding(logical) {
        let note = "arrays with NULL or non-finite elements are no vectors".to_owned();
        let pg = P::Array(Box::new(P::Float4));
        return Some(Mapping { pg, fidelity: Fidelity::Exact, note });
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
        alternatives: "halfvec(n) (lossy), real[], double precision[], jsonb, json",
        allows: list_allows,
        fidelity: Fidelity::Exact,
        losses: &[Loss::NotAVector],
        note: "real[] where an element is NULL or not finite",
    },
    Rule {
        duckdb: "lists and arrays of STRUCT, MAP, UNION, TUPLE, VARIANT",
        applies: wants_jsonb,
        alternatives: "jsonb[], json",
        allows: |l, pg| is_json(pg) || list_allows(l, pg),
        note: "an array type has at most 6 dimensions: deeper lists too",
        ..JSON
    },
    Rule {
        duckdb: "LIST(T), ARRAY(T, n)",
        postgres: "T[]",
        applies: is_list,
        default: array_of_leaf,
        alternatives: "vector(n), halfvec(n) for FLOAT and DOUBLE, jsonb, json",
        allows: list_allows,
        fidelity: Fidelity::Exact,
        losses: &[Loss::NotRectangular],
        note: "jsonb where lists in lists differ in length or are NULL or empty",
    },
    Rule {
        duckdb: "STRUCT",
        applies: |l| matches!(l, L::Struct(_)),
        alternatives: "json, one column per field (`options.struct`)",
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
        postgres: "bytea",
        applies: |l| matches!(l, L::Geometry { .. }),
        default: |_, _| P::Bytea,
        alternatives: "",
        allows: |_, pg| *pg == P::Bytea,
        fidelity: Fidelity::Widened,
        losses: &[],
        note: "ISO WKB, little endian; the CRS stays behind",
    },
];
