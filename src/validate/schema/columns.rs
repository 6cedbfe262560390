//! Which columns there are, in which order, of which types, and which may be NULL.

use migrator_model::{PgType, ident::quote, rules};

use super::{Sides, error, or_all, plain, warning};
use crate::validate::{check::Check, target_schema::TargetColumn};

pub(super) fn checks(sides: &Sides<'_>) -> Vec<Check> {
    let mut checks = vec![set(sides), order(sides)];
    checks.extend(types(sides));
    checks.extend(nullability(sides));
    checks
}

/// A column that is missing is an error; one that only the target has, a warning.
fn set(sides: &Sides<'_>) -> Check {
    let missing: Vec<_> = sides
        .pairs
        .iter()
        .filter(|pair| pair.column.is_none())
        .map(|pair| &pair.planned.name)
        .collect();
    let extra: Vec<_> = sides
        .target
        .columns
        .iter()
        .filter(|column| is_extra(sides, column))
        .map(|c| &c.name)
        .collect();
    let check = match missing.is_empty() && !extra.is_empty() {
        true => warning("columns_match_set"),
        false => error("columns_match_set"),
    };
    let check = Check {
        expected: Some(count(sides.pairs.len())),
        actual: Some(count(sides.pairs.len() - missing.len() + extra.len())),
        difference: difference(&missing, &extra),
        ..check
    };
    check.holds(missing.is_empty() && extra.is_empty())
}

fn count(columns: usize) -> String {
    format!("{columns} column{}", if columns == 1 { "" } else { "s" })
}

/// Whether neither a planned column became it, nor one that is left out bears its name.
fn is_extra(sides: &Sides<'_>, column: &TargetColumn) -> bool {
    let planned = sides.shared().any(|(_, _, found)| found.name == column.name);
    let mut left_out = sides.wanted.table.columns.iter();
    !planned && !left_out.any(|source| source.name.eq_ignore_ascii_case(&column.name))
}

fn difference(missing: &[&String], extra: &[&String]) -> Option<String> {
    let part = |word: &str, names: &[&String]| {
        let names: Vec<_> = names.iter().map(|name| plain(name)).collect();
        (!names.is_empty()).then(|| format!("{word}: {}", names.join(", ")))
    };
    let parts = [part("missing", missing), part("only in the target", extra)];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn order(sides: &Sides<'_>) -> Check {
    let planned: Vec<_> = sides.shared().map(|(_, _, column)| plain(&column.name)).collect();
    let columns = sides.target.columns.iter().map(|column| plain(&column.name));
    let actual: Vec<_> = columns.filter(|name| planned.contains(name)).collect();
    warning("columns_match_order").compare(planned.join(", "), actual.join(", "))
}

fn types(sides: &Sides<'_>) -> Vec<Check> {
    let row = |column: &TargetColumn| error("data_type_match").column(&column.name);
    let rows = sides.shared().filter_map(|(_, pair, column)| {
        let (logical, wanted) = (&pair.planned.scan.logical, &pair.planned.mapping.pg);
        let check = row(column).compare(wanted, &column.type_name);
        match &column.pg {
            Some(pg) if unnamed(pg) == unnamed(wanted) || is_sized(pg, wanted) => None,
            Some(pg) if rules::allows(logical, pg) => {
                let note = format!("{logical} may become it, by default it becomes {wanted}");
                Some(check.holds(true).note(note))
            }
            _ => {
                let possible = rules::possible(logical);
                Some(check.holds(false).note(format!("{logical} may become {possible}")))
            }
        }
    });
    or_all(rows.collect(), error("data_type_match"))
}

/// Whether it is the wanted type with the number of dimensions that the data had: see
/// `load/lengths.rs`.
fn is_sized(pg: &PgType, wanted: &PgType) -> bool {
    wanted.largest_size().is_some() && pg.sized(None) == *wanted
}

/// Names of types are the user's affair, and labels a check of their own.
fn unnamed(pg: &PgType) -> PgType {
    match pg {
        PgType::Enum { .. } => PgType::Enum { name: None, labels: Vec::new() },
        PgType::Array(element) => PgType::Array(Box::new(unnamed(element))),
        PgType::Composite { attributes, .. } => {
            let attribute = |(name, pg): &(String, PgType)| (name.clone(), unnamed(pg));
            PgType::Composite { name: None, attributes: attributes.iter().map(attribute).collect() }
        }
        other => other.clone(),
    }
}

fn nullability(sides: &Sides<'_>) -> Vec<Check> {
    let word = |not_null: bool| if not_null { "NOT NULL" } else { "NULL" };
    let rows = sides.shared().filter_map(|(_, pair, column)| {
        // A field is NULL where its STRUCT is.
        let wanted = !pair.source.nullable && pair.planned.scan.field.is_none();
        let check = error("nullability_match").column(&column.name);
        let check = check.compare(word(wanted), word(column.not_null));
        match (wanted, column.not_null) {
            (true, false) => {
                let change = format!("ALTER COLUMN {} SET NOT NULL", quote(&column.name));
                Some(check.remedy(sides.alter(&change)))
            }
            (false, true) => Some(check.holds(true).note(super::BEYOND)),
            _ => None,
        }
    });
    or_all(rows.collect(), error("nullability_match"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_without_dimensions_may_have_got_those_of_the_data() {
        assert!(is_sized(&PgType::Vector(Some(3)), &PgType::Vector(None)));
        assert!(is_sized(&PgType::Bit(Some(9)), &PgType::Bit(None)));
        assert!(!is_sized(&PgType::Vector(Some(3)), &PgType::Vector(Some(4))));
        assert!(!is_sized(&PgType::HalfVec(Some(3)), &PgType::Vector(None)));
        assert!(!is_sized(&PgType::Text, &PgType::Varchar(None)));
    }
}
