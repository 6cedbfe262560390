//! Starts a reader process. It inherits a control socket as standard input, the shared memory
//! file as standard output and a file for diagnostics as standard error, and nothing else of use.

use std::{
    fs::File,
    os::{
        fd::OwnedFd,
        unix::{fs::FileExt, net::UnixStream, process::CommandExt},
    },
    process::{Child, Command, Stdio},
};

use migrator_model::slot::SLOT_BYTES;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};

use crate::{
    error::{Error, Result, system},
    pg::{server, shared_memory::SharedMemory},
    settings,
};

/// The program, beside the library.
const PROGRAM: &str = "migrator_reader";

/// A process that was just started.
pub struct Spawned {
    /// The process.
    pub child: Child,
    /// Our end of the control socket, non-blocking.
    pub socket: UnixStream,
    /// The slots.
    pub memory: SharedMemory,
    /// Their size in bytes.
    pub slot_memory: u64,
    /// What the process wrote to standard error.
    pub diagnostics: File,
}

/// glibc's allocator keeps the memory of chunks, which are made and thrown away all the time and
/// may have megabytes, instead of giving it back to the kernel each time: 256 MB at most. Two
/// arenas are enough for few threads, and each keeps memory of its own.
const ALLOCATOR: [(&str, &str); 3] = [
    ("MALLOC_MMAP_THRESHOLD_", "1073741824"),
    ("MALLOC_TRIM_THRESHOLD_", "268435456"),
    ("MALLOC_ARENA_MAX", "2"),
];

/// Starts the program. It is no member of the backend's process group: a cancel signals the whole
/// group, and the backend alone decides what becomes of its reader.
pub fn spawn() -> Result<Spawned> {
    let program = server::package_library_folder().join(PROGRAM);
    let failed = |error| system("could not prepare the reader process", &error);
    let (ours, theirs) = UnixStream::pair().map_err(failed)?;
    ours.set_nonblocking(true).map_err(failed)?;
    let slot_memory = settings::slot_memory() / SLOT_BYTES as u64 * SLOT_BYTES as u64;
    let slots = shared_file("migrator slots", slot_memory).map_err(failed)?;
    let memory = SharedMemory::map(&slots, slot_memory as usize).map_err(failed)?;
    let diagnostics = File::from(
        memfd_create("migrator stderr", MemfdFlags::CLOEXEC)
            .map_err(|error| failed(error.into()))?,
    );
    let errors = diagnostics.try_clone().map_err(failed)?;
    let child = Command::new(&program)
        .arg(std::process::id().to_string())
        .env_clear()
        .envs(ALLOCATOR)
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::from(slots))
        .stderr(Stdio::from(errors))
        .spawn()
        .map_err(|error| not_started(&program.display().to_string(), &error))?;
    Ok(Spawned { child, socket: ours, memory, slot_memory, diagnostics })
}

/// A memory file whose size nobody can change any more.
fn shared_file(name: &str, bytes: u64) -> std::io::Result<File> {
    let file = memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    ftruncate(&file, bytes)?;
    fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    Ok(file.into())
}

fn not_started(program: &str, error: &std::io::Error) -> Error {
    let error = system(&format!("could not start the reader program \"{program}\""), error);
    error.hint("The program is installed with the extension, beside its library: install it again.")
}

/// The last line that a process wrote before it died.
pub fn last_words(diagnostics: &File) -> Option<String> {
    let length = diagnostics.metadata().ok()?.len();
    let mut text = vec![0; length.min(4096) as usize];
    diagnostics.read_exact_at(&mut text, length.saturating_sub(4096)).ok()?;
    let text = String::from_utf8_lossy(&text);
    text.lines().rev().find(|line| !line.trim().is_empty()).map(|line| line.trim().to_owned())
}
