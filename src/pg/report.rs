//! Our errors as the server's, and the server's as ours.

use pgrx::{
    PgSqlErrorCode,
    pg_sys::panic::{CaughtError, ErrorReport, ErrorReportable},
};

use crate::error::Error;

impl From<Error> for ErrorReport {
    fn from(error: Error) -> Self {
        let code = PgSqlErrorCode::from(packed(error.sqlstate()));
        let mut report = ErrorReport::new(code, error.message().to_owned(), "migrator");
        if let Some(detail) = error.detail_text() {
            report = report.set_detail(detail.to_owned());
        }
        match error.hint_text() {
            Some(hint) => report.set_hint(hint.to_owned()),
            None => report,
        }
    }
}

/// The value, or the server's ERROR: for callbacks of the server's, which return no Result.
pub fn or_raise<T>(result: crate::error::Result<T>) -> T {
    result.map_err(ErrorReport::from).unwrap_or_report()
}

/// MAKE_SQLSTATE: six bits a character, the first lowest.
fn packed(sqlstate: &str) -> i32 {
    let bits = |c: u8| i32::from(c.wrapping_sub(b'0') & 0x3f);
    sqlstate.bytes().take(5).enumerate().fold(0, |all, (at, c)| all | bits(c) << (6 * at))
}

fn unpacked(code: i32) -> String {
    (0..5).map(|at| char::from((code >> (6 * at) & 0x3f) as u8 + b'0')).collect()
}

/// An error of the server's that was caught in a subtransaction.
pub fn caught(error: &CaughtError) -> Error {
    let report = match error {
        CaughtError::PostgresError(report) | CaughtError::ErrorReport(report) => report,
        CaughtError::RustPanic { ereport, .. } => ereport,
    };
    let mut error = Error::new(&unpacked(report.sql_error_code() as i32), report.message());
    if let Some(detail) = report.detail() {
        error = error.detail(detail);
    }
    match report.hint() {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlstate_survives_packing() {
        for sqlstate in ["42P01", "22003", "XX001", "08P01", "58P01"] {
            assert_eq!(unpacked(packed(sqlstate)), sqlstate);
        }
    }
}
