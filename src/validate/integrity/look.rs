//! What a check sees: a relation, what is asked of it, and how rows are read.

use super::{Entry, heap::Heap, options::Options, relation::Relation};
use crate::validate::check::Check;

/// One check of one relation.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The check.
    pub entry: &'static Entry,
    /// The relation.
    pub relation: &'a Relation,
    /// What the user wants of its values.
    pub options: &'a Options,
    /// Where its rows are.
    pub heap: &'a Heap,
    /// Everything that is looked at in this run.
    pub targets: &'a [Relation],
}

impl Look<'_> {
    /// A check of this name, to be completed.
    pub fn check(&self) -> Check {
        let Entry { name, category, severity, .. } = *self.entry;
        Check::new(name, category, severity).target(self.relation.quoted())
    }

    /// Whether a relation gets its own turn in this run.
    pub fn is_target(&self, oid: u32) -> bool {
        self.targets.iter().any(|target| target.oid == oid)
    }
}
