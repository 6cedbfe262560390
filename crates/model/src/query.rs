//! Queries in DuckDB SQL that users have written.

/// The query without what may follow it, so that it can stand in parentheses. (Put it on a line of its
/// own there: it may end with a comment.)
pub fn bare(query: &str) -> &str {
    query.trim().trim_end_matches(|next: char| next == ';' || next.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_is_no_part_of_a_query() {
        assert_eq!(bare(" SELECT ';' ;\n; "), "SELECT ';'");
        assert_eq!(bare(";"), "");
    }
}
