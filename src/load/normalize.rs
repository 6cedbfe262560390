//! `options.normalize`: columns whose vectors are scaled to length 1.

use migrator_model::{catalog::Table, reject::shown};

use super::plan::{self, PlannedColumn};
use crate::error::{Error, Result};

/// Has the vectors of columns scaled to length 1 (`options.normalize`).
pub fn mark(table: &Table, planned: &mut [PlannedColumn], names: &[String]) -> Result<()> {
    for name in names {
        let column = plan::named(table, planned, name, "options.normalize")?;
        if column.scan.normalize {
            return Err(plan::named_twice(&column.name, "options.normalize"));
        }
        column.scan.normalize = true;
    }
    Ok(())
}

/// Refuses to scale what is no vector, once it is known what columns become.
pub fn check(planned: &[PlannedColumn]) -> Result<()> {
    let wrong = |column: &&PlannedColumn| column.scan.normalize && !column.mapping.pg.is_vector();
    match planned.iter().find(wrong) {
        None => Ok(()),
        Some(PlannedColumn { name, mapping, .. }) => {
            let message =
                format!("column \"{}\" of type {} cannot be normalized", shown(name), mapping.pg);
            Err(Error::new("42804", message)
                .detail("Only vector, halfvec and sparsevec have a length to scale.")
                .hint("Ask for one of them with column_types."))
        }
    }
}

#[cfg(test)]
mod tests {
    use migrator_model::{
        LogicalType, PgType, pg_type::Environment, policy::Losses, rules::Fidelity,
    };

    use super::*;
    use crate::load::{
        options::{OnLossy, tests_support::options},
        plan::tests::{column, table},
    };

    #[test]
    fn to_normalize_is_to_agree() {
        let list = |inner| LogicalType::List(Box::new(inner));
        let table = table(vec![column("e", list(LogicalType::Double))]);
        let mut planned = plan::columns(&table, &options()).unwrap();
        mark(&table, &mut planned, &["E".into()]).unwrap();
        assert_eq!(check(&planned).unwrap_err().sqlstate(), "42804");
        planned[0].fix(PgType::Vector(None)).unwrap();
        assert!(!planned[0].depends_on_data(&Environment::default()));
        planned[0].settle(&Environment::default(), &Losses::default());
        assert_eq!(planned[0].mapping.fidelity, Fidelity::Lossy);
        assert!(planned[0].mapping.note.starts_with("normalized"));
        assert!(check(&planned).is_ok());
        assert!(plan::check(&table, &planned, OnLossy::Error).is_ok());
        let again = mark(&table, &mut planned, &["e".into()]).unwrap_err();
        assert_eq!(again.sqlstate(), "42701");
        assert_eq!(mark(&table, &mut planned, &["x".into()]).unwrap_err().sqlstate(), "42703");
    }
}
