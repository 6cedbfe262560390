//! `read_describe()`: the columns of a table or query as a column definition list.

use std::collections::HashMap;

use migrator_model::{
    Field, Ident, LogicalType, PgType, QualifiedName, SourceName,
    catalog::{Column, Table},
    layout::{Attribute, Target},
    pg_type::Environment,
    policy::{Losses, NulBytes, OnError},
    protocol::{Scan, ScanColumn},
    rules::{self, Fidelity, Mapping},
};

use super::kept;
use crate::{
    database::column_names,
    error::{Error, Result},
    load,
    pg::{enums, quoting, types},
    source::{Event, Reader, named},
};

/// The list for a table or view of a source, or for a query. The data is looked at where it decides
/// about a type; where the default type would lose something the list has one that does not.
pub fn describe(source: &str, text: &str) -> Result<String> {
    let environment = &types::environment()?;
    let (fields, mappings) =
        kept::with_reader(&named::resolve(source)?, |reader| match SourceName::parse(text) {
            Ok(name) => of_table(reader, &name, environment),
            Err(_) => of_query(reader, text, environment),
        })?;
    list(&fields, mappings, environment)
}

/// The list that the data was not looked at for: a hint.
pub fn by_types(fields: &[Field]) -> Result<String> {
    let environment = types::environment()?;
    let mapping = |field: &Field| rules::map(&field.logical, &environment, &Losses::default());
    list(fields, fields.iter().map(mapping).collect(), &environment)
}

type Described = (Vec<Field>, Vec<Mapping>);

fn of_table(
    reader: &mut Reader,
    name: &SourceName,
    environment: &Environment,
) -> Result<Described> {
    let table = reader.describe_readable(name)?;
    let mappings = load::mappings(reader, &table, environment)?;
    Ok((fields(&table), mappings))
}

/// The columns of a table.
pub fn fields(table: &Table) -> Vec<Field> {
    let field =
        |column: &Column| Field { name: column.name.clone(), logical: column.logical.clone() };
    table.columns.iter().map(field).collect()
}

fn of_query(reader: &mut Reader, query: &str, environment: &Environment) -> Result<Described> {
    let fields = reader.describe_query(query)?;
    let losses = match fields.iter().any(|f| rules::depends_on_data(&f.logical, environment)) {
        true => losses(reader, query, &fields, environment)?,
        false => Vec::new(),
    };
    let none = Losses::default();
    let mapping = |(at, field): (usize, &Field)| {
        rules::map(&field.logical, environment, losses.get(at).unwrap_or(&none))
    };
    let mappings = fields.iter().enumerate().map(mapping).collect();
    Ok((fields, mappings))
}

/// What the rows of a query would lose in the default types, for each column.
fn losses(
    reader: &mut Reader,
    query: &str,
    fields: &[Field],
    environment: &Environment,
) -> Result<Vec<Losses>> {
    let attribute = |(at, field): (usize, &Field)| {
        let pg = rules::map(&field.logical, environment, &Losses::default()).pg;
        let looked_at = rules::depends_on_data(&field.logical, environment);
        Attribute {
            name: field.name.clone(),
            target: looked_at.then(|| Target::dry(&pg)),
            source: looked_at.then_some(at),
            not_null: false,
        }
    };
    let mut stream = reader.scan(Scan {
        table: query_name(),
        query: Some(query.to_owned()),
        columns: fields.iter().map(scan_column).collect(),
        filter: None,
        attributes: fields.iter().enumerate().map(attribute).collect(),
        on_error: OnError::Reject,
        nul_bytes: NulBytes::Error,
        accept_lossy: false,
        dry_run: true,
        pages: None,
        keep_order: false,
    })?;
    while let Some(event) = stream.next()? {
        if let Event::Rows = event {
            return Err(Error::new("08P01", "the reader process sent rows in a dry run"));
        }
    }
    Ok(stream.done()?.losses)
}

/// What messages call a query.
pub fn query_name() -> SourceName {
    SourceName { schema: None, name: "query".into() }
}

/// A column of a query as a scan wants it.
pub fn scan_column(field: &Field) -> ScanColumn {
    ScanColumn {
        name: field.name.clone(),
        field: None,
        logical: field.logical.clone(),
        normalize: false,
    }
}

/// `id integer, name text`: for AS t(…). Names are cut and numbered as those of new tables are.
fn list(fields: &[Field], mappings: Vec<Mapping>, environment: &Environment) -> Result<String> {
    refuse_unsupported(fields, &mappings)?;
    let names: Vec<_> = fields.iter().map(|field| field.name.clone()).collect();
    let mut types: Vec<_> =
        fields.iter().zip(mappings).map(|(f, mapping)| lossless(&f.logical, mapping)).collect();
    if types.iter().any(|pg| matches!(pg.innermost(), PgType::Enum { .. })) {
        let known = enums::in_search_path()?;
        types.iter_mut().for_each(|pg| name_enums(pg, &known));
    }
    let line = |(name, pg)| format!("{} {}", quoting::name(name), type_sql(pg, environment));
    let lines: Vec<_> = column_names(&names)?.iter().zip(&types).map(line).collect();
    Ok(lines.join(", "))
}

fn refuse_unsupported(fields: &[Field], mappings: &[Mapping]) -> Result<()> {
    let unsupported = fields.iter().zip(mappings).filter_map(|(field, mapping)| {
        let is_it = mapping.fidelity == Fidelity::Unsupported;
        is_it.then(|| format!("Column \"{}\": {}.", field.name, mapping.note))
    });
    match unsupported.collect::<Vec<_>>() {
        lines if lines.is_empty() => Ok(()),
        lines => Err(Error::new("0A000", "there are columns of unsupported types")
            .detail(lines.join("\n"))
            .hint("Cast or leave them out in a query, by read_query().")),
    }
}

/// The default type, or one that keeps what the default would lose.
fn lossless(logical: &LogicalType, mapping: Mapping) -> PgType {
    if mapping.fidelity != Fidelity::Lossy {
        return mapping.pg;
    }
    let mut others = [PgType::Json, PgType::Text].into_iter();
    others.find(|pg| rules::allows(logical, pg)).unwrap_or(mapping.pg)
}

/// Enum types that are here; a text holds the labels of others.
fn name_enums(pg: &mut PgType, known: &HashMap<Vec<String>, QualifiedName>) {
    match pg {
        PgType::Array(element) => name_enums(element, known),
        PgType::Enum { name, labels } if name.is_none() => match known.get(labels) {
            Some(found) => *name = Some(found.clone()),
            None => *pg = PgType::Text,
        },
        _ => {}
    }
}

fn type_sql(pg: &PgType, environment: &Environment) -> String {
    match pg {
        PgType::Array(element) => format!("{}[]", type_sql(element, environment)),
        PgType::Enum { name: Some(QualifiedName { schema: Some(schema), name }), .. } => {
            format!("{}.{}", quoting::name(schema), quoting::name(name))
        }
        vector if vector.is_vector() => in_schema(&environment.pgvector, pg),
        PgType::Geometry(_) => in_schema(&environment.postgis, pg),
        other => other.to_string(),
    }
}

fn in_schema(schema: &Option<Ident>, pg: &PgType) -> String {
    let schema = schema.as_ref().map(|schema| quoting::name(schema) + ".");
    format!("{}{pg}", schema.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enumeration() -> PgType {
        PgType::Enum { name: None, labels: vec!["a".into(), "b".into()] }
    }

    #[test]
    fn an_enum_is_a_type_that_is_here_or_a_text() {
        let mood = QualifiedName::new(Ident::new("public").unwrap(), Ident::new("mood").unwrap());
        let known = HashMap::from([(vec!["a".to_owned(), "b".to_owned()], mood.clone())]);
        let mut moods = PgType::Array(Box::new(enumeration()));
        name_enums(&mut moods, &known);
        assert!(
            matches!(moods.innermost(), PgType::Enum { name: Some(name), .. } if *name == mood)
        );
        let mut unknown = PgType::Array(Box::new(enumeration()));
        name_enums(&mut unknown, &HashMap::new());
        assert_eq!(unknown, PgType::Array(Box::new(PgType::Text)));
    }

    #[test]
    fn nothing_gets_lost_in_the_list() {
        let lossy = |pg| Mapping { pg, fidelity: Fidelity::Lossy, note: String::new() };
        let nanoseconds = lossless(&LogicalType::TimestampNs, lossy(PgType::Timestamp(None)));
        assert_eq!(nanoseconds, PgType::Text);
        assert_eq!(lossless(&LogicalType::Json, lossy(PgType::Jsonb)), PgType::Json);
        let exact = Mapping { fidelity: Fidelity::Exact, ..lossy(PgType::Jsonb) };
        assert_eq!(lossless(&LogicalType::Json, exact), PgType::Jsonb);
    }
}
