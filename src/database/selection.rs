//! Which tables, views, sequences, types and macros: `include` and `exclude` with `*`.

use migrator_model::{
    SourceName,
    catalog::{Objects, TableSummary},
};

use super::options::unknown;
use crate::error::{Error, Result};

/// `schema.table`, with `*` for any text in either.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    text: String,
    schema: Vec<char>,
    name: Vec<char>,
}

impl Pattern {
    fn parse(text: &str) -> Result<Self> {
        let (schema, name) = text.rsplit_once('.').unwrap_or(("main", text));
        if schema.is_empty() || name.is_empty() {
            return Err(Error::new("22023", "a pattern must be schema.table, with * for any text"));
        }
        // DuckDB's names ignore the case.
        let folded = |text: &str| text.to_lowercase().chars().collect();
        Ok(Self { text: text.to_owned(), schema: folded(schema), name: folded(name) })
    }

    fn matches(&self, name: &SourceName) -> bool {
        let folded = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
        let schema = folded(name.schema.as_deref().unwrap_or("main"));
        like(&self.schema, &schema) && like(&self.name, &folded(&name.name))
    }

    /// Names that differ in little from a pattern that matches nothing.
    fn near(&self, all: &[&SourceName]) -> Vec<String> {
        let name: String = self.name.iter().filter(|c| **c != '*').collect();
        let is_near = |other: &str| {
            let other = other.to_lowercase();
            other.contains(&name) || name.contains(&other) || distance(&name, &other) <= 2
        };
        let near = all.iter().filter(|one| !name.is_empty() && is_near(&one.name));
        near.take(3).map(ToString::to_string).collect()
    }
}

/// Whether a text is what the pattern says. Linear in space, and at worst in the product of the
/// lengths: a star only ever goes back to the last one.
fn like(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && pattern[p] == text[t] {
            (p, t) = (p + 1, t + 1);
        } else if let Some((at, from)) = star {
            (p, t) = (at + 1, from + 1);
            star = Some((at, from + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Levenshtein's distance.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.iter().enumerate() {
            let cost = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    include: Option<Vec<Pattern>>,
    exclude: Vec<Pattern>,
}

impl Selection {
    /// Reads the patterns.
    pub fn parse(include: Option<&Vec<String>>, exclude: Option<&Vec<String>>) -> Result<Self> {
        let patterns =
            |texts: &Vec<String>| texts.iter().map(|text| Pattern::parse(text)).collect();
        Ok(Self {
            include: include.map(patterns).transpose()?,
            exclude: exclude.map(patterns).transpose()?.unwrap_or_default(),
        })
    }

    /// The chosen tables and views. A pattern that matches nothing is an error: it is misspelt.
    pub fn choose(&self, all: Vec<TableSummary>, objects: &Objects) -> Result<Vec<TableSummary>> {
        let tables = all.iter().map(|table| &table.name);
        let macros = objects.macros.iter().map(|one| &one.name);
        let sequences = objects.sequences.iter().map(|one| &one.name);
        let types = objects.types.iter().map(|one| &one.name);
        let names: Vec<_> = tables.chain(macros).chain(sequences).chain(types).collect();
        let included = self.include.iter().flatten().map(|pattern| ("include", pattern));
        let excluded = self.exclude.iter().map(|pattern| ("exclude", pattern));
        for (argument, pattern) in included.chain(excluded) {
            if !names.iter().any(|name| pattern.matches(name)) {
                return Err(unknown(argument, &pattern.text, &pattern.near(&names)));
            }
        }
        Ok(all.into_iter().filter(|table| self.wants(&table.name)).collect())
    }

    /// Whether something of this name is wanted.
    pub fn wants(&self, name: &SourceName) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(name));
        self.include.as_deref().is_none_or(any) && !any(&self.exclude)
    }

    /// Whether everything is wanted.
    pub fn is_all(&self) -> bool {
        self.include.is_none() && self.exclude.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use migrator_model::catalog::TableKind;

    use super::*;

    fn table(schema: &str, name: &str) -> TableSummary {
        TableSummary {
            name: SourceName { schema: Some(schema.into()), name: name.into() },
            kind: TableKind::Table,
            estimated_rows: None,
            column_count: None,
            has_primary_key: false,
            comment: None,
        }
    }

    fn chosen(include: Option<&[&str]>, exclude: &[&str]) -> Result<Vec<String>> {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let selection = Selection::parse(include.map(texts).as_ref(), Some(&texts(exclude)))?;
        let all = [("main", "Orders"), ("main", "order_lines"), ("audit", "events"), ("a.b", "t")];
        let all = all.map(|(schema, name)| table(schema, name)).to_vec();
        let objects = Objects {
            schemas: Vec::new(),
            types: Vec::new(),
            sequences: Vec::new(),
            macros: Vec::new(),
            triggers: Vec::new(),
        };
        Ok(selection
            .choose(all, &objects)?
            .into_iter()
            .map(|table| table.name.to_string())
            .collect())
    }

    #[test]
    fn stars_stand_for_any_text() {
        assert_eq!(chosen(Some(&["main.order*"]), &[]).unwrap().len(), 2);
        assert_eq!(chosen(Some(&["orders"]), &[]).unwrap(), ["main.Orders"]);
        assert_eq!(chosen(Some(&["*.*"]), &["main.*"]).unwrap(), ["audit.events", "a.b.t"]);
        assert_eq!(chosen(Some(&["a.b.*"]), &[]).unwrap(), ["a.b.t"]);
        assert_eq!(chosen(None, &["*.*e*s"]).unwrap(), ["a.b.t"]);
        assert!(like(&['*', 'a', '*', 'b'], &['x', 'a', 'a', 'b', 'c', 'b']));
        assert!(!like(&['a', '*'], &['b']));
    }

    #[test]
    fn a_pattern_that_matches_nothing_names_the_near_ones() {
        let error = chosen(Some(&["main.ordres"]), &[]).unwrap_err();
        assert_eq!(error.sqlstate(), "42704");
        assert_eq!(error.hint_text(), Some("Perhaps you mean main.Orders."));
        assert!(chosen(None, &["nothing.*"]).is_err());
        assert!(chosen(Some(&["main."]), &[]).is_err());
    }
}
