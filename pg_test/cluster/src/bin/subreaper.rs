//! Runs a program as the one that orphans below it fall to, as process 1 of a container is: a test
//! server that is started by this meets what a server in Docker meets.

use std::{os::unix::process::CommandExt, process::Command};

use rustix::process::{getpid, set_child_subreaper};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().ok_or(std::io::ErrorKind::InvalidInput)?;
    set_child_subreaper(Some(getpid()))?;
    Err(Command::new(program).args(arguments).exec())
}
