//! Constraints that only new rows have to meet.

use migrator_model::ident::quote;
use serde::Deserialize;

use super::{look::Look, task::Task};
use crate::{error::Result, pg::spi, validate::check::Check};

#[derive(Deserialize)]
struct Constraint {
    name: String,
    columns: Option<String>,
    validated: bool,
}

/// The constraints that can be NOT VALID. Those that a foreign key has for the partitions that it
/// points to are not the table's own.
pub fn plan(look: Look<'_>) -> Result<Vec<Task<'_>>> {
    let constraints: Vec<Constraint> = spi::rows_of_before(&format!(
        "SELECT k.conname::text AS name, k.convalidated AS validated,
                (SELECT string_agg(a.attname, ', ' ORDER BY n)
                   FROM unnest(k.conkey) WITH ORDINALITY u(attnum, n) JOIN pg_attribute a
                     ON a.attrelid = k.conrelid AND a.attnum = u.attnum) AS columns
           FROM pg_constraint k
          WHERE k.conrelid = {} AND k.contype IN ('c', 'f', 'n')
            AND NOT EXISTS (SELECT FROM pg_constraint o
                             WHERE o.oid = k.conparentid AND o.conrelid = k.conrelid)
          ORDER BY k.conname",
        look.relation.oid
    ))?;
    Ok(constraints.into_iter().map(|constraint| Task::known(verdict(look, constraint))).collect())
}

fn verdict(look: Look<'_>, constraint: Constraint) -> Check {
    let name = quote(&constraint.name);
    let actual = if constraint.validated { "validated" } else { "not validated" };
    let check = look.check().note(format!("constraint {name}")).compare("validated", actual);
    let check = Check { column_name: constraint.columns, ..check };
    match constraint.validated {
        true => check,
        false => {
            let table = look.relation.quoted();
            check.remedy(format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name}"))
        }
    }
}
