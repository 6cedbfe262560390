//! TAP version 13, as `pg_prove` reads it: a stream of tests, each with a YAML block where it
//! fails.

use migrator_model::ident::clip;
use serde_json::Value;

use crate::error::Error;

/// No more of a text stands in a YAML block: `pg_prove` matches each by a regular expression whose
/// length has a limit.
const TEXT_BYTES: usize = 8_192;

/// Names and values of a YAML block, in the order in which people read them.
pub type Members = Vec<(&'static str, Value)>;

/// What stands behind a test's description.
#[derive(Clone, Copy, Debug)]
pub enum Directive<'a> {
    /// Nothing.
    None,
    /// It is expected to fail.
    Todo(&'a str),
    /// It was not made.
    Skip(&'a str),
}

/// One test.
pub struct Test<'a> {
    /// Whether it passes.
    pub ok: bool,
    /// What it is about: one line, whatever is in it.
    pub description: &'a str,
    /// How its result is meant.
    pub directive: Directive<'a>,
    /// What is to be known of it, if anything is.
    pub members: Members,
}

/// The version and the plan; `reason` is why there is no test.
pub fn header(tests: usize, reason: &str) -> Vec<String> {
    let plan = match tests {
        0 => format!("1..0 # SKIP {reason}"),
        count => format!("1..{count}"),
    };
    vec!["TAP version 13".to_owned(), plan]
}

impl Test<'_> {
    /// Its lines; tests are numbered from 1.
    pub fn lines(self, number: usize) -> Vec<String> {
        let result = if self.ok { "ok" } else { "not ok" };
        let description = escaped(self.description);
        let end = match self.directive {
            Directive::None => String::new(),
            Directive::Todo(reason) => format!(" # TODO {}", escaped(reason)),
            Directive::Skip(reason) => format!(" # SKIP {}", escaped(reason)),
        };
        let line = format!("{result} {number} - {description}{end}").trim_end().to_owned();
        let block = match self.members.is_empty() {
            true => Vec::new(),
            false => yaml(self.members),
        };
        std::iter::once(line).chain(block).collect()
    }
}

/// A stream where an error came before any result: one test that fails.
pub fn broken(description: &str, error: &Error) -> Vec<String> {
    let directive = Directive::None;
    let test = Test { ok: false, description, directive, members: members_of(error) };
    header(1, "").into_iter().chain(test.lines(1)).collect()
}

fn members_of(error: &Error) -> Members {
    let members = [
        ("sqlstate", Some(error.sqlstate())),
        ("message", Some(error.message())),
        ("detail", error.detail_text()),
        ("hint", error.hint_text()),
    ];
    members.into_iter().filter_map(|(name, text)| Some((name, text?.into()))).collect()
}

/// A cancel, a shutdown, a lack of resources, a conflict that the caller may try again: only these
/// break a stream.
pub fn must_end(error: &Error) -> bool {
    ["57", "53", "40"].iter().any(|class| error.sqlstate().starts_with(class))
}

/// A block of YAML. JSON's texts and lists are YAML's, too.
fn yaml(members: Members) -> Vec<String> {
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
    use super::*;

    fn lines(description: &str, value: &str) -> Vec<String> {
        let members = vec![("expected", value.into())];
        Test { ok: false, description, directive: Directive::None, members }.lines(1)
    }

    #[test]
    fn a_header_has_a_version_and_a_plan() {
        assert_eq!(header(2, ""), ["TAP version 13", "1..2"]);
        assert_eq!(header(0, "no check was made")[1], "1..0 # SKIP no check was made");
    }

    #[test]
    fn an_error_before_any_result_is_a_valid_stream() {
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
        assert_eq!(broken(error.message(), &error), expected);
    }

    #[test]
    fn a_hostile_text_stays_within_its_line() {
        let name = "a # SKIP \\ \n\rok 2\u{2028}\u{85}\0\"'é";
        let lines = lines(name, name);
        assert_eq!(lines[0], "not ok 1 - a \\# SKIP \\\\ \\n\\rok 2\\u{2028}\\u{85}\\u{0}\"'é");
        assert_eq!(lines[2], "  expected: \"a # SKIP \\\\ \\n\\rok 2\\u2028\\u0085\\u0000\\\"'é\"");
        assert!(lines.iter().all(|line| !line.contains(|c: char| c.is_control())));
    }

    #[test]
    fn a_long_text_is_clipped() {
        let lines = lines("x", &"é".repeat(9_000));
        assert!(lines[2].len() < TEXT_BYTES + 40 && lines[2].ends_with("…\""));
    }

    #[test]
    fn only_what_a_caller_must_know_ends_a_stream() {
        let ends = |sqlstate| must_end(&Error::new(sqlstate, ""));
        assert!(ends("57014") && ends("53200") && ends("40001"));
        assert!(!ends("25006") && !ends("42P01") && !ends("XX000"));
    }
}
