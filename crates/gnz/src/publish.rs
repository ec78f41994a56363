//! How a file comes to its name: written beside, synced, renamed.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempPath};

use crate::error::{Error, Result};
use crate::reader::io_error;
use crate::replace::{persist, rename};

/// A file in the folder of its destination, under a name of its own.
///
/// It is removed when dropped, unless it was kept or published.
pub(crate) struct Beside(NamedTempFile);

/// Refuses early what [`Beside::publish`] would refuse late.
pub(crate) fn refuse_existing(path: &Path, overwrite: bool) -> Result<()> {
    // A link that leads nowhere is also a name that is taken.
    if !overwrite && path.symlink_metadata().is_ok() {
        return Err(Error::Exists { path: path.to_owned() });
    }
    Ok(())
}

impl Beside {
    /// Creates the file: `.event.gnz.4711-x7Qa2L.part` for `event.gnz` in process 4711.
    pub(crate) fn create(destination: &Path) -> Result<Beside> {
        let mut prefix = std::ffi::OsString::from(".");
        prefix.push(destination.file_name().unwrap_or_default());
        prefix.push(format!(".{}-", std::process::id()));
        let mut builder = Builder::new();
        builder.prefix(&prefix).suffix(".part");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // As any new file: for everybody, less what the umask takes away.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let folder = folder_of(destination);
        builder
            .tempfile_in(folder)
            .map(Beside)
            .map_err(|source| io_error("create a file in", folder, source))
    }

    pub(crate) fn file(&self) -> &File {
        self.0.as_file()
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Gives the file its final length, with disk blocks behind it where the
    /// file system can: a full disk shall be an error now, not a signal when a
    /// mapped page is written.
    pub(crate) fn reserve(&self, length: u64) -> Result<()> {
        let failed = |source| io_error("reserve space for", self.path(), source);
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{FallocateFlags, fallocate};
            use rustix::io::Errno;
            match fallocate(self.file(), FallocateFlags::empty(), 0, length) {
                Ok(()) => return Ok(()),
                Err(Errno::OPNOTSUPP | Errno::NOSYS) => {}
                Err(errno) => return Err(failed(errno.into())),
            }
        }
        self.file().set_len(length).map_err(failed)
    }

    /// From now on the file outlives this value, whatever happens.
    pub(crate) fn keep_on_drop(&mut self) {
        self.0.disable_cleanup(true);
    }

    /// Removes the file.
    pub(crate) fn discard(self) -> Result<()> {
        let path = self.path().to_owned();
        self.0.close().map_err(|source| io_error("remove", &path, source))
    }

    /// Brings the bytes to the disk, then the file to its name, then the name
    /// to the disk.
    pub(crate) fn publish(self, destination: &Path, overwrite: bool) -> Result<()> {
        self.file().sync_all().map_err(|source| io_error("sync", self.path(), source))?;
        let named = persist(self.0.into_temp_path(), destination, overwrite);
        named.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Error::Exists { path: destination.to_owned() },
            _ => io_error("rename to", destination, error),
        })?;
        sync_folder(destination)
    }

    /// As [`publish`](Self::publish), but a file that cannot get its name is
    /// kept, and the error says where.
    pub(crate) fn publish_or_keep(mut self, destination: &Path, overwrite: bool) -> Result<()> {
        self.keep_on_drop();
        let kept = self.path().to_owned();
        let not_published = |source| Error::NotPublished {
            path: destination.to_owned(),
            kept: kept.clone(),
            source,
        };
        self.file().sync_all().map_err(not_published)?;
        let part = self.0.into_temp_path().keep().map_err(|error| not_published(error.error))?;
        let named = match overwrite {
            true => rename(&part, destination),
            false => TempPath::try_from_path(&part).and_then(|mut part| {
                part.disable_cleanup(true);
                persist(part, destination, false)
            }),
        };
        named.map_err(not_published)?;
        sync_folder(destination)
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// A rename is only certain to survive a power cut when its folder was synced.
fn sync_folder(path: &Path) -> Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    let folder: PathBuf = folder_of(path).to_owned();
    File::open(&folder)
        .and_then(|handle| handle.sync_all())
        .map_err(|source| io_error("sync", &folder, source))
}
