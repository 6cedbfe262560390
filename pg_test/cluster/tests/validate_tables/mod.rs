//! Tables of columns of many types, made by chance in DuckDB's SQL.

pub use migrator_cluster_tests::chance::Chance;

/// A type: its values by a hash `$h`, what is put in the place of NULL, and the smallest change of a
/// value `$v`.
pub struct Kind {
    pub duck: &'static str,
    value: &'static str,
    pub some: &'static str,
    pub changed: &'static str,
}

const fn kind(
    duck: &'static str,
    value: &'static str,
    some: &'static str,
    changed: &'static str,
) -> Kind {
    Kind { duck, value, some, changed }
}

const STEP: &str = "CASE WHEN $v > 0 THEN $v - 1 ELSE $v + 1 END";

const KINDS: &[Kind] = &[
    kind("BOOLEAN", "$h % 2 = 0", "false", "NOT $v"),
    kind("TINYINT", "($h % 256)::INTEGER - 128", "0", STEP),
    kind("SMALLINT", "($h % 65536)::INTEGER - 32768", "0", STEP),
    kind("INTEGER", "($h % 4294967296)::BIGINT - 2147483648", "0", STEP),
    kind("BIGINT", "$h::HUGEINT - 9223372036854775808", "0", STEP),
    kind("UBIGINT", "$h", "0", STEP),
    kind(
        "HUGEINT",
        "(($h >> 1)::HUGEINT * ($h >> 2)::HUGEINT) * ($h % 2 * 2)::HUGEINT - 1",
        "0",
        STEP,
    ),
    kind(
        "DECIMAL(4,1)",
        "($h % 1000) || '.' || ($h % 10)",
        "0",
        "CASE WHEN $v > 0 THEN $v - 0.1 ELSE $v + 0.1 END",
    ),
    kind("DECIMAL(9,2)", "'-' || ($h % 10000000) || '.' || ($h % 100)", "0", "$v + 0.01"),
    kind("DECIMAL(18,4)", "($h % 99999999999999) || '.' || ($h % 10000)", "0", "$v - 0.0001"),
    kind("DECIMAL(38,10)", "$h || '.' || ($h % 10000000000)", "0", "$v - 0.0000000001"),
    kind(
        "DOUBLE",
        "CASE $h % 12 WHEN 0 THEN 'NaN'::DOUBLE WHEN 1 THEN '-0.0'::DOUBLE WHEN 2 THEN 0.0 WHEN 3 THEN 'Infinity'::DOUBLE WHEN 4 THEN '-Infinity'::DOUBLE WHEN 5 THEN '5e-324'::DOUBLE ELSE ($h::DOUBLE - 9e18) / 1e12 END",
        "'-0'",
        "CASE WHEN $v = 'NaN' THEN 1 WHEN $v::text = '-0' THEN 0 WHEN $v = 0 THEN '-0' WHEN abs($v) = 'Infinity' THEN -$v WHEN abs($v) < 1e-300 THEN 0 ELSE $v * (1 + 2.3e-16::float8) END",
    ),
    kind(
        "FLOAT",
        "CASE $h % 12 WHEN 0 THEN 'NaN'::FLOAT WHEN 1 THEN '-0.0'::FLOAT WHEN 2 THEN 0.0 WHEN 3 THEN '-Infinity'::FLOAT ELSE ($h % 1000000 / 7)::FLOAT END",
        "0",
        "CASE WHEN $v = 'NaN' THEN 1 WHEN $v::text = '-0' THEN 0 WHEN $v = 0 THEN '-0' WHEN $v = '-Infinity' THEN 0 ELSE ($v::float8 * (1 + 1.2e-7::float8))::real END",
    ),
    kind(
        "VARCHAR",
        "CASE $h % 9 WHEN 0 THEN '' WHEN 1 THEN ' ' WHEN 2 THEN 'trailing  ' WHEN 3 THEN 'Ärger é e' || chr(769) || ' 日本 🦆' WHEN 4 THEN repeat('long ', ($h // 9 % 3000)::INTEGER) WHEN 5 THEN 'a' || chr(9) || chr(10) || chr(92) || chr(39) || '\"' ELSE md5($h::VARCHAR) END",
        "''",
        "CASE WHEN normalize($v, NFD) <> $v THEN normalize($v, NFD) WHEN upper($v) <> $v THEN upper($v) ELSE $v || ' ' END",
    ),
    kind(
        "VARCHAR",
        "repeat('blank ', ($h % 3)::INTEGER)",
        "''",
        "CASE WHEN rtrim($v) <> $v THEN rtrim($v) ELSE $v || ' ' END",
    ),
    kind(
        "BLOB",
        "CASE $h % 4 WHEN 0 THEN ''::BLOB ELSE unhex(sha256($h::VARCHAR)) END",
        "''",
        "$v || decode('00', 'hex')",
    ),
    kind(
        "DATE",
        "CASE $h % 9 WHEN 0 THEN 'infinity'::DATE WHEN 1 THEN '-infinity'::DATE WHEN 2 THEN '0044-03-15 (BC)'::DATE ELSE DATE '1970-01-01' + (($h % 40000)::INTEGER - 20000) END",
        "'2000-01-01'",
        "CASE WHEN isfinite($v) THEN $v + 1 ELSE '2000-01-01' END",
    ),
    kind(
        "TIME",
        "TIME '00:00:00' + to_microseconds(($h % 86000000000)::BIGINT)",
        "'00:00'",
        "$v + interval '1 microsecond'",
    ),
    kind(
        "TIMESTAMP",
        "CASE $h % 9 WHEN 0 THEN 'infinity'::TIMESTAMP WHEN 1 THEN '-infinity'::TIMESTAMP ELSE make_timestamp(($h % 4000000000000000)::BIGINT - 2000000000000000) END",
        "'2000-01-01'",
        "CASE WHEN isfinite($v) THEN $v - interval '1 microsecond' ELSE '2000-01-01' END",
    ),
    kind(
        "TIMESTAMP_S",
        "make_timestamp(($h % 4000000000000000)::BIGINT)",
        "'2000-01-01'",
        "$v + interval '1 second'",
    ),
    kind(
        "TIMESTAMP_MS",
        "make_timestamp(($h % 4000000000000000)::BIGINT)",
        "'2000-01-01'",
        "$v + interval '1 millisecond'",
    ),
    kind(
        "TIMESTAMPTZ",
        "to_timestamp(($h % 4000000000)::BIGINT / 7)",
        "'2000-01-01'",
        "$v + interval '1 microsecond'",
    ),
    kind(
        "INTERVAL",
        "CASE $h % 4 WHEN 0 THEN to_months(1) WHEN 1 THEN to_days(30) ELSE to_days(($h % 1000)::INTEGER) + to_microseconds(($h % 100000000)::BIGINT) END",
        "'0'",
        "CASE WHEN $v::text = '1 mon' THEN '30 days' WHEN $v::text = '30 days' THEN '1 mon' ELSE $v + '1 microsecond' END",
    ),
    kind(
        "UUID",
        "md5($h::VARCHAR)",
        "'00000000-0000-0000-0000-000000000000'",
        "md5($v::text)::uuid",
    ),
    kind(
        "INTEGER[]",
        "list_transform(range(($h % 5)::BIGINT), lambda k: CASE WHEN k <> 2 THEN ($h % 1000)::INTEGER + k END)",
        "'{}'",
        "CASE WHEN cardinality($v) > 3 THEN array_replace($v, NULL, 0) ELSE $v || NULL::integer END",
    ),
    kind("INTEGER[][]", "[[1, ($h % 9)::INTEGER], [NULL, 4]]", "'{}'", "$v || ARRAY[[5, 6]]"),
    kind("VARCHAR[]", "[$h::VARCHAR, NULL, '', ' ']", "'{}'", "array_replace($v, '', NULL)"),
    kind(
        "FLOAT[3]",
        "[($h % 10)::FLOAT, 0.5, '-0.0'::FLOAT]",
        "'[0,0,0]'",
        "((vector_to_float4($v, 3, false))[1:2] || 0.25::real)::vector",
    ),
    kind(
        "STRUCT(a INTEGER, b VARCHAR, c DOUBLE[])",
        "{'a': ($h % 100)::INTEGER, 'b': 'x' || $h, 'c': [1.5, NULL]}",
        "'{}'",
        "$v || '{\"c\": [1.5, 0]}'",
    ),
    kind(
        "MAP(VARCHAR, INTEGER)",
        "MAP {'k' || ($h % 5): ($h % 7)::INTEGER}",
        "'{}'",
        "$v || '{\"q\": null}'",
    ),
    kind(
        "JSON",
        "'{\"n\": ' || ($h % 10) || '.25, \"t\": \"é\", \"u\": [1e2, null, true]}'",
        "'null'",
        "$v || '{\"t\": \"e\"}'",
    ),
    kind(
        "mood",
        "CASE $h % 3 WHEN 0 THEN 'sad' WHEN 1 THEN 'it''s' ELSE 'Ok now' END",
        "'sad'",
        "CASE WHEN $v = 'sad' THEN 'Ok now'::mood ELSE 'sad' END",
    ),
    kind("BIT", "(($h % 1024)::INTEGER)::BIT", "''", "$v || B'0'"),
];

/// What tells rows apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Key {
    None,
    Integer,
    /// Two columns.
    Composite,
    Text,
    /// No constraint: an argument of the functions says it.
    Named,
    Date,
    Decimal,
    Uuid,
}

impl Key {
    /// Names, types, values and other values of its columns.
    fn columns(self) -> Vec<(&'static str, &'static str, &'static str, &'static str)> {
        match self {
            Self::None => vec![],
            Self::Integer => vec![("k", "BIGINT", "i * 7 - 1000", "k - 3")],
            Self::Composite => vec![
                ("k", "INTEGER", "i // 10", "k + 0"),
                ("l", "VARCHAR", "'é' || (i % 10)", "l || ' '"),
            ],
            Self::Text => vec![("k", "VARCHAR", "'Nº ' || (i * 31)", "k || 'x'")],
            Self::Named => vec![("k", "INTEGER", "i", "-1 - k")],
            Self::Date => vec![("k", "DATE", "DATE '1990-01-01' + i::INTEGER", "k - 30000")],
            Self::Decimal => vec![("k", "DECIMAL(12,2)", "i * 1.25", "k + 0.01")],
            Self::Uuid => vec![("k", "UUID", "md5(i::VARCHAR)", "md5(k::text)::uuid")],
        }
    }
}

/// A column that is no part of a key.
pub struct Column {
    pub name: String,
    pub kind: &'static Kind,
}

/// A table `t`.
pub struct Table {
    pub key: Key,
    pub columns: Vec<Column>,
    pub rows: u64,
    /// So many different rows there are, where there is no key.
    different: u64,
    seed: u64,
}

impl Table {
    /// A table with such a key.
    pub fn made(chance: &mut Chance, key: Key) -> Self {
        let seed = chance.below(1 << 40);
        let rows = *chance.of(&[1, 300, 1000, 2049, 5000, 9000]);
        let different = *chance.of(&[10, 200, 1 << 40]);
        let count = 3 + chance.below(9);
        let column = |number: u64| Column { name: format!("c{number}"), kind: chance.of(KINDS) };
        let columns = (0..count).map(column).collect();
        Self { key, columns, rows, different, seed }
    }

    /// Makes it.
    pub fn sql(&self) -> String {
        let different = match self.key {
            Key::None => self.different,
            _ => self.rows + 1,
        };
        let keys = self.key.columns();
        let key = |(name, duck, value, _): &(&str, &str, &str, &str)| {
            (format!("{name} {duck}"), format!("{value} AS {name}"))
        };
        let column = |(at, column): (usize, &Column)| {
            let hash = format!("hash(i % {different}, {}, {at})", self.seed);
            let value = column.kind.value.replace("$h", &hash);
            let duck = column.kind.duck;
            let value = format!("CASE WHEN {hash} % 8 <> 7 THEN ({value})::{duck} END");
            (format!("{} {duck}", column.name), format!("{value} AS {}", column.name))
        };
        let all: Vec<_> =
            keys.iter().map(key).chain(self.columns.iter().enumerate().map(column)).collect();
        let (types, values): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        let names: Vec<_> = keys.iter().map(|key| key.0).collect();
        let constraint = match self.key {
            Key::None | Key::Named => String::new(),
            _ => format!(", PRIMARY KEY ({})", names.join(", ")),
        };
        format!(
            "CREATE TYPE mood AS ENUM ('sad', 'it''s', 'Ok now');\nCREATE TABLE t ({}{constraint});\nINSERT INTO t SELECT {} FROM range({}) r(i);\n",
            types.join(", "),
            values.join(", "),
            self.rows
        )
    }

    /// The argument that names the key where nothing else does.
    pub fn key_argument(&self) -> &'static str {
        match self.key {
            Key::Named => ", key => ARRAY['k']",
            _ => "",
        }
    }

    /// What makes a key one that no row has.
    pub fn other_key(&self) -> String {
        let set = |(name, _, _, other): &(&str, &str, &str, &str)| format!("{name} = {other}");
        self.key.columns().iter().map(set).collect::<Vec<_>>().join(", ")
    }
}
