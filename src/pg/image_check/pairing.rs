//! Values out of line and what points to them: one to one.

use std::collections::{HashMap, hash_map::Entry};

use migrator_model::page::StoredValue;

use super::{Fault, Pointer};

/// The most that may wait: a reader sends a value and its pointer at about the same time.
const MOST_WAITING: usize = 1 << 20;

/// Matches the values of a TOAST relation with the pointers of its table. Whichever comes first
/// waits for the other. After an error it is of no use any more. A pair that comes once more is
/// not noticed here, only when the relation's unique index is made.
#[derive(Debug)]
pub struct Pairing {
    /// The TOAST relation's OID.
    relation: u32,
    waiting: HashMap<u32, Half>,
}

/// One of the two.
#[derive(Clone, Copy, Debug)]
struct Half {
    is_pointer: bool,
    facts: Facts,
}

/// What both say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Facts {
    attribute: usize,
    raw_size: u32,
    ext_info: u32,
}

impl Pairing {
    /// For the TOAST relation with this OID.
    pub fn new(relation: u32) -> Self {
        Self { relation, waiting: HashMap::new() }
    }

    /// A value of the TOAST relation, whole and checked.
    pub fn value(&mut self, value: u32, stored: &StoredValue) -> Result<(), Fault> {
        let StoredValue { attribute, raw_size, ext_info } = *stored;
        let facts = Facts { attribute: attribute.into(), raw_size, ext_info };
        self.half(value, Half { is_pointer: false, facts })
    }

    /// A pointer in an attribute, counted from 0.
    pub fn pointer(&mut self, attribute: usize, pointer: Pointer) -> Result<(), Fault> {
        let Pointer { raw_size, ext_info, value, relation } = pointer;
        if relation != self.relation {
            return Err(Fault::PointerRelation);
        }
        let facts = Facts { attribute, raw_size, ext_info };
        self.half(value, Half { is_pointer: true, facts })
    }

    /// Whether nothing waits: at the end nothing may.
    pub fn is_complete(&self) -> bool {
        self.waiting.is_empty()
    }

    /// A lack of memory must be an error: anywhere else it would abort the backend.
    fn half(&mut self, value: u32, half: Half) -> Result<(), Fault> {
        self.waiting.try_reserve(1).map_err(|_| Fault::Memory)?;
        let is_full = self.waiting.len() >= MOST_WAITING;
        match self.waiting.entry(value) {
            Entry::Occupied(other) => half.meet(&other.remove()),
            Entry::Vacant(_) if is_full => Err(Fault::Waiting),
            Entry::Vacant(place) => {
                place.insert(half);
                Ok(())
            }
        }
    }
}

impl Half {
    fn meet(&self, other: &Self) -> Result<(), Fault> {
        match self.is_pointer == other.is_pointer {
            true => Err(Fault::ValueTwice),
            false if self.facts != other.facts => Err(Fault::Unpaired),
            false => Ok(()),
        }
    }
}
