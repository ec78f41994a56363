//! What tells a run from another one, so that it can be opened again elsewhere as it was.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::files::pieces::Pieces;
use crate::files::store::Store;
use crate::index::scan::{NEAR, Scan};
use crate::index::{Index, PieceFacts, saved};
use crate::run::Run;
use crate::wire::record::METADATA_CHANNEL;

/// A run that was opened, by its files: small, and the same in every process.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The name that the pieces have in common, without the folder.
    pub name: PathBuf,
    /// The pieces, in the order in which they were written.
    pub pieces: Vec<PieceIdentity>,
    /// Numbers of pieces that were missing.
    pub missing: Vec<u64>,
    /// The channel of the metadata, where it is not channel 1.
    pub metadata_channel: Option<u8>,
}

/// A piece as it was when its run was indexed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PieceIdentity {
    /// The name of the file, without the folder.
    pub name: PathBuf,
    /// Its length in bytes.
    pub length: u64,
    /// When it was changed last, in nanoseconds since 1970.
    pub modified_ns: u64,
    /// A checksum of the headers of its first and its last frame, which have counters and times;
    /// 0 without frames.
    pub ends: u64,
}

impl Run {
    /// What tells this run from another one. Reads two headers a piece.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Shrunk`].
    pub fn identity(&self) -> Result<Identity> {
        let ends = ends(&self.index, &self.stores)?;
        let pieces = self.stores.iter().zip(&self.index.pieces).zip(ends);
        let pieces = pieces.map(|((store, facts), ends)| PieceIdentity {
            name: store.path().file_name().unwrap_or_default().into(),
            length: facts.length,
            modified_ns: facts.modified_ns,
            ends,
        });
        Ok(Identity {
            name: self.bare.file_name().unwrap_or_default().into(),
            pieces: pieces.collect(),
            missing: self.missing.clone(),
            metadata_channel: self.metadata_channel,
        })
    }

    /// The index, in the bytes of the file that is kept beside a run.
    pub fn index_bytes(&self) -> Vec<u8> {
        saved::to_bytes(&self.index)
    }

    /// Opens the run with this identity in `folder`, by its [`index_bytes`](Self::index_bytes)
    /// without going through it; without them by the index that is kept beside it, or by a pass.
    ///
    /// A run that has only grown since is opened as it was, if the bytes of its index are given:
    /// its last piece is longer, or pieces were added, and the headers at both ends of all that was
    /// there are the same.
    ///
    /// ```
    /// use wavekeep_smurf::Run;
    ///
    /// # let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data"));
    /// let run = Run::open(folder.join("split.dat"))?;
    /// let again = Run::open_again(folder, &run.identity()?, Some(&run.index_bytes()))?;
    /// assert_eq!(again.index(), run.index());
    /// # Ok::<(), wavekeep_smurf::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Changed`] where the files are not those that they were, [`Error::Io`].
    pub fn open_again(folder: &Path, identity: &Identity, index: Option<&[u8]>) -> Result<Self> {
        let bare = folder.join(&identity.name);
        let paths = identity.pieces.iter().map(|piece| folder.join(&piece.name)).collect();
        let pieces = Pieces { bare, paths, missing: identity.missing.clone() };
        let stores = Store::open_all(&pieces.paths)?;
        let has_grown = compare_files(&stores, &identity.pieces)?;
        let changed = |what: &str| Error::Changed { path: pieces.bare.clone(), what: what.into() };
        let facts: Vec<PieceFacts> = identity.pieces.iter().map(PieceIdentity::facts).collect();
        let metadata_channel = identity.metadata_channel;
        let index = match index {
            Some(bytes) => {
                let on = metadata_channel.unwrap_or(METADATA_CHANNEL);
                saved::of_bytes(bytes, &facts, &stores, on)?
                    .ok_or_else(|| changed("its records are not where they were"))?
            }
            None if has_grown => {
                return Err(changed("it has grown, and its index was too large to be sent along"));
            }
            None if metadata_channel.is_some() => Scan::whole(&stores, metadata_channel)?,
            None => saved::load_or_scan(&saved::path_beside(&pieces.bare), &stores)?,
        };
        compare_ends(&index, &stores, &identity.pieces)?;
        Ok(Self { metadata_channel, ..Self::assemble(pieces, stores, index) })
    }

    /// Whether the files of this run, which is open, are still those of `identity`, or have only
    /// grown since.
    ///
    /// # Errors
    /// [`Error::Changed`] where they are not, [`Error::Io`].
    pub fn compare_with(&self, identity: &Identity) -> Result<()> {
        compare_files(&self.stores, &identity.pieces)?;
        compare_ends(&self.index, &self.stores, &identity.pieces)
    }
}

impl PieceIdentity {
    fn facts(&self) -> PieceFacts {
        PieceFacts { length: self.length, modified_ns: self.modified_ns }
    }
}

/// Compares lengths and times; tells whether the last piece has grown.
fn compare_files(stores: &[Store], pieces: &[PieceIdentity]) -> Result<bool> {
    let last = pieces.len().saturating_sub(1);
    let mut has_grown = false;
    for (number, ((store, piece), found)) in
        stores.iter().zip(pieces).zip(PieceFacts::of_all(stores)?).enumerate()
    {
        has_grown |= number == last && found.length > piece.length;
        let what = match found {
            _ if has_grown => continue,
            PieceFacts { length, .. } if length != piece.length => {
                format!("it has {length} bytes and had {}", piece.length)
            }
            PieceFacts { modified_ns, .. } if modified_ns != piece.modified_ns => format!(
                "it has the {} bytes that it had, but was written at {modified_ns} ns of UNIX time and \
                 not at {}",
                piece.length, piece.modified_ns
            ),
            _ => continue,
        };
        return Err(Error::Changed { path: store.path().to_owned(), what });
    }
    Ok(has_grown)
}

fn compare_ends(index: &Index, stores: &[Store], pieces: &[PieceIdentity]) -> Result<()> {
    for ((store, piece), found) in stores.iter().zip(pieces).zip(ends(index, stores)?) {
        if found != piece.ends {
            let what = "its first or its last frame is another one".to_owned();
            return Err(Error::Changed { path: store.path().to_owned(), what });
        }
    }
    Ok(())
}

/// The checksum of the headers of the first and the last frame of each piece.
fn ends(index: &Index, stores: &[Store]) -> Result<Vec<u64>> {
    let mut offsets: Vec<Option<(u64, u64)>> = vec![None; stores.len()];
    for stretch in &index.stretches {
        let last = stretch.offset + (stretch.count - 1) * stretch.stride;
        let of_piece = &mut offsets[stretch.piece];
        *of_piece = Some((of_piece.map_or(stretch.offset, |(first, _)| first), last));
    }
    let checksum = |(store, offsets): (&Store, Option<(u64, u64)>)| {
        let Some((first, last)) = offsets else { return Ok(0) };
        let mut bytes = [0; 2 * NEAR];
        let (head, tail) = bytes.split_at_mut(NEAR);
        store.read_at(first, head)?;
        store.read_at(last, tail)?;
        let words = bytes.as_chunks::<8>().0.iter();
        let words: Vec<u64> = words.map(|word| u64::from_le_bytes(*word)).collect();
        Ok(saved::checksum(&words))
    };
    stores.iter().zip(offsets).map(checksum).collect()
}
