//! The sequences that number a relation's rows, and how far they are.

use migrator_model::{
    Ident, QualifiedName,
    ident::{literal, quote},
};
use serde::Deserialize;

use super::{heap, look::Look, task::Task};
use crate::{error::Result, pg::spi, validate::check::Check};

/// A column that is numbered by a sequence: an identity, or a default of nextval() and no more.
#[derive(Deserialize)]
pub struct Numbered {
    /// The column.
    pub column: String,
    schema: String,
    sequence: String,
    /// The sequence's increment.
    pub increment: i64,
    /// seqmin
    pub min: i64,
    /// seqmax
    pub max: i64,
    /// Whether it starts again at its end.
    pub cycles: bool,
    /// The column's type: `int2`, `int4`, `int8` or `numeric`.
    pub type_name: String,
    /// Whether a number that comes twice is wrong: the column is an identity, or part of a key.
    pub is_key: bool,
}

/// Decides a check of a column that is numbered.
type Judge = fn(Look<'_>, &Numbered, Check) -> Result<Check>;

/// Where it is.
#[derive(Deserialize)]
pub struct Place {
    /// The value that it hands out next, within its bounds or not.
    pub next: String,
    /// The greatest value of the column, or the least where the sequence counts down.
    pub extreme: Option<String>,
    /// How far the first is beyond the second.
    pub distance: Option<String>,
    /// Whether it is; true where nothing is taken.
    pub is_ahead: bool,
}

/// The columns of a relation that are numbered.
pub fn of(relation: u32) -> Result<Vec<Numbered>> {
    spi::rows_of_before(&format!(
        "SELECT a.attname::text AS column, n.nspname::text AS schema, c.relname::text AS sequence,
                q.seqincrement AS increment, q.seqmin AS min, q.seqmax AS max, q.seqcycle AS cycles,
                t.typname::text AS type_name,
                a.attidentity <> '' OR EXISTS (
                    SELECT FROM pg_index i
                     WHERE i.indrelid = {relation} AND i.indisunique AND a.attnum = ANY (i.indkey)
                ) AS is_key
           FROM (
               SELECT d.refobjsubid AS attnum, d.objid AS sequence
                 FROM pg_depend d
                WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
                  AND d.refobjid = {relation} AND d.deptype = 'i' AND d.refobjsubid > 0
               UNION
               SELECT f.adnum, d.refobjid
                 FROM pg_attrdef f JOIN pg_depend d
                   ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
                  AND d.refclassid = 'pg_class'::regclass
                WHERE f.adrelid = {relation}
                  AND pg_get_expr(f.adbin, f.adrelid) ~ '^nextval\\(''[^()]*''::regclass\\)$'
           ) u JOIN pg_sequence q ON q.seqrelid = u.sequence
           JOIN pg_class c ON c.oid = u.sequence JOIN pg_namespace n ON n.oid = c.relnamespace
           JOIN pg_attribute a ON a.attrelid = {relation} AND a.attnum = u.attnum
           JOIN pg_type d ON d.oid = a.atttypid
           JOIN pg_type t ON t.oid = CASE WHEN d.typtype = 'd' THEN d.typbasetype ELSE d.oid END
          WHERE t.oid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype)
          ORDER BY a.attnum, c.relname"
    ))
}

impl Numbered {
    /// The sequence's name, qualified and quoted.
    pub fn sequence(&self) -> Result<String> {
        let name = QualifiedName::new(Ident::new(&self.schema)?, Ident::new(&self.sequence)?);
        Ok(name.quoted())
    }

    /// A check of it, which reads rows.
    pub fn task(self, look: Look<'_>, judge: Judge) -> Result<Task<'_>> {
        let check = look.check().column(self.column.as_str());
        let check = check.note(format!("sequence {}", self.sequence()?));
        Ok(Task::reading(check, move |check| judge(look, &self, check)))
    }

    /// Whether it counts up.
    pub fn ascends(&self) -> bool {
        self.increment > 0
    }

    /// Where it is, and the column.
    pub fn place(&self, look: Look<'_>) -> Result<Place> {
        let extreme = self.extreme(look)?;
        let known = extreme.as_deref().map_or("NULL".to_owned(), literal);
        let (increment, sequence) = (self.increment, self.sequence()?);
        // A sequence is of now, not of the snapshot: it can only be farther than the rows say.
        let sql = format!(
            "SELECT next::text AS next, extreme::text AS extreme, distance::text AS distance,
                    (distance > 0) IS NOT FALSE AS is_ahead
               FROM (SELECT *, (next - extreme) * sign({increment}::numeric) AS distance
                       FROM (SELECT last_value::numeric
                                    + CASE WHEN is_called THEN {increment} ELSE 0 END AS next,
                                    {known}::numeric AS extreme
                               FROM {sequence}) s) d"
        );
        heap::only(heap::rows(&sql, None)?)
    }

    fn extreme(&self, look: Look<'_>) -> Result<Option<String>> {
        #[derive(Deserialize)]
        struct Extreme {
            extreme: Option<String>,
        }
        let aggregate = if self.ascends() { "max" } else { "min" };
        let (column, from) = (quote(&self.column), look.relation.from());
        let sql = format!("SELECT {aggregate}({column})::text AS extreme FROM {from}");
        Ok(look.heap.one::<Extreme>(&sql)?.extreme)
    }
}
