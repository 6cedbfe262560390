//! DuckDB's SQL for sqlparser: its own dialect, with RENAME in a star and with lambdas.

use std::any::TypeId;

use sqlparser::dialect::{Dialect, DuckDbDialect};

/// The dialect of the views in a DuckDB catalog.
#[derive(Debug)]
pub(super) struct ViewDialect;

impl Dialect for ViewDialect {
    // The parser asks for DuckDB by its type in some places.
    fn dialect(&self) -> TypeId {
        TypeId::of::<DuckDbDialect>()
    }

    fn is_identifier_start(&self, first: char) -> bool {
        DuckDbDialect.is_identifier_start(first)
    }

    fn is_identifier_part(&self, next: char) -> bool {
        DuckDbDialect.is_identifier_part(next)
    }

    fn identifier_quote_style(&self, _: &str) -> Option<char> {
        Some('"')
    }

    fn supports_select_wildcard_rename(&self) -> bool {
        true
    }

    // `lambda x: …`; the parser then takes `x -> …` for a lambda too, see `expression::lambdas`.
    fn supports_lambda_functions(&self) -> bool {
        true
    }

    fn supports_window_function_null_treatment_arg(&self) -> bool {
        true
    }

    fn supports_trailing_commas(&self) -> bool {
        true
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_bitwise_shift_operators(&self) -> bool {
        true
    }

    fn supports_named_fn_args_with_eq_operator(&self) -> bool {
        true
    }

    fn supports_named_fn_args_with_assignment_operator(&self) -> bool {
        true
    }

    fn supports_dictionary_syntax(&self) -> bool {
        true
    }

    fn support_map_literal_syntax(&self) -> bool {
        true
    }

    fn allow_extract_single_quotes(&self) -> bool {
        true
    }

    fn supports_array_typedef_with_brackets(&self) -> bool {
        true
    }

    fn supports_from_first_select(&self) -> bool {
        true
    }

    fn supports_order_by_all(&self) -> bool {
        true
    }

    fn supports_select_wildcard_exclude(&self) -> bool {
        true
    }

    fn supports_notnull_operator(&self) -> bool {
        true
    }

    fn supports_select_wildcard_replace(&self) -> bool {
        true
    }

    fn supports_comma_separated_trim(&self) -> bool {
        true
    }

    fn supports_numeric_literal_underscores(&self) -> bool {
        true
    }
}
