//! A running comparison: what the source answers, in parts.

use migrator_model::{
    canonical::request::{Digest, DigestReply},
    protocol::{Reply, Request},
};

use super::connection::{Connection, malformed};
use crate::error::Result;

/// The answers to a [`Digest`]. The reader works on it as soon as it is asked, while the backend
/// does something else.
pub struct DigestStream<'c> {
    connection: &'c mut Connection,
    read: Option<u64>,
}

impl<'c> DigestStream<'c> {
    /// Asks.
    pub(super) fn begin(connection: &'c mut Connection, digest: Digest) -> Result<Self> {
        connection.begin(&Request::Digest(Box::new(digest)))?;
        Ok(Self { connection, read: None })
    }

    /// Waits for the next answer; None at the end.
    pub fn next(&mut self) -> Result<Option<DigestReply>> {
        if self.read.is_some() {
            return Ok(None);
        }
        match self.connection.receive()? {
            Reply::Digest(DigestReply::Done { rows_read, .. }) => {
                self.read = Some(rows_read);
                Ok(None)
            }
            Reply::Digest(reply) => Ok(Some(reply)),
            _ => Err(malformed()),
        }
    }

    /// Waits for an answer of one part, and for its end. `part` takes it out of the reply.
    pub fn only<T>(mut self, part: impl Fn(DigestReply) -> Option<T>) -> Result<(T, u64)> {
        let reply = self.next()?.ok_or_else(malformed)?;
        let found = part(reply).ok_or_else(malformed)?;
        match self.next()? {
            None => Ok((found, self.read.unwrap_or(0))),
            Some(_) => Err(malformed()),
        }
    }
}
