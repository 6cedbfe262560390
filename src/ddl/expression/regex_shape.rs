//! Whether a regular expression leaves no choice. RE2 takes the first way to match that it finds,
//! PostgreSQL the longest one; where there is one way only, they agree.

/// Positions in a pattern whose counts are written out.
const MAX_POSITIONS: usize = 300;
/// Groups in groups.
const MAX_DEPTH: usize = 20;

/// What is certain about a pattern of PostgreSQL that was translated from one of RE2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Whether both systems find the same text.
    pub(super) whole: bool,
    /// Whether its groups keep the same parts of it.
    pub(super) groups: bool,
    /// Whether it can match nothing at all.
    pub(super) nullable: bool,
}

/// Reads a pattern as [`regex`](super::regex) writes it; nothing is certain about others.
pub(super) fn shape(pattern: &str) -> Shape {
    let start = pattern.strip_prefix('^').unwrap_or(pattern);
    let ends = start.ends_with('$') && !start.ends_with("\\$");
    let inner = if ends { start.get(..start.len() - 1).unwrap_or_default() } else { start };
    let unsure = Shape { whole: false, groups: false, nullable: true };
    let mut parser = Parser { rest: inner, depth: 0 };
    let Some(node) = parser.branches().filter(|_| parser.rest.is_empty()) else { return unsure };
    // `^a|b` begins in one of its branches only.
    let anchored = inner.len() < pattern.len();
    if anchored && matches!(&node, Node::Group { branches, .. } if branches.len() > 1) {
        return unsure;
    }
    let mut automaton = Automaton::default();
    let sure = automaton.add(&node).is_some_and(|part| automaton.deterministic(&part));
    let single = node.variable() == Some(1);
    let kept = !node.repeated_group(false);
    Shape {
        whole: sure || single || ends || node.length().is_some(),
        groups: kept && (sure || single),
        nullable: node.nullable(),
    }
}

/// Ranges of characters in order.
type Set = Vec<(u32, u32)>;

#[derive(Debug)]
enum Node {
    One(Set),
    Group { kept: bool, branches: Vec<Vec<Node>> },
    Repeat { inner: Box<Node>, low: u32, high: Option<u32> },
}

impl Node {
    fn nullable(&self) -> bool {
        match self {
            Self::One(_) => false,
            Self::Group { branches, .. } => {
                branches.iter().any(|branch| branch.iter().all(Self::nullable))
            }
            Self::Repeat { inner, low, .. } => *low == 0 || inner.nullable(),
        }
    }

    /// How many characters every match has.
    fn length(&self) -> Option<u32> {
        match self {
            Self::One(_) => Some(1),
            Self::Group { branches, .. } => {
                let sum = |branch: &Vec<Self>| branch.iter().map(Self::length).sum::<Option<u32>>();
                let first = sum(branches.first()?)?;
                branches.iter().all(|branch| sum(branch) == Some(first)).then_some(first)
            }
            Self::Repeat { inner, low, high } => {
                (*high == Some(*low)).then_some(inner.length()?.checked_mul(*low)?)
            }
        }
    }

    /// How many parts of it have no certain length; None where branches or repetitions do.
    fn variable(&self) -> Option<usize> {
        match self {
            _ if self.length().is_some() => Some(0),
            Self::One(_) => Some(0),
            Self::Group { branches, .. } => match branches.as_slice() {
                [branch] => branch.iter().map(Self::variable).sum(),
                _ => None,
            },
            Self::Repeat { inner, .. } => inner.length().filter(|length| *length > 0).map(|_| 1),
        }
    }

    /// Whether a group that keeps its text is inside of a repetition.
    fn repeated_group(&self, repeated: bool) -> bool {
        match self {
            Self::One(_) => false,
            Self::Group { kept, branches } => {
                (*kept && repeated)
                    || branches.iter().flatten().any(|node| node.repeated_group(repeated))
            }
            Self::Repeat { inner, high, .. } => inner.repeated_group(repeated || *high != Some(1)),
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl Parser<'_> {
    fn take(&mut self) -> Option<char> {
        let next = self.rest.chars().next()?;
        self.rest = self.rest.get(next.len_utf8()..)?;
        Some(next)
    }

    fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn branches(&mut self) -> Option<Node> {
        let mut branches = vec![self.branch()?];
        while self.eat("|") {
            branches.push(self.branch()?);
        }
        Some(Node::Group { kept: false, branches })
    }

    fn branch(&mut self) -> Option<Vec<Node>> {
        let mut nodes = Vec::new();
        while !self.rest.is_empty() && !self.rest.starts_with(['|', ')']) {
            let atom = self.atom()?;
            nodes.push(self.repeated(atom)?);
        }
        Some(nodes)
    }

    fn atom(&mut self) -> Option<Node> {
        match self.take()? {
            '(' => {
                let kept = !self.eat("?:");
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return None;
                }
                let Node::Group { branches, .. } = self.branches()? else { return None };
                self.depth -= 1;
                self.eat(")").then_some(Node::Group { kept, branches })
            }
            '[' => self.set().map(Node::One),
            '.' => Some(Node::One(vec![(0, u32::MAX)])),
            '\\' => self.take().map(|plain| Node::One(vec![(plain.into(), plain.into())])),
            '^' | '$' | '*' | '+' | '?' | '{' => None,
            plain => Some(Node::One(vec![(plain.into(), plain.into())])),
        }
    }

    fn repeated(&mut self, atom: Node) -> Option<Node> {
        let (low, high) = if self.eat("*") {
            (0, None)
        } else if self.eat("+") {
            (1, None)
        } else if self.eat("?") {
            (0, Some(1))
        } else if self.eat("{") {
            let (inside, rest) = self.rest.split_once('}')?;
            self.rest = rest;
            let (low, high) = inside.split_once(',').unwrap_or((inside, inside));
            (low.parse().ok()?, if high.is_empty() { None } else { Some(high.parse().ok()?) })
        } else {
            return Some(atom);
        };
        Some(Node::Repeat { inner: Box::new(atom), low, high })
    }

    fn set(&mut self) -> Option<Set> {
        let negated = self.eat("^");
        let mut set = Vec::new();
        loop {
            let low = match self.take()? {
                ']' => break,
                '\\' => self.take()?,
                plain => plain,
            };
            let high = if self.eat("-") { self.take()? } else { low };
            set.push((u32::from(low), u32::from(high)));
        }
        set.sort_unstable();
        Some(if negated { complement(&set) } else { set })
    }
}

/// All characters that are in none of the ranges.
fn complement(set: &Set) -> Set {
    let mut rest = Vec::new();
    let mut next = 0;
    for (low, high) in set {
        if *low > next {
            rest.push((next, low - 1));
        }
        next = next.max(high + 1);
    }
    rest.push((next, u32::MAX));
    rest
}

fn overlap(one: &Set, two: &Set) -> bool {
    one.iter().any(|(a, b)| two.iter().any(|(c, d)| a <= d && c <= b))
}

/// What can stand first and last in a part of the pattern, by positions.
#[derive(Clone, Default)]
struct Part {
    first: Vec<usize>,
    last: Vec<usize>,
    nullable: bool,
}

/// The positions of a pattern, and which may follow which.
#[derive(Default)]
struct Automaton {
    sets: Vec<Set>,
    follow: Vec<Vec<usize>>,
}

impl Automaton {
    /// Adds a node; None where the order of choices could tell.
    fn add(&mut self, node: &Node) -> Option<Part> {
        match node {
            Node::One(set) => {
                let place = self.sets.len();
                self.sets.push(set.clone());
                self.follow.push(Vec::new());
                let part = Part { first: vec![place], last: vec![place], nullable: false };
                (place < MAX_POSITIONS).then_some(part)
            }
            Node::Group { branches, .. } => self.group(branches),
            Node::Repeat { inner, low, high } => self.repeat(inner, *low, *high),
        }
    }

    fn group(&mut self, branches: &[Vec<Node>]) -> Option<Part> {
        let mut whole = Part::default();
        for branch in branches {
            let mut part = Part { nullable: true, ..Part::default() };
            for node in branch {
                let next = self.add(node)?;
                part = self.then(part, next);
            }
            // An empty branch is tried in its turn.
            if part.nullable && branches.len() > 1 {
                return None;
            }
            whole.first.extend(part.first);
            whole.last.extend(part.last);
            whole.nullable |= part.nullable;
        }
        Some(whole)
    }

    fn repeat(&mut self, inner: &Node, low: u32, high: Option<u32>) -> Option<Part> {
        if inner.nullable() {
            return None;
        }
        let mut whole = Part { nullable: true, ..Part::default() };
        for _ in 0..low {
            let next = self.add(inner)?;
            whole = self.then(whole, next);
        }
        let more = match high {
            None => {
                let part = self.add(inner)?;
                self.link(&part.last, &part.first);
                part
            }
            Some(high) => self.optional(inner, high.saturating_sub(low))?,
        };
        Some(self.then(whole, Part { nullable: true, ..more }))
    }

    /// Up to so many repetitions, of which each needs the one before it.
    fn optional(&mut self, inner: &Node, times: u32) -> Option<Part> {
        let mut whole = Part::default();
        let mut before: Option<Part> = None;
        for _ in 0..times {
            let next = self.add(inner)?;
            match &before {
                Some(before) => self.link(&before.last, &next.first),
                None => whole.first.clone_from(&next.first),
            }
            whole.last.extend(&next.last);
            before = Some(next);
        }
        Some(whole)
    }

    fn then(&mut self, one: Part, two: Part) -> Part {
        self.link(&one.last, &two.first);
        let mut part = Part { nullable: one.nullable && two.nullable, ..Part::default() };
        part.first.clone_from(&one.first);
        if one.nullable {
            part.first.extend(&two.first);
        }
        part.last.clone_from(&two.last);
        if two.nullable {
            part.last.extend(&one.last);
        }
        part
    }

    fn link(&mut self, from: &[usize], to: &[usize]) {
        for place in from {
            if let Some(follow) = self.follow.get_mut(*place) {
                follow.extend(
                    to.iter().filter(|next| !follow.contains(next)).copied().collect::<Vec<_>>(),
                );
            }
        }
    }

    /// Whether every next character can stand in one position only.
    fn deterministic(&self, part: &Part) -> bool {
        self.apart(&part.first) && self.follow.iter().all(|places| self.apart(places))
    }

    fn apart(&self, places: &[usize]) -> bool {
        let sets: Vec<_> = places.iter().filter_map(|place| self.sets.get(*place)).collect();
        sets.iter()
            .enumerate()
            .all(|(at, one)| sets.iter().skip(at + 1).all(|two| !overlap(one, two)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pattern: &str) -> (bool, bool, bool) {
        let Shape { whole, groups, nullable } = shape(pattern);
        (whole, groups, nullable)
    }

    #[test]
    fn one_way_to_match_is_certain() {
        for pattern in
            ["[0-9]+", "([a-z]+)@([a-z]+)", "([A-Z]+)-([0-9]+)", "^(.)", "a(x)?b", "ab|cd"]
        {
            assert_eq!(said(pattern), (true, true, false), "{pattern}");
        }
        assert_eq!(said("[^\n]*"), (true, true, true));
        assert_eq!(said("[^\n]*/"), (true, true, false));
        assert_eq!(said("\\$[0-9]{1,3}"), (true, true, false));
    }

    #[test]
    fn what_leaves_a_choice_is_not() {
        for pattern in ["(a?)(ab)?", "a|ab", "a*ab?", "(a|b|ab)c?", "(a*)*", "x?|y", "^a|b", "a+a+"]
        {
            assert!(!shape(pattern).whole, "{pattern}");
        }
    }

    #[test]
    fn an_end_or_a_length_makes_the_whole_certain_but_not_the_groups() {
        assert_eq!(said("(a|ab)(c|bcd)$"), (true, false, false));
        assert_eq!(said("(ab|ac)(d|e)"), (true, false, false));
        assert_eq!(said("([a-z])+"), (true, false, false));
    }
}
