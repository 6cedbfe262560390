//! Column names in the target: what does not fit is told before anything is made.

use migrator_model::Ident;

use super::plan::PlannedColumn;
use crate::{
    ddl::names::{NameProblems, column_idents},
    error::{Error, Result},
};

/// The columns' names as identifiers. All that cannot be one are listed at once.
pub fn columns(planned: &[PlannedColumn]) -> Result<Vec<Ident>> {
    let names: Vec<String> = planned.iter().map(|column| column.name.clone()).collect();
    column_idents(&names).map_err(|NameProblems(problems)| {
        Error::new("42622", "some columns cannot keep their names")
            .detail(problems.join("\n"))
            .hint("Give them other names with options.rename, or leave them out with columns.")
    })
}
