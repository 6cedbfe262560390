//! When finished pages may be written at all: reference `../shared/reference/postgres.md` §6. What
//! is frozen is visible to everybody, also after a rollback, unless the rollback takes the file.

use pgrx::pg_sys;

use crate::{
    pg::{compat, facts::Facts, relation::Relation},
    settings,
};

const OTHER_SUBTRANSACTION: &str = "it was neither created nor emptied in this subtransaction";

/// Why not; nothing when they may. The relation's other properties are the caller's to look at.
pub fn obstacles(facts: &Facts) -> Vec<&'static str> {
    let mut obstacles: Vec<_> = [
        (!settings::direct_pages(), "migrator.direct_pages is off"),
        (!matches!(facts.persistence.as_str(), "p" | "u"), "it is a temporary table"),
        (facts.has_checks, "it has CHECK constraints"),
        (facts.is_decoded, "its changes are published, or read by a logical replication slot"),
    ]
    .into_iter()
    .filter_map(|(true_of_it, why)| true_of_it.then_some(why))
    .collect();
    if facts.kind == "r" && obstacles.is_empty() {
        obstacles.extend(of_the_file(facts.oid));
    }
    obstacles
}

fn of_the_file(oid: u32) -> Option<&'static str> {
    let heap = Relation::open_locked(oid);
    match is_new(&heap) {
        true => of_the_files(&heap, heap.open_toast().as_ref()),
        false => Some(OTHER_SUBTRANSACTION),
    }
}

/// What the server knows of the files of a table and its TOAST relation.
pub fn of_the_files(heap: &Relation, toast: Option<&Relation>) -> Option<&'static str> {
    let all = || std::iter::once(heap).chain(toast);
    if !all().all(is_new) {
        return Some(OTHER_SUBTRANSACTION);
    }
    if !all().all(is_empty) {
        return Some("it is not empty");
    }
    (!heap.is_locked_exclusively()).then_some("it is not locked exclusively")
}

fn is_new(relation: &Relation) -> bool {
    // SAFETY: the relation is open.
    unsafe { compat::is_new_in_subtransaction(relation.raw()) }
}

fn is_empty(relation: &Relation) -> bool {
    // SAFETY: the relation is open; a new relation has a main fork.
    unsafe {
        let storage = pg_sys::RelationGetSmgr(relation.raw());
        pg_sys::smgrnblocks(storage, pg_sys::ForkNumber::MAIN_FORKNUM) == 0
    }
}

/// Whether the subtransaction is all that stands against it: the table was created in this
/// transaction, and nothing is in it yet.
pub fn is_of_another_subtransaction(facts: &Facts) -> bool {
    facts.kind == "r" && of_the_file(facts.oid) == Some(OTHER_SUBTRANSACTION)
}
