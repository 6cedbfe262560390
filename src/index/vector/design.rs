//! What an index of vectors is made like: pure rules, by type, dimensions, rows and wishes.

use migrator_model::Ident;

use super::{
    column::Column,
    metric::{Element, Metric},
};

/// An access method of pgvector's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Am {
    /// A graph.
    Hnsw,
    /// Lists around centres.
    Ivfflat,
}

/// What is indexed, where it is not the column as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The column.
    Column,
    /// The column with a number of dimensions, which it was declared without.
    Sized(Element, u32),
    /// Half precision: more dimensions than an index of `vector` takes.
    Half(u32),
    /// One bit for each dimension, and what is found is ranked again.
    Binary(u32),
}

/// What is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// What the column holds.
    pub element: Element,
    /// Whether its type says how many dimensions it has.
    pub declared: bool,
    /// How many it has.
    pub dimensions: u32,
    /// The most numbers that are not zero in a sparse vector.
    pub nonzeros: u32,
    /// The distance.
    pub metric: Metric,
    /// Vectors.
    pub rows: u64,
    /// What share of the nearest has to be found.
    pub recall: f64,
    /// How many of the nearest are asked for.
    pub k: u32,
}

/// An index and how it is searched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    /// What is indexed.
    pub form: Form,
    /// How.
    pub method: Method,
}

/// How an index is built and searched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// A graph.
    Hnsw {
        /// Neighbours of each.
        m: u32,
        /// Candidates while building.
        ef_construction: u32,
        /// Candidates while searching.
        ef_search: u32,
    },
    /// Lists around centres.
    Ivfflat {
        /// How many.
        lists: u32,
        /// How many are searched.
        probes: u32,
    },
}

impl Am {
    /// Its name in pg_am.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hnsw => "hnsw",
            Self::Ivfflat => "ivfflat",
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Hnsw, Self::Ivfflat].into_iter().find(|am| am.name() == name)
    }

    /// The setting that trades time for recall.
    pub fn setting(self) -> &'static str {
        match self {
            Self::Hnsw => "hnsw.ef_search",
            Self::Ivfflat => "ivfflat.probes",
        }
    }

    /// Whether it can order by this.
    pub fn serves(self, element: Element, metric: Metric) -> bool {
        match (self, element) {
            (Self::Hnsw, _) => true,
            (Self::Ivfflat, Element::SparseVec) => false,
            (Self::Ivfflat, _) => !matches!(metric, Metric::L1 | Metric::Jaccard),
        }
    }
}

/// pgvector's HNSW_MAX_NNZ
const MOST_NONZEROS: u32 = 1_000;

impl Wish {
    /// What can be indexed, or why nothing can.
    pub fn form(&self) -> Result<Form, String> {
        let Self { element, dimensions, .. } = *self;
        let whole = match self.declared {
            true => Form::Column,
            false => Form::Sized(element, dimensions),
        };
        match (element, dimensions) {
            (_, 0) => Err("its vectors have no dimensions".to_owned()),
            (Element::Vector, ..=2_000) | (Element::HalfVec, ..=4_000) => Ok(whole),
            (Element::SparseVec, _) if self.nonzeros > MOST_NONZEROS => Err(format!(
                "no index takes vectors with more than {MOST_NONZEROS} numbers that are not zero: there are some with {}",
                self.nonzeros
            )),
            (Element::SparseVec, _) | (Element::Bit, ..=64_000) => Ok(whole),
            (Element::Vector, 2_001..=4_000) => Ok(Form::Half(dimensions)),
            (Element::Vector | Element::HalfVec, ..=64_000) => self.binary(),
            _ => Err(format!("no index takes {dimensions} dimensions")),
        }
    }

    fn binary(&self) -> Result<Form, String> {
        match self.metric {
            Metric::L1 => Err(format!(
                "no index of distance l1 takes {} dimensions: signs do not tell it",
                self.dimensions
            )),
            _ => Ok(Form::Binary(self.dimensions)),
        }
    }

    /// The recommended index of an access method.
    pub fn design(&self, am: Am) -> Result<Design, String> {
        let form = self.form()?;
        if !am.serves(self.element, self.metric) {
            let (am, metric, element) = (am.name(), self.metric.name(), self.element.name());
            return Err(format!("{am} has no operator class for {metric} on {element}"));
        }
        Ok(Design { form, method: self.method(am) })
    }

    fn method(&self, am: Am) -> Method {
        match am {
            Am::Hnsw => {
                let (m, ef_construction, ef_search) = graph(self.recall);
                let ef_construction =
                    if self.rows > FEW { 2 * ef_construction } else { ef_construction };
                let ef_search = ef_search.max(2 * self.k).min(1_000);
                Method::Hnsw { m, ef_construction, ef_search }
            }
            Am::Ivfflat => {
                let lists = lists(self.rows);
                Method::Ivfflat { lists, probes: probes(lists) }
            }
        }
    }
}

/// Larger graphs need more care: without, some of what is dense is found from few sides only.
const FEW: u64 = 50_000;

/// m, ef_construction and ef_search for a recall: a start, which `vector_recall` proves or not.
fn graph(recall: f64) -> (u32, u32, u32) {
    match recall {
        ..=0.9 => (16, 64, 40),
        ..=0.95 => (16, 64, 80),
        ..=0.99 => (16, 200, 200),
        _ => (24, 300, 400),
    }
}

/// A thousand rows each, up to a million rows; then the square root.
pub fn lists(rows: u64) -> u32 {
    let lists = if rows <= 1_000_000 { rows / 1_000 } else { rows.isqrt() };
    u32::try_from(lists).unwrap_or(u32::MAX).clamp(1, 32_768)
}

/// The square root of the lists.
pub fn probes(lists: u32) -> u32 {
    lists.isqrt().max(1)
}

impl Design {
    /// Its access method.
    pub fn am(&self) -> Am {
        match self.method {
            Method::Hnsw { .. } => Am::Hnsw,
            Method::Ivfflat { .. } => Am::Ivfflat,
        }
    }

    /// What lies in the index.
    pub fn stored(&self, element: Element) -> Element {
        self.form.stored(element)
    }

    /// The distance that the index knows.
    pub fn metric(&self, metric: Metric) -> Metric {
        self.form.metric(metric)
    }

    /// The operator class, qualified.
    pub fn operator_class(&self, column: &Column, metric: Metric) -> String {
        let class = self.metric(metric).operator_class(self.stored(column.element));
        format!("{}.{class}", column.schema.quoted())
    }

    /// What is indexed, as CREATE INDEX has it.
    pub fn expression(&self, column: &Column) -> String {
        let value = column.name.quoted();
        match self.form {
            Form::Column => value,
            form => form.of(&value, &column.schema.quoted()),
        }
    }

    /// CREATE INDEX; without a name the server chooses one.
    pub fn create(&self, column: &Column, metric: Metric, name: Option<&Ident>) -> String {
        let name = name.map_or_else(String::new, |name| format!("{} ", name.quoted()));
        format!(
            "CREATE INDEX {name}ON {} USING {} ({} {}) WITH ({})",
            column.target(),
            self.am().name(),
            self.expression(column),
            self.operator_class(column, metric),
            self.parameters()
        )
    }

    /// What stands in WITH.
    pub fn parameters(&self) -> String {
        match self.method {
            Method::Hnsw { m, ef_construction, .. } => {
                format!("m = {m}, ef_construction = {ef_construction}")
            }
            Method::Ivfflat { lists, .. } => format!("lists = {lists}"),
        }
    }
}

impl Form {
    /// Why it is not the column as it is.
    pub fn why(self) -> Option<&'static str> {
        match self {
            Self::Column => None,
            Self::Sized(..) => Some(
                "The column's type says no number of dimensions, and so the index casts it; a query has to do the same.",
            ),
            Self::Half(_) => Some(
                "An index of type vector takes 2000 dimensions, one of type halfvec 4000: a query has to cast in the same way.",
            ),
            Self::Binary(_) => Some(
                "An index of so many dimensions holds one bit for each: a query has to rank what it finds again, by the column itself.",
            ),
        }
    }

    /// What it makes of what a column holds.
    pub fn stored(self, element: Element) -> Element {
        match self {
            Self::Column | Self::Sized(..) => element,
            Self::Half(_) => Element::HalfVec,
            Self::Binary(_) => Element::Bit,
        }
    }

    /// The distance between what it makes.
    pub fn metric(self, metric: Metric) -> Metric {
        match self {
            Self::Binary(_) => Metric::Hamming,
            _ => metric,
        }
    }

    /// A value in this form; `schema` is pgvector's, quoted.
    pub fn of(self, value: &str, schema: &str) -> String {
        match self {
            Self::Column => value.to_owned(),
            Self::Sized(element, dimensions) => {
                format!("({value}::{schema}.{}({dimensions}))", element.name())
            }
            Self::Half(dimensions) => format!("({value}::{schema}.halfvec({dimensions}))"),
            Self::Binary(dimensions) => {
                format!("({schema}.binary_quantize({value})::bit({dimensions}))")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(element: Element, dimensions: u32, metric: Metric) -> Wish {
        Wish {
            element,
            declared: true,
            dimensions,
            nonzeros: 0,
            metric,
            rows: 10_000,
            recall: 0.95,
            k: 10,
        }
    }

    #[test]
    fn what_is_too_long_is_indexed_smaller() {
        let form = |element, dimensions| wish(element, dimensions, Metric::L2).form();
        assert_eq!(form(Element::Vector, 2_000), Ok(Form::Column));
        assert_eq!(form(Element::Vector, 3_072), Ok(Form::Half(3_072)));
        assert_eq!(form(Element::Vector, 4_001), Ok(Form::Binary(4_001)));
        assert_eq!(form(Element::HalfVec, 4_000), Ok(Form::Column));
        assert_eq!(form(Element::HalfVec, 8_000), Ok(Form::Binary(8_000)));
        assert_eq!(form(Element::SparseVec, 100_000), Ok(Form::Column));
        let sparse = wish(Element::SparseVec, 100_000, Metric::L2);
        assert_eq!(Wish { nonzeros: 1_000, ..sparse }.form(), Ok(Form::Column));
        assert!(Wish { nonzeros: 1_001, ..sparse }.form().unwrap_err().ends_with("with 1001"));
        assert!(form(Element::Vector, 0).is_err());
        assert!(form(Element::Bit, 64_001).is_err());
        assert!(wish(Element::Vector, 5_000, Metric::L1).form().is_err());
    }

    #[test]
    fn a_column_without_dimensions_is_cast() {
        let wish = Wish { declared: false, ..wish(Element::Vector, 3, Metric::L2) };
        let form = wish.form().unwrap();
        assert_eq!(form.of("\"e\"", "\"v\""), "(\"e\"::\"v\".vector(3))");
    }

    #[test]
    fn lists_follow_the_rows() {
        let all = [0, 999, 10_000, 1_000_000, 4_000_000, 100_000_000, u64::MAX];
        assert_eq!(all.map(lists), [1, 1, 10, 1_000, 2_000, 10_000, 32_768]);
        assert_eq!([1, 10, 1_000].map(probes), [1, 3, 31]);
    }

    #[test]
    fn more_recall_takes_more() {
        let of =
            |recall, k| Wish { recall, k, ..wish(Element::Vector, 3, Metric::L2) }.method(Am::Hnsw);
        let ef = |method| match method {
            Method::Hnsw { ef_search, .. } => ef_search,
            Method::Ivfflat { .. } => 0,
        };
        assert!(ef(of(0.9, 10)) < ef(of(0.95, 10)) && ef(of(0.95, 10)) < ef(of(0.99, 10)));
        assert_eq!([ef(of(0.5, 100)), ef(of(0.5, 900))], [200, 1_000]);
    }

    #[test]
    fn not_every_method_knows_every_distance() {
        let design = |element, metric, am| wish(element, 3, metric).design(am).is_ok();
        assert!(design(Element::Vector, Metric::L1, Am::Hnsw));
        assert!(!design(Element::Vector, Metric::L1, Am::Ivfflat));
        assert!(!design(Element::SparseVec, Metric::L2, Am::Ivfflat));
        assert!(design(Element::Bit, Metric::Hamming, Am::Ivfflat));
    }
}
