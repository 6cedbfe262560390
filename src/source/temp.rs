//! A folder of its own for one reader's temporary files.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{
    error::{Error, Result, system},
    pg::server,
    settings,
};

/// The folder; it goes with its owner.
pub struct TempFolder {
    path: PathBuf,
}

impl TempFolder {
    /// Makes an empty one. In the cluster's own temporary folder the name is one that the server
    /// removes when it starts after a crash.
    pub fn create() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let parent = match settings::temp_directory() {
            Some(folder) if folder.starts_with('/') => PathBuf::from(folder),
            Some(_) => {
                return Err(Error::new("22023", "migrator.temp_directory is not an absolute path"));
            }
            None => server::data_folder().join("base/pgsql_tmp"),
        };
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("pgsql_tmp{}.migrator{number}", std::process::id()));
        make(&parent, &path).map_err(|error| {
            system(&format!("could not create temporary folder \"{}\"", path.display()), &error)
        })?;
        Ok(Self { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn make(parent: &Path, path: &Path) -> io::Result<()> {
    let private = |folder: &Path| DirBuilder::new().mode(0o700).create(folder);
    match private(parent) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // A leftover of an earlier process with our process id.
    let _ = fs::remove_dir_all(path);
    private(path)
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        // Whatever stays behind is removed by the server when it starts next.
        let _ = fs::remove_dir_all(&self.path);
    }
}
