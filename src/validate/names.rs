//! The names of all checks.

/// How many rows there are.
pub const ROW_COUNT: &str = "row_count_match";
/// The checksum of a column.
pub const COLUMN_CHECKSUM: &str = "column_checksum";
/// The checksum of whole rows.
pub const ROW_CHECKSUM: &str = "row_checksum";
/// Rows of the source that the target has not.
pub const MISSING: &str = "missing_in_target";
/// Rows of the target that the source has not.
pub const EXTRA: &str = "extra_in_target";
/// Rows with the same key and other values.
pub const CHANGED: &str = "value_mismatch";
/// Rows that one side has more often than the other.
pub const DUPLICATE: &str = "duplicate_key";

/// Every check that a validation of a table may make.
pub const ALL: &[&str] = &[
    // schema
    "table_exists",
    "columns_match_set",
    "columns_match_order",
    "data_type_match",
    "nullability_match",
    "default_match",
    "primary_key_match",
    "unique_match",
    "foreign_key_match",
    "check_constraint_match",
    "generated_column_match",
    "enum_labels_match",
    "collation_match",
    "comment_match",
    "index_parity",
    "view_parity",
    "identifier_truncation",
    "identifier_case_collision",
    // volume
    ROW_COUNT,
    // profile
    "null_count_match",
    "empty_string_count_match",
    "string_length_sum_match",
    "true_count_match",
    "nan_infinity_match",
    "negative_zero_match",
    "min_match",
    "max_match",
    // content
    COLUMN_CHECKSUM,
    ROW_CHECKSUM,
    MISSING,
    EXTRA,
    CHANGED,
    DUPLICATE,
    // fidelity
    "null_for_empty",
    "trailing_whitespace_match",
    "case_drift",
    "unicode_normalization_drift",
    "numeric_precision_loss",
    "float_precision_loss",
    "timestamp_precision_loss",
    "timezone_shift",
    "srid_match",
    "consented_loss",
    // integrity
    "orphaned_records",
    "not_null",
    "unique",
    "unique_combination",
    "accepted_values",
    "accepted_range",
    "check_violation",
    "sequence_ahead_of_max",
    "identity_overflow_margin",
    "fk_index_coverage",
    "duplicate_index",
    "index_valid",
    "constraint_validated",
    "missing_primary_key",
    "vector_dimension_uniform",
    "vector_non_finite",
    "vector_zero_norm",
    "statistics_fresh",
    // physical
    "heap_verify",
    "btree_verify",
];
