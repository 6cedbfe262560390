//! What can be wrong with an image.

use std::fmt;

use crate::error::Error;

/// Why an image was refused, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageError {
    /// The attribute, from 0; None when it is the tuple as a whole.
    pub attribute: Option<usize>,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.attribute {
            Some(attribute) => write!(f, "attribute {}: {}", attribute + 1, self.fault),
            None => write!(f, "tuple: {}", self.fault),
        }
    }
}

impl From<ImageError> for Error {
    fn from(error: ImageError) -> Self {
        Error::new("08P01", "the reader process sent a malformed row")
            .detail(format!("In the row's {error}."))
    }
}

/// A rule that a value or a tuple violates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // Display says it.
pub enum Fault {
    TooLarge,
    Header,
    Flags,
    Padding,
    Null,
    Unfilled,
    Length,
    Trailing,
    Varlena,
    Width,
    Bool,
    Date,
    Time,
    Zone,
    Timestamp,
    TimePrecision,
    Label,
    Encoding,
    NulByte,
    Characters,
    BitLength,
    BitPadding,
    NumericForm,
    NumericDigit,
    NumericZeros,
    NumericScale,
    NumericPrecision,
    Dimensions,
    Bounds,
    DataOffset,
    ElementType,
    JsonbHeader,
    JsonbStride,
    JsonbExtent,
    JsonbEntry,
    JsonbKey,
    JsonbDepth,
    VectorDimensions,
    VectorElement,
    RowType,
    Geometry,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl Fault {
    fn reason(self) -> &'static str {
        match self {
            Self::TooLarge => "the tuple is larger than 1 GB",
            Self::Header => "the tuple header is not the type's",
            Self::Flags => "the tuple header is wrong about NULL or values of varying length",
            Self::Padding => "padding is not zero",
            Self::Null => "NULL where NULL is not allowed",
            Self::Unfilled => "a value where only NULL is allowed",
            Self::Length => "a length leads outside",
            Self::Trailing => "bytes are left over",
            Self::Varlena => "a value is compressed, out of line, or packed where it must not be",
            Self::Width => "a value does not have its type's length",
            Self::Bool => "a boolean is neither true nor false",
            Self::Date => "a date is out of range",
            Self::Time => "a time is out of range",
            Self::Zone => "a time zone is out of range",
            Self::Timestamp => "a timestamp is out of range",
            Self::TimePrecision => "a time has more digits than its type",
            Self::Label => "an enum has no such label",
            Self::Encoding => "a text is not UTF-8",
            Self::NulByte => "a text has a NUL byte",
            Self::Characters => "a text does not have its type's length",
            Self::BitLength => "a bit string's length is wrong",
            Self::BitPadding => "a bit string's padding is not zero",
            Self::NumericForm => "a numeric has no known form",
            Self::NumericDigit => "a numeric has a digit above 9999",
            Self::NumericZeros => "a numeric has zeros that it must not store",
            Self::NumericScale => "a numeric's scale is wrong",
            Self::NumericPrecision => "a numeric has more digits than its type",
            Self::Dimensions => "an array's dimensions are wrong",
            Self::Bounds => "an array's lower bound is too large",
            Self::DataOffset => "an array's data offset is wrong",
            Self::ElementType => "an array's element type is wrong",
            Self::JsonbHeader => "a jsonb container's header is wrong",
            Self::JsonbStride => {
                "a jsonb entry has an offset where a length belongs, or vice versa"
            }
            Self::JsonbExtent => "a jsonb entry leads outside of its container",
            Self::JsonbEntry => "a jsonb entry has no known type, or too many bytes",
            Self::JsonbKey => "a jsonb object's keys are no ordered strings",
            Self::JsonbDepth => "a jsonb document is nested too deeply",
            Self::VectorDimensions => "a vector's dimensions are wrong",
            Self::VectorElement => "a vector has an element that is not finite",
            Self::RowType => "a row value's type is wrong",
            Self::Geometry => "a geometry has no known form",
        }
    }
}
