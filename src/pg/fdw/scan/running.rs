//! A foreign scan while it runs: a reader of its own, and the rows that have arrived last.

use migrator_model::{SourceName, layout::Attribute, policy::OnError, protocol::Scan};

use crate::{
    error::{Error, Result},
    pg::{server, shared_memory::RowBuffer},
    readers::{
        describe,
        plan::ScanPlan,
        remedy::{self, Reading},
    },
    source::{Event, Figures, OwnedScan, Reader, malformed, named, pool},
};

/// A scan, from before its first row to after its last.
pub struct Running {
    plan: ScanPlan,
    attributes: Vec<Attribute>,
    on_error: OnError,
    /// The query, once its parameters are known.
    query: Option<String>,
    stage: Stage,
    rows: Rows,
    /// Whether the scan has begun again, and will probably do so more often.
    is_repeated: bool,
    /// What has come of the scans before this one.
    before: Figures,
}

/// Where the reader is.
enum Stage {
    /// Not at work yet; it may be here already.
    Idle(Option<Reader>),
    /// At work.
    Open(Box<OwnedScan>),
    /// There are no more rows. It may still be here, to begin again.
    Over(Option<Reader>),
}

/// The rows that have arrived last.
#[derive(Default)]
struct Rows {
    buffer: RowBuffer,
    /// Where they lie.
    images: Vec<(usize, usize)>,
    /// The next one.
    position: usize,
    /// How often rows have arrived since the scan began.
    arrivals: u64,
}

impl Running {
    /// A scan that has not begun, whose images have these attributes.
    pub fn new(plan: ScanPlan, attributes: Vec<Attribute>) -> Self {
        Self {
            plan,
            attributes,
            on_error: OnError::Error,
            query: None,
            stage: Stage::Idle(None),
            rows: Rows::default(),
            is_repeated: false,
            before: Figures::default(),
        }
    }

    /// The same scan, but without the rows whose values cannot be carried.
    pub fn leaving_out(self) -> Self {
        Self { on_error: OnError::Reject, ..self }
    }

    /// What was planned.
    pub fn plan(&self) -> &ScanPlan {
        &self.plan
    }

    /// What has come so far, of all scans.
    pub fn figures(&self) -> Figures {
        match &self.stage {
            Stage::Open(scan) => sum(self.before, scan.figures()),
            _ => self.before,
        }
    }

    /// Says what is to be read from now on, from the first row again.
    pub fn read(&mut self, query: String) {
        if self.query.as_ref() == Some(&query) {
            return self.rewind();
        }
        self.restart();
        self.is_repeated |= self.query.is_some();
        self.query = Some(query);
    }

    /// Begins again with the first row. While all that have arrived are still here nobody needs to
    /// be asked for them.
    pub fn rewind(&mut self) {
        if self.rows.arrivals <= 1 {
            self.rows.position = 0;
        } else {
            self.restart();
        }
        self.is_repeated |= self.query.is_some();
    }

    fn restart(&mut self) {
        self.stage = Stage::Idle(self.stop());
        self.rows = Rows::default();
    }

    /// The next image, which stays where it is until the next call; None at the end.
    pub fn next(&mut self) -> Result<Option<&mut [u8]>> {
        while self.rows.position == self.rows.images.len() {
            if !self.fetch()? {
                return Ok(None);
            }
        }
        Ok(self.rows.next())
    }

    /// Waits for more rows. False at the end.
    fn fetch(&mut self) -> Result<bool> {
        loop {
            let scan = match &mut self.stage {
                Stage::Over(_) => return Ok(false),
                Stage::Open(scan) => scan,
                Stage::Idle(_) => {
                    self.begin()?;
                    continue;
                }
            };
            match scan.next().map_err(explained)? {
                Some(Event::Rows) => {
                    let (buffer, images) = scan.rows();
                    self.rows.take(buffer, images);
                    return Ok(true);
                }
                Some(Event::Expect(_)) => {}
                Some(Event::Rejects(_)) if self.on_error == OnError::Reject => {}
                Some(Event::Rejects(_) | Event::Pages(_)) => return Err(malformed()),
                None => self.end(),
            }
        }
    }

    fn begin(&mut self) -> Result<()> {
        let reader = match self.stop() {
            Some(reader) => reader,
            None => self.take_reader()?,
        };
        let scan = OwnedScan::begin(reader, self.scan()?)?;
        self.stage = Stage::Open(Box::new(scan));
        Ok(())
    }

    /// Takes a reader, if the source is still what the plan was made for. If not, the next try plans
    /// anew.
    fn take_reader(&self) -> Result<Reader> {
        let user = self.plan.user;
        let outcome = self.plan.tables.iter().try_for_each(|table| table.check(user));
        if outcome.is_err() {
            server::forget_plans();
        }
        outcome?;
        pool::take(&named::of_server(self.plan.server, user)?)
    }

    fn scan(&self) -> Result<Scan> {
        let query = self.query.clone();
        Ok(Scan {
            table: SourceName { schema: None, name: self.plan.label.clone() },
            query: Some(query.ok_or_else(|| Error::new("XX000", "nothing to read"))?),
            columns: self.plan.columns.iter().map(describe::scan_column).collect(),
            filter: None,
            attributes: self.attributes.clone(),
            on_error: self.on_error,
            nul_bytes: self.plan.nul_bytes.clone(),
            accept_lossy: self.plan.accept_lossy,
            dry_run: false,
            pages: None,
            keep_order: true,
        })
    }

    /// After the last row the next scan of this query, another partition perhaps, can have the
    /// reader; unless this scan is about to begin again.
    fn end(&mut self) {
        let mut reader = self.stop();
        if !self.is_repeated && self.plan.parameters.is_empty() {
            give_back(reader.take());
        }
        self.stage = Stage::Over(reader);
    }

    /// Takes the reader away from whatever it does.
    fn stop(&mut self) -> Option<Reader> {
        match std::mem::replace(&mut self.stage, Stage::Idle(None)) {
            Stage::Idle(reader) | Stage::Over(reader) => reader,
            Stage::Open(scan) => {
                self.before = sum(self.before, scan.figures());
                Some(scan.end())
            }
        }
    }

    /// Ends the scan for good.
    pub fn finish(&mut self) {
        give_back(self.stop());
        self.stage = Stage::Over(None);
        self.rows = Rows::default();
    }
}

impl Rows {
    /// Takes rows over. The stream gets the other buffer for the next ones.
    fn take(&mut self, buffer: &mut RowBuffer, images: &[(usize, usize)]) {
        std::mem::swap(&mut self.buffer, buffer);
        self.images.clear();
        self.images.extend_from_slice(images);
        self.position = 0;
        self.arrivals += 1;
    }

    fn next(&mut self) -> Option<&mut [u8]> {
        let (start, length) = *self.images.get(self.position)?;
        self.position += 1;
        self.buffer.bytes_mut().get_mut(start..start + length)
    }
}

fn give_back(reader: Option<Reader>) {
    if let Some(reader) = reader {
        pool::give_back(reader);
    }
}

fn sum(one: Figures, other: Figures) -> Figures {
    Figures {
        rows: one.rows + other.rows,
        bytes: one.bytes + other.bytes,
        seconds: one.seconds + other.seconds,
    }
}

/// The reader's errors, as far as they would be about a load. Types were compared before it began.
fn explained(error: Error) -> Error {
    match error.sqlstate() {
        "42804" => {
            server::forget_plans();
            error
                .detail("The source was changed while the statement ran.")
                .hint("Run the statement again.")
        }
        _ => remedy::of(error, Reading::ForeignTable),
    }
}
