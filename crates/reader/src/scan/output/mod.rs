//! Where rows go: slots of rows, or slots of pages.

mod lender;
mod paged;
mod rows;

use std::{io, time::Duration};

use migrator_model::protocol::{Reply, Scan};

use self::{lender::Lender, paged::PagedSlots, rows::RowSlots};
use super::batch::Batch;
use crate::{ffi::slots::Slots, serve::Backend};

/// What is being filled.
enum Filling {
    Rows(RowSlots),
    Pages(Box<PagedSlots>),
}

/// Fills slots and hands them over.
pub struct Output<'a> {
    lender: Lender<'a>,
    filling: Filling,
}

impl<'a> Output<'a> {
    /// Starts with every slot free.
    pub fn new(backend: &'a mut Backend, slots: &'a mut Slots, scan: &Scan) -> Self {
        let filling = match &scan.pages {
            Some(pages) => Filling::Pages(PagedSlots::new(pages).into()),
            None => Filling::Rows(RowSlots::default()),
        };
        Self { lender: Lender::new(backend, slots), filling }
    }

    /// Whether the backend wants no more rows.
    pub fn is_stopped(&self) -> bool {
        self.lender.is_stopped()
    }

    /// The time spent waiting for slots.
    pub fn waited(&self) -> Duration {
        self.lender.waited()
    }

    /// Says something in between.
    pub fn say(&mut self, reply: &Reply) -> io::Result<()> {
        self.lender.say(reply)
    }

    /// Sends what a batch holds.
    pub fn take(&mut self, batch: &mut Batch) -> io::Result<()> {
        if !batch.rejects.is_empty() {
            self.say(&Reply::Rejects(std::mem::take(&mut batch.rejects)))?;
        }
        match &mut self.filling {
            Filling::Pages(pages) => pages.push(&mut self.lender, batch),
            Filling::Rows(rows) => {
                batch.images().try_for_each(|image| rows.push(&mut self.lender, image))?;
                rows.offer(&mut self.lender)
            }
        }
    }

    /// Sends what is left, and waits until every slot is back. Returns the time that was spent
    /// waiting for slots.
    pub fn finish(mut self) -> io::Result<Duration> {
        match &mut self.filling {
            Filling::Pages(pages) => pages.hand_over(&mut self.lender)?,
            Filling::Rows(rows) => rows.hand_over(&mut self.lender)?,
        }
        self.lender.finish()
    }
}
