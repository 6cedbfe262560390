//! Functions of regular expressions. The patterns are literals of RE2, of which the part is taken
//! that PostgreSQL can say exactly.

use migrator_model::ident::literal;

use super::{
    Untranslatable,
    class::Class,
    division::once,
    functions::{
        Call, Function,
        Stability::{Immutable, Queried},
        line, one,
    },
    refuse,
    regex::{Kept, Options, Translated, translated},
    regex_shape::{Shape, shape},
    value::{Literal, Value},
};
use crate::ddl::helper::{self, Helper, helper};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["regexp_matches"], 2..=3, Immutable, |call| matches(call, false)),
    line(&["regexp_full_match"], 2..=3, Immutable, |call| matches(call, true)),
    line(&["regexp_replace"], 3..=4, Immutable, replace),
    line(&["regexp_extract"], 2..=4, Immutable, extract),
    line(&["regexp_extract_all"], 2..=4, Queried, extract_all),
    line(&["regexp_split_to_array", "string_split_regex", "str_split_regex"], 2..=3, Immutable, split),
];

static EXTRACT_ALL: Helper = helper(
    "duckdb_regexp_extract_all",
    "text, text",
    "RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ARRAY(SELECT part[1] FROM pg_catalog.regexp_matches($1, $2, 'g')
    WITH ORDINALITY AS found(part, place) ORDER BY place)",
    "All matches of a regular expression, or of its only group",
);

/// The text of the call's first argument.
fn text(call: Call<'_>) -> Out {
    one(call)?.text("a regular expression")
}

fn pattern<'a>(call: &'a Call<'_>) -> Result<&'a str, Untranslatable> {
    match call.args.get(1) {
        Some(pattern) => pattern.string("the pattern of a regular expression"),
        None => refuse("a regular expression needs a pattern"),
    }
}

/// The letters behind the pattern, and whether one of them is `g`.
fn options(call: &Call<'_>, place: usize) -> Result<(Options, bool), Untranslatable> {
    let mut options = Options::default();
    let mut global = false;
    let Some(letters) = call.args.get(place) else { return Ok((options, global)) };
    for letter in letters.string("the options of a regular expression")?.chars() {
        match letter {
            'i' => options.fold = true,
            'c' => options.fold = false,
            's' => options.newline = true,
            'g' if call.name == "regexp_replace" => global = true,
            _ => return refuse(format!("the option {letter} of a regular expression")),
        }
    }
    Ok((options, global))
}

/// Somewhere, or the whole text.
fn matches(call: Call<'_>, full: bool) -> Out {
    let (options, _) = options(&call, 2)?;
    let pattern = translated(pattern(&call)?, options, Kept::None)?.pattern;
    let pattern = if full { format!("^(?:{pattern})$") } else { pattern };
    let sql = format!("({} ~ {})", text(call)?.sql, literal(&pattern));
    Ok(Value::new(sql, Class::Boolean))
}

/// A pattern that finds the same text in both systems.
fn certain(
    call: &Call<'_>,
    options: Options,
    kept: Kept,
) -> Result<(Translated, Shape), Untranslatable> {
    let translated = translated(pattern(call)?, options, kept)?;
    let shape = shape(&translated.pattern);
    match shape.whole {
        true => Ok((translated, shape)),
        false => refuse(
            "the regular expression can match in several ways: RE2 takes the first, PostgreSQL \
             the longest",
        ),
    }
}

fn sure_of_groups(shape: Shape) -> Result<(), Untranslatable> {
    match shape.groups {
        true => Ok(()),
        false => refuse("the groups of the regular expression can match in several ways"),
    }
}

/// Refuses what would be found between all characters.
fn something(shape: Shape) -> Result<(), Untranslatable> {
    match shape.nullable {
        true => refuse("the regular expression can match nothing, which repeats otherwise"),
        false => Ok(()),
    }
}

fn replace(call: Call<'_>) -> Out {
    let (options, global) = options(&call, 3)?;
    let (found, shape) = certain(&call, options, Kept::All)?;
    if global {
        something(shape)?;
    }
    let by = match call.args.get(2) {
        Some(by) => by.string("the replacement of a regular expression")?,
        None => return refuse("function regexp_replace needs a replacement"),
    };
    let by = replacement(by, &found, shape)?;
    let global = if global { ", 'g'::text" } else { "" };
    let (text, pattern) = (text(call)?.sql, literal(&found.pattern));
    let sql = format!("pg_catalog.regexp_replace({text}, {pattern}, {}{global})", literal(&by));
    Ok(Value::settled(sql, Class::Text))
}

/// `\0` is `\&` in PostgreSQL.
fn replacement(by: &str, found: &Translated, shape: Shape) -> Result<String, Untranslatable> {
    let mut sql = String::new();
    let mut rest = by.chars();
    while let Some(next) = rest.next() {
        if next != '\\' {
            sql.push(next);
            continue;
        }
        match rest.next() {
            Some('0') => sql.push_str("\\&"),
            Some('\\') => sql.push_str("\\\\"),
            Some(digit @ '1'..='9') => {
                if digit.to_digit(10).is_none_or(|digit| digit as usize > found.groups) {
                    return refuse("a replacement names a group that the pattern does not have");
                }
                sure_of_groups(shape)?;
                sql.extend(['\\', digit]);
            }
            _ => return refuse("a replacement with a backslash before no digit"),
        }
    }
    Ok(sql)
}

/// The pattern for one of the groups, 0 being all, of which PostgreSQL returns the only one.
fn group(call: &Call<'_>) -> Result<(String, Shape), Untranslatable> {
    let (options, _) = options(call, 3)?;
    let group = match call.args.get(2).map(|arg| &arg.literal) {
        None => 0,
        Some(Some(Literal::Integer(group @ 0..=9))) => usize::try_from(*group).unwrap_or(0),
        Some(_) => return refuse("the group of a regular expression is a literal from 0 to 9"),
    };
    let kept = if group == 0 { Kept::None } else { Kept::Only(group) };
    let (found, shape) = certain(call, options, kept)?;
    if group > found.groups {
        return refuse("a group that the regular expression does not have");
    }
    if group > 0 {
        sure_of_groups(shape)?;
    }
    Ok((found.pattern, shape))
}

/// Nothing is found as an empty text.
fn extract(call: Call<'_>) -> Out {
    let (pattern, _) = group(&call)?;
    let text = text(call)?;
    once(&text)?;
    let sql = format!(
        "(CASE WHEN {0} IS NOT NULL THEN COALESCE((pg_catalog.regexp_match({0}, {1}))[1], '') END)",
        text.sql,
        literal(&pattern)
    );
    Ok(Value::settled(sql, Class::Text))
}

fn extract_all(call: Call<'_>) -> Out {
    let (pattern, shape) = group(&call)?;
    something(shape)?;
    let helpers = call.context.helpers;
    let arguments = format!("{}, {}", text(call)?.sql, literal(&pattern));
    let sql = helper::call(helpers, &EXTRACT_ALL, &arguments)?;
    Ok(Value::settled(sql, Class::List(Box::new(Class::Text))))
}

fn split(call: Call<'_>) -> Out {
    let (options, _) = options(&call, 2)?;
    let (found, shape) = certain(&call, options, Kept::None)?;
    something(shape)?;
    let (text, pattern) = (text(call)?.sql, literal(&found.pattern));
    let sql = format!("pg_catalog.regexp_split_to_array({text}, {pattern})");
    Ok(Value::settled(sql, Class::List(Box::new(Class::Text))))
}
