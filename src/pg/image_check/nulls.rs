//! Null bitmaps of tuples and arrays: a bit for each attribute or element, the lowest first, set
//! where there is a value (access/tupmacs.h, att_isnull()).

/// Whether there is no value. A bitmap without bytes means that all have one.
#[inline]
pub fn is_null(bitmap: &[u8], index: usize) -> bool {
    bitmap.get(index / 8).is_some_and(|bits| bits >> (index % 8) & 1 == 0)
}

/// Whether a bitmap of so many bits is one that the server would store: something is NULL, and
/// the bits behind the last are not set.
pub fn is_minimal(bitmap: &[u8], count: usize) -> bool {
    let used = (1_u16 << (count % 8)) - 1;
    let (whole, rest) = bitmap.split_at_checked(count / 8).unwrap_or_default();
    let rest_fits = rest.iter().all(|bits| u16::from(*bits) & !used == 0);
    let has_null =
        whole.iter().any(|bits| *bits != 0xff) || rest.iter().any(|bits| u16::from(*bits) != used);
    rest_fits && has_null
}
