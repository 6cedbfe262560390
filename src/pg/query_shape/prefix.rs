//! The beginning that a LIKE pattern fixes.

/// What a pattern asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// One text.
    Exact,
    /// All that begins with one.
    Prefix,
    /// Something else.
    Free,
}

/// Looks at a pattern of LIKE.
pub fn of(pattern: &str) -> Pattern {
    let (mut letters, mut fixed) = (pattern.chars(), 0);
    while let Some(letter) = letters.next() {
        match letter {
            // What follows is a filter on what the beginning finds.
            '%' | '_' if fixed > 0 => return Pattern::Prefix,
            '%' | '_' => return Pattern::Free,
            '\\' if letters.next().is_none() => return Pattern::Free,
            _ => fixed += 1,
        }
    }
    Pattern::Exact
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_without_wildcards_is_fixed() {
        assert_eq!(of("abc%"), Pattern::Prefix);
        assert_eq!(of("a_c"), Pattern::Prefix);
        assert_eq!(of("a%b"), Pattern::Prefix);
        assert_eq!(of("%abc"), Pattern::Free);
        assert_eq!(of("_bc"), Pattern::Free);
        assert_eq!(of("abc"), Pattern::Exact);
        assert_eq!(of("100\\%"), Pattern::Exact);
        assert_eq!(of("\\%a%"), Pattern::Prefix);
        assert_eq!(of("a\\"), Pattern::Free);
    }
}
