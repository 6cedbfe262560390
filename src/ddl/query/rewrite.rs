//! Forms that the parser does not know, rewritten token by token as others that it knows and that
//! DuckDB never prints.

use sqlparser::{
    keywords::Keyword,
    tokenizer::{Token, Word},
};

use super::parse::is_word;

/// Rewrites all of them.
pub(super) fn rewritten(tokens: Vec<Token>) -> Vec<Token> {
    sampling(grouped(percents(asof(excluding(tokens)))))
}

/// `ASOF JOIN` becomes `GLOBAL JOIN`.
fn asof(tokens: Vec<Token>) -> Vec<Token> {
    const JOINS: [Keyword; 5] =
        [Keyword::INNER, Keyword::LEFT, Keyword::RIGHT, Keyword::FULL, Keyword::JOIN];
    let mut kept: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        if is_word(&token, &JOINS)
            && let Some(last) = kept.last_mut()
            && is_word(last, &[Keyword::ASOF])
        {
            *last = word("GLOBAL", Keyword::GLOBAL);
        }
        kept.push(token);
    }
    kept
}

/// The `%` after a LIMIT in parentheses becomes a remainder by a column of this name.
pub(super) const PERCENT: &str = "percent of all";

fn percents(tokens: Vec<Token>) -> Vec<Token> {
    let mut kept: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let percent = token == Token::Mod && kept.last() == Some(&Token::RParen);
        kept.push(token);
        let ends = tokens.peek().is_none_or(|next| {
            matches!(next, Token::EOF | Token::SemiColon | Token::RParen)
                || is_word(next, &[Keyword::OFFSET])
        });
        if percent && ends {
            kept.push(marker(PERCENT));
        }
    }
    kept
}

/// `PIVOT (… GROUP BY a, b)` becomes `PIVOT (… DEFAULT ON NULL ("row"(a, b)))`.
fn grouped(tokens: Vec<Token>) -> Vec<Token> {
    let mut kept: Vec<Token> = Vec::with_capacity(tokens.len());
    // Whether each open parenthesis is a PIVOT's, and whether its GROUP BY was met.
    let mut open: Vec<(bool, bool)> = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match &token {
            Token::LParen => {
                let pivot = kept.last().is_some_and(|last| is_word(last, &[Keyword::PIVOT]));
                open.push((pivot, false));
            }
            Token::RParen if open.pop() == Some((true, true)) => {
                kept.extend([Token::RParen, Token::RParen]);
            }
            group if is_word(group, &[Keyword::GROUP]) => {
                if let Some((true, met)) = open.last_mut()
                    && tokens.next_if(|next| is_word(next, &[Keyword::BY])).is_some()
                {
                    *met = true;
                    kept.extend([
                        word("DEFAULT", Keyword::DEFAULT),
                        word("ON", Keyword::ON),
                        word("NULL", Keyword::NULL),
                        Token::LParen,
                        marker("row"),
                        Token::LParen,
                    ]);
                    continue;
                }
            }
            _ => {}
        }
        kept.push(token);
    }
    kept
}

/// `USING SAMPLE 50.0% (System)` becomes `SAMPLE SYSTEM (50.0 PERCENT)`, and `Reservoir`, which the
/// parser has no word for, `BLOCK`.
fn sampling(tokens: Vec<Token>) -> Vec<Token> {
    let mut kept: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut rest = tokens.as_slice();
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        if is_word(token, &[Keyword::USING])
            && let Some((sample, after)) = using_sample(after)
        {
            kept.extend(sample);
            rest = after;
            continue;
        }
        let tabled = kept.last().is_some_and(|last| is_word(last, &[Keyword::TABLESAMPLE]));
        kept.push(if tabled { method(token) } else { token.clone() });
    }
    kept
}

/// What comes after USING, if it is a sample, and what follows that.
fn using_sample(tokens: &[Token]) -> Option<(Vec<Token>, &[Token])> {
    let (sample, rest) = tokens.split_first().filter(|(word, _)| spelled(word, "SAMPLE"))?;
    let (number @ Token::Number(..), rest) = rest.split_first()? else { return None };
    let percent = rest.first() == Some(&Token::Mod);
    let rest = if percent { rest.get(1..)? } else { rest };
    let [Token::LParen, kind, rest @ ..] = rest else { return None };
    let (seed, rest) = match rest {
        [Token::RParen, rest @ ..] => (None, rest),
        [Token::Comma, seed, Token::RParen, rest @ ..] => (Some(seed), rest),
        _ => return None,
    };
    let unit = match percent {
        true => word("PERCENT", Keyword::PERCENT),
        false => word("ROWS", Keyword::ROWS),
    };
    let mut kept = vec![sample.clone(), method(kind), Token::LParen, number.clone(), unit];
    kept.push(Token::RParen);
    if let Some(seed) = seed {
        kept.extend([word("REPEATABLE", Keyword::REPEATABLE), Token::LParen]);
        kept.extend([seed.clone(), Token::RParen]);
    }
    Some((kept, rest))
}

fn method(token: &Token) -> Token {
    match spelled(token, "Reservoir") {
        true => word("BLOCK", Keyword::BLOCK),
        false => token.clone(),
    }
}

fn word(value: &str, keyword: Keyword) -> Token {
    Token::Word(Word { value: value.to_owned(), quote_style: None, keyword })
}

/// The name of a window that stands for EXCLUDE and what follows it.
pub(super) fn exclusion(name: &str) -> Option<&'static str> {
    EXCLUSIONS.iter().find(|(_, words)| *words == name).map(|(_, words)| *words)
}

const EXCLUSIONS: [(&[&str], &str); 3] = [
    (&["EXCLUDE", "CURRENT", "ROW"], "EXCLUDE CURRENT ROW"),
    (&["EXCLUDE", "GROUP"], "EXCLUDE GROUP"),
    (&["EXCLUDE", "TIES"], "EXCLUDE TIES"),
];

/// `OVER (… EXCLUDE TIES)` becomes `OVER ("EXCLUDE TIES" …)`: the place of a window's name.
fn excluding(tokens: Vec<Token>) -> Vec<Token> {
    let mut kept: Vec<Token> = Vec::with_capacity(tokens.len());
    // Where the parentheses that are open were opened.
    let mut open = Vec::new();
    for token in tokens {
        match token {
            Token::LParen => open.push(kept.len()),
            Token::RParen => {
                let over = open.pop().filter(|at| {
                    at.checked_sub(1).and_then(|before| kept.get(before)).is_some_and(is_over)
                });
                if let Some((at, words)) = over.zip(ending(&kept)) {
                    kept.truncate(kept.len() - words.split(' ').count());
                    kept.insert(at + 1, marker(words));
                }
            }
            _ => {}
        }
        kept.push(token);
    }
    kept
}

fn is_over(token: &Token) -> bool {
    is_word(token, &[Keyword::OVER])
}

/// The words of EXCLUDE at the end of some tokens.
fn ending(tokens: &[Token]) -> Option<&'static str> {
    let ends = |words: &[&str]| {
        let start = tokens.len().checked_sub(words.len());
        let last = start.and_then(|start| tokens.get(start..)).unwrap_or_default();
        last.len() == words.len()
            && last.iter().zip(words).all(|(token, word)| spelled(token, word))
    };
    EXCLUSIONS.iter().find(|(words, _)| ends(words)).map(|(_, text)| *text)
}

pub(super) fn spelled(token: &Token, text: &str) -> bool {
    matches!(token, Token::Word(word)
        if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text))
}

fn marker(text: &str) -> Token {
    let (value, quote_style) = (text.to_owned(), Some('"'));
    Token::Word(Word { value, quote_style, keyword: Keyword::NoKeyword })
}
