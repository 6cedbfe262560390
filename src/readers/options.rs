//! The options of foreign tables and their columns.

use migrator_model::{
    LogicalType, PgType, SourceName,
    pg_type::Environment,
    policy::{Losses, NulBytes},
    reject::shown,
    rules,
};

use crate::{
    error::{Error, Result},
    pg::foreign::option,
};

/// What a foreign table stands for at its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// A table or view.
    Table(SourceName),
    /// A query in DuckDB SQL.
    Query(String),
}

/// The options of a foreign table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableOptions {
    /// `schema_name` and `table_name`, or `query`.
    pub relation: Relation,
    /// `on_lossy` is `accept`.
    pub accept_lossy: bool,
    /// `nul_bytes`
    pub nul_bytes: NulBytes,
}

impl TableOptions {
    /// Reads the options of a foreign table of this name. The server has checked their names.
    pub fn parse(options: &[(String, String)], table: &str) -> Result<Self> {
        let option = |name: &str| option(options, name);
        let relation = match option("query") {
            Some(query) => Relation::Query(query.to_owned()),
            None => Relation::Table(SourceName {
                schema: Some(option("schema_name").unwrap_or("main").to_owned()),
                name: option("table_name").unwrap_or(table).to_owned(),
            }),
        };
        Ok(Self {
            relation,
            accept_lossy: on_lossy(option("on_lossy"))?,
            nul_bytes: nul_bytes(option("nul_bytes"))?,
        })
    }

    /// Whether a value of this type may be read as another than it is: then nothing but the reader
    /// may say what it is.
    pub fn alters(&self, logical: &LogicalType, pg: &PgType) -> bool {
        let changes_texts = self.nul_bytes != NulBytes::Error;
        changes_texts && logical.any(&holds_text) || self.accept_lossy && !keeps_all(logical, pg)
    }
}

fn holds_text(logical: &LogicalType) -> bool {
    use LogicalType as L;
    matches!(logical, L::Varchar | L::Json | L::Enum(_) | L::Variant | L::Unknown(_))
}

/// Whether no value loses anything: so much is certain of default types without losses only.
fn keeps_all(logical: &LogicalType, pg: &PgType) -> bool {
    let has_none = rules::rule(logical).is_some_and(|rule| rule.losses.is_empty());
    let default = rules::map(logical, &Environment::default(), &Losses::default()).pg;
    has_none && std::mem::discriminant(&default) == std::mem::discriminant(pg) && is_wide(pg)
}

/// Whether a type has no modifier that takes something away, or only numeric's, which refuses what
/// does not fit.
fn is_wide(pg: &PgType) -> bool {
    use PgType as P;
    let narrow = [P::Time(None), P::TimeTz(None), P::Timestamp(None), P::TimestampTz(None)];
    let is_time = narrow.iter().any(|t| std::mem::discriminant(t) == std::mem::discriminant(pg));
    !is_time || narrow.contains(pg)
}

/// Whether a loss is accepted.
fn on_lossy(text: Option<&str>) -> Result<bool> {
    match text {
        None | Some("error") => Ok(false),
        Some("accept") => Ok(true),
        Some(other) => Err(not_one_of("on_lossy", other, "error, accept")),
    }
}

/// What becomes of NUL bytes. There are no rejects where rows are only read.
fn nul_bytes(text: Option<&str>) -> Result<NulBytes> {
    match text {
        None | Some("error") => Ok(NulBytes::Error),
        Some("strip") => Ok(NulBytes::Strip),
        Some(other) => match other.strip_prefix("replace:") {
            Some(with) => Ok(NulBytes::Replace(with.to_owned())),
            None => Err(not_one_of("nul_bytes", other, "error, strip, replace:<text>")),
        },
    }
}

fn not_one_of(option: &str, value: &str, possible: &str) -> Error {
    Error::new("22023", format!("invalid value for option \"{option}\": \"{}\"", shown(value)))
        .hint(format!("Possible values are: {possible}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(options: &[(&str, &str)]) -> Result<TableOptions> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        TableOptions::parse(&options.iter().map(owned).collect::<Vec<_>>(), "orders")
    }

    #[test]
    fn a_table_is_main_s_of_its_own_name() {
        let relation = |options| parsed(options).unwrap().relation;
        let table = |schema: &str, name: &str| {
            Relation::Table(SourceName { schema: Some(schema.into()), name: name.into() })
        };
        assert_eq!(relation(&[]), table("main", "orders"));
        assert_eq!(relation(&[("schema_name", "a.b"), ("table_name", "T")]), table("a.b", "T"));
        assert_eq!(relation(&[("query", "FROM t")]), Relation::Query("FROM t".into()));
    }

    #[test]
    fn what_may_be_read_as_another_value_is_known() {
        use LogicalType as L;
        let strip = parsed(&[("nul_bytes", "strip")]).unwrap();
        assert!(strip.alters(&L::Varchar, &PgType::Text));
        assert!(!strip.alters(&L::Integer, &PgType::Int4));
        let accept = parsed(&[("on_lossy", "accept")]).unwrap();
        assert!(accept.alters(&L::Double, &PgType::Float4));
        assert!(accept.alters(&L::Timestamp, &PgType::Timestamp(Some(3))));
        assert!(accept.alters(&L::TimestampNs, &PgType::Timestamp(None)));
        assert!(!accept.alters(&L::Timestamp, &PgType::Timestamp(None)));
        assert!(!accept.alters(&L::Double, &PgType::Float8));
        assert!(!parsed(&[]).unwrap().alters(&L::Double, &PgType::Float4));
    }

    #[test]
    fn values_are_checked() {
        let options = parsed(&[("on_lossy", "accept"), ("nul_bytes", "replace:?")]).unwrap();
        assert!(options.accept_lossy);
        assert_eq!(options.nul_bytes, NulBytes::Replace("?".into()));
        assert_eq!(parsed(&[("on_lossy", "maybe")]).unwrap_err().sqlstate(), "22023");
        assert_eq!(parsed(&[("nul_bytes", "reject")]).unwrap_err().sqlstate(), "22023");
    }
}
