//! What helps against a value that cannot be carried, where rows are read and not loaded: a load
//! has options that these have not.

use crate::error::Error;

/// How rows are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// By a function: the caller says the types and the query.
    Function,
    /// By a foreign table.
    ForeignTable,
}

/// The reader's error with a HINT that fits. The reader knows loads, and names their options.
pub fn of(error: Error, reading: Reading) -> Error {
    let hint = error.hint_text().unwrap_or_default();
    let nul_byte = hint.contains("options.nul_bytes");
    if !nul_byte && !hint.contains("on_error =>") {
        return error;
    }
    error.hint(match (reading, nul_byte) {
        (Reading::Function, true) => "Take the NUL bytes out in a query, by read_query().",
        (Reading::Function, false) => {
            "Give the column another type, or convert or leave out such values in a query, by read_query()."
        }
        (Reading::ForeignTable, true) => {
            "Say what to do with NUL bytes by the table's option nul_bytes: strip, or replace:<text>."
        }
        (Reading::ForeignTable, false) => {
            "Give the column another type, or the table the option query, which converts or leaves out such values; a loss is accepted by the table's option on_lossy 'accept'."
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_loads_are_not_named() {
        let bad = Error::new("22000", "value would lose digits below the microsecond");
        let set_aside = bad.clone().hint("Set such rows aside with on_error => 'reject'.");
        let hint = |error: Error| error.hint_text().map(str::to_owned).unwrap_or_default();
        assert!(hint(of(set_aside, Reading::Function)).contains("read_query()"));
        let nul = bad.clone().hint("Say what to do with NUL bytes by options.nul_bytes: strip.");
        assert!(hint(of(nul, Reading::ForeignTable)).contains("option nul_bytes"));
        assert_eq!(of(bad.clone(), Reading::Function), bad);
    }
}
