//! Dates and timestamps as PostgreSQL prints them (DateStyle ISO, TimeZone UTC), and as DuckDB reads
//! them: the same calendar, but 44 BC is `0044-03-15 BC` there and `0044-03-15 (BC)` here.

/// Microseconds of a day.
pub const DAY: i128 = 86_400_000_000;

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instant {
    /// -infinity
    Past,
    /// Microseconds since 1970.
    Finite(i128),
    /// infinity
    Future,
}

impl Instant {
    /// Reads a date, a timestamp, or a timestamp with time zone in UTC.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "infinity" => return Some(Self::Future),
            "-infinity" => return Some(Self::Past),
            _ => {}
        }
        let (text, is_bc) = match text.strip_suffix(" BC") {
            Some(text) => (text, true),
            None => (text, false),
        };
        let text = text.strip_suffix("+00").unwrap_or(text);
        let (date, time) = text.split_once(' ').unwrap_or((text, "00:00:00"));
        Some(Self::Finite(parse_date(date, is_bc)? * DAY + parse_time(time)?))
    }
}

/// Whether a date or timestamp is finite, after Christ, and far from the end of DuckDB's timestamps:
/// there the two programs agree about everything.
pub fn is_ordinary(text: &str) -> bool {
    match Instant::parse(text) {
        Some(Instant::Finite(micros)) => {
            (days(1, 1, 1)..days(200_000, 1, 1)).contains(&micros.div_euclid(DAY))
        }
        _ => false,
    }
}

/// Days since 1970 of `2024-02-29`.
fn parse_date(text: &str, is_bc: bool) -> Option<i128> {
    let mut parts = text.splitn(3, '-').map(|part| part.parse::<i32>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    // There is no year 0: 1 BC is the year before 1.
    let year = if is_bc { 1 - year } else { year };
    Some(days(year.into(), month.into(), day.into()))
}

/// Microseconds of `12:34:56.789`.
pub fn parse_time(text: &str) -> Option<i128> {
    let mut parts = text.splitn(3, ':');
    let mut whole = || parts.next()?.parse::<i64>().ok().map(i128::from);
    let (hours, minutes) = (whole()?, whole()?);
    let (seconds, fraction) = super::number::Number::parse(parts.next()?)?.floor(6)?;
    fraction.then_some((hours * 60 + minutes) * 60_000_000 + seconds)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, in years counted through 0.
pub fn days(year: i64, month: i64, day: i64) -> i128 {
    // Years begin in March here, so that the day that is inserted is the last one.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    i128::from(era * 146_097 + of_era - 719_468)
}

/// The date of a day since 1970, as DuckDB reads it, in two parts: `0044-03-15` and ` (BC)`.
fn date_parts(days: i128) -> (String, &'static str) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = (month + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i128::from(month <= 2);
    let (year, era) = if year > 0 { (year, "") } else { (1 - year, " (BC)") };
    (format!("{year:04}-{month:02}-{day:02}"), era)
}

/// A day since 1970 as DuckDB reads it.
pub fn date(days: i128) -> String {
    let (date, era) = date_parts(days);
    date + era
}

/// Microseconds since 1970 as DuckDB reads them.
pub fn timestamp(micros: i128) -> String {
    let (days, rest) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    let time = format!("{hours:02}:{minutes:02}:{:02}", seconds % 60);
    let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:06}") };
    format!("{} {time}{fraction}", date(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(text: &str) -> String {
        match Instant::parse(text).unwrap() {
            Instant::Finite(micros) => timestamp(micros),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn timestamps_are_read_as_postgresql_writes_them() {
        assert_eq!(Instant::parse("1970-01-01"), Some(Instant::Finite(0)));
        assert_eq!(Instant::parse("1970-01-02 00:00:01.5"), Some(Instant::Finite(86_401_500_000)));
        assert_eq!(Instant::parse("1969-12-31 23:59:59+00"), Some(Instant::Finite(-1_000_000)));
        assert_eq!(Instant::parse("infinity"), Some(Instant::Future));
        assert_eq!(Instant::parse("-infinity"), Some(Instant::Past));
        for text in ["", "now", "2024-01", "2024-01-01 1:2", "2024-01-01 00:00:00+02"] {
            assert_eq!(Instant::parse(text), None, "{text}");
        }
    }

    #[test]
    fn timestamps_are_written_as_duckdb_reads_them() {
        assert_eq!(there_and_back("2024-02-29 12:34:56.000001"), "2024-02-29 12:34:56.000001");
        assert_eq!(there_and_back("0044-03-15 BC"), "0044-03-15 (BC) 00:00:00");
        assert_eq!(there_and_back("0001-12-31 23:00:00+00 BC"), "0001-12-31 (BC) 23:00:00");
        assert_eq!(there_and_back("0001-01-01"), "0001-01-01 00:00:00");
        assert_eq!(there_and_back("294276-12-31 23:59:59.999999"), "294276-12-31 23:59:59.999999");
        assert_eq!(there_and_back("4714-11-24 BC"), "4714-11-24 (BC) 00:00:00");
    }

    #[test]
    fn every_day_comes_back() {
        for day in (-3_000_000..3_000_000).step_by(97) {
            let (text, era) = date_parts(day);
            assert_eq!(parse_date(&text, !era.is_empty()), Some(day), "{text}{era}");
        }
        assert_eq!(days(1970, 1, 1), 0);
        assert_eq!(days(2000, 1, 1), 10_957);
        assert_eq!(date(2_145_031_948 + 10_957), "5874897-12-31");
    }
}
