//! The target's side of a comparison: queries over a relation, run with the caller's rights, the
//! snapshot of the calling statement and the server's own plans.

use migrator_model::{
    Ident,
    canonical::{
        Kind,
        request::{By, Digested, Hash, Partition, RowCells, RowHash, TargetRequest},
    },
    ident::literal,
};

use super::range;
use crate::{
    error::{Error, Result},
    pg::{guc, spi, types},
};

/// A relation, and what of it is compared.
#[derive(Clone, Debug)]
pub struct Side {
    relation: String,
    columns: Vec<Column>,
    filter: Option<String>,
    /// The schema that knows geometries, where there are any.
    postgis: Option<Ident>,
}

/// A column of it.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name, quoted.
    pub name: String,
    /// What its values mean.
    pub kind: Kind,
    /// Whether it is a geometry, which counts as its ISO WKB.
    pub is_geometry: bool,
}

/// So many columns are arguments; more are in a record. A function takes 100 arguments.
const MAX_ARGUMENTS: usize = 90;

impl Side {
    /// Columns of a relation, whose name is qualified and quoted, in the order of both sides. The
    /// filter is a predicate in PostgreSQL's SQL.
    pub fn new(relation: String, columns: Vec<Column>, filter: Option<String>) -> Result<Self> {
        let postgis = match columns.iter().any(|column| column.is_geometry) {
            true => types::environment()?.postgis,
            false => None,
        };
        Ok(Self { relation, columns, filter, postgis })
    }

    /// How many rows there are.
    pub fn count(&self) -> Result<i64> {
        self.counted(None)
    }

    fn counted(&self, condition: Option<&str>) -> Result<i64> {
        let sql = format!("SELECT pg_catalog.count(*)::pg_catalog.text{}", self.source(condition));
        let counted = only(&sql)?;
        let text = str::from_utf8(&counted).ok();
        text.and_then(|text| text.parse().ok()).ok_or_else(|| unreadable("a count"))
    }

    /// How many geometries of a column have another SRID.
    pub fn count_other_srids(&self, column: &Ident, srid: i32) -> Result<i64> {
        let schema = self.postgis.as_ref().map(|schema| format!("{}.", schema.quoted()));
        let (schema, column) = (schema.unwrap_or_default(), column.quoted());
        let other = format!("{schema}st_srid({column}) OPERATOR(pg_catalog.<>) {srid}");
        self.counted(Some(&other))
    }

    /// The sums and profiles of all rows.
    pub fn sums(&self, partition: Option<&Partition>) -> Result<Digested> {
        let request = TargetRequest { partition: partition.cloned(), ..self.request() };
        let call = self.call("digest", &request)?;
        let sql = format!("SELECT {call}{}", self.source(None));
        let digested: Digested =
            serde_json::from_slice(&only(&sql)?).map_err(|_| unreadable("a digest"))?;
        // Without rows the server has not said how many columns or parts there are.
        let mut all = Digested::empty(self.columns.len(), partition.map_or(0, Partition::parts));
        all.merge(&digested);
        Ok(all)
    }

    /// The hashes of the rows in some parts, in no order. `each` must not touch the database.
    pub fn rows(
        &self,
        partition: &Partition,
        parts: &[u32],
        each: &mut dyn FnMut(RowHash) -> Result<()>,
    ) -> Result<()> {
        if parts.is_empty() {
            return Ok(());
        }
        let request = TargetRequest {
            partition: Some(partition.clone()),
            parts: parts.to_vec(),
            ..self.request()
        };
        let condition = self.condition(partition, parts);
        let sql = self.chosen(&self.call("row_hash", &request)?, condition.as_deref());
        stream(&sql, &mut |bytes| {
            each(RowHash::from_bytes(bytes).ok_or_else(|| unreadable("a row's hash"))?)
        })
    }

    /// The values of the rows with some keys.
    pub fn cells(
        &self,
        partition: &Partition,
        keys: &[Hash],
        whole: bool,
    ) -> Result<Vec<RowCells>> {
        let mut cells = Vec::new();
        if keys.is_empty() {
            return Ok(cells);
        }
        let request = TargetRequest {
            partition: Some(partition.clone()),
            keys: keys.to_vec(),
            whole,
            ..self.request()
        };
        let sql = self.chosen(&self.call("row_cells", &request)?, None);
        stream(&sql, &mut |bytes| {
            cells.push(serde_json::from_slice(bytes).map_err(|_| unreadable("a row"))?);
            Ok(())
        })?;
        Ok(cells)
    }

    fn request(&self) -> TargetRequest {
        let kinds = self.columns.iter().map(|column| column.kind.clone()).collect();
        TargetRequest { kinds, ..TargetRequest::default() }
    }

    /// A call of one of our functions.
    fn call(&self, function: &str, request: &TargetRequest) -> Result<String> {
        let request = serde_json::to_string(request).map_err(|_| unreadable("a request"))?;
        let request = literal(&request);
        let columns: Vec<_> = self.columns.iter().map(|column| self.expression(column)).collect();
        let columns = match columns.len() {
            1..=MAX_ARGUMENTS => columns.join(", "),
            _ => format!("ROW({})", columns.join(", ")),
        };
        Ok(format!("migrator.{function}({request}::pg_catalog.text, {columns})"))
    }

    fn expression(&self, column: &Column) -> String {
        let name = &column.name;
        match &self.postgis {
            Some(schema) if column.is_geometry => {
                format!("{}.st_asbinary({name}, 'NDR')", schema.quoted())
            }
            _ => name.clone(),
        }
    }

    /// A condition for the rows with this hash, by a key of these columns. All rows are one part: a
    /// hash is the same however they are divided.
    pub fn has_hash(&self, key: &[usize], row: RowHash) -> Result<String> {
        let partition = Some(Partition { key: key.to_vec(), by: By::Hash(1) });
        let request = TargetRequest { partition, parts: vec![0], ..self.request() };
        let bytes: String = row.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let call = self.call("row_hash", &request)?;
        Ok(format!("{call} OPERATOR(pg_catalog.=) '\\x{bytes}'::pg_catalog.bytea"))
    }

    /// The rows that a call chooses: those for which it is not NULL.
    fn chosen(&self, call: &str, condition: Option<&str>) -> String {
        // The server runs the call for all rows in the condition, and again for those few that it
        // lets through. IS NOT NULL would make it believe that these are nearly all, which speaks
        // against workers.
        let source = self.source(condition);
        format!(
            "SELECT q.h FROM (SELECT {call} AS h{source}) q WHERE pg_catalog.num_nonnulls(q.h) = 1"
        )
    }

    fn source(&self, condition: Option<&str>) -> String {
        // A comment at the end of the filter ends with its line.
        let conditions = self.filter.as_deref().into_iter().chain(condition);
        let conditions: Vec<_> = conditions.map(|one| format!("({one}\n)")).collect();
        match conditions.is_empty() {
            true => format!(" FROM {}", self.relation),
            false => format!(" FROM {} WHERE {}", self.relation, conditions.join(" AND ")),
        }
    }

    /// What an index can say about the wanted parts.
    fn condition(&self, partition: &Partition, parts: &[u32]) -> Option<String> {
        let By::Cuts(cuts) = &partition.by else { return None };
        let column = self.columns.get(*partition.key.first()?)?;
        range::condition(&column.name, &column.kind, cuts, parts)
    }
}

/// Runs a query; compiling it would take longer than it saves.
fn stream(sql: &str, each: &mut spi::Each<'_>) -> Result<()> {
    guc::with("jit", "off", || spi::stream_of_before(sql, each))
}

/// The only value of a query.
fn only(sql: &str) -> Result<Vec<u8>> {
    let mut value = None;
    stream(sql, &mut |bytes| {
        value = Some(bytes.to_vec());
        Ok(())
    })?;
    value.ok_or_else(|| unreadable("no row"))
}

#[cold]
fn unreadable(what: &str) -> Error {
    Error::new("XX000", format!("{what} could not be read"))
}

#[cfg(test)]
mod tests {
    use migrator_model::canonical::profile::canonical;

    use super::*;

    fn column(name: &str, kind: Kind) -> Column {
        Column { name: name.into(), kind, is_geometry: false }
    }

    fn side(columns: Vec<Column>, filter: Option<&str>) -> Side {
        Side {
            relation: "public.\"T\"".into(),
            columns,
            filter: filter.map(str::to_owned),
            postgis: Ident::new("gis").ok(),
        }
    }

    #[test]
    fn a_geometry_is_compared_as_wkb() {
        let shape = Column { is_geometry: true, ..column("\"g\"", Kind::Bytes) };
        let side = side(vec![column("\"a\"", Kind::Text), shape], None);
        let call = side.call("digest", &side.request()).unwrap();
        assert!(call.ends_with("::pg_catalog.text, \"a\", \"gis\".st_asbinary(\"g\", 'NDR'))"));
    }

    #[test]
    fn many_columns_and_none_are_a_record() {
        let call = |count: usize| {
            let side = side(vec![column("c", Kind::Bool); count], None);
            side.call("digest", &TargetRequest::default()).unwrap()
        };
        assert!(call(90).ends_with(", c, c)"));
        assert!(call(91).ends_with(", c, c))"));
        assert!(call(0).ends_with(", ROW())"));
    }

    #[test]
    fn a_key_with_cuts_restricts_the_rows() {
        let side = side(vec![column("b", Kind::Text), column("k", Kind::Integer)], Some("x --"));
        let cuts = By::Cuts(vec![vec![canonical(|c| c.integer(5))]].into());
        let condition = side.condition(&Partition { key: vec![1], by: cuts.clone() }, &[1]);
        assert_eq!(
            side.source(condition.as_deref()),
            " FROM public.\"T\" WHERE (x --\n) AND ((k >= '5'::pg_catalog.int8)\n)"
        );
        assert_eq!(side.condition(&Partition { key: vec![0], by: cuts }, &[1]), None);
        let hashed = Partition { key: vec![1], by: By::Hash(4) };
        assert_eq!(side.condition(&hashed, &[1]), None);
    }
}
