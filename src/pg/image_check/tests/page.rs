//! What a page is made of.

use migrator_model::page::{
    CTID_AT, LINE_POINTER, LOWER_AT, LP_LENGTH_SHIFT, LP_NORMAL, PAGE_BYTES, PAGE_HEADER, UPPER_AT,
};

use super::{
    pages::{BLOCK, XID, page, put},
    *,
};
use crate::{
    error::Error,
    pg::image_check::{ImageError, Inline, rows},
};

fn shape() -> ImageShape {
    shape_of(&target(&P::Text))
}

fn text(text: &[u8]) -> Vec<u8> {
    image(HAS_VARWIDTH, 1, 24, &short(text))
}

fn told(page: &[u8]) -> Result<u32, Fault> {
    rows(page, BLOCK, XID, &shape(), &mut Inline).map_err(|error| {
        assert_eq!(error.attribute, None);
        error.fault
    })
}

fn three() -> Vec<u8> {
    page(BLOCK, &[text(b"abc"), text(&[b'x'; 100]), text(b"")])
}

fn number(page: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([page[at], page[at + 1]])
}

#[test]
fn good_pages_pass() {
    assert_eq!(told(&three()), Ok(3));
    for count in [1, 2, 226] {
        assert_eq!(told(&page(BLOCK, &vec![text(b"abcdefg"); count])), Ok(count as u32));
    }
    let full = [text(&[b'x'; 7]), image(HAS_VARWIDTH, 1, 24, &long(&[b'x'; 8092]))];
    assert_eq!(told(&page(BLOCK, &full)), Ok(2));
}

#[test]
fn as_many_tuples_as_fit_and_no_more() {
    let empty = image(0, 0, 24, b"");
    let told = |count| rows(&page(7, &vec![empty.clone(); count]), 7, XID, &[], &mut Inline);
    assert_eq!(told(291), Ok(291));
    let mut more = page(7, &vec![empty.clone(); 291]);
    let lower = number(&more, LOWER_AT) + 4;
    put(&mut more, LOWER_AT, lower.to_le_bytes());
    let error = ImageError { attribute: None, fault: Fault::PageHeader };
    assert_eq!(rows(&more, 7, XID, &[], &mut Inline), Err(error));
    assert_eq!(told(0), Err(error));
    assert_eq!(error.to_string(), "page: the page header is not that of a new page");
}

#[test]
fn errors_say_what_is_malformed() {
    let error = |attribute, fault| Error::from(ImageError { attribute, fault });
    let page = error(None, Fault::Hole);
    assert_eq!(page.message(), "the reader process sent a malformed page");
    let detail = "About the page: the space between line pointers and tuples is not zero.";
    assert_eq!(page.detail_text(), Some(detail));
    let row = error(Some(1), Fault::PointerRelation);
    assert_eq!(row.message(), "the reader process sent a malformed row");
    let detail = "In the row's attribute 2: a pointer leads to a relation that is not the table's.";
    assert_eq!(row.detail_text(), Some(detail));
    assert_eq!(error(None, Fault::Flags).message(), row.message());
    assert_eq!(error(None, Fault::Memory).sqlstate(), "53200");
}

#[test]
fn a_page_has_a_page_s_size() {
    let page = three();
    for length in (0..PAGE_BYTES).step_by(61) {
        assert_eq!(told(&page[..length]), Err(Fault::PageHeader));
    }
    assert_eq!(told(&[page, vec![0]].concat()), Err(Fault::PageHeader));
    assert_eq!(told(&[0; PAGE_BYTES]), Err(Fault::PageHeader));
    assert_eq!(told(&[0xff; PAGE_BYTES]), Err(Fault::PageHeader));
}

#[test]
fn the_header_is_a_new_page_s() {
    for at in (0..PAGE_HEADER).filter(|at| !(LOWER_AT..UPPER_AT + 2).contains(at)) {
        for bit in 0..8 {
            let mut bad = three();
            bad[at] ^= 1 << bit;
            assert_eq!(told(&bad), Err(Fault::PageHeader), "{at} {bit}");
        }
    }
}

#[test]
fn lower_and_upper_are_where_pointers_and_tuples_end() {
    let good = three();
    let (lower, upper) = (number(&good, LOWER_AT), number(&good, UPPER_AT));
    let with = |lower: u16, upper: u16| {
        let mut page = good.clone();
        put(&mut page, LOWER_AT, lower.to_le_bytes());
        put(&mut page, UPPER_AT, upper.to_le_bytes());
        told(&page)
    };
    for bad in [0, 23, 24, lower - 1, lower + 1, upper + 4, 8192, u16::MAX] {
        assert_eq!(with(bad, upper), Err(Fault::PageHeader), "{bad}");
    }
    assert_eq!(with(lower - 4, upper), Err(Fault::Hole));
    assert_eq!(with(lower + 4, upper), Err(Fault::LinePointer));
    for bad in [0, lower - 1, 8193, u16::MAX] {
        assert_eq!(with(lower, bad), Err(Fault::PageHeader), "{bad}");
    }
    for bad in [lower, upper - 8, upper - 1] {
        assert_eq!(with(lower, bad), Err(Fault::LinePointer), "{bad}");
    }
    for bad in [upper + 1, upper + 8, 8192] {
        assert!(with(lower, bad).is_err(), "{bad}");
    }
}

#[test]
fn the_hole_is_zero() {
    let good = three();
    for at in number(&good, LOWER_AT)..number(&good, UPPER_AT) {
        let mut bad = good.clone();
        bad[usize::from(at)] = 1 << (at % 8);
        assert_eq!(told(&bad), Err(Fault::Hole), "{at}");
    }
}

/// Tuples in another order, with gaps, on top of each other, outside of the page, dead.
#[test]
fn line_pointers_lead_from_one_tuple_to_the_next() {
    let good = three();
    let pointer = |at: u32, length: u32| at | LP_NORMAL | length << LP_LENGTH_SHIFT;
    assert_eq!(good[PAGE_HEADER..PAGE_HEADER + 4], pointer(8160, 28).to_le_bytes());
    let bad = [
        0,
        pointer(8160, 28) & !LP_NORMAL,
        pointer(8160, 28) | LP_NORMAL << 1,
        pointer(8160, 28) ^ (LP_NORMAL | LP_NORMAL << 1),
        pointer(8152, 28),
        pointer(8164, 28),
        pointer(8160, 36),
        pointer(8160, 24),
        pointer(8192, 0),
        pointer(0, 0x7fff),
        pointer(8032, 124),
        u32::MAX,
    ];
    for bad_pointer in bad {
        for index in 0..3 {
            let mut page = good.clone();
            put(&mut page, PAGE_HEADER + index * LINE_POINTER, bad_pointer.to_le_bytes());
            assert!(told(&page).is_err(), "{bad_pointer:x}");
        }
    }
    let mut swapped = good.clone();
    swapped[PAGE_HEADER..PAGE_HEADER + 8].rotate_left(4);
    assert_eq!(told(&swapped), Err(Fault::LinePointer));
}

#[test]
fn padding_behind_tuples_is_zero() {
    let good = three();
    for at in 8188..8192 {
        let mut bad = good.clone();
        bad[at] = 1;
        assert_eq!(told(&bad), Err(Fault::Padding), "{at}");
    }
}

#[test]
fn a_tuple_is_the_transaction_s_and_where_it_says() {
    let good = three();
    for tuple in [8160, usize::from(number(&good, UPPER_AT))] {
        for at in 0..CTID_AT + 6 {
            let mut bad = good.clone();
            bad[tuple + at] ^= 0x10;
            assert_eq!(told(&bad), Err(Fault::Identity), "{at}");
        }
    }
    let elsewhere =
        |block, xid| rows(&good, block, xid, &shape(), &mut Inline).map_err(|e| e.fault);
    assert_eq!(elsewhere(BLOCK + 1, XID), Err(Fault::Identity));
    assert_eq!(elsewhere(BLOCK ^ 0x1_0000, XID), Err(Fault::Identity));
    assert_eq!(elsewhere(BLOCK, XID + 1), Err(Fault::Identity));
}

#[test]
fn tuples_are_frozen_and_checked() {
    for bits in [0x01, 0x02, 0x08, 0x04, 0x10, 0x20, 0x40, 0x80] {
        let mut bad = three();
        bad[8160 + INFOMASK_AT + 1] ^= bits;
        assert_eq!(told(&bad), Err(Fault::Header));
    }
    let bad = page(BLOCK, &[text(b"abc"), text(b"ab\xff")]);
    let error = ImageError { attribute: Some(0), fault: Fault::Encoding };
    assert_eq!(rows(&bad, BLOCK, XID, &shape(), &mut Inline), Err(error));
    assert_eq!(told(&page(BLOCK, &[vec![0; 22]])), Err(Fault::Length));
    assert_eq!(told(&page(BLOCK, &[vec![0; 24]])), Err(Fault::Header));
}
