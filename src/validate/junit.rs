//! Verdicts as JUnit's XML, as CI servers read it.

use std::{borrow::Cow, io};

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};

use super::{
    check::{Check, Status},
    tap,
};

type Xml = Writer<Vec<u8>>;

/// A document with a suite for each table, in the order of the checks. A warning is a test that
/// passes, with what there is to say as its output.
pub fn document(checks: &[Check]) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // A buffer in memory takes everything.
    let _ = suites(&mut writer, checks);
    String::from_utf8_lossy(&writer.into_inner()).into_owned()
}

fn suites(writer: &mut Xml, checks: &[Check]) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all: Vec<_> = checks.iter().collect();
    let element = writer.create_element("testsuites").with_attributes(counts("migrator", &all));
    element.write_inner_content(|writer| {
        by_table(checks).into_iter().try_for_each(|(name, checks)| suite(writer, name, &checks))
    })?;
    Ok(())
}

/// The checks of each table, tables in the order in which they come first.
fn by_table(checks: &[Check]) -> Vec<(&str, Vec<&Check>)> {
    let mut tables = Vec::<(&str, Vec<&Check>)>::new();
    for check in checks {
        let name = tap::object(check).unwrap_or("migrator");
        match tables.iter_mut().find(|(other, _)| *other == name) {
            Some((_, checks)) => checks.push(check),
            None => tables.push((name, vec![check])),
        }
    }
    tables
}

fn suite(writer: &mut Xml, name: &str, checks: &[&Check]) -> io::Result<()> {
    let element = writer.create_element("testsuite").with_attributes(counts(name, checks));
    element.write_inner_content(|writer| {
        checks.iter().try_for_each(|check| case(writer, name, check))
    })?;
    Ok(())
}

/// What stands at a suite, and at all of them.
fn counts<'n>(name: &'n str, checks: &[&Check]) -> Vec<(&'static str, Cow<'n, str>)> {
    let number = |count: usize| Cow::from(count.to_string());
    let count = |status| number(checks.iter().filter(|check| check.status == status).count());
    vec![
        ("name", text(name)),
        ("tests", number(checks.len())),
        ("failures", count(Status::Fail)),
        ("errors", count(Status::Error)),
        ("skipped", count(Status::Skip)),
        ("time", seconds(checks.iter().map(|check| check.seconds).sum())),
    ]
}

fn seconds(seconds: f64) -> Cow<'static, str> {
    format!("{seconds:.6}").into()
}

fn case(writer: &mut Xml, suite: &str, check: &Check) -> io::Result<()> {
    let name = match &check.column_name {
        Some(column) => format!("{column}: {}", check.name),
        None => check.name.to_owned(),
    };
    let attributes =
        [("classname", text(suite)), ("name", text(&name)), ("time", seconds(check.seconds))];
    let element = writer.create_element("testcase").with_attributes(attributes);
    match check.status {
        Status::Pass => element.write_empty()?,
        _ => element.write_inner_content(|writer| outcome(writer, check))?,
    };
    Ok(())
}

/// What is to be told of a check that does not pass.
fn outcome(writer: &mut Xml, check: &Check) -> io::Result<()> {
    let (name, message, kind) = match check.status {
        Status::Skip => {
            let message = [("message", text(tap::skip_reason(check)))];
            writer.create_element("skipped").with_attributes(message).write_empty()?;
            return Ok(());
        }
        Status::Error => {
            let (sqlstate, message) = tap::error_of(check);
            ("error", message.to_owned(), sqlstate)
        }
        Status::Pass | Status::Warn => return output(writer, check),
        Status::Fail => ("failure", summary(check), check.severity.as_str()),
    };
    let attributes = [("message", text(&message)), ("type", text(kind))];
    let element = writer.create_element(name).with_attributes(attributes);
    element.write_text_content(BytesText::new(&text(&body(check))))?;
    Ok(())
}

fn output(writer: &mut Xml, check: &Check) -> io::Result<()> {
    let text = text(&format!("warning: {}\n{}", summary(check), body(check))).into_owned();
    writer.create_element("system-out").write_text_content(BytesText::new(&text))?;
    Ok(())
}

/// One line.
fn summary(check: &Check) -> String {
    match (&check.expected, &check.actual) {
        (Some(expected), Some(actual)) => format!("expected {expected}, found {actual}"),
        _ => check.note.clone().unwrap_or_else(|| tap::description(check)),
    }
}

/// All that is known, a line each.
fn body(check: &Check) -> String {
    let line = |(name, value): (&str, serde_json::Value)| match value {
        serde_json::Value::String(text) => format!("{name}: {text}"),
        other => format!("{name}: {other}"),
    };
    tap::details(check).into_iter().map(line).collect::<Vec<_>>().join("\n")
}

/// XML 1.0 has no word for these characters.
fn lacks(character: char) -> bool {
    let is_control = character < ' ' && !matches!(character, '\t' | '\n' | '\r');
    is_control || matches!(character, '\u{fffe}' | '\u{ffff}')
}

fn text(text: &str) -> Cow<'_, str> {
    match text.contains(lacks) {
        true => text.replace(lacks, "\u{fffd}").into(),
        false => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use crate::error::Error;

    use super::{
        super::check::{Category, Severity},
        *,
    };

    fn check(name: &'static str, table: &str) -> Check {
        let check = Check::new(name, Category::Content, Severity::Error);
        Check { source_name: Some(table.into()), seconds: 0.25, ..check }
    }

    #[test]
    fn a_suite_for_each_table_counts_its_checks() {
        let checks = [
            check("row_count_match", "a"),
            check("row_count_match", "b"),
            check("column_checksum", "a").column("x").compare("1", "2"),
        ];
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="migrator" tests="3" failures="1" errors="0" skipped="0" time="0.750000">
  <testsuite name="a" tests="2" failures="1" errors="0" skipped="0" time="0.500000">
    <testcase classname="a" name="row_count_match" time="0.250000"/>
    <testcase classname="a" name="x: column_checksum" time="0.250000">
      <failure message="expected 1, found 2" type="error">check: column_checksum
severity: error
expected: 1
actual: 2</failure>
    </testcase>
  </testsuite>
  <testsuite name="b" tests="1" failures="0" errors="0" skipped="0" time="0.250000">
    <testcase classname="b" name="row_count_match" time="0.250000"/>
  </testsuite>
</testsuites>"#;
        assert_eq!(document(&checks), expected);
    }

    #[test]
    fn skips_errors_and_warnings_are_told_apart() {
        let broken = check("not_null", "t").failed(&Error::new("42501", "permission denied"));
        let warned = Check { severity: Severity::Warn, ..check("comment_match", "t") };
        let xml = document(&[
            check("heap_verify", "t").skip("no amcheck"),
            broken,
            warned.compare("a", "b"),
        ]);
        assert!(xml.contains(r#"tests="3" failures="0" errors="1" skipped="1""#));
        assert!(xml.contains(r#"<skipped message="no amcheck"/>"#));
        assert!(xml.contains(r#"<error message="permission denied" type="42501">"#));
        assert!(xml.contains("<system-out>warning: expected a, found b\n"));
    }

    #[test]
    fn hostile_names_are_escaped() {
        let xml = document(&[check("x", "<a b=\"&'\">\n\0").compare("]]>\u{1}<", "\u{ffff}")]);
        let name = "&lt;a b=&quot;&amp;&apos;&quot;&gt;&#10;\u{fffd}";
        assert!(xml.contains(&format!("<testsuite name=\"{name}\"")), "{xml}");
        assert!(xml.contains("expected: ]]&gt;\u{fffd}&lt;\nactual: \u{fffd}</failure>"), "{xml}");
    }

    #[test]
    fn no_check_is_a_document_too() {
        assert!(document(&[]).contains(r#"<testsuites name="migrator" tests="0""#));
    }
}
