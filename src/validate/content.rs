//! What the sums of both sides say: how many rows there are, what the columns look like, and
//! whether all values are the same.

use migrator_model::{
    PgType,
    canonical::{ColumnDigest, Kind, Profile, Sum, profile::Bound, render, request::Digested},
};

use super::{
    check::{Category, Check, Severity},
    here::Side,
    names,
    pair::{Compared, Pair},
    there::Sums,
};
use crate::error::Result;

/// A volume check: every row that was read is here, or was set aside.
pub fn row_count(pair: &Pair, rows_read: u64, loaded: u64, here: u64) -> Check {
    let check = Check::new(names::ROW_COUNT, Category::Volume, Severity::Error);
    let difference = i128::from(here) - i128::from(loaded);
    let aside = rows_read - loaded.min(rows_read);
    let check = Check { rows_checked: Some(here as i64), ..check.compare(loaded, here) };
    let check = match difference {
        0 => check,
        _ => Check {
            difference: Some(format!("{difference:+}")),
            unexpected_count: Some(difference.unsigned_abs() as i64),
            ..check
        },
    };
    match (&pair.run, aside) {
        (Some(run), 1..) => check.note(format!(
            "{rows_read} rows read = {loaded} to be loaded + {aside} rejected by run {}",
            run.run_id
        )),
        (Some(run), 0) if difference != 0 && run.mode == "append" => {
            check.note(format!("run {} has appended to what was there before", run.run_id))
        }
        _ => check,
    }
}

/// Every check of what two sums say.
pub fn checks(pair: &Pair, there: &Sums, here: &Digested) -> Vec<Check> {
    let rows = &there.digested.rows;
    let mut checks = vec![row_count(pair, there.rows_read, rows.count, here.rows.count)];
    let columns = pair.columns.iter().zip(there.digested.columns.iter().zip(&here.columns));
    for (column, (there, here)) in columns {
        checks.extend(profile(column, &there.profile, &here.profile));
        checks.push(column_checksum(column, there, here));
    }
    checks.push(checksum(names::ROW_CHECKSUM, rows, &here.rows));
    let count = here.rows.count as i64;
    checks.into_iter().map(|check| Check { rows_checked: Some(count), ..check }).collect()
}

/// Whether geometries are where the source's CRS says: their bytes do not tell.
pub fn srids(pair: &Pair, side: &Side) -> Result<Vec<Check>> {
    let placed = pair.columns.iter().filter(|column| pair.srid(column) != 0);
    let geometries = placed.filter(|column| matches!(column.pg, PgType::Geometry(_)));
    geometries
        .map(|column| {
            let srid = pair.srid(column);
            let others = side.count_other_srids(&column.name, srid)?;
            let check = Check::new("srid_match", Category::Fidelity, Severity::Error);
            let check = check.column(column.name.as_str()).compare(0, others);
            Ok(Check { unexpected_count: Some(others), ..check.note(format!("SRID {srid}")) })
        })
        .collect()
}

/// Whether all values of all rows are the same.
pub fn is_same(there: &Sums, here: &Digested) -> bool {
    there.digested.rows == here.rows
}

fn column_checksum(column: &Compared, there: &ColumnDigest, here: &ColumnDigest) -> Check {
    let check = checksum(names::COLUMN_CHECKSUM, &there.sum, &here.sum);
    let check = check.column(column.name.as_str());
    match there.profile.invalid {
        0 => check,
        count => check.note(format!("{count} values of the source are none of type {}", column.pg)),
    }
}

fn checksum(name: &'static str, there: &Sum, here: &Sum) -> Check {
    let check = Check::new(name, Category::Content, Severity::Error);
    check.compare(shown(there), shown(here))
}

fn shown(sum: &Sum) -> String {
    format!("{:032x}", sum.sum)
}

/// The parts of a profile that mean something for the column's kind.
fn profile(column: &Compared, there: &Profile, here: &Profile) -> Vec<Check> {
    let compare = |name, expected: String, actual: String| {
        let check = Check::new(name, Category::Profile, Severity::Error);
        check.column(column.name.as_str()).compare(expected, actual)
    };
    let count = |name, of: fn(&Profile) -> u64| {
        let (expected, actual) = (of(there), of(here));
        let difference = i128::from(actual) - i128::from(expected);
        let check = compare(name, expected.to_string(), actual.to_string());
        Check { difference: (difference != 0).then(|| format!("{difference:+}")), ..check }
    };
    let bound =
        |name, of: fn(&Profile) -> &Option<Bound>| compare(name, bound(of(there)), bound(of(here)));
    let mut checks = vec![count("null_count_match", |profile| profile.nulls)];
    match column.kind {
        Kind::Bool => checks.push(count("true_count_match", |profile| profile.trues)),
        Kind::Text | Kind::Char | Kind::Bytes => {
            checks.push(count("empty_string_count_match", |profile| profile.empty));
            checks.push(count("string_length_sum_match", |profile| profile.length));
        }
        Kind::Float4 | Kind::Float8 => {
            checks.push(count("nan_infinity_match", |profile| profile.not_finite));
            checks.push(count("negative_zero_match", |profile| profile.negative_zeros));
        }
        _ => {}
    }
    if there.min.is_some() || here.min.is_some() {
        checks.push(bound("min_match", |profile| &profile.min));
        checks.push(bound("max_match", |profile| &profile.max));
    }
    checks
}

fn bound(bound: &Option<Bound>) -> String {
    bound.as_ref().map_or_else(|| "NULL".to_owned(), |bound| render::clipped(bound.bytes()))
}
