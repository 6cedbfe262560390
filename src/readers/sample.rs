//! The queries of ANALYZE: how many rows a foreign table has, and some of them at random.
//!
//! DuckDB samples on its way through the rows, so that they keep their order and none is held.

use migrator_model::{Field, ident::quote};

use super::{plan::Fill, pushdown::RemoteTable};

/// DuckDB takes or skips whole vectors, 2,048 rows, of the row groups of a large table. So many times
/// the wanted rows are looked at: rows that lie together, as those of one order do, are alike.
const LOOKED_AT: f64 = 50.0;

/// All columns of a foreign table: what a query gives, and where each attribute comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    list: String,
    /// The query's columns.
    pub columns: Vec<Field>,
    /// For each attribute.
    pub fills: Vec<Fill>,
}

impl Whole {
    /// The columns of this table.
    pub fn of(table: &RemoteTable) -> Self {
        let (mut list, mut columns, mut fills) = (Vec::new(), Vec::new(), Vec::new());
        for column in &table.columns {
            let Some(column) = column else {
                fills.push(Fill::Nothing);
                continue;
            };
            fills.push(Fill::Column(columns.len()));
            list.push(quote(&column.name));
            columns.push(Field { name: column.name.clone(), logical: column.logical.clone() });
        }
        let list = if list.is_empty() { "NULL".to_owned() } else { list.join(", ") };
        Self { list, columns, fills }
    }

    /// About `wanted` of `rows` rows. `has_row_groups`: it is a table of a database.
    pub fn sample(
        &self,
        table: &RemoteTable,
        rows: u64,
        wanted: u64,
        has_row_groups: bool,
    ) -> String {
        let (list, from) = (&self.list, &table.from);
        if rows <= wanted {
            return format!("SELECT {list} FROM {from} AS r1");
        }
        let (rows, wanted) = (rows as f64, aim(wanted as f64));
        let looked_at = wanted * LOOKED_AT;
        match has_row_groups && looked_at < rows / 2.0 {
            true => format!(
                "SELECT * FROM (SELECT {list} FROM {from} AS r1 TABLESAMPLE system({} PERCENT)) TABLESAMPLE bernoulli({} PERCENT)",
                percent(looked_at / rows),
                percent(1.0 / LOOKED_AT)
            ),
            false => format!(
                "SELECT {list} FROM {from} AS r1 TABLESAMPLE bernoulli({} PERCENT)",
                percent(wanted / rows)
            ),
        }
    }
}

/// How many rows there are.
pub fn count(table: &RemoteTable) -> String {
    format!("SELECT count(*) FROM {} AS r1", table.from)
}

/// A little fewer than wanted: the number varies, and those too many would all be the last ones.
fn aim(wanted: f64) -> f64 {
    (wanted - 3.0 * wanted.sqrt()).max(1.0)
}

fn percent(fraction: f64) -> String {
    format!("{:.9}", fraction * 100.0)
}

#[cfg(test)]
mod tests {
    use migrator_model::{LogicalType, PgType};

    use super::*;
    use crate::readers::pushdown::RemoteColumn;

    fn table() -> RemoteTable {
        let column = RemoteColumn {
            name: "a\"b".into(),
            logical: LogicalType::Integer,
            pg: PgType::Int4,
            collated: false,
            not_null: false,
            altered: false,
            bounds: None,
        };
        RemoteTable { from: "main.\"t\"".into(), columns: vec![None, Some(column)] }
    }

    #[test]
    fn a_small_table_is_read_as_a_whole() {
        let whole = Whole::of(&table());
        assert_eq!(whole.fills, [Fill::Nothing, Fill::Column(0)]);
        let sql = whole.sample(&table(), 30_000, 30_000, true);
        assert_eq!(sql, "SELECT \"a\"\"b\" FROM main.\"t\" AS r1");
        let none = RemoteTable { columns: Vec::new(), ..table() };
        assert!(Whole::of(&none).sample(&none, 1, 9, true).starts_with("SELECT NULL FROM"));
    }

    #[test]
    fn of_a_large_one_vectors_are_skipped() {
        let whole = Whole::of(&table());
        let sql = whole.sample(&table(), 60_000_000, 30_000, true);
        assert!(sql.contains("AS r1 TABLESAMPLE system(2.456"), "{sql}");
        assert!(sql.ends_with("TABLESAMPLE bernoulli(2.000000000 PERCENT)"), "{sql}");
        let sql = whole.sample(&table(), 60_000_000, 30_000, false);
        assert!(sql.contains("AS r1 TABLESAMPLE bernoulli(0.0491"), "{sql}");
        let sql = whole.sample(&table(), 2_000_000, 30_000, true);
        assert!(!sql.contains("system"), "{sql}");
    }
}
