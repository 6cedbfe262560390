//! The one table of type mapping rules: what each DuckDB type becomes, what else it may become,
//! and what that costs. The plan, the encoders' tests and README.md all read it.

mod nested;
mod scalar;
mod temporal;

use crate::{
    logical_type::LogicalType,
    pg_type::{Environment, PgType},
    policy::{Loss, Losses},
};

pub use nested::composite;

/// How much of a value's meaning its PostgreSQL type keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fidelity {
    /// Every value, and nothing but such values.
    Exact,
    /// Every value; the type would hold others too.
    Widened,
    /// Some values lose something.
    Lossy,
    /// No value can be carried.
    Unsupported,
}

impl Fidelity {
    /// The word users see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Widened => "widened",
            Self::Lossy => "lossy",
            Self::Unsupported => "unsupported",
        }
    }
}

/// One row of the table.
pub struct Rule {
    /// The DuckDB types, as README shows them.
    pub duckdb: &'static str,
    /// The default, as README shows it.
    pub postgres: &'static str,
    /// The types of this rule.
    pub applies: fn(&LogicalType) -> bool,
    /// The default type.
    pub default: fn(&LogicalType, &Environment) -> PgType,
    /// Other types that can be asked for, as README shows them; the default apart.
    pub alternatives: &'static str,
    /// Whether this type can be asked for.
    pub allows: fn(&LogicalType, &PgType) -> bool,
    /// The default's fidelity where nothing is lost.
    pub fidelity: Fidelity,
    /// What single values may lose under the default: looked for in the data.
    pub losses: &'static [Loss],
    /// What a user should know.
    pub note: &'static str,
}

/// Every rule, in README's order. The first that applies counts.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    scalar::RULES.iter().chain(temporal::RULES).chain(nested::RULES)
}

/// What one column becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The PostgreSQL type.
    pub pg: PgType,
    /// How well it fits.
    pub fidelity: Fidelity,
    /// Why, and what to ask for instead; empty when there is nothing to say.
    pub note: String,
}

/// The rule for a type; None for a type that no rule knows, or with such a type inside.
pub fn rule(logical: &LogicalType) -> Option<&'static Rule> {
    if logical.any(&|inner| matches!(inner, LogicalType::Unknown(_))) {
        return None;
    }
    rules().find(|rule| (rule.applies)(logical))
}

/// Whether the data decides what the type becomes, or whether it is lossy.
pub fn depends_on_data(logical: &LogicalType, environment: &Environment) -> bool {
    let Some(rule) = rule(logical) else { return false };
    match (rule.default)(logical, environment) {
        PgType::Array(_) => !rule.losses.is_empty() || logical.any(&has_losses),
        PgType::Vector(_) | PgType::Geometry(Some(_)) => true,
        PgType::Geometry(None) | PgType::Bytea => false,
        _ => !rule.losses.is_empty() && logical.any(&has_losses),
    }
}

/// Whether single values of exactly this type (not its children) may lose something.
fn has_losses(logical: &LogicalType) -> bool {
    let own = logical.children().is_empty();
    own && rule(logical).is_some_and(|rule| !rule.losses.is_empty())
}

/// What a column becomes by default, given what its values would lose under the default type.
pub fn map(logical: &LogicalType, environment: &Environment, losses: &Losses) -> Mapping {
    let Some(rule) = rule(logical) else {
        return unsupported(logical);
    };
    let pg = (rule.default)(logical, environment);
    if let Some(instead) = nested::instead(logical, &pg, losses) {
        return instead;
    }
    judge(logical, pg, losses)
}

/// How well a chosen type fits, given what the values lose in it.
pub fn judge(logical: &LogicalType, pg: PgType, losses: &Losses) -> Mapping {
    let Some(rule) = rule(logical) else {
        return unsupported(logical);
    };
    // What is no vector loses nothing: it is a bad value, unless the default type gives way to it.
    let lost = losses.iter().filter(|(loss, _)| *loss != Loss::NotAVector);
    let lost: Vec<_> = lost.map(|(loss, n)| format!("{n} values lose {loss}")).collect();
    if lost.is_empty() && matches!(pg.innermost(), PgType::Composite { .. }) {
        return Mapping { pg, fidelity: Fidelity::Exact, note: String::new() };
    }
    if lost.is_empty() {
        return Mapping { pg, fidelity: rule.fidelity, note: rule.note.to_owned() };
    }
    let note = format!("{}; ask for {}", lost.join(", "), rule.alternatives);
    Mapping { pg, fidelity: Fidelity::Lossy, note }
}

fn unsupported(logical: &LogicalType) -> Mapping {
    let note = format!("type {logical} is not known to this version");
    Mapping { pg: PgType::Text, fidelity: Fidelity::Unsupported, note }
}

/// Whether a value of this DuckDB type can be asked to become this PostgreSQL type.
pub fn allows(logical: &LogicalType, pg: &PgType) -> bool {
    rule(logical).is_some_and(|rule| (rule.allows)(logical, pg))
}

/// The types that can be asked for, as a list for people.
pub fn possible(logical: &LogicalType) -> String {
    rule(logical).map_or_else(String::new, |rule| match rule.alternatives {
        "" => rule.postgres.to_owned(),
        others => format!("{}, {others}", rule.postgres),
    })
}

/// The table as README shows it, in Markdown.
pub fn markdown() -> String {
    let head =
        "| DuckDB | PostgreSQL | fidelity | can be asked for | note |\n|---|---|---|---|---|\n";
    let row = |rule: &Rule| {
        let fidelity = match rule.losses {
            [] => rule.fidelity.as_str().to_owned(),
            _ => format!("{}, by the data", rule.fidelity.as_str()),
        };
        let Rule { duckdb, postgres, alternatives, note, .. } = rule;
        format!("| {duckdb} | {postgres} | {fidelity} | {alternatives} | {note} |\n")
    };
    rules().map(row).fold(head.to_owned(), |table, row| table + &row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ident;

    fn with_pgvector() -> Environment {
        Environment { pgvector: Some(Ident::new("public").unwrap()), postgis: None }
    }

    fn mapped(logical: &LogicalType) -> String {
        map(logical, &Environment::default(), &Losses::default()).pg.to_string()
    }

    #[test]
    fn integers_widen_to_the_next_signed_type() {
        assert_eq!(mapped(&LogicalType::UTinyInt), "smallint");
        assert_eq!(mapped(&LogicalType::UInteger), "bigint");
        assert_eq!(mapped(&LogicalType::UBigInt), "numeric(20,0)");
        assert_eq!(mapped(&LogicalType::HugeInt), "numeric(39,0)");
    }

    #[test]
    fn an_embedding_becomes_a_vector_where_pgvector_is() {
        let embedding = LogicalType::Array(Box::new(LogicalType::Float), 3);
        assert_eq!(mapped(&embedding), "real[]");
        let mut losses = Losses::default();
        let mapping = map(&embedding, &with_pgvector(), &losses);
        assert_eq!(mapping.pg, PgType::Vector(Some(3)));
        losses.count(Loss::NotAVector);
        let mapping = map(&embedding, &with_pgvector(), &losses);
        assert_eq!(mapping.pg.to_string(), "real[]");
        assert_eq!(mapping.fidelity, Fidelity::Exact);
    }

    #[test]
    fn lists_of_small_numbers_can_be_vectors_and_bits() {
        let list = |inner| LogicalType::List(Box::new(inner));
        let array = |inner| LogicalType::Array(Box::new(inner), 3);
        for pg in [PgType::Vector(None), PgType::HalfVec(Some(3)), PgType::SparseVec(None)] {
            for inner in [LogicalType::Double, LogicalType::TinyInt, LogicalType::UTinyInt] {
                assert!(allows(&list(inner.clone()), &pg) && allows(&array(inner), &pg), "{pg}");
            }
            assert!(!allows(&list(LogicalType::Integer), &pg) && !allows(&LogicalType::Bit, &pg));
            assert!(!allows(&list(list(LogicalType::Float)), &pg), "{pg}");
        }
        let bit = PgType::Bit(Some(3));
        for inner in [LogicalType::Boolean, LogicalType::TinyInt, LogicalType::UTinyInt] {
            assert!(allows(&list(inner.clone()), &bit) && allows(&array(inner), &bit));
        }
        assert!(allows(&LogicalType::Bit, &bit) && !allows(&list(LogicalType::Float), &bit));
        assert!(!allows(&list(LogicalType::Bit), &bit));
    }

    #[test]
    fn an_element_that_is_no_number_is_no_loss() {
        let (list, mut losses) =
            (LogicalType::List(Box::new(LogicalType::Double)), Losses::default());
        losses.count(Loss::NotAVector);
        assert_eq!(judge(&list, PgType::Vector(None), &losses).fidelity, Fidelity::Exact);
        losses.count(Loss::FloatPrecision);
        assert_eq!(judge(&list, PgType::Vector(None), &losses).fidelity, Fidelity::Lossy);
    }

    #[test]
    fn a_ragged_list_becomes_jsonb_and_loses_nothing() {
        let list = LogicalType::List(Box::new(LogicalType::List(Box::new(LogicalType::Integer))));
        assert_eq!(mapped(&list), "integer[]");
        let mut losses = Losses::default();
        losses.count(Loss::NotRectangular);
        let mapping = map(&list, &Environment::default(), &losses);
        assert_eq!(mapping.pg, PgType::Jsonb);
        assert_ne!(mapping.fidelity, Fidelity::Lossy);
    }

    #[test]
    fn nanoseconds_are_lossy_only_where_they_occur() {
        let mut losses = Losses::default();
        let environment = Environment::default();
        let fidelity = |losses: &_| map(&LogicalType::TimestampNs, &environment, losses).fidelity;
        assert_eq!(fidelity(&losses), Fidelity::Exact);
        losses.count(Loss::Nanoseconds);
        assert_eq!(fidelity(&losses), Fidelity::Lossy);
        assert!(depends_on_data(&LogicalType::TimestampNs, &environment));
        assert!(!depends_on_data(&LogicalType::Timestamp, &environment));
    }

    #[test]
    fn a_list_of_one_level_needs_no_look_at_the_data() {
        let environment = Environment::default();
        let list = |inner| LogicalType::List(Box::new(inner));
        assert!(!depends_on_data(&list(LogicalType::Integer), &environment));
        assert!(depends_on_data(&list(list(LogicalType::Integer)), &environment));
        assert!(depends_on_data(&list(LogicalType::TimeNs), &environment));
    }

    #[test]
    fn readme_shows_this_table() {
        let readme = include_str!("../../../../README.md");
        let hint = "print it with: cargo run -p migrator-model --example type_table";
        assert!(readme.contains(&markdown()), "{hint}");
    }

    #[test]
    fn an_unknown_type_inside_makes_the_whole_unsupported() {
        let list = LogicalType::List(Box::new(LogicalType::Unknown("FUTURE".into())));
        let mapping = map(&list, &Environment::default(), &Losses::default());
        assert_eq!(mapping.fidelity, Fidelity::Unsupported);
    }

    #[test]
    fn the_default_is_always_allowed() {
        for logical in crate::rules::tests_support::every_type() {
            let pg = (rule(&logical).unwrap().default)(&logical, &with_pgvector());
            assert!(allows(&logical, &pg), "{logical} -> {pg}");
        }
    }
}

/// One example of every type, for tests here and in the reader.
pub mod tests_support {
    use crate::{Field, LogicalType as L};

    /// One example of every logical type but [`L::Unknown`].
    pub fn every_type() -> Vec<L> {
        let field = |name: &str, logical| Field { name: name.into(), logical };
        let mut types = vec![
            L::Boolean,
            L::TinyInt,
            L::SmallInt,
            L::Integer,
            L::BigInt,
            L::UTinyInt,
            L::USmallInt,
            L::UInteger,
            L::UBigInt,
            L::HugeInt,
            L::UHugeInt,
            L::BigNum,
            L::Float,
            L::Double,
            L::Varchar,
            L::Json,
            L::Blob,
            L::Bit,
            L::Date,
            L::Time,
            L::TimeNs,
            L::TimeTz,
            L::Timestamp,
            L::TimestampS,
            L::TimestampMs,
            L::TimestampNs,
            L::TimestampTz,
            L::TimestampTzNs,
            L::Interval,
            L::Uuid,
            L::Variant,
            L::Null,
        ];
        types.extend([
            L::Decimal { width: 18, scale: 3 },
            L::Enum(vec!["a".into(), "b".into()]),
            L::List(Box::new(L::Integer)),
            L::Array(Box::new(L::Float), 3),
            L::List(Box::new(L::TinyInt)),
            L::List(Box::new(L::Double)),
            L::Array(Box::new(L::Boolean), 2),
            L::List(Box::new(L::Struct(vec![field("a", L::Date)]))),
            L::Struct(vec![field("a", L::Integer), field("b", L::Varchar)]),
            L::Tuple(vec![L::Integer, L::Varchar]),
            L::Map(Box::new(L::Varchar), Box::new(L::Integer)),
            L::Union(vec![field("num", L::Integer), field("str", L::Varchar)]),
            L::Geometry { crs: None },
        ]);
        types
    }
}
