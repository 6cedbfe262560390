//! Several wishes, one index: what is the beginning of a longer one needs no index of its own.

use super::candidate::{Candidate, Method};

/// The fewest indexes that do all of it, in the order in which they were wanted.
pub fn merged(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    let all = candidates.clone();
    candidates.iter_mut().for_each(|candidate| adapt(candidate, &all));
    let mut kept: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        if let Some(longer) = kept.iter_mut().find(|kept| does(kept, &candidate)) {
            absorb(longer, candidate);
            continue;
        }
        let mut candidate = candidate;
        // What is kept first stays in its place.
        let mut place = None;
        let mut at = 0;
        while at < kept.len() {
            match does(&candidate, &kept[at]) {
                true => {
                    absorb(&mut candidate, kept.remove(at));
                    place.get_or_insert(at);
                }
                false => at += 1,
            }
        }
        kept.insert(place.unwrap_or(kept.len()), candidate);
    }
    kept
}

/// The order of values that are equal is free: those that another index asks for alone come first.
fn adapt(candidate: &mut Candidate, all: &[Candidate]) {
    let names = |keys: &[super::candidate::Part]| -> Vec<String> {
        keys.iter().map(|key| key.sql.clone()).collect()
    };
    let own = names(&candidate.keys[..candidate.equal]);
    let is_part = |other: &&Candidate| {
        let fits = other.method == Method::Btree && candidate.method == Method::Btree;
        let shorter = other.equal == other.keys.len() && other.equal < candidate.equal;
        fits && shorter
            && same_rows(other, candidate)
            && names(&other.keys).iter().all(|name| own.contains(name))
    };
    let mut shorter: Vec<_> = all.iter().filter(is_part).map(|other| names(&other.keys)).collect();
    shorter.sort_by_key(|names| std::cmp::Reverse(names.len()));
    for first in shorter {
        candidate.keys[..candidate.equal].sort_by_key(|key| !first.contains(&key.sql));
    }
}

fn same_rows(one: &Candidate, other: &Candidate) -> bool {
    let sql = |candidate: &Candidate| candidate.predicate.as_ref().map(|(sql, _)| sql.clone());
    sql(one) == sql(other)
}

/// Whether an index does all that another would.
fn does(longer: &Candidate, shorter: &Candidate) -> bool {
    let fits = longer.method == shorter.method
        && same_rows(longer, shorter)
        && (!shorter.unique || longer.unique && longer.keys.len() == shorter.keys.len());
    let held = |name: &String| {
        longer.include.contains(name)
            || longer.keys.iter().any(|key| key.column.as_ref() == Some(name))
    };
    fits && begins(longer, shorter) && shorter.include.iter().all(held)
}

fn begins(longer: &Candidate, shorter: &Candidate) -> bool {
    if longer.method != Method::Btree {
        return longer.keys.len() == shorter.keys.len()
            && longer
                .keys
                .iter()
                .zip(&shorter.keys)
                .all(|(a, b)| a.sql == b.sql && a.class == b.class);
    }
    let Some((first, rest)) = longer.keys.split_at_checked(shorter.equal) else { return false };
    let (equal, more) = shorter.keys.split_at(shorter.equal);
    let has = |key: &super::candidate::Part| {
        // Texts that are compared byte by byte are as equal.
        first
            .iter()
            .any(|own| own.sql == key.sql && (own.class == key.class || key.class.is_none()))
    };
    let same = |(own, key): (&super::candidate::Part, &super::candidate::Part)| {
        own.sql == key.sql
            && own.class == key.class
            && own.descending == key.descending
            && own.nulls_first == key.nulls_first
    };
    equal.iter().all(has) && rest.len() >= more.len() && rest.iter().zip(more).all(same)
}

fn absorb(longer: &mut Candidate, shorter: Candidate) {
    longer.queries.extend(shorter.queries);
    longer.reasons.extend(shorter.reasons);
    for sentence in shorter.rationale {
        if !longer.rationale.contains(&sentence) {
            longer.rationale.push(sentence);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::candidate::tests::part, *};

    fn tree(columns: &[(&str, f64)], equal: usize, query: usize) -> Candidate {
        let keys = columns.iter().map(|(name, share)| part(name, *share)).collect();
        let mut candidate = Candidate::new(Method::Btree, keys, equal);
        candidate.queries.insert(query);
        candidate
    }

    fn shown(candidates: &[Candidate]) -> Vec<Vec<String>> {
        candidates.iter().map(Candidate::columns).collect()
    }

    #[test]
    fn the_beginning_of_a_longer_one_goes() {
        let merged = merged(vec![
            tree(&[("a", 0.1)], 1, 0),
            tree(&[("b", 0.01), ("a", 0.1)], 2, 1),
            tree(&[("c", 0.1)], 1, 2),
        ]);
        assert_eq!(shown(&merged), [vec!["a", "b"], vec!["c"]]);
        assert_eq!(merged[0].queries, [0, 1].into());
    }

    #[test]
    fn a_range_behind_serves_equality_too() {
        let merged = merged(vec![
            tree(&[("a", 0.1), ("b", 0.1)], 1, 0),
            tree(&[("a", 0.1), ("b", 0.1)], 2, 1),
        ]);
        assert_eq!(merged.len(), 1);
    }

    #[test]
    fn an_order_is_not_free() {
        let merged = merged(vec![tree(&[("b", 0.1)], 0, 0), tree(&[("a", 0.1), ("b", 0.1)], 1, 1)]);
        assert_eq!(merged.len(), 2);
    }

    #[test]
    fn conditions_keep_them_apart() {
        let mut partial = tree(&[("a", 0.1)], 1, 0);
        partial.predicate = Some(("x".into(), 0.1));
        assert_eq!(merged(vec![partial, tree(&[("a", 0.1)], 1, 1)]).len(), 2);
    }
}
