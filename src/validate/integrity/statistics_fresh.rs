//! Statistics that the planner can trust: gathered since the rows came.

use serde::Deserialize;

use super::{look::Look, task::Task};
use crate::{error::Result, pg::spi, validate::check::Check};

#[derive(Deserialize)]
struct Statistics {
    /// Whether there is anything to know.
    has_rows: bool,
    /// Whether ANALYZE has run.
    analyzed: bool,
    /// How many rows have changed since; not counted for a partitioned table.
    modified: i64,
    /// How many may: what autovacuum would let pass.
    allowed: i64,
}

/// What the server knows of the relation.
pub fn plan(look: Look<'_>) -> Result<Vec<Task<'_>>> {
    // A standby is sent the statistics, but not when they were gathered.
    let statistics: Vec<Statistics> = spi::rows_of_before(&format!(
        "SELECT CASE WHEN c.relkind = 'p'
                     THEN EXISTS (SELECT FROM pg_partition_tree(c.oid) t
                                   WHERE t.isleaf AND pg_relation_size(t.relid) > 0)
                     ELSE pg_relation_size(c.oid) > 0 END AS has_rows,
                c.reltuples >= 0
                AND (c.relkind = 'p' OR pg_is_in_recovery()
                     OR num_nonnulls(s.last_analyze, s.last_autoanalyze) > 0) AS analyzed,
                CASE WHEN c.relkind = 'p' THEN 0
                     -- ANALYZE in the transaction that has loaded the rows counts them as changed
                     -- since: what it has seen is as many as there are.
                     WHEN abs(c.reltuples - s.n_live_tup) <= 0.01 * c.reltuples
                     THEN least(s.n_mod_since_analyze, s.n_tup_upd + s.n_tup_del)
                     ELSE coalesce(s.n_mod_since_analyze, 0) END AS modified,
                floor(current_setting('autovacuum_analyze_threshold')::float8
                      + current_setting('autovacuum_analyze_scale_factor')::float8
                        * greatest(c.reltuples, 0))::int8 AS allowed
           FROM pg_class c LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
          WHERE c.oid = {}",
        look.relation.oid
    ))?;
    let known = statistics.into_iter().filter(|statistics| statistics.has_rows);
    Ok(known.map(|statistics| Task::known(verdict(look, &statistics))).collect())
}

fn verdict(look: Look<'_>, statistics: &Statistics) -> Check {
    let Statistics { analyzed, modified, allowed, .. } = *statistics;
    let actual = match analyzed {
        true => format!("{modified} rows changed since ANALYZE"),
        false => "no ANALYZE".to_owned(),
    };
    let check = Check {
        expected: Some(format!("at most {allowed} rows changed since ANALYZE")),
        actual: Some(actual),
        ..look.check()
    };
    match analyzed && modified <= allowed {
        true => check,
        false => check.holds(false).remedy(format!("ANALYZE {}", look.relation.quoted())),
    }
}
