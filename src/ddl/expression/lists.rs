//! Lists, which are arrays here: their elements, parts and combinations.

use super::{
    Untranslatable,
    class::{BIGINT, Class, INTEGER},
    division::once,
    functions::{
        ANY, Call, Function,
        Stability::{Immutable, Queried},
        joined, line, pair,
    },
    refuse,
    value::{Literal, Value, comparable, unify},
};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["list_value"], 0..=ANY, Immutable, |call| list_value(call.args)),
    line(&["list_extract", "list_element", "array_extract"], 2..=2, Queried, |call| { let (list, at) = pair(call)?; element(list, &at) }),
    line(&["list_slice", "array_slice"], 3..=3, Queried, slice_call),
    line(&["list_contains", "array_contains", "list_has", "array_has"], 2..=2, Queried, list_contains),
    line(&["list_position", "list_indexof", "array_position", "array_indexof"], 2..=2, Queried, list_position),
    line(&["list_has_any", "array_has_any"], 2..=2, Queried, |call| overlap(call, "&&")),
    line(&["list_has_all", "array_has_all"], 2..=2, Queried, |call| overlap(call, "@>")),
    line(&["list_concat", "list_cat", "array_concat", "array_cat"], 2..=2, Queried, list_concat),
    line(&["list_append", "array_append", "array_push_back"], 2..=2, Queried, |call| { let (list, item) = pair(call)?; append(list, item, false) }),
    line(&["list_prepend", "array_prepend"], 2..=2, Queried, |call| { let (item, list) = pair(call)?; append(list, item, true) }),
    line(&["array_push_front"], 2..=2, Queried, |call| { let (list, item) = pair(call)?; append(list, item, true) }),
    line(&["range", "generate_series"], 1..=2, Queried, series),
];

/// `x[n]` of a list; a negative place counts from the end.
pub(super) fn element(value: Value, index: &Value) -> Out {
    match &value.class {
        Class::List(element) if !element.nested() => {
            let class = (**element).clone();
            let sql = format!("({})[{}]", value.sql, place(&value, index)?);
            Ok(Value::settled(sql, class))
        }
        other => refuse(format!("a subscript of {} is not supported", other.name())),
    }
}

/// A place in an array, counted from 1.
fn place(list: &Value, index: &Value) -> Result<String, Untranslatable> {
    let index = index.clone().integer("a subscript")?;
    let from_end = |sql: &str| format!("pg_catalog.cardinality({}) + 1 + {sql}", list.sql);
    match index.literal {
        Some(Literal::Integer(place @ 0..=0x7fff_ffff)) => Ok(place.to_string()),
        Some(Literal::Integer(place @ -0x7fff_ffff..=-1)) => {
            once(list)?;
            Ok(from_end(&format!("({place})")))
        }
        Some(_) => refuse("a subscript is out of range"),
        None => {
            once(list)?;
            once(&index)?;
            let sql = format!("({})::integer", index.sql);
            Ok(format!("CASE WHEN {sql} < 0 THEN {} ELSE {sql} END", from_end(&sql)))
        }
    }
}

/// `x[a:b]` of a list; a bound that is left out is the end of the list.
pub(super) fn slice(list: Value, low: Option<Value>, high: Option<Value>) -> Out {
    match &list.class {
        Class::List(element) if !element.nested() => {}
        other => return refuse(format!("a slice of {} is not supported", other.name())),
    }
    let null = |bound: &Option<Value>| {
        bound.as_ref().is_some_and(|bound| bound.literal == Some(Literal::Null))
    };
    if null(&low) || null(&high) {
        return refuse("a slice to NULL is not supported");
    }
    let bound = |bound: &Option<Value>| bound.as_ref().map(|bound| place(&list, bound)).transpose();
    let (from, to) = (bound(&low)?, bound(&high)?);
    let sql = format!(
        "({})[{}:{}]",
        list.sql,
        from.as_deref().unwrap_or_default(),
        to.as_deref().unwrap_or_default()
    );
    // A computed bound may be NULL: PostgreSQL makes NULL of it, as DuckDB does.
    Ok(Value::settled(sql, list.class))
}

fn slice_call(call: Call<'_>) -> Out {
    let mut args = call.args.into_iter();
    match (args.next(), args.next(), args.next()) {
        (Some(list), low @ Some(_), high @ Some(_)) => slice(list, low, high),
        _ => refuse("a slice needs two bounds"),
    }
}

/// A list of scalars and a value of their type.
fn with_item(list: Value, item: Value, name: &str) -> Result<(Value, Value), Untranslatable> {
    let Class::List(element) = list.class.clone() else {
        return refuse(format!("{name} of {} is not supported", list.class.name()));
    };
    let (values, _) = comparable(vec![Value::new("", *element.clone()), item], name)?;
    match values.as_slice() {
        [probe, item] if probe.class == *element && probe.sql.is_empty() => {
            Ok((list, item.clone()))
        }
        _ => refuse(format!("{name} of a value of another type")),
    }
}

/// NULL for a list or a value that is NULL; a NULL in the list is never found.
fn list_contains(call: Call<'_>) -> Out {
    let (list, wanted) = pair(call)?;
    let (list, wanted) = with_item(list, wanted, "list_contains")?;
    once(&wanted)?;
    once(&list)?;
    let (list, wanted) = (&list.sql, &wanted.sql);
    let sql = format!(
        "(CASE WHEN {list} IS NOT NULL AND {wanted} IS NOT NULL \
         THEN pg_catalog.array_position({list}, {wanted}) IS NOT NULL END)"
    );
    Ok(Value::settled(sql, Class::Boolean))
}

/// NULL where it is not found; NULL finds NULL in both systems.
fn list_position(call: Call<'_>) -> Out {
    let (list, wanted) = pair(call)?;
    let (list, wanted) = with_item(list, wanted, "list_position")?;
    let sql = format!("pg_catalog.array_position({}, {})", list.sql, wanted.sql);
    Ok(Value::settled(sql, INTEGER))
}

/// Two lists of one type of scalars.
fn two_lists(call: Call<'_>) -> Result<(Value, Value), Untranslatable> {
    let name = call.name;
    let (one, two) = pair(call)?;
    match (&one.class, &two.class) {
        (Class::List(a), Class::List(b)) if a == b && a.comparable() => Ok((one, two)),
        (a, b) => refuse(format!("{name} of {} and {}", a.name(), b.name())),
    }
}

/// NULLs in the lists are left out.
fn overlap(call: Call<'_>, operator: &str) -> Out {
    let (one, two) = two_lists(call)?;
    let second = match operator {
        // PostgreSQL never finds a NULL, DuckDB does not look for it.
        "@>" => format!("pg_catalog.array_remove({}, NULL)", two.sql),
        _ => two.sql,
    };
    Ok(Value::settled(format!("({} {operator} {second})", one.sql), Class::Boolean))
}

/// A list that is NULL is taken for an empty one.
fn list_concat(call: Call<'_>) -> Out {
    let (one, two) = two_lists(call)?;
    let sql = format!("COALESCE(pg_catalog.array_cat({}, {}), '{{}}')", one.sql, two.sql);
    Ok(Value::settled(sql, one.class))
}

/// `list || list`: NULL where one is.
pub(super) fn joined_lists(one: Value, two: Value) -> Out {
    match (&one.class, &two.class) {
        (Class::List(a), Class::List(b)) if a == b && !a.nested() => {}
        (a, b) => return refuse(format!("operator || on {} and {}", a.name(), b.name())),
    }
    once(&one)?;
    once(&two)?;
    let (l, r) = (&one.sql, &two.sql);
    let sql = format!(
        "(CASE WHEN {l} IS NOT NULL AND {r} IS NOT NULL THEN pg_catalog.array_cat({l}, {r}) END)"
    );
    Ok(Value::settled(sql, one.class))
}

fn append(list: Value, item: Value, front: bool) -> Out {
    let (list, item) = with_item(list, item, "list_append")?;
    let sql = match front {
        true => format!("pg_catalog.array_prepend({}, {})", item.sql, list.sql),
        false => format!("pg_catalog.array_append({}, {})", list.sql, item.sql),
    };
    Ok(Value::settled(sql, list.class))
}

/// A list of numbers in steps of one; `range` leaves out its end.
fn series(call: Call<'_>) -> Out {
    let open = call.name == "range";
    let mut numbers = Vec::new();
    for value in call.args {
        if value.literal == Some(Literal::Null) {
            return refuse("a series to NULL is not supported");
        }
        let value = value.integer("a series")?;
        once(&value)?;
        numbers.push(format!("({})::bigint", value.sql));
    }
    let zero = "0".to_owned();
    let (from, to) = match numbers.as_slice() {
        [to] => (&zero, to),
        [from, to] => (from, to),
        _ => return refuse("a series without an end"),
    };
    let last = if open { format!("{to} - 1") } else { to.clone() };
    let sql = format!(
        "(CASE WHEN {from} IS NOT NULL AND {to} IS NOT NULL THEN \
         ARRAY(SELECT pg_catalog.generate_series({from}, {last})) END)"
    );
    Ok(Value::settled(sql, Class::List(Box::new(BIGINT))))
}

/// A list; an empty one waits for its type.
pub(in crate::ddl) fn list_value(values: Vec<Value>) -> Out {
    if values.is_empty() {
        return Ok(Value::new("'{}'", Class::List(Box::new(Class::Untyped))));
    }
    let literal = Some(Literal::List(values.clone()));
    let (values, class) = unify(values, "a list")?;
    if class.nested() {
        return refuse(format!("a list of {} is not supported", class.name()));
    }
    let sql = format!("ARRAY[{}]", joined(&values));
    Ok(Value { literal, ..Value::new(sql, Class::List(Box::new(class))) })
}
