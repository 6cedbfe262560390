//! The source's side of a comparison: what the reader is asked, and what it answers.

use migrator_model::canonical::request::{
    Cut, Digest, DigestReply, Digested, Hash, Partition, RowCells, RowHash, Want,
};

use super::pair::Pair;
use crate::{
    error::Result,
    source::{DigestStream, Reader, malformed},
};

/// The source's rows of a pair.
pub struct There<'a> {
    /// The source.
    pub reader: &'a mut Reader,
    /// Which rows.
    pub pair: &'a Pair,
}

/// What the source has of all its rows.
pub struct Sums {
    /// The sums, without the rows that the load has set aside.
    pub digested: Digested,
    /// The rows that were read, those among them.
    pub rows_read: u64,
}

impl There<'_> {
    fn ask(&mut self, want: Want) -> Result<DigestStream<'_>> {
        self.reader.digest(self.digest(want))
    }

    fn digest(&self, want: Want) -> Digest {
        Digest {
            table: self.pair.table.name.clone(),
            columns: self.pair.digest_columns(),
            filter: self.pair.load.filter.clone(),
            nul_bytes: self.pair.load.nul_bytes.clone(),
            without: self.pair.without.clone(),
            want,
        }
    }

    /// The rows that were read and, of these, the ones that were not set aside, counted while
    /// `meanwhile` runs.
    pub fn count<T>(&mut self, meanwhile: impl FnOnce() -> Result<T>) -> Result<((u64, u64), T)> {
        let digest = Digest { columns: Vec::new(), ..self.digest(Want::Sums(None)) };
        let stream = self.reader.digest(digest)?;
        let other = meanwhile()?;
        let (digested, rows_read) = stream.only(sums)?;
        Ok(((rows_read, digested.rows.count), other))
    }

    /// Values of the key that cut the rows into about so many parts.
    pub fn cuts(&mut self, parts: u32) -> Result<Vec<Cut>> {
        let key = self.pair.key.clone();
        let cuts = self.ask(Want::Cuts { key, parts })?.only(|reply| match reply {
            DigestReply::Cuts(cuts) => Some(cuts),
            _ => None,
        });
        Ok(cuts?.0)
    }

    /// The sums, computed while `meanwhile` runs.
    pub fn sums<T>(
        &mut self,
        partition: Option<&Partition>,
        meanwhile: impl FnOnce() -> Result<T>,
    ) -> Result<(Sums, T)> {
        let columns = self.pair.columns.len();
        let parts = partition.map_or(0, Partition::parts);
        let stream = self.ask(Want::Sums(partition.cloned()))?;
        let other = meanwhile()?;
        let (digested, rows_read) = stream.only(sums)?;
        if digested.columns.len() != columns || digested.parts.len() != parts {
            return Err(malformed());
        }
        Ok((Sums { digested, rows_read }, other))
    }

    /// The hashes of the rows in some parts, computed while `meanwhile` runs.
    pub fn rows(
        &mut self,
        partition: &Partition,
        parts: &[u32],
        meanwhile: impl FnOnce() -> Result<()>,
        mut each: impl FnMut(RowHash),
    ) -> Result<()> {
        let (partition, parts) = (partition.clone(), parts.to_vec());
        let mut stream = self.ask(Want::Rows { partition, parts })?;
        meanwhile()?;
        while let Some(reply) = stream.next()? {
            let DigestReply::Rows(rows) = reply else { return Err(malformed()) };
            rows.into_iter().for_each(&mut each);
        }
        Ok(())
    }

    /// The values of the rows with some keys.
    pub fn cells(
        &mut self,
        partition: &Partition,
        keys: &[Hash],
        whole: bool,
    ) -> Result<Vec<RowCells>> {
        let (partition, keys) = (partition.clone(), keys.to_vec());
        let columns = self.pair.columns.len();
        let mut stream = self.ask(Want::Cells { partition, keys, whole })?;
        let mut cells = Vec::new();
        while let Some(reply) = stream.next()? {
            let DigestReply::Cells(rows) = reply else { return Err(malformed()) };
            if rows.iter().any(|row| row.cells.len() != columns) {
                return Err(malformed());
            }
            cells.extend(rows);
        }
        Ok(cells)
    }
}

fn sums(reply: DigestReply) -> Option<Digested> {
    match reply {
        DigestReply::Sums(digested) => Some(*digested),
        _ => None,
    }
}
