//! Runs of streams: recorded where they are, or copied first.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use wavekeep_smurf::Run;

use super::{Fate, Finder, Shared};
use crate::files::refuse_links;
use crate::layout::TEMPORARY_PREFIX;
use crate::name::SafeName;
use crate::owner::Owner;
use crate::stop::{go_on, stopped_or};
use crate::{Archive, ArchiveError};

/// The name of a stream that lies in no folder with a name.
const NAMELESS: &str = "stream";

impl Finder<'_, '_> {
    /// A run that is named by what its pieces have in common.
    pub(super) fn stream(&self, path: &Path) {
        self.notify(path, self.shared.stream(path));
    }
}

impl Shared<'_> {
    /// Takes in the run that `path` is a piece of.
    pub(super) fn stream(&self, path: &Path) -> Fate {
        let folder = path.canonicalize().ok().and_then(|path| Some(path.parent()?.to_owned()));
        let folder = folder.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
        let stream_id = self.options.stream_id.as_deref().or(folder).unwrap_or(NAMELESS);
        let taken = if self.options.adopt {
            self.archive.adopt_until(stream_id, path, self.archive.actor().clone(), self.stop)
        } else {
            self.archive.copy_stream_until(stream_id, path, self.stop)
        };
        match taken {
            Ok(adopted) => Fate::Stream(adopted),
            Err(error) => {
                if matches!(error, ArchiveError::Index { .. }) {
                    self.fail(&error);
                }
                Fate::failed(error.kind(), error)
            }
        }
    }
}

impl Archive {
    /// Copies the run that `path` is a piece of into the archive, with mask and frequencies, and
    /// records it there. Pieces that are there already stay; one that has grown is replaced.
    ///
    /// # Errors
    /// As [`adopt`](Self::adopt); [`ArchiveError::Damaged`] when a piece of this name with other
    /// bytes is there.
    pub fn copy_stream(
        &self,
        stream_id: &str,
        path: &Path,
    ) -> Result<crate::Adopted, ArchiveError> {
        self.copy_stream_until(stream_id, path, &AtomicBool::new(false))
    }

    fn copy_stream_until(
        &self,
        stream_id: &str,
        path: &Path,
        stop: &AtomicBool,
    ) -> Result<crate::Adopted, ArchiveError> {
        let stream_id = SafeName::folder(stream_id)?;
        let failed =
            |source| ArchiveError::Stream { path: path.to_owned(), source: Box::new(source) };
        let run = Run::open(path).map_err(failed)?;
        let folder = self.layout().folder(stream_id.as_str());
        let made = self.files().create_folder(&folder);
        made.map_err(ArchiveError::io(&folder, "make the folder"))?;
        let mut first = None;
        for piece in run.pieces() {
            let name = piece.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let target = folder.join(SafeName::file(name)?.as_str());
            self.copy_piece(piece, &target, stop)?;
            first.get_or_insert(target);
        }
        for suffix in ["_mask.txt", "_freq.txt"] {
            let mut beside = run.name().as_os_str().to_owned();
            beside.push(suffix);
            let beside = PathBuf::from(beside);
            let name = beside.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if beside.is_file() {
                self.copy_piece(&beside, &folder.join(SafeName::file(name)?.as_str()), stop)?;
            }
        }
        let path = first.as_deref().unwrap_or(path);
        self.adopt_until(stream_id.as_str(), path, self.actor().clone(), stop)
    }

    fn copy_piece(&self, from: &Path, to: &Path, stop: &AtomicBool) -> Result<(), ArchiveError> {
        refuse_links(self.layout().root(), to).map_err(ArchiveError::io(to, "copy the stream"))?;
        let compared = compare(to, from, stop).map_err(stopped_or(stop, from, "read the file"))?;
        match compared {
            There::Same => return Ok(()),
            There::Nothing | There::Beginning => {}
            There::Other => {
                let what = format!(
                    "a file of this name with other bytes is there: {} was not copied, give it another --stream-id",
                    from.display()
                );
                return Err(ArchiveError::Damaged { path: to.to_owned(), what });
            }
        }
        let name = to.file_name().unwrap_or_default().to_string_lossy();
        let temporary =
            to.with_file_name(format!("{TEMPORARY_PREFIX}{}-{name}", std::process::id()));
        let copied = copy_until(from, &temporary, stop)
            .and_then(|_| File::options().append(true).open(&temporary)?.sync_all())
            .and_then(|()| Owner::of(self.layout().root()).give(&temporary))
            .and_then(|()| wavekeep_export::rename(&temporary, to));
        if copied.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        copied.map_err(stopped_or(stop, to, "copy the stream"))
    }
}

/// Bytes that are copied before somebody may stop it.
const COPIED_AT_ONCE: u64 = 64 << 20;

/// Copies a file; an error as soon as `stop` is set.
fn copy_until(from: &Path, to: &Path, stop: &AtomicBool) -> io::Result<()> {
    let (mut from, mut to) = (File::open(from)?, File::create(to)?);
    to.set_permissions(from.metadata()?.permissions())?;
    while io::copy(&mut (&mut from).take(COPIED_AT_ONCE), &mut to)? > 0 {
        go_on(stop)?;
    }
    Ok(())
}

/// How a file relates to the one that is to be put into its place.
enum There {
    Nothing,
    Same,
    /// The new one goes on where this one ends.
    Beginning,
    Other,
}

fn compare(there: &Path, new: &Path, stop: &AtomicBool) -> io::Result<There> {
    let mut there = match File::open(there) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(There::Nothing),
        opened => opened?,
    };
    let mut new = File::open(new)?;
    let (len, new_len) = (there.metadata()?.len(), new.metadata()?.len());
    if len > new_len {
        return Ok(There::Other);
    }
    let (mut a, mut b) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        let read = there.read(&mut a)?;
        if read == 0 {
            return Ok(if len == new_len { There::Same } else { There::Beginning });
        }
        new.read_exact(&mut b[..read])?;
        go_on(stop)?;
        if a[..read] != b[..read] {
            return Ok(There::Other);
        }
    }
}
