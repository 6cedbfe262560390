//! Macros as functions.

use migrator_model::{
    Ident, QualifiedName, SourceName,
    catalog::{Macro, Objects},
};

use super::{Migration, helpers::verdict};
use crate::{
    ddl::{
        Kind, comment,
        helper::Helper,
        macros::{Function, functions},
    },
    error::Result,
    load::comment_on,
    pg::{spi, subtransaction},
    steps::{About, reason},
};

impl Migration<'_> {
    /// Makes the functions that PostgreSQL can say; every other macro is `manual`, with its text.
    pub(super) fn macros(&mut self) -> Result<()> {
        let Objects { macros, .. } = self.objects.clone();
        for one in macros {
            let selection = &self.options.selection;
            if selection.is_all() || selection.wants(&one.name) {
                self.convert_macro(&one)?;
            }
        }
        Ok(())
    }

    fn convert_macro(&mut self, one: &Macro) -> Result<()> {
        let schema = self.schema(one.name.schema.as_deref())?;
        let name = Ident::clipped(&one.name.name.replace('\0', ""))?;
        let place = QualifiedName::new(schema, name);
        let own_schema = one.name.schema.as_deref().unwrap_or("main");
        let (made, helpers) = self.with_catalog(own_schema, &place, &|_, _| None, |catalog| {
            functions(one, &place, catalog)
        })?;
        match made {
            Ok(made) => self.make_functions(one, &place, &made, &helpers),
            Err(refused) => self.manual_macro(one, &refused.reason),
        }
    }

    fn make_functions(
        &mut self,
        one: &Macro,
        place: &QualifiedName,
        made: &[Function],
        helpers: &[Helper],
    ) -> Result<()> {
        let Some(schema) = &place.schema else { return Ok(()) };
        let done = subtransaction::attempt(|| {
            let mut statements = self.make_helpers(schema, helpers)?;
            for function in made {
                spi::execute(&function.sql)?;
                statements.push(function.sql.clone());
            }
            Ok(statements)
        });
        let statements = match done {
            Ok(statements) => statements,
            Err(error) if error.is_fatal() => return Err(error),
            // Something in the way is no matter of translation.
            Err(error) if error.sqlstate() == "42723" && !self.options.keep_going => {
                return Err(error);
            }
            Err(error) => {
                let reason = format!("its translation was refused: {}", reason(&error));
                return self.manual_macro(one, &reason);
            }
        };
        self.keep_helpers(schema, helpers);
        let about = About { target: Some(place.quoted()), ..about(one) };
        self.steps.done(about, verdict(helpers), &statements.join(";\n"))?;
        for function in made {
            if let Some(text) = &one.comment {
                let on = comment::Target::Function(&function.signature);
                comment_on(&mut self.steps, on, &one.name.to_string(), text)?;
            }
        }
        Ok(())
    }

    fn manual_macro(&mut self, one: &Macro, reason: &str) -> Result<()> {
        let forms: Vec<_> = one.overloads.iter().map(ToString::to_string).collect();
        let word = if one.is_table { "AS TABLE " } else { "AS " };
        let forms = forms.join(", ").replace(") AS ", &format!(") {word}"));
        let text = format!("CREATE MACRO {}{forms}", quoted(&one.name));
        self.steps.manual(about(one), Some(&text), reason).map(|_| ())
    }
}

fn quoted(name: &SourceName) -> String {
    let quote = migrator_model::ident::quote;
    format!("{}.{}", quote(name.schema.as_deref().unwrap_or("main")), quote(&name.name))
}

fn about(one: &Macro) -> About {
    About {
        kind: Kind::Macro,
        source: one.name.to_string(),
        target: None,
        what: format!("macro \"{}\"", one.name),
    }
}
