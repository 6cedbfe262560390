//! Values and their pointers.

use super::{
    pages::{TOAST, plain},
    *,
};
use crate::pg::image_check::{Pairing, Pointer};

fn pointer(value: u32, size: u32) -> Pointer {
    Pointer { raw_size: size + 4, ext_info: size, value, relation: TOAST }
}

#[test]
fn whichever_comes_first_waits() {
    let mut pairing = Pairing::new(TOAST);
    assert!(pairing.is_complete());
    assert_eq!(pairing.value(20_000, &plain(3, 9)), Ok(()));
    assert!(!pairing.is_complete());
    assert_eq!(pairing.pointer(1, pointer(20_001, 8)), Ok(()));
    assert_eq!(pairing.pointer(3, pointer(20_000, 9)), Ok(()));
    assert!(!pairing.is_complete());
    assert_eq!(pairing.value(20_001, &plain(1, 8)), Ok(()));
    assert!(pairing.is_complete());
}

#[test]
fn both_say_the_same() {
    let bad = [
        (4, pointer(20_000, 9)),
        (3, pointer(20_000, 8)),
        (3, Pointer { raw_size: 14, ..pointer(20_000, 9) }),
        (3, Pointer { ext_info: 9 | 1 << 30, ..pointer(20_000, 9) }),
    ];
    for (attribute, bad) in bad {
        let mut pairing = Pairing::new(TOAST);
        pairing.value(20_000, &plain(3, 9)).unwrap();
        assert_eq!(pairing.pointer(attribute, bad), Err(Fault::Unpaired));
        let mut pairing = Pairing::new(TOAST);
        pairing.pointer(attribute, bad).unwrap();
        assert_eq!(pairing.value(20_000, &plain(3, 9)), Err(Fault::Unpaired));
    }
    let mut pairing = Pairing::new(TOAST);
    pairing.value(20_000, &plain(3, 9)).unwrap();
    pairing.pointer(3, pointer(20_001, 9)).unwrap();
    assert!(!pairing.is_complete());
}

#[test]
fn pointers_lead_to_the_relation() {
    let other = Pointer { relation: TOAST + 1, ..pointer(20_000, 9) };
    assert_eq!(Pairing::new(TOAST).pointer(0, other), Err(Fault::PointerRelation));
}

#[test]
fn no_two_have_one_identifier() {
    let mut pairing = Pairing::new(TOAST);
    pairing.value(20_000, &plain(3, 9)).unwrap();
    assert_eq!(pairing.value(20_000, &plain(3, 9)), Err(Fault::ValueTwice));
    let mut pairing = Pairing::new(TOAST);
    pairing.pointer(3, pointer(20_000, 9)).unwrap();
    assert_eq!(pairing.pointer(3, pointer(20_000, 9)), Err(Fault::ValueTwice));
}

/// A row pointing to a value that another row has already: it waits to the end.
#[test]
fn a_value_belongs_to_one_row() {
    let mut pairing = Pairing::new(TOAST);
    pairing.value(20_000, &plain(3, 9)).unwrap();
    pairing.pointer(3, pointer(20_000, 9)).unwrap();
    pairing.pointer(3, pointer(20_000, 9)).unwrap();
    assert!(!pairing.is_complete());
}

#[test]
fn not_too_many_wait() {
    let mut pairing = Pairing::new(TOAST);
    for value in 0..1 << 20 {
        assert_eq!(pairing.pointer(0, pointer(20_000 + value, 9)), Ok(()));
    }
    assert_eq!(pairing.pointer(0, pointer(7, 9)), Err(Fault::Waiting));
    assert_eq!(pairing.value(7, &plain(0, 9)), Err(Fault::Waiting));
    // Who has somebody waiting need not wait.
    assert_eq!(pairing.value(20_005, &plain(0, 9)), Ok(()));
    assert_eq!(pairing.value(7, &plain(0, 9)), Ok(()));
}
