//! Rules for dates, times, timestamps and intervals.

use super::{Fidelity, Rule, scalar::is_text};
use crate::{logical_type::LogicalType as L, pg_type::PgType as P, policy::Loss};

/// A rule that keeps every value in range, to be completed with `..`.
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

const NANOSECONDS: &str = "bigint or numeric (nanoseconds), text";
const NANOSECONDS_NOTE: &str = "lossy only where digits below the microsecond occur";

fn nanoseconds(pg: &P) -> bool {
    matches!(pg, P::Int8 | P::Numeric(_)) || is_text(pg)
}

fn timestamp_allows(_: &L, pg: &P) -> bool {
    matches!(pg, P::Timestamp(_)) || is_text(pg)
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        duckdb: "DATE",
        postgres: "date",
        applies: |l| *l == L::Date,
        default: |_, _| P::Date,
        alternatives: "timestamp, text",
        allows: |_, pg| matches!(pg, P::Date | P::Timestamp(_)) || is_text(pg),
        note: "a date before 4714-11-24 BC or after 5874897-12-31 is a bad value",
        ..PLAIN
    },
    Rule {
        duckdb: "TIME",
        postgres: "time",
        applies: |l| *l == L::Time,
        default: |_, _| P::Time(None),
        allows: |_, pg| matches!(pg, P::Time(_)) || is_text(pg),
        ..PLAIN
    },
    Rule {
        duckdb: "TIME_NS",
        postgres: "time",
        applies: |l| *l == L::TimeNs,
        default: |_, _| P::Time(None),
        alternatives: NANOSECONDS,
        allows: |_, pg| matches!(pg, P::Time(_)) || nanoseconds(pg),
        losses: &[Loss::Nanoseconds],
        note: NANOSECONDS_NOTE,
        ..PLAIN
    },
    Rule {
        duckdb: "TIMETZ",
        postgres: "timetz",
        applies: |l| *l == L::TimeTz,
        default: |_, _| P::TimeTz(None),
        allows: |_, pg| matches!(pg, P::TimeTz(_)) || is_text(pg),
        ..PLAIN
    },
    Rule {
        duckdb: "TIMESTAMP",
        postgres: "timestamp",
        applies: |l| *l == L::Timestamp,
        default: |_, _| P::Timestamp(None),
        allows: timestamp_allows,
        note: "a timestamp before 4714-11-24 BC is a bad value",
        ..PLAIN
    },
    Rule {
        duckdb: "TIMESTAMP_S",
        postgres: "timestamp(0)",
        applies: |l| *l == L::TimestampS,
        default: |_, _| P::Timestamp(Some(0)),
        alternatives: "timestamp, text",
        allows: timestamp_allows,
        note: "a timestamp outside 4714-11-24 BC to 294276-12-31 is a bad value",
        ..PLAIN
    },
    Rule {
        duckdb: "TIMESTAMP_MS",
        postgres: "timestamp(3)",
        applies: |l| *l == L::TimestampMs,
        default: |_, _| P::Timestamp(Some(3)),
        alternatives: "timestamp, text",
        allows: timestamp_allows,
        note: "a timestamp outside 4714-11-24 BC to 294276-12-31 is a bad value",
        ..PLAIN
    },
    Rule {
        duckdb: "TIMESTAMP_NS",
        postgres: "timestamp",
        applies: |l| *l == L::TimestampNs,
        default: |_, _| P::Timestamp(None),
        alternatives: NANOSECONDS,
        allows: |_, pg| matches!(pg, P::Timestamp(_)) || nanoseconds(pg),
        losses: &[Loss::Nanoseconds],
        note: NANOSECONDS_NOTE,
        ..PLAIN
    },
    Rule {
        duckdb: "TIMESTAMPTZ",
        postgres: "timestamptz",
        applies: |l| *l == L::TimestampTz,
        default: |_, _| P::TimestampTz(None),
        allows: |_, pg| matches!(pg, P::TimestampTz(_)) || is_text(pg),
        note: "a timestamp before 4714-11-24 BC is a bad value",
        ..PLAIN
    },
    Rule {
        duckdb: "TIMESTAMPTZ_NS",
        postgres: "timestamptz",
        applies: |l| *l == L::TimestampTzNs,
        default: |_, _| P::TimestampTz(None),
        alternatives: NANOSECONDS,
        allows: |_, pg| matches!(pg, P::TimestampTz(_)) || nanoseconds(pg),
        losses: &[Loss::Nanoseconds],
        note: NANOSECONDS_NOTE,
        ..PLAIN
    },
    Rule {
        duckdb: "INTERVAL",
        postgres: "interval",
        applies: |l| *l == L::Interval,
        default: |_, _| P::Interval,
        allows: |_, pg| *pg == P::Interval || is_text(pg),
        ..PLAIN
    },
];
