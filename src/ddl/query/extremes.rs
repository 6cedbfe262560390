//! The least and greatest values, and what stands beside them.

use super::{Untranslatable, aggregates::Aggregate, order, refuse};
use crate::ddl::expression::{
    class::Class,
    operators::sortable,
    value::{Literal, Value},
};

type Out = Result<Value, Untranslatable>;

/// `min` and `max`; PostgreSQL has none for every type that DuckDB has it for.
pub(super) fn extreme(call: &Aggregate<'_>) -> Out {
    if let [value, count] = call.args.as_slice() {
        return several(call, value, value, count);
    }
    let value = call.only()?;
    let (sql, class) = (&value.sql, value.class.clone());
    let printed = match &class {
        Class::Boolean => {
            call.print(if call.name == "min" { "bool_and" } else { "bool_or" }, sql, false)
        }
        // The text of a UUID sorts as its bytes do.
        Class::Uuid => {
            let text = sortable(&format!("({sql})::text"), &Class::Text);
            format!("({})::uuid", call.print(call.name, &text, false))
        }
        Class::Blob => return call.refused(&class),
        class if class.comparable() => call.print(call.name, &sortable(sql, class), false),
        _ => return call.refused(&class),
    };
    Ok(Value { settled: value.settled, ..Value::new(printed, class) })
}

/// A list of the values at the least or greatest of others; rows with a NULL are left out.
fn several(call: &Aggregate<'_>, value: &Value, by: &Value, count: &Value) -> Out {
    let Some(Literal::Integer(count @ 1..=1_000_000)) = count.literal else {
        return refuse(format!("function {} with a computed number", call.name));
    };
    let list = sorted(call, value, by)?;
    let class = Class::List(Box::new(value.class.clone()));
    Ok(Value { settled: value.settled, ..Value::new(format!("({list})[1:{count}]"), class) })
}

/// One value of many: only where their order is said.
pub(super) fn one_of(call: &Aggregate<'_>) -> Out {
    let value = call.only()?;
    if call.order.is_empty() || call.distinct || call.windowed {
        return refuse(format!("function {} without an order yields any value", call.name));
    }
    single(call, value)?;
    let filter = (call.name == "any_value").then(|| format!("{} IS NOT NULL", value.sql));
    let list = call.listed(&value.sql, &order::printed(&call.order), filter.as_deref());
    let place = match call.name {
        "last" => format!("pg_catalog.count(*){}", call.after(None)),
        _ => "1".to_owned(),
    };
    let sql = format!("({list})[{place}]");
    Ok(Value { settled: value.settled, ..Value::new(sql, value.class.clone()) })
}

/// The value where another one is least or greatest, or a list of as many as are asked for.
pub(super) fn of_extreme(call: &Aggregate<'_>) -> Out {
    match call.args.as_slice() {
        [value, by] => {
            let list = sorted(call, value, by)?;
            let sql = format!("({list})[1]");
            Ok(Value { settled: value.settled, ..Value::new(sql, value.class.clone()) })
        }
        [value, by, count] => several(call, value, by, count),
        _ => refuse(format!("function {} with {} arguments", call.name, call.args.len())),
    }
}

/// An array cannot hold arrays of several lengths.
fn single(call: &Aggregate<'_>, value: &Value) -> Result<(), Untranslatable> {
    match value.class.nested() {
        true => call.refused(&value.class).map(drop),
        false => Ok(()),
    }
}

fn sorted(call: &Aggregate<'_>, value: &Value, by: &Value) -> Result<String, Untranslatable> {
    single(call, value)?;
    if !by.class.comparable() || call.windowed || call.distinct || !call.order.is_empty() {
        return refuse(format!("function {} in this form is not supported", call.name));
    }
    let least = call.name.contains("min");
    let order = format!("{}{}", sortable(&by.sql, &by.class), if least { "" } else { " DESC" });
    let filter = match value.sql == by.sql {
        true => format!("{} IS NOT NULL", value.sql),
        false => format!("{} IS NOT NULL AND {} IS NOT NULL", value.sql, by.sql),
    };
    Ok(call.listed(&value.sql, &order, Some(&filter)))
}
