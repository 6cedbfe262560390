//! Macros. The catalog tells everything about them but the values that parameters have when they are
//! left out: those stand only in what DuckDB answers to a call that fits no form of the macro.

use std::collections::BTreeMap;

use migrator_model::{
    SourceName,
    catalog::{Macro, Overload, Parameter},
    ident::quote,
    protocol::Failure,
};

use super::{Cache, query, raw};
use crate::open::Source;

/// Macros by name; one may have several forms.
pub fn macros(source: &Source, cache: &Cache) -> Result<Vec<Macro>, Failure> {
    let mut macros = BTreeMap::<SourceName, Macro>::new();
    for raw in query::rows::<raw::Macro>(source, raw::MACROS)? {
        let name = cache.qualified(source, raw.schema_oid, raw.name)?;
        let mut types = raw.parameter_types.into_iter();
        let parameter = |name| Parameter { name, data_type: types.next().flatten(), default: None };
        let parameters = raw.parameters.into_iter().map(parameter).collect();
        let form = Overload { parameters, definition: raw.definition };
        let (is_table, comment) = (raw.is_table, raw.comment);
        let empty = Macro { name: name.clone(), is_table, overloads: Vec::new(), comment };
        macros.entry(name).or_insert(empty).overloads.push(form);
    }
    for one in macros.values_mut() {
        add_defaults(source, one);
    }
    Ok(macros.into_values().collect())
}

/// Asks for the defaults. A form that DuckDB's answer does not show keeps none, so that a call which
/// leaves one out fits no form.
fn add_defaults(source: &Source, one: &mut Macro) {
    let schema = quote(one.name.schema.as_deref().unwrap_or("main"));
    let from = if one.is_table { "SELECT * FROM" } else { "SELECT" };
    let call = format!("{from} {schema}.{}(\"\u{1}\" := 0)", quote(&one.name.name));
    let Err(answer) = source.probe().prepare(&call) else { return };
    let candidates = || answer.message.lines().filter_map(|line| line.strip_prefix('\t'));
    for form in &mut one.overloads {
        let shown = candidates().find_map(|line| defaults(line, &one.name.name, &form.parameters));
        for (parameter, default) in form.parameters.iter_mut().zip(shown.unwrap_or_default()) {
            parameter.default = default;
        }
    }
}

/// The defaults in `name(a, b INTEGER := 2)`, when these are its parameters.
fn defaults(line: &str, name: &str, parameters: &[Parameter]) -> Option<Vec<Option<String>>> {
    let mut rest = after_name(line, name)?.strip_prefix('(')?;
    let mut found = Vec::new();
    for (at, parameter) in parameters.iter().enumerate() {
        if at > 0 {
            rest = rest.strip_prefix(", ")?;
        }
        rest = after_name(rest, &parameter.name)?;
        if let Some(data_type) = &parameter.data_type {
            rest = rest.strip_prefix(' ')?.strip_prefix(data_type.as_str())?;
        }
        let (default, after) = match rest.strip_prefix(" := ") {
            Some(value) => value.split_at_checked(end_of_value(value)?)?,
            None => ("", rest),
        };
        found.push(Some(default.to_owned()).filter(|default| !default.is_empty()));
        rest = after;
    }
    (rest == ")").then_some(found)
}

/// What follows a name, which DuckDB quotes where it is a keyword.
fn after_name<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    line.strip_prefix(name).or_else(|| line.strip_prefix(quote(name).as_str()))
}

/// Where an expression ends: at a comma or a parenthesis that is not its own.
fn end_of_value(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quoted = None;
    for (at, next) in text.char_indices() {
        match (quoted, next) {
            (Some(quote), next) if next == quote => quoted = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quoted = Some(next),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ',') if depth == 0 => return Some(at),
            (None, ')' | ']' | '}') => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str, parameters: &[(&str, Option<&str>)]) -> Option<Vec<Option<String>>> {
        let parameter = |(name, data_type): &(&str, Option<&str>)| Parameter {
            name: (*name).into(),
            data_type: data_type.map(str::to_owned),
            default: None,
        };
        let parameters: Vec<_> = parameters.iter().map(parameter).collect();
        defaults(line, "m", &parameters)
    }

    #[test]
    fn defaults_are_read_whatever_they_hold() {
        let line = "m(a, b := 3, c INTEGER := 7, d d := 'it''s :=,) ', e := CAST('x' AS DATE), \
                    f := \"system\".main.list_value(1, 2), g := NULL)";
        let parameters = [
            ("a", None),
            ("b", None),
            ("c", Some("INTEGER")),
            ("d d", None),
            ("e", None),
            ("f", None),
            ("g", None),
        ];
        let some = |text: &str| Some(text.to_owned());
        let found = read(line, &parameters).unwrap();
        assert_eq!(
            found,
            [
                None,
                some("3"),
                some("7"),
                some("'it''s :=,) '"),
                some("CAST('x' AS DATE)"),
                some("\"system\".main.list_value(1, 2)"),
                some("NULL")
            ]
        );
    }

    #[test]
    fn another_form_and_cut_texts_are_not_taken() {
        assert_eq!(read("m(a)", &[("a", None), ("b", None)]), None);
        assert_eq!(read("m(a, b)", &[("a", None)]), None);
        assert_eq!(read("m(a := 'x", &[("a", None)]), None);
        assert_eq!(read("n(a)", &[("a", None)]), None);
        assert_eq!(read("m()", &[]), Some(Vec::new()));
        assert_eq!(read("\"m\"(\"a\")", &[("a", None)]), Some(vec![None]));
    }
}
