//! What values that differ have lost on their way: the ways in which migrations damage data, each
//! looked for in the differences that were found.

use migrator_model::canonical::{bytes::tag, render};
use unicode_normalization::UnicodeNormalization;

use super::{
    check::{Category, Check, FAILING_KEYS, Severity},
    pair::Pair,
    values::RowDifference,
};

/// A way to damage a value: the source's and the target's canonical bytes.
type Damage = fn(&[u8], &[u8]) -> bool;

const DAMAGES: &[(&str, Damage)] = &[
    ("null_for_empty", null_for_empty),
    ("trailing_whitespace_match", trailing_whitespace),
    ("case_drift", case_drift),
    ("unicode_normalization_drift", normalization),
    ("numeric_precision_loss", numeric_precision),
    ("float_precision_loss", float_precision),
    ("timestamp_precision_loss", timestamp_precision),
    ("timezone_shift", timezone_shift),
];

/// One check for each way, and one for what was lost with consent.
pub fn checks(pair: &Pair, rows: &[RowDifference], complete: bool) -> Vec<Check> {
    let mut checks: Vec<_> =
        DAMAGES.iter().map(|(name, damage)| check(pair, rows, name, *damage)).collect();
    if !complete {
        let note = "only the differences that were located are looked at";
        checks = checks.into_iter().map(|check| check.note(note)).collect();
    }
    checks.extend(consented(pair));
    checks
}

fn check(pair: &Pair, rows: &[RowDifference], name: &'static str, damage: Damage) -> Check {
    let mut damaged = Vec::new();
    let mut columns = Vec::new();
    for row in rows {
        let (Some(there), Some(here)) = (&row.there, &row.here) else { continue };
        // Of long values only the start is known: where that is the same nobody can say.
        let is_damaged =
            |at: &&usize| there[**at] != here[**at] && damage(&there[**at], &here[**at]);
        for at in row.columns.iter().filter(is_damaged) {
            damaged.push(row);
            columns.push(*at);
        }
    }
    let check = Check::new(name, Category::Fidelity, Severity::Error).compare(0, damaged.len());
    Check {
        column_name: pair.column_names(columns),
        unexpected_count: Some(damaged.len() as i64),
        failing_keys: damaged.iter().take(FAILING_KEYS).map(|row| pair.key_of(row)).collect(),
        ..check
    }
}

/// What the load has lost because the user said so: no failure, but nobody should miss it.
fn consented(pair: &Pair) -> Option<Check> {
    let run = pair.run.as_ref()?;
    let losses: Vec<_> = run.losses().cloned().collect();
    let check = Check::new("consented_loss", Category::Fidelity, Severity::Warn);
    (!losses.is_empty()).then(|| {
        let note = format!("run {}, with consent: {}", run.run_id, losses.join("; "));
        check.holds(true).note(note)
    })
}

/// A text of which all is known.
fn text(canonical: &[u8]) -> Option<&str> {
    let (kind, rest) = canonical.split_first()?;
    let (length, bytes) = rest.split_first_chunk()?;
    let is_whole = u32::from_le_bytes(*length) as usize == bytes.len();
    str::from_utf8(bytes).ok().filter(|_| is_whole && *kind == tag::TEXT)
}

fn texts<'c>(there: &'c [u8], here: &'c [u8]) -> Option<(&'c str, &'c str)> {
    text(there).zip(text(here))
}

fn null_for_empty(there: &[u8], here: &[u8]) -> bool {
    let is_null = |canonical: &[u8]| canonical == [tag::NULL];
    let is_empty = |canonical: &[u8]| text(canonical) == Some("");
    is_null(there) && is_empty(here) || is_empty(there) && is_null(here)
}

fn trailing_whitespace(there: &[u8], here: &[u8]) -> bool {
    texts(there, here).is_some_and(|(there, here)| there.trim_end() == here.trim_end())
}

fn case_drift(there: &[u8], here: &[u8]) -> bool {
    texts(there, here).is_some_and(|(there, here)| there.to_lowercase() == here.to_lowercase())
}

fn normalization(there: &[u8], here: &[u8]) -> bool {
    texts(there, here).is_some_and(|(there, here)| there.nfc().eq(here.nfc()))
}

/// Whether a number of these kinds is nearly the other: rounded, not replaced.
fn is_rounded(there: &[u8], here: &[u8], kinds: [u8; 2]) -> bool {
    let number = |canonical: &[u8]| {
        canonical.first().filter(|kind| kinds.contains(kind))?;
        render::text(canonical).parse::<f64>().ok().filter(|number| number.is_finite())
    };
    let near = |(there, here): (f64, f64)| (there - here).abs() <= there.abs() * 1e-6;
    number(there).zip(number(here)).is_some_and(near)
}

fn numeric_precision(there: &[u8], here: &[u8]) -> bool {
    is_rounded(there, here, [tag::NUMERIC, tag::INTEGER])
}

fn float_precision(there: &[u8], here: &[u8]) -> bool {
    is_rounded(there, here, [tag::FLOAT4, tag::FLOAT8])
}

/// Microseconds between two times or timestamps.
fn micros_between(there: &[u8], here: &[u8]) -> Option<u64> {
    let micros = |canonical: &[u8]| match canonical.split_first()? {
        (&(tag::TIME | tag::TIMESTAMP), rest) => Some(i64::from_le_bytes(*rest.first_chunk()?)),
        _ => None,
    };
    Some(micros(there)?.abs_diff(micros(here)?))
}

fn timestamp_precision(there: &[u8], here: &[u8]) -> bool {
    micros_between(there, here).is_some_and(|micros| micros < 1_000_000)
}

/// Zones are whole quarters of an hour from UTC, and less than 16 hours.
fn timezone_shift(there: &[u8], here: &[u8]) -> bool {
    const QUARTER: u64 = 15 * 60 * 1_000_000;
    micros_between(there, here)
        .is_some_and(|micros| micros > 0 && micros % QUARTER == 0 && micros < 64 * QUARTER)
}

#[cfg(test)]
mod tests {
    use migrator_model::canonical::profile::canonical;

    use super::*;

    #[test]
    fn every_damage_is_known_and_no_other_is_taken_for_it() {
        let text = |text: &str| canonical(|c| c.text(text.as_bytes()));
        let null = canonical(|c| c.null());
        let timestamp = |micros| canonical(|c| c.timestamp(micros));
        let integer = |n| canonical(|c| c.integer(n));
        let float = |n| canonical(|c| c.float8(n));
        let cases: [(&str, Vec<u8>, Vec<u8>); 8] = [
            ("null_for_empty", null.clone(), text("")),
            ("trailing_whitespace_match", text("a"), text("a ")),
            ("case_drift", text("Ärger"), text("ärger")),
            ("unicode_normalization_drift", text("é"), text("e\u{301}")),
            (
                "numeric_precision_loss",
                integer(9_007_199_254_740_993),
                integer(9_007_199_254_740_992),
            ),
            ("float_precision_loss", float(0.1), float(f64::from(0.1_f32))),
            ("timestamp_precision_loss", timestamp(1_000_001), timestamp(1_000_000)),
            ("timezone_shift", timestamp(0), timestamp(3_600_000_000)),
        ];
        for (name, there, here) in &cases {
            let found: Vec<_> =
                DAMAGES.iter().filter(|(_, damage)| damage(there, here)).map(|d| d.0).collect();
            assert_eq!(found, [*name]);
        }
        assert!(DAMAGES.iter().all(|(_, damage)| !damage(&text("a"), &text("b"))));
        // The start of two long texts.
        let cut = |length: usize| text(&"a".repeat(length))[..100].to_vec();
        assert!(DAMAGES.iter().all(|(_, damage)| !damage(&cut(200), &cut(201))));
        assert!(DAMAGES.iter().all(|(_, damage)| !damage(&integer(1), &integer(2))));
    }
}
