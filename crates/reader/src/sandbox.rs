//! What holds the reader in, put up before it touches the file: no new privileges, landlock,
//! resource limits. DuckDB's own sandbox settings come on top (`open`).

use std::{fs, io, os::unix::fs::MetadataExt};

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};
use migrator_model::protocol::{Open, SourceFile, SourceKind};
use rustix::{
    process::{Resource, Rlimit, getrlimit, setrlimit},
    thread::set_no_new_privs,
};

/// The newest landlock that the rules below speak of; the kernel may know less.
const NEWEST: ABI = ABI::V6;
/// Address space beyond twice DuckDB's memory limit: code, stacks, arenas, slots.
const SPARE_ADDRESS_SPACE: u64 = 8 << 30;
/// Open files besides the source's own: the log, the temporary files.
const OPEN_FILES: u64 = 256;
/// What lies beside a database and belongs to it.
const BESIDE: [&str; 3] = [".wal", ".wal.checkpoint", ".wal.recovery"];

/// DuckDB counts processors from here while it opens, and cannot bear to be refused: its clean-up
/// after that error aborts the process.
const PROCESSOR_LIMITS: [&str; 2] = ["/proc/self/cgroup", "/sys/fs/cgroup"];

/// Locks this process in for good. Returns what is in force, one line each.
pub fn enter(open: &Open) -> io::Result<Vec<String>> {
    let mut report = Vec::new();
    volunteer_for_the_oom_killer(&mut report);
    set_no_new_privs(true)?;
    report.push("no_new_privs".to_owned());
    limit_resources(open, &mut report)?;
    report.push(landlock(open).map_err(io::Error::other)?);
    Ok(report)
}

/// If memory runs out the kernel should end the reader, not the server.
fn volunteer_for_the_oom_killer(report: &mut Vec<String>) {
    if fs::write("/proc/self/oom_score_adj", "1000").is_ok() {
        report.push("oom_score_adj: 1000".to_owned());
    }
}

fn limit_resources(open: &Open, report: &mut Vec<String>) -> io::Result<()> {
    let address_space = open
        .memory_bytes
        .saturating_mul(2)
        .saturating_add(open.slot_memory)
        .saturating_add(SPARE_ADDRESS_SPACE);
    for (resource, name, most) in [
        (Resource::Core, "core size", 0),
        (Resource::Nofile, "open files", OPEN_FILES + open.files.len().saturating_sub(1) as u64),
        (Resource::As, "address space", address_space),
    ] {
        let most = getrlimit(resource).maximum.map_or(most, |hard| hard.min(most));
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
        report.push(format!("rlimit {name}: {most}"));
    }
    Ok(())
}

fn landlock(open: &Open) -> Result<String, RulesetError> {
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    let mut ruleset = source_rules(ruleset, open)?;
    if let Ok(folder) = PathFd::new(&open.temp_directory) {
        ruleset = ruleset.add_rule(PathBeneath::new(folder, AccessFs::from_all(NEWEST)))?;
    }
    let status = ruleset.restrict_self()?;
    let files = if open.files.len() == 1 { "file" } else { "files" };
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => {
            format!("landlock: source {files} read-only, temporary folder, no TCP")
        }
        RulesetStatus::PartiallyEnforced => format!(
            "landlock: source {files} read-only, temporary folder; what this kernel knows of the rest"
        ),
        RulesetStatus::NotEnforced => "landlock: not available on this kernel".to_owned(),
    })
}

/// Reading, and only reading, the files, what belongs to them, and the limits on processors.
fn source_rules(ruleset: RulesetCreated, open: &Open) -> Result<RulesetCreated, RulesetError> {
    let beside: &[&str] = if open.kind == SourceKind::Database { &BESIDE } else { &[] };
    let all = |file: &SourceFile| {
        let path = file.path.clone();
        let beside = beside.iter().map(|suffix| format!("{}{suffix}", file.path));
        beside.chain([path]).collect::<Vec<_>>()
    };
    let files = open.files.iter().flat_map(all).chain(PROCESSOR_LIMITS.map(str::to_owned));
    // A link would open what it leads to.
    let is_link = |file: &String| fs::symlink_metadata(file).is_ok_and(|found| found.is_symlink());
    let rules = files.filter(|file| !is_link(file)).filter_map(|file| PathFd::new(file).ok());
    rules.into_iter().try_fold(ruleset, |ruleset, file| {
        ruleset.add_rule(PathBeneath::new(file, AccessFs::ReadFile))
    })
}

/// The first file whose path does not lead to the file that the backend checked any more.
pub fn replaced_file(open: &Open) -> Option<&SourceFile> {
    let is_checked = |file: &SourceFile| {
        fs::metadata(&file.path).is_ok_and(|found| {
            found.is_file() && found.dev() == file.device && found.ino() == file.inode
        })
    };
    open.files.iter().find(|file| !is_checked(file))
}
