//! Queries made by chance.

use migrator_cluster_tests::chance::Chance;

use super::{
    data::{KINDS, Kind, columns},
    expressions::{Maker, Relation},
    query::{Expr, From, Key, Query, Way},
};

const LARGE: [&str; 14] = [
    "facts", "facts", "facts", "facts", "plain", "plain", "plain", "plain", "others", "rare",
    "seen", "asked", "parted", "guarded",
];
const SMALL: [&str; 5] = ["dims", "dims", "dims", "tiny", "empty"];
const JOINS: [&str; 5] = ["JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"];
/// What the planner may be forbidden, so that it takes other plans.
const FORBIDDEN: [&str; 7] = [
    "enable_hashjoin = off",
    "enable_mergejoin = off",
    "enable_nestloop = off",
    "enable_sort = off",
    "enable_hashagg = off",
    "enable_material = off",
    "enable_memoize = off",
];
const WISHED: [&str; 2] = ["enable_partitionwise_join = on", "enable_partitionwise_aggregate = on"];

/// A query for this seed.
pub fn query(seed: u64) -> Query {
    let mut chance = Chance(seed);
    let chance = &mut chance;
    let mut query = match chance.below(100) {
        0..34 => filtered(chance),
        34..45 => grouped(chance, false),
        45..60 => grouped(chance, true),
        60..66 => distinct(chance),
        66..82 => joined(chance),
        82..90 => with_subquery(chance),
        90..93 => united(chance),
        93..97 => derived(chance),
        _ => lateral(chance),
    };
    query.way = match chance.below(100) {
        0..70 => Way::Plain,
        70..84 => Way::Prepared { generic: true },
        84..90 => Way::Prepared { generic: false },
        _ => Way::Cursor,
    };
    query.settings = FORBIDDEN.into_iter().filter(|_| chance.percent(7)).collect();
    if chance.percent(50) {
        query.settings.extend(WISHED);
    }
    query
}

/// A table under an alias.
fn relation(name: &str, alias: &str) -> (From, Relation) {
    let mut all = vec![("id".to_owned(), Kind::Int4)];
    all.extend(columns(name).iter().map(|c| (c.name.to_owned(), c.kind)));
    let from = From::Table { name: name.to_owned(), alias: alias.to_owned() };
    (from, Relation { alias: alias.to_owned(), columns: all, is_large: LARGE.contains(&name) })
}

fn one_table(chance: &mut Chance) -> (From, Relation) {
    let name = match chance.percent(85) {
        true => *chance.of(&LARGE),
        false => *chance.of(&SMALL),
    };
    relation(name, "a")
}

/// One to three conditions, seldom none.
fn conditions(maker: &mut Maker) -> Vec<Expr> {
    let count = *maker.chance.of(&[0, 1, 1, 1, 1, 2, 2, 3]);
    (0..count).map(|_| condition(maker)).collect()
}

fn condition(maker: &mut Maker) -> Expr {
    match maker.chance.below(10) {
        0 => maker.other_test(),
        1..3 => maker.plain_comparison(),
        3..6 => maker.test(2),
        _ => maker.value(Kind::Bool, 3),
    }
}

fn outputs(maker: &mut Maker) -> Vec<Expr> {
    let count = 1 + maker.chance.below(4);
    let output = |maker: &mut Maker| match maker.chance.below(100) {
        0..10 => maker.column(Kind::Other).unwrap_or_else(|| maker.any_column()),
        10..65 => maker.any_column(),
        _ => {
            let kind = maker.kind();
            maker.value(kind, 2)
        }
    };
    (0..count).map(|_| output(maker)).collect()
}

fn direction(chance: &mut Chance) -> &'static str {
    const WAYS: [&str; 6] =
        ["", " ASC", " DESC", " NULLS FIRST", " DESC NULLS LAST", " DESC NULLS FIRST"];
    chance.word(&WAYS)
}

/// Orders rows by something, and in the end by the rows' own numbers.
fn order_rows(maker: &mut Maker, query: &mut Query) {
    if !maker.chance.percent(40) {
        return;
    }
    for _ in 0..maker.chance.below(3) {
        let kind = maker.kind();
        let value = maker.value(kind, 1);
        // A constant would be the number of an output.
        let is_column = value.is_constant() || maker.chance.percent(75);
        let expr = if is_column { maker.any_column() } else { value };
        query.order.push(Key { expr, how: direction(maker.chance) });
    }
    let aliases: Vec<_> = maker.relations.iter().map(|relation| relation.alias.clone()).collect();
    for alias in aliases {
        let expr = Expr::form(Kind::Int4, &format!("{alias}.id"), Vec::new());
        query.order.push(Key { expr, how: direction(maker.chance) });
    }
    limit(maker.chance, query);
}

/// Orders rows by all that they show, in any sequence.
fn order_outputs(chance: &mut Chance, query: &mut Query) {
    if !chance.percent(40) {
        return;
    }
    let mut places: Vec<usize> = (1..=query.outputs.len()).collect();
    while !places.is_empty() {
        let place = places.remove(chance.below(places.len() as u64) as usize);
        let expr = Expr::form(Kind::Int4, &place.to_string(), Vec::new());
        query.order.push(Key { expr, how: direction(chance) });
    }
    limit(chance, query);
}

fn limit(chance: &mut Chance, query: &mut Query) {
    let count = *chance.of(&["0", "1", "3", "10", "100", "NULL", "ALL"]);
    let offset = *chance.of(&["0", "1", "5", "30"]);
    query.limit = match chance.below(10) {
        0..3 => Some(format!(" LIMIT {count}")),
        3 => Some(format!(" LIMIT {count} OFFSET {offset}")),
        4 => Some(format!(" OFFSET {offset}")),
        5 => Some(format!(" FETCH FIRST {} ROWS ONLY", chance.below(5) + 1)),
        _ => None,
    };
}

fn filtered(chance: &mut Chance) -> Query {
    let (from, relation) = one_table(chance);
    let mut maker = Maker { chance, relations: vec![relation] };
    let outputs = outputs(&mut maker);
    let mut query = Query::new(from, outputs);
    query.filter = conditions(&mut maker);
    order_rows(&mut maker, &mut query);
    query
}

fn distinct(chance: &mut Chance) -> Query {
    let (from, relation) = one_table(chance);
    let mut maker = Maker { chance, relations: vec![relation] };
    let outputs = outputs(&mut maker);
    let mut query = Query::new(from, outputs);
    query.distinct = true;
    query.filter = conditions(&mut maker);
    order_outputs(maker.chance, &mut query);
    query
}

fn grouped(chance: &mut Chance, by_keys: bool) -> Query {
    let (from, relation) = one_table(chance);
    let mut maker = Maker { chance, relations: vec![relation] };
    aggregated(&mut maker, from, by_keys)
}

/// Groups the rows of something.
fn aggregated(maker: &mut Maker, from: From, by_keys: bool) -> Query {
    let count = if by_keys { 1 + maker.chance.below(3) } else { 0 };
    let mut outputs: Vec<Expr> = (0..count).map(|_| group_key(maker)).collect();
    let keys = outputs.len();
    let has_aggregates = keys == 0 || maker.chance.percent(85);
    for _ in 0..if has_aggregates { 1 + maker.chance.below(4) } else { 0 } {
        let mut output = maker.aggregate(1);
        if output.kind == Kind::Int8 && maker.chance.percent(15) {
            output = Expr::form(Kind::Numeric, "(◊ * 2.5)", vec![output]);
        }
        outputs.push(output);
    }
    let mut query = Query::new(from, outputs);
    query.grouping = Some(keys);
    query.filter = conditions(maker);
    if maker.chance.percent(25) {
        query.having.push(having(maker));
    }
    if keys > 0 && maker.chance.percent(7) {
        query.sets = maker.chance.word(&["ROLLUP", "CUBE"]);
    } else if keys > 0 {
        order_outputs(maker.chance, &mut query);
    }
    query
}

fn group_key(maker: &mut Maker) -> Expr {
    if maker.chance.percent(70) {
        return maker.any_column();
    }
    let kind = maker.kind();
    let value = maker.value(kind, 2);
    Expr::form(kind, "(◊)", vec![value])
}

fn having(maker: &mut Maker) -> Expr {
    let aggregate = maker.aggregate(1);
    let constant = match maker.chance.percent(70) {
        true => Expr::form(aggregate.kind, "◊", vec![maker.constant(aggregate.kind)]),
        false => maker.aggregate(1),
    };
    let text = match (aggregate.kind == constant.kind, maker.chance.percent(80)) {
        (true, true) => *maker.chance.of(&["(◊ > ◊)", "(◊ <= ◊)", "(◊ <> ◊)"]),
        (true, false) => "(◊ IS DISTINCT FROM ◊)",
        (false, _) => "(◊ IS NULL OR ◊ IS NOT NULL)",
    };
    Expr::form(Kind::Bool, text, vec![aggregate, constant])
}

fn joined(chance: &mut Chance) -> Query {
    let count = *chance.of(&[2, 2, 2, 3, 3, 4]);
    let mut relations = Vec::new();
    let from = join(chance, count, &mut relations);
    let mut maker = Maker { chance, relations };
    let form = maker.chance.below(10);
    if form < 4 {
        return aggregated(&mut maker, from, form < 3);
    }
    let outputs = outputs(&mut maker);
    let mut query = Query::new(from, outputs);
    query.filter = conditions(&mut maker);
    if form == 4 {
        query.distinct = true;
        order_outputs(maker.chance, &mut query);
    } else {
        order_rows(&mut maker, &mut query);
    }
    query
}

/// A tree of joins over so many tables, two of them large at most.
fn join(chance: &mut Chance, count: usize, relations: &mut Vec<Relation>) -> From {
    if count == 1 {
        let large = relations.iter().filter(|r| r.is_large).count();
        let likely = if large == 0 { 70 } else { 15 };
        let is_large = large < 2 && chance.percent(likely);
        let name = if is_large { *chance.of(&LARGE) } else { *chance.of(&SMALL) };
        let alias = ["a", "b", "c", "d"][relations.len()];
        let (from, relation) = relation(name, alias);
        relations.push(relation);
        return from;
    }
    let before = relations.len();
    let part = 1 + chance.below(count as u64 - 1) as usize;
    let left = join(chance, part, relations);
    let middle = relations.len();
    let right = join(chance, count - part, relations);
    let (left_side, right_side) = (&relations[before..middle], &relations[middle..]);
    let both_large =
        [left_side, right_side].iter().all(|side| side.iter().any(|relation| relation.is_large));
    let mut kind = *chance.of(&JOINS);
    let mut on = vec![equality(chance, left_side, right_side, both_large)];
    if kind != "FULL JOIN" && chance.percent(25) {
        let mut maker = Maker { chance: &mut *chance, relations: relations[before..].to_vec() };
        on.push(condition(&mut maker));
    }
    if !both_large && chance.percent(4) {
        kind = "CROSS JOIN";
        on.clear();
    }
    From::Join { kind, left: Box::new(left), right: Box::new(right), on }
}

/// A column of each side; of large ones those that are not equal too often.
fn equality(chance: &mut Chance, left: &[Relation], right: &[Relation], rare: bool) -> Expr {
    const OFTEN: [Kind; 14] = [
        Kind::Int4,
        Kind::Int4,
        Kind::Int4,
        Kind::Int8,
        Kind::Numeric,
        Kind::Float8,
        Kind::Text,
        Kind::Text,
        Kind::Date,
        Kind::Timestamp,
        Kind::Uuid,
        Kind::Mood,
        Kind::Bool,
        Kind::Int2,
    ];
    let named =
        |relation: &Relation| Expr::form(Kind::Int4, &format!("{}.id", relation.alias), Vec::new());
    let kind = *chance.of(&OFTEN);
    let mut column =
        |side: &[Relation]| Maker { chance: &mut *chance, relations: side.to_vec() }.column(kind);
    let sides = match (column(left), column(right)) {
        (Some(left), Some(right)) if !rare => vec![left, right],
        _ if rare => vec![named(&left[0]), named(&right[0])],
        _ => [left, right]
            .map(|side| Expr::form(Kind::Int4, &format!("{}.k", side[0].alias), Vec::new()))
            .to_vec(),
    };
    Expr::form(Kind::Bool, "(◊ = ◊)", sides)
}

/// EXISTS, IN, and a value for each row.
fn with_subquery(chance: &mut Chance) -> Query {
    let (name, inner) = match chance.percent(60) {
        true => (*chance.of(&["dims", "dims", "tiny"]), *chance.of(&["facts", "dims", "empty"])),
        false => (*chance.of(&LARGE), *chance.of(&SMALL)),
    };
    let (from, outer) = relation(name, "a");
    let subquery = subquery_test(chance, &outer, name, inner);
    let mut maker = Maker { chance, relations: vec![outer] };
    let outputs = outputs(&mut maker);
    let mut query = match maker.chance.percent(25) {
        true => aggregated(&mut maker, from, true),
        false => Query::new(from, outputs),
    };
    query.filter.push(subquery);
    if maker.chance.percent(30) {
        query.filter.push(condition(&mut maker));
    }
    if query.grouping.is_none() {
        order_rows(&mut maker, &mut query);
    }
    query
}

fn subquery_test(chance: &mut Chance, outer: &Relation, name: &str, inner: &str) -> Expr {
    let (from, relation) = relation(inner, "s");
    let kind = *chance.of(&[Kind::Int4, Kind::Int4, Kind::Int8, Kind::Text, Kind::Date]);
    let kind = if relation.columns.iter().any(|(_, of)| *of == kind) { kind } else { Kind::Int4 };
    let mut maker = Maker { chance, relations: vec![relation.clone()] };
    let column = maker.column(kind).expect("there is one");
    let filter = if maker.chance.percent(50) { vec![condition(&mut maker)] } else { Vec::new() };
    let mut outer = Maker { chance, relations: vec![outer.clone()] };
    let value = outer.column(kind).unwrap_or_else(|| outer.constant(kind));
    let mut query = Query::new(from, vec![column.clone()]);
    query.filter = filter;
    let key = Expr::form(Kind::Bool, "(a.k = s.k)", Vec::new());
    let few = !LARGE.contains(&name);
    let (text, parts) = match outer.chance.below(8) {
        form @ 0..3 => {
            query.filter.push(key);
            (["EXISTS (◎)", "NOT EXISTS (◎)", "EXISTS (◎)"][form as usize], Vec::new())
        }
        3 => ("(◊ IN (◎))", vec![value]),
        4 => ("(◊ NOT IN (◎))", vec![value]),
        5 => ("(◊ >= ALL (◎))", vec![value]),
        _ => {
            // One value for each row of the outer table, if these are few.
            if few {
                query.filter.push(key);
            }
            query.outputs = vec![Expr::form(kind, "max(◊)", vec![column])];
            query.grouping = Some(0);
            ("(◊ <= (◎))", vec![value])
        }
    };
    Expr::with_subquery(Kind::Bool, text, parts, query)
}

/// Two queries with outputs of the same types.
fn united(chance: &mut Chance) -> Query {
    const OPERATORS: [&str; 6] =
        ["UNION ALL", "UNION ALL", "UNION", "EXCEPT", "INTERSECT", "EXCEPT ALL"];
    let operator = *chance.of(&OPERATORS);
    let mut first = filtered(chance);
    // Their types are not all the same.
    first.outputs.retain(|output| output.kind != Kind::Other);
    if first.outputs.is_empty() {
        first.outputs.push(Expr::form(Kind::Int4, "a.id", Vec::new()));
    }
    let (from, relation) = relation("facts", "z");
    let mut maker = Maker { chance, relations: vec![relation] };
    let outputs = first.outputs.iter().map(|output| maker.value(output.kind, 1)).collect();
    let mut second = Query::new(from, outputs);
    second.filter = conditions(&mut maker);
    first.set = Some((operator, Box::new(second)));
    (first.order, first.limit) = (Vec::new(), None);
    order_outputs(maker.chance, &mut first);
    first
}

/// The columns that a query gives; those are left out that must only be shown.
fn columns_of(query: &Query) -> Vec<(String, Kind)> {
    let named = query.outputs.iter().enumerate();
    let named = named.map(|(at, output)| (format!("c{}", at + 1), output.kind));
    named.filter(|(_, kind)| !query.merges() || !kind.has_twins()).collect()
}

/// A query over a query.
fn derived(chance: &mut Chance) -> Query {
    let mut inner = match chance.below(3) {
        0 => filtered(chance),
        1 => grouped(chance, true),
        _ => distinct(chance),
    };
    inner.outputs.push(Expr::form(Kind::Int8, "count(*) OVER ()", Vec::new()));
    if inner.grouping.is_some() || inner.distinct || chance.percent(50) {
        inner.outputs.pop();
    }
    let columns = columns_of(&inner);
    let names: Vec<_> = (1..=inner.outputs.len()).map(|at| format!("s.c{at}")).collect();
    let outputs = inner.outputs.iter().zip(&names);
    let outputs = outputs.map(|(output, name)| Expr::form(output.kind, name, Vec::new())).collect();
    let from = From::Derived { lateral: false, query: Box::new(inner), alias: "s".to_owned() };
    let mut query = Query::new(from, outputs);
    if columns.iter().any(|(_, kind)| KINDS.contains(kind)) {
        let relations = vec![Relation { alias: "s".to_owned(), columns, is_large: false }];
        let mut maker = Maker { chance, relations };
        query.filter = conditions(&mut maker);
    }
    order_outputs(chance, &mut query);
    query
}

/// Some rows of one table for each row of another.
fn lateral(chance: &mut Chance) -> Query {
    const OUTER: [&str; 2] = ["dims", "tiny"];
    const INNER: [&str; 3] = ["facts", "dims", "others"];
    let (from, outer) = relation(chance.word(&OUTER), "a");
    let (inner_from, inner) = relation(chance.word(&INNER), "b");
    let mut maker = Maker { chance, relations: vec![inner] };
    let mut shown = outputs(&mut maker);
    shown.push(Expr::form(Kind::Int4, "b.id", Vec::new()));
    let mut query = Query::new(inner_from, shown);
    query.filter = vec![Expr::form(Kind::Bool, "(b.k = a.k)", Vec::new())];
    if maker.chance.percent(50) {
        query.filter.push(condition(&mut maker));
    }
    let id = Expr::form(Kind::Int4, "b.id", Vec::new());
    query.order.push(Key { expr: id, how: direction(maker.chance) });
    query.limit = Some(" LIMIT 2".to_owned());
    let columns = columns_of(&query);
    let id = format!("c{}", query.outputs.len());
    let derived = From::Derived { lateral: true, query: Box::new(query), alias: "l".to_owned() };
    let (kind, on) = match chance.percent(50) {
        true => ("CROSS JOIN", Vec::new()),
        false => ("LEFT JOIN", Vec::new()),
    };
    let from = From::Join { kind, left: Box::new(from), right: Box::new(derived), on };
    let shown = columns.into_iter().map(|(name, kind)| {
        let name = format!("l.{name}");
        Expr::form(kind, &name, Vec::new())
    });
    let mut outputs: Vec<_> = shown.collect();
    outputs.push(Expr::form(Kind::Int4, "a.id", Vec::new()));
    let mut query = Query::new(from, outputs);
    let mut maker = Maker { chance, relations: vec![outer] };
    query.filter = conditions(&mut maker);
    for id in ["a.id".to_owned(), format!("l.{id}")] {
        let expr = Expr::form(Kind::Int4, &id, Vec::new());
        query.order.push(Key { expr, how: direction(maker.chance) });
    }
    query
}
