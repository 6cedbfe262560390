//! The collations of a table's columns, which stand in the text of its CREATE TABLE only.

/// Each column's collation, in order, as DuckDB prints it: `nocase`, `nocase.noaccent`.
pub fn of_columns(sql: &str, count: usize) -> Vec<Option<String>> {
    let mut found = vec![None; count];
    if !sql.to_ascii_uppercase().contains(" COLLATE ") {
        return found;
    }
    for (column, part) in found.iter_mut().zip(parts(sql)) {
        *column = collation(part);
    }
    found
}

/// What stands between the outermost parentheses, at its commas.
fn parts(sql: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut quoted, mut start) = (Vec::new(), 0_u32, None, 0);
    for (at, next) in sql.char_indices() {
        match (quoted, next) {
            (Some(quote), next) if next == quote => quoted = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quoted = Some(next),
            (None, '(') => {
                depth += 1;
                if depth == 1 {
                    start = at + 1;
                }
            }
            (None, ',' | ')') if depth == 1 => {
                parts.extend(sql.get(start..at));
                start = at + 1;
                if next == ')' {
                    return parts;
                }
            }
            (None, ')') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    parts
}

/// The word after COLLATE, where that is not inside quotes or parentheses.
fn collation(column: &str) -> Option<String> {
    let (mut depth, mut quoted) = (0_u32, None);
    for (at, next) in column.char_indices() {
        match (quoted, next) {
            (Some(quote), next) if next == quote => quoted = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quoted = Some(next),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, ' ') if depth == 0 => {
                let rest = column.get(at + 1..)?;
                if rest.get(..8).is_some_and(|word| word.eq_ignore_ascii_case("COLLATE ")) {
                    return rest.get(8..)?.split_ascii_whitespace().next().map(str::to_owned);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collations_are_found_at_their_columns() {
        let sql = "CREATE TABLE \"a (b\"(s VARCHAR COLLATE nocase PRIMARY KEY, \"x COLLATE y\" INTEGER, \
                   d DECIMAL(10,2) DEFAULT(('a' COLLATE nocase)), u VARCHAR COLLATE nocase.noaccent UNIQUE, \
                   CHECK((s COLLATE noaccent = 'a, b')));";
        let found = of_columns(sql, 4);
        assert_eq!(found[0].as_deref(), Some("nocase"));
        assert_eq!(found[1..3], [None, None]);
        assert_eq!(found[3].as_deref(), Some("nocase.noaccent"));
    }

    #[test]
    fn other_texts_have_none() {
        assert_eq!(of_columns("CREATE TABLE t(a INTEGER);", 1), [None]);
        assert_eq!(of_columns("CREATE VIEW v AS SELECT a COLLATE nocase FROM t", 1), [None]);
        assert_eq!(of_columns("( COLLATE ", 2), [None, None]);
    }
}
