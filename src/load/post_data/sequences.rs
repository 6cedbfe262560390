//! The sequences that defaults take their values from.

use migrator_model::{Ident, QualifiedName, SourceName, catalog::Sequence};

use super::{PostData, comment_on};
use crate::{
    ddl::{Kind, comment, expression, sequence},
    error::Result,
    pg::facts,
    steps::{About, Steps, Verdict},
};

impl PostData<'_> {
    /// A sequence of the source by the argument of nextval, and its name here.
    pub(super) fn sequence(&self, name: &str) -> Option<(&Sequence, QualifiedName)> {
        let wanted = SourceName::parse(name).ok()?;
        let schema = wanted.schema.as_deref().unwrap_or("main").to_ascii_lowercase();
        let found = self.sequences.iter().find(|sequence| {
            let own = sequence.name.schema.as_deref().unwrap_or("main");
            own.to_ascii_lowercase() == schema
                && sequence.name.name.eq_ignore_ascii_case(&wanted.name)
        })?;
        Some((found, self.places.sequence(&found.name)?))
    }

    /// Makes the sequence that a default takes its values from, unless it is there. Returns the one
    /// that nothing but this column uses.
    pub(super) fn make_sequence(&mut self, default: &str) -> Result<Option<QualifiedName>> {
        let Some(argument) = expression::only_nextval(default) else { return Ok(None) };
        let Some((source, target)) = self.sequence(&argument) else { return Ok(None) };
        let source = source.clone();
        let own = match facts::relation_oid(&target)? {
            Some(_) => self.places.serves_one_column(&source.name),
            None => make(self.steps, &source, &target)?,
        };
        // The owner must be of the same schema.
        Ok(Some(target).filter(|target| own && target.schema == self.name.schema))
    }

    /// ALTER SEQUENCE … OWNED BY
    pub(super) fn own_sequence(&mut self, sequence: &QualifiedName, column: &Ident) -> Result<()> {
        let statement = sequence::owned_by(sequence, self.name, column);
        let about = self.about(Kind::OwnedBy, column.as_str(), Some(column), &statement.what);
        self.steps.run(about, &statement, Verdict::Done, &[]).map(|_| ())
    }
}

/// Makes a sequence, where it stands, with its comment. False: it could not be made.
pub fn make(steps: &mut Steps, source: &Sequence, target: &QualifiedName) -> Result<bool> {
    let name = source.name.to_string();
    let about = |kind, what: &str| {
        let target = Some(target.quoted());
        About { kind, source: name.clone(), target, what: what.to_owned() }
    };
    let statement = match sequence::create_sequence(target, source) {
        Ok(statement) => statement,
        Err(refused) => {
            let about = about(Kind::Sequence, &format!("sequence {}", target.name.quoted()));
            return steps.manual(about, None, &refused.reason);
        }
    };
    let made = about(Kind::Sequence, &statement.what);
    if !steps.run(made, &statement, Verdict::Done, &[])? {
        return Ok(false);
    }
    if let Some(setval) = sequence::setval(target, source) {
        steps.run(about(Kind::Setval, &setval.what), &setval, Verdict::Done, &[])?;
    }
    match &source.comment {
        Some(text) => {
            comment_on(steps, comment::Target::Sequence(target), &name, text).map(|()| true)
        }
        None => Ok(true),
    }
}
