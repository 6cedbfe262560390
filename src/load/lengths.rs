//! Types that were asked for without a number of dimensions: where all values have the same, the
//! column's type says it.

use migrator_model::{
    LogicalType, PgType,
    protocol::{Length, Lengths},
    reject::shown,
};

use super::{options::Mode, plan::PlannedColumn, table::Job};
use crate::{
    error::{Error, Result},
    source::malformed,
};

impl Job<'_> {
    /// Looks how long values are, once for all columns where that decides. An existing column's
    /// type stays as it is.
    pub(super) fn measure(&mut self, planned: &mut [PlannedColumn]) -> Result<()> {
        if self.options.mode != Mode::Create {
            return Ok(());
        }
        let mut asked: Vec<&mut PlannedColumn> = Vec::new();
        for column in planned.iter_mut().filter(|column| column.is_open()) {
            match column.scan.logical {
                LogicalType::Array(_, n) => column.take_size(n.into()),
                _ => asked.push(column),
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let lengths = self.reader.lengths(Lengths {
            table: self.table.name.clone(),
            columns: asked.iter().map(|column| column.scan.clone()).collect(),
            filter: self.options.filter.clone(),
        })?;
        if lengths.len() != asked.len() {
            return Err(malformed());
        }
        asked.into_iter().zip(lengths).try_for_each(|(column, length)| column.take_length(length))
    }
}

/// What a user should know of columns whose vectors differ.
pub fn notes(planned: &[PlannedColumn]) -> impl Iterator<Item = String> {
    planned.iter().filter_map(PlannedColumn::length_note)
}

impl PlannedColumn {
    /// Whether its type was asked for, and may be given a number of dimensions.
    fn is_open(&self) -> bool {
        self.fixed && self.mapping.pg.largest_size().is_some()
    }

    /// More than the type can say are left to the values, which then are bad ones.
    fn take_size(&mut self, size: u64) {
        let most = self.mapping.pg.largest_size().unwrap_or(0);
        if let Some(size) = u32::try_from(size).ok().filter(|size| (1..=most).contains(size)) {
            self.mapping.pg = self.mapping.pg.sized(Some(size));
        }
    }

    /// Vectors may differ, with a warning; bits of a fixed length may not.
    fn take_length(&mut self, length: Length) -> Result<()> {
        self.length = Some(length);
        match (length.only(), &self.mapping.pg) {
            (Some(only), _) => self.take_size(only),
            (None, PgType::Bit(_)) if length.different > 1 => return Err(self.of_many(length)),
            (None, _) => {}
        }
        Ok(())
    }

    fn of_many(&self, length: Length) -> Error {
        let (name, different) = (shown(&self.name), length.different);
        Error::new("22026", format!("the bits of column \"{name}\" have {different} lengths"))
            .detail(format!("They are {} bits long.", range(length)))
            .hint("Ask for bit varying, or for bit(n) with on_error => 'reject'.")
    }

    fn length_note(&self) -> Option<String> {
        let length = self.length.filter(|length| length.different > 1)?;
        let (name, different) = (&self.name, length.different);
        Some(format!(
            "column \"{name}\": its vectors have {different} different numbers of dimensions, {}, so that its type has none",
            range(length)
        ))
    }
}

fn range(Length { least, most, .. }: Length) -> String {
    format!("{} to {}", least.unwrap_or(0), most.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use migrator_model::{
        protocol::ScanColumn,
        rules::{Fidelity, Mapping},
    };

    use super::*;

    fn column(pg: PgType) -> PlannedColumn {
        let logical = LogicalType::List(Box::new(LogicalType::Float));
        let scan = ScanColumn { name: "e".into(), field: None, logical, normalize: false };
        let mapping = Mapping { pg, fidelity: Fidelity::Exact, note: String::new() };
        PlannedColumn { scan, name: "e".into(), source: 0, mapping, fixed: true, length: None }
    }

    fn taken(
        pg: PgType,
        least: u64,
        most: u64,
        different: u64,
    ) -> Result<(PgType, Option<String>)> {
        let mut column = column(pg);
        column.take_length(Length { least: Some(least), most: Some(most), different })?;
        Ok((column.mapping.pg.clone(), column.length_note()))
    }

    #[test]
    fn one_length_is_the_types() {
        assert_eq!(taken(PgType::Vector(None), 3, 3, 1), Ok((PgType::Vector(Some(3)), None)));
        assert_eq!(taken(PgType::Bit(None), 9, 9, 1), Ok((PgType::Bit(Some(9)), None)));
        let large = taken(PgType::HalfVec(None), 16_001, 16_001, 1);
        assert_eq!(large, Ok((PgType::HalfVec(None), None)));
        let mut none = column(PgType::SparseVec(None));
        none.take_length(Length::default()).unwrap();
        assert_eq!((none.mapping.pg.clone(), none.length_note()), (PgType::SparseVec(None), None));
    }

    #[test]
    fn vectors_of_many_lengths_are_told_and_bits_refused() {
        let (pg, note) = taken(PgType::SparseVec(None), 2, 5, 3).unwrap();
        assert_eq!(pg, PgType::SparseVec(None));
        assert!(note.unwrap().contains("3 different numbers of dimensions, 2 to 5"));
        let error = taken(PgType::Bit(None), 4, 9, 2).unwrap_err();
        assert_eq!(error.sqlstate(), "22026");
        assert_eq!(error.detail_text(), Some("They are 4 to 9 bits long."));
    }

    #[test]
    fn a_type_with_a_number_is_not_open() {
        assert!(column(PgType::Vector(None)).is_open());
        assert!(!column(PgType::Vector(Some(3))).is_open());
        assert!(!column(PgType::Text).is_open());
        let default = PlannedColumn { fixed: false, ..column(PgType::Vector(None)) };
        assert!(!default.is_open());
    }
}
