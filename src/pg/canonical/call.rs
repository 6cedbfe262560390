//! What is particular to calls of the functions of validations: requests, and what is kept between calls.

use migrator_model::canonical::request::TargetRequest;
use pgrx::{PgMemoryContexts, datum::Internal, pg_sys};

use super::varlena;
use crate::{
    error::{Error, Result},
    pg::call::Call,
};

/// The server's ERROR when recursion went too deep.
pub fn check_stack_depth() {
    // Unit tests have no server.
    if !cfg!(test) {
        // SAFETY: only raises an ERROR.
        unsafe { pg_sys::check_stack_depth() };
    }
}

/// What the functions of validations need of a call.
impl<'c> Call<'c> {
    /// An argument of type text as a request.
    pub fn request(&self, at: usize) -> Result<TargetRequest> {
        let argument = self.arguments().get(at).filter(|argument| !argument.isnull);
        let argument =
            argument.ok_or_else(|| Error::new("22004", "the request must not be NULL"))?;
        // SAFETY: the functions are declared with a text there.
        unsafe { varlena::with_payload(argument.value, parse) }
    }

    /// The state of an aggregate that is an argument.
    ///
    /// # Safety
    /// It must be NULL or made by [`Self::keep_in_aggregate`] with the same `T`.
    #[inline]
    pub unsafe fn state<T>(&self, at: usize) -> Option<&'c mut T> {
        let argument = self.arguments().get(at).filter(|argument| !argument.isnull)?;
        // SAFETY: by the caller.
        unsafe { argument.value.cast_mut_ptr::<T>().as_mut() }
    }

    /// Where an aggregate keeps what a group needs. A call that no aggregate makes is an error.
    pub fn aggregate_context(&self) -> Result<pg_sys::MemoryContext> {
        let mut context = std::ptr::null_mut();
        // SAFETY: asks who has made the call.
        match unsafe { pg_sys::AggCheckCallContext(self.raw(), &mut context) } {
            0 => Err(Error::new("55000", "no aggregate is running")
                .detail("The function is a part of migrator.digest().")),
            _ => Ok(context),
        }
    }

    /// Keeps a value for as long as the aggregate's group lasts.
    pub fn keep_in_aggregate<T>(&self, value: T) -> Result<&'c mut T> {
        let mut context = PgMemoryContexts::For(self.aggregate_context()?);
        // SAFETY: the server's own context for states; the value is dropped with what it holds.
        Ok(unsafe { &mut *context.leak_and_drop_on_delete(value) })
    }

    /// What the first call of an expression has made from its first argument, for all its calls: it
    /// has to be the same for all.
    ///
    /// # Safety
    /// Every call of one function must ask for the same `T`.
    #[inline]
    pub unsafe fn kept<T>(&self, make: impl FnOnce() -> Result<T>) -> Result<&'c mut T> {
        // SAFETY: the server has set up the function; what is kept there is of the caller's type.
        unsafe {
            let function = (*self.raw()).flinfo;
            if (*function).fn_extra.is_null() {
                if !pg_sys::get_fn_expr_arg_stable(function, 0) {
                    return Err(Error::new("22023", "the request must be a constant"));
                }
                let mut context = PgMemoryContexts::For((*function).fn_mcxt);
                (*function).fn_extra = context.leak_and_drop_on_delete(make()?).cast();
            }
            Ok(&mut *(*function).fn_extra.cast::<T>())
        }
    }
}

/// The state of an aggregate as the server hands it on.
#[inline]
pub fn handed_on<T>(state: &mut T) -> Internal {
    Internal::from(Some(pg_sys::Datum::from(std::ptr::from_mut(state))))
}

fn parse(text: &[u8]) -> Result<TargetRequest> {
    serde_json::from_slice(text).map_err(|error| {
        let reason = error.to_string().replace('`', "\"");
        Error::new("22023", "invalid request").detail(format!("{reason}."))
    })
}
