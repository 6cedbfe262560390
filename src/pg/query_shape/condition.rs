//! What a condition means: which value of a row it tests, and how.

use pgrx::pg_sys::{self, BoolExprType, BoolTestType, Node, NodeTag, NullTestType, Oid};

use super::{
    contains,
    key::{self, NoKey, OnTable},
    level::{Levels, Place},
    prefix::{self, Pattern},
    shape::{Condition, Key, Test, Value},
};
use crate::pg::{
    fdw::{
        output,
        planner::nodes::{self, Tree},
    },
    quoting,
};

/// What was found in a condition.
pub enum Found {
    /// A test, and whether it fails where the table has no row: all its columns are NULL then.
    Test(Place, Condition, bool),
    /// An expression that no index can hold.
    Unindexable(Place, String),
}

/// B-tree strategies (access/stratnum.h)
const LESS: i32 = 1;
const LESS_EQUAL: i32 = 2;
const EQUAL: i32 = 3;
const GREATER_EQUAL: i32 = 4;
const GREATER: i32 = 5;

/// Reads conditions on one table.
pub struct Conditions<'l> {
    /// The table.
    pub relation: Oid,
    /// The queries around the condition.
    pub levels: &'l Levels,
}

impl Conditions<'_> {
    /// What a condition that all rows must fulfil says of the table.
    ///
    /// # Safety
    /// It must be live, one of the innermost query's, and without constants that could be folded.
    pub unsafe fn read(&self, node: *mut Node) -> Vec<Found> {
        // SAFETY: by the caller.
        unsafe {
            match Tree::of(node) {
                Tree::Operator(operator) => self.operator(node, operator),
                Tree::AnyOf(any) => self.any_of(node, any).into_iter().collect(),
                Tree::NullTest(test) if !test.argisrow => {
                    let test_is = match test.nulltesttype {
                        NullTestType::IS_NULL => Test::Null,
                        _ => Test::NotNull,
                    };
                    self.tested(node, test.arg.cast(), test_is, Value::Constant)
                }
                Tree::BooleanTest(test) => match test.booltesttype {
                    BoolTestType::IS_TRUE | BoolTestType::IS_FALSE => {
                        self.tested(node, test.arg.cast(), Test::Equal, Value::Constant)
                    }
                    _ => Vec::new(),
                },
                Tree::Var(_) => self.tested(node, node, Test::Equal, Value::Constant),
                Tree::Boolean(boolean) => self.boolean(node, boolean),
                _ => self.sublink(node),
            }
        }
    }

    /// A value that is tested by itself.
    unsafe fn tested(
        &self,
        whole: *mut Node,
        of: *mut Node,
        test: Test,
        value: Value,
    ) -> Vec<Found> {
        // SAFETY: as for `read`.
        unsafe {
            let Some(on) = OnTable::of(of, self.relation, self.levels) else { return Vec::new() };
            let found = self.found(&on, whole, |_| Some(test), value);
            found.into_iter().collect()
        }
    }

    unsafe fn found(
        &self,
        on: &OnTable,
        whole: *mut Node,
        test: impl FnOnce(&Key) -> Option<Test>,
        value: Value,
    ) -> Option<Found> {
        // SAFETY: as for `read`.
        unsafe {
            match on.key() {
                Err(NoKey::Other) => None,
                Err(NoKey::Unindexable(sql)) => Some(Found::Unindexable(on.place, sql)),
                Ok(key) => {
                    let test = test(&key)?;
                    let strict = test != Test::Null && on.is_strict();
                    Some(self.condition(on.place, whole, (key, test, value), strict))
                }
            }
        }
    }

    /// The test with its SQL, where nothing else is in it than constants and this table.
    unsafe fn condition(
        &self,
        place: Place,
        whole: *mut Node,
        (key, test, value): (Key, Test, Value),
        strict: bool,
    ) -> Found {
        let is_constant = value == Value::Constant;
        // SAFETY: as for `read`.
        let whole = unsafe { OnTable::of(whole, self.relation, self.levels) };
        let whole = whole.filter(|whole| is_constant && whole.is_fixed());
        let built_in = whole.as_ref().is_some_and(OnTable::is_built_in);
        let sql = whole.map(|whole| whole.sql());
        Found::Test(place, Condition { key, test, value, sql, built_in }, strict)
    }

    unsafe fn operator(&self, whole: *mut Node, operator: &pg_sys::OpExpr) -> Vec<Found> {
        // SAFETY: as for `read`.
        unsafe {
            let operands: Vec<_> = nodes::elements::<Node>(operator.args).collect();
            let [left, right] = operands[..] else { return Vec::new() };
            let commutator = pg_sys::get_commutator(operator.opno);
            let sides = [(left, right, operator.opno), (right, left, commutator)];
            let sides = sides.into_iter().filter(|(_, _, oid)| *oid != pg_sys::InvalidOid);
            let one =
                |(key, value, oid)| self.compared(whole, key, value, oid, operator.inputcollid);
            sides.filter_map(one).collect()
        }
    }

    /// `key` is compared with `value`.
    unsafe fn compared(
        &self,
        whole: *mut Node,
        key: *mut Node,
        value: *mut Node,
        operator: Oid,
        collation: Oid,
    ) -> Option<Found> {
        // SAFETY: as for `read`.
        unsafe {
            let on = OnTable::of(key, self.relation, self.levels)?;
            let kind = self.value(value, on.place)?;
            let same_order = on.compares_by(collation);
            self.found(&on, whole, |key| test(key, operator, value, same_order), kind)
        }
    }

    unsafe fn any_of(&self, whole: *mut Node, any: &pg_sys::ScalarArrayOpExpr) -> Option<Found> {
        // SAFETY: as for `read`.
        unsafe {
            let operands: Vec<_> = nodes::elements::<Node>(any.args).collect();
            let [left, array] = operands[..] else { return None };
            let on = OnTable::of(left, self.relation, self.levels).filter(|_| any.useOr)?;
            let value = self.value(array, on.place)?;
            let same = on.compares_by(any.inputcollid);
            let is_equal = |key: &Key| same && strategy(any.opno, key.type_oid) == EQUAL;
            self.found(&on, whole, |key| is_equal(key).then_some(Test::AnyOf), value)
        }
    }

    /// NOT flag; and OR where all arms ask for values of one key.
    unsafe fn boolean(&self, whole: *mut Node, boolean: &pg_sys::BoolExpr) -> Vec<Found> {
        // SAFETY: as for `read`.
        unsafe {
            let arms: Vec<_> = nodes::elements::<Node>(boolean.args).collect();
            match boolean.boolop {
                BoolExprType::NOT_EXPR => match arms[..] {
                    [arm] if nodes::tag(arm) == Some(NodeTag::T_Var) => {
                        self.tested(whole, arm, Test::Equal, Value::Constant)
                    }
                    _ => Vec::new(),
                },
                BoolExprType::OR_EXPR => self.one_of(whole, &arms).into_iter().collect(),
                _ => Vec::new(),
            }
        }
    }

    unsafe fn one_of(&self, whole: *mut Node, arms: &[*mut Node]) -> Option<Found> {
        let equal = |arm: &*mut Node| {
            // SAFETY: as for `read`.
            let found = unsafe { self.read(*arm) };
            found.into_iter().find_map(|found| match found {
                Found::Test(place, condition, strict)
                    if matches!(condition.test, Test::Equal | Test::AnyOf | Test::Null) =>
                {
                    Some((place, condition, strict))
                }
                _ => None,
            })
        };
        let all: Option<Vec<_>> = arms.iter().map(equal).collect();
        let mut all = all?.into_iter();
        let (place, first, mut strict) = all.next()?;
        let mut value = first.value;
        for (other, condition, is_strict) in all {
            strict &= is_strict;
            if other != place || condition.key.sql != first.key.sql {
                return None;
            }
            if condition.value != Value::Constant {
                value = condition.value;
            }
        }
        // SAFETY: as for `read`.
        Some(unsafe { self.condition(place, whole, (first.key, Test::AnyOf, value), strict) })
    }

    /// `IN (SELECT …)`
    unsafe fn sublink(&self, node: *mut Node) -> Vec<Found> {
        // SAFETY: as for `read`; the tag says what the node is.
        unsafe {
            if nodes::tag(node) != Some(NodeTag::T_SubLink) {
                return Vec::new();
            }
            let link = &*node.cast::<pg_sys::SubLink>();
            match link.subLinkType == pg_sys::SubLinkType::ANY_SUBLINK {
                true if !link.testexpr.is_null() => self.read(link.testexpr),
                _ => Vec::new(),
            }
        }
    }

    /// What kind of value something is; None: it is NULL, or known of each row of the table only.
    unsafe fn value(&self, node: *mut Node, place: Place) -> Option<Value> {
        // SAFETY: as for `read`.
        unsafe {
            if let Tree::Const(constant) = Tree::of(key::without_relabel(node)) {
                return (!constant.constisnull).then_some(Value::Constant);
            }
            if pg_sys::contain_volatile_functions(node) {
                return None;
            }
            let mut vars =
                (0..self.levels.len()).flat_map(|level| contains::vars(node, level)).peekable();
            let is_joined = vars.peek().is_some();
            let is_own = |var: *mut pg_sys::Var| {
                super::level::column(&*var, self.levels).is_some_and(|column| column.place == place)
            };
            let of_sublink = |param: &*mut Node| {
                (*param.cast::<pg_sys::Param>()).paramkind == pg_sys::ParamKind::PARAM_SUBLINK
            };
            match vars.any(is_own) {
                true => None,
                false if is_joined => Some(Value::Joined),
                false if contains::all(node, NodeTag::T_Param).iter().any(of_sublink) => {
                    Some(Value::Joined)
                }
                false => Some(Value::Parameter),
            }
        }
    }
}

/// What an operator asks of a key; None: nothing that an index could answer.
unsafe fn test(key: &Key, operator: Oid, value: *mut Node, same_order: bool) -> Option<Test> {
    // SAFETY: look-ups; a value is live by the callers.
    unsafe {
        match strategy(operator, key.type_oid) {
            EQUAL if same_order => return Some(Test::Equal),
            LESS | LESS_EQUAL if same_order => return Some(Test::Below),
            GREATER | GREATER_EQUAL if same_order => return Some(Test::Above),
            0 => {}
            _ => return None,
        }
        let name = quoting::text_at(pg_sys::get_opname(operator))?;
        let is_the_servers = operator.to_u32() < pg_sys::FirstUnpinnedObjectId;
        let other = || Some(Test::Operator { oid: operator.to_u32(), name: name.clone() });
        match name.as_str() {
            "~~" if is_the_servers && key.has_beginnings() => {
                match pattern(value).map_or(Pattern::Free, |p| prefix::of(&p)) {
                    Pattern::Free => other(),
                    Pattern::Exact | Pattern::Prefix => Some(Test::Prefix),
                }
            }
            "^@" if is_the_servers && key.has_beginnings() => Some(Test::Prefix),
            _ => other(),
        }
    }
}

/// The text of a constant pattern.
unsafe fn pattern(value: *mut Node) -> Option<String> {
    // SAFETY: live by the callers; the value is one of its type, and not NULL.
    unsafe {
        match Tree::of(key::without_relabel(value)) {
            Tree::Const(constant) if !constant.constisnull => {
                output::text_of(constant.consttype, constant.constvalue).ok()
            }
            _ => None,
        }
    }
}

/// The B-tree strategy of an operator in the order of a type; 0: it has none there.
fn strategy(operator: Oid, type_oid: u32) -> i32 {
    // SAFETY: look-ups; the cache's entry stays for as long as the backend.
    unsafe {
        let wanted = pg_sys::TYPECACHE_BTREE_OPFAMILY as i32;
        let family = (*pg_sys::lookup_type_cache(Oid::from(type_oid), wanted)).btree_opf;
        match family == pg_sys::InvalidOid {
            true => 0,
            false => pg_sys::get_op_opfamily_strategy(operator, family),
        }
    }
}

/// The name of an operator that orders by a distance, with what it is the distance of.
///
/// # Safety
/// It must be live.
pub unsafe fn distance(node: *mut Node) -> Option<(String, [*mut Node; 2])> {
    // SAFETY: by the caller.
    unsafe {
        let Tree::Operator(operator) = Tree::of(node) else { return None };
        let operands: Vec<_> = nodes::elements::<Node>(operator.args).collect();
        // Folding constants runs functions, and one may have dropped the operator.
        let name = quoting::text_at(pg_sys::get_opname(operator.opno))?;
        let is_known = ["<->", "<=>", "<#>", "<+>", "<~>", "<%>"].contains(&name.as_str());
        let operands = operands.try_into().ok()?;
        is_known.then_some((name, operands))
    }
}
