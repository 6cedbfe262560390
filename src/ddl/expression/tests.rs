//! Pairs of what DuckDB prints and what PostgreSQL gets, and what is refused.

use migrator_model::{
    Ident, LogicalType as L, PgType as P, QualifiedName, pg_type::Environment, policy::Losses,
    rules,
};

use super::*;

/// Columns of every kind: name and type.
fn columns() -> Vec<(&'static str, L)> {
    vec![
        ("i", L::Integer),
        ("small", L::SmallInt),
        ("big", L::BigInt),
        ("u", L::UInteger),
        ("huge", L::HugeInt),
        ("price", L::Decimal { width: 10, scale: 2 }),
        ("vat_rate", L::Decimal { width: 4, scale: 3 }),
        ("wide", L::Decimal { width: 38, scale: 10 }),
        ("f", L::Float),
        ("x", L::Double),
        ("b", L::Boolean),
        ("s", L::Varchar),
        ("Full Name", L::Varchar),
        ("d", L::Date),
        ("ts", L::Timestamp),
        ("tz", L::TimestampTz),
        ("ns", L::TimestampNs),
        ("id", L::Uuid),
        ("bin", L::Blob),
        ("payload", L::Json),
        ("status", L::Enum(vec!["new".into(), "it's".into()])),
        ("tags", L::List(Box::new(L::Varchar))),
        ("grid", L::List(Box::new(L::List(Box::new(L::Integer))))),
        ("span", L::Interval),
    ]
}

fn run(sql: &str, purpose: Purpose<'_>) -> Result<Translated, Untranslatable> {
    let environment = Environment::default();
    let target = |logical: &L| rules::map(logical, &environment, &Losses::default()).pg;
    let owned: Vec<_> = columns()
        .into_iter()
        .map(|(name, logical)| (name, Ident::new(name).unwrap(), logical.clone(), target(&logical)))
        .collect();
    let columns: Vec<_> = owned
        .iter()
        .map(|(source, ident, logical, pg)| Column {
            source,
            ident,
            logical,
            pg,
            generated: *source == "huge",
            collation: None,
        })
        .collect();
    let sequences = |name: &str| match name {
        "\"Order No\"" => QualifiedName::parse("public.\"Order No\"").ok(),
        "audit.id" => QualifiedName::parse("audit.id").ok(),
        _ => None,
    };
    let macros = Macros::new(&[]);
    let context = Context::of_table(&columns, &sequences, &macros, &environment, purpose);
    translate(sql, &context)
}

fn check(sql: &str) -> String {
    run(sql, Purpose::Check).unwrap_or_else(|e| panic!("{sql}: {e}")).sql
}

fn index(sql: &str) -> String {
    run(sql, Purpose::Index).unwrap_or_else(|e| panic!("{sql}: {e}")).sql
}

fn refused(sql: &str) -> String {
    match run(sql, Purpose::Check).or_else(|_| run(sql, Purpose::Index)) {
        Ok(translated) => panic!("{sql}: {}", translated.sql),
        Err(untranslatable) => untranslatable.reason,
    }
}

fn default(sql: &str, logical: &L, pg: &P) -> String {
    run(sql, Purpose::Default { logical, pg }).map_or_else(|e| e.reason, |t| t.sql)
}

fn generated(sql: &str, logical: &L, pg: &P) -> String {
    run(sql, Purpose::Generated { logical, pg }).map_or_else(|e| e.reason, |t| t.sql)
}

#[test]
fn the_shops_checks_translate() {
    assert_eq!(
        check("((s ~~ '%@%') AND (length(main.\"trim\"(s)) > 3))"),
        "((\"s\" LIKE '%@%'::text ESCAPE '') AND (pg_catalog.char_length(pg_catalog.btrim(\"s\", \
         ' \u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\
         \u{2009}\u{200a}\u{202f}\u{205f}\u{3000}'::text)) > 3))"
    );
    assert_eq!(check("(d > CAST('1900-01-01' AS DATE))"), "(\"d\" > '1900-01-01'::date)");
    assert_eq!(
        check("((s IS NULL) OR (upper(s) = s))"),
        "((\"s\" IS NULL) OR (pg_catalog.upper(\"s\") = \"s\"))"
    );
    assert_eq!(
        check("((d IS NULL) OR (d >= CAST(ts AS DATE)))"),
        "((\"d\" IS NULL) OR (\"d\" >= (\"ts\")::date))"
    );
    assert_eq!(
        check("(x BETWEEN 0 AND 90)"),
        "(\"x\" BETWEEN (0)::double precision AND (90)::double precision)"
    );
    assert_eq!(check("(price >= 0.01)"), "(\"price\" >= 0.01)");
    assert_eq!(
        check("regexp_matches(s, '^[A-Z]{3}-[0-9]{5}$')"),
        "(\"s\" ~ '^[A-Z]{3}-[0-9]{5}$')"
    );
    assert_eq!(
        check("((payload IS NULL) OR json_valid(payload))"),
        "((\"payload\" IS NULL) OR (CASE WHEN \"payload\" IS NOT NULL THEN true END))"
    );
    assert!(check("((d IS NULL) OR (\"year\"(d) >= 2015))").contains("EXTRACT(YEAR FROM \"d\")"));
}

#[test]
fn the_shops_defaults_translate() {
    let numeric = P::Numeric(Some((12, 2)));
    let decimal = L::Decimal { width: 12, scale: 2 };
    assert_eq!(default("500.00", &decimal, &numeric), "500.00");
    assert_eq!(default("CAST('t' AS BOOLEAN)", &L::Boolean, &P::Bool), "true");
    assert_eq!(default("0.0", &L::Double, &P::Float8), "0.0");
    assert_eq!(default("1", &L::Integer, &P::Int4), "1");
    let list = L::List(Box::new(L::Varchar));
    let array = P::Array(Box::new(P::Text));
    assert_eq!(default("main.list_value()", &list, &array), "('{}')::text[]");
    assert_eq!(default("list_value('a', 'b')", &list, &array), "ARRAY['a'::text, 'b'::text]");
    assert_eq!(default("now()", &L::TimestampTz, &P::TimestampTz(None)), "pg_catalog.now()");
    assert_eq!(
        default("current_timestamp", &L::Timestamp, &P::Timestamp(None)),
        "(pg_catalog.now())::timestamp without time zone"
    );
    assert_eq!(
        default("CAST(now() AS TIMESTAMP_US)", &L::TimestampMs, &P::Timestamp(Some(3))),
        "((pg_catalog.now())::timestamp without time zone)::timestamp(3) without time zone"
    );
    let random = default("gen_random_uuid()", &L::Uuid, &P::Uuid);
    assert_eq!(random, "pg_catalog.gen_random_uuid()");
    assert_eq!(
        default("nextval('\"Order No\"')", &L::BigInt, &P::Int8),
        "pg_catalog.nextval('\"public\".\"Order No\"'::pg_catalog.regclass)"
    );
    assert_eq!(
        default("nextval('audit.id')", &L::SmallInt, &P::Int2),
        "pg_catalog.nextval('\"audit\".\"id\"'::pg_catalog.regclass)"
    );
    let text = default("'it''s \\n'", &L::Varchar, &P::Text);
    assert_eq!(text, "'it''s \\n'::text");
    let labels = vec!["new".to_owned()];
    let pg = P::Enum { name: None, labels: labels.clone() };
    assert_eq!(default("'new'", &L::Enum(labels), &pg), "'new'");
    assert_eq!(
        default("CAST('{\"a\": 1}' AS \"json\")", &L::Json, &P::Jsonb),
        "'{\"a\": 1}'::jsonb"
    );
    assert_eq!(default("NULL", &L::Json, &P::Jsonb), "NULL");
    assert_eq!(default("-1", &L::SmallInt, &P::Int2), "(-1)");
}

#[test]
fn defaults_that_cannot_be_are_refused() {
    let said = |sql: &str, logical: &L, pg: &P| default(sql, logical, pg);
    assert_eq!(said("i", &L::Integer, &P::Int4), "a default cannot use columns");
    assert_eq!(said("nextval('other')", &L::Integer, &P::Int4), "sequence 'other' is not loaded");
    assert_eq!(said("300", &L::TinyInt, &P::Int2), "300 is out of range for type TINYINT");
    let json = L::Struct(Vec::new());
    assert!(said("struct_pack(a := 1)", &json, &P::Jsonb).contains("function struct_pack"));
    assert!(
        said("list_value(1.5)", &L::Array(Box::new(L::Float), 1), &P::Vector(None))
            .contains("cast")
    );
    assert!(said("'x'", &L::Uuid, &P::Uuid).contains("not taken for UUID"));
}

#[test]
fn the_shops_generated_column_and_indexes_translate() {
    assert_eq!(
        generated(
            "CAST(CAST((price * (1 + vat_rate)) AS DECIMAL(14, 5)) AS DECIMAL(14, 5))",
            &L::Decimal { width: 14, scale: 5 },
            &P::Numeric(Some((14, 5)))
        ),
        "((\"price\" * (1 + \"vat_rate\")))::numeric(14,5)"
    );
    assert_eq!(generated("CAST((i * 2) AS INTEGER)", &L::Integer, &P::Int4), "(\"i\" * 2)");
    assert_eq!(index("(lower(s))"), "pg_catalog.lower(\"s\")");
    assert_eq!(index("((i * price))"), "(\"i\" * \"price\")");
    assert_eq!(index("((i + 1))"), "(\"i\" + 1)");
}

#[test]
fn immutable_places_refuse_what_is_not() {
    let stamp = |sql: &str| generated(sql, &L::TimestampTz, &P::TimestampTz(None));
    assert_eq!(stamp("now()"), "function now is not immutable");
    assert_eq!(stamp("uuid()"), "function uuid can only be used in a default");
    assert!(refused("(random() < 0.5)").contains("only be used in a default"));
    assert!(generated("CAST(status AS VARCHAR)", &L::Varchar, &P::Text).contains("ENUM"));
    assert!(generated("(huge + 1)", &L::HugeInt, &P::Numeric(Some((39, 0)))).contains("generated"));
}

#[test]
fn columns_are_found_in_any_case_and_remembered_once() {
    let translated = run("((\"full name\" = S) AND (s != 'x'))", Purpose::Check).unwrap();
    assert!(translated.sql.starts_with("((\"Full Name\" = \"s\")"));
    let names: Vec<_> = translated.columns.iter().map(Ident::as_str).collect();
    assert_eq!(names, ["Full Name", "s"]);
    assert_eq!(check("(t.i > 0)"), "(\"i\" > 0)");
    assert_eq!(refused("(nope > 0)"), "column \"nope\" does not exist");
    assert!(refused("(payload.a = 1)").contains("STRUCT"));
}

#[test]
fn texts_sort_by_their_bytes() {
    assert_eq!(check("(s < 'a')"), "((\"s\" COLLATE pg_catalog.\"C\") < 'a'::text)");
    assert_eq!(
        check("(s BETWEEN 'a' AND 'b')"),
        "((\"s\" COLLATE pg_catalog.\"C\") BETWEEN 'a'::text AND 'b'::text)"
    );
    assert_eq!(check("(s = 'a')"), "(\"s\" = 'a'::text)");
    assert_eq!(check("(s IN ('a', 'b'))"), "(\"s\" IN ('a'::text, 'b'::text))");
    assert!(index("greatest(s, 'a')").starts_with("GREATEST((\"s\" COLLATE"));
}

#[test]
fn numbers_meet_in_duckdbs_type() {
    assert_eq!(check("(f > 0.1)"), "(\"f\" > (0.1)::real)");
    assert_eq!(check("(x = price)"), "(\"x\" = (\"price\")::double precision)");
    assert_eq!(check("(big > u)"), "(\"big\" > \"u\")");
    assert_eq!(
        check("((i + x) > 0)"),
        "(((\"i\")::double precision + \"x\") > (0)::double precision)"
    );
    assert!(refused("(wide > x)").contains("not cast to DOUBLE"));
    assert!(refused("((u - 1) > 0)").contains("unsigned"));
    assert!(refused("(s > 5)").contains("VARCHAR and INTEGER"));
}

#[test]
fn divisions_keep_their_meaning() {
    assert_eq!(index("(i / 2)"), "((\"i\")::double precision / (2)::double precision)");
    assert_eq!(index("(i // small)"), "(\"i\" / \"small\")");
    assert_eq!(index("(huge // 2)"), "pg_catalog.div(\"huge\", 2)");
    assert_eq!(index("(i % 3)"), "(\"i\" % 3)");
    assert!(index("(i / \"nullif\"(small, 0))").contains("NULLIF(\"small\", 0)"));
    assert!(refused("((1 / i) > 0)").contains("infinity"));
    assert!(refused("((x // 2) > 0)").contains("not an integer"));
    assert!(refused("((x % 2) > 0)").contains("floating-point"));
    assert_eq!(index("(x ** 2)"), "pg_catalog.power(\"x\", (2)::double precision)");
    assert!(index("(x ^ 0.5)").contains("THEN 'NaN'::double precision ELSE pg_catalog.power("));
}

#[test]
fn sums_and_products_of_decimals_are_as_wide_as_in_duckdb() {
    let typed = |sql: &str| index(&format!("CAST({sql} AS VARCHAR)"));
    assert!(typed("(price + 1)").contains("numeric(13,2)"));
    assert!(typed("(price + CAST(big AS DECIMAL(18,4)))").contains("numeric(19,4)"));
    assert!(typed("(price * 1)").contains("numeric(18,2)"));
    assert!(typed("(wide + price)").contains("numeric(38,10)"));
}

#[test]
fn bits_keep_the_type_of_both_sides() {
    assert_eq!(index("(i & 3)"), "(\"i\" & 3)");
    assert_eq!(index("xor(i, small)"), "(\"i\" # \"small\")");
    assert_eq!(index("(~(u))"), "(4294967295 - \"u\")");
    assert_eq!(index("(i >> 1)"), "(\"i\" >> 1)");
    assert!(index("(i >> small)").contains("BETWEEN 0 AND 31"));
    assert!(refused("((huge & 1) > 0)").contains("HUGEINT"));
    assert!(refused("((i << 1) > 0)").contains("duckdb_shift_left"));
}

#[test]
fn like_has_no_escape_character_by_itself() {
    assert_eq!(check("(s !~~ 'a\\%')"), "(\"s\" NOT LIKE 'a\\%'::text ESCAPE '')");
    assert_eq!(check("like_escape(s, 'a!%', '!')"), "(\"s\" LIKE 'a!%'::text ESCAPE '!')");
    assert_eq!(check("(s ~~* 'a')"), "(\"s\" ILIKE 'a'::text ESCAPE '')");
    assert_eq!(check("(s ~~~ 'a*')"), "(\"s\" LIKE 'a%'::text)");
}

#[test]
fn functions_of_texts_translate() {
    assert_eq!(index("substr(s, 2)"), "pg_catalog.substr(\"s\", 2)");
    assert_eq!(index("substring(s, 1, 3)"), "pg_catalog.substr(\"s\", 1, 3)");
    assert_eq!(index("\"left\"(s, 2)"), "pg_catalog.left(\"s\", 2)");
    assert_eq!(index("(s || i)"), "(\"s\" || (\"i\")::text)");
    assert_eq!(
        index("concat(s, 'x', i)"),
        "(COALESCE(\"s\", '') || COALESCE('x'::text, '') || COALESCE((\"i\")::text, ''))"
    );
    assert_eq!(check("contains(s, 'x')"), "(pg_catalog.strpos(\"s\", 'x'::text) > 0)");
    assert_eq!(check("starts_with(s, 'x')"), "pg_catalog.starts_with(\"s\", 'x'::text)");
    assert_eq!(check("(s ^@ 'x')"), "pg_catalog.starts_with(\"s\", 'x'::text)");
    assert!(index("format('{} of {}', s, i)").contains("\"s\" || ' of '::text || (\"i\")::text"));
    assert!(refused("(format('{:d}', i) = s)").contains("is not supported"));
    assert!(refused("(printf('%s', i) = s)").contains("INTEGER"));
    assert!(refused("(split_part(s, '', 1) = s)").contains("separator"));
    assert!(refused("(lpad(s, 3, s) = s)").contains("padding"));
    assert!(refused("(reverse(s) = s)").contains("function reverse is not supported"));
    assert!(refused("s COLLATE nocase").contains("COLLATE"));
    assert!(refused("(s COLLATE noaccent = 'x')").contains("COLLATE"));
    assert_eq!(
        check("(s COLLATE NOCASE = 'X')"),
        "(pg_catalog.lower(\"s\") = pg_catalog.lower('X'::text))"
    );
}

#[test]
fn positions_from_the_end_translate() {
    assert_eq!(index("substr(s, -2)"), "pg_catalog.right(\"s\", 2)");
    assert_eq!(
        index("s[-1]"),
        "pg_catalog.substr(\"s\", pg_catalog.char_length(\"s\") + (-1) + 1, 1)"
    );
    assert_eq!(index("s[2:3]"), "pg_catalog.substr(\"s\", 2, 2)");
    assert_eq!(index("s[:-2]"), "pg_catalog.left(\"s\", -1)");
    assert_eq!(index("s[-3:]"), "pg_catalog.right(\"s\", 3)");
    assert_eq!(
        index("\"left\"(s, i)"),
        "pg_catalog.left(\"s\", GREATEST(\"i\", -2147483647)::integer)"
    );
    assert!(refused("(substr(s, i, i) = 'x')").contains("duckdb_substring"));
    assert!(refused("(s[1:i] = 'x')").contains("duckdb_text_slice"));
    assert!(refused("(s[1:3:2] = 'x')").contains("part of a value"));
}

#[test]
fn functions_of_lists_translate() {
    assert_eq!(check("(len(tags) < 5)"), "(pg_catalog.cardinality(\"tags\") < 5)");
    assert!(refused("(len(grid) < 5)").contains("INTEGER[][]"));
    assert_eq!(check("(tags = list_value('a'))"), "(\"tags\" = ARRAY['a'::text])");
    assert!(refused("(tags < list_value('a'))").contains("VARCHAR[]"));
    assert!(refused("contains(tags, 'a')").contains("VARCHAR[]"));
}

#[test]
fn dates_translate() {
    assert_eq!(
        index("date_trunc('month', d)"),
        "pg_catalog.date_trunc('month', (\"d\")::timestamp without time zone)"
    );
    assert_eq!(
        index("(d + to_days(CAST(trunc(CAST(1 AS DOUBLE)) AS INTEGER)))"),
        "(\"d\" + pg_catalog.make_interval(days => ((pg_catalog.trunc((1)::double precision))\
         ::integer)::integer))"
    );
    assert_eq!(index("(d + CAST('1 day' AS INTERVAL))"), "(\"d\" + '1 day'::interval)");
    assert_eq!(index("(d - d)"), "(\"d\" - \"d\")::bigint");
    assert_eq!(check("(d < ts)"), "((\"d\")::timestamp without time zone < \"ts\")");
    assert!(refused("(d < tz)").contains("DATE and TIMESTAMP WITH TIME ZONE"));
    assert!(refused("(\"year\"(tz) > 1)").contains("WITH TIME ZONE"));
    assert!(refused("(ns > ts)").contains("TIMESTAMP_NS"));
    assert!(refused("(strftime(d, '%Y') = '2020')").contains("strftime"));
    assert!(index("timezone('UTC', tz)").starts_with("pg_catalog.timezone('UTC'"));
}

#[test]
fn cases_and_questions_translate() {
    assert_eq!(
        index("CASE  WHEN ((i > 1)) THEN ('a') ELSE s END"),
        "(CASE WHEN (\"i\" > 1) THEN 'a'::text ELSE \"s\" END)"
    );
    assert_eq!(index("COALESCE(i, 0)"), "COALESCE(\"i\", 0)");
    assert_eq!(
        check("(CAST(b AS BOOLEAN) IS NOT DISTINCT FROM true)"),
        "(\"b\" IS NOT DISTINCT FROM true)"
    );
    assert_eq!(check("(NOT (i IN (1, NULL)))"), "(NOT (\"i\" IN (1, NULL)))");
    assert_eq!(check("(status IN ('new', 'it''s'))"), "(\"status\" IN ('new', 'it''s'))");
    assert_eq!(check("(ns IS NOT NULL)"), "(\"ns\" IS NOT NULL)");
    assert!(refused("(status = 'gone')").contains("not taken for ENUM"));
    assert!(refused("(i AND b)").contains("not BOOLEAN"));
    assert!(refused("TRY_CAST(s AS INTEGER)").contains("duckdb_read_number"));
    assert!(refused("TRY_CAST(payload AS INTEGER)").contains("TRY_CAST of JSON"));
    assert_eq!(
        index("TRY_CAST(big AS INTEGER)"),
        "(CASE WHEN \"big\" BETWEEN -2147483648 AND 2147483647 THEN (\"big\")::integer END)"
    );
    assert!(refused("(CAST(s AS INTEGER) > 1)").contains("cast of VARCHAR"));
}

#[test]
fn a_column_stored_as_another_type_answers_only_to_null() {
    assert_eq!(Class::of(&L::Integer, &P::Text), Class::Opaque("INTEGER".into()));
    assert_eq!(Class::of(&L::Varchar, &P::Varchar(Some(5))), Class::Text);
}

#[test]
fn lone_columns_and_sequences_are_told() {
    assert_eq!(only_column("\"name\"").as_deref(), Some("name"));
    assert_eq!(only_column("(x)").as_deref(), Some("x"));
    assert_eq!(only_column("(x + 1)"), None);
    assert_eq!(only_nextval("nextval('audit.id')").as_deref(), Some("audit.id"));
    assert_eq!(only_nextval("(nextval('audit.id') + 1)"), None);
}

#[test]
fn a_long_chain_is_walked_on_a_small_stack() {
    let chain = format!("(i{})", " + 1".repeat(900));
    let work = move || run(&chain, Purpose::Index).is_ok();
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    assert!(thread.spawn(work).unwrap().join().unwrap());
}
