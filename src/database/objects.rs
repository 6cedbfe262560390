//! Everything but tables and views: schemas, types, sequences, macros, triggers, comments.

use std::collections::BTreeSet;

use migrator_model::{Ident, SourceName, catalog::NamedType};

use super::Migration;
use crate::{
    ddl::{Kind, comment, enumeration},
    error::Result,
    load::{comment_on, create_schema, make_sequence},
    steps::{About, Verdict},
};

impl Migration<'_> {
    /// The schemas that something goes into, and those that are empty.
    pub(super) fn schemas(&mut self) -> Result<()> {
        let used: BTreeSet<_> = self.chosen.iter().filter_map(|t| t.name.schema.clone()).collect();
        let all = self.options.selection.is_all();
        let wanted: Vec<(String, Ident)> = self
            .naming
            .schemas()
            .filter(|(source, _)| all || used.contains(*source))
            .map(|(source, target)| (source.clone(), target.clone()))
            .collect();
        for (source, target) in wanted {
            create_schema(&source, &target, &mut self.steps)?;
        }
        Ok(())
    }

    /// Named enum types, one for each label set; other named types stand for what their columns
    /// say themselves.
    pub(super) fn types(&mut self) -> Result<()> {
        for one in self.objects.types.clone() {
            if !self.options.selection.is_all() && !self.options.selection.wants(&one.name) {
                continue;
            }
            match one.kind.as_str() {
                "ENUM" => self.enumeration(&one)?,
                kind => {
                    let reason = format!("columns of it are carried as {kind}");
                    self.steps.skip(about(Kind::EnumType, &one.name, "type"), &reason)?;
                }
            }
        }
        Ok(())
    }

    fn enumeration(&mut self, one: &NamedType) -> Result<()> {
        let about = about(Kind::EnumType, &one.name, "type");
        if let Some(same) = self.known.get(&one.labels) {
            let reason = format!("type {} has the same labels", same.quoted());
            return self.steps.skip(about, &reason).map(|_| ());
        }
        let name = self.naming.type_name(&one.name)?;
        let statement = match enumeration::create_enum(&name, &one.labels) {
            Ok(statement) => statement,
            Err(refused) => return self.steps.manual(about, None, &refused.reason).map(|_| ()),
        };
        let about = About { target: Some(name.quoted()), ..about };
        if !self.steps.run(about, &statement, Verdict::Done, &[])? {
            return Ok(());
        }
        self.known.insert(one.labels.clone(), name.clone());
        match &one.comment {
            Some(text) => {
                let on = comment::Target::Type(&name);
                comment_on(&mut self.steps, on, &one.name.to_string(), text)
            }
            None => Ok(()),
        }
    }

    /// Every sequence, where it stands.
    pub(super) fn sequences(&mut self) -> Result<()> {
        use crate::load::Places;
        for sequence in self.objects.sequences.clone() {
            let selection = &self.options.selection;
            let used = self.naming.is_used(&sequence.name);
            let Some(target) = self.naming.sequence(&sequence.name) else { continue };
            if !used && !selection.is_all() && !selection.wants(&sequence.name) {
                continue;
            }
            make_sequence(&mut self.steps, &sequence, &target)?;
        }
        Ok(())
    }

    /// Triggers: DuckDB's have bodies of their own kind.
    pub(super) fn triggers(&mut self) -> Result<()> {
        for one in self.objects.triggers.clone() {
            let name = SourceName { schema: one.table.schema.clone(), name: one.name.clone() };
            let about = about(Kind::Trigger, &name, "trigger");
            let reason = "a trigger of DuckDB has no counterpart: write a trigger function";
            self.steps.manual(about, Some(&one.sql), reason)?;
        }
        Ok(())
    }

    /// COMMENT ON schemas and tables with their columns.
    pub(super) fn comments(&mut self) -> Result<()> {
        for schema in self.objects.schemas.clone() {
            let Some(text) = &schema.comment else { continue };
            let target = self.schema(Some(&schema.name))?;
            let on = comment::Target::Schema(&target);
            comment_on(&mut self.steps, on, &schema.name, text)?;
        }
        self.each_table(|data| data.comments())
    }
}

fn about(kind: Kind, name: &SourceName, word: &str) -> About {
    let what = format!("{word} \"{name}\"");
    About { kind, source: name.to_string(), target: None, what }
}
