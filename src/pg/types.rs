//! PostgreSQL's types, from its catalog into the model.

use migrator_model::{
    Ident, PgType, QualifiedName,
    layout::{Attribute, Inner, Physical, RowType, Target},
    pg_type::{Environment, GeometryForm},
};
use pgrx::{datum::DatumWithOid, pg_sys};
use serde::Deserialize;

use super::{compat, domain, relation::alignment, row_type, spi};
use crate::error::{Error, Result};

/// One row of pg_type, with the extension that the type belongs to.
#[derive(Deserialize)]
struct TypeRow {
    name: String,
    schema: String,
    kind: String,
    element: Option<u32>,
    len: i16,
    align: String,
    storage: String,
    relation: u32,
    extension: Option<String>,
}

const TYPE: &str = "
    SELECT t.typname::text AS name, n.nspname::text AS schema, t.typtype::text AS kind,
           CASE WHEN t.typsubscript = 'array_subscript_handler'::regproc
                THEN t.typelem::int8 END AS element,
           t.typlen AS len, t.typalign::text AS align, t.typstorage::text AS storage,
           t.typrelid::int8 AS relation, e.extname::text AS extension
      FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
      LEFT JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid
                           AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
      LEFT JOIN pg_extension e ON e.oid = d.refobjid
     WHERE t.oid = $1";

#[derive(Deserialize)]
struct LabelRow {
    oid: u32,
    label: String,
}

const LABELS: &str = "
    SELECT oid::int8 AS oid, enumlabel::text AS label
      FROM pg_enum WHERE enumtypid = $1 ORDER BY enumsortorder";

#[derive(Deserialize)]
struct AttributeRow {
    name: String,
    type_oid: u32,
    typmod: i32,
    dropped: bool,
    storage: String,
}

const ATTRIBUTES: &str = "
    SELECT attname::text AS name, atttypid::int8 AS type_oid, atttypmod AS typmod,
           attisdropped AS dropped, attstorage::text AS storage
      FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 ORDER BY attnum";

/// A type by OID and modifier, with all that a value's bytes depend on. None for a type that no
/// DuckDB value becomes.
pub fn target(oid: u32, typmod: i32) -> Result<Option<Target>> {
    let argument = [DatumWithOid::from(pg_sys::Oid::from(oid))];
    let row: TypeRow = spi::one(TYPE, &argument)?;
    if row.kind == "d" {
        // Whoever looks inside an array or a row checks no domain there.
        let domain = domain::of(oid)?.filter(|domain| !domain.constrained);
        let Some(domain) = domain else { return Ok(None) };
        // An array says that its elements are of the domain.
        let base = target(domain.base, domain.typmod)?;
        return Ok(base.map(|base| Target { physical: Physical { oid, ..base.physical }, ..base }));
    }
    let Some((pg, inner)) = shape(oid, typmod, &row)? else { return Ok(None) };
    let physical = Physical {
        oid,
        len: row.len,
        align: alignment(row.align.as_bytes().first().copied().unwrap_or(b'd')),
        packable: row.len == -1 && row.storage != "p",
    };
    Ok(Some(Target { pg, physical, inner }))
}

fn shape(oid: u32, typmod: i32, row: &TypeRow) -> Result<Option<(PgType, Inner)>> {
    if let Some(element) = row.element {
        let element = target(element, typmod)?;
        return Ok(element.map(|element| {
            (PgType::Array(Box::new(element.pg.clone())), Inner::Element(Box::new(element)))
        }));
    }
    match row.kind.as_str() {
        "e" => enumeration(oid, row).map(Some),
        "c" => composite(oid, row),
        _ => Ok(scalar(oid, typmod, row).map(|pg| (pg, Inner::Scalar))),
    }
}

fn name(row: &TypeRow) -> Result<QualifiedName> {
    Ok(QualifiedName::new(Ident::new(&row.schema)?, Ident::new(&row.name)?))
}

fn enumeration(oid: u32, row: &TypeRow) -> Result<(PgType, Inner)> {
    let argument = [DatumWithOid::from(pg_sys::Oid::from(oid))];
    let labels: Vec<LabelRow> = spi::rows(LABELS, &argument)?;
    let oids = labels.iter().map(|label| label.oid).collect();
    let labels = labels.into_iter().map(|label| label.label).collect();
    Ok((PgType::Enum { name: Some(name(row)?), labels }, Inner::Labels(oids)))
}

fn composite(oid: u32, row: &TypeRow) -> Result<Option<(PgType, Inner)>> {
    let argument = [DatumWithOid::from(pg_sys::Oid::from(row.relation))];
    let rows: Vec<AttributeRow> = spi::rows(ATTRIBUTES, &argument)?;
    let (mut attributes, mut types) = (Vec::new(), Vec::new());
    for row in rows {
        let target = if row.dropped { None } else { stored(&row)? };
        if target.is_none() && !row.dropped {
            return Ok(None);
        }
        let source = target.as_ref().map(|target| {
            types.push((row.name.clone(), target.pg.clone()));
            types.len() - 1
        });
        attributes.push(Attribute { name: row.name, target, source, not_null: false });
    }
    let pg = PgType::Composite { name: Some(name(row)?), attributes: types };
    let header = row_type::header(oid);
    Ok(Some((pg, Inner::Row(RowType { header, attributes }))))
}

/// The target of an attribute, whose storage may differ from its type's.
fn stored(row: &AttributeRow) -> Result<Option<Target>> {
    let target = target(row.type_oid, row.typmod)?;
    Ok(target.map(|mut target| {
        target.physical.packable = target.physical.len == -1 && row.storage != "p";
        target
    }))
}

/// A relation's attribute as a target, by its type, modifier and storage.
pub fn attribute_target(type_oid: u32, typmod: i32, storage: &str) -> Result<Option<Target>> {
    stored(&AttributeRow {
        name: String::new(),
        type_oid,
        typmod,
        dropped: false,
        storage: storage.to_owned(),
    })
}

fn scalar(oid: u32, typmod: i32, row: &TypeRow) -> Option<PgType> {
    if let Some(extension) = &row.extension {
        return extension_type(extension, &row.name, typmod);
    }
    let digits = u8::try_from(typmod).ok();
    let length = u32::try_from(typmod).ok();
    Some(match pg_sys::Oid::from(oid) {
        pg_sys::BOOLOID => PgType::Bool,
        pg_sys::INT2OID => PgType::Int2,
        pg_sys::INT4OID => PgType::Int4,
        pg_sys::INT8OID => PgType::Int8,
        pg_sys::NUMERICOID => PgType::Numeric(numeric_modifier(typmod)),
        pg_sys::FLOAT4OID => PgType::Float4,
        pg_sys::FLOAT8OID => PgType::Float8,
        pg_sys::TEXTOID => PgType::Text,
        pg_sys::VARCHAROID => PgType::Varchar(u32::try_from(typmod - 4).ok()),
        pg_sys::BPCHAROID => PgType::Char(u32::try_from(typmod - 4).ok()),
        pg_sys::BYTEAOID => PgType::Bytea,
        pg_sys::VARBITOID => PgType::Varbit(length),
        pg_sys::DATEOID => PgType::Date,
        pg_sys::TIMEOID => PgType::Time(digits),
        pg_sys::TIMETZOID => PgType::TimeTz(digits),
        pg_sys::TIMESTAMPOID => PgType::Timestamp(digits),
        pg_sys::TIMESTAMPTZOID => PgType::TimestampTz(digits),
        pg_sys::INTERVALOID if typmod == -1 => PgType::Interval,
        pg_sys::UUIDOID => PgType::Uuid,
        pg_sys::JSONOID => PgType::Json,
        pg_sys::JSONBOID => PgType::Jsonb,
        _ => return None,
    })
}

/// numeric's modifier: precision in the high half, scale in 11 bits with a sign, plus VARHDRSZ.
fn numeric_modifier(typmod: i32) -> Option<(u16, i16)> {
    let packed = typmod.checked_sub(4).filter(|packed| *packed >= 0)?;
    let scale = ((packed & 0x7ff) ^ 1024) - 1024;
    Some(((packed >> 16) as u16, scale as i16))
}

fn extension_type(extension: &str, name: &str, typmod: i32) -> Option<PgType> {
    let dimensions = u32::try_from(typmod).ok();
    match (extension, name) {
        ("vector", "vector") => Some(PgType::Vector(dimensions)),
        ("vector", "halfvec") => Some(PgType::HalfVec(dimensions)),
        ("postgis", "geometry") => Some(PgType::Geometry(geometry_form(typmod))),
        _ => None,
    }
}

/// PostGIS' modifier (liblwgeom.h, TYPMOD_GET_…): M and Z in the two lowest bits, the type in six,
/// the SRID in 20 and its sign.
fn geometry_form(typmod: i32) -> Option<GeometryForm> {
    let srid = ((typmod & 0x0fff_ff00) - (typmod & 0x1000_0000)) >> 8;
    let kind = ((typmod & 0xfc) >> 2) as u8;
    let form = GeometryForm { srid, kind, z: typmod & 2 != 0, m: typmod & 1 != 0 };
    (typmod >= 0).then_some(form)
}

/// Reads a type name as SQL does, by the caller's search path.
pub fn parse(text: &str) -> Result<PgType> {
    let shown = migrator_model::reject::shown(text);
    let c_text = std::ffi::CString::new(text)
        .map_err(|_| Error::new("42601", "a type name cannot hold a NUL byte"))?;
    let (oid, typmod) = compat::parse_type_string(&c_text);
    let target = target(oid.to_u32(), typmod)?;
    target
        .map(|target| target.pg)
        .ok_or_else(|| Error::new("0A000", format!("no DuckDB value can become type {shown}")))
}

#[derive(Deserialize)]
struct ExtensionRow {
    name: String,
    schema: String,
}

/// The types of other extensions that this database has.
pub fn environment() -> Result<Environment> {
    let sql = "SELECT e.extname::text AS name, n.nspname::text AS schema
                 FROM pg_catalog.pg_extension e
                 JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
                WHERE e.extname IN ('vector', 'postgis')";
    let mut environment = Environment::default();
    for row in spi::rows_of_before::<ExtensionRow>(sql)? {
        let schema = Some(Ident::new(&row.schema)?);
        match row.name.as_str() {
            "vector" => environment.pgvector = schema,
            _ => environment.postgis = schema,
        }
    }
    Ok(environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers_are_read_as_the_server_packs_them() {
        assert_eq!(numeric_modifier(-1), None);
        assert_eq!(numeric_modifier((20 << 16) + 4), Some((20, 0)));
        assert_eq!(numeric_modifier((38 << 16 | 10) + 4), Some((38, 10)));
        assert_eq!(numeric_modifier((3 << 16 | (0x7ff & -2)) + 4), Some((3, -2)));
    }

    #[test]
    fn a_geometry_column_says_what_it_takes() {
        // SELECT atttypmod for geometry, geometry(Geometry,4326), geometry(PointZM,3857)
        let form = |typmod| geometry_form(typmod).map(|form| form.to_string());
        assert_eq!(form(-1), None);
        assert_eq!(form(1_107_456).as_deref(), Some("Geometry,4326"));
        assert_eq!(form(3857 << 8 | 1 << 2 | 3).as_deref(), Some("PointZM,3857"));
    }
}
