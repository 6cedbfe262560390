//! Names from the file as names in PostgreSQL, and names that we make up as PostgreSQL would.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use migrator_model::{
    Ident,
    ident::{MAX_IDENT, clip},
    reject::shown,
};

/// Columns that every PostgreSQL table already has.
pub const SYSTEM_COLUMNS: [&str; 6] = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

/// Everything that is wrong with a list of names, so that a user hears it at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct NameProblems(
    /// One factual line each, in the order of the names.
    pub Vec<String>,
);

impl fmt::Display for NameProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

/// Takes the names of a table's columns as they are.
pub fn column_idents(columns: &[String]) -> Result<Vec<Ident>, NameProblems> {
    checked(columns, "column name", &SYSTEM_COLUMNS)
}

fn checked(names: &[String], what: &str, reserved: &[&str]) -> Result<Vec<Ident>, NameProblems> {
    let mut problems = Vec::new();
    let mut first: HashMap<&str, &str> = HashMap::new();
    let mut idents = Vec::new();
    for name in names {
        match Ident::new(name) {
            Ok(ident) => idents.push(ident),
            Err(_) => problems.push(not_a_name(name, what)),
        }
        if reserved.contains(&name.as_str()) {
            problems.push(format!("{what} \"{name}\" conflicts with a system column name"));
        }
        if let Some(other) = first.insert(clip(name, MAX_IDENT), name) {
            problems.push(clash(name, other, what));
        }
    }
    if problems.is_empty() { Ok(idents) } else { Err(NameProblems(problems)) }
}

fn not_a_name(name: &str, what: &str) -> String {
    match name.len() {
        0 => format!("{what} is empty"),
        1..=MAX_IDENT => format!("{what} \"{}\" contains a NUL byte", shown(name).escape_default()),
        _ => format!("{what} \"{}\" is longer than {MAX_IDENT} bytes", shown(name)),
    }
}

fn clash(name: &str, other: &str, what: &str) -> String {
    if name == other {
        return format!("{what} \"{}\" occurs more than once", shown(name));
    }
    let (name, other) = (shown(name), shown(other));
    format!("{what}s \"{other}\" and \"{name}\" are equal in their first {MAX_IDENT} bytes")
}

/// The names already taken in one schema, and the maker of new ones.
#[derive(Clone, Debug, Default)]
pub struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// Starts with names that exist.
    pub fn with(taken: impl IntoIterator<Item = String>) -> Self {
        Self { taken: taken.into_iter().collect() }
    }

    /// Takes a name; false when it was taken before.
    pub fn take(&mut self, name: &Ident) -> bool {
        self.taken.insert(name.as_str().to_owned())
    }

    /// The name of a primary key: `orders_pkey`.
    pub fn primary_key(&mut self, table: &Ident) -> Ident {
        self.choose(table, None, "pkey")
    }

    /// The name of a unique constraint: `orders_email_key`.
    pub fn unique(&mut self, table: &Ident, columns: &[Ident]) -> Ident {
        self.choose(table, Some(&joined(columns)), "key")
    }

    /// The name of a check constraint: with the column where it speaks of one only.
    pub fn check(&mut self, table: &Ident, columns: &[Ident]) -> Ident {
        let column = if let [only] = columns { Some(only.as_str()) } else { None };
        self.choose(table, column, "check")
    }

    /// The name of a foreign key: `lines_order_no_fkey`.
    pub fn foreign_key(&mut self, table: &Ident, columns: &[Ident]) -> Ident {
        self.choose(table, Some(&joined(columns)), "fkey")
    }

    /// The name of an index without one: `orders_email_idx`.
    pub fn index(&mut self, table: &Ident, columns: &[Ident]) -> Ident {
        self.choose(table, Some(&joined(columns)), "idx")
    }

    /// PostgreSQL's ChooseRelationName: counts up until the name is free.
    fn choose(&mut self, table: &Ident, middle: Option<&str>, label: &str) -> Ident {
        let mut count = 0_u64;
        loop {
            let numbered = if count == 0 { label.to_owned() } else { format!("{label}{count}") };
            count += 1;
            // A made name is never empty and always fits, so only a taken one goes round again.
            if let Ok(name) = Ident::clipped(&object_name(table.as_str(), middle, &numbered))
                && self.take(&name)
            {
                return name;
            }
        }
    }
}

/// PostgreSQL's makeObjectName: shortens the longer of the two names until all fits.
fn object_name(first: &str, second: Option<&str>, label: &str) -> String {
    let overhead = label.len() + 1 + usize::from(second.is_some());
    let room = MAX_IDENT.saturating_sub(overhead);
    let (mut one, mut two) = (first.len(), second.map_or(0, str::len));
    while one + two > room {
        if one > two { one -= 1 } else { two -= 1 }
    }
    let first = clip(first, one);
    match second {
        Some(second) => format!("{first}_{}_{label}", clip(second, two)),
        None => format!("{first}_{label}"),
    }
}

/// The columns' part of a name. PostgreSQL stops after the column that fills an identifier.
fn joined(columns: &[Ident]) -> String {
    let mut text = String::new();
    for column in columns {
        if !text.is_empty() {
            text.push('_');
        }
        text.push_str(column.as_str());
        if text.len() > MAX_IDENT {
            break;
        }
    }
    clip(&text, MAX_IDENT).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ident(name: &str) -> Ident {
        Ident::new(name).unwrap()
    }

    fn strings(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn names_differing_in_case_are_two_columns() {
        assert_eq!(column_idents(&strings(&["a", "A", "select"])).unwrap().len(), 3);
    }

    #[test]
    fn every_bad_name_is_listed() {
        let long = "é".repeat(40);
        let names = strings(&["ok", "ctid", "", &long, "ok"]);
        let NameProblems(problems) = column_idents(&names).unwrap_err();
        assert_eq!(problems.len(), 4, "{problems:?}");
        assert!(problems[0].contains("system column"));
        assert!(problems[2].contains("longer than 63 bytes"));
        assert!(problems[3].contains("more than once"));
    }

    #[test]
    fn names_equal_after_truncation_are_listed() {
        let (a, b) = (format!("{}a", "x".repeat(63)), format!("{}b", "x".repeat(63)));
        let NameProblems(problems) = column_idents(&[a, b]).unwrap_err();
        assert_eq!(problems.len(), 3);
        assert!(problems[2].contains("equal in their first 63 bytes"), "{problems:?}");
    }

    #[test]
    fn made_names_are_postgresqls() {
        let mut names = Names::default();
        let orders = ident("orders");
        assert_eq!(names.primary_key(&orders).as_str(), "orders_pkey");
        assert_eq!(names.primary_key(&orders).as_str(), "orders_pkey1");
        let pair = [ident("a"), ident("b")];
        assert_eq!(names.unique(&orders, &pair).as_str(), "orders_a_b_key");
        assert_eq!(names.check(&orders, &pair).as_str(), "orders_check");
        assert_eq!(names.check(&orders, &pair[..1]).as_str(), "orders_a_check");
        assert_eq!(names.foreign_key(&orders, &pair[..1]).as_str(), "orders_a_fkey");
        assert_eq!(names.index(&orders, &pair[..1]).as_str(), "orders_a_idx");
    }

    #[test]
    fn made_names_are_clipped_and_unique() {
        let mut names = Names::with(["x".to_owned()]);
        let (table, column) = (ident(&"t".repeat(60)), ident(&"é".repeat(31)));
        let first = names.unique(&table, std::slice::from_ref(&column));
        let second = names.unique(&table, &[column]);
        assert!(first.as_str().len() <= 63 && first.as_str().ends_with("_key"));
        assert_ne!(first, second);
        assert!(second.as_str().ends_with("_key1"));
    }
}
