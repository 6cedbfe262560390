//! A statement of a workload: parsed and analysed, not executed.

use std::{
    ffi::{CString, c_int},
    ptr,
};

use pgrx::pg_sys::{self, CmdType, Query};

use super::{shape::Statement, walk::Walk};
use crate::{
    error::{Error, Result},
    pg::{fdw::planner::nodes, prepared},
};

/// A statement that reads or changes rows, as the server understands it.
pub struct Analysed {
    text: CString,
    query: *mut Query,
    parameters: usize,
}

impl Analysed {
    /// Takes one SELECT, INSERT, UPDATE, DELETE or MERGE. Types of parameters are what they are
    /// inferred to be. Raises the server's own ERROR where it does not understand it.
    pub fn new(sql: &str) -> Result<Self> {
        let nul = |_| Error::new("42601", "a statement cannot hold a NUL byte");
        let text = CString::new(sql).map_err(nul)?;
        let raw = prepared::only_statement(&text)?;
        let (mut types, mut count): (*mut pg_sys::Oid, c_int) = (ptr::null_mut(), 0);
        // SAFETY: the text outlives the query, which moves together with it; all else is in the
        // current memory context.
        let query = unsafe {
            // The analysis changes what it is given.
            let tag = pg_sys::CreateCommandTag((*raw).stmt);
            let (start, none) = (text.as_ptr(), ptr::null_mut());
            let query = pg_sys::parse_analyze_varparams(raw, start, &mut types, &mut count, none);
            if (*query).commandType == CmdType::CMD_UTILITY {
                return Err(prepared::wrong("the query must read or change rows", tag));
            }
            prepared::forget_query_id(query);
            query
        };
        Ok(Self { text, query, parameters: usize::try_from(count).unwrap_or(0) })
    }

    /// What it asks of a table.
    pub fn shape(&self, relation: u32) -> Statement {
        let mut walk = Walk::new(pg_sys::Oid::from(relation));
        // SAFETY: the query is live; the rewriter gets a copy, for it changes what it gets.
        unsafe {
            let copy = pg_sys::copyObjectImpl(self.query.cast()).cast();
            for query in nodes::elements::<Query>(pg_sys::QueryRewrite(copy)) {
                if (*query).commandType != CmdType::CMD_UTILITY {
                    walk.query(query, &[]);
                }
            }
        }
        walk.statement()
    }

    /// The text, the query, and whether it has parameters.
    pub(in crate::pg) fn parts(&self) -> (&CString, *mut Query, bool) {
        (&self.text, self.query, self.parameters > 0)
    }
}
