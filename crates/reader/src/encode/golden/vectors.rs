//! pgvector's types and bits, by its headers and varbit.h: no server has written these.

use migrator_model::policy::Loss;

use super::*;

#[test]
fn embeddings() {
    let numbers = [1.5_f32, -2.0, 0.25];
    let child = || Box::new(vector(Data::F32(&numbers)));
    let logical = L::Array(Box::new(L::Float), 3);
    let made = |pg, child| encode(&logical, &pg, Data::Array { size: 3, child });
    // By pgvector's vector.h and halfvec.h: i16 dim, i16 unused, the numbers.
    let wanted = "23030000000000c03f000000c00000803e";
    assert_eq!(made(P::Vector(Some(3)), child()).unwrap(), wanted);
    assert_eq!(made(P::HalfVec(Some(3)), child()).unwrap(), "1703000000003e00c00034");
    assert_eq!(made(P::Vector(Some(4)), child()).unwrap_err().sqlstate, "22000");
    let nan = [1.0_f32, f32::NAN, 2.0];
    let bad = made(P::Vector(Some(3)), Box::new(vector(Data::F32(&nan))));
    assert_eq!(bad.unwrap_err().sqlstate, "22000");
    let null = Vector { validity: Validity(Some(&[0b101])), data: Data::F32(&numbers) };
    assert!(made(P::Vector(Some(3)), Box::new(null)).is_err());
    // By sparsevec.h: i32 dim, i32 nnz, i32 unused, the places, the numbers.
    let (zeros, sparse) = ([0_f32, -2.0, 0.0], P::SparseVec(Some(3)));
    let made_sparse = |numbers| made(sparse.clone(), Box::new(vector(Data::F32(numbers))));
    assert_eq!(made_sparse(&zeros).unwrap(), "2b03000000010000000000000001000000000000c0");
    assert_eq!(made_sparse(&[0.0; 3]).unwrap(), "1b030000000000000000000000");
    assert_eq!(made_sparse(&nan).unwrap_err().sqlstate, "22000");
    assert_eq!(made(P::SparseVec(Some(4)), child()).unwrap_err().sqlstate, "22000");
}

#[test]
fn small_integers_as_vectors_and_bits() {
    let made = |logical, pg, data, n| encode(&list_of(logical), &pg, list(whole(n), vector(data)));
    assert_eq!(
        made(L::TinyInt, P::Vector(None), Data::I8(&[-128, 3]), 2).unwrap(),
        "1b02000000000000c300004040"
    );
    assert_eq!(
        made(L::UTinyInt, P::HalfVec(Some(1)), Data::U8(&[255]), 1).unwrap(),
        "0f01000000f85b"
    );
    let bits = made(L::TinyInt, P::Bit(Some(3)), Data::I8(&[1, 0, 1]), 3);
    // SELECT '101'::bit(3)
    assert_eq!(bits.unwrap(), "0d03000000a0");
    assert_eq!(made(L::Boolean, P::Bit(None), Data::Bool(&[1, 0, 1]), 3).unwrap(), "0d03000000a0");
    let bad = |digits, pg| made(L::UTinyInt, pg, Data::U8(digits), 2).unwrap_err().sqlstate;
    assert_eq!(bad(&[1, 2], P::Bit(None)), "22P02");
    assert_eq!(bad(&[1, 1], P::Bit(Some(3))), "22026");
    let null = Vector { validity: Validity(Some(&[0b01])), data: Data::I8(&[1, 9]) };
    let null = encode(&list_of(L::TinyInt), &P::Bit(None), list(whole(2), null));
    assert_eq!(null.unwrap_err().sqlstate, "22004");
    let fixed = [StringT::borrowed(&[6, 0b1111_1110, 0b1011_0011])];
    let fixed = |n| encode(&L::Bit, &P::Bit(Some(n)), Data::Str(&fixed));
    assert_eq!(fixed(10).unwrap(), "0f0a000000acc0");
    assert_eq!(fixed(9).unwrap_err().sqlstate, "22026");
}

#[test]
fn normalized_vectors() {
    let numbers = [3.0_f32, 0.0, -4.0];
    let logical = L::Array(Box::new(L::Float), 3);
    let made = |pg: P, numbers: &[f32]| {
        let target = Some(with_oids(Target::dry(&pg)));
        let attribute = Attribute { name: "c".into(), target, source: Some(0), not_null: false };
        let encoder = RowEncoder::new(&[attribute], std::slice::from_ref(&logical), &policy());
        let encoder = encoder.unwrap().normalizing([true].into_iter());
        let columns =
            [vector(Data::Array { size: 3, child: Box::new(vector(Data::F32(numbers))) })];
        let (mut image, mut lost) = (Vec::new(), [Lost::default()]);
        let bound = encoder.bind(&columns).unwrap();
        bound.append(0, &mut image, &mut lost).map_err(|(_, bad)| bad.reason)?;
        let image = image[24..].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let has = |loss| lost[0].has(loss);
        let lost = [Loss::Length, Loss::FloatPrecision, Loss::NegativeZero].map(has);
        Ok::<_, String>((image, lost))
    };
    // 0.6 and -0.8 in single precision.
    let wanted = "23030000009a99193f00000000cdcc4cbf";
    assert_eq!(made(P::Vector(None), &numbers).unwrap(), (wanted.into(), [true, false, false]));
    let sparse = made(P::SparseVec(None), &numbers).unwrap().0;
    assert_eq!(sparse, "3b03000000020000000000000000000000020000009a99193fcdcc4cbf");
    let lost = |pg: P, numbers: &[f32]| made(pg, numbers).unwrap().1;
    assert_eq!(lost(P::HalfVec(None), &[0.0, 1.0, 0.0]), [false; 3]);
    assert_eq!(lost(P::HalfVec(None), &numbers), [true, true, false]);
    assert_eq!(lost(P::HalfVec(None), &[1.0, 1e-10, 0.0]), [false, true, false]);
    assert_eq!(lost(P::SparseVec(None), &[-0.0, 1.0, 0.0]), [false, false, true]);
    assert!(made(P::HalfVec(None), &[0.0; 3]).unwrap_err().contains("zeros"));
}
