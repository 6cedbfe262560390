use migrator_model::{
    Field, LogicalType, PgType,
    catalog::{Constraint, Index, TableKind},
    protocol::ScanColumn,
    rules::{Fidelity, Mapping},
};

use super::*;
use crate::validate::{
    check::Status,
    stored::Stored,
    target_schema::{IndexPart, TargetConstraint, TargetIndex},
};

/// Both sides of a comparison, to be broken.
struct Case {
    table: Table,
    planned: Vec<PlannedColumn>,
    stored: StoredExpressions,
    target: TargetSchema,
    parent: Option<(QualifiedName, Vec<Ident>)>,
}

fn column(name: &str, logical: LogicalType) -> Column {
    Column {
        name: name.into(),
        logical,
        collation: None,
        nullable: true,
        default: None,
        generated: None,
        comment: None,
        enum_names: Vec::new(),
    }
}

fn planned(name: &str, logical: LogicalType, pg: PgType, source: usize) -> PlannedColumn {
    let mapping = Mapping { pg, fidelity: Fidelity::Exact, note: String::new() };
    let scan = ScanColumn { name: name.into(), field: None, logical, normalize: false };
    PlannedColumn { scan, name: name.into(), source, mapping, fixed: false, length: None }
}

fn found(name: &str, type_name: &str, pg: PgType) -> TargetColumn {
    TargetColumn {
        name: name.into(),
        type_name: type_name.into(),
        pg: Some(pg),
        ..TargetColumn::default()
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn key(kind: &str, columns: &[&str]) -> TargetConstraint {
    TargetConstraint { kind: kind.into(), columns: names(columns), ..TargetConstraint::default() }
}

fn part(column: &str) -> IndexPart {
    IndexPart { column: Some(column.into()), expression: None }
}

fn labels() -> Vec<String> {
    names(&["low", "high"])
}

fn enumeration(labels: Vec<String>) -> PgType {
    PgType::Enum { name: Some(QualifiedName::parse("shop.level").unwrap()), labels }
}

/// A table with one of everything, carried without a fault.
fn case() -> Case {
    let level = LogicalType::Enum(labels());
    let mut columns = vec![
        column("id", LogicalType::Integer),
        column("Level", level.clone()),
        column("total", LogicalType::BigInt),
    ];
    columns[0].nullable = false;
    columns[1].comment = Some("how high".into());
    columns[2].default = Some("0".into());
    let table = Table {
        name: SourceName { schema: Some("main".into()), name: "orders".into() },
        sql_name: String::new(),
        kind: TableKind::Table,
        columns,
        constraints: vec![
            Constraint::PrimaryKey(names(&["id"])),
            Constraint::Unique(names(&["total", "id"])),
            Constraint::Check("(total > 0)".into()),
            Constraint::ForeignKey {
                columns: names(&["total"]),
                table: SourceName { schema: None, name: "totals".into() },
                referenced: names(&["n"]),
            },
        ],
        indexes: vec![Index {
            name: "by_level".into(),
            method: "art".into(),
            unique: false,
            expressions: names(&["Level"]),
            options: Default::default(),
            comment: None,
        }],
        comment: Some("all orders".into()),
        estimated_rows: None,
        sql: None,
        broken: None,
    };
    let unnamed = PgType::Enum { name: None, labels: labels() };
    let mut target = vec![
        found("id", "integer", PgType::Int4),
        found("Level", "shop.level", enumeration(labels())),
        found("total", "bigint", PgType::Int8),
    ];
    target[0].not_null = true;
    target[1].comment = Some("how high".into());
    target[2].default = Some("0".into());
    let foreign_key = TargetConstraint {
        parent_schema: Some("shop".into()),
        parent: Some("totals".into()),
        parent_columns: names(&["n"]),
        ..key("f", &["total"])
    };
    let check = TargetConstraint { expression: Some("(total > 0)".into()), ..key("c", &["total"]) };
    Case {
        planned: vec![
            planned("id", LogicalType::Integer, PgType::Int4, 0),
            planned("Level", level, unnamed, 1),
            planned("total", LogicalType::BigInt, PgType::Int8, 2),
        ],
        stored: StoredExpressions {
            checks: vec![Stored::Text("(total > 0)".into())],
            defaults: vec![Stored::None, Stored::None, Stored::Text("0".into())],
            generated: vec![Stored::None, Stored::None, Stored::None],
            indexes: vec![Ok(vec![part("Level")])],
        },
        target: TargetSchema {
            name: QualifiedName::parse("shop.orders").unwrap(),
            kind: Some("r".into()),
            comment: Some("all orders".into()),
            columns: target,
            constraints: vec![key("p", &["id"]), key("u", &["id", "total"]), check, foreign_key],
            indexes: vec![TargetIndex {
                name: "x".into(),
                unique: false,
                valid: true,
                partial: false,
                method: "btree".into(),
                parts: vec![part("Level")],
            }],
            namesakes: Vec::new(),
        },
        table,
        parent: Some((
            QualifiedName::parse("shop.totals").unwrap(),
            vec![Ident::new("n").unwrap()],
        )),
    }
}

fn run(case: &Case) -> Vec<Check> {
    let Case { table, planned, stored, target, parent } = case;
    let wanted = Wanted { table, planned, stored, parents: &|_, _| parent.clone() };
    checks(&wanted, target)
}

/// The rows that do not pass, after the case was changed.
fn failing(change: impl FnOnce(&mut Case)) -> Vec<Check> {
    let mut case = case();
    change(&mut case);
    run(&case).into_iter().filter(|check| check.status != Status::Pass).collect()
}

/// The only row that does not pass.
fn only(change: impl FnOnce(&mut Case)) -> (&'static str, Status, Check) {
    let mut failing = failing(change);
    assert_eq!(failing.len(), 1, "{failing:#?}");
    let check = failing.remove(0);
    (check.name, check.status, check)
}

/// The row that has something to say although it passes.
fn noted(change: impl FnOnce(&mut Case)) -> &'static str {
    let mut case = case();
    change(&mut case);
    let checks = run(&case);
    assert!(checks.iter().all(|check| check.status == Status::Pass), "{checks:#?}");
    let mut noted = checks.iter().filter(|check| check.note.is_some());
    let name = noted.next().unwrap().name;
    assert!(noted.next().is_none(), "{checks:#?}");
    name
}

#[test]
fn a_faithful_copy_passes_every_check() {
    let checks = run(&case());
    assert!(checks.iter().all(|check| check.status == Status::Pass && check.note.is_none()));
    // Views have no columns of their own to check.
    let names = super::super::names::ALL[..18].iter().filter(|name| **name != "view_parity");
    for name in names {
        assert!(checks.iter().any(|check| check.name == *name), "{name}");
    }
    let named = |check: &Check| check.target_name.as_deref() == Some("\"shop\".\"orders\"");
    assert!(checks.iter().all(named));
}

#[test]
fn a_missing_table_is_the_only_thing_to_say() {
    let mut case = case();
    case.target = TargetSchema::missing(case.target.name);
    let checks = run(&case);
    assert_eq!((checks.len(), checks[0].status), (1, Status::Fail));
}

#[test]
fn columns_are_compared_by_set_and_order() {
    let (name, status, check) = only(|case| {
        case.target.columns.push(found("more", "text", PgType::Text));
    });
    assert_eq!((name, status), ("columns_match_set", Status::Warn));
    assert_eq!(check.difference.as_deref(), Some("only in the target: more"));
    let failing = failing(|case| case.target.columns[2].name = "totl".into());
    assert_eq!((failing[0].name, failing[0].status), ("columns_match_set", Status::Fail));
    let difference = failing[0].difference.as_deref();
    assert_eq!(difference, Some("missing: total; only in the target: totl"));
    let (name, status, _) = only(|case| case.target.columns.swap(0, 2));
    // The default stays where its column is.
    assert_eq!((name, status), ("columns_match_order", Status::Warn));
}

#[test]
fn a_type_that_is_allowed_passes_with_a_note() {
    let note = noted(|case| case.target.columns[0].pg = Some(PgType::Int8));
    assert_eq!(note, "data_type_match");
    let (name, status, check) = only(|case| {
        case.target.columns[0].pg = None;
        case.target.columns[0].type_name = "inet".into();
    });
    assert_eq!((name, status), ("data_type_match", Status::Fail));
    assert_eq!(
        (check.expected.as_deref(), check.actual.as_deref()),
        (Some("integer"), Some("inet"))
    );
    assert_eq!(check.column_name.as_deref(), Some("id"));
}

#[test]
fn a_column_that_may_be_null_is_mended_by_a_statement() {
    let (name, status, check) = only(|case| case.target.columns[0].not_null = false);
    assert_eq!((name, status), ("nullability_match", Status::Fail));
    let remedy = "ALTER TABLE \"shop\".\"orders\" ALTER COLUMN \"id\" SET NOT NULL";
    assert_eq!(check.remedy.as_deref(), Some(remedy));
    assert_eq!(noted(|case| case.target.columns[2].not_null = true), "nullability_match");
}

#[test]
fn expressions_are_compared_by_their_texts() {
    let of = |change: fn(&mut Case)| {
        let (name, status, _) = only(change);
        (name, status)
    };
    assert_eq!(of(|c| c.target.columns[2].default = None), ("default_match", Status::Warn));
    assert_eq!(
        of(|c| c.target.columns[2].default = Some("1".into())),
        ("default_match", Status::Warn)
    );
    let broken = |c: &mut Case| c.stored.defaults[2] = Stored::Unknown("no such function".into());
    assert_eq!(of(broken), ("default_match", Status::Skip));
    assert_eq!(noted(|c| c.target.columns[0].default = Some("1".into())), "default_match");
    assert_eq!(noted(|c| c.target.columns[2].identity = true), "default_match");
    let generated = |c: &mut Case| c.target.columns[2].generated = Some("id".into());
    assert_eq!(of(generated), ("generated_column_match", Status::Warn));
    let checked = |c: &mut Case| c.target.constraints[2].expression = Some("(total > 1)".into());
    assert_eq!(of(checked), ("check_constraint_match", Status::Warn));
    assert_eq!(
        of(|c| drop(c.target.constraints.remove(2))),
        ("check_constraint_match", Status::Warn)
    );
    let extra = |c: &mut Case| c.target.constraints.push(key("c", &["id"]));
    assert!(failing(extra).is_empty());
}

#[test]
fn keys_are_compared_by_their_columns() {
    let (name, status, check) = only(|case| drop(case.target.constraints.remove(0)));
    assert_eq!((name, status), ("primary_key_match", Status::Fail));
    assert!(check.remedy.unwrap().ends_with("ADD PRIMARY KEY (\"id\")"));
    let (name, _, check) = only(|case| drop(case.target.constraints.remove(1)));
    assert_eq!((name, check.actual.as_deref()), ("unique_match", Some("none")));
    let index = |case: &mut Case| {
        case.target.constraints.remove(1);
        let parts = vec![part("total"), part("id")];
        let index = case.target.indexes[0].clone();
        case.target.indexes.push(TargetIndex { unique: true, parts, ..index });
    };
    assert!(failing(index).is_empty());
    let unloaded = |case: &mut Case| {
        case.table.constraints[0] = Constraint::PrimaryKey(names(&["gone"]));
    };
    assert_eq!(only(unloaded).1, Status::Skip);
    let extra = |case: &mut Case| case.target.constraints.push(key("u", &["Level"]));
    assert_eq!(noted(extra), "unique_match");
}

#[test]
fn foreign_keys_are_compared_by_both_sides() {
    let of = |change: fn(&mut Case)| {
        let (name, status, check) = only(change);
        assert_eq!(name, "foreign_key_match");
        (status, check)
    };
    let (status, check) = of(|case| drop(case.target.constraints.pop()));
    assert_eq!(status, Status::Fail);
    let end = "ADD FOREIGN KEY (\"total\") REFERENCES \"shop\".\"totals\" (\"n\")";
    assert!(check.remedy.unwrap().ends_with(end));
    let (status, _) = of(|case| case.parent = None);
    assert_eq!(status, Status::Skip);
    let other = |case: &mut Case| case.target.constraints[3].parent = Some("other".into());
    let failing = failing(other);
    assert_eq!((failing.len(), failing[0].status), (1, Status::Fail));
}

#[test]
fn an_index_counts_only_while_queries_may_use_it() {
    for change in [
        (|case| case.target.indexes[0].valid = false) as fn(&mut Case),
        |case| case.target.indexes[0].partial = true,
        |case| case.target.indexes[0].method = "hash".into(),
        |case| case.target.indexes[0].parts = vec![part("id")],
        |case| case.table.indexes[0].unique = true,
    ] {
        let (name, status, _) = only(change);
        assert_eq!((name, status), ("index_parity", Status::Warn));
    }
    let refused = |case: &mut Case| case.stored.indexes[0] = Err("index method \"hnsw\"".into());
    assert_eq!(only(refused).1, Status::Skip);
}

#[test]
fn labels_are_compared_in_their_order() {
    let of = |labels: &[&str]| {
        let labels = names(labels);
        move |case: &mut Case| case.target.columns[1].pg = Some(enumeration(labels))
    };
    let failing = failing(of(&["low"]));
    let labels: Vec<_> = failing.iter().filter(|c| c.name == "enum_labels_match").collect();
    assert_eq!(labels[0].remedy.as_deref(), Some("ALTER TYPE \"shop\".\"level\" ADD VALUE 'high'"));
    let (name, status, _) = only(of(&["high", "low"]));
    assert_eq!((name, status), ("enum_labels_match", Status::Fail));
    assert_eq!(noted(of(&["low", "middle", "high"])), "enum_labels_match");
}

#[test]
fn comments_may_hold_what_postgresql_could_not_say() {
    let kept = |case: &mut Case| {
        case.target.comment = Some("all orders\nDuckDB: CHECK (f(x))".into());
        case.target.columns[0].comment = Some("DuckDB: DEFAULT g()".into());
    };
    assert!(failing(kept).is_empty());
    let (name, status, check) = only(|case| case.target.comment = None);
    assert_eq!((name, status), ("comment_match", Status::Warn));
    assert!(check.remedy.unwrap().starts_with("COMMENT ON TABLE"));
    assert_eq!(noted(|case| case.target.columns[0].comment = Some("x".into())), "comment_match");
}

#[test]
fn a_collation_is_left_behind_with_a_warning() {
    let (name, status, check) =
        only(|case| case.table.columns[1].collation = Some("nocase".into()));
    assert_eq!((name, status), ("collation_match", Status::Warn));
    assert!(check.note.unwrap().contains("nocase"));
    let (name, _, _) = only(|case| case.target.columns[1].collation = Some("de_DE".into()));
    assert_eq!(name, "collation_match");
    assert!(failing(|case| case.target.columns[1].collation = Some("C".into())).is_empty());
}

#[test]
fn names_that_were_cut_or_differ_in_case_only_are_told() {
    let long = |case: &mut Case, name: String| case.planned[0].name = name;
    let failing_names: Vec<_> =
        failing(|case| long(case, "x".repeat(70))).iter().map(|c| (c.name, c.status)).collect();
    assert!(failing_names.contains(&("identifier_truncation", Status::Fail)));
    let (name, status, _) = only(|case| {
        long(case, "x".repeat(70));
        case.planned[0].scan.name = "id".into();
        case.target.columns[0].name = "x".repeat(63);
        case.table.constraints.truncate(0);
        case.target.constraints.truncate(0);
        case.stored.checks.truncate(0);
    });
    assert_eq!((name, status), ("identifier_truncation", Status::Warn));
    let (name, status, _) = only(|case| {
        case.target.columns.push(found("level", "text", PgType::Text));
    });
    assert_eq!((name, status), ("identifier_case_collision", Status::Warn));
    let (name, status, _) = only(|case| case.target.namesakes.push("Orders".into()));
    assert_eq!((name, status), ("identifier_case_collision", Status::Warn));
}

#[test]
fn a_field_of_a_struct_has_none_of_its_columns_properties() {
    let fields = vec![Field { name: "x".into(), logical: LogicalType::Integer }];
    assert!(
        failing(|case| {
            case.table.columns[0].logical = LogicalType::Struct(fields);
            case.table.columns[0].comment = Some("a point".into());
            case.table.constraints.remove(0);
            case.planned[0].scan.field = Some("x".into());
            case.target.constraints.remove(0);
            case.table.constraints.remove(0);
            case.target.constraints.remove(0);
            case.target.columns[0].not_null = false;
        })
        .is_empty()
    );
}

#[test]
fn columns_are_found_as_loads_name_them() {
    let columns = [found("ctid_", "text", PgType::Text), found("Id", "text", PgType::Text)];
    let found = |name: &str, renamed: &str| {
        let renamed = Ident::new(renamed).unwrap();
        find(&columns, name, Some(&renamed)).map(|column| column.name.as_str())
    };
    assert_eq!(found("ctid", "ctid_"), Some("ctid_"));
    assert_eq!(found("ID", "ID"), Some("Id"));
    assert_eq!(found("x", "x"), None);
}
