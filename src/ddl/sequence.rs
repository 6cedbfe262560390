//! Sequences, where they stand, and the columns that own them.

use migrator_model::{Ident, QualifiedName, catalog::Sequence, ident::literal};

use super::{Kind, Statement, Untranslatable};

/// CREATE SEQUENCE. Every number is spelled, because DuckDB's and PostgreSQL's defaults differ.
pub fn create_sequence(
    name: &QualifiedName,
    sequence: &Sequence,
) -> Result<Statement, Untranslatable> {
    let Sequence { start, min, max, increment, cycle, .. } = sequence;
    if *increment == 0 || min >= max || start < min || start > max {
        return Err(Untranslatable::new("the sequence has bounds that PostgreSQL does not accept"));
    }
    let cycle = if *cycle { "CYCLE" } else { "NO CYCLE" };
    let sql = format!(
        "CREATE SEQUENCE {} AS bigint INCREMENT BY {increment} MINVALUE {min} MAXVALUE {max} \
         START WITH {start} {cycle}",
        name.quoted()
    );
    Ok(Statement::new(Kind::Sequence, what(name), sql))
}

/// Moves a sequence to the last value it handed out; None when it never handed out one.
pub fn setval(name: &QualifiedName, sequence: &Sequence) -> Option<Statement> {
    let last = sequence.last_value?;
    let sql = format!("SELECT pg_catalog.setval({}, {last}, true)", regclass(name));
    Some(Statement::new(Kind::Setval, format!("value of {}", what(name)), sql))
}

/// ALTER SEQUENCE … OWNED BY, for the sequence in the default of exactly this column.
pub fn owned_by(sequence: &QualifiedName, table: &QualifiedName, column: &Ident) -> Statement {
    let (column, what) = (column.quoted(), format!("owner of {}", what(sequence)));
    let sql = format!("ALTER SEQUENCE {} OWNED BY {}.{column}", sequence.quoted(), table.quoted());
    Statement::new(Kind::OwnedBy, what, sql)
}

/// The name as a constant of type regclass.
pub(super) fn regclass(name: &QualifiedName) -> String {
    format!("{}::pg_catalog.regclass", literal(&name.quoted()))
}

fn what(name: &QualifiedName) -> String {
    format!("sequence {}", name.name.quoted())
}

#[cfg(test)]
mod tests {
    use super::*;
    use migrator_model::SourceName;

    fn countdown(last_value: Option<i64>) -> Sequence {
        Sequence {
            name: SourceName { schema: None, name: "count'down".into() },
            start: 1000,
            min: -100_000,
            max: 1000,
            increment: -5,
            cycle: true,
            last_value,
            comment: None,
        }
    }

    fn name() -> QualifiedName {
        QualifiedName::parse("s.\"count'down\"").unwrap()
    }

    #[test]
    fn every_number_is_spelled() {
        assert_eq!(
            create_sequence(&name(), &countdown(None)).unwrap().sql,
            "CREATE SEQUENCE \"s\".\"count'down\" AS bigint INCREMENT BY -5 MINVALUE -100000 \
             MAXVALUE 1000 START WITH 1000 CYCLE"
        );
    }

    #[test]
    fn a_sequence_stands_where_it_stood() {
        assert_eq!(setval(&name(), &countdown(None)), None);
        assert_eq!(
            setval(&name(), &countdown(Some(995))).unwrap().sql,
            "SELECT pg_catalog.setval('\"s\".\"count''down\"'::pg_catalog.regclass, 995, true)"
        );
    }

    #[test]
    fn bounds_that_make_no_range_are_refused() {
        let sequence = Sequence { min: 1000, ..countdown(None) };
        assert!(create_sequence(&name(), &sequence).is_err());
    }

    #[test]
    fn a_column_owns_its_sequence() {
        let table = QualifiedName::parse("s.t").unwrap();
        let statement = owned_by(&name(), &table, &Ident::new("Id").unwrap());
        assert_eq!(
            statement.sql,
            "ALTER SEQUENCE \"s\".\"count'down\" OWNED BY \"s\".\"t\".\"Id\""
        );
    }
}
