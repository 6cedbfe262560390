//! jsonb on disk (utils/jsonb.h, jsonb_util.c): containers of JEntry words and their data.

use migrator_model::{
    BadValue,
    layout::Physical,
    policy::{Loss, Lost},
};

use super::{Policy, json, json::Json, numeric, varlena};

const SCALAR: u32 = 0x1000_0000;
const OBJECT: u32 = 0x2000_0000;
const ARRAY: u32 = 0x4000_0000;
const COUNT_MASK: u32 = 0x0fff_ffff;

const IS_STRING: u32 = 0x0000_0000;
const IS_NUMERIC: u32 = 0x1000_0000;
const IS_FALSE: u32 = 0x2000_0000;
const IS_TRUE: u32 = 0x3000_0000;
const IS_NULL: u32 = 0x4000_0000;
const IS_CONTAINER: u32 = 0x5000_0000;
const HAS_OFFSET: u32 = 0x8000_0000;
const TYPE_MASK: u32 = 0x7000_0000;
const LENGTH_MASK: usize = 0x0fff_ffff;
/// JB_OFFSET_STRIDE: every so many entries one holds an offset instead of a length.
const STRIDE: usize = 32;

/// A numeric inside jsonb always has a four-byte header.
const NUMERIC: Physical = Physical { oid: 0, len: -1, align: 4, packable: false };

/// Appends a document.
pub fn put(
    out: &mut Vec<u8>,
    physical: &Physical,
    json: Json,
    policy: &Policy,
    lost: &mut Lost,
) -> Result<(), BadValue> {
    let open = varlena::open(out, physical);
    let mut writer = Writer { out, policy, lost };
    match json {
        Json::Array(items) => writer.array(items, ARRAY)?,
        Json::Object(members) => writer.object(members)?,
        scalar => writer.array(vec![scalar], ARRAY | SCALAR)?,
    };
    varlena::close(out, &open, physical)
}

struct Writer<'w> {
    out: &'w mut Vec<u8>,
    policy: &'w Policy,
    lost: &'w mut Lost,
}

/// The JEntry words of a container: written as the lengths become known.
struct Entries {
    at: usize,
    written: usize,
    total: usize,
}

impl Writer<'_> {
    /// Writes the container's header and room for its entries.
    fn container(&mut self, kind: u32, count: usize, entries: usize) -> Result<Entries, BadValue> {
        if count > COUNT_MASK as usize {
            return Err(BadValue::new("54000", "number of jsonb elements exceeds the maximum"));
        }
        self.out.extend_from_slice(&(kind | count as u32).to_le_bytes());
        let at = self.out.len();
        self.out.resize(at + 4 * entries, 0);
        Ok(Entries { at, written: 0, total: 0 })
    }

    fn entry(&mut self, entries: &mut Entries, meta: u32) -> Result<(), BadValue> {
        entries.total += meta as usize & LENGTH_MASK;
        if entries.total > LENGTH_MASK {
            return Err(too_large());
        }
        let word = match entries.written % STRIDE {
            0 => meta & TYPE_MASK | entries.total as u32 | HAS_OFFSET,
            _ => meta,
        };
        let at = entries.at + 4 * entries.written;
        self.out[at..at + 4].copy_from_slice(&word.to_le_bytes());
        entries.written += 1;
        Ok(())
    }

    fn array(&mut self, items: Vec<Json>, kind: u32) -> Result<u32, BadValue> {
        let base = self.out.len();
        varlena::pad(self.out, 4);
        let mut entries = self.container(kind, items.len(), items.len())?;
        for item in items {
            let meta = self.value(item)?;
            self.entry(&mut entries, meta)?;
        }
        self.container_meta(base)
    }

    fn object(&mut self, members: Vec<(String, Json)>) -> Result<u32, BadValue> {
        let base = self.out.len();
        varlena::pad(self.out, 4);
        let members = self.unique(members)?;
        let mut entries = self.container(OBJECT, members.len(), members.len() * 2)?;
        let mut values = Vec::with_capacity(members.len());
        for (key, value) in members {
            let meta = self.string(&key)?;
            self.entry(&mut entries, meta)?;
            values.push(value);
        }
        for value in values {
            let meta = self.value(value)?;
            self.entry(&mut entries, meta)?;
        }
        self.container_meta(base)
    }

    /// Keys by length, then bytes; of equal ones the last stays.
    fn unique(&mut self, members: Vec<(String, Json)>) -> Result<Vec<(String, Json)>, BadValue> {
        let count = members.len();
        let mut unique = Vec::with_capacity(count);
        for (key, value) in members {
            unique.push((json::storable(key, self.policy, self.lost)?, value));
        }
        unique.sort_by(|(a, _), (b, _)| (a.len(), a).cmp(&(b.len(), b)));
        unique.reverse();
        unique.dedup_by(|(a, _), (b, _)| a == b);
        unique.reverse();
        if unique.len() < count {
            self.policy.lose(Loss::DuplicateKey, self.lost, "22030")?;
        }
        Ok(unique)
    }

    /// The entry of the container that started at `base`; its padding counts as data.
    fn container_meta(&self, base: usize) -> Result<u32, BadValue> {
        let length = self.out.len() - base;
        if length > LENGTH_MASK { Err(too_large()) } else { Ok(IS_CONTAINER | length as u32) }
    }

    fn value(&mut self, value: Json) -> Result<u32, BadValue> {
        match value {
            Json::Null => Ok(IS_NULL),
            Json::Bool(true) => Ok(IS_TRUE),
            Json::Bool(false) => Ok(IS_FALSE),
            Json::String(string) => {
                let string = json::storable(string, self.policy, self.lost)?;
                self.string(&string)
            }
            Json::Number(digits) => self.number(&digits),
            Json::Array(items) => self.array(items, ARRAY),
            Json::Object(members) => self.object(members),
        }
    }

    fn string(&mut self, string: &str) -> Result<u32, BadValue> {
        if string.len() > LENGTH_MASK {
            return Err(too_large());
        }
        self.out.extend_from_slice(string.as_bytes());
        Ok(IS_STRING | string.len() as u32)
    }

    fn number(&mut self, digits: &str) -> Result<u32, BadValue> {
        let base = self.out.len();
        let number = json::number(digits, self.policy, self.lost)?;
        numeric::put(self.out, &NUMERIC, &number)?;
        Ok(IS_NUMERIC | (self.out.len() - base) as u32)
    }
}

fn too_large() -> BadValue {
    BadValue::new("54000", format!("jsonb value exceeds the maximum of {LENGTH_MASK} bytes"))
}
