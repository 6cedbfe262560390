//! What DuckDB's functions and forms of queries become: each line of `translations.txt` is a view of
//! a file, carried over and compared with the rows that DuckDB itself makes of it. README's table of
//! them is kept true here.

use std::{collections::BTreeMap, fmt::Write};

use migrator_cluster_tests::{
    Database,
    compare::{self, Compare},
    data,
};
use postgres::Client;

struct Line {
    family: String,
    schema: String,
    name: String,
    compare: Compare,
}

struct Outcome {
    verdict: String,
    note: String,
}

fn lines() -> Vec<Line> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../translations.txt"));
    let (mut family, mut schema) = (String::new(), String::new());
    let mut lines = Vec::new();
    for line in text.unwrap().lines().filter(|line| !line.starts_with('#')) {
        if let Some(head) = line.strip_prefix("== ") {
            let mut parts = head.split(" | ");
            family = parts.next().unwrap().to_owned();
            schema = parts.next().unwrap().trim_end_matches(" |").trim().to_owned();
        } else if let Some((name, _)) = line.split_once(" | ") {
            let (name, compare) = marked(name);
            lines.push(Line { family: family.clone(), schema: schema.clone(), name, compare });
        }
    }
    lines
}

fn marked(name: &str) -> (String, Compare) {
    let mark = name.chars().last().filter(|_| name.chars().count() > 1);
    let compare = match mark {
        Some('?') => Compare::Never,
        Some('~') => Compare::Nearly,
        Some('^') => Compare::InOrder,
        _ => return (name.to_owned(), Compare::Exactly),
    };
    (name[..name.len() - 1].to_owned(), compare)
}

/// Carries the file; the verdict of every view.
fn carry(client: &mut Client) -> BTreeMap<String, Outcome> {
    let sql = format!(
        "SELECT source_name, verdict, coalesce(note, '') FROM migrate_database('{}') WHERE kind = 'view'",
        data("translations.duckdb")
    );
    let rows = client.query(&sql, &[]).unwrap();
    let outcome = |row: &postgres::Row| Outcome { verdict: row.get(1), note: row.get(2) };
    rows.iter().map(|row| (row.get::<_, String>(0), outcome(row))).collect()
}

/// README's table: names by family and verdict.
fn table(lines: &[Line], outcomes: &BTreeMap<String, Outcome>) -> String {
    let mut families: Vec<&str> = lines.iter().map(|line| line.family.as_str()).collect();
    families.dedup();
    let mut text =
        "| | translated | with a helper function | not |\n|---|---|---|---|\n".to_owned();
    let mut totals = [0; 3];
    for family in families {
        let mut cells = [const { Vec::new() }; 3];
        for line in lines.iter().filter(|line| line.family == family) {
            let outcome = &outcomes[&format!("{}.{}", line.schema, line.name)];
            let cell =
                ["translated", "shimmed", "manual"].iter().position(|v| *v == outcome.verdict);
            let cell = cell.unwrap_or_else(|| panic!("{}: {}", line.name, outcome.verdict));
            cells[cell].push(format!("`{}`", line.name.replace('|', "\\|")));
            totals[cell] += 1;
        }
        let cells = cells.map(|names| names.join(", "));
        writeln!(text, "| {family} | {} | {} | {} |", cells[0], cells[1], cells[2]).unwrap();
    }
    let [translated, shimmed, manual] = totals;
    let all = translated + shimmed + manual;
    writeln!(text, "\nOf {all} lines {translated} are translated, {shimmed} with a helper.")
        .unwrap();
    text
}

const START: &str = "<!-- translations -->\n";
const END: &str = "<!-- end -->";

/// Compares README's table, or writes it where UPDATE_README is set.
fn check_readme(table: &str) -> Option<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (before, rest) = readme.split_once(START).unwrap();
    let (old, after) = rest.split_once(END).unwrap();
    if old == table {
        return None;
    }
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(path, format!("{before}{START}{table}{END}{after}")).unwrap();
        return None;
    }
    Some(format!("README's table differs; UPDATE_README=1 writes this:\n{table}"))
}

#[test]
fn every_translation_yields_duckdbs_rows() {
    let database = Database::create();
    let mut client = database.client();
    compare::prepare(&mut client);
    let (lines, outcomes) = (lines(), carry(&mut client));
    let mut wrong = Vec::new();
    for line in &lines {
        let outcome = &outcomes[&format!("{}.{}", line.schema, line.name)];
        match outcome.verdict.as_str() {
            "manual" => println!("manual {}.{}: {}", line.schema, line.name, outcome.note),
            _ if line.compare == Compare::Never => {}
            _ => {
                let view = compare::place(&line.schema, &line.name);
                let different = compare::difference(
                    &mut client,
                    &data("translations.duckdb"),
                    (&view, &view),
                    line.compare,
                );
                wrong.extend(different.map(|d| format!("{}.{}: {d}", line.schema, line.name)));
            }
        }
    }
    wrong.extend(check_readme(&table(&lines, &outcomes)));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
