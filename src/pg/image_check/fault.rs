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
            None if self.fault.is_page_s() => write!(f, "page: {}", self.fault),
            None => write!(f, "tuple: {}", self.fault),
        }
    }
}

impl From<Fault> for ImageError {
    fn from(fault: Fault) -> Self {
        Self { attribute: None, fault }
    }
}

impl From<ImageError> for Error {
    fn from(error: ImageError) -> Self {
        let is_page_s = error.attribute.is_none() && error.fault.is_page_s();
        match error.fault {
            Fault::Memory => Self::new("53200", "out of memory"),
            _ if is_page_s => Self::new("08P01", "the reader process sent a malformed page")
                .detail(format!("About the {error}.")),
            _ => Self::new("08P01", "the reader process sent a malformed row")
                .detail(format!("In the row's {error}.")),
        }
    }
}

/// A rule that a value, a tuple or a page violates.
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
    SparsePlace,
    RowType,
    Geometry,
    Compressed,
    PageHeader,
    LinePointer,
    Hole,
    Identity,
    Chunk,
    ValueList,
    ValueFacts,
    ValueTwice,
    PointerRelation,
    Unpaired,
    Waiting,
    Memory,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl Fault {
    /// Whether it is about a page or a value out of line, rather than about a tuple.
    fn is_page_s(self) -> bool {
        use Fault as F;
        let layout = matches!(self, F::PageHeader | F::LinePointer | F::Hole | F::Identity);
        let values = matches!(self, F::Chunk | F::ValueList | F::ValueFacts | F::ValueTwice);
        layout || values || matches!(self, F::PointerRelation | F::Unpaired | F::Waiting)
    }

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
            Self::SparsePlace => "a sparse vector's places are not in order or lead outside",
            Self::RowType => "a row value's type is wrong",
            Self::Geometry => "a geometry has no known form",
            Self::Compressed => "a compressed value is not what its header says",
            Self::PageHeader => "the page header is not that of a new page",
            Self::LinePointer => "a line pointer does not lead to the next tuple",
            Self::Hole => "the space between line pointers and tuples is not zero",
            Self::Identity => "a tuple's transaction or place is wrong",
            Self::Chunk => "a chunk is not the next one of the value out of line",
            Self::ValueList => "the list of values out of line does not fit the pages",
            Self::ValueFacts => "a value out of line has an impossible identifier or size",
            Self::ValueTwice => "two values out of line, or two pointers, have one identifier",
            Self::PointerRelation => "a pointer leads to a relation that is not the table's",
            Self::Unpaired => "a value out of line is not what its pointer says",
            Self::Waiting => "too many values out of line are without pointers, or vice versa",
            Self::Memory => "memory is used up",
        }
    }
}
