//! How far apart two vectors are, in pgvector's words.

use crate::error::{Error, Result};

/// A distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// The angle: 1 less the cosine.
    Cosine,
    /// The straight line.
    L2,
    /// The inner product, negated.
    Ip,
    /// The sum of absolute differences.
    L1,
    /// The number of bits that differ.
    Hamming,
    /// The share of bits that differ, of those that one has set.
    Jaccard,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// `vector`
    Vector,
    /// `halfvec`
    HalfVec,
    /// `sparsevec`
    SparseVec,
    /// `bit`
    Bit,
}

use Metric::{Cosine, Hamming, Ip, Jaccard, L1, L2};

/// All of them, the usual ones first.
const ALL: [Metric; 6] = [Cosine, L2, Ip, L1, Hamming, Jaccard];

impl Metric {
    /// By its name; one that this kind of column knows.
    pub fn parse(text: &str, element: Element) -> Result<Self> {
        let known = || ALL.into_iter().filter(|metric| metric.is_of(element));
        known().find(|metric| metric.name() == text).ok_or_else(|| {
            let value = migrator_model::reject::shown(text);
            let names: Vec<_> = known().map(Self::name).collect();
            let column = element.name();
            Error::new(
                "22023",
                format!("invalid metric for a column of type {column}: \"{value}\""),
            )
            .hint(format!("Valid values are: {}.", names.join(", ")))
        })
    }

    /// As DuckDB's vss calls it; its default where it names none.
    pub fn of_vss(text: Option<&str>) -> Option<Self> {
        match text {
            None | Some("l2sq") => Some(L2),
            Some("cosine") => Some(Cosine),
            Some("ip") => Some(Ip),
            Some(_) => None,
        }
    }

    /// The word for it, also in the names of operator classes.
    pub fn name(self) -> &'static str {
        match self {
            Cosine => "cosine",
            L2 => "l2",
            Ip => "ip",
            L1 => "l1",
            Hamming => "hamming",
            Jaccard => "jaccard",
        }
    }

    /// pgvector's operator.
    pub fn operator(self) -> &'static str {
        match self {
            Cosine => "<=>",
            L2 => "<->",
            Ip => "<#>",
            L1 => "<+>",
            Hamming => "<~>",
            Jaccard => "<%>",
        }
    }

    /// By its operator.
    pub fn of_operator(name: &str) -> Option<Self> {
        ALL.into_iter().find(|metric| metric.operator() == name)
    }

    /// Its operator class for a kind of values.
    pub fn operator_class(self, element: Element) -> String {
        format!("{}_{}_ops", element.name(), self.name())
    }

    /// The metric of an operator class; pgvector's default class is of L2.
    pub fn of_class(name: &str) -> Option<Self> {
        let (_, rest) = name.split_once('_')?;
        match rest {
            "ops" => Some(L2),
            rest => ALL.into_iter().find(|one| rest.strip_suffix("_ops") == Some(one.name())),
        }
    }

    /// Whether a zero vector has no distance in it, so that no index holds one.
    pub fn leaves_out_zero(self) -> bool {
        self == Cosine
    }

    fn is_of(self, element: Element) -> bool {
        matches!(self, Hamming | Jaccard) == (element == Element::Bit)
    }
}

impl Element {
    /// By the name of its type.
    pub fn of_type(name: &str) -> Option<Self> {
        let all = [Self::Vector, Self::HalfVec, Self::SparseVec, Self::Bit];
        all.into_iter().find(|element| element.name() == name)
    }

    /// Its type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vector => "vector",
            Self::HalfVec => "halfvec",
            Self::SparseVec => "sparsevec",
            Self::Bit => "bit",
        }
    }

    /// What a value takes in an index, in bytes; of a sparse one `dimensions` are those not zero.
    pub fn bytes(self, dimensions: u32) -> u64 {
        let dimensions = u64::from(dimensions);
        match self {
            Self::Vector => 8 + 4 * dimensions,
            Self::HalfVec => 8 + 2 * dimensions,
            Self::SparseVec => 16 + 8 * dimensions,
            Self::Bit => 8 + dimensions.div_ceil(8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_one_of_its_column() {
        assert_eq!(Metric::parse("cosine", Element::Vector), Ok(Cosine));
        assert_eq!(Metric::parse("jaccard", Element::Bit), Ok(Jaccard));
        let error = Metric::parse("cosine", Element::Bit).unwrap_err();
        assert_eq!(error.sqlstate(), "22023");
        assert_eq!(error.hint_text(), Some("Valid values are: hamming, jaccard."));
        assert!(Metric::parse("Cosine", Element::Vector).is_err());
        assert!(Metric::parse("hamming", Element::HalfVec).is_err());
    }

    #[test]
    fn classes_tell_their_metric() {
        for metric in ALL {
            let element = if metric.is_of(Element::Bit) { Element::Bit } else { Element::HalfVec };
            assert_eq!(Metric::of_class(&metric.operator_class(element)), Some(metric));
        }
        assert_eq!(Metric::of_class("vector_ops"), Some(L2));
        assert_eq!(Metric::of_class("vector_l3_ops"), None);
        assert_eq!(Metric::of_class("gin"), None);
    }

    #[test]
    fn vss_has_other_words() {
        assert_eq!(Metric::of_vss(None), Some(L2));
        assert_eq!(Metric::of_vss(Some("l2sq")), Some(L2));
        assert_eq!(Metric::of_vss(Some("hamming")), None);
    }
}
