//! LIKE and regular expressions. DuckDB's LIKE has no escape character unless one is named; its
//! regular expressions are RE2's, of which the part is taken that PostgreSQL can say exactly.

use migrator_model::ident::literal;

use super::{
    Untranslatable,
    functions::{Call, Function, Stability::Immutable, line, pair},
    refuse,
    value::{Class, Value},
};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["regexp_matches"], 2..=2, Immutable, |call| regexp_call(call, false)),
    line(&["regexp_full_match"], 2..=2, Immutable, |call| regexp_call(call, true)),
    line(&["like_escape", "ilike_escape", "not_like_escape", "not_ilike_escape"], 3..=3, Immutable, like_escape),
];

/// PostgreSQL's DUPMAX: the largest count in `{m,n}`.
const MAX_COUNT: u32 = 255;
/// RE2's `\s`; PostgreSQL's follows the locale.
const BLANKS: &str = "\t\n\u{c}\r ";

/// [NOT] LIKE or ILIKE with an escape character, or with none.
pub(super) fn like(
    value: Value,
    operator: &str,
    pattern: Value,
    escape: &str,
) -> Result<Value, Untranslatable> {
    if escape.chars().count() > 1 {
        return refuse("an escape character of LIKE is one character");
    }
    let (value, pattern) = (value.text(operator)?, pattern.text(operator)?);
    let escape = literal(escape);
    let sql = format!("({} {operator} {} ESCAPE {escape})", value.sql, pattern.sql);
    Ok(Value::new(sql, Class::Boolean))
}

/// `regexp_matches` (somewhere) and `regexp_full_match` (the whole text) with a literal pattern.
pub(super) fn regexp(value: Value, pattern: &Value, full: bool) -> Result<Value, Untranslatable> {
    let value = value.text("a regular expression")?;
    let pattern = translated(pattern.string("the pattern of a regular expression")?)?;
    let pattern = if full { format!("^(?:{pattern})$") } else { pattern };
    let sql = format!("({} ~ {})", value.sql, literal(&pattern));
    Ok(Value::new(sql, Class::Boolean))
}

fn regexp_call(call: Call<'_>, full: bool) -> Out {
    let (text, pattern) = pair(call)?;
    regexp(text, &pattern, full)
}

fn like_escape(call: Call<'_>) -> Out {
    let operator = match call.name {
        "like_escape" => "LIKE",
        "not_like_escape" => "NOT LIKE",
        "ilike_escape" => "ILIKE",
        _ => "NOT ILIKE",
    };
    let escape = match call.args.get(2) {
        Some(escape) => escape.string("the escape character of LIKE")?.to_owned(),
        None => String::new(),
    };
    let (text, pattern) = pair(call)?;
    like(text, operator, pattern, &escape)
}

/// Rewrites a pattern of RE2 as one of PostgreSQL's advanced regular expressions.
///
/// `^` and `$` mean the ends of the text in both (RE2 without its `m` flag, PostgreSQL without its
/// `n` flag). `.` leaves out the newline in RE2 only; `\d`, `\w` and `\s` are ASCII in RE2 only.
fn translated(pattern: &str) -> Result<String, Untranslatable> {
    let mut reader = Reader { rest: pattern, out: String::new(), depth: 0, atom: false };
    while let Some(next) = reader.take() {
        reader.step(next)?;
    }
    if reader.depth > 0 { unsure(pattern) } else { Ok(reader.out) }
}

struct Reader<'a> {
    rest: &'a str,
    out: String,
    /// Open groups.
    depth: usize,
    /// Whether a quantifier may follow.
    atom: bool,
}

impl Reader<'_> {
    fn take(&mut self) -> Option<char> {
        let next = self.rest.chars().next()?;
        self.rest = self.rest.get(next.len_utf8()..)?;
        Some(next)
    }

    fn step(&mut self, next: char) -> Result<(), Untranslatable> {
        match next {
            '^' | '$' => self.put(&next.to_string(), false),
            '.' => self.put("[^\n]", true),
            '|' => self.put("|", false),
            '(' => self.open(),
            ')' => self.close(),
            '[' => self.class(),
            '*' | '+' | '?' => self.quantifier(next.to_string()),
            '{' => self.count(),
            '\\' => self.escape(),
            ']' | '}' => unsure(&next.to_string()),
            plain => self.put(&plain.to_string(), true),
        }
    }

    fn put(&mut self, text: &str, atom: bool) -> Result<(), Untranslatable> {
        self.out.push_str(text);
        self.atom = atom;
        Ok(())
    }

    fn open(&mut self) -> Result<(), Untranslatable> {
        self.rest = self.rest.strip_prefix("?:").unwrap_or(self.rest);
        self.depth += 1;
        // `(?i)` and other groups are left, and so is an empty one.
        if self.rest.starts_with(['?', ')', '|']) { unsure("(") } else { self.put("(?:", false) }
    }

    fn close(&mut self) -> Result<(), Untranslatable> {
        match self.depth.checked_sub(1) {
            Some(depth) => {
                self.depth = depth;
                self.put(")", true)
            }
            None => unsure(")"),
        }
    }

    /// A quantifier after something that can be repeated, and not a lazy or possessive one.
    fn quantifier(&mut self, text: String) -> Result<(), Untranslatable> {
        let single = !self.rest.starts_with(['*', '+', '?', '{']);
        if self.atom && single { self.put(&text, false) } else { unsure(&text) }
    }

    fn count(&mut self) -> Result<(), Untranslatable> {
        let Some((inside, rest)) = self.rest.split_once('}') else { return unsure("{") };
        let number = |text: &str| match text.parse::<u32>() {
            Ok(number) if !text.starts_with('+') => Some(number),
            _ => None,
        };
        let (low, high) = inside.split_once(',').unwrap_or((inside, inside));
        let low = number(low);
        let high = if high.is_empty() { low } else { number(high) };
        match (low, high) {
            (Some(low), Some(high)) if low <= high && high <= MAX_COUNT => {
                self.rest = rest;
                self.quantifier(format!("{{{inside}}}"))
            }
            _ => unsure("{"),
        }
    }

    fn escape(&mut self) -> Result<(), Untranslatable> {
        match self.take() {
            Some('d') => self.put("[0-9]", true),
            Some('D') => self.put("[^0-9]", true),
            Some('w') => self.put("[0-9A-Za-z_]", true),
            Some('W') => self.put("[^0-9A-Za-z_]", true),
            Some('s') => self.put(&format!("[{BLANKS}]"), true),
            Some('S') => self.put(&format!("[^{BLANKS}]"), true),
            Some('t') => self.put("\t", true),
            Some('n') => self.put("\n", true),
            Some('r') => self.put("\r", true),
            Some(plain) if plain.is_ascii_punctuation() => self.put(&format!("\\{plain}"), true),
            Some(other) => unsure(&format!("\\{other}")),
            None => unsure("\\"),
        }
    }

    /// A bracket expression of single characters, ranges and `\d`, `\w`, `\s`.
    fn class(&mut self) -> Result<(), Untranslatable> {
        let mut set = "[".to_owned();
        if let Some(rest) = self.rest.strip_prefix('^') {
            set.push('^');
            self.rest = rest;
        }
        let start = set.len();
        loop {
            match self.take() {
                Some(']') if set.len() > start => break,
                Some('\\') => set.push_str(&self.member()?),
                Some('[' | ']') | None => return unsure("["),
                // A hyphen is itself only at an end; between two members it makes a range.
                Some('-') if set.len() == start || self.rest.starts_with(']') => {
                    set.push_str("\\-");
                }
                Some('-') => self.range(&mut set)?,
                Some('^') => set.push_str("\\^"),
                Some(plain) => set.push(plain),
            }
        }
        set.push(']');
        self.put(&set, true)
    }

    fn member(&mut self) -> Result<String, Untranslatable> {
        match self.take() {
            Some('d') if !self.rest.starts_with('-') => Ok("0-9".into()),
            Some('w') if !self.rest.starts_with('-') => Ok("0-9A-Za-z_".into()),
            Some('s') if !self.rest.starts_with('-') => Ok(BLANKS.into()),
            Some('t') => Ok("\t".into()),
            Some('n') => Ok("\n".into()),
            Some('r') => Ok("\r".into()),
            Some(plain) if plain.is_ascii_punctuation() => Ok(format!("\\{plain}")),
            _ => unsure("\\"),
        }
    }

    /// The rest of a range of ASCII letters or digits; other orders are the server's own.
    fn range(&mut self, set: &mut String) -> Result<(), Untranslatable> {
        let ends = (set.chars().next_back(), self.take());
        match ends {
            (Some(low), Some(high))
                if low.is_ascii_alphanumeric() && high.is_ascii_alphanumeric() && low <= high =>
            {
                set.push('-');
                set.push(high);
                match self.rest.starts_with('-') && !self.rest.starts_with("-]") {
                    true => unsure("-"),
                    false => Ok(()),
                }
            }
            _ => unsure("-"),
        }
    }
}

fn unsure<T>(part: &str) -> Result<T, Untranslatable> {
    let part = migrator_model::reject::shown(part);
    refuse(format!("the regular expression's {part} may mean something else in PostgreSQL"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_patterns_stay_what_they_are() {
        let same = "^[A-Z]{3}-[0-9]{5}$";
        assert_eq!(translated(same).unwrap(), same);
        assert_eq!(translated("a+b*c?|d{2,}").unwrap(), "a+b*c?|d{2,}");
        assert_eq!(translated("(ab|c)+").unwrap(), "(?:ab|c)+");
        assert_eq!(translated("(?:ab)").unwrap(), "(?:ab)");
        assert_eq!(translated("\\.é").unwrap(), "\\.é");
    }

    #[test]
    fn a_point_leaves_out_the_newline() {
        assert_eq!(translated("a.b").unwrap(), "a[^\n]b");
    }

    #[test]
    fn classes_are_ascii() {
        assert_eq!(translated("\\d+\\w").unwrap(), "[0-9]+[0-9A-Za-z_]");
        assert_eq!(translated("[\\w.-]+").unwrap(), "[0-9A-Za-z_.\\-]+");
        assert_eq!(translated("[^@ ]").unwrap(), "[^@ ]");
    }

    #[test]
    fn what_may_differ_is_refused() {
        let patterns = [
            "(?i)a",
            "a*?",
            "a++",
            "\\b",
            "[[:alpha:]]",
            "a{256}",
            "a{3",
            "*a",
            "^*",
            "(a",
            "a)",
            "[a",
            "\\",
            "\\pL",
            "[a-z-9]",
            "[z-a]",
            "[]a]",
            "()",
            "a{2}{3}",
            "[!-~]",
            "\\1",
            "a**",
            "(*a)",
            "a{,3}",
            "{1}",
            "[\\d-z]",
            "a|*",
            "***=a",
        ];
        for pattern in patterns {
            assert!(translated(pattern).is_err(), "{pattern}");
        }
    }
}
