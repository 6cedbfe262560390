//! Which tables and views of which schema: LIMIT TO and EXCEPT.

use migrator_model::{
    SourceName,
    catalog::TableSummary,
    ident::{MAX_IDENT, clip},
};

use crate::error::{Error, Result};

/// What the statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All of the schema.
    All,
    /// LIMIT TO (…)
    LimitTo(Vec<String>),
    /// EXCEPT (…)
    Except(Vec<String>),
}

impl Selection {
    /// The chosen tables and views of a schema, in the source's order. Names are found as they are
    /// spelled or, DuckDB's way, in any case. A name that is not there is misspelt, also behind
    /// EXCEPT, and an error; so is a choice that leaves nothing.
    pub fn choose(&self, schema: &str, tables: &[TableSummary]) -> Result<Vec<SourceName>> {
        let all = of_schema(schema, tables)?;
        let chosen = match self {
            Self::All => all,
            Self::LimitTo(names) => {
                let wanted = positions(names, &all)?;
                kept(all, |at| wanted.contains(&at))
            }
            Self::Except(names) => {
                let unwanted = positions(names, &all)?;
                kept(all, |at| !unwanted.contains(&at))
            }
        };
        match chosen.is_empty() {
            true => Err(Error::new(
                "42P01",
                format!("nothing of schema \"{schema}\" is left to import"),
            )),
            false => Ok(chosen),
        }
    }
}

fn kept(all: Vec<SourceName>, is_kept: impl Fn(usize) -> bool) -> Vec<SourceName> {
    all.into_iter().enumerate().filter(|(at, _)| is_kept(*at)).map(|(_, name)| name).collect()
}

/// The tables of a schema, whose name is spelled so or else differs in case only.
fn of_schema(schema: &str, tables: &[TableSummary]) -> Result<Vec<SourceName>> {
    let own = |name: &SourceName| name.schema.clone().unwrap_or_else(|| "main".into());
    let of = |is_it: &dyn Fn(&str) -> bool| {
        let names = tables.iter().map(|table| &table.name);
        names.filter(|name| is_it(&own(name))).cloned().collect::<Vec<_>>()
    };
    let exact = of(&|name| name == schema);
    let found = match exact.is_empty() {
        true => of(&|name| name.eq_ignore_ascii_case(schema)),
        false => exact,
    };
    if !found.is_empty() {
        return Ok(found);
    }
    let mut schemas: Vec<_> = tables.iter().map(|table| own(&table.name)).collect();
    schemas.sort();
    schemas.dedup();
    let message = format!("schema \"{schema}\" of the source has no tables or views");
    Err(match schemas.as_slice() {
        [] => Error::new("3F000", message).detail("The source has none at all."),
        schemas => Error::new("3F000", message)
            .hint(format!("Schemas that have some are: {}.", schemas.join(", "))),
    })
}

/// Where these are.
fn positions(names: &[String], all: &[SourceName]) -> Result<Vec<usize>> {
    let position = |wanted: &String| {
        // The server has cut what is too long for it.
        let is = |own: &str| own == wanted || clip(own, MAX_IDENT) == wanted;
        let exact = all.iter().position(|table| is(&table.name));
        exact.or_else(|| all.iter().position(|table| table.name.eq_ignore_ascii_case(wanted)))
    };
    let missing: Vec<_> = names
        .iter()
        .filter(|name| position(name).is_none())
        .map(|name| format!("\"{name}\""))
        .collect();
    let schema = all.first().and_then(|table| table.schema.as_deref()).unwrap_or("main");
    match missing.as_slice() {
        [] => Ok(names.iter().filter_map(position).collect()),
        [one] => Err(Error::new(
            "42P01",
            format!("table {one} of schema \"{schema}\" of the source does not exist"),
        )),
        many => Err(Error::new(
            "42P01",
            format!("tables {} of schema \"{schema}\" of the source do not exist", many.join(", ")),
        )),
    }
}

#[cfg(test)]
mod tests {
    use migrator_model::catalog::TableKind;

    use super::*;

    fn tables() -> Vec<TableSummary> {
        let all = [("main", "Orders"), ("main", "lines"), ("audit", "events"), ("a.b", "t")];
        let table = |(schema, name): (&str, &str)| TableSummary {
            name: SourceName { schema: Some(schema.into()), name: name.into() },
            kind: TableKind::Table,
            estimated_rows: None,
            column_count: None,
            has_primary_key: false,
            comment: None,
        };
        all.map(table).to_vec()
    }

    fn chosen(schema: &str, selection: Selection) -> Result<Vec<String>> {
        let chosen = selection.choose(schema, &tables())?;
        Ok(chosen.into_iter().map(|name| name.to_string()).collect())
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(chosen("Main", Selection::All).unwrap(), ["main.Orders", "main.lines"]);
        assert_eq!(chosen("a.b", Selection::All).unwrap(), ["a.b.t"]);
        let limit = Selection::LimitTo(names(&["LINES", "lines"]));
        assert_eq!(chosen("main", limit).unwrap(), ["main.lines"]);
        let except = Selection::Except(names(&["orders"]));
        assert_eq!(chosen("main", except).unwrap(), ["main.lines"]);
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        let error = chosen("public", Selection::All).unwrap_err();
        assert_eq!(error.hint_text(), Some("Schemas that have some are: a.b, audit, main."));
        let error = chosen("main", Selection::LimitTo(names(&["x", "lines", "y"]))).unwrap_err();
        assert!(error.message().starts_with("tables \"x\", \"y\" of schema \"main\""), "{error}");
        assert!(chosen("main", Selection::Except(names(&["x"]))).is_err());
        let error = chosen("audit", Selection::Except(names(&["events"]))).unwrap_err();
        assert_eq!(error.sqlstate(), "42P01");
    }
}
