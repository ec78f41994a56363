//! Where the files of the archive are.
//!
//! ```text
//! <root>/<serial>/<filename>            the source file
//! <root>/<serial>/<filename>.a5.pkl     raw frames
//! <root>/<serial>/<filename>.h5         arrays
//! <root>/<serial>/<filename>.gnz        arrays for memory mapping, where somebody asked for them
//! <root>/<serial>/<filename>.sfm.json   sidecar
//! <root>/<serial>/<report>              the vendor's report
//! <root>/.wavekeep/                     ledger, index, lock, journal, pictures of plans, indexes of runs
//! ```

use std::path::{Path, PathBuf};

/// What the archive keeps for itself, below the root. No serial number begins with a dot.
pub(crate) const OWN_FOLDER: &str = ".wavekeep";
/// The name of the ledger.
pub(crate) const LEDGER: &str = "ledger.jsonl";
/// The name of the list of access tokens.
pub(crate) const TOKENS: &str = "tokens.json";
/// The name of the list of those whom an identity provider signed in.
pub(crate) const SIGNED_IN: &str = "signed-in.json";
/// What temporary files begin with, wherever they are.
pub const TEMPORARY_PREFIX: &str = ".wavekeep-";
/// The end of a sidecar's name.
pub const SIDECAR_SUFFIX: &str = ".sfm.json";
/// The end of the name of a file of arrays.
pub const HDF5_SUFFIX: &str = ".h5";
/// The end of the name of a file of arrays for memory mapping.
pub const GNZ_SUFFIX: &str = ".gnz";
/// The end of the name of a store of raw frames.
pub const FRAMES_SUFFIX: &str = ".a5.pkl";

/// The paths of an archive.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path as it is written down and shown: below the root, from there on, and with slashes on every
    /// system, since archives are copied between systems.
    pub(crate) fn relative(&self, path: &Path) -> PathBuf {
        match path.strip_prefix(&self.root) {
            Ok(below) if cfg!(windows) => below.to_string_lossy().replace('\\', "/").into(),
            Ok(below) => below.to_owned(),
            Err(_) => path.to_owned(),
        }
    }

    /// The folder that the archive keeps for itself.
    pub fn own_folder(&self) -> PathBuf {
        self.root.join(OWN_FOLDER)
    }

    /// The index: SQLite.
    pub fn index(&self) -> PathBuf {
        self.own_folder().join("index.sqlite")
    }

    /// The ledger: one entry a line, only ever appended to.
    pub fn ledger(&self) -> PathBuf {
        self.own_folder().join(LEDGER)
    }

    /// The review log of versions before the ledger. It stays as it is: the ledger has its reviews.
    pub fn review_log(&self) -> PathBuf {
        self.own_folder().join("review.jsonl")
    }

    /// The access tokens of a server: names, roles and hashes.
    pub fn tokens(&self) -> PathBuf {
        self.own_folder().join(TOKENS)
    }

    /// When they were last used.
    pub(crate) fn token_uses(&self) -> PathBuf {
        self.own_folder().join("token-uses.json")
    }

    /// Who is signed in to a server by an identity provider.
    pub(crate) fn signed_in(&self) -> PathBuf {
        self.own_folder().join(SIGNED_IN)
    }

    /// Where a server notes what it is recording, while it is recording.
    pub fn open_recordings(&self) -> PathBuf {
        self.own_folder().join("recording")
    }

    /// Which files of watched folders were imported.
    pub(crate) fn watched(&self) -> PathBuf {
        self.own_folder().join("watch")
    }

    /// Files of removed events, until they are purged.
    pub(crate) fn removed(&self) -> PathBuf {
        self.own_folder().join("removed")
    }

    /// What the verification of parts of the archive found.
    pub(crate) fn verifications(&self) -> PathBuf {
        self.own_folder().join("verification.json")
    }

    /// Pictures of plans, by their SHA-256.
    pub(crate) fn plans(&self) -> PathBuf {
        self.own_folder().join("plans")
    }

    /// Held by whoever writes.
    pub fn lock(&self) -> PathBuf {
        self.own_folder().join("lock")
    }

    /// Held by the one who is the next to hold [`lock`](Self::lock).
    pub(crate) fn next_lock(&self) -> PathBuf {
        self.own_folder().join("lock.next")
    }

    /// Where indexes and pictures of runs are kept: derived, and safe to delete.
    pub fn streams(&self) -> PathBuf {
        self.own_folder().join("streams")
    }

    /// The index of the run with this number.
    pub fn stream_index(&self, id: i64) -> PathBuf {
        self.streams().join(format!("{id}.index"))
    }

    /// What is being done, while it is being done.
    pub fn journal(&self) -> PathBuf {
        self.own_folder().join("journal.json")
    }

    /// The folder of a unit.
    pub fn folder(&self, serial: &str) -> PathBuf {
        self.root.join(serial)
    }

    /// The files of one event. Both names come from [`SafeName`](crate::SafeName) or the index.
    pub fn event(&self, serial: &str, filename: &str) -> EventFiles {
        EventFiles { folder: self.folder(serial), filename: filename.to_owned() }
    }
}

/// The paths of one event's files.
#[derive(Debug, Clone)]
pub struct EventFiles {
    folder: PathBuf,
    filename: String,
}

impl EventFiles {
    /// The source file.
    pub fn source(&self) -> PathBuf {
        self.folder.join(&self.filename)
    }

    /// The sidecar.
    pub fn sidecar(&self) -> PathBuf {
        self.beside(SIDECAR_SUFFIX)
    }

    /// The arrays.
    pub fn hdf5(&self) -> PathBuf {
        self.beside(HDF5_SUFFIX)
    }

    /// The arrays for memory mapping.
    pub fn gnz(&self) -> PathBuf {
        self.beside(GNZ_SUFFIX)
    }

    /// The raw frames.
    pub fn frames(&self) -> PathBuf {
        self.beside(FRAMES_SUFFIX)
    }

    /// A file beside the source by its own name, which is one component of a path.
    pub fn named(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        self.folder.join(format!("{}{suffix}", self.filename))
    }
}
