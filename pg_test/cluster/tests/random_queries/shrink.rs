//! Makes a query that fails smaller while it still fails.

use super::{
    data::Kind,
    query::{Expr, From, Query, Way},
};

/// The smallest query found for which `fails` holds, after at most so many attempts.
pub fn smallest(query: Query, mut attempts: u32, fails: &mut dyn FnMut(&Query) -> bool) -> Query {
    let mut query = query;
    'smaller: loop {
        for candidate in smaller(&query) {
            if attempts == 0 {
                return query;
            }
            attempts -= 1;
            if fails(&candidate) {
                query = candidate;
                continue 'smaller;
            }
        }
        return query;
    }
}

/// All queries that are one step simpler.
fn smaller(query: &Query) -> Vec<Query> {
    let mut all = Vec::new();
    let mut add = |change: &dyn Fn(&mut Query)| {
        let mut changed = query.clone();
        change(&mut changed);
        all.push(changed);
    };
    if query.way != Way::Plain {
        add(&|query| query.way = Way::Plain);
    }
    if !query.settings.is_empty() {
        add(&|query| query.settings.clear());
    }
    if query.set.is_some() {
        add(&|query| query.set = None);
    }
    if query.limit.is_some() {
        add(&|query| query.limit = None);
    }
    if !query.order.is_empty() && query.limit.is_none() {
        add(&|query| query.order.clear());
    }
    if !query.having.is_empty() {
        add(&|query| query.having.clear());
    }
    if query.outputs.len() > 1 && query.order.is_empty() && query.set.is_none() {
        for at in 0..query.outputs.len() {
            let is_key = query.grouping.is_some_and(|keys| at < keys);
            add(&|query| {
                query.outputs.remove(at);
                query.grouping = query.grouping.map(|keys| keys - usize::from(is_key));
            });
        }
    }
    for at in 0..query.filter.len() {
        add(&|query| drop(query.filter.remove(at)));
        for simpler in simpler(&query.filter[at]) {
            add(&|query| query.filter[at] = simpler.clone());
        }
    }
    for at in 0..query.having.len() {
        for simpler in simpler(&query.having[at]) {
            add(&|query| query.having[at] = simpler.clone());
        }
    }
    for at in 0..query.outputs.len() {
        for simpler in simpler(&query.outputs[at]) {
            add(&|query| query.outputs[at] = simpler.clone());
        }
    }
    for at in 0..query.order.len() {
        for simpler in simpler(&query.order[at].expr) {
            add(&|query| query.order[at].expr = simpler.clone());
        }
    }
    for from in smaller_from(&query.from) {
        add(&|query| query.from = from.clone());
    }
    all
}

/// Simpler expressions of the same type: parts of it, and itself with a simpler part.
fn simpler(expr: &Expr) -> Vec<Expr> {
    let mut all = Vec::new();
    let is_aggregate = expr.kind != Kind::Bool && expr.parts.iter().any(|p| p.kind == expr.kind);
    if expr.kind == Kind::Bool || is_aggregate {
        all.extend(expr.parts.iter().filter(|part| part.kind == expr.kind).cloned());
    }
    for (at, part) in expr.parts.iter().enumerate() {
        for simpler in simpler(part) {
            let mut changed = expr.clone();
            changed.parts[at] = simpler;
            all.push(changed);
        }
    }
    if let Some(subquery) = &expr.subquery {
        for smaller in smaller(subquery) {
            let mut changed = expr.clone();
            changed.subquery = Some(Box::new(smaller));
            all.push(changed);
        }
    }
    all
}

fn smaller_from(from: &From) -> Vec<From> {
    match from {
        From::Table { .. } => Vec::new(),
        From::Derived { lateral, query, alias } => smaller(query)
            .into_iter()
            .map(|query| From::Derived {
                lateral: *lateral,
                query: Box::new(query),
                alias: alias.clone(),
            })
            .collect(),
        From::Join { kind, left, right, on } => {
            let mut all = vec![(**left).clone(), (**right).clone()];
            let join = |left: From, right: From, on: Vec<Expr>| From::Join {
                kind,
                left: Box::new(left),
                right: Box::new(right),
                on,
            };
            let (l, r) = ((**left).clone(), (**right).clone());
            all.extend(smaller_from(left).into_iter().map(|l| join(l, r.clone(), on.clone())));
            all.extend(smaller_from(right).into_iter().map(|r| join(l.clone(), r, on.clone())));
            for at in 0..on.len() {
                let mut fewer = on.clone();
                fewer.remove(at);
                all.push(join(l.clone(), r.clone(), fewer));
                for simpler in simpler(&on[at]) {
                    let mut changed = on.clone();
                    changed[at] = simpler;
                    all.push(join(l.clone(), r.clone(), changed));
                }
            }
            all
        }
    }
}
