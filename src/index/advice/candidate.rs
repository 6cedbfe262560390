//! An index that might be made.

use std::collections::BTreeSet;

use migrator_model::{Ident, QualifiedName, ident::quote};

use super::existing::{Existing, bare};

/// An access method of the server's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// btree
    Btree,
    /// brin
    Brin,
    /// gin
    Gin,
    /// hash
    Hash,
}

impl Method {
    /// Its name in pg_am.
    pub fn name(self) -> &'static str {
        match self {
            Self::Btree => "btree",
            Self::Brin => "brin",
            Self::Gin => "gin",
            Self::Hash => "hash",
        }
    }
}

/// A part of an index's key.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// A quoted name, or an expression.
    pub sql: String,
    /// The column, where it is one.
    pub column: Option<String>,
    /// The columns that it depends on.
    pub columns: Vec<String>,
    /// The operator class, qualified, where it is not the type's own; its bare name.
    pub class: Option<(String, String)>,
    /// DESC
    pub descending: bool,
    /// NULLS FIRST
    pub nulls_first: bool,
    /// The share of rows that it lets through.
    pub share: f64,
    /// What its values take, in bytes.
    pub width: f64,
    /// How many values there are, where that is known.
    pub distinct: Option<f64>,
    /// Whether values are sorted by a locale's rules.
    pub by_locale: bool,
    /// The OID of the collation that values are compared by; 0: the type has none.
    pub collation: u32,
}

/// What asks for an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The source has it.
    Source,
    /// A foreign key.
    ForeignKey,
    /// A query.
    Query,
}

/// An index that might be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The access method.
    pub method: Method,
    /// UNIQUE
    pub unique: bool,
    /// What it is sorted by.
    pub keys: Vec<Part>,
    /// So many of its first keys are asked for by equality: their order is free.
    pub equal: usize,
    /// INCLUDE
    pub include: Vec<String>,
    /// What the included columns take, in bytes.
    pub include_width: f64,
    /// WHERE, and the share of rows that it keeps.
    pub predicate: Option<(String, f64)>,
    /// The queries that it serves.
    pub queries: BTreeSet<usize>,
    /// What asks for it.
    pub reasons: BTreeSet<Reason>,
    /// Why, in sentences.
    pub rationale: Vec<String>,
    /// The share of rows that a search by it finds.
    pub share: f64,
    /// How many rows a search takes, where it stops early.
    pub first_rows: Option<f64>,
}

impl Candidate {
    /// One of these keys, for nothing yet.
    pub fn new(method: Method, keys: Vec<Part>, equal: usize) -> Self {
        Self {
            method,
            unique: false,
            share: keys.iter().map(|key| key.share).product(),
            keys,
            equal,
            include: Vec::new(),
            include_width: 0.0,
            predicate: None,
            queries: BTreeSet::new(),
            reasons: BTreeSet::new(),
            rationale: Vec::new(),
            first_rows: None,
        }
    }

    /// The word for it.
    pub fn kind(&self) -> &'static str {
        match self.method {
            _ if self.predicate.is_some() => "partial",
            _ if !self.include.is_empty() => "covering",
            Method::Btree if self.keys.len() > 1 => "btree_composite",
            method => method.name(),
        }
    }

    /// The columns that it is about, in order.
    pub fn columns(&self) -> Vec<String> {
        let mut columns: Vec<String> = Vec::new();
        for column in self.keys.iter().flat_map(|key| &key.columns).chain(&self.include) {
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        columns
    }

    /// What the server would call its keys, for a name.
    pub fn name_parts(&self) -> Vec<Ident> {
        let named = |part: &Part| {
            let name =
                part.column.as_deref().or_else(|| function_name(&part.sql)).unwrap_or("expr");
            Ident::clipped(name).ok()
        };
        let included = self.include.iter().filter_map(|name| Ident::clipped(name).ok());
        self.keys.iter().filter_map(named).chain(included).collect()
    }

    /// CREATE INDEX; without a name the server chooses one.
    pub fn sql(&self, table: &QualifiedName, name: Option<&Ident>) -> String {
        let unique = if self.unique { "UNIQUE " } else { "" };
        let name = name.map_or_else(String::new, |name| format!("{} ", name.quoted()));
        let keys: Vec<_> = self.keys.iter().map(Part::sql).collect();
        let include: Vec<_> = self.include.iter().map(|name| quote(name)).collect();
        let include = match include.is_empty() {
            true => String::new(),
            false => format!(" INCLUDE ({})", include.join(", ")),
        };
        let predicate = self.predicate.as_ref();
        let predicate = predicate.map_or_else(String::new, |(sql, _)| format!(" WHERE {sql}"));
        let (table, method) = (table.quoted(), self.method.name());
        format!(
            "CREATE {unique}INDEX {name}ON {table} USING {method} ({}){include}{predicate}",
            keys.join(", ")
        )
    }

    /// The share of rows that are in it.
    pub fn kept(&self) -> f64 {
        self.predicate.as_ref().map_or(1.0, |(_, share)| *share)
    }

    /// Whether an index that is there does as much.
    pub fn is_served_by(&self, index: &Existing) -> bool {
        let predicate = self.predicate.as_ref().map(|(sql, _)| bare(sql));
        let keeps_all = index.predicate.as_deref().is_none_or(|own| Some(bare(own)) == predicate);
        let one_value = self.keys.len() == 1 && self.equal == 1;
        let does_as_much = match index.method.as_str() {
            "btree" => matches!(self.method, Method::Btree | Method::Brin | Method::Hash),
            "hash" => matches!(self.method, Method::Btree | Method::Hash) && one_value,
            method => method == self.method.name(),
        };
        let unique = index.unique || !self.unique;
        index.valid && keeps_all && does_as_much && unique && self.has_keys_of(index)
    }

    fn has_keys_of(&self, index: &Existing) -> bool {
        let (equal, rest) = self.keys.split_at(self.equal.min(self.keys.len()));
        let own: Vec<_> = equal.iter().map(|key| (key.sql.as_str(), key.collation)).collect();
        let leading = index.keys.iter().take(equal.len());
        let same =
            |own: &super::existing::ExistingKey| own.default_class || self.has_class(&own.class);
        let finds = index.leading(&own) >= equal.len() && leading.clone().all(same);
        let more = index.keys.get(equal.len()..).unwrap_or_default();
        let sorts = more.len() >= rest.len()
            && more.iter().zip(rest).all(|(own, key)| key.is_served_by(own))
            && same_direction(more, rest);
        let held = |name: &String| {
            index.included.contains(name)
                || index.keys.iter().any(|key| key.column.as_ref() == Some(name))
        };
        finds && sorts && self.include.iter().all(held)
    }

    fn has_class(&self, class: &str) -> bool {
        self.keys.iter().any(|key| key.class.as_ref().is_some_and(|(_, name)| name == class))
    }
}

/// All as they are, or all the other way round.
fn same_direction(index: &[super::existing::ExistingKey], keys: &[Part]) -> bool {
    let mut pairs = index.iter().zip(keys);
    let same = pairs
        .clone()
        .all(|(own, key)| own.descending == key.descending && own.nulls_first == key.nulls_first);
    same || pairs
        .all(|(own, key)| own.descending != key.descending && own.nulls_first != key.nulls_first)
}

impl Part {
    /// As CREATE INDEX has it.
    fn sql(&self) -> String {
        let mut sql = match &self.column {
            Some(_) => self.sql.clone(),
            None => format!("({})", self.sql),
        };
        if let Some((class, _)) = &self.class {
            sql = format!("{sql} {class}");
        }
        if self.descending {
            sql.push_str(" DESC");
        }
        match (self.descending, self.nulls_first) {
            (true, false) => sql + " NULLS LAST",
            (false, true) => sql + " NULLS FIRST",
            _ => sql,
        }
    }

    fn is_served_by(&self, own: &super::existing::ExistingKey) -> bool {
        match &self.class {
            None => own.default_class && own.serves(&self.sql, self.collation),
            // The classes of beginnings compare bytes, whatever the collation.
            Some((_, name)) => *name == own.class && own.is(&self.sql),
        }
    }
}

/// The name of the function that an expression is a call of.
fn function_name(sql: &str) -> Option<&str> {
    let (name, _) = bare(sql).split_once('(')?;
    let name = name.rsplit('.').next()?.trim_matches('"');
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(is_name)).then_some(name)
}

#[cfg(test)]
pub mod tests {
    use super::{super::existing::ExistingKey, *};

    /// A column as a part of a key.
    pub fn part(column: &str, share: f64) -> Part {
        Part {
            sql: quote(column),
            column: Some(column.to_owned()),
            columns: vec![column.to_owned()],
            class: None,
            descending: false,
            nulls_first: false,
            share,
            width: 8.0,
            distinct: Some(1.0 / share),
            by_locale: false,
            collation: 100,
        }
    }

    fn existing(columns: &[&str]) -> Existing {
        let key = |name: &&str| ExistingKey {
            column: Some((*name).to_owned()),
            default_class: true,
            collation: 100,
            ..ExistingKey::default()
        };
        let keys = columns.iter().map(key).collect();
        Existing { method: "btree".into(), valid: true, keys, ..Existing::default() }
    }

    fn tree(columns: &[&str], equal: usize) -> Candidate {
        let keys = columns.iter().map(|name| part(name, 0.1)).collect();
        Candidate::new(Method::Btree, keys, equal)
    }

    #[test]
    fn statements_name_everything() {
        let table = QualifiedName::parse("s.t").unwrap();
        let mut index = tree(&["a", "b"], 1);
        index.keys[1].descending = true;
        index.keys[1].nulls_first = true;
        index.include = vec!["c".into()];
        index.predicate = Some(("(d = 1)".into(), 0.1));
        let name = Ident::new("t_a_idx").unwrap();
        assert_eq!(
            index.sql(&table, Some(&name)),
            "CREATE INDEX \"t_a_idx\" ON \"s\".\"t\" USING btree (\"a\", \"b\" DESC) INCLUDE (\"c\") WHERE (d = 1)"
        );
        assert_eq!(index.kind(), "partial");
        assert_eq!(index.columns(), ["a", "b", "c"]);
    }

    #[test]
    fn expressions_are_named_by_their_function() {
        assert_eq!(function_name("lower(email)"), Some("lower"));
        assert_eq!(function_name("\"x\".f((a))"), Some("f"));
        assert_eq!(function_name("(a + b)"), None);
        assert_eq!(function_name("(data ->> 'a'::text)"), None);
    }

    #[test]
    fn an_index_serves_by_its_beginning() {
        assert!(tree(&["a", "b"], 2).is_served_by(&existing(&["b", "a", "c"])));
        assert!(!tree(&["a", "b"], 1).is_served_by(&existing(&["b", "a"])));
        assert!(!tree(&["a", "b"], 2).is_served_by(&existing(&["a"])));
        let invalid = Existing { valid: false, ..existing(&["a"]) };
        assert!(!tree(&["a"], 1).is_served_by(&invalid));
        let partial = Existing { predicate: Some("(x = 1)".into()), ..existing(&["a"]) };
        assert!(!tree(&["a"], 1).is_served_by(&partial));
        let mut candidate = tree(&["a"], 1);
        candidate.predicate = Some(("x = 1".into(), 0.1));
        assert!(candidate.is_served_by(&partial));
    }

    #[test]
    fn an_index_of_another_collation_does_not_serve() {
        let mut other = existing(&["a"]);
        other.keys[0].collation = 950;
        assert!(!tree(&["a"], 1).is_served_by(&other));
        assert!(!tree(&["a"], 0).is_served_by(&other));
        // Numbers have none.
        other.keys[0].collation = 0;
        assert!(tree(&["a"], 1).is_served_by(&other));
    }

    #[test]
    fn a_sort_is_served_from_either_end() {
        let mut candidate = tree(&["a"], 0);
        candidate.keys[0].descending = true;
        candidate.keys[0].nulls_first = true;
        assert!(candidate.is_served_by(&existing(&["a"])));
        candidate.keys[0].nulls_first = false;
        assert!(!candidate.is_served_by(&existing(&["a"])));
    }
}
