//! Verdicts in TAP version 13, as `pg_prove` reads it.

use serde_json::Value;

use super::check::{Check, Status};
use crate::error::Error;
use migrator_model::ident::clip;

/// No more of a text stands in a YAML block: `pg_prove` matches each by a regular expression whose
/// length has a limit.
const TEXT_BYTES: usize = 8_192;

/// The stream: its version, its plan, and a test for each check.
pub fn lines(checks: &[Check]) -> Vec<String> {
    let mut lines = vec!["TAP version 13".to_owned()];
    lines.push(match checks.len() {
        0 => "1..0 # SKIP no check was made".to_owned(),
        count => format!("1..{count}"),
    });
    for (at, check) in checks.iter().enumerate() {
        lines.extend(test(at + 1, check));
    }
    lines
}

/// The stream where an error came before any check: one test that fails.
pub fn broken(error: &Error) -> Vec<String> {
    let members = [
        ("sqlstate", Some(error.sqlstate())),
        ("message", Some(error.message())),
        ("detail", error.detail_text()),
        ("hint", error.hint_text()),
    ];
    let members = members.into_iter().filter_map(|(name, text)| Some((name, text?.into())));
    let test = format!("not ok 1 - {}", escaped(error.message()));
    let mut lines = vec!["TAP version 13".to_owned(), "1..1".to_owned(), test];
    lines.extend(yaml(members));
    lines
}

fn test(number: usize, check: &Check) -> Vec<String> {
    let description = escaped(&description(check));
    let end = match check.status {
        Status::Pass | Status::Fail | Status::Error => String::new(),
        Status::Warn => " # TODO warning".to_owned(),
        Status::Skip => format!(" # SKIP {}", escaped(skip_reason(check))),
    };
    let result = match check.status {
        Status::Pass | Status::Skip => "ok",
        Status::Fail | Status::Warn | Status::Error => "not ok",
    };
    let mut lines = vec![format!("{result} {number} - {description}{end}").trim_end().to_owned()];
    if !matches!(check.status, Status::Pass | Status::Skip) {
        lines.extend(yaml(details(check)));
    }
    lines
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
pub fn details(check: &Check) -> Vec<(&'static str, Value)> {
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

/// A block of YAML. JSON's texts and lists are YAML's, too.
fn yaml(members: impl IntoIterator<Item = (&'static str, Value)>) -> Vec<String> {
    let line = |(name, value): (&str, Value)| format!("  {name}: {}", scalar(value));
    let lines = members.into_iter().map(line);
    std::iter::once("  ---".to_owned()).chain(lines).chain(["  ...".to_owned()]).collect()
}

fn scalar(value: Value) -> String {
    let value = match value {
        Value::String(text) if text.len() > TEXT_BYTES => {
            format!("{}…", clip(&text, TEXT_BYTES)).into()
        }
        other => other,
    };
    plain(&value.to_string())
}

/// Characters that JSON lets stand, and YAML or a line of text does not. They are within quotes.
fn plain(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                plain.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => plain.push(other),
        }
    }
    plain
}

/// A description is one line, and a directive begins with the first `#` that is not escaped.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '#' | '\\' => escaped.extend(['\\', character]),
            '\u{2028}' | '\u{2029}' => escaped.extend(character.escape_unicode()),
            control if control.is_control() => escaped.extend(control.escape_default()),
            other => escaped.push(other),
        }
    }
    escaped
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

    #[test]
    fn an_error_before_any_check_is_a_valid_stream() {
        let error = Error::new("58P01", "could not open \"a#b\"").hint("Look.");
        let expected = [
            "TAP version 13",
            "1..1",
            "not ok 1 - could not open \"a\\#b\"",
            "  ---",
            "  sqlstate: \"58P01\"",
            "  message: \"could not open \\\"a#b\\\"\"",
            "  hint: \"Look.\"",
            "  ...",
        ];
        assert_eq!(broken(&error), expected);
    }

    #[test]
    fn a_hostile_name_stays_within_its_line() {
        let name = "a # SKIP \\ \n\rok 2\u{2028}\u{85}\0\"'é";
        let failed = check("column_checksum", Severity::Error).column(name).compare(name, "");
        let lines = only(failed);
        assert_eq!(
            lines[0],
            "not ok 1 - orders.a \\# SKIP \\\\ \\n\\rok 2\\u{2028}\\u{85}\\u{0}\"'é: column_checksum"
        );
        assert_eq!(lines[4], "  expected: \"a # SKIP \\\\ \\n\\rok 2\\u2028\\u0085\\u0000\\\"'é\"");
        assert!(lines.iter().all(|line| !line.contains(|c: char| c.is_control())));
    }

    #[test]
    fn a_long_text_is_clipped() {
        let note = "é".repeat(9_000);
        let lines = only(check("x", Severity::Error).holds(false).note(note));
        assert!(lines[4].len() < TEXT_BYTES + 40 && lines[4].ends_with("…\""));
    }
}
