//! The enum types that the caller can name.

use std::collections::HashMap;

use migrator_model::{Ident, QualifiedName};
use serde::Deserialize;

use super::{search_path, spi};
use crate::error::Result;

#[derive(Deserialize)]
struct EnumRow {
    schema: String,
    name: String,
    labels: Vec<String>,
}

/// The enum types in the schemas of the search path that the current user may use, by their labels.
/// Of several with the same labels it is the one that comes first.
pub fn in_search_path() -> Result<HashMap<Vec<String>, QualifiedName>> {
    let schemas = search_path::schemas();
    let list = schemas.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let sql = format!(
        "SELECT n.nspname::text AS schema, t.typname::text AS name,
                array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS labels
           FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
           JOIN pg_enum e ON e.enumtypid = t.oid
          WHERE t.typnamespace = ANY ('{{{list}}}'::oid[]) AND has_type_privilege(t.oid, 'USAGE')
          GROUP BY n.oid, n.nspname, t.oid, t.typname
          ORDER BY array_position('{{{list}}}'::oid[], n.oid), t.typname"
    );
    let mut found = HashMap::new();
    for EnumRow { schema, name, labels } in spi::rows_of_before(&sql)? {
        let name = QualifiedName::new(Ident::new(&schema)?, Ident::new(&name)?);
        found.entry(labels).or_insert(name);
    }
    Ok(found)
}
