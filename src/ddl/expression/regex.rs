//! Regular expressions of RE2 as PostgreSQL's, as far as the same texts match.

use super::{Untranslatable, refuse};

/// What the letters after a pattern, or before it, ask for.
#[derive(Clone, Copy, Default)]
pub(super) struct Options {
    /// Whether the case of ASCII letters does not matter.
    pub(super) fold: bool,
    /// Whether a point stands for a newline too.
    pub(super) newline: bool,
}

/// Which groups keep what they matched.
#[derive(Clone, Copy)]
pub(super) enum Kept {
    None,
    All,
    Only(usize),
}

/// A pattern of PostgreSQL.
pub(super) struct Translated {
    pub(super) pattern: String,
    /// How many groups have a number.
    pub(super) groups: usize,
}

/// PostgreSQL's DUPMAX: the largest count in `{m,n}`.
const MAX_COUNT: u32 = 255;
/// RE2's `\s`; PostgreSQL's follows the locale.
const BLANKS: &str = "\t\n\u{c}\r ";

/// Rewrites a pattern of RE2 as one of PostgreSQL's advanced regular expressions.
///
/// `^` and `$` mean the ends of the text in both (RE2 without its `m` flag, PostgreSQL without its
/// `n` flag). `.` leaves out the newline in RE2 only; `\d`, `\w` and `\s` are ASCII in RE2 only.
pub(super) fn translated(
    pattern: &str,
    options: Options,
    kept: Kept,
) -> Result<Translated, Untranslatable> {
    let (rest, options) = prefixed(pattern, options)?;
    let mut reader =
        Reader { rest, options, kept, out: String::new(), depth: 0, groups: 0, atom: false };
    while let Some(next) = reader.take() {
        reader.step(next)?;
    }
    match reader.depth {
        0 => Ok(Translated { pattern: reader.out, groups: reader.groups }),
        _ => unsure(pattern),
    }
}

/// Takes `(?i)` and `(?s)` from the beginning of a pattern.
fn prefixed(pattern: &str, mut options: Options) -> Result<(&str, Options), Untranslatable> {
    let Some((letters, rest)) = pattern.strip_prefix("(?").and_then(|rest| rest.split_once(')'))
    else {
        return Ok((pattern, options));
    };
    if letters.is_empty() || !letters.bytes().all(|letter| letter == b'i' || letter == b's') {
        return Ok((pattern, options));
    }
    options.fold |= letters.contains('i');
    options.newline |= letters.contains('s');
    Ok((rest, options))
}

struct Reader<'a> {
    rest: &'a str,
    options: Options,
    kept: Kept,
    out: String,
    /// Open groups.
    depth: usize,
    /// Groups with a number.
    groups: usize,
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
            '.' if self.options.newline => self.put(".", true),
            '.' => self.put("[^\n]", true),
            '|' => self.put("|", false),
            '(' => self.open(),
            ')' => self.close(),
            '[' => self.class(),
            '*' | '+' | '?' => self.quantifier(next.to_string()),
            '{' => self.count(),
            '\\' => self.escape(),
            ']' | '}' => unsure(&next.to_string()),
            plain => self.letter(plain),
        }
    }

    /// A letter, with what RE2 takes for its other cases.
    fn letter(&mut self, letter: char) -> Result<(), Untranslatable> {
        match letter.is_ascii_alphabetic() {
            true if self.options.fold => {
                let mut set = "[".to_owned();
                folded(letter, letter, &mut set);
                self.put(&format!("{set}]"), true)
            }
            _ if self.options.fold && !letter.is_ascii() => unsure(&letter.to_string()),
            _ => self.put(&letter.to_string(), true),
        }
    }

    fn put(&mut self, text: &str, atom: bool) -> Result<(), Untranslatable> {
        self.out.push_str(text);
        self.atom = atom;
        Ok(())
    }

    fn open(&mut self) -> Result<(), Untranslatable> {
        let plain = self.rest.strip_prefix("?:");
        self.rest = plain.unwrap_or(self.rest);
        self.depth += 1;
        self.groups += usize::from(plain.is_none());
        let kept = match self.kept {
            Kept::All => plain.is_none(),
            Kept::Only(group) => plain.is_none() && group == self.groups,
            Kept::None => false,
        };
        // Other groups are left, and so is an empty one.
        match self.rest.starts_with(['?', ')', '|']) {
            true => unsure("("),
            false => self.put(if kept { "(" } else { "(?:" }, false),
        }
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
            // The other cases of `s` and `k` are not ASCII, and belong to them in RE2.
            Some('w' | 'W') if self.options.fold => unsure("\\w"),
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
                Some(plain) if self.options.fold && !plain.is_ascii() => {
                    return unsure(&plain.to_string());
                }
                Some(plain) if self.options.fold && !self.ranges() => {
                    folded(plain, plain, &mut set);
                }
                Some(plain) => set.push(plain),
            }
        }
        set.push(']');
        self.put(&set, true)
    }

    fn member(&mut self) -> Result<String, Untranslatable> {
        match self.take() {
            Some('d') if !self.rest.starts_with('-') => Ok("0-9".into()),
            Some('w') if self.options.fold => unsure("\\w"),
            Some('w') if !self.rest.starts_with('-') => Ok("0-9A-Za-z_".into()),
            Some('s') if !self.rest.starts_with('-') => Ok(BLANKS.into()),
            Some('t') => Ok("\t".into()),
            Some('n') => Ok("\n".into()),
            Some('r') => Ok("\r".into()),
            Some(plain) if plain.is_ascii_punctuation() => Ok(format!("\\{plain}")),
            _ => unsure("\\"),
        }
    }

    /// Whether a hyphen follows that makes a range.
    fn ranges(&self) -> bool {
        self.rest.starts_with('-') && !self.rest.starts_with("-]")
    }

    /// The rest of a range of ASCII letters or digits; other orders are the server's own.
    fn range(&mut self, set: &mut String) -> Result<(), Untranslatable> {
        let first = if self.options.fold { set.pop() } else { set.chars().next_back() };
        let ends = (first, self.take());
        match ends {
            (Some(low), Some(high))
                if low.is_ascii_alphanumeric() && high.is_ascii_alphanumeric() && low <= high =>
            {
                match self.options.fold {
                    true if !alike(low, high) => return unsure("-"),
                    true => folded(low, high, set),
                    false => set.extend(['-', high]),
                }
                if self.ranges() { unsure("-") } else { Ok(()) }
            }
            _ => unsure("-"),
        }
    }
}

/// Whether a range has the letters of one case only, or digits only.
fn alike(low: char, high: char) -> bool {
    [char::is_ascii_digit, char::is_ascii_lowercase, char::is_ascii_uppercase]
        .iter()
        .any(|kind| kind(&low) && kind(&high))
}

/// Writes an ASCII character or a range of them into a bracket expression in all cases. RE2 takes
/// the long s and the sign of Kelvin for cases of `s` and `k`.
fn folded(low: char, high: char, set: &mut String) {
    let range = |low: char, high: char| match low == high {
        true => low.to_string(),
        false => format!("{low}-{high}"),
    };
    if !low.is_ascii_alphabetic() {
        set.push_str(&range(low, high));
        return;
    }
    let (low, high) = (low.to_ascii_lowercase(), high.to_ascii_lowercase());
    set.push_str(&range(low, high));
    set.push_str(&range(low.to_ascii_uppercase(), high.to_ascii_uppercase()));
    set.extend((low..=high).contains(&'s').then_some('\u{17f}'));
    set.extend((low..=high).contains(&'k').then_some('\u{212a}'));
}

fn unsure<T>(part: &str) -> Result<T, Untranslatable> {
    let part = migrator_model::reject::shown(part);
    refuse(format!("the regular expression's {part} may mean something else in PostgreSQL"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(pattern: &str) -> Result<String, Untranslatable> {
        super::translated(pattern, Options::default(), Kept::None).map(|done| done.pattern)
    }

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
            "a(?i)b",
            "(?m)a",
            "(?i)\\w",
            "(?i)é",
            "(?i)[A-z]",
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

    #[test]
    fn cases_are_those_of_re2() {
        assert_eq!(translated("(?i)ab").unwrap(), "[aA][bB]");
        assert_eq!(translated("(?i)s[k-m]").unwrap(), "[sS\u{17f}][k-mK-M\u{212a}]");
        assert_eq!(translated("(?i)[^a0-9_]").unwrap(), "[^aA0-9_]");
        assert_eq!(translated("(?s)a.b").unwrap(), "a.b");
    }

    #[test]
    fn groups_are_kept_as_wanted() {
        let kept = |pattern, kept| super::translated(pattern, Options::default(), kept).unwrap();
        let all = kept("(a)(?:b)(c)", Kept::All);
        assert_eq!((all.pattern.as_str(), all.groups), ("(a)(?:b)(c)", 2));
        assert_eq!(kept("(a)((b)c)", Kept::Only(2)).pattern, "(?:a)((?:b)c)");
    }
}
