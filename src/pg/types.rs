//! PostgreSQL's types, from its catalog into the model.

use migrator_model::{
    Ident, PgType, QualifiedName,
    layout::{Attribute, Inner, Physical, RowType, Target},
    pg_type::{Environment, GeometryForm},
};
use pgrx::{IntoDatum, PgTupleDesc, pg_sys};
use serde::Deserialize;

use super::{compat, domain, memory, quoting, relation::alignment, row_type, spi};
use crate::error::{Error, Result};

/// One row of pg_type. Types are looked up in the server's caches, without SQL: a scan asks before its
/// first row.
pub(super) struct TypeRow {
    /// typname
    pub name: String,
    /// typnamespace
    pub schema: pg_sys::Oid,
    /// typtype
    pub kind: u8,
    element: Option<u32>,
    len: i16,
    align: u8,
    storage: u8,
}

/// The row of a type.
pub(super) fn row(oid: u32) -> Result<TypeRow> {
    let missing = || Error::new("XX000", format!("cache lookup failed for type {oid}"));
    let key = pg_sys::Oid::from(oid).into_datum().ok_or_else(missing)?;
    // SAFETY: the key is an OID; the row is copied before it is released.
    unsafe {
        let tuple = pg_sys::SearchSysCache1(pg_sys::SysCacheIdentifier::TYPEOID as i32, key);
        if tuple.is_null() {
            return Err(missing());
        }
        let form = &*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_type>();
        let is_array = form.typsubscript.to_u32() == pg_sys::F_ARRAY_SUBSCRIPT_HANDLER;
        let row = TypeRow {
            name: quoting::text_of(&form.typname),
            schema: form.typnamespace,
            kind: form.typtype as u8,
            element: is_array.then(|| form.typelem.to_u32()),
            len: form.typlen,
            align: form.typalign as u8,
            storage: form.typstorage as u8,
        };
        pg_sys::ReleaseSysCache(tuple);
        Ok(row)
    }
}

/// pg_attribute.attstorage or pg_type.typstorage: values are stored as they are.
const PLAIN: u8 = pg_sys::TYPSTORAGE_PLAIN;

/// A type by OID and modifier, with all that a value's bytes depend on. None for a type that no
/// DuckDB value becomes.
pub fn target(oid: u32, typmod: i32) -> Result<Option<Target>> {
    let row = row(oid)?;
    if row.kind == pg_sys::TYPTYPE_DOMAIN {
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
        align: alignment(row.align),
        packable: row.len == -1 && row.storage != PLAIN,
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
    match row.kind {
        pg_sys::TYPTYPE_ENUM => enumeration(oid, row).map(Some),
        pg_sys::TYPTYPE_COMPOSITE => composite(oid, row),
        _ => Ok(scalar(oid, typmod, row).map(|pg| (pg, Inner::Scalar))),
    }
}

fn name(row: &TypeRow) -> Result<QualifiedName> {
    let schema = schema_name(row.schema)?;
    Ok(QualifiedName::new(Ident::new(&schema)?, Ident::new(&row.name)?))
}

/// pg_namespace.nspname
pub(super) fn schema_name(oid: pg_sys::Oid) -> Result<String> {
    // SAFETY: NULL, or a NUL-terminated text in the current memory context.
    let name = || unsafe { quoting::text_at(pg_sys::get_namespace_name(oid)) };
    let found = memory::briefly(name);
    found.ok_or_else(|| Error::new("XX000", format!("cache lookup failed for namespace {oid}")))
}

fn enumeration(oid: u32, row: &TypeRow) -> Result<(PgType, Inner)> {
    let mut labels = labels(oid);
    labels.sort_by(|one, other| one.0.total_cmp(&other.0));
    let oids = labels.iter().map(|label| label.1).collect();
    let labels = labels.into_iter().map(|label| label.2).collect();
    Ok((PgType::Enum { name: Some(name(row)?), labels }, Inner::Labels(oids)))
}

/// The labels of an enum type, in no order: place, OID and text.
fn labels(oid: u32) -> Vec<(f32, u32, String)> {
    let cache = pg_sys::SysCacheIdentifier::ENUMTYPOIDNAME as i32;
    let Some(key) = pg_sys::Oid::from(oid).into_datum() else { return Vec::new() };
    let none = pg_sys::Datum::from(0);
    // SAFETY: the first key is an OID, and the others are not looked at; the members are rows of
    // pg_enum, copied before the list is released.
    unsafe {
        let list = pg_sys::SearchSysCacheList(cache, 1, key, none, none);
        let members = (*list).members.as_slice(usize::try_from((*list).n_members).unwrap_or(0));
        let label = |member: &*mut pg_sys::CatCTup| {
            let tuple = &raw mut (**member).tuple;
            let form = &*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_enum>();
            (form.enumsortorder, form.oid.to_u32(), quoting::text_of(&form.enumlabel))
        };
        let labels = members.iter().map(label).collect();
        pg_sys::ReleaseCatCacheList(list);
        labels
    }
}

/// What counts of an attribute of a row type.
struct Stored {
    name: String,
    type_oid: u32,
    typmod: i32,
    dropped: bool,
    storage: u8,
}

fn composite(oid: u32, row: &TypeRow) -> Result<Option<(PgType, Inner)>> {
    let (mut attributes, mut types) = (Vec::new(), Vec::new());
    for row in attributes_of(oid) {
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

fn attributes_of(row_type: u32) -> Vec<Stored> {
    memory::briefly(|| {
        let oid = pg_sys::Oid::from(row_type);
        // SAFETY: raises an ERROR for what is no row type; the copy is freed with the descriptor.
        let descriptor =
            unsafe { PgTupleDesc::from_pg_is_copy(pg_sys::lookup_rowtype_tupdesc_copy(oid, -1)) };
        let stored = |attribute: &pg_sys::FormData_pg_attribute| Stored {
            name: quoting::text_of(&attribute.attname),
            type_oid: attribute.atttypid.to_u32(),
            typmod: attribute.atttypmod,
            dropped: attribute.attisdropped,
            storage: attribute.attstorage as u8,
        };
        descriptor.iter().map(stored).collect()
    })
}

/// The target of an attribute, whose storage may differ from its type's.
fn stored(row: &Stored) -> Result<Option<Target>> {
    let target = target(row.type_oid, row.typmod)?;
    Ok(target.map(|mut target| {
        target.physical.packable = target.physical.len == -1 && row.storage != PLAIN;
        target
    }))
}

/// A relation's attribute as a target, by its type, modifier and storage.
pub fn attribute_target(type_oid: u32, typmod: i32, storage: &str) -> Result<Option<Target>> {
    stored(&Stored {
        name: String::new(),
        type_oid,
        typmod,
        dropped: false,
        storage: storage.as_bytes().first().copied().unwrap_or(PLAIN),
    })
}

/// The extension that a type belongs to.
fn extension_of(oid: u32) -> Option<String> {
    if oid < pg_sys::FirstNormalObjectId {
        return None;
    }
    memory::briefly(|| {
        // SAFETY: plain look-ups; an OID that means nothing has no name.
        unsafe {
            let extension = pg_sys::getExtensionOfObject(pg_sys::TypeRelationId, oid.into());
            if extension == pg_sys::InvalidOid {
                return None;
            }
            quoting::text_at(pg_sys::get_extension_name(extension))
        }
    })
}

fn scalar(oid: u32, typmod: i32, row: &TypeRow) -> Option<PgType> {
    if let Some(extension) = extension_of(oid) {
        return extension_type(&extension, &row.name, typmod);
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
        pg_sys::BITOID => PgType::Bit(length),
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
        ("vector", "sparsevec") => Some(PgType::SparseVec(dimensions)),
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
