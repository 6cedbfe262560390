//! The statements that make rows of the target equal to the source's.

use migrator_model::{
    PgType,
    canonical::{Kind, bytes::tag, render},
    ident::literal,
    pg_type::Environment,
};

use super::{
    here::Side,
    pair::{Compared, Pair},
    tally::Op,
    values::RowDifference,
};
use crate::error::{Error, Result};

/// What statements are made of.
pub struct Statements<'a> {
    /// Both sides.
    pub pair: &'a Pair,
    /// The target.
    pub side: &'a Side,
    /// Where other extensions' types are.
    pub environment: &'a Environment,
}

/// What comes first: what removes frees keys for what is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// DELETE
    Remove,
    /// UPDATE
    Change,
    /// INSERT
    Add,
}

/// A statement for one row, or for several of the same table.
pub struct Statement {
    /// When it runs.
    pub phase: Phase,
    /// `DELETE FROM t WHERE `, `INSERT INTO t (…) VALUES `
    head: String,
    /// The rows' conditions or values.
    rows: Vec<String>,
}

impl Statement {
    fn new(phase: Phase, head: String, row: String) -> Self {
        Self { phase, head, rows: vec![row] }
    }

    /// How many rows it touches.
    pub fn rows(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Takes in another of the same table, where both can be one. A table that refers to itself
    /// needs that: its foreign key is looked at when a statement ends.
    pub fn merge(&mut self, other: Self) -> Option<Self> {
        let same = self.phase == other.phase && self.head == other.head;
        if same && self.phase != Phase::Change {
            self.rows.extend(other.rows);
            return None;
        }
        Some(other)
    }

    /// The statement.
    pub fn sql(&self) -> String {
        let between = if self.phase == Phase::Remove { " OR " } else { ", " };
        self.head.clone() + &self.rows.join(between)
    }
}

impl Statements<'_> {
    /// The statements for a row that differs. Each touches one row.
    pub fn of(&self, row: &RowDifference) -> Result<Vec<Statement>> {
        match (row.found.op, &row.there, &row.here) {
            (Op::Missing | Op::Duplicate, Some(there), None) => Ok(vec![self.insert(there)?]),
            (Op::Extra | Op::Duplicate, None, Some(_)) => Ok(vec![self.delete(row)?]),
            // Two rows that have swapped a unique value cannot be changed one after the other, and
            // an identity cannot be changed at all.
            (Op::Changed, Some(there), Some(_)) if self.is_bound(row) => {
                Ok(vec![self.delete(row)?, self.insert(there)?])
            }
            (Op::Changed, Some(there), Some(_)) => Ok(vec![self.update(row, there)?]),
            _ => Err(Error::new("XX000", "a row that differs has no values")),
        }
    }

    fn delete(&self, row: &RowDifference) -> Result<Statement> {
        let head = format!("DELETE FROM {} WHERE ", self.pair.target.name.quoted());
        Ok(Statement::new(Phase::Remove, head, self.one_row(row)?))
    }

    fn update(&self, row: &RowDifference, there: &[Vec<u8>]) -> Result<Statement> {
        let target = self.pair.target.name.quoted();
        let set = |at: &usize| {
            let column = &self.pair.columns[*at];
            Ok(format!("{} = {}", column.name.quoted(), self.literal(column, &there[*at])?))
        };
        let stored = |at: &&usize| !self.is_generated(&self.pair.columns[**at]);
        let set: Vec<_> = row.columns.iter().filter(stored).map(set).collect::<Result<_>>()?;
        if set.is_empty() {
            let message = format!("only generated columns of {target} differ");
            return Err(Error::new("55000", message).detail(format!(
                "In the row with the key {} they are computed otherwise than in the source.",
                self.pair.key_of(row)
            )));
        }
        let head = format!("UPDATE {target} SET {} WHERE ", set.join(", "));
        Ok(Statement::new(Phase::Change, head, self.one_row(row)?))
    }

    /// Whether one of the columns that differ is an identity, or part of a unique index.
    fn is_bound(&self, row: &RowDifference) -> bool {
        let target = &self.pair.target;
        row.columns.iter().any(|at| {
            let name = self.pair.columns[*at].name.as_str();
            let identity = target.columns.iter().any(|one| one.name == name && one.identity);
            let unique = target.indexes.iter().filter(|index| index.unique);
            identity
                || unique
                    .flat_map(|index| &index.parts)
                    .any(|part| part.column.as_deref() == Some(name) || part.expression.is_some())
        })
    }

    fn insert(&self, cells: &[Vec<u8>]) -> Result<Statement> {
        let target = self.pair.target.name.quoted();
        let filled = || self.pair.columns.iter().zip(cells).filter(|(c, _)| !self.is_generated(c));
        let names: Vec<_> = filled().map(|(column, _)| column.name.quoted()).collect();
        let values: Vec<_> =
            filled().map(|(column, cell)| self.literal(column, cell)).collect::<Result<_>>()?;
        let (names, values) = (names.join(", "), values.join(", "));
        let overriding = match self.pair.target.columns.iter().any(|column| column.identity) {
            true => " OVERRIDING SYSTEM VALUE",
            false => "",
        };
        let head = format!("INSERT INTO {target} ({names}){overriding} VALUES ");
        Ok(Statement::new(Phase::Add, head, format!("({values})")))
    }

    fn is_generated(&self, column: &Compared) -> bool {
        let name = column.name.as_str();
        let mut all = self.pair.target.columns.iter();
        all.any(|other| other.name == name && other.generated.is_some())
    }

    /// A condition that one row of the target fulfils: by its key where that is enough.
    fn one_row(&self, row: &RowDifference) -> Result<String> {
        let is_only = row.found.times_here == 1 && self.has_plain_key();
        match (&row.here, row.found.here) {
            (Some(here), _) if is_only => self.has_key(here),
            (_, Some(hash)) => {
                let target = self.pair.target.name.quoted();
                if !matches!(self.pair.target.kind.as_deref(), Some("r" | "p")) {
                    let message = format!("rows of {target} cannot be told apart without a key");
                    return Err(
                        Error::new("55000", message).hint("Name the key's columns with key.")
                    );
                }
                // A ctid is a place within one partition.
                let place = "(tableoid, ctid)";
                let condition = self.side.has_hash(&self.pair.key, hash)?;
                Ok(format!(
                    "{place} = (SELECT tableoid, ctid FROM {target} WHERE {condition} LIMIT 1)"
                ))
            }
            _ => Err(Error::new("XX000", "a row that differs has no hash")),
        }
    }

    /// Whether equal keys are the same: two zeros are equal, and under some collations texts are.
    fn has_plain_key(&self) -> bool {
        let is_plain = |at: &usize| {
            let column = &self.pair.columns[*at];
            let mut all = self.pair.target.columns.iter();
            let here = all.find(|other| other.name == column.name.as_str());
            let collated = here.is_none_or(|here| here.collation.is_some());
            !collated && !matches!(column.kind, Kind::Float4 | Kind::Float8)
        };
        !self.pair.key.is_empty() && self.pair.key.iter().all(is_plain)
    }

    fn has_key(&self, cells: &[Vec<u8>]) -> Result<String> {
        let part = |at: &usize| {
            let (column, cell) = (&self.pair.columns[*at], &cells[*at]);
            let name = column.name.quoted();
            match cell.first() {
                Some(&tag::NULL) => Ok(format!("{name} IS NULL")),
                _ => Ok(format!("{name} = {}", self.literal(column, cell)?)),
            }
        };
        let parts: Vec<_> = self.pair.key.iter().map(part).collect::<Result<_>>()?;
        Ok(parts.join(" AND "))
    }

    /// A value as SQL. Of a type without its length: what does not fit the column must not be made
    /// to fit by the cast.
    fn literal(&self, column: &Compared, canonical: &[u8]) -> Result<String> {
        let text = render::text(canonical);
        let type_name = column.pg.without_length().sql(self.environment);
        match (canonical.first(), &column.pg) {
            (Some(&tag::NULL), _) => Ok("NULL".to_owned()),
            (Some(&tag::INVALID), _) => Err(self.impossible(column)),
            (_, _) if text.contains('\0') => Err(self.impossible(column)),
            (_, PgType::Array(_) | PgType::Composite { .. } | PgType::Jsonb)
                if text.ends_with('…') =>
            {
                // It nests too deep, or is too long, to be written.
                Err(self.impossible(column))
            }
            (_, PgType::Geometry(_)) => Ok(self.geometry(&text, self.pair.srid(column))),
            (_, PgType::TimestampTz(_)) if !text.ends_with("infinity") => {
                Ok(format!("{}::{type_name}", literal(&with_zone(&text))))
            }
            (Some(&tag::TEXT), _) if column.kind == Kind::Json => {
                let document = serde_json::Value::String(text).to_string();
                Ok(format!("{}::{type_name}", literal(&document)))
            }
            _ => Ok(format!("{}::{type_name}", literal(&text))),
        }
    }

    fn geometry(&self, bytes: &str, srid: i32) -> String {
        let schema = self.environment.postgis.as_ref();
        let schema = schema.map_or_else(String::new, |schema| format!("{}.", schema.quoted()));
        format!("{schema}st_geomfromwkb({}::pg_catalog.bytea, {srid})", literal(bytes))
    }

    fn impossible(&self, column: &Compared) -> Error {
        let message = format!("a value of column \"{}\" cannot be carried", column.name);
        Error::new("22000", message).detail(format!(
            "Table \"{}\": the source has a value that cannot be written as {}.",
            self.pair.table.name, column.pg
        ))
    }
}

/// A moment in UTC says so: before an era, behind the time.
fn with_zone(text: &str) -> String {
    match text.strip_suffix(" BC") {
        Some(moment) => format!("{moment}+00 BC"),
        None => format!("{text}+00"),
    }
}
