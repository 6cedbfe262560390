//! Operators that a B-tree does not know: those on documents, arrays, texts to be searched.

use serde::Deserialize;

use super::{
    super::{
        candidate::{Candidate, Method, Part as KeyPart},
        wanted::{Special, Wanted},
    },
    Choice, Chooser, MOST_SHARE, listed,
};

/// An operator class that an operator belongs to, for a type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Class {
    /// The operator's OID.
    pub operator: u32,
    /// The type's OID.
    pub type_oid: u32,
    /// Its access method: `gin` or `gist`.
    pub method: String,
    /// Its name.
    pub name: String,
    /// Its schema.
    pub schema: String,
    /// Whether it is the type's own.
    pub is_default: bool,
}

/// What a tree finds so few rows by needs no second index.
const SELECTIVE: f64 = 0.001;

impl Chooser<'_> {
    /// What its special operators ask for.
    pub(super) fn special(&self, wanted: &Wanted) -> Vec<Choice> {
        let tree: f64 = wanted.equal.iter().chain(&wanted.ranges).map(|part| part.share).product();
        if tree <= SELECTIVE {
            return Vec::new();
        }
        let mut seen: Vec<&str> = Vec::new();
        let mut choices = Vec::new();
        for special in wanted.special.iter().filter(|special| !is_negation(&special.name)) {
            if !seen.contains(&special.part.key.sql.as_str()) {
                seen.push(&special.part.key.sql);
                choices.push(self.inverted(wanted, special));
            }
        }
        choices
    }

    fn inverted(&self, wanted: &Wanted, special: &Special) -> Choice {
        let key = &special.part.key;
        let same = |other: &&Special| other.part.key.sql == key.sql;
        let share: f64 = wanted.special.iter().filter(same).map(|one| one.part.share).product();
        let Some(class) = self.class(special) else {
            return self.nothing(wanted, self.missing(special));
        };
        if share > MOST_SHARE {
            let why = format!(
                "The condition on {} lets through {}, which a scan of the table finds sooner than an index.",
                key.sql,
                self.rows_of(share)
            );
            return self.nothing(wanted, why);
        }
        let name = (!class.is_default).then(|| (qualified(class), class.name.clone()));
        let part = KeyPart { class: name, share, ..self.key(&special.part) };
        let why = self.why(special, class, share);
        let mut candidate = Candidate::new(Method::Gin, vec![part], 1);
        candidate.share = share;
        self.index(wanted, candidate, why)
    }

    fn why(&self, special: &Special, class: &Class, share: f64) -> String {
        let assumed =
            if special.part.assumed { ", assumed, for the value is a parameter" } else { "" };
        let found = self.rows_of(share);
        let own = match class.name.as_str() {
            "jsonb_path_ops" => {
                " jsonb_path_ops is smaller and quicker than jsonb_ops, and knows all operators that the queries use."
            }
            "gin_trgm_ops" => " It finds texts by the three-letter parts of the pattern.",
            _ => "",
        };
        format!(
            "Operator {} on {} finds {found}{assumed}; a GIN index has an entry for each element.{own}",
            special.name, special.part.key.sql
        )
    }

    /// The operator class that knows all operators on a key: the smaller one for documents, else the
    /// type's own.
    fn class(&self, special: &Special) -> Option<&super::Class> {
        let key = &special.part.key;
        let operators = self.operators.get(&key.sql)?;
        let knows = |class: &&Class, operator: u32| {
            self.classes.iter().any(|one| {
                one.operator == operator && one.name == class.name && one.method == "gin"
            })
        };
        let is_one = |class: &&Class| {
            class.method == "gin"
                && class.type_oid == key.type_oid
                && class.operator == special.operator
        };
        let own: Vec<_> = self.classes.iter().filter(is_one).collect();
        let all = |class: &&&Class| operators.iter().all(|operator| knows(class, *operator));
        let path = own.iter().filter(all).find(|class| class.name == "jsonb_path_ops");
        let default = || own.iter().find(|class| class.is_default);
        path.or_else(default).or_else(|| own.iter().find(all)).or_else(|| own.first()).copied()
    }

    /// Why there is no class.
    fn missing(&self, special: &Special) -> String {
        let (name, key) = (&special.name, &special.part.key);
        let has_gist = self.classes.iter().any(|class| {
            class.method == "gist"
                && class.operator == special.operator
                && class.type_oid == key.type_oid
        });
        match name.as_str() {
            _ if has_gist => format!(
                "Operator {name} on {} is one of GiST indexes, which are not advised here: CREATE INDEX ON {} USING gist ({}).",
                key.sql,
                self.table.name.quoted(),
                listed(&[self.key(&special.part)])
            ),
            "~~" | "~~*" | "~" | "~*" if key.has_beginnings() => format!(
                "A pattern without a fixed beginning on {} is found by operator class gin_trgm_ops of extension pg_trgm, which is not installed.",
                key.sql
            ),
            _ => format!("No index answers operator {name} on {}.", key.sql),
        }
    }
}

/// What is not so is nearly everything.
fn is_negation(name: &str) -> bool {
    matches!(name, "<>" | "!~~" | "!~~*" | "!~" | "!~*")
}

fn qualified(class: &Class) -> String {
    let quote = migrator_model::ident::quote;
    match class.schema.as_str() {
        "pg_catalog" => format!("pg_catalog.{}", class.name),
        schema => format!("{}.{}", quote(schema), quote(&class.name)),
    }
}
