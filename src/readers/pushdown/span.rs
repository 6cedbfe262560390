//! `extract(year FROM date) = 2024` and `timestamp::date = '2024-05-01'` as ranges of dates and
//! timestamps: exact for infinities and for years before Christ, which the two programs count
//! differently, and good for zone maps.

use migrator_model::LogicalType;
use serde::{Deserialize, Serialize};

use super::{
    calendar::{self, DAY, Instant},
    compare::is_truncated,
    comparison::{self, Comparison, always, never},
    expression::{Expression, Kind},
    function,
    number::Number,
    place::moment_place,
    relation::Scope,
    sql::Sql,
    value::{Value, value},
};

/// What is taken of a date or timestamp before it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The variants say what they are.
pub enum Part {
    Year,
    Day,
}

/// The part that an expression is, and what it is taken of.
pub fn operand(expression: &Expression, scope: &Scope) -> Option<(Part, Value)> {
    let Expression::Function { name, arguments, .. } = expression else { return None };
    if arguments.iter().any(is_truncated) {
        return None;
    }
    let (part, moment) = match (name.as_str(), arguments.as_slice()) {
        ("extract" | "date_part", [field, moment]) if is_year(field) => {
            (Part::Year, function::moment(moment, scope)?)
        }
        ("date", [moment]) if moment.kind() == Kind::Timestamp => {
            (Part::Day, value(moment, scope)?)
        }
        _ => return None,
    };
    is_moment(&moment.logical).then_some((part, moment))
}

fn is_year(field: &Expression) -> bool {
    matches!(field, Expression::Constant { value: Some(text), .. } if text == "year")
}

fn is_moment(logical: &LogicalType) -> bool {
    use LogicalType as L;
    matches!(logical, L::Date | L::Timestamp | L::TimestampS | L::TimestampMs | L::TimestampNs)
}

impl Part {
    /// Whether the part is compared with values of a type.
    pub fn is_compared_with(self, kind: Kind) -> bool {
        match self {
            Self::Year => matches!(kind, Kind::Numeric | Kind::Float8),
            Self::Day => matches!(kind, Kind::Date | Kind::Timestamp),
        }
    }
}

/// What lies before and behind a value among the moments.
enum Span {
    /// The moments from the first until before the second have it as their part.
    Is(Instant, Instant),
    /// No moment has it: those before this one have a lesser part, the others a greater one.
    Before(Instant),
    /// All parts are less.
    AboveAll,
}

/// The part of `moment`, of a type, compared with a value.
pub fn compare(
    moment: &Sql,
    logical: &LogicalType,
    part: Part,
    comparison: Comparison,
    (kind, text): (Kind, &str),
) -> Option<Sql> {
    let at = |comparison, instant| {
        Some(comparison::at(moment, comparison, &moment_place(logical, instant)?))
    };
    match part.span(kind, text)? {
        Span::Is(start, next) => with_span(comparison, start, next, &at),
        Span::Before(next) => match comparison {
            Comparison::Less | Comparison::LessOrEqual => at(Comparison::Less, next),
            Comparison::Greater | Comparison::GreaterOrEqual => {
                at(Comparison::GreaterOrEqual, next)
            }
            other => Some(with_nothing(moment, other)),
        },
        Span::AboveAll => Some(with_nothing(moment, comparison)),
    }
}

/// Compared with a part that moments have. An infinity is the only moment of its day and of its year.
fn with_span(
    comparison: Comparison,
    start: Instant,
    next: Instant,
    at: &dyn Fn(Comparison, Instant) -> Option<Sql>,
) -> Option<Sql> {
    use Comparison as C;
    let (below, above) = match start == next {
        true => (C::LessOrEqual, C::Greater),
        false => (C::Less, C::GreaterOrEqual),
    };
    let within = || Some(Sql::infix(&at(C::GreaterOrEqual, start)?, "AND", &at(below, next)?));
    match comparison {
        C::Less | C::GreaterOrEqual => at(comparison, start),
        C::LessOrEqual => at(below, next),
        C::Greater => at(above, next),
        C::Equal => within(),
        C::NotEqual => Some(within()?.between("(NOT ", ")")),
        C::Distinct => Some(within()?.between("(NOT coalesce(", ", FALSE))")),
    }
}

/// Compared with something that no moment has, and that is greater than what any has.
fn with_nothing(moment: &Sql, comparison: Comparison) -> Sql {
    use Comparison as C;
    match comparison {
        C::Less | C::LessOrEqual | C::NotEqual => always(moment),
        C::Distinct => Sql::text("TRUE"),
        C::Equal | C::Greater | C::GreaterOrEqual => never(moment),
    }
}

impl Part {
    fn span(self, kind: Kind, text: &str) -> Option<Span> {
        match self {
            Self::Day => Some(day(Instant::parse(text)?)),
            Self::Year => match text {
                "NaN" => Some(Span::AboveAll),
                "Infinity" => Some(Span::Is(Instant::Future, Instant::Future)),
                "-Infinity" => Some(Span::Is(Instant::Past, Instant::Past)),
                _ => {
                    let (number, is_whole) = number(kind, text)?;
                    Some(year(number, is_whole))
                }
            },
        }
    }
}

fn day(instant: Instant) -> Span {
    match instant {
        Instant::Finite(micros) => {
            let start = micros.div_euclid(DAY) * DAY;
            let next = Instant::Finite(start + DAY);
            if start == micros { Span::Is(instant, next) } else { Span::Before(next) }
        }
        infinity => Span::Is(infinity, infinity),
    }
}

/// A number, cut downwards, and whether nothing was cut.
fn number(kind: Kind, text: &str) -> Option<(i128, bool)> {
    if kind == Kind::Float8 {
        let number: f64 = text.parse().ok()?;
        return Some((number.floor() as i128, number.floor() == number));
    }
    let number = Number::parse(text)?;
    let beyond = if number.is_negative() { i128::MIN } else { i128::MAX };
    Some(number.floor(0).unwrap_or((beyond, false)))
}

/// Years before PostgreSQL's first date, and after DuckDB's last one, are nobody's.
fn year(number: i128, is_whole: bool) -> Span {
    const FIRST: i128 = -4_714;
    const LAST: i128 = 5_881_579;
    match number {
        ..FIRST => Span::Before(first_of(FIRST)),
        FIRST..LAST if is_whole && number != 0 => Span::Is(first_of(number), first_of(number + 1)),
        FIRST..LAST => Span::Before(first_of(number + i128::from(number != 0))),
        _ => Span::Before(Instant::Future),
    }
}

/// The beginning of a year: -1 is 1 BC, and there is no year 0, which would begin with 1.
fn first_of(year: i128) -> Instant {
    let counted = if year < 0 { year + 1 } else { year.max(1) };
    Instant::Finite(calendar::days(counted as i64, 1, 1) * DAY)
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    fn year_of(moment: Expression) -> Expression {
        function("extract", [text("year"), moment], Kind::Numeric)
    }

    fn compared(name: &str, number: &str) -> String {
        said(&test(year_of(Common::day()), name, num(number))).unwrap()
    }

    #[test]
    fn a_year_is_a_range_of_days() {
        let (first, next) = ("DATE '2024-01-01'", "DATE '2025-01-01'");
        let equal = format!("((r1.\"day\" >= {first}) AND (r1.\"day\" < {next}))");
        assert_eq!(compared("=", "2024"), equal);
        assert_eq!(compared("<>", "2024"), format!("(NOT {equal})"));
        assert_eq!(compared("<", "2024"), format!("(r1.\"day\" < {first})"));
        assert_eq!(compared("<=", "2024"), format!("(r1.\"day\" < {next})"));
        assert_eq!(compared(">", "2024"), format!("(r1.\"day\" >= {next})"));
        assert_eq!(compared(">=", "2024"), format!("(r1.\"day\" >= {first})"));
        assert_eq!(compared("<", "2024.5"), format!("(r1.\"day\" < {next})"));
        assert_eq!(compared(">=", "2024.5"), format!("(r1.\"day\" >= {next})"));
        assert_eq!(compared("=", "2024.5"), "(r1.\"day\" IS NULL AND NULL)");
    }

    #[test]
    fn there_is_no_year_zero() {
        let christ = "DATE '0001-01-01'";
        assert_eq!(compared("=", "0"), "(r1.\"day\" IS NULL AND NULL)");
        assert_eq!(compared(">", "0"), format!("(r1.\"day\" >= {christ})"));
        assert_eq!(compared("<", "0"), format!("(r1.\"day\" < {christ})"));
        assert_eq!(compared(">", "0.5"), format!("(r1.\"day\" >= {christ})"));
        assert_eq!(compared(">", "-0.5"), format!("(r1.\"day\" >= {christ})"));
        assert_eq!(compared(">", "-1"), format!("(r1.\"day\" >= {christ})"));
        assert_eq!(compared(">=", "-1"), "(r1.\"day\" >= DATE '0001-01-01 (BC)')");
        let one =
            "((r1.\"day\" >= DATE '0044-01-01 (BC)') AND (r1.\"day\" < DATE '0043-01-01 (BC)'))";
        assert_eq!(compared("=", "-44"), one);
    }

    #[test]
    fn years_that_nothing_has_lie_outside() {
        assert_eq!(compared("<", "1000000000"), "(r1.\"day\" < DATE 'infinity')");
        assert_eq!(compared(">", "-5000"), "(r1.\"day\" >= DATE '4714-01-01 (BC)')");
        assert_eq!(compared("=", &"9".repeat(50)), "(r1.\"day\" IS NULL AND NULL)");
        assert_eq!(compared("<", "NaN"), "(r1.\"day\" IS NOT NULL OR NULL)");
        assert_eq!(compared(">", "NaN"), "(r1.\"day\" IS NULL AND NULL)");
        let infinite = "((r1.\"day\" >= DATE 'infinity') AND (r1.\"day\" <= DATE 'infinity'))";
        assert_eq!(compared("=", "Infinity"), infinite);
        assert_eq!(compared(">", "-Infinity"), "(r1.\"day\" > DATE '-infinity')");
    }

    #[test]
    fn years_of_timestamps_are_ranges_of_timestamps() {
        let expression = test(year_of(Common::at()), "<", num("2024"));
        assert_eq!(said(&expression).unwrap(), "(r1.\"at\" < TIMESTAMP '2024-01-01 00:00:00')");
        let of_date = function("timestamp", [Common::day()], Kind::Timestamp);
        let part = function("date_part", [text("year"), of_date], Kind::Float8);
        let expression = test(part, "<", constant_of(Kind::Float8, "2.024e+03"));
        assert_eq!(said(&expression).unwrap(), "(r1.\"day\" < DATE '2024-01-01')");
        assert_eq!(said(&test(year_of(Common::zoned()), "=", num("2024"))), None);
    }

    #[test]
    fn a_day_is_a_range_of_timestamps() {
        let day = |name: &str, kind, text| {
            let date = function("date", [Common::at()], Kind::Date);
            said(&test(date, name, constant_of(kind, text))).unwrap()
        };
        let (start, next) = ("TIMESTAMP '2024-05-01 00:00:00'", "TIMESTAMP '2024-05-02 00:00:00'");
        let equal = format!("((r1.\"at\" >= {start}) AND (r1.\"at\" < {next}))");
        assert_eq!(day("=", Kind::Date, "2024-05-01"), equal);
        assert_eq!(day(">", Kind::Date, "2024-05-01"), format!("(r1.\"at\" >= {next})"));
        let noon = "2024-05-01 12:00:00";
        assert_eq!(day("<", Kind::Timestamp, noon), format!("(r1.\"at\" < {next})"));
        assert_eq!(day("<", Kind::Date, "infinity"), "(r1.\"at\" < TIMESTAMP 'infinity')");
        let last = "TIMESTAMP '294247-01-10 04:00:54.775806'";
        assert_eq!(day("<", Kind::Date, "5000000-01-01"), format!("(r1.\"at\" <= {last})"));
    }

    #[test]
    fn parts_are_compared_with_parameters() {
        let date = function("date", [Common::at()], Kind::Date);
        let sql = value(&test(date, "=", param(0, Kind::Date)), &common()).unwrap().sql;
        assert_eq!(sql.to_string(), "(CAST(r1.\"at\" AS DATE) = $1)");
        let said = sql.with(&[(Kind::Date, Some("2024-05-01".into()))]).unwrap();
        assert!(said.starts_with("((r1.\"at\" >= TIMESTAMP '2024-05-01 00:00:00') AND "), "{said}");
        assert_eq!(sql.with(&[(Kind::Date, None)]).unwrap(), "CAST(NULL AS BOOLEAN)");
        let year = test(year_of(Common::day()), "<", param(0, Kind::Numeric));
        assert_eq!(super::super::testing::said(&year).unwrap(), "(year(r1.\"day\") < $1)");
    }
}
