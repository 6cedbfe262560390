//! Lists of numbers as pgvector's types and as bits.

use migrator_model::canonical::profile::canonical;

use super::{
    every_type::{Put, check, list},
    *,
};
use LogicalType as L;

#[test]
fn vectors_have_numbers_only() {
    let invalid: Put<'_> = &|c| c.invalid(b"an array that is no vector");
    check(
        L::Array(Box::new(L::Float), 2),
        Kind::Vector,
        &[
            ("[1.5, -2]", &|c| {
                c.vector(2);
                c.raw([1.5_f32, -2.0].map(f32::to_le_bytes).as_flattened());
            }),
            ("[1.5, NULL]", invalid),
            ("[1.5, 'nan'::FLOAT]", invalid),
        ],
    );
    check(
        list(L::Double),
        Kind::HalfVec,
        &[
            ("[1.5]", &|c| {
                c.halfvec(1);
                c.raw(&[0, 0x3e]);
            }),
            ("[]", invalid),
            ("[1e6]", invalid),
        ],
    );
}

#[test]
fn sparse_vectors_have_no_zeros() {
    let invalid: Put<'_> = &|c| c.invalid(b"an array that is no vector");
    check(
        list(L::Float),
        Kind::SparseVec,
        &[
            ("[0, 1.5, '-0.0', -2]", &|c| {
                c.sparsevec(4, 2);
                c.raw([1_u32, 3].map(u32::to_le_bytes).as_flattened());
                c.raw([1.5_f32, -2.0].map(f32::to_le_bytes).as_flattened());
            }),
            ("[0]", &|c| c.sparsevec(1, 0)),
            ("[]", invalid),
            ("[1, NULL]", invalid),
            ("NULL", &|c| c.null()),
        ],
    );
}

#[test]
fn lists_of_small_integers_are_vectors_and_bits() {
    check(
        list(L::TinyInt),
        Kind::Vector,
        &[("[-128, 3]", &|c| {
            c.vector(2);
            c.raw([-128.0_f32, 3.0].map(f32::to_le_bytes).as_flattened());
        })],
    );
    let invalid: Put<'_> = &|c| c.invalid(b"a list of other elements than 0 and 1");
    check(
        list(L::UTinyInt),
        Kind::Bits,
        &[
            ("[1, 0, 1]", &|c| c.bits(3, &[0b1010_0000])),
            ("[1, 2]", invalid),
            ("[1, NULL]", invalid),
            ("NULL", &|c| c.null()),
        ],
    );
    let digits: Put<'_> = &|c| c.bits(2, &[0b0100_0000]);
    check(L::Array(Box::new(L::Boolean), 2), Kind::Bits, &[("[false, true]", digits)]);
}

#[test]
fn normalized_vectors_have_length_1() {
    let mut rig =
        Rig::new(&["CREATE TABLE t AS FROM (VALUES ([3, 4]::DOUBLE[]), ([0, 0]::DOUBLE[])) v(c)"]);
    let mut vector = column("c", list(L::Double), Kind::Vector);
    vector.scan.normalize = true;
    let mut cells = rig.cells(&table("t", vec![vector])).concat();
    cells.sort();
    let wanted = canonical(|c| {
        c.vector(2);
        c.raw([0.6_f32, 0.8].map(f32::to_le_bytes).as_flattened());
    });
    assert_eq!(cells, [wanted, canonical(|c| c.invalid(b"an array that is no vector"))]);
}
