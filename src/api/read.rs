//! `read_table`, `read_query`, `read_describe`: rows of a source without loading them.

use pgrx::{pg_sys::panic::ErrorReport, prelude::*};

use super::{required, required_items};
use crate::{
    pg::{call::Call, record::RecordSet},
    readers::{
        describe,
        functions::{self, Wanted},
    },
};

/// The rows of a table or view of a source, under a column definition list.
#[pg_extern(sql = "
CREATE FUNCTION read_table(
    source text, table_name text, columns text[] DEFAULT NULL, filter text DEFAULT NULL)
RETURNS SETOF record
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL RESTRICTED COST 100000 ROWS 100000
    AS 'MODULE_PATHNAME', 'read_table_wrapper';
")]
fn read_table(
    source: Option<&str>,
    table_name: Option<&str>,
    columns: Option<Vec<Option<String>>>,
    filter: Option<&str>,
    call: Call<'_>,
) -> Result<(), ErrorReport> {
    let set = RecordSet::of(&call)?;
    let wanted = Wanted::Table {
        name: required(table_name, "table_name")?.to_owned(),
        columns: required_items(columns, "an element of columns")?,
        filter: filter.map(str::to_owned),
    };
    Ok(functions::read(required(source, "source")?, wanted, set)?)
}

/// The rows of a query in DuckDB's SQL, under a column definition list.
#[pg_extern(sql = "
CREATE FUNCTION read_query(source text, query text) RETURNS SETOF record
    LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL RESTRICTED COST 100000 ROWS 100000
    AS 'MODULE_PATHNAME', 'read_query_wrapper';
")]
fn read_query(
    source: Option<&str>,
    query: Option<&str>,
    call: Call<'_>,
) -> Result<(), ErrorReport> {
    let set = RecordSet::of(&call)?;
    let wanted = Wanted::Query(required(query, "query")?.to_owned());
    Ok(functions::read(required(source, "source")?, wanted, set)?)
}

/// The columns of a table or query as a column definition list.
#[pg_extern(sql = "
CREATE FUNCTION read_describe(source text, query text) RETURNS text
    LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED COST 100000
    AS 'MODULE_PATHNAME', 'read_describe_wrapper';
")]
fn read_describe(source: &str, query: &str) -> Result<String, ErrorReport> {
    Ok(describe::describe(source, query)?)
}
