//! Descriptors that the reader inherits, and the ones it keeps.

use std::{
    fs::{File, OpenOptions},
    io,
    os::{
        fd::{FromRawFd, OwnedFd, RawFd},
        unix::net::UnixStream,
    },
};

use rustix::{io::dup, stdio};

/// What the backend handed over.
pub struct Inherited {
    /// The control socket; it was standard input.
    pub socket: UnixStream,
    /// The shared memory file; it was standard output.
    pub slots: File,
}

/// Takes over standard input and output, puts harmless ones in their place, and closes whatever
/// else came along: a PostgreSQL 15 backend's data files are not close-on-exec.
pub fn take_inherited() -> io::Result<Inherited> {
    close_others()?;
    let socket = UnixStream::from(dup(stdio::stdin())?);
    let slots = File::from(dup(stdio::stdout())?);
    stdio::dup2_stdin(OpenOptions::new().read(true).open("/dev/null")?)?;
    stdio::dup2_stdout(stdio::stderr())?;
    Ok(Inherited { socket, slots })
}

fn close_others() -> io::Result<()> {
    let mut inherited = Vec::new();
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let name = entry?.file_name();
        inherited.extend(name.to_str().and_then(|name| name.parse::<RawFd>().ok()));
    }
    for fd in inherited.into_iter().filter(|fd| *fd > 2) {
        // The listing's own descriptor is in the list, and closed already.
        if std::fs::symlink_metadata(format!("/proc/self/fd/{fd}")).is_ok() {
            // SAFETY: called first thing in main, before anything of ours has opened a file.
            drop(unsafe { OwnedFd::from_raw_fd(fd) });
        }
    }
    Ok(())
}

/// Gives free memory back to the kernel, which glibc keeps otherwise.
pub fn trim_memory() {
    #[cfg(target_env = "gnu")]
    {
        unsafe extern "C" {
            fn malloc_trim(pad: usize) -> std::ffi::c_int;
        }
        // SAFETY: glibc's own function; it may be called by any thread at any time.
        unsafe { malloc_trim(0) };
    }
}
