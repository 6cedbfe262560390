//! A call of one of our functions by the server.

use std::marker::PhantomData;

use pgrx::{
    callconv::{Arg, ArgAbi},
    pg_sys,
    pgrx_sql_entity_graph::metadata::{
        ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
    },
};

/// The call that is running: an argument that SQL does not see. A function that takes it gets it from
/// the server, and nobody can make another.
#[derive(Clone, Copy)]
pub struct Call<'c> {
    raw: pg_sys::FunctionCallInfo,
    of: PhantomData<&'c pg_sys::FunctionCallInfoBaseData>,
}

impl<'c> Call<'c> {
    /// The server's own handle.
    #[inline]
    pub(super) fn raw(&self) -> pg_sys::FunctionCallInfo {
        self.raw
    }

    /// Its arguments.
    #[inline]
    pub fn arguments(&self) -> &'c [pg_sys::NullableDatum] {
        // SAFETY: the server has set up so many.
        unsafe { (*self.raw).args.as_slice((*self.raw).nargs.max(0) as usize) }
    }

    /// Its arguments from one on.
    #[inline]
    pub fn arguments_from(&self, first: usize) -> &'c [pg_sys::NullableDatum] {
        self.arguments().get(first..).unwrap_or_default()
    }

    /// The types of its arguments from one on, as they really are.
    pub fn types_from(&self, first: usize) -> Vec<pg_sys::Oid> {
        (first..self.arguments().len()).map(|at| self.type_of(at)).collect()
    }

    /// The type of an argument, as it really is.
    pub fn type_of(&self, at: usize) -> pg_sys::Oid {
        // SAFETY: the server has set up the call and its expression.
        unsafe { pg_sys::get_fn_expr_argtype((*self.raw).flinfo, at as i32) }
    }
}

// SAFETY: pgrx gives the call that is running, which lives as long as the function runs.
unsafe impl<'c> ArgAbi<'c> for Call<'c> {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'c>) -> Self {
        // SAFETY: by the caller; the argument is as virtual as this one.
        let raw = unsafe { <pg_sys::FunctionCallInfo as ArgAbi>::unbox_arg_unchecked(arg) };
        Self { raw, of: PhantomData }
    }

    fn is_virtual_arg() -> bool {
        true
    }
}

/// What pgrx knows of a call.
type Known = pg_sys::FunctionCallInfoBaseData;

// SAFETY: the same as for pgrx's own type of calls: SQL does not see it.
unsafe impl SqlTranslatable for Call<'_> {
    const TYPE_IDENT: &'static str = Known::TYPE_IDENT;
    const TYPE_ORIGIN: TypeOrigin = Known::TYPE_ORIGIN;
    const ARGUMENT_SQL: Result<SqlMappingRef, ArgumentError> = Known::ARGUMENT_SQL;
    const RETURN_SQL: Result<ReturnsRef, ReturnsError> = Known::RETURN_SQL;
}
