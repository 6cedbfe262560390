//! Expressions made by chance, of any type.

use migrator_cluster_tests::chance::Chance;

use super::{
    data::{KINDS, Kind},
    query::Expr,
};

/// What can be named in an expression: columns of a relation.
#[derive(Clone, Debug)]
pub struct Relation {
    pub alias: String,
    pub columns: Vec<(String, Kind)>,
    pub is_large: bool,
}

use Kind::*;

/// Forms: a type, the text with a `◊` for each part, the parts' types.
const FORMS: &[(Kind, &str, &[Kind])] = &[
    (Bool, "(NOT ◊)", &[Bool]),
    (Bool, "(◊ AND ◊)", &[Bool, Bool]),
    (Bool, "(◊ AND ◊)", &[Bool, Bool]),
    (Bool, "(◊ OR ◊)", &[Bool, Bool]),
    (Bool, "(◊ OR ◊)", &[Bool, Bool]),
    (Bool, "(◊ AND ◊ AND ◊)", &[Bool, Bool, Bool]),
    (Bool, "(◊ OR ◊ OR ◊)", &[Bool, Bool, Bool]),
    (Bool, "(◊ IS TRUE)", &[Bool]),
    (Bool, "(◊ IS NOT TRUE)", &[Bool]),
    (Bool, "(◊ IS FALSE)", &[Bool]),
    (Bool, "(◊ IS NOT FALSE)", &[Bool]),
    (Bool, "(◊ IS UNKNOWN)", &[Bool]),
    (Bool, "(◊ IS NOT UNKNOWN)", &[Bool]),
    (Bool, "(◊ LIKE ◊)", &[Text, Pattern]),
    (Bool, "(◊ LIKE ◊)", &[Text, Pattern]),
    (Bool, "(◊ NOT LIKE ◊)", &[Text, Pattern]),
    (Bool, "(◊ ILIKE ◊)", &[Text, Pattern]),
    (Bool, "(◊ LIKE ANY (ARRAY[◊, ◊]))", &[Text, Pattern, Pattern]),
    (Bool, "(◊ LIKE ◊ ESCAPE '#')", &[Text, Pattern]),
    (Bool, "(◊ ^@ ◊)", &[Text, Text]),
    (Bool, "starts_with(◊, ◊)", &[Text, Text]),
    (Bool, "(◊ ~ '^a.*')", &[Text]),
    (Bool, "(◊ SIMILAR TO 'a_*|%b')", &[Text]),
    (Bool, "isfinite(◊)", &[Date]),
    (Bool, "isfinite(◊)", &[Timestamp]),
    (Bool, "isfinite(◊)", &[TimestampTz]),
    (Bool, "(◊ < now())", &[TimestampTz]),
    (Bool, "(◊ >= current_date)", &[Date]),
    (Bool, "((◊ - ◊) > ◊)", &[Timestamp, Timestamp, Span]),
    (Bool, "((◊, ◊) < (◊, ◊))", &[Int4, Text, Int4, Text]),
    (Bool, "((◊, ◊) = (◊, ◊))", &[Int4, Date, Int4, Date]),
    (Bool, "(◊)::boolean", &[Int4]),
    (Bool, "(◊ = 'nan')", &[Float8]),
    (Int2, "(◊ + ◊)", &[Int2, Int2]),
    (Int2, "(◊ - ◊)", &[Int2, Int2]),
    (Int2, "(- ◊)", &[Int2]),
    (Int2, "abs(◊)", &[Int2]),
    (Int2, "(◊)::smallint", &[Int4]),
    (Int2, "(◊ / ◊::smallint)", &[Int2, Divisor]),
    (Int4, "(◊ + ◊)", &[Int4, Int4]),
    (Int4, "(◊ + ◊)", &[Int4, Small]),
    (Int4, "(◊ + ◊)", &[Int2, Int4]),
    (Int4, "(◊ - ◊)", &[Int4, Int4]),
    (Int4, "(◊ * ◊)", &[Int4, Small]),
    (Int4, "(◊ * ◊)", &[Int4, Int2]),
    (Int4, "(◊ / ◊)", &[Int4, Divisor]),
    (Int4, "(◊ / ◊)", &[Int4, Int4]),
    (Int4, "(◊ % ◊)", &[Int4, Divisor]),
    (Int4, "mod(◊, ◊)", &[Int4, Divisor]),
    (Int4, "(- ◊)", &[Int4]),
    (Int4, "abs(◊)", &[Int4]),
    (Int4, "sign(◊)::integer", &[Int4]),
    (Int4, "length(◊)", &[Text]),
    (Int4, "char_length(◊)", &[Text]),
    (Int4, "octet_length(◊)", &[Text]),
    (Int4, "bit_length(◊)", &[Text]),
    (Int4, "length(◊)", &[Bytea]),
    (Int4, "ascii(◊)", &[Text]),
    (Int4, "strpos(◊, ◊)", &[Text, Text]),
    (Int4, "position(◊ in ◊)", &[Text, Text]),
    (Int4, "(◊ - ◊)", &[Date, Date]),
    (Int4, "(◊)::integer", &[Bool]),
    (Int4, "(◊)::integer", &[Int8]),
    (Int4, "(◊)::integer", &[Numeric]),
    (Int4, "(◊)::integer", &[Float8]),
    (Int4, "extract(◊ from ◊)::integer", &[DateField, Date]),
    (Int4, "(◊ & ◊)", &[Int4, Small]),
    (Int4, "(◊ | ◊)", &[Int4, Int4]),
    (Int4, "(◊ # ◊)", &[Int4, Int4]),
    (Int4, "(~ ◊)", &[Int4]),
    (Int4, "(◊ << ◊)", &[Int4, Positive]),
    (Int4, "(◊ >> ◊)", &[Int4, Positive]),
    (Int8, "(◊ + ◊)", &[Int8, Int4]),
    (Int8, "(◊ - ◊)", &[Int8, Int8]),
    (Int8, "(◊ * ◊)", &[Int8, Int4]),
    (Int8, "(◊ / ◊)", &[Int8, Divisor]),
    (Int8, "(◊ % ◊::bigint)", &[Int8, Divisor]),
    (Int8, "(◊)::bigint", &[Int4]),
    (Int8, "(◊)::bigint", &[Numeric]),
    (Int8, "(◊)::bigint", &[Float4]),
    (Int8, "abs(◊)", &[Int8]),
    (Numeric, "(◊ + ◊)", &[Numeric, Numeric]),
    (Numeric, "(◊ + ◊)", &[Numeric, Int4]),
    (Numeric, "(◊ - ◊)", &[Numeric, Numeric]),
    (Numeric, "(◊ * ◊)", &[Numeric, Numeric]),
    (Numeric, "(◊ * ◊)", &[Numeric, Small]),
    (Numeric, "(◊ / ◊)", &[Numeric, Divisor]),
    (Numeric, "(◊ % ◊)", &[Numeric, Divisor]),
    (Numeric, "(- ◊)", &[Numeric]),
    (Numeric, "abs(◊)", &[Numeric]),
    (Numeric, "round(◊)", &[Numeric]),
    (Numeric, "round(◊, ◊)", &[Numeric, Small]),
    (Numeric, "trunc(◊)", &[Numeric]),
    (Numeric, "trunc(◊, ◊)", &[Numeric, Small]),
    (Numeric, "ceil(◊)", &[Numeric]),
    (Numeric, "floor(◊)", &[Numeric]),
    (Numeric, "(◊)::numeric", &[Int4]),
    (Numeric, "(◊)::numeric", &[Int8]),
    (Numeric, "(◊)::numeric(12,1)", &[Numeric]),
    (Numeric, "(◊)::numeric", &[Float8]),
    (Numeric, "extract(◊ from ◊)", &[DateField, Date]),
    (Numeric, "extract(◊ from ◊)", &[DateField, Date]),
    (Numeric, "extract(◊ from ◊)", &[MomentField, Timestamp]),
    (Numeric, "extract(◊ from ◊)", &[MomentField, Timestamp]),
    (Numeric, "extract(◊ from ◊)", &[MomentField, TimestampTz]),
    (Numeric, "extract(hour from ◊)", &[Time]),
    (Numeric, "extract(second from ◊)", &[Time]),
    (Float4, "(◊ + ◊)", &[Float4, Float4]),
    (Float4, "(◊)::real", &[Int2]),
    (Float4, "(- ◊)", &[Float4]),
    (Float8, "(◊ + ◊)", &[Float8, Float8]),
    (Float8, "(◊ - ◊)", &[Float8, Float4]),
    (Float8, "(◊ * ◊)", &[Float8, Int4]),
    (Float8, "(◊ / ◊)", &[Float8, Divisor]),
    (Float8, "(- ◊)", &[Float8]),
    (Float8, "abs(◊)", &[Float8]),
    (Float8, "floor(◊)", &[Float8]),
    (Float8, "(◊)::double precision", &[Int4]),
    (Float8, "(◊)::double precision", &[Float4]),
    (Float8, "(◊)::double precision", &[Numeric]),
    (Float8, "date_part('◊', ◊)", &[DateField, Date]),
    (Float8, "date_part('◊', ◊)", &[MomentField, Timestamp]),
    (Text, "(◊ || ◊)", &[Text, Text]),
    (Text, "(◊ || ◊)", &[Text, Text]),
    (Text, "(◊ || ◊)", &[Text, Int4]),
    (Text, "concat(◊, ◊)", &[Text, Date]),
    (Text, "lower(◊)", &[Text]),
    (Text, "upper(◊)", &[Text]),
    (Text, "initcap(◊)", &[Text]),
    (Text, "substr(◊, ◊)", &[Text, Small]),
    (Text, "substr(◊, ◊, ◊)", &[Text, Small, Positive]),
    (Text, "substring(◊ from ◊ for ◊)", &[Text, Positive, Positive]),
    (Text, "left(◊, ◊)", &[Text, Small]),
    (Text, "right(◊, ◊)", &[Text, Small]),
    (Text, "trim(◊)", &[Text]),
    (Text, "ltrim(◊)", &[Text]),
    (Text, "rtrim(◊)", &[Text]),
    (Text, "btrim(◊, ◊)", &[Text, Text]),
    (Text, "replace(◊, ◊, ◊)", &[Text, Text, Text]),
    (Text, "reverse(◊)", &[Text]),
    (Text, "lpad(◊, ◊)", &[Text, Positive]),
    (Text, "rpad(◊, ◊, 'xy')", &[Text, Positive]),
    (Text, "repeat(◊, ◊)", &[Text, Small]),
    (Text, "split_part(◊, 'a', 1)", &[Text]),
    (Text, "translate(◊, 'ab', 'x')", &[Text]),
    (Text, "md5(◊)", &[Text]),
    (Text, "(◊ COLLATE \"C\")", &[Text]),
    (Text, "(◊ COLLATE \"C\")", &[Text]),
    (Text, "(◊)::varchar(3)", &[Text]),
    (Text, "(◊)::char(3)::text", &[Text]),
    (Text, "(◊)::text", &[Bool]),
    (Text, "(◊)::text", &[Int4]),
    (Text, "(◊)::text", &[Numeric]),
    (Text, "(◊)::text", &[Float8]),
    (Text, "(◊)::text", &[Date]),
    (Text, "(◊)::text", &[Timestamp]),
    (Text, "(◊)::text", &[TimestampTz]),
    (Text, "(◊)::text", &[Uuid]),
    (Text, "(◊)::text", &[Mood]),
    (Text, "to_char(◊, 'YYYY-MM')", &[Timestamp]),
    (Bytea, "(◊ || ◊)", &[Bytea, Bytea]),
    (Bytea, "substring(◊ from 1 for 1)", &[Bytea]),
    (Bytea, "convert_to(◊, 'UTF8')", &[Text]),
    (Date, "(◊ + ◊)", &[Date, Small]),
    (Date, "(◊ - ◊)", &[Date, Positive]),
    (Date, "(◊)::date", &[Timestamp]),
    (Date, "(◊)::date", &[TimestampTz]),
    (Date, "(date_trunc('month', ◊))::date", &[Date]),
    (Timestamp, "(◊ + ◊)", &[Timestamp, Span]),
    (Timestamp, "(◊ - ◊)", &[Timestamp, Span]),
    (Timestamp, "(◊ + ◊)", &[Date, Span]),
    (Timestamp, "(◊ + ◊)", &[Date, Time]),
    (Timestamp, "(◊)::timestamp", &[Date]),
    (Timestamp, "(◊)::timestamp(0)", &[Timestamp]),
    (Timestamp, "(◊)::timestamp", &[TimestampTz]),
    (Timestamp, "(◊ AT TIME ZONE 'UTC')", &[TimestampTz]),
    (Timestamp, "date_trunc('year', ◊)", &[Timestamp]),
    (Timestamp, "date_trunc('quarter', ◊)", &[Timestamp]),
    (Timestamp, "date_trunc('month', ◊)", &[Timestamp]),
    (Timestamp, "date_trunc('week', ◊)", &[Timestamp]),
    (Timestamp, "date_trunc('day', ◊)", &[Timestamp]),
    (Timestamp, "date_trunc('hour', ◊)", &[Timestamp]),
    (TimestampTz, "(◊ + ◊)", &[TimestampTz, Span]),
    (TimestampTz, "(◊)::timestamptz", &[Date]),
    (TimestampTz, "(◊)::timestamptz", &[Timestamp]),
    (TimestampTz, "(◊ AT TIME ZONE 'Europe/Berlin')", &[Timestamp]),
    (TimestampTz, "date_trunc('day', ◊)", &[TimestampTz]),
    (Time, "(◊ + ◊)", &[Time, Span]),
    (Time, "(◊)::time", &[Timestamp]),
];

/// Types that operators compare with each other.
const PAIRS: &[(Kind, Kind)] = &[
    (Int2, Int4),
    (Int2, Int8),
    (Int4, Int8),
    (Int4, Numeric),
    (Int8, Numeric),
    (Int4, Float8),
    (Int8, Float8),
    (Int8, Float4),
    (Float4, Float8),
    (Numeric, Float8),
    (Numeric, Float4),
    (Date, Timestamp),
    (Date, TimestampTz),
    (Timestamp, TimestampTz),
];

const COMPARISONS: [&str; 9] = ["=", "=", "<>", "<>", "<", "<=", ">", ">", ">="];

/// Makes expressions over some relations.
pub struct Maker<'a> {
    pub chance: &'a mut Chance,
    pub relations: Vec<Relation>,
}

impl Maker<'_> {
    /// A column of this type, if there is one.
    pub fn column(&mut self, kind: Kind) -> Option<Expr> {
        let all: Vec<String> = self
            .relations
            .iter()
            .flat_map(|relation| {
                let fitting = relation.columns.iter().filter(|(_, of)| *of == kind);
                fitting.map(|(name, _)| format!("{}.{name}", relation.alias))
            })
            .collect();
        (!all.is_empty()).then(|| Expr::form(kind, self.chance.of(&all).as_str(), Vec::new()))
    }

    /// Any column.
    pub fn any_column(&mut self) -> Expr {
        loop {
            let kind = *self.chance.of(&KINDS);
            if let Some(column) = self.column(kind) {
                return column;
            }
        }
    }

    /// A type, of those that are there often enough.
    pub fn kind(&mut self) -> Kind {
        const OFTEN: [Kind; 8] = [Int4, Int4, Int8, Numeric, Float8, Text, Text, Date];
        if self.chance.percent(50) { *self.chance.of(&OFTEN) } else { *self.chance.of(&KINDS) }
    }

    pub fn constant(&mut self, kind: Kind) -> Expr {
        let values = kind.constants();
        let value = *self.chance.of(values);
        Expr::constant(kind, value)
    }

    fn null(kind: Kind) -> Expr {
        Expr::form(kind, &format!("NULL::{}", kind.sql()), Vec::new())
    }

    fn leaf(&mut self, kind: Kind) -> Expr {
        match self.chance.below(100) {
            0..2 if KINDS.contains(&kind) => Self::null(kind),
            2..30 => self.constant(kind),
            _ => self.column(kind).unwrap_or_else(|| self.constant(kind)),
        }
    }

    /// An expression of this type, at most so deep.
    pub fn value(&mut self, kind: Kind, depth: u32) -> Expr {
        if !KINDS.contains(&kind) {
            return self.constant(kind);
        }
        if depth == 0 || self.chance.percent(if kind == Bool { 10 } else { 45 }) {
            return self.leaf(kind);
        }
        match kind {
            Bool if self.chance.percent(60) => self.test(depth),
            _ if self.chance.percent(25) => self.choice(kind, depth - 1),
            _ => self.formed(kind, depth - 1),
        }
    }

    fn formed(&mut self, kind: Kind, depth: u32) -> Expr {
        let fitting: Vec<_> = FORMS.iter().filter(|(of, _, _)| *of == kind).collect();
        if fitting.is_empty() {
            return self.leaf(kind);
        }
        let (_, text, kinds) = **self.chance.of(&fitting);
        let parts = kinds.iter().map(|kind| self.value(*kind, depth)).collect();
        Expr::form(kind, text, parts)
    }

    /// CASE, COALESCE and their like.
    fn choice(&mut self, kind: Kind, depth: u32) -> Expr {
        let forms: [(&str, &[Kind]); 8] = [
            ("CASE WHEN ◊ THEN ◊ ELSE ◊ END", &[Bool, kind, kind]),
            ("CASE WHEN ◊ THEN ◊ END", &[Bool, kind]),
            ("CASE WHEN ◊ THEN ◊ WHEN ◊ THEN ◊ ELSE ◊ END", &[Bool, kind, Bool, kind, kind]),
            ("CASE ◊ WHEN ◊ THEN ◊ ELSE ◊ END", &[Int4, Int4, kind, kind]),
            ("COALESCE(◊, ◊)", &[kind, kind]),
            ("NULLIF(◊, ◊)", &[kind, kind]),
            ("GREATEST(◊, ◊)", &[kind, kind]),
            ("LEAST(◊, ◊)", &[kind, kind]),
        ];
        let (text, kinds) = *self.chance.of(&forms);
        let parts = kinds.iter().map(|kind| self.value(*kind, depth)).collect();
        Expr::form(kind, text, parts)
    }

    /// What WHERE is full of.
    pub fn test(&mut self, depth: u32) -> Expr {
        let depth = depth.saturating_sub(1);
        match self.chance.below(100) {
            0..30 => self.plain_comparison(),
            30..45 => {
                let kind = self.kind();
                self.comparison(kind, kind, depth)
            }
            45..52 => {
                let (left, right) = *self.chance.of(PAIRS);
                self.comparison(left, right, depth)
            }
            52..60 => self.between(depth),
            60..70 => self.list(depth),
            70..78 => {
                let kind = self.kind();
                let text = *self.chance.of(&["(◊ IS NULL)", "(◊ IS NOT NULL)"]);
                Expr::form(Bool, text, vec![self.value(kind, depth)])
            }
            78..84 => {
                let kind = self.kind();
                let text =
                    *self.chance.of(&["(◊ IS DISTINCT FROM ◊)", "(◊ IS NOT DISTINCT FROM ◊)"]);
                Expr::form(Bool, text, vec![self.value(kind, depth), self.value(kind, depth)])
            }
            _ => self.formed(Bool, depth),
        }
    }

    /// About a column of which nothing else can be asked.
    pub fn other_test(&mut self) -> Expr {
        let Some(column) = self.column(Kind::Other) else { return self.plain_comparison() };
        Expr::form(Bool, self.chance.word(&["(◊ IS NULL)", "(◊ IS NOT NULL)"]), vec![column])
    }

    /// A column and a constant.
    pub fn plain_comparison(&mut self) -> Expr {
        let column = self.any_column();
        let constant = self.constant(column.kind);
        let operator = *self.chance.of(&COMPARISONS);
        let mut parts = vec![column, constant];
        if self.chance.percent(15) {
            parts.reverse();
        }
        Expr::form(Bool, &format!("(◊ {operator} ◊)"), parts)
    }

    fn comparison(&mut self, left: Kind, right: Kind, depth: u32) -> Expr {
        let operator = *self.chance.of(&COMPARISONS);
        let mut parts = vec![self.value(left, depth), self.value(right, depth)];
        if self.chance.percent(30) {
            parts.reverse();
        }
        Expr::form(Bool, &format!("(◊ {operator} ◊)"), parts)
    }

    fn between(&mut self, depth: u32) -> Expr {
        let kind = self.kind();
        let word = *self.chance.of(&["BETWEEN", "BETWEEN", "NOT BETWEEN", "BETWEEN SYMMETRIC"]);
        let bound = |maker: &mut Self| match maker.chance.percent(70) {
            true => maker.constant(kind),
            false => maker.value(kind, depth),
        };
        let parts = vec![self.value(kind, depth), bound(self), bound(self)];
        Expr::form(Bool, &format!("(◊ {word} ◊ AND ◊)"), parts)
    }

    /// IN, ANY and ALL over some constants, NULL among them now and then.
    fn list(&mut self, depth: u32) -> Expr {
        let kind = self.kind();
        let mut parts = vec![self.value(kind, depth)];
        let count = 1 + self.chance.below(4);
        for _ in 0..count {
            let null = self.chance.percent(8);
            parts.push(if null { Self::null(kind) } else { self.constant(kind) });
        }
        let holes = vec!["◊"; parts.len() - 1].join(", ");
        let array = format!("(ARRAY[{holes}])");
        let text = match self.chance.below(8) {
            0..3 => format!("(◊ IN ({holes}))"),
            3..5 => format!("(◊ NOT IN ({holes}))"),
            5 => format!("(◊ = ANY {array})"),
            6 => format!("(◊ <> ALL {array})"),
            _ => {
                format!("(◊ {} {array})", *self.chance.of(&["< ANY", ">= ALL", "<> ANY", "= ALL"]))
            }
        };
        Expr::form(Bool, &text, parts)
    }

    /// An aggregate, now and then of some of the rows.
    pub fn aggregate(&mut self, depth: u32) -> Expr {
        let (kind, text, parts) = self.plain_aggregate(depth);
        if !self.chance.percent(15) {
            return Expr::form(kind, &text, parts);
        }
        let mut parts = parts;
        parts.push(self.test(depth));
        Expr::form(kind, &format!("{text} FILTER (WHERE ◊)"), parts)
    }

    fn plain_aggregate(&mut self, depth: u32) -> (Kind, String, Vec<Expr>) {
        const SUMMED: [(Kind, Kind); 4] =
            [(Int2, Int8), (Int4, Int8), (Int8, Numeric), (Numeric, Numeric)];
        const ORDERED: [Kind; 11] =
            [Int2, Int4, Int8, Numeric, Float4, Float8, Text, Date, Time, Timestamp, TimestampTz];
        let distinct = if self.chance.percent(20) { "DISTINCT " } else { "" };
        match self.chance.below(12) {
            0..2 => (Int8, "count(*)".to_owned(), Vec::new()),
            2 => {
                let column = self.column(Other).unwrap_or_else(|| self.any_column());
                (Int8, "count(◊)".to_owned(), vec![column])
            }
            3 => {
                let kind = self.kind();
                (Int8, format!("count({distinct}◊)"), vec![self.value(kind, depth)])
            }
            4..6 => {
                let (kind, result) = *self.chance.of(&SUMMED);
                (result, format!("sum({distinct}◊)"), vec![self.value(kind, depth)])
            }
            6..8 => {
                let (kind, _) = *self.chance.of(&SUMMED);
                (Numeric, format!("avg({distinct}◊)"), vec![self.value(kind, depth)])
            }
            8..10 => {
                let kind = *self.chance.of(&ORDERED);
                let name = *self.chance.of(&["min", "max"]);
                (kind, format!("{name}(◊)"), vec![self.value(kind, depth)])
            }
            10 if self.chance.percent(50) => {
                let name = *self.chance.of(&["bool_and", "bool_or", "every"]);
                (Bool, format!("{name}(◊)"), vec![self.value(Bool, depth)])
            }
            10 => (Int4, "bit_and(◊)".to_owned(), vec![self.value(Int4, depth)]),
            _ => {
                // Exact, and the same in any order, but nothing that a reader computes.
                let name = *self.chance.of(&["stddev_pop", "variance"]);
                (Numeric, format!("{name}(◊)"), vec![self.value(Int4, depth)])
            }
        }
    }
}
