//! What a lake needs of a folder or a bucket.

mod bucket;
mod folder;

use std::fmt::Debug;
use std::fs::File;
use std::io;

use serde::{Deserialize, Serialize};
use tempfile::{NamedTempFile, TempPath};

use crate::LakeError;

pub(crate) use bucket::Bucket;
pub(crate) use folder::Folder;

/// Most bytes of a file that is read whole: what the lake says of itself.
pub(crate) const WHOLE_BYTES: u64 = 64 << 20;

/// What changes whenever a file or object is written: its time in a folder, its entity tag in a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp(pub(crate) String);

/// A file or object. Keys are relative to the lake, with slashes.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) key: String,
    pub(crate) bytes: u64,
    pub(crate) stamp: Stamp,
    /// Milliseconds since 1970.
    pub(crate) modified_ms: i64,
}

/// When something is to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum When<'a> {
    /// In any case.
    Always,
    /// When there is none.
    Absent,
    /// When it is still what it was. A folder is locked; of a server this holds where it knows
    /// conditional writes.
    Unchanged(&'a Stamp),
}

/// Files or objects that are replaced as a whole: a reader finds the old one or the new one.
pub(crate) trait Store: Debug + Send {
    /// How a key is shown.
    fn shown(&self, key: &str) -> String;

    /// Whether no other process can write there meanwhile.
    fn is_locked(&self) -> bool;

    /// A file's content; `None` where there is none.
    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, Stamp)>, LakeError>;

    /// Everything below a folder, sorted by key.
    fn list(&self, folder: &str) -> Result<Vec<Object>, LakeError>;

    /// Writes a small file; `None` when the condition does not hold.
    fn put(&self, key: &str, bytes: Vec<u8>, when: When<'_>) -> Result<Option<Stamp>, LakeError>;

    /// A local file that can be published.
    fn temporary(&self) -> io::Result<NamedTempFile>;

    /// Puts a local file in place of whatever is there.
    fn publish(&self, file: TempPath, key: &str) -> Result<Stamp, LakeError>;

    /// Hands the content of a file to `take`, a piece at a time.
    fn read(&self, key: &str, take: &mut dyn FnMut(&[u8])) -> Result<(), LakeError>;

    /// Deletes a file. One that is not there is no error.
    fn delete(&self, key: &str) -> Result<(), LakeError>;
}

/// Bytes that are read at a time.
const PIECE_BYTES: usize = 1 << 16;

/// Hands the content of an open file to `take`.
pub(crate) fn read_pieces(mut file: &File, take: &mut dyn FnMut(&[u8])) -> io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match io::Read::read(&mut file, &mut piece)? {
            0 => return Ok(()),
            read => take(&piece[..read]),
        }
    }
}
