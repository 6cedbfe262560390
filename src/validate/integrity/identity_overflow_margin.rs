//! A sequence or a column's type that will soon have no numbers left.

use migrator_model::ident::quote;

use super::{
    look::Look,
    sequence::{self, Numbered, Place},
    task::Task,
};
use crate::{error::Result, validate::check::Check};

/// The columns that a sequence numbers. One that starts again has no end.
pub fn plan(look: Look<'_>) -> Result<Vec<Task<'_>>> {
    let numbered = sequence::of(look.relation.oid)?.into_iter();
    let ending = numbered.filter(|numbered| !numbered.cycles);
    ending.map(|numbered| numbered.task(look, judge)).collect()
}

fn judge(look: Look<'_>, numbered: &Numbered, check: Check) -> Result<Check> {
    let (left, margin) = (numbered.left(&numbered.place(look)?), look.options.margin);
    let holds = left >= margin;
    let check = Check {
        expected: Some(format!("at least {margin} % left")),
        actual: Some(format!("{left:.1} % left")),
        rows_checked: Some(look.heap.count(&look.relation.from())?),
        remedy: if holds { None } else { numbered.wider(look)? },
        ..check
    };
    Ok(check.holds(holds))
}

impl Numbered {
    /// The first and the last number that both the sequence and the column can have.
    fn ends(&self) -> (i64, i64) {
        let (least, greatest) = match self.type_name.as_str() {
            "int2" => (i64::from(i16::MIN), i64::from(i16::MAX)),
            "int4" => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        };
        let (least, greatest) = (self.min.max(least), self.max.min(greatest));
        if self.ascends() { (least, greatest) } else { (greatest, least) }
    }

    /// How much is left, in per cent. Numbers that were taken past the sequence count as well.
    fn left(&self, place: &Place) -> f64 {
        let (first, last) = self.ends();
        let sign = if self.ascends() { 1.0 } else { -1.0 };
        let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN) * sign;
        let reached = number(&place.next) - self.increment.unsigned_abs() as f64;
        let reached = place.extreme.as_deref().map_or(reached, |text| reached.max(number(text)));
        let (first, last) = (first as f64 * sign, last as f64 * sign);
        (100.0 * (last - reached) / (last - first + 1.0)).clamp(0.0, 100.0)
    }

    /// What gives it more numbers.
    fn wider(&self, look: Look<'_>) -> Result<Option<String>> {
        let (table, column) = (look.relation.quoted(), quote(&self.column));
        let bound = if self.ascends() { "NO MAXVALUE" } else { "NO MINVALUE" };
        let is_full = if self.ascends() { self.max == i64::MAX } else { self.min == i64::MIN };
        let sequence = format!("ALTER SEQUENCE {} AS bigint {bound}", self.sequence()?);
        let retyped = format!("ALTER TABLE {table} ALTER COLUMN {column} TYPE bigint");
        Ok(match self.type_name.as_str() {
            "int2" | "int4" => Some(format!("{retyped}; {sequence}")),
            _ if is_full => None,
            _ => Some(sequence),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn left(increment: i64, next: &str, extreme: Option<&str>) -> f64 {
        let (min, max) = if increment > 0 { (1, i64::from(i16::MAX)) } else { (i64::MIN, -1) };
        let numbered: Numbered = serde_json::from_value(json!({
            "column": "id", "schema": "s", "sequence": "q", "increment": increment, "min": min,
            "max": max, "cycles": false, "type_name": "int2", "is_key": true
        }))
        .unwrap();
        let extreme = extreme.map(str::to_owned);
        let place = Place { next: next.into(), extreme, distance: None, is_ahead: true };
        numbered.left(&place)
    }

    #[test]
    fn what_is_left_is_counted_in_the_direction_of_the_sequence() {
        assert_eq!(left(1, "1", None), 100.0);
        assert_eq!(left(1, "32768", None), 0.0);
        assert_eq!(left(1, "2", Some("32767")), 0.0);
        assert_eq!(left(-1, "-1", None), 100.0);
        assert_eq!(left(-1, "-32769", None), 0.0);
    }
}
