//! Arrays and rows as the server's output functions write them, JSON without blanks.

use super::{
    super::bytes::tag,
    At, Place,
    bytes::{Bytes, Cut, Whole},
    lossy, value as any,
};

/// No more of a nested value is shown.
const MOST_BYTES: usize = 1 << 20;

/// PostgreSQL's own limit.
const DIMENSIONS: usize = 6;

/// Appends a value with one of the four nested tags, which was read.
pub(super) fn value(kind: u8, bytes: &mut Bytes<'_>, at: At, out: &mut String) -> Whole {
    match kind {
        tag::ARRAY => array(bytes, at.within(Place::Part)?, out),
        tag::ROW => row(bytes, at.within(Place::Part)?, out),
        tag::JSON_ARRAY => json_array(bytes, at.within(Place::Json)?, out),
        _ => json_object(bytes, at.within(Place::Json)?, out),
    }
}

/// Appends `count` items between commas.
fn list(
    count: usize,
    ends: [char; 2],
    out: &mut String,
    mut item: impl FnMut(&mut String) -> Whole,
) -> Whole {
    out.push(ends[0]);
    for at in 0..count {
        if at > 0 {
            out.push(',');
        }
        item(out)?;
        if out.len() > MOST_BYTES {
            return Err(Cut);
        }
    }
    out.push(ends[1]);
    Ok(())
}

fn array(bytes: &mut Bytes<'_>, at: At, out: &mut String) -> Whole {
    let dimensions = bytes.count()?;
    if dimensions > DIMENSIONS {
        return Err(Cut);
    }
    let lengths = (0..dimensions).map(|_| bytes.count()).collect::<Result<Vec<_>, _>>()?;
    if lengths.is_empty() || lengths.contains(&0) {
        out.push_str("{}");
        return Ok(());
    }
    dimension(&lengths, bytes, at, out)
}

fn dimension(lengths: &[usize], bytes: &mut Bytes<'_>, at: At, out: &mut String) -> Whole {
    let Some((length, inner)) = lengths.split_first() else { return element(bytes, at, out) };
    list(*length, ['{', '}'], out, |out| dimension(inner, bytes, at, out))
}

fn element(bytes: &mut Bytes<'_>, at: At, out: &mut String) -> Whole {
    let is_null = bytes.is_at(tag::NULL);
    let mut text = String::new();
    let whole = any(bytes, at, &mut text);
    let is_special = |c: char| matches!(c, '"' | '\\' | '{' | '}' | ',') || is_blank(c);
    let is_word = text.is_empty() || text.eq_ignore_ascii_case("null");
    if !is_null && (is_word || text.contains(is_special)) {
        quote(&text, out, '\\')?;
    } else {
        out.push_str(&text);
    }
    whole
}

fn row(bytes: &mut Bytes<'_>, at: At, out: &mut String) -> Whole {
    let count = bytes.count()?;
    list(count, ['(', ')'], out, |out| attribute(bytes, at, out))
}

/// Nothing stands for NULL.
fn attribute(bytes: &mut Bytes<'_>, at: At, out: &mut String) -> Whole {
    let is_null = bytes.is_at(tag::NULL);
    let mut text = String::new();
    let whole = any(bytes, at, &mut text);
    let is_special = |c: char| matches!(c, '"' | '\\' | '(' | ')' | ',') || is_blank(c);
    match is_null {
        true => {}
        false if text.is_empty() || text.contains(is_special) => quote(&text, out, '"')?,
        false => out.push_str(&text),
    }
    whole
}

/// What the server's output functions take for a blank.
fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t'..='\r')
}

/// Quotes within rows are doubled, those within arrays escaped; backslashes in both doubled.
fn quote(text: &str, out: &mut String, before_quote: char) -> Whole {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push(before_quote),
            '\\' => out.push('\\'),
            _ => {}
        }
        out.push(character);
        if out.len() > MOST_BYTES {
            return Err(Cut);
        }
    }
    out.push('"');
    Ok(())
}

fn json_array(bytes: &mut Bytes<'_>, at: At, out: &mut String) -> Whole {
    let count = bytes.count()?;
    list(count, ['[', ']'], out, |out| any(bytes, at, out))
}

fn json_object(bytes: &mut Bytes<'_>, at: At, out: &mut String) -> Whole {
    let count = bytes.count()?;
    list(count, ['{', '}'], out, |out| {
        any(bytes, at, out)?;
        out.push(':');
        any(bytes, at, out)
    })
}

/// Appends a JSON string, whose tag was read.
pub(super) fn json_string(bytes: &mut Bytes<'_>, out: &mut String) -> Whole {
    let (part, whole) = bytes.sized()?;
    out.push_str(&serde_json::Value::String(lossy(part, whole)).to_string());
    whole
}
