//! The canonical bytes of a value: one definition for both sides of a comparison, typed,
//! length-prefixed and NULL-tagged, so that no two different values have the same.
//!
//! A value is a tag and its payload; numbers are little endian.
//!
//! | tag | value | payload |
//! |---|---|---|
//! | 0 | NULL | |
//! | 1 | boolean | 1 byte, 0 or 1 |
//! | 2 | integer | i128 |
//! | 3 | numeric | class (0 finite, 1 NaN, 2 Infinity, 3 -Infinity), sign (1 is negative), weight i16, count u32, digits u16 of base 10000 without zeros at either end, the first one worth 10000^weight; zero has weight 0 and no digits |
//! | 4, 5 | float4, float8 | IEEE 754 bits, one NaN |
//! | 6 | text | length u32, UTF-8 |
//! | 7 | bytes | length u32, bytes |
//! | 8 | bits | length in bits u32, bytes, zeros at the end |
//! | 9 | date | days since 2000-01-01 i32; i32's ends are the infinities |
//! | 10 | time | microseconds i64 |
//! | 11 | timetz | microseconds i64, seconds west of UTC i32 |
//! | 12 | timestamp | microseconds since 2000-01-01 i64; i64's ends are the infinities |
//! | 13 | interval | months i32, days i32, microseconds i64 |
//! | 14 | uuid | 16 bytes |
//! | 15 | JSON null | |
//! | 16 | JSON false | |
//! | 17 | JSON true | |
//! | 18 | JSON array | count u32, values |
//! | 19 | JSON object | count u32, then for each key in the order of its bytes: a text, a value |
//! | 20 | array | dimensions u32, length of each u32, elements |
//! | 21 | row | count u32, attributes |
//! | 22 | vector | count u32, f32 bits each |
//! | 23 | halfvec | count u32, f16 bits each |
//! | 24 | no value of its type | length u32, whatever the source has |
//! | 25 | sparsevec | dimensions u32, count u32 of the numbers that are not 0, place u32 from 0 of each, f32 bits of each |
//!
//! JSON strings are texts and JSON numbers numerics. An element or attribute is a value with its
//! own tag, or NULL.

/// The tags of the table above.
#[allow(missing_docs)]
pub mod tag {
    pub const NULL: u8 = 0;
    pub const BOOL: u8 = 1;
    pub const INTEGER: u8 = 2;
    pub const NUMERIC: u8 = 3;
    pub const FLOAT4: u8 = 4;
    pub const FLOAT8: u8 = 5;
    pub const TEXT: u8 = 6;
    pub const BYTES: u8 = 7;
    pub const BITS: u8 = 8;
    pub const DATE: u8 = 9;
    pub const TIME: u8 = 10;
    pub const TIMETZ: u8 = 11;
    pub const TIMESTAMP: u8 = 12;
    pub const INTERVAL: u8 = 13;
    pub const UUID: u8 = 14;
    pub const JSON_NULL: u8 = 15;
    pub const JSON_FALSE: u8 = 16;
    pub const JSON_TRUE: u8 = 17;
    pub const JSON_ARRAY: u8 = 18;
    pub const JSON_OBJECT: u8 = 19;
    pub const ARRAY: u8 = 20;
    pub const ROW: u8 = 21;
    pub const VECTOR: u8 = 22;
    pub const HALFVEC: u8 = 23;
    pub const INVALID: u8 = 24;
    pub const SPARSEVEC: u8 = 25;
}

/// A number that is no finite one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Special {
    NaN = 1,
    Infinity = 2,
    NegativeInfinity = 3,
}

/// Appends canonical bytes.
#[derive(Debug, Default)]
pub struct Canonical(Vec<u8>);

impl Canonical {
    /// What was appended.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Forgets everything. Memory that one large value has needed is given back.
    #[inline]
    pub fn clear(&mut self) {
        if self.0.capacity() > 1 << 22 {
            self.0 = Vec::new();
        }
        self.0.clear();
    }

    #[inline]
    fn fixed<const N: usize>(&mut self, tag: u8, payload: [u8; N]) {
        self.0.push(tag);
        self.0.extend_from_slice(&payload);
    }

    #[inline]
    fn counted(&mut self, tag: u8, count: usize) {
        // Nothing that a server holds has 2^32 parts: 1 GB is its limit.
        self.fixed(tag, (count as u32).to_le_bytes());
    }

    #[inline]
    fn sized(&mut self, tag: u8, payload: &[u8]) {
        self.counted(tag, payload.len());
        self.0.extend_from_slice(payload);
    }

    /// NULL.
    #[inline]
    pub fn null(&mut self) {
        self.0.push(tag::NULL);
    }

    /// A boolean.
    #[inline]
    pub fn bool(&mut self, value: bool) {
        self.fixed(tag::BOOL, [u8::from(value)]);
    }

    /// An integer.
    #[inline]
    pub fn integer(&mut self, value: i128) {
        self.fixed(tag::INTEGER, value.to_le_bytes());
    }

    /// A finite number: digits of base 10000, the first one worth 10000^weight. Zeros at either end
    /// are left out here.
    #[inline]
    pub fn numeric(&mut self, negative: bool, weight: i32, digits: impl Digits) {
        self.0.extend_from_slice(&[tag::NUMERIC, 0, u8::from(negative)]);
        let (first, end) = significant(&digits);
        if first == end {
            let sign = self.0.len() - 1;
            self.0[sign] = 0;
            self.0.extend_from_slice(&[0; 6]);
            return;
        }
        // A weight is within i16 wherever a number has digits: PostgreSQL's limit.
        self.0.extend_from_slice(&((weight - first as i32) as i16).to_le_bytes());
        self.0.extend_from_slice(&((end - first) as u32).to_le_bytes());
        (first..end).for_each(|at| self.0.extend_from_slice(&digits.digit(at).to_le_bytes()));
    }

    /// NaN or an infinity of numeric.
    pub fn special_numeric(&mut self, special: Special) {
        self.fixed(tag::NUMERIC, [special as u8]);
    }

    /// A single precision number.
    #[inline]
    pub fn float4(&mut self, value: f32) {
        let value = if value.is_nan() { f32::NAN } else { value };
        self.fixed(tag::FLOAT4, value.to_bits().to_le_bytes());
    }

    /// A double precision number.
    #[inline]
    pub fn float8(&mut self, value: f64) {
        let value = if value.is_nan() { f64::NAN } else { value };
        self.fixed(tag::FLOAT8, value.to_bits().to_le_bytes());
    }

    /// A text, also an enum's label.
    #[inline]
    pub fn text(&mut self, value: &[u8]) {
        self.sized(tag::TEXT, value);
    }

    /// A text in parts, NUL bytes taken out or replaced.
    pub fn text_of<'p>(&mut self, parts: impl Iterator<Item = &'p [u8]>) {
        let start = self.0.len();
        self.counted(tag::TEXT, 0);
        parts.for_each(|part| self.0.extend_from_slice(part));
        let length = (self.0.len() - start - 5) as u32;
        self.0[start + 1..start + 5].copy_from_slice(&length.to_le_bytes());
    }

    /// character(n).
    #[inline]
    pub fn char(&mut self, value: &[u8]) {
        let end = value.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
        self.text(&value[..end]);
    }

    /// Bytes.
    #[inline]
    pub fn blob(&mut self, value: &[u8]) {
        self.sized(tag::BYTES, value);
    }

    /// Bits, the first one highest; `bytes` holds them all, with zeros at the end.
    pub fn bits(&mut self, bits: usize, bytes: &[u8]) {
        self.counted(tag::BITS, bits);
        self.0.extend_from_slice(bytes);
    }

    /// Days since 2000-01-01.
    #[inline]
    pub fn date(&mut self, days: i32) {
        self.fixed(tag::DATE, days.to_le_bytes());
    }

    /// Microseconds of a day.
    #[inline]
    pub fn time(&mut self, micros: i64) {
        self.fixed(tag::TIME, micros.to_le_bytes());
    }

    /// Microseconds of a day, and seconds west of UTC.
    #[inline]
    pub fn timetz(&mut self, micros: i64, west: i32) {
        self.fixed(tag::TIMETZ, micros.to_le_bytes());
        self.0.extend_from_slice(&west.to_le_bytes());
    }

    /// Microseconds since 2000-01-01.
    #[inline]
    pub fn timestamp(&mut self, micros: i64) {
        self.fixed(tag::TIMESTAMP, micros.to_le_bytes());
    }

    /// The three parts of an interval.
    #[inline]
    pub fn interval(&mut self, months: i32, days: i32, micros: i64) {
        self.fixed(tag::INTERVAL, months.to_le_bytes());
        self.0.extend_from_slice(&days.to_le_bytes());
        self.0.extend_from_slice(&micros.to_le_bytes());
    }

    /// A UUID, as it is written.
    #[inline]
    pub fn uuid(&mut self, bytes: [u8; 16]) {
        self.fixed(tag::UUID, bytes);
    }

    /// JSON's null.
    pub fn json_null(&mut self) {
        self.0.push(tag::JSON_NULL);
    }

    /// JSON's true or false.
    pub fn json_bool(&mut self, value: bool) {
        self.0.push(if value { tag::JSON_TRUE } else { tag::JSON_FALSE });
    }

    /// A JSON array; its values follow.
    pub fn json_array(&mut self, count: usize) {
        self.counted(tag::JSON_ARRAY, count);
    }

    /// A JSON object of members that each begin with a key and its value's canonical bytes. Of a
    /// repeated key the last counts.
    pub fn json_object(&mut self, mut members: Vec<(Vec<u8>, Vec<u8>)>) {
        members.sort_by(|one, other| one.0.cmp(&other.0));
        let is_last = |at: usize| members.get(at + 1).is_none_or(|next| next.0 != members[at].0);
        let last: Vec<_> = (0..members.len()).filter(|at| is_last(*at)).collect();
        self.counted(tag::JSON_OBJECT, last.len());
        for at in last {
            let (key, value) = &members[at];
            self.text(key);
            self.0.extend_from_slice(value);
        }
    }

    /// An array; its elements follow, the last dimension fastest. An empty one has no dimensions.
    pub fn array(&mut self, dimensions: &[u32]) {
        self.counted(tag::ARRAY, dimensions.len());
        dimensions.iter().for_each(|length| self.0.extend_from_slice(&length.to_le_bytes()));
    }

    /// A row value; its attributes follow.
    pub fn row(&mut self, attributes: usize) {
        self.counted(tag::ROW, attributes);
    }

    /// A vector; its numbers follow as [`Self::raw`].
    #[inline]
    pub fn vector(&mut self, dimensions: usize) {
        self.counted(tag::VECTOR, dimensions);
    }

    /// A halfvec; its numbers follow as [`Self::raw`].
    pub fn halfvec(&mut self, dimensions: usize) {
        self.counted(tag::HALFVEC, dimensions);
    }

    /// A sparsevec; the places of its numbers follow as [`Self::raw`], ascending, then the numbers.
    pub fn sparsevec(&mut self, dimensions: u32, count: usize) {
        self.fixed(tag::SPARSEVEC, dimensions.to_le_bytes());
        self.0.extend_from_slice(&(count as u32).to_le_bytes());
    }

    /// The numbers of a vector, or values that are canonical already.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// What is no value of the type that it should be: never the same as one.
    pub fn invalid(&mut self, bytes: &[u8]) {
        self.sized(tag::INVALID, bytes);
    }
}

/// Digits of base 10000, wherever they lie.
pub trait Digits {
    /// How many.
    fn count(&self) -> usize;
    /// One of them.
    fn digit(&self, at: usize) -> u16;
}

impl Digits for &[u16] {
    fn count(&self) -> usize {
        self.len()
    }

    fn digit(&self, at: usize) -> u16 {
        self[at]
    }
}

/// As they lie in a server's numeric.
impl Digits for &[[u8; 2]] {
    fn count(&self) -> usize {
        self.len()
    }

    fn digit(&self, at: usize) -> u16 {
        u16::from_le_bytes(self[at])
    }
}

/// Where the digits begin and end that are not leading or trailing zeros.
fn significant(digits: &impl Digits) -> (usize, usize) {
    let mut first = 0;
    let mut end = digits.count();
    while first < end && digits.digit(first) == 0 {
        first += 1;
    }
    while end > first && digits.digit(end - 1) == 0 {
        end -= 1;
    }
    (first, end)
}

#[cfg(test)]
mod tests {
    use super::super::profile::canonical as of;

    #[test]
    fn numbers_are_the_same_however_many_zeros_they_have() {
        let one = of(|c| c.numeric(false, 0, [1_u16].as_slice()));
        assert_eq!(of(|c| c.numeric(false, 2, [0_u16, 0, 1, 0, 0].as_slice())), one);
        assert_ne!(of(|c| c.numeric(true, 0, [1_u16].as_slice())), one);
        let zero = of(|c| c.numeric(false, 0, [0_u16; 0].as_slice()));
        assert_eq!(of(|c| c.numeric(true, 7, [0_u16, 0].as_slice())), zero);
    }

    #[test]
    fn every_nan_is_one_and_both_zeros_are_two() {
        let other = f64::from_bits(0x7ff8_0000_0000_0001);
        assert_eq!(of(|c| c.float8(f64::NAN)), of(|c| c.float8(other)));
        assert_ne!(of(|c| c.float8(0.0)), of(|c| c.float8(-0.0)));
    }

    #[test]
    fn null_and_the_empty_text_differ() {
        assert_ne!(of(|c| c.null()), of(|c| c.text(b"")));
        assert_eq!(of(|c| c.char(b"a  ")), of(|c| c.char(b"a")));
        assert_ne!(of(|c| c.text(b"a ")), of(|c| c.text(b"a")));
        assert_eq!(of(|c| c.text_of([b"ab".as_slice(), b"c"].into_iter())), of(|c| c.text(b"abc")));
    }

    #[test]
    fn the_order_of_an_objects_keys_means_nothing_and_the_last_value_counts() {
        let value = |n| of(|c| c.integer(n));
        let one = vec![(b"b".to_vec(), value(1)), (b"a".to_vec(), value(2))];
        let other =
            vec![(b"a".to_vec(), value(9)), (b"a".to_vec(), value(2)), (b"b".to_vec(), value(1))];
        assert_eq!(of(|c| c.json_object(one.clone())), of(|c| c.json_object(other.clone())));
    }
}
