//! Values inside STRUCT, MAP and UNION columns, which are jsonb documents here (see
//! `crates/reader/src/encode/nested.rs` for how each value is written into them), and new documents.

use migrator_model::ident::literal;

use super::{
    Context, Untranslatable,
    class::Class,
    division::once,
    functions::{ANY, Call, Function, Stability::Queried, line, one, pair},
    refuse,
    value::{Literal, Value},
};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["struct_extract"], 2..=2, Queried, extract),
    line(&["map_extract_value"], 2..=2, Queried, |call| { let (map, key) = pair(call)?; entry(map, &key) }),
    line(&["map_contains"], 2..=2, Queried, map_contains),
    line(&["element_at", "map_extract"], 2..=2, Queried, map_extract),
    line(&["cardinality"], 1..=1, Queried, cardinality),
    line(&["map"], 2..=2, Queried, map),
    line(&["union_extract"], 2..=2, Queried, |call| {
        let (union, member) = pair(call)?;
        field(union, member.string("the member of a UNION")?)
    }),
    line(&["row"], 1..=ANY, Queried, row),
];

/// A part of a document by its name: a field of a STRUCT, a member of a UNION, an entry of a MAP, or
/// a value of JSON.
pub(in crate::ddl) fn field(value: Value, name: &str) -> Out {
    let find = |fields: &[(String, Class)]| {
        let exact = fields.iter().find(|(own, _)| own == name);
        let found = exact.or_else(|| fields.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)));
        found.cloned()
    };
    match &value.class {
        Class::Struct(fields) => match find(fields) {
            Some((name, class)) => member(&value.sql, &name, &class),
            None => refuse(format!("the STRUCT has no field {name}")),
        },
        Class::Union(members) => match find(members) {
            Some((tag, class)) => {
                once(&value)?;
                let read = member(&value.sql, "value", &class)?;
                let sql = format!(
                    "(CASE WHEN {} ->> 'tag' = {} THEN {} END)",
                    value.sql,
                    literal(&tag),
                    read.sql
                );
                Ok(Value::settled(sql, class))
            }
            None => refuse(format!("the UNION has no member {name}")),
        },
        Class::Map(key, element) if **key == Class::Text => {
            let element = element.clone();
            member(&value.sql, name, &element)
        }
        Class::Json => {
            Ok(Value::settled(format!("({} -> {}::text)", value.sql, literal(name)), Class::Json))
        }
        other => refuse(format!("{} has no fields", other.name())),
    }
}

/// The value of a key of a MAP.
pub(in crate::ddl) fn entry(map: Value, key: &Value) -> Out {
    match (&map.class, &key.literal) {
        (Class::Map(..) | Class::Struct(_), Some(Literal::Text(name))) => field(map, name),
        (other, _) => refuse(format!("a subscript of {} that is not a literal", other.name())),
    }
}

/// A member of an object, in the type that it had before it became JSON.
fn member(object: &str, key: &str, class: &Class) -> Out {
    let key = literal(key);
    read(&format!("({object} -> {key}::text)"), &format!("({object} ->> {key}::text)"), class)
}

/// A document, given as such and as its text, in its own type; JSON's null is NULL.
pub(in crate::ddl) fn read(document: &str, text: &str, class: &Class) -> Out {
    let cast = |pg: &str| Value::settled(format!("({text})::{pg}"), class.clone());
    Ok(match class {
        Class::Text => Value::settled(text, Class::Text),
        Class::Struct(_) | Class::Map(..) | Class::Union(_) | Class::Documents(_) => {
            Value::settled(format!("NULLIF({document}, 'null'::jsonb)"), class.clone())
        }
        Class::List(element) => list(document, element)?,
        // Inside a document JSON's own null and no value at all are the same.
        Class::Json | Class::Enum(_) | Class::Untyped | Class::Collated(_) | Class::Opaque(_) => {
            return refuse(format!("{} inside a STRUCT is not supported", class.name()));
        }
        Class::Boolean => cast("boolean"),
        Class::Integer { .. } | Class::Decimal { .. } => cast(&number(class)),
        Class::Float => cast("real"),
        Class::Double => cast("double precision"),
        Class::Date => cast("date"),
        Class::Time => cast("time without time zone"),
        Class::Timestamp(digits) => cast(&format!("timestamp({digits}) without time zone")),
        Class::TimestampTz => cast("timestamp with time zone"),
        Class::Interval => cast("interval"),
        Class::Uuid => cast("uuid"),
        Class::Blob => cast("bytea"),
    })
}

fn number(class: &Class) -> String {
    match class {
        Class::Integer { digits: 3 | 5, unsigned: false } | Class::Integer { digits: 3, .. } => {
            "smallint".into()
        }
        Class::Integer { digits: 10, unsigned: false } | Class::Integer { digits: 5, .. } => {
            "integer".into()
        }
        Class::Integer { digits: 19, .. } | Class::Integer { digits: 10, .. } => "bigint".into(),
        Class::Integer { digits: 20, .. } => "numeric(20,0)".into(),
        Class::Decimal { width, scale } => format!("numeric({width},{scale})"),
        _ => "numeric(39,0)".into(),
    }
}

/// A list of scalars as an array.
fn list(document: &str, element: &Class) -> Out {
    if element.nested() {
        return refuse("lists in lists inside a STRUCT are not supported");
    }
    let item = read("\"e\".\"v\"", "(\"e\".\"v\" #>> '{}')", element)?.sql;
    let sql = format!(
        "(CASE WHEN pg_catalog.jsonb_typeof({document}) = 'array' THEN ARRAY(SELECT {item} FROM \
         pg_catalog.jsonb_array_elements({document}) WITH ORDINALITY AS \"e\"(\"v\", \"n\") \
         ORDER BY \"e\".\"n\") END)"
    );
    Ok(Value::settled(sql, Class::List(Box::new(element.clone()))))
}

/// `struct_pack(a := 1)`, as DuckDB prints `{'a': 1}`.
pub(in crate::ddl) fn struct_pack(fields: Vec<(String, Value)>, context: &Context<'_>) -> Out {
    let (mut parts, mut classes) = (Vec::new(), Vec::new());
    for (name, value) in fields {
        let class =
            if value.class == Class::Untyped { typed(&value)? } else { value.class.clone() };
        parts.push(format!("{}::text, {}", literal(&name), written(&value, context)?));
        classes.push((name, class));
    }
    let sql = format!("pg_catalog.jsonb_build_object({})", parts.join(", "));
    Ok(Value::settled(sql, Class::Struct(classes)))
}

/// `struct_insert(s, a := 1)`: a STRUCT that is NULL is one of NULLs.
pub(super) fn struct_insert(
    base: &Value,
    more: Vec<(String, Value)>,
    context: &Context<'_>,
) -> Out {
    let Class::Struct(fields) = &base.class else {
        return refuse(format!("struct_insert into {} is not supported", base.class.name()));
    };
    let old = |(name, class): &(String, Class)| {
        let sql = format!("({} -> {}::text)", base.sql, literal(name));
        (name.clone(), class.clone(), sql)
    };
    let all: Vec<_> = fields.iter().map(old).collect();
    let new = struct_pack(more, context)?;
    let Class::Struct(added) = new.class else { return refuse("a STRUCT is expected") };
    if added.iter().any(|(name, _)| fields.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))) {
        return refuse("struct_insert of a field that is there");
    }
    let parts: Vec<_> =
        all.iter().map(|(name, _, sql)| format!("{}::text, {sql}", literal(name))).collect();
    let sql = format!("(pg_catalog.jsonb_build_object({}) || {})", parts.join(", "), new.sql);
    let classes = fields.iter().cloned().chain(added).collect();
    Ok(Value::settled(sql, Class::Struct(classes)))
}

/// `union_value(tag := value)`
pub(super) fn union_value(members: Vec<(String, Value)>, context: &Context<'_>) -> Out {
    let [(tag, value)] = members.as_slice() else { return refuse("a UNION has one value") };
    let class = if value.class == Class::Untyped { typed(value)? } else { value.class.clone() };
    let sql = format!(
        "pg_catalog.jsonb_build_object('tag', {}::text, 'value', {})",
        literal(tag),
        written(value, context)?
    );
    Ok(Value::settled(sql, Class::Union(vec![(tag.clone(), class)])))
}

/// A string is VARCHAR in a STRUCT; a NULL has no type.
fn typed(value: &Value) -> Result<Class, Untranslatable> {
    match value.literal {
        Some(Literal::Text(_)) => Ok(Class::Text),
        _ => refuse("a STRUCT of NULL is not supported"),
    }
}

/// A value as an argument of `jsonb_build_object`: as the loader writes it into documents.
pub(super) fn written(value: &Value, context: &Context<'_>) -> Result<String, Untranslatable> {
    match &value.class {
        Class::Boolean
        | Class::Integer { .. }
        | Class::Decimal { .. }
        | Class::Text
        | Class::Uuid
        | Class::Json
        | Class::Struct(_)
        | Class::Map(..)
        | Class::Union(_)
        | Class::Documents(_) => Ok(value.settle(context.environment)?.sql),
        Class::Untyped => {
            Ok(value.settle(context.environment).map_or_else(|_| "NULL::text".into(), |v| v.sql))
        }
        Class::List(element) => {
            let plain = matches!(**element, Class::Boolean | Class::Integer { .. } | Class::Text);
            if plain { Ok(value.sql.clone()) } else { unwritten(&value.class) }
        }
        // JSON has neither NaN nor infinity, nor minus zero in jsonb.
        Class::Double | Class::Float => {
            once(value)?;
            let sql = &value.sql;
            Ok(format!(
                "(CASE WHEN ({sql})::text IN ('NaN', 'Infinity', '-Infinity', '-0') \
                 THEN pg_catalog.to_jsonb(({sql})::text) ELSE pg_catalog.to_jsonb({sql}) END)"
            ))
        }
        Class::Date => Ok(format!("pg_catalog.to_jsonb({})", value.sql)),
        other => unwritten(other),
    }
}

fn unwritten<T>(class: &Class) -> Result<T, Untranslatable> {
    refuse(format!("{} in a new document is not supported", class.name()))
}

fn extract(call: Call<'_>) -> Out {
    let (value, name) = pair(call)?;
    match &value.class {
        Class::Struct(_) => field(value, name.string("the field of a STRUCT")?),
        other => refuse(format!("struct_extract of {} is not supported", other.name())),
    }
}

fn map_contains(call: Call<'_>) -> Out {
    let (map, key) = pair(call)?;
    match &map.class {
        Class::Map(of, _) if **of == Class::Text => {
            let key = key.text("map_contains")?;
            let sql = format!("pg_catalog.jsonb_exists({}, {})", map.sql, key.sql);
            Ok(Value::settled(sql, Class::Boolean))
        }
        other => refuse(format!("map_contains of {} is not supported", other.name())),
    }
}

/// A list of the only value of a key, or of none.
fn map_extract(call: Call<'_>) -> Out {
    let (map, key) = pair(call)?;
    once(&map)?;
    let name = key.string("the key of a MAP")?.to_owned();
    let sql = map.sql.clone();
    let value = entry(map, &key)?;
    if value.class.nested() {
        return refuse(format!("element_at of {} is not supported", value.class.name()));
    }
    let sql = format!(
        "(CASE WHEN pg_catalog.jsonb_exists({sql}, {}) THEN ARRAY[{}] WHEN {sql} IS NOT NULL \
         THEN '{{}}' END)",
        literal(&name),
        value.sql
    );
    Ok(Value::settled(sql, Class::List(Box::new(value.class))))
}

/// How many entries a MAP has; a list's function is `len`.
fn cardinality(call: Call<'_>) -> Out {
    let map = one(call)?;
    once(&map)?;
    let count = match &map.class {
        Class::Map(key, _) if **key == Class::Text => {
            format!("(SELECT pg_catalog.count(*) FROM pg_catalog.jsonb_object_keys({}))", map.sql)
        }
        Class::Map(..) => format!("pg_catalog.jsonb_array_length({})", map.sql),
        other => return refuse(format!("cardinality of {} is not supported", other.name())),
    };
    let sql = format!("(CASE WHEN {} IS NOT NULL THEN {count}::numeric(20,0) END)", map.sql);
    Ok(Value::settled(sql, Class::Integer { digits: 20, unsigned: true }))
}

/// `map([keys], [values])` with keys that are literals, all different.
fn map(call: Call<'_>) -> Out {
    let context = call.context;
    let (keys, values) = pair(call)?;
    let (Some(Literal::List(keys)), Some(Literal::List(values))) = (keys.literal, values.literal)
    else {
        return refuse("a MAP of computed keys is not supported");
    };
    let mut parts = Vec::new();
    let mut known = Vec::new();
    let mut class = None;
    for (key, value) in keys.iter().zip(&values) {
        let key = key.string("the key of a MAP")?;
        if known.contains(&key) {
            return refuse("a MAP with a key twice");
        }
        known.push(key);
        let same = class.get_or_insert_with(|| value.class.clone());
        if *same != value.class || keys.len() != values.len() {
            return refuse("a MAP of values of several types is not supported");
        }
        parts.push(format!("{}::text, {}", literal(key), written(value, context)?));
    }
    match class {
        None | Some(Class::Untyped) => refuse("a MAP without a type is not supported"),
        Some(class) => Ok(Value::settled(
            format!("pg_catalog.jsonb_build_object({})", parts.join(", ")),
            Class::Map(Box::new(Class::Text), Box::new(class)),
        )),
    }
}

/// `row(a, b)`: a TUPLE, which is an array here.
fn row(call: Call<'_>) -> Out {
    let (mut parts, mut types) = (Vec::new(), Vec::new());
    for value in &call.args {
        parts.push(written(value, call.context)?);
        let class = if value.class == Class::Untyped { typed(value)? } else { value.class.clone() };
        types.push(class.logical().to_string());
    }
    let sql = format!("pg_catalog.jsonb_build_array({})", parts.join(", "));
    Ok(Value::settled(sql, Class::Opaque(format!("TUPLE({})", types.join(", ")))))
}
