//! Verdicts as tests of a TAP stream.

use serde_json::Value;

use super::check::{Check, Status};
use crate::{
    error::Error,
    tap::{self, Directive, Members, Test},
};

/// The stream: its version, its plan, and a test for each check.
pub fn lines(checks: &[Check]) -> Vec<String> {
    let tests = checks.iter().zip(1..).flat_map(|(check, number)| test(check, number));
    tap::header(checks.len(), "no check was made").into_iter().chain(tests).collect()
}

/// The stream where an error came before any check: one test that fails.
pub fn broken(error: &Error) -> Vec<String> {
    tap::broken(error.message(), error)
}

fn test(check: &Check, number: usize) -> Vec<String> {
    let directive = match check.status {
        Status::Pass | Status::Fail | Status::Error => Directive::None,
        Status::Warn => Directive::Todo("warning"),
        Status::Skip => Directive::Skip(skip_reason(check)),
    };
    let ok = matches!(check.status, Status::Pass | Status::Skip);
    let members = if ok { Members::new() } else { details(check) };
    Test { ok, description: &description(check), directive, members }.lines(number)
}

/// `orders.total: column_checksum`
pub fn description(check: &Check) -> String {
    let subject = [object(check), check.column_name.as_deref()];
    let subject: Vec<_> = subject.into_iter().flatten().collect();
    match subject.is_empty() {
        true => check.name.to_owned(),
        false => format!("{}: {}", subject.join("."), check.name),
    }
}

/// The table that was looked at, by its name in the source where it has one.
pub fn object(check: &Check) -> Option<&str> {
    check.source_name.as_deref().or(check.target_name.as_deref())
}

/// Why a check was skipped.
pub fn skip_reason(check: &Check) -> &str {
    check.note.as_deref().unwrap_or("it was not looked at")
}

/// What is to be known of a check that does not hold, in the order in which people read it.
pub fn details(check: &Check) -> Members {
    if check.status == Status::Error {
        let (sqlstate, message) = error_of(check);
        return vec![("sqlstate", sqlstate.into()), ("message", message.into())];
    }
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    let keys = (!check.failing_keys.is_empty()).then(|| check.failing_keys.clone().into());
    let members = [
        ("check", Some(check.name.into())),
        ("severity", Some(check.severity.as_str().into())),
        ("expected", text(&check.expected)),
        ("actual", text(&check.actual)),
        ("difference", text(&check.difference)),
        ("unexpected_count", check.unexpected_count.map(Value::from)),
        ("failing_keys", keys),
        ("note", text(&check.note)),
        ("remedy", text(&check.remedy)),
    ];
    members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The SQLSTATE and the message of what has kept a check from being made.
pub fn error_of(check: &Check) -> (&str, &str) {
    match &check.error {
        Some((sqlstate, message)) => (sqlstate, message),
        None => ("XX000", check.note.as_deref().unwrap_or("the check could not be made")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::check::{Category, Severity},
        *,
    };

    fn check(name: &'static str, severity: Severity) -> Check {
        let check = Check::new(name, Category::Content, severity);
        Check { source_name: Some("orders".into()), ..check }
    }

    fn only(check: Check) -> Vec<String> {
        lines(&[check]).split_off(2)
    }

    #[test]
    fn a_stream_has_a_version_and_a_plan() {
        let one = check("row_count_match", Severity::Error);
        let two = check("column_checksum", Severity::Error).column("total");
        let expected = [
            "TAP version 13",
            "1..2",
            "ok 1 - orders: row_count_match",
            "ok 2 - orders.total: column_checksum",
        ];
        assert_eq!(lines(&[one, two]), expected);
        assert_eq!(lines(&[])[1], "1..0 # SKIP no check was made");
    }

    #[test]
    fn a_failure_says_all_that_is_known() {
        let failed = check("null_count_match", Severity::Error).column("a").compare(3, 5);
        let failed = Check {
            difference: Some("2".into()),
            unexpected_count: Some(2),
            failing_keys: vec![json!({"id": 7, "k": "a\"b"})],
            remedy: Some("UPDATE \"t\"\nSET a = ''".into()),
            ..failed
        };
        let expected = [
            "not ok 1 - orders.a: null_count_match",
            "  ---",
            "  check: \"null_count_match\"",
            "  severity: \"error\"",
            "  expected: \"3\"",
            "  actual: \"5\"",
            "  difference: \"2\"",
            "  unexpected_count: 2",
            "  failing_keys: [{\"id\":7,\"k\":\"a\\\"b\"}]",
            "  remedy: \"UPDATE \\\"t\\\"\\nSET a = ''\"",
            "  ...",
        ];
        assert_eq!(only(failed), expected);
    }

    #[test]
    fn a_warning_is_to_do_and_what_is_skipped_says_why() {
        let warned = only(check("comment_match", Severity::Warn).holds(false));
        assert_eq!(warned[0], "not ok 1 - orders: comment_match # TODO warning");
        assert_eq!(warned[1], "  ---");
        let skipped = only(check("heap_verify", Severity::Error).skip("no #amcheck\nhere"));
        assert_eq!(skipped, ["ok 1 - orders: heap_verify # SKIP no \\#amcheck\\nhere"]);
    }

    #[test]
    fn an_error_has_its_sqlstate() {
        let error = Error::new("57014", "canceling statement: timeout");
        let lines = only(check("not_null", Severity::Error).failed(&error));
        assert_eq!(lines[0], "not ok 1 - orders: not_null");
        assert_eq!(lines[2], "  sqlstate: \"57014\"");
        assert_eq!(lines[3], "  message: \"canceling statement: timeout\"");
    }
}
