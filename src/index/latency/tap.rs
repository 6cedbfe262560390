//! `latency_tap`: the same as one test for `pg_prove`.

use migrator_model::ident::clip;

use super::{Arguments, Latency};
use crate::{
    error::Result,
    tap::{self, Directive, Members, Test},
};

/// No more of a query stands in a description, in bytes.
const QUERY_BYTES: usize = 80;

/// The stream of one measurement, or of what has kept it from being made. There are no arguments
/// where they are what is wrong.
pub fn lines(
    arguments: Option<&Arguments>,
    description: Option<&str>,
    measured: Result<Latency>,
) -> Vec<String> {
    let own = description.map(str::to_owned).or_else(|| arguments.map(described));
    let latency = match measured {
        Ok(latency) => latency,
        Err(error) => return tap::broken(own.as_deref().unwrap_or(error.message()), &error),
    };
    let members = match arguments.filter(|_| !latency.passes) {
        Some(arguments) => members(arguments, &latency),
        None => Members::new(),
    };
    let description = own.as_deref().unwrap_or_default();
    let test = Test { ok: latency.passes, description, directive: Directive::None, members };
    tap::header(1, "").into_iter().chain(test.lines(1)).collect()
}

/// `p95 within 100 ms: SELECT …`
fn described(arguments: &Arguments) -> String {
    let words: Vec<_> = arguments.query.split_whitespace().collect();
    let query = words.join(" ");
    let shown = clip(&query, QUERY_BYTES);
    let end = if shown.len() < query.len() { "…" } else { "" };
    format!("p95 within {} ms: {shown}{end}", arguments.p95_ms)
}

fn members(arguments: &Arguments, latency: &Latency) -> Members {
    let mut members = vec![
        ("check", "latency_p95".into()),
        ("expected", format!("<= {} ms", arguments.p95_ms).into()),
    ];
    members.extend(latency.metrics().map(|(metric, value)| (metric, value.into())));
    members.extend([
        ("runs", arguments.runs.into()),
        ("rows", latency.rows.into()),
        ("plan_hash", latency.plan_hash.as_str().into()),
        ("query", arguments.query.as_str().into()),
    ]);
    members
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{super::Times, *};
    use crate::error::Error;

    fn arguments(query: &str) -> Arguments {
        Arguments { query: query.to_owned(), params: None, runs: 2, p95_ms: 4.5 }
    }

    fn latency(passes: bool) -> Latency {
        let times = Times::new([3, 5].map(Duration::from_millis).to_vec()).unwrap();
        let plan_hash = "00c0ffee00c0ffee".to_owned();
        Latency { times, rows: 7, plan_hash, plans: 1, passes, measurement_id: None }
    }

    #[test]
    fn a_quick_query_is_one_line() {
        let lines = lines(Some(&arguments("SELECT  1\n")), None, Ok(latency(true)));
        assert_eq!(lines, ["TAP version 13", "1..1", "ok 1 - p95 within 4.5 ms: SELECT 1"]);
    }

    #[test]
    fn a_slow_one_says_how_slow() {
        let lines = lines(Some(&arguments("SELECT 1")), Some("wards # 1"), Ok(latency(false)));
        let expected = [
            "not ok 1 - wards \\# 1",
            "  ---",
            "  check: \"latency_p95\"",
            "  expected: \"<= 4.5 ms\"",
            "  p50_ms: 3.0",
            "  p95_ms: 5.0",
            "  p99_ms: 5.0",
            "  max_ms: 5.0",
            "  runs: 2",
            "  rows: 7",
            "  plan_hash: \"00c0ffee00c0ffee\"",
            "  query: \"SELECT 1\"",
            "  ...",
        ];
        assert_eq!(lines[2..], expected);
    }

    #[test]
    fn an_error_keeps_the_description() {
        let error = Error::new("42P01", "relation \"t\" does not exist");
        let query = format!("SELECT {}", "é".repeat(80));
        let lines = lines(Some(&arguments(&query)), None, Err(error));
        assert!(lines[2].starts_with("not ok 1 - p95 within 4.5 ms: SELECT éé"));
        assert!(lines[2].ends_with("é…"));
        assert_eq!(lines[4], "  sqlstate: \"42P01\"");
    }

    #[test]
    fn arguments_that_are_wrong_are_a_stream_too() {
        let lines = lines(None, None, Err(Error::new("22004", "query must not be NULL")));
        assert_eq!(lines[2], "not ok 1 - query must not be NULL");
    }
}
