//! Rules for booleans, numbers, texts, bytes and labels.

use super::{Fidelity, Rule};
use crate::{logical_type::LogicalType as L, pg_type::PgType as P, policy::Loss};

pub(super) fn is_text(pg: &P) -> bool {
    matches!(pg, P::Text | P::Varchar(_) | P::Char(_))
}

fn integer_allows(_: &L, pg: &P) -> bool {
    matches!(pg, P::Int2 | P::Int4 | P::Int8 | P::Numeric(_)) || is_text(pg)
}

fn float_allows(_: &L, pg: &P) -> bool {
    matches!(pg, P::Float4 | P::Float8) || is_text(pg)
}

const INTEGERS: &str = "any other integer type (values are checked), numeric, text";

/// A rule with no loss and nothing to note, to be completed with `..`.
const PLAIN: Rule = Rule {
    duckdb: "",
    postgres: "",
    applies: |_| false,
    default: |_, _| P::Text,
    alternatives: "text",
    allows: |_, pg| is_text(pg),
    fidelity: Fidelity::Exact,
    losses: &[],
    note: "",
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        duckdb: "BOOLEAN",
        postgres: "boolean",
        applies: |l| *l == L::Boolean,
        default: |_, _| P::Bool,
        allows: |_, pg| *pg == P::Bool || is_text(pg),
        ..PLAIN
    },
    Rule {
        duckdb: "SMALLINT",
        postgres: "smallint",
        applies: |l| *l == L::SmallInt,
        default: |_, _| P::Int2,
        alternatives: INTEGERS,
        allows: integer_allows,
        ..PLAIN
    },
    Rule {
        duckdb: "TINYINT, UTINYINT",
        postgres: "smallint",
        applies: |l| matches!(l, L::TinyInt | L::UTinyInt),
        default: |_, _| P::Int2,
        alternatives: INTEGERS,
        allows: integer_allows,
        fidelity: Fidelity::Widened,
        ..PLAIN
    },
    Rule {
        duckdb: "INTEGER",
        postgres: "integer",
        applies: |l| *l == L::Integer,
        default: |_, _| P::Int4,
        alternatives: INTEGERS,
        allows: integer_allows,
        ..PLAIN
    },
    Rule {
        duckdb: "USMALLINT",
        postgres: "integer",
        applies: |l| *l == L::USmallInt,
        default: |_, _| P::Int4,
        alternatives: INTEGERS,
        allows: integer_allows,
        fidelity: Fidelity::Widened,
        ..PLAIN
    },
    Rule {
        duckdb: "BIGINT",
        postgres: "bigint",
        applies: |l| *l == L::BigInt,
        default: |_, _| P::Int8,
        alternatives: INTEGERS,
        allows: integer_allows,
        ..PLAIN
    },
    Rule {
        duckdb: "UINTEGER",
        postgres: "bigint",
        applies: |l| *l == L::UInteger,
        default: |_, _| P::Int8,
        alternatives: INTEGERS,
        allows: integer_allows,
        fidelity: Fidelity::Widened,
        ..PLAIN
    },
    Rule {
        duckdb: "UBIGINT",
        postgres: "numeric(20,0)",
        applies: |l| *l == L::UBigInt,
        default: |_, _| P::Numeric(Some((20, 0))),
        alternatives: INTEGERS,
        allows: integer_allows,
        fidelity: Fidelity::Widened,
        ..PLAIN
    },
    Rule {
        duckdb: "HUGEINT, UHUGEINT",
        postgres: "numeric(39,0)",
        applies: L::is_integer,
        default: |_, _| P::Numeric(Some((39, 0))),
        alternatives: INTEGERS,
        allows: integer_allows,
        fidelity: Fidelity::Widened,
        ..PLAIN
    },
    Rule {
        duckdb: "BIGNUM",
        postgres: "numeric",
        applies: |l| *l == L::BigNum,
        default: |_, _| P::Numeric(None),
        alternatives: INTEGERS,
        allows: integer_allows,
        fidelity: Fidelity::Widened,
        note: "more than 131072 digits are a bad value",
        ..PLAIN
    },
    Rule {
        duckdb: "FLOAT",
        postgres: "real",
        applies: |l| *l == L::Float,
        default: |_, _| P::Float4,
        alternatives: "double precision, text",
        allows: float_allows,
        note: "NaN, infinities and -0 are kept",
        ..PLAIN
    },
    Rule {
        duckdb: "DOUBLE",
        postgres: "double precision",
        applies: |l| *l == L::Double,
        default: |_, _| P::Float8,
        alternatives: "real (lossy), text",
        allows: float_allows,
        note: "NaN, infinities and -0 are kept",
        ..PLAIN
    },
    Rule {
        duckdb: "DECIMAL(w,s)",
        postgres: "numeric(w,s)",
        applies: |l| matches!(l, L::Decimal { .. }),
        default: |l, _| match l {
            L::Decimal { width, scale } => P::Numeric(Some((u16::from(*width), i16::from(*scale)))),
            _ => P::Numeric(None),
        },
        alternatives: "any numeric that holds every digit (values are checked), text",
        allows: |_, pg| matches!(pg, P::Numeric(_)) || is_text(pg),
        ..PLAIN
    },
    Rule {
        duckdb: "VARCHAR",
        postgres: "text",
        applies: |l| *l == L::Varchar,
        alternatives: "varchar(n), character(n), bytea (UTF-8), json, jsonb",
        allows: |_, pg| is_text(pg) || matches!(pg, P::Bytea | P::Json | P::Jsonb),
        note: "NUL bytes: see `options.nul_bytes`",
        ..PLAIN
    },
    Rule {
        duckdb: "JSON",
        postgres: "jsonb",
        applies: |l| *l == L::Json,
        default: |_, _| P::Jsonb,
        alternatives: "json, text",
        allows: |_, pg| is_text(pg) || matches!(pg, P::Json | P::Jsonb),
        losses: &[Loss::DuplicateKey, Loss::NegativeZero, Loss::NulBytes],
        note: "lossy where keys repeat, a number is -0, or \\u0000 occurs; json keeps the text as it is",
        ..PLAIN
    },
    Rule {
        duckdb: "BLOB",
        postgres: "bytea",
        applies: |l| *l == L::Blob,
        default: |_, _| P::Bytea,
        alternatives: "",
        allows: |_, pg| *pg == P::Bytea,
        ..PLAIN
    },
    Rule {
        duckdb: "BIT",
        postgres: "bit varying",
        applies: |l| *l == L::Bit,
        default: |_, _| P::Varbit(None),
        alternatives: "bit(n), text",
        allows: |_, pg| matches!(pg, P::Varbit(_) | P::Bit(_)) || is_text(pg),
        ..PLAIN
    },
    Rule {
        duckdb: "UUID",
        postgres: "uuid",
        applies: |l| *l == L::Uuid,
        default: |_, _| P::Uuid,
        allows: |_, pg| *pg == P::Uuid || is_text(pg),
        ..PLAIN
    },
    Rule {
        duckdb: "ENUM",
        postgres: "an enum type",
        applies: |l| matches!(l, L::Enum(_)),
        default: |l, _| match l {
            L::Enum(labels) => P::Enum { name: None, labels: labels.clone() },
            _ => P::Text,
        },
        alternatives: "text, an enum type with all the labels",
        allows: |l, pg| match (l, pg) {
            (L::Enum(mine), P::Enum { labels, .. }) => mine.iter().all(|l| labels.contains(l)),
            (_, pg) => is_text(pg),
        },
        note: "created once per label set; a label over 63 bytes needs text",
        ..PLAIN
    },
    Rule {
        duckdb: "NULL (a view's untyped column)",
        postgres: "text",
        applies: |l| *l == L::Null,
        alternatives: "any type",
        allows: |_, _| true,
        ..PLAIN
    },
];
