//! From a view's text to sqlparser's tree, with limits: the text comes from a file that nobody
//! vouches for, and the tree is walked and dropped by recursion on a backend's stack.

use sqlparser::{
    ast::{CreateView, DataType, Expr, Query, Statement},
    keywords::Keyword,
    parser::{Parser, ParserError},
    tokenizer::{Token, Tokenizer},
};

use super::{Untranslatable, dialect::ViewDialect, refuse, rewrite::rewritten};
use crate::ddl::expression::parse::{joined, unreadable};

/// Nesting by parentheses and the like, as sqlparser counts it while it descends; a debug build's
/// frames are several times as large.
const MAX_NESTING: usize = if cfg!(debug_assertions) { 12 } else { 40 };
/// Tokens that can put one part of a chain such as `a + b + …` below another, over all chains that
/// are nested in each other.
pub(in crate::ddl) const MAX_CHAIN: usize = if cfg!(debug_assertions) { 200 } else { 600 };
/// Members of UNION and the like, which nest to the left too.
const MAX_SETS: usize = 60;
/// Tokens in all.
const MAX_TOKENS: usize = 50_000;
/// Bytes of text.
const MAX_BYTES: usize = 256 * 1024;

/// Parses one `CREATE VIEW` and nothing after it.
pub(super) fn view(sql: &str) -> Result<CreateView, Untranslatable> {
    let (statement, _) = whole("view", sql, |parser| {
        let statement = parser.parse_statement()?;
        let _ = parser.consume_token(&Token::SemiColon);
        Ok(statement)
    })?;
    match statement {
        Statement::CreateView(view) if !view.materialized => Ok(view),
        _ => refuse("the text is not that of a view"),
    }
}

/// Parses a query; tells how deep its tree can be.
pub(in crate::ddl) fn query(sql: &str) -> Result<(Query, usize), Untranslatable> {
    whole("query", sql, |parser| parser.parse_query().map(|query| *query))
}

/// Parses an expression that may have queries inside; tells how deep its tree can be.
pub(in crate::ddl) fn expression(sql: &str) -> Result<(Expr, usize), Untranslatable> {
    whole("expression", sql, |parser| parser.parse_expr())
}

/// Parses an expression, wherever it is put.
pub(in crate::ddl) fn value(sql: &str) -> Result<Expr, Untranslatable> {
    Ok(expression(sql)?.0)
}

/// Parses the name of a type.
pub(in crate::ddl) fn data_type(sql: &str) -> Result<DataType, Untranslatable> {
    Ok(whole("type", sql, |parser| parser.parse_data_type())?.0)
}

/// Parses a text to its end.
fn whole<T>(
    kind: &str,
    sql: &str,
    parse: impl FnOnce(&mut Parser<'_>) -> Result<T, ParserError>,
) -> Result<(T, usize), Untranslatable> {
    if sql.len() > MAX_BYTES {
        return refuse(format!("the {kind} is too long"));
    }
    if sql.contains('\0') {
        return refuse(format!("the {kind} contains a NUL byte"));
    }
    let dialect = ViewDialect;
    let tokens = Tokenizer::new(&dialect, sql).tokenize();
    let tokens = joined(tokens.map_err(|error| unreadable(kind, &error.message))?);
    let tokens = rewritten(unhinted(tokens));
    let depth = measured(kind, &tokens)?;
    let mut parser = Parser::new(&dialect).with_recursion_limit(MAX_NESTING).with_tokens(tokens);
    let parsed = parse(&mut parser).map_err(|error| match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => {
            unreadable(kind, &message)
        }
        ParserError::RecursionLimitExceeded => {
            Untranslatable::new(format!("the {kind} is too deep"))
        }
    })?;
    match parser.peek_token().token {
        Token::EOF => Ok((parsed, depth)),
        token => refuse(format!("the {kind} cannot be parsed: unexpected {token}")),
    }
}

/// Takes out `MATERIALIZED` and `NOT MATERIALIZED` before the query of a WITH, which this dialect
/// of the parser does not know. They decide how a query runs; PostgreSQL materializes by itself what
/// is read twice or is volatile.
fn unhinted(tokens: Vec<Token>) -> Vec<Token> {
    let mut kept: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let hint = token == Token::LParen
            && kept.last().is_some_and(|last| is_word(last, &[Keyword::MATERIALIZED]));
        if hint {
            let not = matches!(kept.as_slice(), [.., not, _] if is_word(not, &[Keyword::NOT]));
            let words = if not { 2 } else { 1 };
            let before = kept.len().checked_sub(words + 1).and_then(|at| kept.get(at));
            if before.is_some_and(|before| is_word(before, &[Keyword::AS])) {
                kept.truncate(kept.len() - words);
            }
        }
        kept.push(token);
    }
    kept
}

/// How deep the tree can be at one level of parentheses.
#[derive(Clone, Copy, Default)]
struct Level {
    /// Steps of the chain that is being read.
    steps: usize,
    /// The deepest of what this chain has in parentheses.
    inside: usize,
    /// The deepest of all chains before.
    most: usize,
}

impl Level {
    fn depth(&self) -> usize {
        self.most.max(self.steps + self.inside)
    }

    fn next_chain(&mut self) {
        *self = Self { most: self.depth(), ..Self::default() };
    }
}

/// Refuses what could make a tree too deep without the parser descending.
fn measured(kind: &str, tokens: &[Token]) -> Result<usize, Untranslatable> {
    if tokens.len() > MAX_TOKENS {
        return refuse(format!("the {kind} is too long"));
    }
    let mut levels = vec![Level::default()];
    let mut sets = 0;
    for token in tokens {
        sets += usize::from(is_word(token, &[Keyword::UNION, Keyword::INTERSECT, Keyword::EXCEPT]));
        let Some(level) = levels.last_mut() else { return unopened(kind) };
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => levels.push(Level::default()),
            Token::RParen | Token::RBracket | Token::RBrace => {
                let depth = levels.pop().map_or(0, |level| level.depth());
                let Some(level) = levels.last_mut() else { return unopened(kind) };
                level.steps += 1;
                level.inside = level.inside.max(depth);
            }
            token if parts(token) => level.next_chain(),
            Token::Number(..) | Token::SingleQuotedString(_) => {}
            _ => level.steps += 1,
        }
        let deep = levels.last().is_some_and(|level| level.depth() > MAX_CHAIN);
        if deep || sets > MAX_SETS {
            return refuse(format!("the {kind} is too deep"));
        }
    }
    Ok(levels.first().map_or(0, Level::depth))
}

fn unopened<T>(kind: &str) -> Result<T, Untranslatable> {
    refuse(format!("the {kind} cannot be parsed: a parenthesis is not open"))
}

/// Whether a token ends a chain: what follows is no operand of what came before.
fn parts(token: &Token) -> bool {
    const WORDS: [Keyword; 14] = [
        Keyword::SELECT,
        Keyword::FROM,
        Keyword::WHERE,
        Keyword::GROUP,
        Keyword::HAVING,
        Keyword::QUALIFY,
        Keyword::ORDER,
        Keyword::LIMIT,
        Keyword::WHEN,
        Keyword::THEN,
        Keyword::ELSE,
        Keyword::JOIN,
        Keyword::ON,
        Keyword::WITH,
    ];
    *token == Token::Comma || is_word(token, &WORDS)
}

pub(super) fn is_word(token: &Token, words: &[Keyword]) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && words.contains(&word.keyword))
}
