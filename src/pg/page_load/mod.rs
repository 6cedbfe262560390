//! Finished pages from the reader into an empty table: each is proved to be one that the server
//! could have written, logged, given its checksum, and written behind the end of the file.
//!
//! The indexes of the table, and its TOAST relation's, are built at the end.

mod conditions;
mod contents;
mod file;
mod statistics;
mod storing;
mod visibility;

use migrator_model::{
    layout::Attribute,
    page::{PAGE_BYTES, PageRun, Pages},
};
use pgrx::pg_sys;

pub use self::conditions::{is_of_another_subtransaction, obstacles};
use self::{contents::Contents, file::ForkWriter};
use super::{
    compat,
    image_check::{self, AttributeShape, ImageShape, ToastReader},
    relation::Relation,
};
use crate::error::{Error, Result};

/// A load of pages in progress.
pub struct PageLoad<'r> {
    pages: Pages,
    shape: ImageShape,
    heap: Growing<'r>,
    toast: Option<Growing<'r>>,
    reader: ToastReader,
    contents: Contents,
}

/// A relation that pages are appended to.
struct Growing<'r> {
    relation: &'r Relation,
    writer: ForkWriter,
    tuples: u64,
}

impl<'r> Growing<'r> {
    fn begin(relation: &'r Relation) -> Self {
        let writer = ForkWriter::begin(relation, pg_sys::ForkNumber::MAIN_FORKNUM);
        Self { relation, writer, tuples: 0 }
    }

    /// Everything but the indexes.
    fn finish(self) -> Result<()> {
        let blocks = self.writer.next();
        self.writer.finish(self.relation);
        if blocks > 0 {
            visibility::write(self.relation, blocks)?;
            statistics::note(self.relation, blocks, self.tuples);
        }
        Ok(())
    }
}

impl<'r> PageLoad<'r> {
    /// Prepares relations that have no [`obstacles`].
    pub fn begin(
        relation: &'r Relation,
        toast: Option<&'r Relation>,
        attributes: &[Attribute],
    ) -> Result<Self> {
        // Looked at again where it matters: a mistake here would be visible after a rollback.
        if let Some(why) = conditions::of_the_files(relation, toast) {
            return Err(Error::new("55000", "pages cannot be written").detail(format!("{why}.")));
        }
        let pages = storing::pages(relation)?;
        let contents = Contents::new(pages.toast.map(|toast| toast.relation));
        Ok(Self {
            pages,
            shape: attributes.iter().map(AttributeShape::of).collect(),
            heap: Growing::begin(relation),
            toast: toast.map(Growing::begin),
            reader: ToastReader::default(),
            contents,
        })
    }

    /// What the reader has to know.
    pub fn pages(&self) -> &Pages {
        &self.pages
    }

    /// Takes pages, which lie back to back. Returns the rows on them: none on pages of the TOAST
    /// relation.
    pub fn take(&mut self, run: &PageRun, pages: &mut [u8]) -> Result<u64> {
        let is_next = run.first == self.growing(run.toast)?.writer.next();
        if !is_next || !pages.len().is_multiple_of(PAGE_BYTES) {
            return Err(malformed());
        }
        let tuples = match run.toast {
            true => self.check_chunks(run, pages)?,
            false => self.check_rows(run, pages)?,
        };
        let growing = self.growing(run.toast)?;
        growing.writer.append(growing.relation, pages);
        growing.tuples += tuples;
        Ok(if run.toast { 0 } else { tuples })
    }

    fn growing(&mut self, toast: bool) -> Result<&mut Growing<'r>> {
        match toast {
            true => self.toast.as_mut().ok_or_else(malformed),
            false => Ok(&mut self.heap),
        }
    }

    fn check_rows(&mut self, run: &PageRun, pages: &[u8]) -> Result<u64> {
        let (xid, mut rows) = (self.pages.xid, 0);
        for (block, page) in (run.first..).zip(pages.chunks_exact(PAGE_BYTES)) {
            let contents = &mut self.contents;
            rows += u64::from(image_check::rows(page, block, xid, &self.shape, contents)?);
        }
        Ok(rows)
    }

    fn check_chunks(&mut self, run: &PageRun, pages: &[u8]) -> Result<u64> {
        let (xid, mut chunks) = (self.pages.xid, 0);
        let mut values = run.values.iter();
        let mut assembly = self.contents.assembly(&self.shape);
        for (block, page) in (run.first..).zip(pages.chunks_exact(PAGE_BYTES)) {
            let reader = &mut self.reader;
            chunks += u64::from(reader.page(page, block, xid, &mut values, &mut assembly)?);
        }
        match values.next() {
            None => Ok(chunks),
            Some(_) => Err(malformed()),
        }
    }

    /// Finishes both relations and builds their indexes.
    pub fn finish(self) -> Result<()> {
        if !self.reader.is_between_values() || !self.contents.is_complete() {
            return Err(Error::new("08P01", "the reader process sent pages with values missing"));
        }
        let indexed = [Some(self.heap), self.toast].into_iter().flatten();
        let mut grown = Vec::new();
        for growing in indexed {
            if growing.writer.next() > 0 {
                grown.push(growing.relation.oid());
            }
            growing.finish()?;
        }
        // The TOAST relation's first: expressions of an index may read values out of line.
        grown.into_iter().rev().for_each(|oid| compat::reindex_relation(oid.into()));
        Ok(())
    }
}

fn malformed() -> Error {
    Error::new("08P01", "the reader process sent malformed pages")
}
