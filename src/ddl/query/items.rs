//! The select list: stars are expanded, every member gets DuckDB's name.

use migrator_model::reject::shown;
use sqlparser::ast::{
    self, ExcludeSelectItem, Expr, RenameSelectItem, SelectItem, SelectItemQualifiedWildcardKind,
    WildcardAdditionalOptions,
};

use super::{
    Untranslatable,
    block::Item,
    refuse,
    scope::{Alias, Field, Frame, alike},
    table_functions,
    translator::Translator,
};
use crate::ddl::expression::{class::Class, nested};

impl Translator<'_> {
    /// Translates the members in order; each sees the aliases of those before it.
    pub(super) fn items(
        &self,
        nodes: &[SelectItem],
        frame: &Frame<'_, '_>,
    ) -> Result<Vec<Item>, Untranslatable> {
        let mut items = Vec::new();
        for node in nodes {
            match node {
                SelectItem::UnnamedExpr(node) => match self.fields(node, frame)? {
                    Some(fields) => items.extend(fields),
                    None => items.extend(self.expanded(node, None, frame)?),
                },
                SelectItem::ExprWithAlias { expr, alias } => {
                    items.extend(self.expanded(expr, Some(&alias.value), frame)?);
                }
                SelectItem::Wildcard(options) => {
                    items.extend(self.star(&frame.tables.visible, options, frame)?);
                }
                SelectItem::QualifiedWildcard(kind, options) => {
                    items.extend(self.star(&table_star(kind, frame)?, options, frame)?);
                }
                SelectItem::ExprWithAliases { .. } => {
                    return refuse("several aliases are not supported");
                }
            }
        }
        if items.iter().any(|item| item.unnests) && items.iter().any(|item| item.window) {
            return refuse("unnest beside a window is not supported");
        }
        if items.is_empty() { refuse("an empty select list is not supported") } else { Ok(items) }
    }

    /// `unnest(s)` of a STRUCT: a column for every field.
    fn fields(
        &self,
        node: &Expr,
        frame: &Frame<'_, '_>,
    ) -> Result<Option<Vec<Item>>, Untranslatable> {
        let Some(value) = table_functions::unnested_struct(self, node, frame)? else {
            return Ok(None);
        };
        let Class::Struct(fields) = &value.class else { return Ok(None) };
        let mut items = Vec::new();
        for (name, _) in fields {
            items.push(Item::plain(name, nested::field(value.clone(), name)?));
        }
        Ok(Some(items))
    }

    pub(super) fn item(
        &self,
        node: &Expr,
        alias: Option<&str>,
        frame: &Frame<'_, '_>,
    ) -> Result<Item, Untranslatable> {
        let before = (self.aggregates.get(), self.windows.get());
        let unnested = table_functions::unnested(self, node, frame)?;
        let unnests = unnested.is_some();
        let value = match unnested {
            Some(value) => value,
            None => self.value(node, frame)?,
        };
        let aggregates = self.aggregates.get() - before.0;
        let windows = self.windows.get() - before.1;
        if let (Some(name), false) = (alias, unnests) {
            let alias = Alias { name: name.to_owned(), value: value.clone(), aggregates, windows };
            frame.aliases.borrow_mut().push(alias);
        }
        let name = alias.map_or_else(|| title(node, frame), str::to_owned);
        Ok(Item { name, value, aggregate: aggregates > 0, window: windows > 0, unnests })
    }

    /// `*` with what is left out, replaced or renamed.
    pub(super) fn star(
        &self,
        fields: &[Field],
        options: &WildcardAdditionalOptions,
        frame: &Frame<'_, '_>,
    ) -> Result<Vec<Item>, Untranslatable> {
        if options.opt_ilike.is_some()
            || options.opt_except.is_some()
            || options.opt_alias.is_some()
        {
            return refuse("an option of the star is not supported");
        }
        let left_out = excluded(options.opt_exclude.as_ref())?;
        let renamed = renames(options.opt_rename.as_ref());
        let mut items = Vec::new();
        for field in fields.iter().filter(|f| !left_out.iter().any(|name| alike(name, &f.name))) {
            let mut item = match self.replaced(field, options, frame)? {
                Some(item) => item,
                None => Item::plain(&field.name, field.value.clone()),
            };
            if let Some((_, to)) = renamed.iter().find(|(from, _)| alike(from, &field.name)) {
                item.name.clone_from(to);
            }
            items.push(item);
        }
        match items.is_empty() {
            true => refuse("a star that stands for nothing is not supported"),
            false => Ok(items),
        }
    }

    fn replaced(
        &self,
        field: &Field,
        options: &WildcardAdditionalOptions,
        frame: &Frame<'_, '_>,
    ) -> Result<Option<Item>, Untranslatable> {
        let list = options.opt_replace.iter().flat_map(|replace| &replace.items);
        let mut same = list.filter(|item| alike(&item.column_name.value, &field.name));
        match same.next() {
            Some(element) => {
                let mut item = self.item(&element.expr, None, frame)?;
                item.name.clone_from(&field.name);
                Ok(Some(item))
            }
            None => Ok(None),
        }
    }
}

pub(super) fn table_star(
    kind: &SelectItemQualifiedWildcardKind,
    frame: &Frame<'_, '_>,
) -> Result<Vec<Field>, Untranslatable> {
    let SelectItemQualifiedWildcardKind::ObjectName(name) = kind else {
        return refuse("the star of an expression is not supported");
    };
    let parts: Option<Vec<_>> = name.0.iter().map(|part| part.as_ident().cloned()).collect();
    match frame.table(&parts.unwrap_or_default())? {
        Some(table) => Ok(table.fields.clone()),
        None => refuse(format!("{}.* is not a table's", shown(&name.to_string()))),
    }
}

fn excluded(node: Option<&ExcludeSelectItem>) -> Result<Vec<String>, Untranslatable> {
    let names = match node {
        None => &[][..],
        Some(ExcludeSelectItem::Single(name)) => std::slice::from_ref(name),
        Some(ExcludeSelectItem::Multiple(names)) => names,
    };
    let bare = |name: &ast::ObjectName| match name.0.as_slice() {
        [part] => part.as_ident().map(|ident| ident.value.clone()),
        _ => None,
    };
    match names.iter().map(bare).collect() {
        Some(names) => Ok(names),
        None => refuse("EXCLUDE of a qualified column is not supported"),
    }
}

fn renames(node: Option<&RenameSelectItem>) -> Vec<(String, String)> {
    let names = match node {
        None => &[][..],
        Some(RenameSelectItem::Single(name)) => std::slice::from_ref(name),
        Some(RenameSelectItem::Multiple(names)) => names,
    };
    names.iter().map(|name| (name.ident.value.clone(), name.alias.value.clone())).collect()
}

/// DuckDB's name for a member without an alias: a column's own, otherwise the text.
fn title(node: &Expr, frame: &Frame<'_, '_>) -> String {
    let bare = match node {
        Expr::Identifier(name) => &name.value,
        Expr::CompoundIdentifier(parts) => match parts.last() {
            Some(name) => &name.value,
            None => return node.to_string(),
        },
        other => return other.to_string(),
    };
    let spelled = |field: &&Field| alike(&field.name, bare);
    frame.tables.visible.iter().find(spelled).map_or(bare, |field| &field.name).clone()
}
