//! What EXPLAIN says of a plan, as far as advice depends on it.

use serde_json::Value;

use crate::error::{Error, Result};

/// A plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// What it costs to the last row, in the planner's units.
    pub cost: f64,
    /// The rows that it gives.
    pub rows: f64,
    /// The indexes that it uses, by name.
    pub indexes: Vec<String>,
    /// What scans of whole tables in it cost: the table's name, and the cost.
    pub scans: Vec<(String, f64)>,
}

impl Plan {
    /// Reads what EXPLAIN (FORMAT JSON) has printed.
    pub fn parse(json: &str) -> Result<Self> {
        let shown: Value = serde_json::from_str(json).unwrap_or_default();
        // Rules can make several statements of one.
        let plans: Vec<_> =
            shown.as_array().into_iter().flatten().map(|one| &one["Plan"]).collect();
        if plans.is_empty() || plans.iter().any(|plan| !plan.is_object()) {
            return Err(Error::new("XX000", "unexpected plan"));
        }
        let mut all = Self::default();
        for plan in plans {
            all.cost += number(plan, "Total Cost");
            all.rows += number(plan, "Plan Rows");
            all.take(plan);
        }
        Ok(all)
    }

    fn take(&mut self, node: &Value) {
        let text = |name: &str| node[name].as_str().unwrap_or_default().to_owned();
        if node["Index Name"].is_string() {
            self.indexes.push(text("Index Name"));
        }
        if node["Node Type"].as_str().is_some_and(|kind| kind.ends_with("Seq Scan")) {
            let cost = number(node, "Total Cost");
            self.scans.push((text("Relation Name"), cost));
        }
        node["Plans"].as_array().into_iter().flatten().for_each(|below| self.take(below));
    }

    /// What reading all of a table costs in it; None: it does not do that.
    pub fn scan_of(&self, table: &str) -> Option<f64> {
        let costs = self.scans.iter().filter(|(name, _)| name == table).map(|(_, cost)| *cost);
        costs.reduce(f64::max)
    }
}

fn number(node: &Value, name: &str) -> f64 {
    node[name].as_f64().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_and_scans_are_found_at_any_depth() {
        let plan = Plan::parse(
            r#"[{"Plan": {"Node Type": "Nested Loop", "Total Cost": 30.5, "Plan Rows": 7, "Plans": [
                {"Node Type": "Parallel Seq Scan", "Relation Name": "t", "Total Cost": 20},
                {"Node Type": "Bitmap Heap Scan", "Relation Name": "u", "Plans": [
                    {"Node Type": "Bitmap Index Scan", "Index Name": "u_a_idx"}]}]}}]"#,
        );
        let plan = plan.unwrap();
        assert_eq!((plan.cost, plan.rows), (30.5, 7.0));
        assert_eq!(plan.indexes, ["u_a_idx"]);
        assert_eq!((plan.scan_of("t"), plan.scan_of("u")), (Some(20.0), None));
    }

    #[test]
    fn what_is_no_plan_is_an_error() {
        assert!(Plan::parse("{").is_err());
        assert!(Plan::parse("[\"Utility Statement\"]").is_err());
    }
}
