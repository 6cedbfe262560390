//! numeric: forms, digits, limits.

use super::*;

/// A short header, then groups.
fn short_form(negative: bool, scale: u16, weight: i16, groups: &[u16]) -> Vec<u8> {
    let sign = if negative { 0x2000 } else { 0 };
    joined(&[0x8000 | sign | scale << 7 | weight as u16 & 0x7f], groups)
}

/// A long header, then groups.
fn long_form(negative: bool, scale: u16, weight: i16, groups: &[u16]) -> Vec<u8> {
    joined(&[if negative { 0x4000 } else { 0 } | scale, weight as u16], groups)
}

fn joined(header: &[u16], groups: &[u16]) -> Vec<u8> {
    header.iter().chain(groups).flat_map(|word| word.to_le_bytes()).collect()
}

fn any(payload: &[u8]) -> Option<Fault> {
    payload_fault(&P::Numeric(None), payload)
}

fn limited(precision: u16, scale: i16, payload: &[u8]) -> Option<Fault> {
    payload_fault(&P::Numeric(Some((precision, scale))), payload)
}

#[test]
fn each_header_has_its_room() {
    for (negative, scale, weight) in [(false, 0, 0), (true, 3, -1), (false, 63, -16), (true, 4, 63)]
    {
        assert_eq!(any(&short_form(negative, scale, weight, &[1230])), None, "{scale} {weight}");
        // Where the short form has room it is the only one.
        let long = any(&long_form(negative, scale, weight, &[1230]));
        assert_eq!(long, Some(Fault::NumericForm), "{scale} {weight}");
    }
    for (scale, weight) in [(64, 0), (0, 64), (300, -65), (64, -16)] {
        assert_eq!(any(&long_form(true, scale, weight, &[1230])), None, "{scale} {weight}");
    }
    assert_eq!(any(&long_form(false, 0, i16::MAX, &[9999])), None);
    assert_eq!(any(&long_form(true, 0x3fff, -4096, &[10])), None);
}

#[test]
fn a_special_value_is_one_of_three() {
    for good in [0xc000_u16, 0xd000, 0xf000] {
        assert_eq!(any(&good.to_le_bytes()), None);
        assert_eq!(any(&joined(&[good], &[1])), Some(Fault::NumericForm));
    }
    for bad in [0xe000_u16, 0xc001, 0xd080, 0xffff] {
        assert_eq!(any(&bad.to_le_bytes()), Some(Fault::NumericForm), "{bad:x}");
    }
    assert_eq!(limited(5, 2, &0xc000_u16.to_le_bytes()), None);
    let infinite = Some(Fault::NumericPrecision);
    assert_eq!([0xd000_u16, 0xf000].map(|n| limited(5, 2, &n.to_le_bytes())), [infinite; 2]);
}

#[test]
fn headers_and_groups_are_whole() {
    let form = Some(Fault::NumericForm);
    assert_eq!([any(&[]), any(&[0]), any(&[0, 0]), any(&[0, 0, 0])], [form; 4]);
    let good = short_form(false, 0, 0, &[1]);
    assert_eq!(any(&good[..3]), form);
    assert_eq!(any(&[&good[..], &[0]].concat()), form);
}

#[test]
fn groups_are_below_ten_thousand() {
    assert_eq!(any(&short_form(false, 0, 2, &[9999, 0, 9999])), None);
    for bad in [10_000, 0x7fff, 0x8000, 0xffff] {
        for at in 0..3 {
            let mut groups = [1, 2, 3];
            groups[at] = bad;
            let told = any(&short_form(false, 0, 2, &groups));
            assert_eq!(told, Some(Fault::NumericDigit), "{bad} at {at}");
        }
    }
}

#[test]
fn zeros_at_the_ends_are_not_stored() {
    let zeros = Some(Fault::NumericZeros);
    assert_eq!(any(&short_form(false, 0, 1, &[0, 1])), zeros);
    assert_eq!(any(&short_form(false, 0, 1, &[1, 0])), zeros);
    assert_eq!(any(&short_form(false, 0, 0, &[0])), zeros);
    assert_eq!(any(&short_form(false, 2, 0, &[])), None);
    assert_eq!([any(&short_form(true, 0, 0, &[])), any(&short_form(false, 0, 1, &[]))], [zeros; 2]);
    assert_eq!(any(&long_form(false, 64, -1, &[])), zeros);
}

/// numeric_recv() cuts off what the scale hides.
#[test]
fn the_scale_shows_every_digit() {
    let groups = |scale, groups: &[u16]| any(&short_form(false, scale, 0, groups));
    assert_eq!(groups(4, &[1, 1234]), None);
    assert_eq!(groups(3, &[1, 1230]), None);
    assert_eq!(groups(2, &[1, 1200]), None);
    assert_eq!(groups(1, &[1, 1000]), None);
    assert_eq!(groups(5, &[1, 1, 1000]), None);
    let hidden = Some(Fault::NumericScale);
    assert_eq!([groups(3, &[1, 1234]), groups(2, &[1, 1230]), groups(1, &[1, 1200])], [hidden; 3]);
    assert_eq!([groups(0, &[1, 1000]), groups(4, &[1, 1, 1000])], [hidden; 2]);
    assert_eq!(any(&long_form(false, 0, i16::MIN, &[1])), hidden);
}

#[test]
fn a_limit_fixes_the_scale_and_bounds_the_digits() {
    let value =
        |scale, weight, groups: &[u16]| limited(5, 2, &short_form(false, scale, weight, groups));
    assert_eq!([value(2, 0, &[999, 9900]), value(2, 0, &[]), value(2, -1, &[100])], [None; 3]);
    assert_eq!(
        [value(1, 0, &[1]), value(3, 0, &[1]), value(0, 0, &[])],
        [Some(Fault::NumericScale); 3]
    );
    let large = Some(Fault::NumericPrecision);
    assert_eq!([value(2, 0, &[1000]), value(2, 1, &[1]), value(2, 0, &[1000, 100])], [large; 3]);
}

#[test]
fn a_scale_may_be_negative_or_above_the_precision() {
    let thousands = |weight, groups: &[u16]| limited(2, -3, &short_form(false, 0, weight, groups));
    assert_eq!([thousands(0, &[9000]), thousands(1, &[9, 9000]), thousands(0, &[])], [None; 3]);
    assert_eq!(thousands(0, &[9100]), Some(Fault::NumericScale));
    assert_eq!(
        [thousands(1, &[10]), thousands(1, &[10, 1000])],
        [Some(Fault::NumericPrecision); 2]
    );
    let small = |weight, groups: &[u16]| limited(3, 5, &short_form(false, 5, weight, groups));
    assert_eq!([small(-1, &[99, 9000]), small(-2, &[1000]), small(0, &[])], [None; 3]);
    assert_eq!([small(-1, &[100]), small(0, &[1])], [Some(Fault::NumericPrecision); 2]);
}
