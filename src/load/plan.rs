//! What becomes of each column: decided before a row moves, and all problems told at once.

use std::collections::BTreeMap;

use migrator_model::{
    Field, LogicalType, PgType,
    catalog::{Column, Table},
    pg_type::Environment,
    policy::{Loss, Losses},
    protocol::{Length, ScanColumn},
    reject::shown,
    rules::{self, Fidelity, Mapping},
};

use super::options::{LoadOptions, OnLossy, StructAs};
use crate::error::{Error, Result};

/// One column on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedColumn {
    /// What is read.
    pub scan: ScanColumn,
    /// Its name in the target, not yet checked for length.
    pub name: String,
    /// Its place among the source table's columns.
    pub source: usize,
    /// What it becomes.
    pub mapping: Mapping,
    /// Whether the type was asked for, or is an existing column's.
    pub fixed: bool,
    /// How long its values are, where that decides about the type.
    pub length: Option<Length>,
}

/// The columns of a load, in order, before anything is known of the target.
pub fn columns(table: &Table, options: &LoadOptions) -> Result<Vec<PlannedColumn>> {
    let chosen = match &options.columns {
        None => (0..table.columns.len()).collect(),
        Some(wanted) => positions(table, wanted)?,
    };
    let planned = chosen.into_iter().flat_map(|at| parts(&table.columns[at], at, options));
    Ok(planned.collect())
}

/// Where the wanted columns are: spelled exactly so, or else differing in case only.
fn positions(table: &Table, wanted: &[String]) -> Result<Vec<usize>> {
    let find = |name: &String| position(&table.columns, name);
    let missing: Vec<_> = wanted.iter().filter(|name| find(name).is_none()).collect();
    if !missing.is_empty() {
        return Err(no_such_columns(table, &missing));
    }
    if let Some(twice) = repeated(wanted) {
        return Err(Error::new("42701", format!("column \"{twice}\" is named more than once")));
    }
    Ok(wanted.iter().filter_map(find).collect())
}

fn repeated(names: &[String]) -> Option<&String> {
    let again = |(at, name): &(usize, &String)| {
        names[..*at].iter().any(|earlier| earlier.eq_ignore_ascii_case(name))
    };
    names.iter().enumerate().find(again).map(|(_, name)| name)
}

/// DuckDB's own rule: the exact spelling first, then any case.
pub fn position(columns: &[Column], name: &str) -> Option<usize> {
    let exact = columns.iter().position(|column| column.name == name);
    let folded = || columns.iter().position(|c| c.name.eq_ignore_ascii_case(name));
    exact.or_else(folded)
}

fn no_such_columns(table: &Table, missing: &[&String]) -> Error {
    let list: Vec<_> = missing.iter().map(|name| format!("\"{name}\"")).collect();
    let have: Vec<_> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let noun = if list.len() == 1 { "column" } else { "columns" };
    let verb = if list.len() == 1 { "does" } else { "do" };
    let message =
        format!("{noun} {} of table \"{}\" {verb} not exist", list.join(", "), table.name);
    Error::new("42703", message).detail(format!("The table has the columns {}.", have.join(", ")))
}

/// A column as one, or as one for each field of its STRUCT.
fn parts(column: &Column, source: usize, options: &LoadOptions) -> Vec<PlannedColumn> {
    match &column.logical {
        LogicalType::Struct(fields) if options.more.structs == StructAs::Columns => {
            fields.iter().map(|field| part(column, source, Some(field))).collect()
        }
        _ => vec![part(column, source, None)],
    }
}

fn part(column: &Column, source: usize, field: Option<&Field>) -> PlannedColumn {
    let logical = field.map_or(&column.logical, |field| &field.logical).clone();
    let name = match field {
        Some(field) => format!("{}_{}", column.name, field.name),
        None => column.name.clone(),
    };
    let field = field.map(|field| field.name.clone());
    let mapping =
        Mapping { pg: PgType::Text, fidelity: Fidelity::Unsupported, note: String::new() };
    let scan = ScanColumn { name: column.name.clone(), field, logical, normalize: false };
    PlannedColumn { scan, name, source, mapping, fixed: false, length: None }
}

/// The column of this name, for an argument that names it.
pub fn named<'p>(
    table: &Table,
    planned: &'p mut [PlannedColumn],
    name: &str,
    argument: &str,
) -> Result<&'p mut PlannedColumn> {
    let at = place(table, planned, name, argument)?;
    Ok(&mut planned[at])
}

fn place(table: &Table, planned: &[PlannedColumn], name: &str, argument: &str) -> Result<usize> {
    let wanted = name.to_ascii_lowercase();
    let exact = planned.iter().position(|column| column.name == name);
    let folded = || planned.iter().position(|column| column.name.to_ascii_lowercase() == wanted);
    exact.or_else(folded).ok_or_else(|| {
        let name = shown(name);
        let message = format!("column \"{name}\" of table \"{}\" does not exist", table.name);
        Error::new("42703", message).detail(format!("It is named in {argument}."))
    })
}

/// Has every STRUCT become a row type, in lists, too.
pub fn composites(planned: &mut [PlannedColumn], environment: &Environment) -> Result<()> {
    for column in planned {
        if let Some(pg) = rules::composite(&column.scan.logical, environment) {
            column.fix(pg)?;
        }
    }
    Ok(())
}

/// Gives columns other names (`options.rename`).
pub fn rename(
    table: &Table,
    planned: &mut [PlannedColumn],
    names: &BTreeMap<String, String>,
) -> Result<()> {
    // All are looked up first, so that two columns can swap their names.
    let mut renamed = Vec::<(usize, String)>::new();
    for (from, to) in names {
        let at = place(table, planned, from, "options.rename")?;
        if renamed.iter().any(|(other, _)| *other == at) {
            return Err(named_twice(&planned[at].name, "options.rename"));
        }
        renamed.push((at, to.clone()));
    }
    for (at, to) in renamed {
        planned[at].name = to;
    }
    Ok(())
}

/// The error for two names that mean the same column.
pub fn named_twice(name: &str, argument: &str) -> Error {
    let message = format!("column \"{}\" is named more than once", shown(name));
    Error::new("42701", message).detail(format!("It is named in {argument}."))
}

impl PlannedColumn {
    /// Gives the column a type that was asked for, if a value can become it.
    pub fn fix(&mut self, pg: PgType) -> Result<()> {
        if !rules::allows(&self.scan.logical, &pg) {
            let message = format!(
                "column \"{}\" of type {} cannot become {pg}",
                self.name, self.scan.logical
            );
            return Err(Error::new("42804", message)
                .hint(format!("Possible types are: {}.", rules::possible(&self.scan.logical))));
        }
        self.fixed = true;
        self.mapping = rules::judge(&self.scan.logical, pg, &Losses::default());
        Ok(())
    }

    /// Gives the column its default type, given what its values would lose in it.
    pub fn settle(&mut self, environment: &Environment, losses: &Losses) {
        let logical = &self.scan.logical;
        self.mapping = match self.fixed {
            true => rules::judge(logical, self.mapping.pg.clone(), losses),
            false => rules::map(logical, environment, losses),
        };
        if self.scan.normalize && self.mapping.pg.is_vector() {
            self.mapping.fidelity = Fidelity::Lossy;
            self.mapping.note = "normalized: vectors keep their direction, not their length".into();
        }
    }

    /// Whether the data has to be looked at before the type or its fidelity is known.
    pub fn depends_on_data(&self, environment: &Environment) -> bool {
        match self.fixed {
            // Who has vectors scaled has agreed that they change.
            true if self.scan.normalize => false,
            true => may_lose(&self.scan.logical, &self.mapping.pg),
            false => rules::depends_on_data(&self.scan.logical, environment),
        }
    }
}

/// Whether a type that was asked for may lose something of some value.
fn may_lose(logical: &LogicalType, pg: &PgType) -> bool {
    let narrow = match pg.innermost() {
        PgType::Composite { .. } => true,
        PgType::Float4 | PgType::Vector(_) => logical.any(&|l| *l == LogicalType::Double),
        PgType::HalfVec(_) | PgType::SparseVec(_) => {
            logical.any(&|l| matches!(l, LogicalType::Float | LogicalType::Double))
        }
        PgType::Time(Some(_)) | PgType::TimeTz(Some(_)) => true,
        PgType::Timestamp(Some(_)) | PgType::TimestampTz(Some(_)) => true,
        PgType::Time(None) | PgType::Timestamp(None) | PgType::TimestampTz(None) => {
            rules::rule(logical).is_some_and(|rule| rule.losses.contains(&Loss::Nanoseconds))
                || logical.any(&is_nanoseconds)
        }
        PgType::Jsonb => true,
        _ => false,
    };
    narrow || matches!(pg, PgType::Array(_)) && nested_lists(logical)
}

fn is_nanoseconds(logical: &LogicalType) -> bool {
    use LogicalType as L;
    matches!(logical, L::TimeNs | L::TimestampNs | L::TimestampTzNs)
}

fn nested_lists(logical: &LogicalType) -> bool {
    let is_list = |l: &LogicalType| matches!(l, LogicalType::List(_) | LogicalType::Array(..));
    is_list(logical) && logical.children().into_iter().any(is_list)
}

/// Stops a load with columns that cannot be carried, or that would lose what nobody agreed to
/// lose: all of them at once.
pub fn check(table: &Table, planned: &[PlannedColumn], on_lossy: OnLossy) -> Result<()> {
    let unsupported = with_fidelity(planned, Fidelity::Unsupported);
    if !unsupported.is_empty() {
        let message = format!("table \"{}\" has columns of unsupported types", table.name);
        return Err(Error::new("0A000", message)
            .detail(unsupported.join("\n"))
            .hint("Leave these columns out with columns."));
    }
    let lossy = with_fidelity(planned, Fidelity::Lossy);
    if lossy.is_empty() || on_lossy == OnLossy::Accept {
        return Ok(());
    }
    Err(Error::new("22000", format!("table \"{}\" would lose data", table.name))
        .detail(lossy.join("\n"))
        .hint(
            "Ask for other types with column_types (for a database in options.tables), or accept the loss with on_lossy => 'accept'.",
        ))
}

fn with_fidelity(planned: &[PlannedColumn], fidelity: Fidelity) -> Vec<String> {
    let line = |column: &PlannedColumn| {
        let PlannedColumn { name, scan, mapping, .. } = column;
        match fidelity {
            Fidelity::Unsupported => format!("Column \"{name}\": {}.", mapping.note),
            _ => {
                format!("Column \"{name}\", {} to {}: {}.", scan.logical, mapping.pg, mapping.note)
            }
        }
    };
    // To have vectors scaled is to have agreed to it.
    let is_it = |column: &&PlannedColumn| {
        column.mapping.fidelity == fidelity
            && !(fidelity == Fidelity::Lossy && column.scan.normalize)
    };
    planned.iter().filter(is_it).map(line).collect()
}

#[cfg(test)]
pub mod tests {
    use migrator_model::{SourceName, catalog::TableKind};

    use super::*;
    use crate::load::options::tests_support::options;

    pub fn column(name: &str, logical: LogicalType) -> Column {
        Column {
            name: name.into(),
            logical,
            collation: None,
            nullable: true,
            default: None,
            generated: None,
            comment: None,
            enum_names: Vec::new(),
        }
    }

    pub fn table(columns: Vec<Column>) -> Table {
        Table {
            name: SourceName { schema: Some("main".into()), name: "t".into() },
            sql_name: String::new(),
            kind: TableKind::Table,
            columns,
            constraints: Vec::new(),
            indexes: Vec::new(),
            comment: None,
            estimated_rows: None,
            sql: None,
            broken: None,
        }
    }

    #[test]
    fn all_missing_columns_are_named_at_once() {
        let table = table(vec![column("a", LogicalType::Integer)]);
        let mut options = options();
        options.columns = Some(vec!["A".into(), "b".into(), "c".into()]);
        let error = columns(&table, &options).unwrap_err();
        assert_eq!(error.sqlstate(), "42703");
        assert!(error.to_string().contains("columns \"b\", \"c\""));
    }

    #[test]
    fn a_struct_can_become_columns() {
        let fields = vec![Field { name: "x".into(), logical: LogicalType::Double }];
        let table = table(vec![column("p", LogicalType::Struct(fields))]);
        let mut options = options();
        options.more.structs = StructAs::Columns;
        let planned = columns(&table, &options).unwrap();
        assert_eq!(planned[0].name, "p_x");
        assert_eq!(planned[0].scan.field.as_deref(), Some("x"));
    }

    #[test]
    fn every_lossy_column_is_listed() {
        let table =
            table(vec![column("a", LogicalType::TimestampNs), column("b", LogicalType::Json)]);
        let mut planned = columns(&table, &options()).unwrap();
        let mut losses = Losses::default();
        losses.count(Loss::Nanoseconds);
        for column in &mut planned {
            column.settle(&Environment::default(), &losses);
        }
        let error = check(&table, &planned, OnLossy::Error).unwrap_err();
        assert_eq!(error.detail_text().unwrap().lines().count(), 2);
        assert!(check(&table, &planned, OnLossy::Accept).is_ok());
    }

    #[test]
    fn what_may_lose_something_is_looked_at() {
        let list = |inner| LogicalType::List(Box::new(inner));
        let small = list(LogicalType::TinyInt);
        assert!(may_lose(&list(LogicalType::Float), &PgType::SparseVec(None)));
        assert!(may_lose(&list(LogicalType::Float), &PgType::HalfVec(None)));
        assert!(!may_lose(&list(LogicalType::Float), &PgType::Vector(None)));
        assert!(
            !may_lose(&small, &PgType::SparseVec(None))
                && !may_lose(&small, &PgType::HalfVec(None))
        );
        assert!(!may_lose(&LogicalType::Bit, &PgType::Bit(None)));
    }

    #[test]
    fn an_impossible_pair_names_the_possible_ones() {
        let table = table(vec![column("a", LogicalType::Uuid)]);
        let mut planned = columns(&table, &options()).unwrap();
        let error = planned[0].fix(PgType::Int4).unwrap_err();
        assert_eq!(error.sqlstate(), "42804");
        assert!(planned[0].fix(PgType::Text).is_ok());
    }
}
