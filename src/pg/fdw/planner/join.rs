//! GetForeignJoinPaths: joins that DuckDB computes.

use std::rc::Rc;

use pgrx::{
    pg_sys::{
        self, CmdType, JoinPathExtraData, JoinType, PlaceHolderInfo, PlannerInfo, RelOptInfo,
        Relids, RestrictInfo,
    },
    prelude::*,
};

use super::{
    conditions::MOST,
    cost::{Method, Work},
    expression::{Columns, Translator},
    nodes, outputs, paths,
    state::{Origin, State},
};
use crate::{
    pg::compat::planner,
    readers::pushdown::{self, Expression, JoinKind, Remote, Select},
    settings,
};

/// # Safety
/// Called by the planner.
#[pg_guard]
pub unsafe extern "C-unwind" fn get_foreign_join_paths(
    root: *mut PlannerInfo,
    rel: *mut RelOptInfo,
    outer: *mut RelOptInfo,
    inner: *mut RelOptInfo,
    kind: JoinType::Type,
    extra: *mut JoinPathExtraData,
) {
    // SAFETY: the planner calls it for relations of ours, of one server and one user.
    unsafe {
        // Of several ways to come to the same relation the first will do.
        if !settings::pushdown() || State::of(rel).is_some() {
            return;
        }
        let Some((kind, left, right)) = sides(kind, outer, inner) else { return };
        if let Some(state) = (Join { root, rel, kind, left, right, extra }).state() {
            add_paths(root, rel, extra, state.keep(rel));
        }
    }
}

/// The two sides, if DuckDB has all of their rows. A right join is the left join of the other side.
///
/// # Safety
/// Both must be relations of the running planner's, of ours.
unsafe fn sides<'p>(
    kind: JoinType::Type,
    outer: *mut RelOptInfo,
    inner: *mut RelOptInfo,
) -> Option<(JoinKind, &'p State, &'p State)> {
    // SAFETY: by the caller.
    let (outer, inner) = unsafe { (State::of(outer)?, State::of(inner)?) };
    let sides = match kind {
        JoinType::JOIN_INNER => (JoinKind::Inner, outer, inner),
        JoinType::JOIN_LEFT => (JoinKind::Left, outer, inner),
        JoinType::JOIN_RIGHT => (JoinKind::Left, inner, outer),
        JoinType::JOIN_FULL => (JoinKind::Full, outer, inner),
        JoinType::JOIN_SEMI => (JoinKind::Semi, outer, inner),
        JoinType::JOIN_ANTI => (JoinKind::Anti, outer, inner),
        // What is left are steps of the server's own way to do it.
        _ => return None,
    };
    (outer.is_whole && inner.is_whole).then_some(sides)
}

/// # Safety
/// All must be the running planner's.
unsafe fn add_paths(
    root: *mut PlannerInfo,
    rel: *mut RelOptInfo,
    extra: *mut JoinPathExtraData,
    state: &State,
) {
    let none = std::ptr::null_mut();
    // SAFETY: by the caller.
    unsafe {
        let add = |figures, pathkeys| {
            let conditions = (*extra).restrictlist;
            let path =
                planner::create_foreign_join_path(root, rel, figures, pathkeys, conditions, none);
            pg_sys::add_path(rel, path);
        };
        add(state.work.streamed(paths::width(rel)), none);
        if let Some(order) = paths::wanted_order(root, state) {
            add(state.work.sort().collected(paths::width(rel)), order);
        }
    }
}

/// A join that is looked at.
struct Join<'p> {
    root: *mut PlannerInfo,
    rel: *mut RelOptInfo,
    kind: JoinKind,
    left: &'p State,
    right: &'p State,
    extra: *mut JoinPathExtraData,
}

impl Join<'_> {
    /// The join, if DuckDB can compute it.
    ///
    /// # Safety
    /// All of it must be the running planner's.
    unsafe fn state(&self) -> Option<State> {
        // SAFETY: by the caller.
        unsafe {
            let may = self.is_left_alone() && self.is_free_of_placeholders();
            let origin = may.then(|| self.origin()).flatten()?;
            let (on, filters) = self.conditions()?;
            let from = self.from(on, filters).filter(|from| from.conditions().len() <= MOST)?;
            let state = State {
                planning: Rc::clone(&self.left.planning),
                origin,
                columns: self.columns(),
                select: Select::all_of(from),
                targets: None,
                local: Vec::new(),
                is_whole: true,
                work: Work::join(self.left.work, self.right.work, self.method(), (*self.rel).rows),
                table: None,
            };
            outputs::columns(&state, (*self.rel).reltarget)?;
            state.planning.with_scope(|scope| pushdown::select(&state.select, scope))?;
            Some(state)
        }
    }

    /// Whether nothing asks for rows of the tables themselves: locks, changes, outer relations.
    ///
    /// # Safety
    /// As for `state`.
    unsafe fn is_left_alone(&self) -> bool {
        // SAFETY: by the caller.
        unsafe {
            let changes = [CmdType::CMD_UPDATE, CmdType::CMD_DELETE, CmdType::CMD_MERGE];
            !changes.contains(&(*(*self.root).parse).commandType)
                && (*self.root).rowMarks.is_null()
                && nodes::is_empty((*self.rel).lateral_relids)
                && Rc::ptr_eq(&self.left.planning, &self.right.planning)
        }
    }

    /// Whether no expression has to be computed within the join and become NULL further up. At its top
    /// it is computed here.
    ///
    /// # Safety
    /// As for `state`.
    unsafe fn is_free_of_placeholders(&self) -> bool {
        // SAFETY: by the caller.
        unsafe {
            // Placeholders know the parents of partitions only.
            let own = (*self.rel).relids;
            let relids = if (*self.rel).top_parent_relids.is_null() {
                own
            } else {
                (*self.rel).top_parent_relids
            };
            nodes::elements::<PlaceHolderInfo>((*self.root).placeholder_list)
                .all(|placeholder| !is_strictly_within((*placeholder).ph_eval_at, relids))
        }
    }

    /// # Safety
    /// As for `state`.
    unsafe fn origin(&self) -> Option<Origin> {
        // SAFETY: by the caller.
        let user = unsafe { (*self.rel).userid.to_u32() };
        Some(Origin { user, ..self.left.origin.with(&self.right.origin)? })
    }

    /// The conditions of ON, and those on the joined rows. None if DuckDB cannot decide all of them.
    ///
    /// # Safety
    /// As for `state`.
    unsafe fn conditions(&self) -> Option<(Vec<Expression>, Vec<Expression>)> {
        let (mut on, mut filters) = (Vec::new(), Vec::new());
        let (both, joined) = (self.both_sides(), self.columns());
        // SAFETY: by the caller.
        for restriction in unsafe { nodes::elements((*self.extra).restrictlist) } {
            // SAFETY: the same.
            unsafe {
                match self.is_of_on(restriction) {
                    true => on.push(self.said(restriction, &both)?),
                    false => filters.push(self.said(restriction, &joined)?),
                }
            }
        }
        Some((on, filters))
    }

    /// RINFO_IS_PUSHED_DOWN, the other way round. An inner join makes no difference between them, and
    /// above EXISTS the other side cannot be asked for.
    ///
    /// # Safety
    /// As for `state`.
    unsafe fn is_of_on(&self, restriction: *mut RestrictInfo) -> bool {
        // SAFETY: by the caller.
        unsafe {
            let is_pushed_down = (*restriction).is_pushed_down
                || !pg_sys::bms_is_subset((*restriction).required_relids, (*self.rel).relids);
            matches!(self.kind, JoinKind::Inner | JoinKind::Semi) || !is_pushed_down
        }
    }

    /// # Safety
    /// As for `state`.
    unsafe fn said(&self, restriction: *mut RestrictInfo, columns: &Columns) -> Option<Expression> {
        let planning = &self.left.planning;
        // SAFETY: by the caller.
        let expression = unsafe {
            // DuckDB may compare before it leaves out the rows that a view hides.
            let may = (*restriction).security_level == 0 || (*restriction).leakproof;
            let mut translator = Translator::new(planning, columns);
            may.then(|| translator.expression((*restriction).clause)).flatten()?
        };
        let is_exact = planning.with_scope(|scope| pushdown::is_exact(&expression, scope));
        is_exact.then_some(expression)
    }

    fn both_sides(&self) -> Columns {
        let union = |one: &std::collections::BTreeSet<u32>, other| one | other;
        let (left, right) = (&self.left.columns, &self.right.columns);
        Columns {
            visible: union(&left.visible, &right.visible),
            hidden: union(&left.hidden, &right.hidden),
        }
    }

    /// The columns that are there afterwards.
    fn columns(&self) -> Columns {
        let both = self.both_sides();
        match self.kind {
            JoinKind::Semi | JoinKind::Anti => Columns {
                visible: self.left.columns.visible.clone(),
                hidden: &both.hidden | &self.right.columns.visible,
            },
            _ => both,
        }
    }

    fn from(&self, on: Vec<Expression>, filters: Vec<Expression>) -> Option<Remote> {
        let sides = [self.left, self.right].map(|side| side.select.from.clone());
        joined(self.kind, sides, on, filters)
    }

    /// # Safety
    /// As for `state`.
    unsafe fn method(&self) -> Method {
        // SAFETY: by the caller.
        let mut conditions = unsafe { nodes::elements::<RestrictInfo>((*self.extra).restrictlist) };
        // SAFETY: the same.
        let hashes = conditions
            .any(|condition| unsafe { (*condition).hashjoinoperator } != pg_sys::InvalidOid);
        if hashes { Method::Hash } else { Method::Product }
    }
}

/// Whether a set is within another one, and not all of it.
///
/// # Safety
/// Both must be NULL or live sets.
unsafe fn is_strictly_within(set: Relids, whole: Relids) -> bool {
    // SAFETY: by the caller.
    unsafe { pg_sys::bms_is_subset(set, whole) && !pg_sys::bms_is_subset(whole, set) }
}

/// A join of two relations. Filters of a side that is a join itself move up, or into the conditions
/// of ON: DuckDB's query then has no subqueries. None where they can do neither.
fn joined(
    kind: JoinKind,
    sides: [Remote; 2],
    mut on: Vec<Expression>,
    mut filters: Vec<Expression>,
) -> Option<Remote> {
    let [(left, of_left), (right, of_right)] = sides.map(lifted);
    match kind {
        JoinKind::Inner => {
            on.extend(of_left.into_iter().chain(of_right));
            on.append(&mut filters);
        }
        // Rows of the right side that do not fit come as NULLs: whether a filter or ON says so.
        JoinKind::Left | JoinKind::Semi | JoinKind::Anti => {
            filters.extend(of_left);
            on.extend(of_right);
        }
        _ if of_left.is_empty() && of_right.is_empty() => {}
        _ => return None,
    }
    Some(Remote::Join { kind, left: left.into(), right: right.into(), on, filters })
}

/// A relation without the filters on the rows of its join, and these. Tables keep theirs.
fn lifted(from: Remote) -> (Remote, Vec<Expression>) {
    match from {
        Remote::Join { kind, left, right, on, filters } => {
            (Remote::Join { kind, left, right, on, filters: Vec::new() }, filters)
        }
        table => (table, Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readers::pushdown::Kind;

    fn table(relation: u32) -> Remote {
        Remote::Table { relation, filters: vec![about(relation)] }
    }

    fn about(relation: u32) -> Expression {
        Expression::Column { relation, attribute: 1, kind: Kind::Bool }
    }

    fn join(kind: JoinKind, left: Remote, right: Remote, on: &[u32], filters: &[u32]) -> Remote {
        let all = |list: &[u32]| list.iter().copied().map(about).collect();
        joined(kind, [left, right], all(on), all(filters)).unwrap()
    }

    fn parts(remote: &Remote) -> (Vec<Expression>, Vec<Expression>) {
        match remote {
            Remote::Join { on, filters, .. } => (on.clone(), filters.clone()),
            Remote::Table { .. } => unreachable!(),
        }
    }

    #[test]
    fn an_inner_join_has_conditions_only() {
        let inner = join(JoinKind::Inner, table(1), table(2), &[10], &[11]);
        assert_eq!(parts(&inner), (vec![about(10), about(11)], vec![]));
    }

    #[test]
    fn filters_of_the_kept_side_move_up() {
        let inner = join(JoinKind::Left, table(1), table(2), &[10], &[11]);
        assert_eq!(parts(&inner), (vec![about(10)], vec![about(11)]));
        let outer = join(JoinKind::Left, inner.clone(), table(3), &[12], &[13]);
        assert_eq!(parts(&outer), (vec![about(12)], vec![about(13), about(11)]));
        let semi = join(JoinKind::Semi, inner, table(3), &[12], &[]);
        assert_eq!(parts(&semi), (vec![about(12)], vec![about(11)]));
    }

    #[test]
    fn filters_of_the_other_side_become_conditions() {
        let inner = join(JoinKind::Left, table(1), table(2), &[10], &[11]);
        for kind in [JoinKind::Left, JoinKind::Semi, JoinKind::Anti] {
            let outer = join(kind, table(3), inner.clone(), &[12], &[]);
            assert_eq!(parts(&outer), (vec![about(12), about(11)], vec![]));
        }
    }

    #[test]
    fn a_full_join_takes_no_filtered_join() {
        let inner = join(JoinKind::Left, table(1), table(2), &[10], &[11]);
        assert_eq!(joined(JoinKind::Full, [inner, table(3)], vec![], vec![]), None);
        let plain = join(JoinKind::Left, table(1), table(2), &[10], &[]);
        assert!(joined(JoinKind::Full, [plain, table(3)], vec![], vec![]).is_some());
    }
}
