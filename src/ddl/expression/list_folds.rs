//! What a list comes to as a whole: aggregates of its elements, and its elements in another order.

use super::{
    Untranslatable,
    class::Class,
    functions::Call,
    lambdas::Elements,
    operators::sortable,
    refuse,
    value::Value,
    walk::{Scope, Walker},
};

type Out = Result<Value, Untranslatable>;

/// Functions of a list that are an aggregate's.
const FOLDS: &[(&str, &str)] = &[
    ("list_sum", "sum"),
    ("list_avg", "avg"),
    ("list_min", "min"),
    ("list_max", "max"),
    ("list_count", "count"),
    ("list_bool_and", "bool_and"),
    ("list_bool_or", "bool_or"),
    ("list_string_agg", "string_agg"),
    ("list_stddev_samp", "stddev_samp"),
    ("list_stddev_pop", "stddev_pop"),
    ("list_var_samp", "var_samp"),
    ("list_var_pop", "var_pop"),
    ("list_median", "median"),
    ("list_bit_and", "bit_and"),
    ("list_bit_or", "bit_or"),
    ("list_product", "product"),
];

/// Translates a call that needs a query over a list; None for any other.
pub(super) fn call(walker: &Walker<'_>, call: Call<'_>) -> Option<Out> {
    let name = call.name;
    let fold = FOLDS.iter().find(|(own, _)| *own == name).map(|(_, fold)| *fold);
    let known = fold.is_some()
        || matches!(
            name,
            "list_aggregate"
                | "list_aggr"
                | "array_aggregate"
                | "array_aggr"
                | "aggregate"
                | "array_to_string"
                | "list_sort"
                | "array_sort"
                | "list_reverse_sort"
                | "array_reverse_sort"
                | "list_reverse"
                | "array_reverse"
                | "list_distinct"
                | "array_distinct"
                | "list_unique"
                | "array_unique"
                | "list_first"
                | "list_last"
                | "list_any_value"
        );
    if !known {
        return None;
    }
    let Some(scope) = walker.scope else {
        return Some(refuse(format!("function {name} can only be used in a query")));
    };
    Some(translated(scope, fold, call))
}

fn translated(scope: &dyn Scope, fold: Option<&str>, call: Call<'_>) -> Out {
    let mut args = call.args.clone();
    if args.is_empty() {
        return refuse(format!("function {} needs a list", call.name));
    }
    let list = args.remove(0);
    let elements = Elements::of(list, &scope.alias("e")?)?;
    match (fold, call.name) {
        (Some(fold), _) => folded(scope, fold, &elements, args),
        (None, "list_aggregate" | "list_aggr" | "array_aggregate" | "array_aggr" | "aggregate") => {
            if args.is_empty() {
                return refuse("list_aggregate needs the name of an aggregate");
            }
            let name = args.remove(0);
            folded(scope, name.string("the name of an aggregate")?, &elements, args)
        }
        (None, "array_to_string") => {
            let text = folded(scope, "string_agg", &elements, args)?;
            let count = elements.count();
            let sql = format!("(CASE WHEN {count} = 0 THEN '' ELSE {} END)", text.sql);
            Ok(Value::settled(sql, Class::Text))
        }
        (None, "list_reverse" | "array_reverse") => {
            let order = format!("{} DESC", elements.place.sql);
            elements.collect(&elements.element, None, &order, call.context)
        }
        (None, "list_distinct" | "array_distinct" | "list_unique" | "array_unique") => {
            distinct(&elements, &call)
        }
        (None, name @ ("list_first" | "list_last" | "list_any_value")) => one_of(&elements, name),
        (None, _) => sorted(&elements, &call, &args),
    }
}

fn folded(scope: &dyn Scope, name: &str, elements: &Elements, args: Vec<Value>) -> Out {
    let mut values = vec![elements.element.clone()];
    values.extend(args);
    let order = if name == "string_agg" { elements.place.sql.as_str() } else { "" };
    let value = scope
        .fold(name, &values, order)
        .unwrap_or_else(|| refuse(format!("{name} of a list is not supported")))?;
    let sql = elements.unless_null(&format!("(SELECT {} FROM {})", value.sql, elements.from));
    Ok(Value { settled: value.settled, ..Value::new(sql, value.class) })
}

fn checked(element: &Value, name: &str) -> Result<(), Untranslatable> {
    match element.class.comparable() {
        true => Ok(()),
        false => refuse(format!("{name} of {} is not supported", element.class.name())),
    }
}

/// NULLs are last unless the call says otherwise; texts are sorted by their bytes.
fn sorted(elements: &Elements, call: &Call<'_>, args: &[Value]) -> Out {
    checked(&elements.element, call.name)?;
    let mut words = Vec::new();
    for arg in args {
        words.push(arg.string("the order of list_sort")?.to_ascii_uppercase());
    }
    let reverse = call.name.contains("reverse");
    let (direction, nulls) = match (words.as_slice(), reverse) {
        ([], _) => (String::new(), "NULLS LAST"),
        ([nulls], true) => (String::new(), known_nulls(nulls)?),
        ([direction], false) => (direction.clone(), "NULLS LAST"),
        ([direction, nulls], false) => (direction.clone(), known_nulls(nulls)?),
        _ => return refuse("list_sort with many arguments"),
    };
    let descending = match direction.as_str() {
        "" => reverse,
        "ASC" | "DEFAULT" => false,
        "DESC" => true,
        other => return refuse(format!("the order {other} is not supported")),
    };
    let word = if descending { " DESC" } else { "" };
    let key = sortable(&elements.element.sql, &elements.element.class);
    elements.collect(&elements.element, None, &format!("{key}{word} {nulls}"), call.context)
}

fn known_nulls(words: &str) -> Result<&'static str, Untranslatable> {
    match words {
        "NULLS FIRST" => Ok("NULLS FIRST"),
        "NULLS LAST" | "DEFAULT" => Ok("NULLS LAST"),
        other => refuse(format!("the order {other} is not supported")),
    }
}

/// Different elements without NULLs, in an order that is open in both systems, or how many they are.
fn distinct(elements: &Elements, call: &Call<'_>) -> Out {
    let element = &elements.element;
    checked(element, call.name)?;
    let (sql, from) = (&element.sql, &elements.from);
    if call.name.ends_with("unique") {
        let count = format!("(SELECT pg_catalog.count(DISTINCT {sql}) FROM {from})::numeric(20,0)");
        let class = Class::Integer { digits: 20, unsigned: true };
        return Ok(Value::settled(elements.unless_null(&count), class));
    }
    let all = format!("ARRAY(SELECT DISTINCT {sql} FROM {from} WHERE {sql} IS NOT NULL)");
    Ok(Value::settled(elements.unless_null(&all), Class::List(Box::new(element.class.clone()))))
}

/// The first or last element, or the first that is not NULL.
fn one_of(elements: &Elements, name: &str) -> Out {
    let (element, place) = (&elements.element, &elements.place.sql);
    let (filter, direction) = match name {
        "list_any_value" => (format!(" WHERE {} IS NOT NULL", element.sql), ""),
        "list_last" => (String::new(), " DESC"),
        _ => (String::new(), ""),
    };
    let sql = format!(
        "(SELECT {} FROM {}{filter} ORDER BY {place}{direction} LIMIT 1)",
        element.sql, elements.from
    );
    Ok(Value::settled(sql, element.class.clone()))
}
