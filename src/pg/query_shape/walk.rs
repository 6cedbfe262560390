//! The way through a query and all queries in it.

use pgrx::pg_sys::{self, CmdType, Node, NodeTag, Oid, Query, RTEKind};

use super::{
    columns,
    condition::{Conditions, Found, distance},
    contains,
    key::OnTable,
    level::{self, Levels, Place},
    shape::{Condition, Limit, Sort, Statement, Use},
};
use crate::pg::{
    compat::planner::merge_condition,
    fdw::planner::nodes::{self, Tree},
};

/// Collects what queries ask of a table.
pub struct Walk {
    relation: Oid,
    names_table: bool,
    places: Vec<Place>,
    uses: Vec<Use>,
    /// What joins that were gone through make NULL.
    made_null: Vec<Place>,
}

impl Walk {
    /// For this table.
    pub fn new(relation: Oid) -> Self {
        let (places, uses, made_null) = (Vec::new(), Vec::new(), Vec::new());
        Self { relation, names_table: false, places, uses, made_null }
    }

    /// What was found.
    pub fn statement(self) -> Statement {
        let Self { names_table, mut uses, .. } = self;
        for found in &mut uses {
            found.columns.sort_unstable();
            found.columns.dedup();
            found.unindexable.dedup();
        }
        Statement { names_table, uses }
    }

    /// Goes through a query; `outer` are those around it.
    ///
    /// # Safety
    /// All must be live, analysed and rewritten.
    pub unsafe fn query(&mut self, query: *mut Query, outer: &Levels) {
        if query.is_null() || outer.len() >= level::DEEPEST {
            return;
        }
        let levels = [outer, &[query]].concat();
        // SAFETY: by the caller.
        unsafe {
            self.entries(query, &levels);
            self.part((*query).jointree.cast(), &levels);
            self.conditions(merge_condition(query), &levels, None);
            if (*query).commandType != CmdType::CMD_INSERT {
                // That of MERGE is in no FROM.
                self.table((*query).resultRelation as u32, &levels);
            }
            let lists = [(*query).targetList, (*query).returningList];
            let nodes = [(*query).havingQual, (*query).limitCount, (*query).limitOffset];
            for node in lists.into_iter().map(|list| list.cast()).chain(nodes) {
                self.sublinks(node, &levels);
            }
            self.order(&*query, &levels);
        }
    }

    unsafe fn entries(&mut self, query: *mut Query, levels: &Levels) {
        // SAFETY: as for `query`; lists of these hold what they say.
        unsafe {
            for cte in nodes::elements::<pg_sys::CommonTableExpr>((*query).cteList) {
                if nodes::tag((*cte).ctequery) == Some(NodeTag::T_Query) {
                    self.query((*cte).ctequery.cast(), levels);
                }
            }
            for entry in nodes::elements::<pg_sys::RangeTblEntry>((*query).rtable) {
                match (*entry).rtekind {
                    RTEKind::RTE_SUBQUERY => self.query((*entry).subquery, levels),
                    RTEKind::RTE_RELATION => self.names_table |= (*entry).relid == self.relation,
                    _ => {}
                }
            }
        }
    }

    /// A part of FROM, with its conditions.
    unsafe fn part(&mut self, part: *mut Node, levels: &Levels) {
        // SAFETY: as for `query`; the tag says what the node is.
        unsafe {
            match nodes::tag(part) {
                Some(NodeTag::T_RangeTblRef) => {
                    let number = (*part.cast::<pg_sys::RangeTblRef>()).rtindex as u32;
                    self.table(number, levels);
                }
                Some(NodeTag::T_FromExpr) => {
                    let from = &*part.cast::<pg_sys::FromExpr>();
                    nodes::elements::<Node>(from.fromlist).for_each(|part| self.part(part, levels));
                    self.conditions(from.quals, levels, None);
                }
                Some(NodeTag::T_JoinExpr) => {
                    let join = &*part.cast::<pg_sys::JoinExpr>();
                    self.part(join.larg, levels);
                    self.part(join.rarg, levels);
                    let decided = level::decided_by(join);
                    self.conditions(join.quals, levels, decided.as_deref());
                    // What is around the join sees its rows, and those that it could not find.
                    if let Some(query) = levels.last() {
                        let numbers = level::made_null_by(join).into_iter();
                        self.made_null.extend(numbers.map(|number| (*query, number)));
                    }
                }
                _ => {}
            }
        }
    }

    /// Notes a table of FROM, if it is the one.
    unsafe fn table(&mut self, number: u32, levels: &Levels) {
        let Some(query) = levels.last().copied() else { return };
        // SAFETY: as for `query`.
        unsafe {
            let Some(entry) = level::entry(query, number) else { return };
            let is_it = entry.rtekind == RTEKind::RTE_RELATION && entry.relid == self.relation;
            if is_it {
                let found = self.at((query, number));
                columns::take(found, query, entry);
                let is_locked = |mark: *mut pg_sys::RowMarkClause| (*mark).rti == number;
                let is_changed = (*query).resultRelation == number as i32;
                found.whole_row |= is_changed || nodes::elements((*query).rowMarks).any(is_locked);
            }
        }
    }

    /// The use at a place.
    fn at(&mut self, place: Place) -> &mut Use {
        let known = self.places.iter().position(|known| *known == place);
        let at = known.unwrap_or(self.places.len());
        if known.is_none() {
            self.places.push(place);
            self.uses.push(Use::default());
        }
        &mut self.uses[at]
    }

    /// Conditions that hold together; `decided`: the entries whose rows they decide about.
    unsafe fn conditions(&mut self, quals: *mut Node, levels: &Levels, decided: Option<&[u32]>) {
        if quals.is_null() {
            return;
        }
        // SAFETY: as for `query`; the planner folds constants of a copy in the same way.
        unsafe {
            let copy = pg_sys::copyObjectImpl(quals.cast()).cast();
            let folded = pg_sys::eval_const_expressions(std::ptr::null_mut(), copy);
            let reader = Conditions { relation: self.relation, levels };
            for node in arms(folded) {
                for found in reader.read(node) {
                    self.take(found, levels, decided);
                }
            }
            self.sublinks(quals, levels);
        }
    }

    fn take(&mut self, found: Found, levels: &Levels, decided: Option<&[u32]>) {
        let (place, strict) = match &found {
            Found::Test(place, _, strict) => (*place, *strict),
            Found::Unindexable(place, _) => (*place, true),
        };
        if !strict && self.is_made_null(place, levels) {
            return;
        }
        let own = levels.last().is_some_and(|query| *query == place.0);
        if decided.is_some_and(|decided| !own || !decided.contains(&place.1)) {
            return;
        }
        match found {
            Found::Test(_, condition, _) => add(&mut self.at(place).conditions, condition),
            Found::Unindexable(_, sql) => self.at(place).unindexable.push(sql),
        }
    }

    /// Whether a join makes rows of a place up: a test that these pass, and an order in which they
    /// come, is not of the table. Of what lies within a subquery it is not known by which join.
    fn is_made_null(&self, place: Place, levels: &Levels) -> bool {
        let is_within = !levels.contains(&place.0);
        let made_null = &mut self.made_null.iter();
        made_null.any(|made| *made == place || is_within && levels.contains(&made.0))
    }

    /// The queries in an expression.
    unsafe fn sublinks(&mut self, node: *mut Node, levels: &Levels) {
        // SAFETY: as for `query`; the tag says what the nodes are.
        unsafe {
            for link in contains::all(node, NodeTag::T_SubLink) {
                let query = (*link.cast::<pg_sys::SubLink>()).subselect;
                if nodes::tag(query) == Some(NodeTag::T_Query) {
                    self.query(query.cast(), levels);
                }
            }
        }
    }

    /// ORDER BY, where an index on the table alone could give it.
    unsafe fn order(&mut self, query: &Query, levels: &Levels) {
        let is_plain = query.groupClause.is_null()
            && query.groupingSets.is_null()
            && query.distinctClause.is_null()
            && query.setOperations.is_null()
            && !query.hasAggs
            && !query.hasWindowFuncs;
        // SAFETY: as for `query`.
        unsafe {
            let keys = nodes::elements::<pg_sys::SortGroupClause>(query.sortClause);
            let keys: Option<Vec<_>> = keys.map(|key| self.sort(key, query, levels)).collect();
            let Some(keys) = keys.filter(|keys| is_plain && !keys.is_empty()) else { return };
            let place = keys[0].0;
            let is_of_table = !self.is_made_null(place, levels);
            if is_of_table && keys.iter().all(|(other, _)| *other == place) {
                let found = self.at(place);
                found.order = keys.into_iter().map(|(_, sort)| sort).collect();
                found.limit = limit(query.limitCount);
            }
        }
    }

    unsafe fn sort(
        &self,
        clause: *mut pg_sys::SortGroupClause,
        query: &Query,
        levels: &Levels,
    ) -> Option<(Place, Sort)> {
        // SAFETY: as for `query`; the clause's expression is in the target list.
        unsafe {
            let entry = pg_sys::get_sortgroupref_tle((*clause).tleSortGroupRef, query.targetList);
            let node: *mut Node = (*entry).expr.cast();
            let on = |node| OnTable::of(node, self.relation, levels);
            let wanted = pg_sys::TYPECACHE_GT_OPR as i32;
            let downwards = (*pg_sys::lookup_type_cache(pg_sys::exprType(node), wanted)).gt_opr;
            let (nulls_first, descending) = ((*clause).nulls_first, (*clause).sortop == downwards);
            let (on, distance) = match distance(node) {
                None => (on(node)?, None),
                Some((name, [left, right])) => (on(left).or_else(|| on(right))?, Some(name)),
            };
            let key = on.key().ok()?;
            Some((on.place, Sort { key, descending, nulls_first, distance }))
        }
    }
}

/// What is said twice counts once.
fn add(conditions: &mut Vec<Condition>, condition: Condition) {
    if !conditions.contains(&condition) {
        conditions.push(condition);
    }
}

/// The conditions that an AND joins, at any depth.
unsafe fn arms(node: *mut Node) -> Vec<*mut Node> {
    // SAFETY: as for `Walk::query`.
    unsafe {
        match Tree::of(node) {
            Tree::Boolean(boolean) if boolean.boolop == pg_sys::BoolExprType::AND_EXPR => {
                nodes::elements::<Node>(boolean.args).flat_map(|arm| arms(arm)).collect()
            }
            _ if nodes::tag(node) == Some(NodeTag::T_List) => {
                nodes::elements::<Node>(node.cast()).flat_map(|arm| arms(arm)).collect()
            }
            _ => vec![node],
        }
    }
}

unsafe fn limit(node: *mut Node) -> Option<Limit> {
    if node.is_null() {
        return None;
    }
    // SAFETY: as for `Walk::query`; LIMIT is an int8.
    unsafe {
        let folded = pg_sys::eval_const_expressions(std::ptr::null_mut(), node);
        match Tree::of(folded) {
            Tree::Const(constant) if constant.constisnull => None,
            Tree::Const(constant) => {
                Some(Limit::Rows(u64::try_from(constant.constvalue.value() as i64).unwrap_or(0)))
            }
            _ => Some(Limit::Unknown),
        }
    }
}
