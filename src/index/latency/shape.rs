//! What a plan is like whatever the values in it are: its nodes, what they read and which kinds of
//! conditions they have. Its hash tells whether two runs did the same.

use migrator_model::canonical::hash;
use serde_json::{Map, Value};

/// Members that are taken with their values: the planner's decisions.
const DECISIONS: [&str; 18] = [
    "Node Type",
    "Parent Relationship",
    "Strategy",
    "Partial Mode",
    "Command",
    "Join Type",
    "Scan Direction",
    "Parallel Aware",
    "Async Capable",
    "Single Copy",
    "Custom Plan Provider",
    "Function Name",
    "Table Function Name",
    "CTE Name",
    "Tuplestore Name",
    "Schema",
    "Relation Name",
    "Index Name",
];

/// Members of which only their being there counts: they hold expressions, and so values.
const CONDITIONS: [&str; 13] = [
    "Index Cond",
    "Recheck Cond",
    "TID Cond",
    "Hash Cond",
    "Merge Cond",
    "Join Filter",
    "Filter",
    "One-Time Filter",
    "Order By",
    "Sort Key",
    "Presorted Key",
    "Group Key",
    "Cache Key",
];

/// The hash of a plan's shape, 16 digits; `explained` is an object with the member `Plan`.
pub fn hash_of(explained: &str) -> String {
    let explained: Value = serde_json::from_str(explained).unwrap_or_default();
    let shape = node(&explained["Plan"]).to_string();
    format!("{:016x}", hash::of_value(shape.as_bytes()) as u64)
}

fn node(plan: &Value) -> Value {
    let mut shape = Map::new();
    for name in DECISIONS {
        if let Some(value) = plan.get(name) {
            shape.insert(name.to_owned(), decision(name, value));
        }
    }
    for name in CONDITIONS {
        if plan.get(name).is_some() {
            shape.insert(name.to_owned(), true.into());
        }
    }
    if let Some(plans) = plan.get("Plans").and_then(Value::as_array) {
        shape.insert("Plans".to_owned(), plans.iter().map(node).collect());
    }
    Value::Object(shape)
}

/// Every session has a schema for temporary tables, with another number.
fn decision(name: &str, value: &Value) -> Value {
    match value.as_str() {
        Some(schema) if name == "Schema" && schema.starts_with("pg_temp_") => "pg_temp".into(),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scan(members: Value) -> Value {
        let mut plan = json!({"Node Type": "Index Scan", "Schema": "public", "Relation Name": "t",
            "Index Name": "t_pkey", "Index Cond": "(t.id = 1)", "Output": ["id"]});
        for (name, value) in members.as_object().unwrap() {
            plan[name] = value.clone();
        }
        json!({ "Plan": {"Node Type": "Limit", "Plans": [plan]} })
    }

    fn hash(members: Value) -> String {
        hash_of(&scan(members).to_string())
    }

    #[test]
    fn values_and_costs_are_no_part_of_it() {
        let one = hash(json!({}));
        assert_eq!(one.len(), 16);
        assert_eq!(one, hash(json!({"Index Cond": "(t.id = $1)", "Output": ["id", "a"]})));
        assert_eq!(one, hash(json!({"Total Cost": 8.3, "Plan Rows": 1})));
    }

    #[test]
    fn decisions_are() {
        let one = hash(json!({}));
        assert_ne!(one, hash(json!({"Index Name": "t_a_idx"})));
        assert_ne!(one, hash(json!({"Schema": "other"})));
        assert_ne!(one, hash(json!({"Filter": "(t.a = 1)"})));
        assert_ne!(one, hash(json!({"Node Type": "Seq Scan"})));
    }

    #[test]
    fn a_temporary_schema_has_no_number() {
        assert_eq!(hash(json!({"Schema": "pg_temp_3"})), hash(json!({"Schema": "pg_temp_14"})));
    }

    #[test]
    fn what_cannot_be_read_has_a_hash_too() {
        assert_eq!(hash_of("{").len(), 16);
    }
}
