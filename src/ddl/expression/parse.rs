//! From text to sqlparser's tree, with limits: the text comes from a file that nobody vouches for,
//! and the tree is walked and dropped by recursion on a backend's stack.

use sqlparser::{
    ast::Expr,
    dialect::DuckDbDialect,
    keywords::Keyword,
    parser::{Parser, ParserError},
    tokenizer::{Token, Tokenizer},
};

use super::{Untranslatable, refuse};

/// Nesting by parentheses and the like; sqlparser counts it while it descends, with frames of up to
/// 90 kB a level in a debug build.
const MAX_NESTING: usize = 20;
/// Everything that can make the tree deeper: all tokens but literals and commas. A chain such as
/// `a + a + …` nests to the left without the parser descending.
const MAX_STEPS: usize = 1000;
/// Bytes of text.
const MAX_BYTES: usize = 256 * 1024;

/// Parses one expression and nothing after it.
pub(in crate::ddl) fn expression(sql: &str) -> Result<Expr, Untranslatable> {
    if sql.len() > MAX_BYTES {
        return refuse("the expression is too long");
    }
    if sql.contains('\0') {
        return refuse("the expression contains a NUL byte");
    }
    let dialect = DuckDbDialect {};
    let tokens = Tokenizer::new(&dialect, sql)
        .tokenize()
        .map_err(|e| unreadable("expression", &e.message))?;
    let tokens = rewritten(tokens)?;
    let mut parser = Parser::new(&dialect).with_recursion_limit(MAX_NESTING).with_tokens(tokens);
    let expression = parser.parse_expr().map_err(|error| match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => {
            unreadable("expression", &message)
        }
        ParserError::RecursionLimitExceeded => Untranslatable::new("the expression is too deep"),
    })?;
    match parser.peek_token().token {
        Token::EOF => Ok(expression),
        token => refuse(format!("the expression cannot be parsed: unexpected {token}")),
    }
}

/// What the parser says of a text of some kind.
pub(in crate::ddl) fn unreadable(kind: &str, message: &str) -> Untranslatable {
    let message = migrator_model::reject::shown(message);
    Untranslatable::new(format!("the {kind} cannot be parsed: {message}"))
}

/// Takes comments and blanks out, and says what sqlparser does not know in its words.
pub(in crate::ddl) fn joined(tokens: Vec<Token>) -> Vec<Token> {
    let mut kept: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut apart = true;
    for token in tokens {
        if let Token::Whitespace(_) = token {
            apart = true;
            continue;
        }
        let merged = kept.last().filter(|_| !apart).and_then(|last| merged(last, &token));
        if merged.is_some() {
            kept.pop();
        }
        apart = merged.is_some();
        kept.push(merged.unwrap_or_else(|| renamed(token)));
    }
    kept
}

/// Two tokens without a blank between them that are one operator: `**`, which is `^`, and `~~~`.
fn merged(last: &Token, next: &Token) -> Option<Token> {
    match (last, next) {
        (Token::Mul, Token::Mul) => Some(Token::Caret),
        (Token::DoubleTilde, Token::Tilde) => Some(Token::CustomBinaryOperator("~~~".into())),
        _ => None,
    }
}

/// `^@` as an operator, and `@`, which DuckDB prints before a parenthesis, as a function.
fn renamed(token: Token) -> Token {
    match token {
        Token::CaretAt => Token::CustomBinaryOperator("^@".into()),
        Token::AtSign => Token::make_word("@", Some('"')),
        other => other,
    }
}

/// Counts the tokens of one expression.
fn rewritten(tokens: Vec<Token>) -> Result<Vec<Token>, Untranslatable> {
    let tokens = joined(tokens);
    let mut before = None;
    for token in &tokens {
        if opens_query(token, before) {
            return refuse("a query inside an expression is not supported");
        }
        before = Some(token);
    }
    let steps = tokens.iter().filter(|token| deepens(token)).count();
    if steps > MAX_STEPS { refuse("the expression is too long") } else { Ok(tokens) }
}

/// Whether a token opens a query. DuckDB allows none in the expressions of a table, and sqlparser's
/// frames are the largest there.
fn opens_query(token: &Token, before: Option<&Token>) -> bool {
    let Token::Word(word) = token else { return false };
    let inside = before == Some(&Token::LParen);
    word.quote_style.is_none()
        && match word.keyword {
            Keyword::SELECT => true,
            Keyword::FROM | Keyword::VALUES | Keyword::TABLE => inside,
            _ => false,
        }
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
    fn operators_that_the_parser_does_not_know_are_read() {
        assert_eq!(expression("(@(x))").unwrap().to_string(), "(\"@\"(x))");
        assert_eq!(expression("(s ~~~ 'a*')").unwrap().to_string(), "(s ~~~ 'a*')");
        assert_eq!(expression("(s ^@ 'a')").unwrap().to_string(), "(s ^@ 'a')");
        assert!(expression("(s ~~ ~ 'a*')").unwrap().to_string().contains("~~ ~"));
    }

    #[test]
    fn deep_and_long_texts_do_not_overflow_a_small_stack() {
        let repeated = |open: &str, times: usize, close: &str| {
            format!("{}1{}", open.repeat(times), close.repeat(times))
        };
        let cast = |open: &str, close: &str| {
            format!("CAST(1 AS {}INTEGER{})", open.repeat(300), close.repeat(300))
        };
        let mut hostile = vec![
            format!("1{}", " + 1".repeat(990)),
            format!("x{}", "[1]".repeat(300)),
            format!("x{}", "::INTEGER".repeat(450)),
            format!("1{}", " UNION SELECT 1".repeat(300)),
            cast("STRUCT(a ", ")"),
            cast("MAP(INTEGER, ", ")"),
            cast("", "[]"),
        ];
        let nests = [
            ("(", ")"),
            ("- ", ""),
            ("NOT ", ""),
            ("f(", ")"),
            ("CASE WHEN ", ""),
            ("[", "]"),
            ("{'a': ", "}"),
            ("INTERVAL ", ""),
            ("x -> ", ""),
            ("MAP {1: ", ""),
            ("(SELECT ", ")"),
            ("(FROM ", ")"),
            ("EXISTS(", ")"),
            ("1 + ", ""),
            ("CAST(", " AS INTEGER)"),
            ("a AND ", ""),
            ("a IN (", ")"),
            ("a BETWEEN ", ""),
        ];
        for (open, close) in nests {
            hostile.extend([15, 19, 25, 100, 100_000].map(|times| repeated(open, times, close)));
        }
        // As small as max_stack_depth's default leaves it.
        let thread = std::thread::Builder::new().stack_size(2 << 20);
        let work = move || hostile.iter().map(|sql| expression(sql).is_ok()).collect::<Vec<_>>();
        assert!(thread.spawn(work).unwrap().join().unwrap().contains(&false));
    }

    #[test]
    fn queries_are_refused_and_time_zones_are_not() {
        assert!(reason("(SELECT 1)").contains("query"));
        assert!(reason("(FROM t)").contains("query"));
        assert!(expression("CAST(x AS TIMESTAMP WITH TIME ZONE)").is_ok());
        assert!(expression("(a IS DISTINCT FROM b)").is_ok());
        assert!(expression("\"select\"").is_ok());
    }

    #[test]
    fn ordinary_nesting_is_read() {
        assert!(expression(&format!("{}x{}", "(".repeat(18), ")".repeat(18))).is_ok());
        assert!(expression(&format!("(x IN (0{}))", ", 1".repeat(5000))).is_ok());
    }
}
