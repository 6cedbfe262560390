//! A column of vectors: what the catalogs say of it, and what it holds.

use migrator_model::{Ident, QualifiedName, ident::quote};
use pgrx::{datum::DatumWithOid, pg_sys};
use serde::Deserialize;

use super::{
    design::{Form, Wish},
    metric::{Element, Metric},
    read,
    version::Version,
};
use crate::{
    error::{Error, Result},
    index::measurements::{Kind, Measurement},
};

/// A column of vectors.
#[derive(Clone, Debug)]
pub struct Column {
    /// The relation's pg_class.oid
    pub oid: u32,
    /// The relation.
    pub relation: QualifiedName,
    /// Whether its rows are in partitions.
    pub is_partitioned: bool,
    /// The column.
    pub name: Ident,
    /// Its place.
    pub number: i32,
    /// What it holds.
    pub element: Element,
    /// The dimensions that its type says.
    pub dimensions: Option<u32>,
    /// How many rows the relation has by its statistics.
    pub estimate: Option<u64>,
    /// pgvector's schema.
    pub schema: Ident,
    /// pgvector's version.
    pub version: Version,
}

#[derive(Deserialize)]
struct Extension {
    schema: String,
    version: String,
}

#[derive(Deserialize)]
struct Found {
    schema: String,
    relation: String,
    kind: String,
    estimate: f64,
    number: Option<i32>,
    type_name: Option<String>,
    type_shown: Option<String>,
    is_known: Option<bool>,
    modifier: Option<i32>,
}

const COLUMN: &str = "
    SELECT n.nspname::text AS schema, c.relname::text AS relation, c.relkind::text AS kind,
           c.reltuples::float8 AS estimate, a.attnum::int4 AS number,
           t.typname::text AS type_name, format_type(a.atttypid, a.atttypmod) AS type_shown,
           a.atttypmod AS modifier,
           a.atttypid = 'bit'::regtype OR EXISTS (
               SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
                WHERE d.classid = 'pg_type'::regclass AND d.objid = a.atttypid
                  AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
                  AND e.extname = 'vector') AS is_known
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = $2 AND a.attnum > 0
                              AND NOT a.attisdropped
      LEFT JOIN pg_type t ON t.oid = a.atttypid
     WHERE c.oid = $1";

/// Where pgvector is, and which.
fn extension() -> Result<Extension> {
    let sql = "SELECT n.nspname::text AS schema, e.extversion AS version
                 FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
                WHERE e.extname = 'vector'";
    read::<Extension>(sql, &[])?.into_iter().next().ok_or_else(|| {
        Error::new("55000", "the extension vector is not installed")
            .hint("CREATE EXTENSION vector.")
    })
}

impl Column {
    /// Looks it up.
    pub fn of(oid: u32, name: &str) -> Result<Self> {
        let Extension { schema, version } = extension()?;
        let arguments =
            [DatumWithOid::from(pg_sys::Oid::from(oid)), DatumWithOid::from(name.to_owned())];
        let found = read::<Found>(COLUMN, &arguments)?.into_iter().next();
        let missing = || Error::new("42P01", format!("relation with OID {oid} does not exist"));
        let found = found.ok_or_else(missing)?;
        let relation = QualifiedName::new(Ident::new(&found.schema)?, Ident::new(&found.relation)?);
        if !matches!(found.kind.as_str(), "r" | "p" | "m") {
            let name = relation.name.quoted();
            let message = format!("{name} is not a table or materialized view");
            return Err(Error::new("42809", message));
        }
        let (number, element) = found.element(&relation, name)?;
        Ok(Self {
            oid,
            is_partitioned: found.kind == "p",
            relation,
            name: Ident::new(name)?,
            number,
            element,
            dimensions: found.modifier.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0),
            estimate: (found.estimate >= 0.0).then_some(found.estimate as u64),
            schema: Ident::new(&schema)?,
            version: Version::parse(&version),
        })
    }

    /// Its distances.
    pub fn metric(&self, name: &str) -> Result<Metric> {
        Metric::parse(name, self.element)
    }

    /// The relation as messages and the run log name it.
    pub fn target(&self) -> String {
        self.relation.quoted()
    }

    /// What follows FROM; the column is one of `t`.
    pub fn from(&self) -> String {
        let only = if self.is_partitioned { "" } else { "ONLY " };
        format!("{only}{} t", self.relation.quoted())
    }

    /// The column in a query.
    pub fn value(&self) -> String {
        format!("t.{}", self.name.quoted())
    }

    /// The type of its values, without a modifier: quoted, `bit` has none.
    pub fn type_sql(&self) -> String {
        match self.element {
            Element::Bit => "pg_catalog.\"bit\"".to_owned(),
            element => format!("{}.{}", self.schema.quoted(), element.name()),
        }
    }

    /// pgvector's operator.
    pub fn operator(&self, metric: Metric) -> String {
        format!("OPERATOR({}.{})", self.schema.quoted(), metric.operator())
    }

    /// The distance to another value of its type.
    pub fn distance(&self, metric: Metric, other: &str) -> String {
        format!("({} {} {other})", self.value(), self.operator(metric))
    }

    /// The distance by which an index of this form finds things.
    pub fn indexed_distance(&self, form: Form, metric: Metric, other: &str) -> String {
        let schema = self.schema.quoted();
        let (value, other) = (form.of(&self.value(), &schema), form.of(other, &schema));
        format!("{value} {} {other}", self.operator(form.metric(metric)))
    }

    /// SQL for the number of dimensions of a value.
    pub fn dimensions_of(&self, value: &str) -> String {
        match self.element {
            Element::Bit => format!("length({value})"),
            Element::SparseVec => format!("split_part({value}::text, '/', 2)::int4"),
            _ => format!("{}.vector_dims({value})", self.schema.quoted()),
        }
    }

    /// SQL for the length of a value; of bits, how many are set.
    pub fn norm_of(&self, value: &str) -> String {
        let schema = self.schema.quoted();
        match self.element {
            Element::Vector => format!("{schema}.vector_norm({value})"),
            Element::Bit => format!("bit_count({value})::float8"),
            Element::HalfVec | Element::SparseVec => format!("{schema}.l2_norm({value})"),
        }
    }

    /// What may be searched for, as a condition on a value of its type.
    pub fn can_be_found(&self, metric: Metric, value: &str) -> String {
        match metric.leaves_out_zero() {
            true => format!("{value} IS NOT NULL AND {} <> 0", self.norm_of(value)),
            false => format!("{value} IS NOT NULL"),
        }
    }

    /// What was measured of it.
    pub fn measurement(
        &self,
        kind: Kind,
        metric: &'static str,
        value: Option<f64>,
        details: serde_json::Value,
    ) -> Measurement {
        let target = self.target();
        Measurement {
            kind,
            target: Some(target.clone()),
            target_tables: vec![target],
            column_name: Some(self.name.to_string()),
            metric,
            value,
            details,
        }
    }

    /// What an index of it should be like.
    pub fn wish(&self, contents: &Contents, metric: Metric, recall: f64, k: u32) -> Wish {
        Wish {
            element: self.element,
            declared: self.dimensions.is_some(),
            dimensions: self.dimensions.or(contents.dimensions()).unwrap_or(0),
            nonzeros: contents.most_nonzeros(self.element),
            metric,
            rows: contents.eligible(metric),
            recall,
            k,
        }
    }
}

impl Found {
    fn element(&self, relation: &QualifiedName, name: &str) -> Result<(i32, Element)> {
        let known = self.type_name.as_deref().filter(|_| self.is_known == Some(true));
        match (self.number, known.and_then(Element::of_type)) {
            (Some(number), Some(element)) => Ok((number, element)),
            (None, _) => Err(Error::new(
                "42703",
                format!("column {} of {} does not exist", quote(name), relation.quoted()),
            )),
            (Some(_), None) => {
                let held = self.type_shown.as_deref().unwrap_or_default();
                let message = format!("column {} holds no vectors but type {held}", quote(name));
                Err(Error::new("42804", message)
                    .detail("Types of vectors are vector, halfvec, sparsevec and bit."))
            }
        }
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Contents {
    /// Rows of the table.
    pub rows: u64,
    /// Those that have a vector.
    pub vectors: u64,
    /// The fewest dimensions.
    pub least: Option<u32>,
    /// The most.
    pub most: Option<u32>,
    /// Vectors of zeros.
    pub zeros: u64,
    /// Vectors whose norm is no number.
    pub non_finite: u64,
    /// Vectors of length 1.
    pub units: u64,
    /// The mean of what values take, in bytes.
    pub bytes: Option<f64>,
    /// What the largest takes.
    pub most_bytes: Option<u32>,
}

impl Contents {
    /// Reads all of it.
    pub fn of(column: &Column) -> Result<Self> {
        let (dimensions, norm) = (column.dimensions_of("v"), column.norm_of("v"));
        let sql = format!(
            "SELECT count(*) AS rows, count(v) AS vectors, min(dimensions) AS least,
                    max(dimensions) AS most, count(*) FILTER (WHERE norm = 0) AS zeros,
                    count(*) FILTER (WHERE norm IN ('NaN', 'Infinity')) AS non_finite,
                    count(*) FILTER (WHERE abs(norm - 1) <= 0.001) AS units,
                    avg(bytes)::float8 AS bytes, max(bytes) AS most_bytes
               FROM (SELECT v, {dimensions} AS dimensions, {norm} AS norm,
                            pg_column_size(v) AS bytes
                       FROM (SELECT {} AS v FROM {}) a) b",
            column.value(),
            column.from()
        );
        Ok(read::<Self>(&sql, &[])?.into_iter().next().unwrap_or_default())
    }

    /// Their number of dimensions, where it is one.
    pub fn dimensions(&self) -> Option<u32> {
        self.least.filter(|least| self.most == Some(*least))
    }

    /// How many an index of this distance holds.
    pub fn eligible(&self, metric: Metric) -> u64 {
        self.vectors.saturating_sub(self.zeros_left_out(metric))
    }

    fn zeros_left_out(&self, metric: Metric) -> u64 {
        if metric.leaves_out_zero() { self.zeros } else { 0 }
    }

    /// What counts for the size of an index: of sparse vectors, what they have that is not zero.
    pub fn stored_dimensions(&self, element: Element, dimensions: u32) -> u32 {
        match element {
            Element::SparseVec => ((self.bytes.unwrap_or(0.0) - 16.0).max(0.0) / 8.0) as u32,
            _ => dimensions,
        }
    }

    /// The most numbers that are not zero in a sparse vector: behind 12 bytes and a header of up to
    /// four it has eight for each, and is never compressed.
    pub fn most_nonzeros(&self, element: Element) -> u32 {
        match element {
            Element::SparseVec => self.most_bytes.unwrap_or(0).saturating_sub(12) / 8,
            _ => 0,
        }
    }

    /// What no index will find, in words.
    pub fn left_out(&self, metric: Metric) -> Option<String> {
        let zeros = self.zeros_left_out(metric);
        let count = |count: u64, what: &str| (count > 0).then(|| format!("{what}: {count}"));
        let parts = [
            count(self.rows.saturating_sub(self.vectors), "rows without a vector"),
            count(zeros, "vectors of zeros, which have no cosine"),
            count(self.non_finite, "vectors that are not finite"),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_have_no_cosine() {
        let contents = Contents { rows: 10, vectors: 8, zeros: 3, ..Contents::default() };
        assert_eq!(contents.eligible(Metric::Cosine), 5);
        assert_eq!(contents.eligible(Metric::L2), 8);
        assert_eq!(contents.left_out(Metric::L2).as_deref(), Some("rows without a vector: 2"));
        assert!(contents.left_out(Metric::Cosine).unwrap().ends_with("no cosine: 3"));
        assert_eq!(Contents::default().left_out(Metric::Cosine), None);
    }

    #[test]
    fn dimensions_are_one_number_or_none() {
        let of = |least, most| Contents { least, most, ..Contents::default() }.dimensions();
        assert_eq!(of(Some(3), Some(3)), Some(3));
        assert_eq!(of(Some(3), Some(4)), None);
        assert_eq!(of(None, None), None);
    }

    #[test]
    fn the_size_of_a_sparse_vector_tells_its_numbers() {
        let of = |bytes| {
            let contents = Contents { most_bytes: Some(bytes), ..Contents::default() };
            contents.most_nonzeros(Element::SparseVec)
        };
        // With headers of no, one and four bytes.
        assert_eq!([of(12), of(13), of(16)], [0; 3]);
        assert_eq!([of(8_012), of(8_016)], [1_000; 2]);
        assert_eq!(of(8_020), 1_001);
    }
}
