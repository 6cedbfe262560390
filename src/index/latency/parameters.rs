//! Sets of values for a query's parameters, out of `params`.

use pgrx::datum::DatumWithOid;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    error::{Error, Result},
    pg::{prepared::Parameter, spi},
};

/// No more of the values is kept with a measurement, in bytes.
const KEPT_BYTES: usize = 8_192;

/// Values for all parameters.
pub type Set = Vec<Parameter>;

#[derive(Deserialize)]
struct Kind {
    kind: String,
}

#[derive(Deserialize)]
struct Item {
    set: Option<i64>,
    kind: Option<String>,
    text: Option<String>,
    array: Option<String>,
}

/// Whose items a SELECT list is about, in the words of jsonb_array_elements().
const ITEM: &str = "
    jsonb_typeof(i.value) AS kind, i.value #>> '{}' AS text,
    CASE jsonb_typeof(i.value) WHEN 'array' THEN coalesce(
        (SELECT array_agg(e.value ORDER BY e.n)
           FROM jsonb_array_elements_text(i.value) WITH ORDINALITY e (value, n)),
        '{}')::text END AS array";

/// Reads a JSON array of values, or of arrays of values. NULL is one set without a value.
pub fn sets(params: Option<&str>) -> Result<Vec<Set>> {
    let Some(params) = params else { return Ok(vec![Vec::new()]) };
    let argument = [DatumWithOid::from(params)];
    let kinds: Vec<Kind> =
        spi::rows_of_before_with("SELECT jsonb_typeof($1::jsonb) AS kind", &argument)?;
    if kinds.first().is_none_or(|row| row.kind != "array") {
        return Err(Error::new("22023", "params must be a JSON array"));
    }
    let sql = format!(
        "SELECT NULL::bigint AS set, {ITEM}
           FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY i (value, n) ORDER BY i.n"
    );
    let items: Vec<Item> = spi::rows_of_before_with(&sql, &argument)?;
    let is_array = |item: &Item| item.kind.as_deref() == Some("array");
    match !items.is_empty() && items.iter().all(is_array) {
        true => several(&argument),
        false => Ok(vec![items.into_iter().map(parameter).collect()]),
    }
}

/// The inner arrays are sets.
fn several(argument: &[DatumWithOid<'_>]) -> Result<Vec<Set>> {
    let sql = format!(
        "SELECT s.n AS set, {ITEM}
           FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY s (value, n)
           LEFT JOIN LATERAL jsonb_array_elements(s.value) WITH ORDINALITY i (value, n) ON true
          ORDER BY s.n, i.n"
    );
    let items: Vec<Item> = spi::rows_of_before_with(&sql, argument)?;
    Ok(grouped(items))
}

/// A set without a value is an item without a kind.
fn grouped(items: Vec<Item>) -> Vec<Set> {
    let (mut sets, mut last) = (Vec::<Set>::new(), None);
    for item in items {
        if last != item.set {
            last = item.set;
            sets.push(Vec::new());
        }
        if item.kind.is_some()
            && let Some(set) = sets.last_mut()
        {
            set.push(parameter(item));
        }
    }
    sets
}

fn parameter(item: Item) -> Parameter {
    Parameter { text: item.text, array: item.array }
}

/// The sets as a measurement keeps them: as texts, or how many there are where they are long.
pub fn kept(sets: &[Set]) -> Value {
    let bytes = |value: &Parameter| value.text.as_ref().map_or(4, String::len);
    match sets.iter().flatten().map(bytes).sum::<usize>() {
        0..=KEPT_BYTES => {
            let texts = |set: &Set| set.iter().map(|value| value.text.clone()).collect();
            sets.iter().map(texts).collect::<Vec<Vec<_>>>().into()
        }
        _ => json!({ "sets": sets.len() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(set: i64, text: Option<&str>) -> Item {
        let kind = Some("string".to_owned());
        Item { set: Some(set), kind, text: text.map(str::to_owned), array: None }
    }

    #[test]
    fn inner_arrays_are_sets() {
        let nothing = Item { set: Some(2), kind: None, text: None, array: None };
        let sets = grouped(vec![item(1, Some("a")), item(1, None), nothing, item(3, Some("b"))]);
        let lengths: Vec<_> = sets.iter().map(Vec::len).collect();
        assert_eq!(lengths, [2, 0, 1]);
        assert_eq!(kept(&sets), json!([["a", null], [], ["b"]]));
    }

    #[test]
    fn long_values_are_counted_only() {
        let long = Parameter { text: Some("x".repeat(5_000)), array: None };
        assert_eq!(kept(&[vec![long.clone()], vec![long]]), json!({"sets": 2}));
    }
}
