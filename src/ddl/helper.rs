//! Helper functions: what DuckDB computes and no expression of PostgreSQL does. They are written in
//! SQL, belong to whoever made them, and stay when the extension goes: a view that uses one stands
//! in the same schema.

use std::{cell::RefCell, collections::BTreeSet};

use migrator_model::{Ident, QualifiedName, ident::literal};

use super::Untranslatable;

/// One helper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Helper {
    /// Its name.
    pub name: &'static str,
    /// The types of its parameters, without parentheses.
    parameters: &'static str,
    /// From RETURNS to its end.
    definition: &'static str,
    /// What it does, in one line.
    comment: &'static str,
}

/// Makes a line of a table of helpers.
pub(in crate::ddl) const fn helper(
    name: &'static str,
    parameters: &'static str,
    definition: &'static str,
    comment: &'static str,
) -> Helper {
    Helper { name, parameters, definition, comment }
}

impl Helper {
    /// Its full name in a schema, with its parameters.
    pub fn signature(&self, schema: &Ident) -> String {
        format!("{}({})", self.place(schema).quoted(), self.parameters)
    }

    fn place(&self, schema: &Ident) -> QualifiedName {
        // The names of helpers are short.
        let name = Ident::clipped(self.name).unwrap_or_else(|_| schema.clone());
        QualifiedName::new(schema.clone(), name)
    }

    /// CREATE FUNCTION and COMMENT ON FUNCTION.
    pub fn statements(&self, schema: &Ident) -> [String; 2] {
        let signature = self.signature(schema);
        [
            format!("CREATE FUNCTION {signature} {}", self.defined(schema)),
            format!("COMMENT ON FUNCTION {signature} IS {}", literal(&self.mark())),
        ]
    }

    /// The definition in a schema, whose name may hold whatever a file calls it: a body between
    /// dollars becomes a literal.
    fn defined(&self, schema: &Ident) -> String {
        let named = |text: &str| text.replace("@schema@", &schema.quoted());
        // PL/pgSQL looks operators up when it runs.
        let safe = "LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp";
        let definition = self.definition.replacen("LANGUAGE plpgsql", safe, 1);
        let mut parts = definition.splitn(3, "$$");
        match (parts.next(), parts.next(), parts.next()) {
            (Some(before), Some(body), Some(after)) => {
                format!("{before}{}{after}", literal(&named(body)))
            }
            _ => named(&definition),
        }
    }

    /// The comment by which a helper that is there already is known to be this one.
    pub fn mark(&self) -> String {
        format!("{} (made by migrator)", self.comment)
    }
}

/// The helpers that one statement uses, and the schema that they are in.
#[derive(Debug)]
pub struct Helpers {
    schema: Ident,
    used: RefCell<BTreeSet<Helper>>,
}

impl Helpers {
    /// None used yet.
    pub fn new(schema: Ident) -> Self {
        Self { schema, used: RefCell::default() }
    }

    /// The name of a helper that is used now.
    pub(in crate::ddl) fn take(&self, helper: &Helper) -> String {
        self.used.borrow_mut().insert(*helper);
        helper.place(&self.schema).quoted()
    }

    /// Those that were used.
    pub fn into_used(self) -> Vec<Helper> {
        self.used.into_inner().into_iter().collect()
    }
}

/// A call of a helper, where helpers may be made.
pub(in crate::ddl) fn call(
    helpers: Option<&Helpers>,
    helper: &Helper,
    arguments: &str,
) -> Result<String, Untranslatable> {
    match helpers {
        Some(helpers) => Ok(format!("{}({arguments})", helpers.take(helper))),
        None => Err(Untranslatable::new(format!("it needs a function like {}", helper.name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: Helper =
        helper("f", "text", "RETURNS text AS $$ @schema@.g('a') $$ STRICT", "It's f");
    const PLAIN: Helper = helper("g", "text", "RETURNS text RETURN @schema@.g($1)", "g");

    #[test]
    fn a_schemas_name_stays_a_name() {
        let schema = Ident::new("a$$'b\"").unwrap();
        let [create, comment] = BODY.statements(&schema);
        assert_eq!(
            create,
            "CREATE FUNCTION \"a$$'b\"\"\".\"f\"(text) RETURNS text AS ' \"a$$''b\"\"\".g(''a'') ' STRICT"
        );
        assert!(comment.ends_with("IS 'It''s f (made by migrator)'"));
        assert!(PLAIN.statements(&schema)[0].ends_with("RETURN \"a$$'b\"\"\".g($1)"));
    }

    #[test]
    fn helpers_are_refused_where_none_may_be_made() {
        assert!(call(None, &PLAIN, "x").unwrap_err().reason.contains("function like g"));
        let helpers = Helpers::new(Ident::new("s").unwrap());
        assert_eq!(call(Some(&helpers), &PLAIN, "x").unwrap(), "\"s\".\"g\"(x)");
        assert_eq!(helpers.into_used(), [PLAIN]);
    }
}
