//! `format` and `printf` with literal formats whose holes are plain.

use migrator_model::{ident::literal, reject::shown};

use super::{
    Untranslatable,
    class::Class,
    functions::{ANY, Call, Function, Stability::Immutable, line},
    operators::shown_as_text,
    refuse,
    value::Value,
};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["format"], 1..=ANY, Immutable, format),
    line(&["printf"], 1..=ANY, Immutable, printf),
];

/// What is written so far.
#[derive(Default)]
struct Pieces {
    sql: Vec<String>,
    plain: String,
    used: Vec<usize>,
}

impl Pieces {
    fn close(&mut self) {
        if !self.plain.is_empty() {
            self.sql.push(format!("{}::text", literal(&std::mem::take(&mut self.plain))));
        }
    }

    fn hole(&mut self, place: usize, value: Value) {
        self.close();
        self.used.push(place);
        self.sql.push(value.sql);
    }

    /// A value that is not used still makes the whole NULL.
    fn joined(mut self, values: usize) -> Out {
        self.close();
        if (0..values).any(|place| !self.used.contains(&place)) {
            return refuse("a format does not use all its values");
        }
        match self.sql.is_empty() {
            true => Ok(Value::settled("''::text", Class::Text)),
            false => Ok(Value::settled(format!("({})", self.sql.join(" || ")), Class::Text)),
        }
    }
}

/// `{}` and `{0}`.
fn format(call: Call<'_>) -> Out {
    let Some((format, values)) = call.args.split_first() else {
        return refuse("function format needs a format");
    };
    let mut pieces = Pieces::default();
    let mut next = 0;
    let mut rest = format.string("a format")?;
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        rest = after;
        match first {
            '{' | '}' if after.starts_with(first) => {
                pieces.plain.push(first);
                rest = after.get(1..).unwrap_or_default();
            }
            '{' => {
                let Some((inside, behind)) = after.split_once('}') else { return unsure(format) };
                let place = match inside.parse() {
                    Ok(place) if inside.bytes().all(|byte| byte.is_ascii_digit()) => place,
                    _ if inside.is_empty() => next,
                    _ => return unsure(format),
                };
                next += 1;
                rest = behind;
                pieces.hole(place, held(values.get(place))?);
            }
            '}' => return unsure(format),
            plain => pieces.plain.push(plain),
        }
    }
    pieces.joined(values.len())
}

/// A value in a hole of `format`; numbers with decimals are written in another way there.
fn held(value: Option<&Value>) -> Out {
    match value {
        Some(value) if !matches!(value.class, Class::Decimal { .. }) => {
            shown_as_text(value.clone())
        }
        Some(_) => refuse("a DECIMAL in a format is not supported"),
        None => refuse("a format has more holes than values"),
    }
}

/// `%s` for a text and `%d` for an integer.
fn printf(call: Call<'_>) -> Out {
    let Some((format, values)) = call.args.split_first() else {
        return refuse("function printf needs a format");
    };
    let mut pieces = Pieces::default();
    let mut next = 0;
    let mut rest = format.string("a format")?.chars();
    while let Some(first) = rest.next() {
        if first != '%' {
            pieces.plain.push(first);
            continue;
        }
        let code = rest.next();
        if code == Some('%') {
            pieces.plain.push('%');
            continue;
        }
        let value = match (code, values.get(next)) {
            (Some('s'), Some(value)) => value.clone().text("printf")?,
            (Some('d'), Some(value)) => shown_as_text(value.clone().integer("printf")?)?,
            _ => return unsure(format),
        };
        pieces.hole(next, value);
        next += 1;
    }
    pieces.joined(values.len())
}

fn unsure<T>(format: &Value) -> Result<T, Untranslatable> {
    refuse(format!("the format {} is not supported", shown(&format.sql)))
}
