//! GLOB with a literal pattern. DuckDB goes through the bytes of a text.

use migrator_model::ident::literal;

use super::{
    Untranslatable,
    class::Class,
    functions::{Call, Function, Stability::Stable, line, pair},
    refuse,
    value::Value,
};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["~~~"], 2..=2, Stable, glob),
];

/// One step of a pattern.
enum Step {
    Plain(char),
    /// `*`
    Any,
    /// `?`: a byte.
    Byte,
    /// `[a-z]`: one of some ASCII characters, as PostgreSQL writes it.
    Set(String),
}

fn glob(call: Call<'_>) -> Out {
    let (text, pattern) = pair(call)?;
    let text = text.text("GLOB")?.sql;
    let steps = steps(pattern.string("the pattern of GLOB")?)?;
    let sets = steps.iter().any(|step| matches!(step, Step::Set(_)));
    let bytes = steps.iter().any(|step| matches!(step, Step::Byte));
    let sql = match (sets, bytes) {
        (true, true) => return refuse("GLOB with both ? and brackets"),
        (true, false) => format!("({text} ~ {})", literal(&regexp(&steps))),
        (false, false) => format!("({text} LIKE {}::text)", literal(&like(&steps))),
        // `_` is a byte of a bytea.
        (false, true) => format!(
            "(pg_catalog.convert_to({text}, 'UTF8') LIKE pg_catalog.convert_to({}, 'UTF8'))",
            literal(&like(&steps))
        ),
    };
    Ok(Value::settled(sql, Class::Boolean))
}

fn steps(pattern: &str) -> Result<Vec<Step>, Untranslatable> {
    let mut steps = Vec::new();
    let mut rest = pattern.chars();
    while let Some(next) = rest.next() {
        steps.push(match next {
            '*' => Step::Any,
            '?' => Step::Byte,
            '[' => Step::Set(set(&mut rest)?),
            '\\' => match rest.next() {
                Some(plain) => Step::Plain(plain),
                None => return unsure(),
            },
            plain => Step::Plain(plain),
        });
    }
    Ok(steps)
}

/// ASCII letters, digits and ranges of them: no byte of another character is among them.
fn set(rest: &mut std::str::Chars<'_>) -> Result<String, Untranslatable> {
    let mut set = "[".to_owned();
    loop {
        match rest.next() {
            Some(']') if set.len() > 1 => {
                set.push(']');
                return Ok(set);
            }
            Some(low) if low.is_ascii_alphanumeric() => {
                set.push(low);
                if rest.as_str().starts_with('-') {
                    rest.next();
                    match rest.next() {
                        Some(high) if high.is_ascii_alphanumeric() && low <= high => {
                            set.extend(['-', high]);
                        }
                        _ => return unsure(),
                    }
                }
            }
            Some(plain @ (' ' | '_' | '.' | ',' | ':' | '/' | '@')) => set.push(plain),
            _ => return unsure(),
        }
    }
}

fn like(steps: &[Step]) -> String {
    let mut sql = String::new();
    for step in steps {
        match step {
            Step::Any => sql.push('%'),
            Step::Byte => sql.push('_'),
            Step::Plain(plain @ ('%' | '_' | '\\')) => sql.extend(['\\', *plain]),
            Step::Plain(plain) => sql.push(*plain),
            Step::Set(_) => {}
        }
    }
    sql
}

fn regexp(steps: &[Step]) -> String {
    let mut sql = "^".to_owned();
    for step in steps {
        match step {
            Step::Any => sql.push_str(".*"),
            Step::Byte => sql.push('.'),
            Step::Plain(plain) if plain.is_ascii_punctuation() => sql.extend(['\\', *plain]),
            Step::Plain(plain) => sql.push(*plain),
            Step::Set(set) => sql.push_str(set),
        }
    }
    sql + "$"
}

fn unsure<T>() -> Result<T, Untranslatable> {
    refuse("the brackets or the backslash of a GLOB pattern may mean something else")
}
