//! From text to sqlparser's tree, with limits: the text comes from a file that nobody vouches for,
//! and the tree is walked and dropped by recursion on a backend's stack.

use sqlparser::{
    ast::Expr,
    dialect::DuckDbDialect,
    parser::{Parser, ParserError},
    tokenizer::{Token, Tokenizer},
};

use super::{Untranslatable, refuse};

/// Nesting by parentheses; sqlparser counts it while it descends.
const MAX_NESTING: usize = 60;
/// Everything that can make the tree deeper: all tokens but literals and commas. A chain such as
/// `a + a + …` nests to the left without the parser descending.
const MAX_STEPS: usize = 1000;
/// Bytes of text.
const MAX_BYTES: usize = 256 * 1024;

/// Parses one expression and nothing after it.
pub(super) fn expression(sql: &str) -> Result<Expr, Untranslatable> {
    if sql.len() > MAX_BYTES {
        return refuse("the expression is too long");
    }
    if sql.contains('\0') {
        return refuse("the expression contains a NUL byte");
    }
    let dialect = DuckDbDialect {};
    let tokens = Tokenizer::new(&dialect, sql).tokenize().map_err(|e| unreadable(&e.message))?;
    let tokens = rewritten(tokens)?;
    let mut parser =
        Parser::new(&dialect).with_recursion_limit(MAX_NESTING).with_tokens(tokens);
    let expression = parser.parse_expr().map_err(|error| match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => {
            unreadable(&message)
        }
        ParserError::RecursionLimitExceeded => Untranslatable::new("the expression is too deep"),
    })?;
    match parser.peek_token().token {
        Token::EOF => Ok(expression),
        token => refuse(format!("the expression cannot be parsed: unexpected {token}")),
    }
}

fn unreadable(message: &str) -> Untranslatable {
    let message = migrator_model::reject::shown(message);
    Untranslatable::new(format!("the expression cannot be parsed: {message}"))
}

/// Takes comments and blanks out, joins `**`, which sqlparser does not know, and counts.
fn rewritten(tokens: Vec<Token>) -> Result<Vec<Token>, Untranslatable> {
    let mut kept: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut steps = 0;
    let mut after_star = false;
    for token in tokens {
        if let Token::Whitespace(_) = token {
            after_star = false;
            continue;
        }
        steps += usize::from(deepens(&token));
        let star = token == Token::Mul;
        if star && after_star {
            // `**` and `^` are the same operator in DuckDB.
            kept.pop();
            kept.push(Token::Caret);
            after_star = false;
            continue;
        }
        after_star = star;
        kept.push(token);
    }
    if steps > MAX_STEPS { refuse("the expression is too long") } else { Ok(kept) }
}

fn deepens(token: &Token) -> bool {
    !matches!(token, Token::Number(..) | Token::SingleQuotedString(_) | Token::Comma)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(sql: &str) -> String {
        expression(sql).unwrap_err().reason
    }

    #[test]
    fn nothing_may_follow() {
        assert!(reason("1 2").contains("unexpected 2"));
        assert!(reason("'a' 'b'").contains("unexpected"));
        assert!(reason("1; drop table t").contains("unexpected ;"));
    }

    #[test]
    fn stars_side_by_side_are_a_power() {
        assert_eq!(expression("(x ** 2)").unwrap().to_string(), "(x ^ 2)");
        assert!(expression("(x * * 2)").is_err());
    }

    #[test]
    fn deep_and_long_texts_do_not_overflow_a_small_stack() {
        let hostile = [
            format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000)),
            format!("1{}", " + 1".repeat(50_000)),
            format!("1{}", " + 1".repeat(990)),
            format!("x{}", "[1]".repeat(300)),
            format!("{}1", "- ".repeat(900)),
            format!("{}1", "NOT ".repeat(900)),
            format!("x{}", "::INTEGER".repeat(450)),
            format!("{}1{}", "f(".repeat(59), ")".repeat(59)),
            format!("CAST(1 AS {}INTEGER{})", "STRUCT(a ".repeat(400), ")".repeat(400)),
            format!("{}1", "CASE WHEN ".repeat(400)),
            format!("{}1", "(SELECT ".repeat(400)),
            format!("CAST(1 AS INTEGER{})", "[]".repeat(400)),
        ];
        // As small as max_stack_depth's default leaves it.
        let thread = std::thread::Builder::new().stack_size(2 << 20);
        let work = move || hostile.iter().map(|sql| expression(sql).is_ok()).collect::<Vec<_>>();
        assert!(!thread.spawn(work).unwrap().join().unwrap()[0]);
    }
}
