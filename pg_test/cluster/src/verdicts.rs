//! What validations say.

use postgres::Client;

use crate::sources::Source;

impl Source {
    /// A call that compares a table with a target as closely as can be; `more` starts with a comma.
    pub fn validation(&self, table: &str, target: &str, more: &str) -> String {
        let path = &self.path;
        format!("validate_table('{path}', '{table}', target => '{target}', level => 'full'{more})")
    }
}

/// A check's verdict.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Verdict {
    pub name: String,
    pub category: String,
    pub source: Option<String>,
    pub column: Option<String>,
    pub status: String,
    pub expected: Option<String>,
    pub actual: Option<String>,
    pub note: Option<String>,
    pub run_id: i64,
}

/// The checks that say something of the rows.
const OF_ROWS: [&str; 4] = ["volume", "profile", "content", "fidelity"];

impl Verdict {
    fn of(row: &postgres::Row) -> Self {
        Self {
            name: row.get(0),
            category: row.get(1),
            source: row.get(2),
            column: row.get(3),
            status: row.get(4),
            expected: row.get(5),
            actual: row.get(6),
            note: row.get(7),
            run_id: row.get(8),
        }
    }

    /// Whether it says that something is wrong, or could not be looked at.
    pub fn is_bad(&self) -> bool {
        ["fail", "error"].contains(&self.status.as_str())
    }

    /// Whether it says so of the rows.
    pub fn is_alarm(&self) -> bool {
        self.is_bad() && OF_ROWS.contains(&self.category.as_str())
    }
}

/// The verdicts of a call, `validate_table('…')`.
pub fn verdicts(client: &mut Client, call: &str) -> Vec<Verdict> {
    let sql = format!(
        "SELECT check_name, category, source_name, column_name, status, expected, actual, note, run_id FROM {call}"
    );
    let rows = client.query(&sql, &[]).unwrap_or_else(|error| panic!("{call}: {error:?}"));
    assert!(!rows.is_empty(), "{call}: nothing was checked");
    rows.iter().map(Verdict::of).collect()
}

/// Those of them that say that rows differ.
pub fn alarms(verdicts: &[Verdict]) -> Vec<&Verdict> {
    verdicts.iter().filter(|verdict| verdict.is_alarm()).collect()
}

/// Panics where a call says that rows differ, or has not looked at them.
pub fn assert_equal_rows(client: &mut Client, call: &str) -> Vec<Verdict> {
    let verdicts = verdicts(client, call);
    let found = alarms(&verdicts);
    assert!(found.is_empty(), "{call}: {found:#?}");
    let volume = |verdict: &Verdict| verdict.category == "volume" && verdict.status == "pass";
    assert!(verdicts.iter().any(volume), "{call}: rows were not counted");
    verdicts
}

/// The verdicts of all checks of this name.
pub fn statuses<'v>(verdicts: &'v [Verdict], name: &str) -> Vec<&'v str> {
    verdicts.iter().filter(|v| v.name == name).map(|v| v.status.as_str()).collect()
}

/// The names of the checks that fail, each once, in order.
pub fn failing(verdicts: &[Verdict]) -> Vec<&str> {
    let mut names: Vec<_> =
        verdicts.iter().filter(|verdict| verdict.is_bad()).map(|v| v.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}
