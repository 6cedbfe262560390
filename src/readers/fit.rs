//! The columns of a foreign table and those of its source: matched by name, compared by type.

use migrator_model::{LogicalType, PgType, catalog::Bounds, rules};

use super::{options::TableOptions, pushdown::RemoteColumn};
use crate::error::{Error, Result};

/// A column of the foreign table.
#[derive(Clone, Debug)]
pub struct Here {
    /// Its name.
    pub name: String,
    /// Option `column_name`.
    pub column_name: Option<String>,
    /// Its type; None for one that no DuckDB value becomes.
    pub pg: Option<PgType>,
    /// The type as SQL shows it.
    pub type_name: String,
}

/// A column of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct There {
    /// The name as DuckDB spells it.
    pub name: String,
    /// The type.
    pub logical: LogicalType,
    /// Whether it has a collation.
    pub collated: bool,
    /// Whether it is NOT NULL.
    pub not_null: bool,
    /// Between what its values lie, where that is known.
    pub bounds: Option<Bounds>,
}

/// What is wrong with a column.
struct Problem {
    is_missing: bool,
    text: String,
}

/// Matches the columns of a table. What is wrong is told of all of them at once.
pub fn fit(
    table: &str,
    here: Vec<Option<Here>>,
    there: &[There],
    options: &TableOptions,
) -> Result<Vec<Option<RemoteColumn>>> {
    let (mut columns, mut problems) = (Vec::new(), Vec::new());
    for column in here {
        match column.map(|column| remote(column, there, options)).transpose() {
            Ok(remote) => columns.push(remote),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(columns) } else { Err(misfit(table, &problems)) }
}

fn misfit(table: &str, problems: &[Problem]) -> Error {
    let is_missing = problems.iter().any(|problem| problem.is_missing);
    let texts: Vec<_> = problems.iter().map(|problem| problem.text.as_str()).collect();
    let sqlstate = if is_missing { "42703" } else { "42804" };
    Error::new(sqlstate, format!("foreign table \"{table}\" does not fit its source"))
        .detail(texts.join("\n"))
        .hint("Change its columns with ALTER FOREIGN TABLE; the option column_name of a column is its name at the source.")
}

fn remote(
    here: Here,
    there: &[There],
    options: &TableOptions,
) -> std::result::Result<RemoteColumn, Problem> {
    let wanted = here.column_name.as_deref().unwrap_or(&here.name);
    let Some(there) = matching(there, wanted) else {
        return Err(missing(&here, wanted, there));
    };
    match here.pg {
        Some(pg) if rules::allows(&there.logical, &pg) => Ok(RemoteColumn {
            name: there.name.clone(),
            altered: options.alters(&there.logical, &pg),
            logical: there.logical.clone(),
            pg,
            collated: there.collated,
            not_null: there.not_null,
            bounds: there.bounds.clone(),
        }),
        _ => Err(unfit(&here, &there.logical)),
    }
}

/// The exact spelling first, then any case where that is one column only.
fn matching<'t>(there: &'t [There], name: &str) -> Option<&'t There> {
    there.iter().find(|column| column.name == name).or_else(|| {
        let mut folded = there.iter().filter(|column| is_same(&column.name, name));
        folded.next().filter(|_| folded.next().is_none())
    })
}

fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn missing(here: &Here, wanted: &str, there: &[There]) -> Problem {
    let name = &here.name;
    let text = match there.iter().any(|column| is_same(&column.name, wanted)) {
        true => format!(
            "Column \"{name}\": the source has several columns \"{wanted}\" that differ in case."
        ),
        false => format!("Column \"{name}\": the source has no column \"{wanted}\"."),
    };
    Problem { is_missing: true, text }
}

fn unfit(here: &Here, logical: &LogicalType) -> Problem {
    let (name, type_name) = (&here.name, &here.type_name);
    let text = match rules::possible(logical) {
        possible if possible.is_empty() => {
            format!("Column \"{name}\": type {logical} is not known to this version.")
        }
        possible => format!(
            "Column \"{name}\": {logical} cannot become {type_name}; possible are {possible}."
        ),
    };
    Problem { is_missing: false, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(here: Vec<Option<Here>>, there: &[There]) -> Result<Vec<Option<RemoteColumn>>> {
        super::fit("t", here, there, &TableOptions::parse(&[], "t")?)
    }

    fn here(name: &str, pg: PgType) -> Option<Here> {
        let type_name = pg.to_string();
        Some(Here { name: name.into(), column_name: None, pg: Some(pg), type_name })
    }

    fn there(name: &str, logical: LogicalType) -> There {
        There { name: name.into(), logical, collated: false, not_null: false, bounds: None }
    }

    #[test]
    fn the_exact_spelling_is_found_first() {
        let there = [there("A", LogicalType::Varchar), there("a", LogicalType::Integer)];
        let columns = fit(vec![here("a", PgType::Int4), None], &there).unwrap();
        assert_eq!(columns[0].as_ref().unwrap().name, "a");
        assert!(columns[1].is_none());
        assert_eq!(matching(&there[..1], "a").unwrap().name, "A");
    }

    #[test]
    fn a_column_may_be_named_otherwise() {
        let mut column = here("x", PgType::Int4);
        column.as_mut().unwrap().column_name = Some("Größe in cm".into());
        let columns = fit(vec![column], &[there("Größe in cm", LogicalType::Integer)]);
        assert_eq!(columns.unwrap()[0].as_ref().unwrap().name, "Größe in cm");
    }

    #[test]
    fn all_that_does_not_fit_is_named_at_once() {
        let there = [
            there("a", LogicalType::Varchar),
            there("B", LogicalType::Integer),
            there("b ", LogicalType::Integer),
            there("c", LogicalType::Unknown("QUX".into())),
        ];
        let mut odd = here("a", PgType::Text);
        odd.as_mut().unwrap().pg = None;
        let here =
            vec![odd, here("b", PgType::Uuid), here("z", PgType::Int4), here("c", PgType::Int4)];
        let error = fit(here, &there).unwrap_err();
        assert_eq!(error.sqlstate(), "42703");
        let detail = error.detail_text().unwrap();
        assert_eq!(detail.lines().count(), 4);
        assert!(detail.contains("INTEGER cannot become uuid; possible are integer"), "{detail}");
        assert!(detail.contains("the source has no column \"z\""));
        assert!(detail.contains("type QUX is not known"));
    }

    #[test]
    fn types_alone_have_a_code_of_their_own() {
        let error = fit(vec![here("a", PgType::Uuid)], &[there("a", LogicalType::Integer)]);
        assert_eq!(error.unwrap_err().sqlstate(), "42804");
        let two = [there("A", LogicalType::Integer), there("Ab", LogicalType::Integer)];
        assert!(fit(vec![here("ab", PgType::Int4)], &two).is_ok());
    }
}
