//! A SELECT as a client prepares it: analysed once with the caller's settings, planned by the plan
//! cache, run as often as wanted, with its rows thrown away. Only the time between a client's
//! request and the end of its execution counts.

use std::{
    ffi::{CStr, CString, c_char, c_int},
    ptr,
    time::{Duration, Instant},
};

use pgrx::{is_a, pg_sys, prelude::*};

use super::{compat, list, receiver};
use crate::error::{Error, Result};

/// A statement that is ready to run.
pub struct Prepared {
    source: *mut pg_sys::CachedPlanSource,
    text: CString,
    types: Vec<pg_sys::Oid>,
    /// What planning and a run leave behind goes here, and is gone before the next.
    scratch: pg_sys::MemoryContext,
}

/// A parameter's value: as a text and, where it is an array of JSON's, as one of PostgreSQL's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameter {
    /// None: NULL.
    pub text: Option<String>,
    /// For a parameter whose type is an array.
    pub array: Option<String>,
}

/// Values for all parameters of a statement.
pub struct Bound(pg_sys::ParamListInfo);

/// A run.
pub struct Ran {
    /// How long a client would have waited for the server.
    pub elapsed: Duration,
    /// The rows that came.
    pub rows: u64,
    /// Which plan it was: each has another number.
    pub generation: i32,
    /// The plan, where it is not the one that was known.
    pub plan: Option<Plan>,
}

/// A plan.
pub struct Plan {
    /// As EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) shows it: an object with the member `Plan`.
    pub json: String,
    /// The relations that it depends on.
    pub relations: Vec<u32>,
}

impl Prepared {
    /// Takes one SELECT, VALUES or TABLE. Types of parameters are what they are inferred to be.
    pub fn new(sql: &str) -> Result<Self> {
        let text = CString::new(sql)
            .map_err(|_| Error::new("42601", "a statement cannot hold a NUL byte"))?;
        // SAFETY: the text outlives everything that the parser makes of it, and a source that is
        // complete has copies. All of it is in the current memory context, which outlives this.
        unsafe {
            let raw = only_statement(&text)?;
            let tag = pg_sys::CreateCommandTag((*raw).stmt);
            if !is_a((*raw).stmt, pg_sys::NodeTag::T_SelectStmt) {
                return Err(no_select(tag));
            }
            let source = pg_sys::CreateCachedPlan(raw, text.as_ptr(), tag);
            let (mut types, mut count): (*mut pg_sys::Oid, c_int) = (ptr::null_mut(), 0);
            let (none, start) = (ptr::null_mut(), text.as_ptr());
            let queries =
                pg_sys::pg_analyze_and_rewrite_varparams(raw, start, &mut types, &mut count, none);
            forget_query_id(only_query(queries)?);
            pg_sys::CompleteCachedPlan(
                source,
                queries,
                ptr::null_mut(),
                types,
                count,
                None,
                ptr::null_mut(),
                pg_sys::CURSOR_OPT_PARALLEL_OK as c_int,
                true,
            );
            let types = match count {
                0 => Vec::new(),
                count => std::slice::from_raw_parts(types, count as usize).to_vec(),
            };
            Ok(Self { source, text, types, scratch: scratch() })
        }
    }

    /// Reads values as the types of its parameters, one for each.
    pub fn bind(&self, values: &[Parameter]) -> Result<Bound> {
        if values.len() != self.types.len() {
            let message = format!("{} for {}", values_of(values.len()), self.described());
            return Err(Error::new("22023", message));
        }
        if values.is_empty() {
            return Ok(Bound(ptr::null_mut()));
        }
        // SAFETY: the list has room for as many parameters as there are values.
        unsafe {
            let list = pg_sys::makeParamList(values.len() as c_int);
            let entries = (*list).params.as_mut_slice(values.len());
            for ((entry, value), type_oid) in entries.iter_mut().zip(values).zip(&self.types) {
                *entry = parameter(*type_oid, value)?;
            }
            Ok(Bound(list))
        }
    }

    fn described(&self) -> String {
        match self.types.len() {
            0 => "a query without parameters".to_owned(),
            1 => "a query with 1 parameter".to_owned(),
            count => format!("a query with {count} parameters"),
        }
    }

    /// Runs it to its end, with a snapshot of its own. `known` is a plan that need not be shown
    /// again.
    pub fn run(&self, bound: &Bound, known: Option<i32>) -> Ran {
        // SAFETY: as a portal does it; on an ERROR the abort of the transaction releases what is
        // held. The descriptor's parts outlive it, and nothing of the scratch context is returned.
        unsafe {
            let before = pg_sys::MemoryContextSwitchTo(self.scratch);
            let mut counter = Counter::new();
            let began = Instant::now();
            pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
            let none = ptr::null_mut();
            let plan = pg_sys::GetCachedPlan(self.source, bound.0, none, ptr::null_mut());
            let descriptor = self.descriptor(plan, bound, &mut counter);
            pg_sys::ExecutorStart(descriptor, 0);
            compat::executor_run(descriptor);
            pg_sys::ExecutorFinish(descriptor);
            let ran = began.elapsed();
            let generation = (*plan).generation;
            let shown = (known != Some(generation)).then(|| explained(descriptor));
            let ending = Instant::now();
            pg_sys::ExecutorEnd(descriptor);
            pg_sys::FreeQueryDesc(descriptor);
            pg_sys::ReleaseCachedPlan(plan, ptr::null_mut());
            pg_sys::PopActiveSnapshot();
            let elapsed = ran + ending.elapsed();
            pg_sys::MemoryContextSwitchTo(before);
            pg_sys::MemoryContextReset(self.scratch);
            Ran { elapsed, rows: counter.rows, generation, plan: shown }
        }
    }

    /// # Safety
    /// The plan must be of this source, and a snapshot active.
    unsafe fn descriptor(
        &self,
        plan: *mut pg_sys::CachedPlan,
        bound: &Bound,
        counter: &mut Counter,
    ) -> *mut pg_sys::QueryDesc {
        // SAFETY: by the caller; the plan of one query is one statement.
        unsafe {
            let statement = pg_sys::list_nth((*plan).stmt_list, 0).cast();
            let snapshot = pg_sys::GetActiveSnapshot();
            let receiver = (&raw mut *counter).cast();
            let (text, none) = (self.text.as_ptr(), ptr::null_mut());
            pg_sys::CreateQueryDesc(
                statement,
                text,
                snapshot,
                none,
                receiver,
                bound.0,
                ptr::null_mut(),
                0,
            )
        }
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        // SAFETY: made by `new` and dropped once. While an ERROR unwinds the executor may still be
        // in there: the server deletes both with the context that they were made in.
        unsafe {
            if pg_sys::IsTransactionState() && !std::thread::panicking() {
                pg_sys::DropCachedPlan(self.source);
                pg_sys::MemoryContextDelete(self.scratch);
            }
        }
    }
}

fn scratch() -> pg_sys::MemoryContext {
    // SAFETY: the name is static, as the server wants it.
    unsafe {
        pg_sys::AllocSetContextCreateInternal(
            pg_sys::CurrentMemoryContext,
            c"migrator run".as_ptr(),
            pg_sys::ALLOCSET_DEFAULT_MINSIZE as usize,
            pg_sys::ALLOCSET_DEFAULT_INITSIZE as usize,
            pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
        )
    }
}

fn values_of(count: usize) -> String {
    match count {
        1 => "1 value".to_owned(),
        count => format!("{count} values"),
    }
}

fn no_select(tag: pg_sys::CommandTag::Type) -> Error {
    wrong("the query must be a SELECT", tag)
}

/// Refuses a statement of another kind.
pub(super) fn wrong(message: &str, tag: pg_sys::CommandTag::Type) -> Error {
    // SAFETY: the name of a tag is static and NUL-terminated.
    let name = unsafe { CStr::from_ptr(pg_sys::GetCommandTagName(tag)) };
    let detail = format!("It is {}.", name.to_string_lossy());
    Error::new("0A000", message).detail(detail)
}

/// The only statement of a text.
pub(super) fn only_statement(text: &CStr) -> Result<*mut pg_sys::RawStmt> {
    // SAFETY: the text is NUL-terminated; the parser's list is one of RawStmt, which lives as long
    // as the current memory context.
    let statements = unsafe { list::cells(pg_sys::pg_parse_query(text.as_ptr())) };
    match statements {
        // SAFETY: a list of nodes has pointers.
        [only] => Ok(unsafe { only.ptr_value }.cast()),
        [] => Err(Error::new("42601", "the query is empty")),
        several => Err(Error::new("42601", "the query must be one statement")
            .detail(format!("There are {}.", several.len()))),
    }
}

/// # Safety
/// The list must be one of queries.
unsafe fn only_query(queries: *mut pg_sys::List) -> Result<*mut pg_sys::Query> {
    // SAFETY: by the caller.
    unsafe {
        let [only] = list::cells(queries) else {
            return Err(Error::new("0A000", "the query is rewritten to several"));
        };
        let query = only.ptr_value.cast::<pg_sys::Query>();
        if (*query).commandType != pg_sys::CmdType::CMD_SELECT {
            return Err(no_select(pg_sys::CreateCommandTag(query.cast())));
        }
        match (*query).hasModifyingCTE {
            true => Err(Error::new("25006", "the query must only read")
                .detail("It has a WITH that changes data.")),
            false => Ok(query),
        }
    }
}

/// pg_stat_statements leaves out what has no number: runs that only measure are none of a workload.
///
/// # Safety
/// The query must be live.
pub(super) unsafe fn forget_query_id(query: *mut pg_sys::Query) {
    // SAFETY: by the caller.
    unsafe { (*query).queryId = 0 };
}

/// # Safety
/// The type must exist.
unsafe fn parameter(type_oid: pg_sys::Oid, value: &Parameter) -> Result<pg_sys::ParamExternData> {
    // SAFETY: by the caller; the text is NUL-terminated and lives as long as the call. An input
    // function gets NULL, too, since a domain may refuse it.
    unsafe {
        let is_array = pg_sys::get_base_element_type(type_oid) != pg_sys::InvalidOid;
        let array = value.array.as_ref().filter(|_| is_array);
        let text = array.or(value.text.as_ref()).map(|text| CString::new(text.as_str()));
        let text = text
            .transpose()
            .map_err(|_| Error::new("22021", "a parameter cannot hold a NUL byte"))?;
        let start = text.as_ref().map_or(ptr::null(), |text| text.as_ptr());
        let (mut input, mut element) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
        pg_sys::getTypeInputInfo(type_oid, &mut input, &mut element);
        Ok(pg_sys::ParamExternData {
            value: pg_sys::OidInputFunctionCall(input, start.cast_mut(), element, -1),
            isnull: text.is_none(),
            pflags: pg_sys::PARAM_FLAG_CONST as u16,
            ptype: type_oid,
        })
    }
}

/// # Safety
/// The descriptor must be of a query that has been started and has not ended.
unsafe fn explained(descriptor: *mut pg_sys::QueryDesc) -> Plan {
    // SAFETY: by the caller; the state is the server's own, and its text NUL-terminated.
    unsafe {
        let state = pg_sys::NewExplainState();
        (*state).verbose = true;
        (*state).costs = false;
        (*state).format = pg_sys::ExplainFormat::EXPLAIN_FORMAT_JSON;
        pg_sys::ExplainBeginOutput(state);
        pg_sys::ExplainPrintPlan(state, descriptor);
        pg_sys::ExplainEndOutput(state);
        let text = (*(*state).str_).data.cast_const();
        let statement = (*descriptor).plannedstmt;
        let relations = list::cells((*statement).relationOids);
        let relations = relations.iter().map(|cell| cell.oid_value.to_u32()).collect();
        Plan { json: object(text), relations }
    }
}

/// One plan without its query is written as if it were an item of a list: auto_explain makes an
/// object of it in the same way.
///
/// # Safety
/// The text must be NUL-terminated.
unsafe fn object(text: *const c_char) -> String {
    // SAFETY: by the caller.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    let inner = text.trim().strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    format!("{{{}}}", inner.unwrap_or_default())
}

/// A receiver that counts rows. The executor knows the first field.
#[repr(C)]
struct Counter {
    server: pg_sys::DestReceiver,
    rows: u64,
}

impl Counter {
    fn new() -> Self {
        Self { server: receiver::of_server(receive, pg_sys::CommandDest::DestNone), rows: 0 }
    }
}

/// receiveSlot: true asks for more. Every column is looked at, as for a client.
#[pg_guard]
unsafe extern "C-unwind" fn receive(
    slot: *mut pg_sys::TupleTableSlot,
    receiver: *mut pg_sys::DestReceiver,
) -> bool {
    // SAFETY: the executor gives a row, and the receiver that `run` has given it.
    unsafe {
        pg_sys::slot_getallattrs(slot);
        (*receiver.cast::<Counter>()).rows += 1;
    }
    true
}
