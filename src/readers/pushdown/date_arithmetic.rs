//! Dates and timestamps, later or earlier.

use migrator_model::LogicalType;

use super::{
    calendar::{self, DAY},
    expression::{Expression, Kind},
    operator::is_integer,
    relation::Scope,
    sql::Sql,
    value::{Facts, Value, value},
};

/// `left + right` or `left - right` where one of them is a date or a timestamp.
pub fn value_of(name: &str, left: &Expression, right: &Expression, scope: &Scope) -> Option<Value> {
    use Kind as K;
    match (name, left.kind(), right.kind()) {
        ("+" | "-", K::Date, days) if is_integer(days) => moved(name, left, right, scope),
        ("+", days, K::Date) if is_integer(days) => moved(name, right, left, scope),
        ("-", K::Date, K::Date) => days_between(left, right, scope),
        ("+" | "-", K::Timestamp | K::Date, K::Interval) => shifted(name, left, right, scope),
        ("+", K::Interval, K::Timestamp | K::Date) => shifted(name, right, left, scope),
        _ => None,
    }
}

/// So many days may pass from an ordinary date without leaving the dates of PostgreSQL, whose end is an
/// error; DuckDB has more.
const NEAR: u128 = 365_000;

/// A date so many days later.
fn moved(name: &str, date: &Expression, days: &Expression, scope: &Scope) -> Option<Value> {
    let date = plain_date(date, scope).filter(|date| date.facts.ordinary)?;
    let days = value(days, scope).filter(|days| days.facts.most <= NEAR)?;
    let days = days.cast(&LogicalType::Integer);
    Some(Value::new(Sql::infix(&date.sql, name, &days.sql), LogicalType::Date))
}

fn plain_date(date: &Expression, scope: &Scope) -> Option<Value> {
    value(date, scope).filter(|date| date.logical == LogicalType::Date)
}

/// The days between two dates: an error in PostgreSQL where one is infinite, a number in DuckDB.
fn days_between(left: &Expression, right: &Expression, scope: &Scope) -> Option<Value> {
    let date = |date| plain_date(date, scope).filter(|date| date.facts.ordinary);
    let sql = Sql::infix(&date(left)?.sql, "-", &date(right)?.sql);
    let facts = Facts { most: MOST_DAYS, ..Facts::of(&LogicalType::BigInt) };
    Some(Value { sql, logical: LogicalType::BigInt, facts })
}

/// More days than there are between two ordinary dates.
const MOST_DAYS: u128 = 200_000 * 366;

/// A timestamp (or a date at midnight) later by a constant: first by the months, where the day may have
/// to become the last of its month, then by the days, then by the rest. Both programs do so, but DuckDB's
/// timestamps end earlier.
fn shifted(name: &str, moment: &Expression, interval: &Expression, scope: &Scope) -> Option<Value> {
    let Expression::Constant { value: Some(text), .. } = interval else { return None };
    let interval = Interval::parse(text).filter(Interval::is_near)?;
    let moment = value(moment, scope).filter(|moment| moment.facts.ordinary)?;
    let moment = match moment.logical {
        LogicalType::Date | LogicalType::TimestampS | LogicalType::TimestampMs => {
            moment.cast(&LogicalType::Timestamp)
        }
        LogicalType::Timestamp => moment,
        _ => return None,
    };
    let facts = Facts { ordinary: false, ..moment.facts };
    let sql =
        interval.parts().fold(moment.sql, |sql, part| Sql::infix(&sql, name, &Sql::text(part)));
    Some(Value { sql, facts, logical: moment.logical })
}

/// An interval.
#[derive(Debug, PartialEq, Eq)]
struct Interval {
    months: i32,
    days: i32,
    micros: i64,
}

impl Interval {
    /// Reads `1 year 2 mons -3 days 04:05:06.789` (IntervalStyle postgres).
    fn parse(text: &str) -> Option<Self> {
        let mut interval = Self { months: 0, days: 0, micros: 0 };
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            if word.contains(':') {
                interval.micros = parse_time(word)?;
                continue;
            }
            let number: i32 = word.parse().ok()?;
            match words.next()? {
                "year" | "years" => {
                    interval.months = interval.months.checked_add(number.checked_mul(12)?)?;
                }
                "mon" | "mons" => interval.months = interval.months.checked_add(number)?,
                "day" | "days" => interval.days = number,
                _ => return None,
            }
        }
        Some(interval)
    }

    /// Whether no part leads far from an ordinary date.
    fn is_near(&self) -> bool {
        let days = [
            u128::from(self.months.unsigned_abs()) * 31,
            self.days.unsigned_abs().into(),
            u128::from(self.micros.unsigned_abs()) / DAY.unsigned_abs(),
        ];
        days.iter().all(|days| *days <= NEAR)
    }

    /// In DuckDB's functions.
    fn parts(&self) -> impl Iterator<Item = String> {
        let months = (self.months != 0).then(|| format!("to_months({})", self.months));
        let days = (self.days != 0).then(|| format!("to_days({})", self.days));
        let rest = (self.micros != 0).then(|| format!("to_microseconds({})", self.micros));
        [months, days, rest].into_iter().flatten()
    }
}

/// Microseconds of `-04:05:06.789`.
fn parse_time(text: &str) -> Option<i64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    Some(sign * i64::try_from(calendar::parse_time(text)?).ok()?)
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    fn interval(text: &str) -> Expression {
        constant_of(Kind::Interval, text)
    }

    #[test]
    fn dates_move_by_days() {
        let later = operator(Common::born(), "+", int(7), Kind::Date);
        assert_eq!(said(&later).unwrap(), "(r1.\"born\" + CAST('7' AS INTEGER))");
        let later = operator(int(7), "+", Common::born(), Kind::Date);
        assert_eq!(said(&later).unwrap(), "(r1.\"born\" + CAST('7' AS INTEGER))");
        let earlier = operator(Common::born(), "-", Common::tiny(), Kind::Date);
        assert_eq!(said(&earlier).unwrap(), "(r1.\"born\" - CAST(r1.\"tiny\" AS INTEGER))");
    }

    #[test]
    fn dates_do_not_leave_those_of_postgresql() {
        assert_eq!(said(&operator(Common::day(), "+", int(7), Kind::Date)), None);
        assert_eq!(said(&operator(Common::born(), "+", int(1_000_000), Kind::Date)), None);
        assert_eq!(said(&operator(Common::born(), "+", Common::id(), Kind::Date)), None);
        assert_eq!(said(&operator(Common::born(), "+", param(0, Kind::Int4), Kind::Date)), None);
        let far = operator(Common::seen(), "-", interval("9000 years"), Kind::Timestamp);
        assert_eq!(said(&far), None);
    }

    #[test]
    fn the_days_between_dates_are_finite() {
        let christmas = || constant_of(Kind::Date, "2024-12-25");
        let days = |left, right| said(&operator(left, "-", right, Kind::Int4));
        let sql = "(DATE '2024-12-25' - r1.\"born\")";
        assert_eq!(days(christmas(), Common::born()).unwrap(), sql);
        assert_eq!(days(christmas(), Common::day()), None);
        assert_eq!(days(Common::day(), christmas()), None);
    }

    #[test]
    fn timestamps_are_shifted_in_the_same_order() {
        let later =
            operator(Common::seen(), "+", interval("1 year 2 mons -3 days"), Kind::Timestamp);
        assert_eq!(said(&later).unwrap(), "((r1.\"seen\" + to_months(14)) + to_days(-3))");
        let earlier = operator(Common::born(), "-", interval("90 days"), Kind::Timestamp);
        assert_eq!(said(&earlier).unwrap(), "(CAST(r1.\"born\" AS TIMESTAMP) - to_days(90))");
        let later = operator(interval("00:00:01.5"), "+", Common::seen(), Kind::Timestamp);
        assert_eq!(said(&later).unwrap(), "(r1.\"seen\" + to_microseconds(1500000))");
        let nothing = operator(Common::seen(), "+", interval("00:00:00"), Kind::Timestamp);
        assert_eq!(said(&nothing).unwrap(), "r1.\"seen\"");
    }

    #[test]
    fn other_pairs_stay() {
        let pairs = [
            operator(Common::zoned(), "+", interval("1 day"), Kind::TimestampTz),
            operator(Common::at(), "+", interval("1 day"), Kind::Timestamp),
            operator(Common::seen(), "-", Common::seen(), Kind::Interval),
            operator(Common::seen(), "+", interval("infinity"), Kind::Timestamp),
            operator(Common::seen(), "+", param(0, Kind::Interval), Kind::Timestamp),
            operator(Common::time(), "+", interval("01:00:00"), Kind::Time),
        ];
        for pair in pairs {
            assert_eq!(said(&pair), None, "{pair:?}");
        }
    }

    #[test]
    fn intervals_are_read() {
        let parsed = |text| Interval::parse(text).map(|i| (i.months, i.days, i.micros));
        assert_eq!(parsed("-1 years -2 mons +3 days -04:05:06.5"), Some((-14, 3, -14_706_500_000)));
        assert_eq!(parsed("00:00:00"), Some((0, 0, 0)));
        assert_eq!(parsed("2562047788:00:54.775807"), Some((0, 0, 9_223_372_036_854_775_807)));
        assert_eq!(parsed("9999999999999:00:00"), None);
        assert_eq!(parsed("1 fortnight"), None);
    }
}
