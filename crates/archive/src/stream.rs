//! Runs of streams: adopted where they are.
//!
//! A run is too large to be copied for the sake of order. Its pieces are recorded by path, length
//! and SHA-256 in a sidecar of kind `sfm.stream`, `<root>/<stream id>/<run name>.sfm.json`.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use wavekeep_custody::{Action, Hash};
use wavekeep_smurf::Run;

use crate::facts::TOOL_VERSION;
use crate::files::refuse_links;
use crate::journal::Change;
use crate::ledger::{Draft, Standing, facts_of, files_of};
use crate::name::SafeName;
use crate::owner::Owner;
use crate::sidecar::{EventBlock, Review, STREAM_KIND, Sidecar, SourceBlock};
use crate::stop::{go_on, stopped_or};
use crate::{Actor, Archive, ArchiveError, index};

/// Block `stream` of a sidecar.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct StreamBlock {
    /// The pieces, in the order in which they were written.
    pub pieces: Vec<AdoptedFile>,
    /// Mask and frequencies that lie beside them.
    pub beside: Vec<AdoptedFile>,
    /// Frames over all pieces.
    pub frames: u64,
    /// Frames a second, when anything says it.
    pub rate_hz: Option<f64>,
    /// Time of the first frame in UTC.
    pub start_utc: Option<String>,
    /// Time of the last frame in UTC.
    pub end_utc: Option<String>,
    /// Whether data is damaged or missing.
    pub damaged: bool,
    /// What is damaged, and what deserves a look, in sentences.
    pub notes: Vec<String>,
}

/// A file that stays where it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AdoptedFile {
    /// Its path: relative to the root when it is below it.
    pub path: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

/// The answer for a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Adopted {
    /// Its number.
    pub id: i64,
    /// The stream's name.
    pub stream_id: String,
    /// The run's name.
    pub filename: String,
    /// Whether it was there with the same bytes.
    pub same: bool,
    /// What was recorded of it.
    pub stream: StreamBlock,
}

impl Archive {
    /// Adopts the run of which `path` names a piece, or what its pieces have in common: all pieces,
    /// mask and frequency files are hashed and recorded where they are. A run that has grown is
    /// recorded again; what people wrote of it stays.
    ///
    /// # Errors
    /// [`ArchiveError::Stream`] when it is no run; [`ArchiveError::Name`] when its name or
    /// `stream_id` cannot be stored; otherwise what the system says.
    pub fn adopt(&self, stream_id: &str, path: &Path) -> Result<Adopted, ArchiveError> {
        self.adopt_as(stream_id, path, self.actor().clone())
    }

    /// The same, noted as done by `who`.
    ///
    /// # Errors
    /// As [`adopt`](Self::adopt).
    pub fn adopt_as(
        &self,
        stream_id: &str,
        path: &Path,
        who: impl Into<Actor>,
    ) -> Result<Adopted, ArchiveError> {
        self.adopt_until(stream_id, path, who.into(), &AtomicBool::new(false))
    }

    /// The same, until `stop` is set while files are hashed.
    pub(crate) fn adopt_until(
        &self,
        stream_id: &str,
        path: &Path,
        by: Actor,
        stop: &AtomicBool,
    ) -> Result<Adopted, ArchiveError> {
        let stream_id = SafeName::folder(stream_id)?;
        let failed =
            |source| ArchiveError::Stream { path: path.to_owned(), source: Box::new(source) };
        let run = Run::open(path).map_err(failed)?;
        let name = run.name().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = SafeName::file(&name)?;
        let stream = self.describe(&run, stop)?;
        let (stream_id, filename) = (stream_id.as_str().to_owned(), name.as_str().to_owned());
        let adopted = self.with_lock(|writer| {
            let event = self.layout().event(&stream_id, &filename);
            let index_failed = |source| self.index_failed(source);
            let there = match self.read_if_there(&event.sidecar())? {
                Some(_) => Some(self.read_sidecar(&event.sidecar())?),
                None => None,
            };
            let place = index::at_place(&writer.connection, &stream_id, &filename);
            let id = match place.map_err(index_failed)? {
                Some((id, _)) => id,
                None => index::last_id(&writer.connection).map_err(index_failed)? + 1,
            };
            let standing = match there.is_some() {
                true => self.standing_sidecar(&writer.connection, id, &event)?,
                false => Standing::default(),
            };
            if there.as_ref().is_some_and(|there| there.stream() == Some(stream.clone())) {
                return Ok(Adopted { id, stream_id, filename, same: true, stream });
            }
            let sidecar = sidecar(there, id, &stream_id, &filename, &stream);
            let folder = self.layout().folder(&stream_id);
            let made = self.files().create_folder(&folder);
            made.map_err(ArchiveError::io(&folder, "make the folder"))?;
            let bytes = sidecar.to_bytes();
            let mut draft = Draft::of(Action::Adopt, by, id, &stream_id, &filename);
            draft.files = files_of(&filename, &sidecar, Hash::of(&bytes));
            let draft = standing.noted(draft.with("facts", facts_of(&sidecar)));
            let lines = self.entry_of(writer, draft)?;
            let staged = self.stage_all([(event.sidecar(), bytes.as_slice())])?;
            let mut change = Change::new(self.files(), self.layout());
            change.event(&stream_id, &filename, staged);
            change.ledger(&lines);
            change.happen(|| {
                self.commit(writer, |transaction| {
                    let changed = index::next_change(transaction)?;
                    index::store(transaction, &stream_id, &filename, &sidecar, changed)?;
                    lines.store(transaction)
                })
            })?;
            Ok(Adopted { id, stream_id, filename, same: false, stream })
        })?;
        // Whoever opens it next need not go through the run again; without the index it would.
        let index = self.layout().stream_index(adopted.id);
        let _ = self
            .files()
            .create_folder(&self.layout().streams())
            .and_then(|()| run.keep_index(&index))
            .and_then(|()| Owner::of(self.layout().root()).give(&index));
        Ok(adopted)
    }

    /// The pieces of a run, in the order in which they were written.
    ///
    /// # Errors
    /// [`ArchiveError::NoEvent`] when there is no such run.
    pub fn stream_pieces(&self, id: i64) -> Result<Vec<PathBuf>, ArchiveError> {
        let stream = self.sidecar(id)?.stream().ok_or(ArchiveError::NoEvent { id })?;
        stream.pieces.iter().map(|piece| self.piece(&piece.path)).collect()
    }

    /// Where a piece is that a sidecar names: below the root, and not through a link, or where an
    /// adopted run lies, by its whole path.
    pub(crate) fn piece(&self, path: &Path) -> Result<PathBuf, ArchiveError> {
        if path.is_absolute() {
            return Ok(path.to_owned());
        }
        let below = self.layout().root().join(path);
        refuse_links(self.layout().root(), &below)
            .map_err(ArchiveError::io(&below, "use the piece of the run"))?;
        Ok(below)
    }

    fn describe(&self, run: &Run, stop: &AtomicBool) -> Result<StreamBlock, ArchiveError> {
        let adopted = |path: &Path| self.adopted(path, stop);
        let pieces = run.pieces().into_iter().map(adopted).collect::<Result<_, _>>()?;
        let mut beside = Vec::new();
        for suffix in ["_mask.txt", "_freq.txt"] {
            let mut path = run.name().as_os_str().to_owned();
            path.push(suffix);
            let path = PathBuf::from(path);
            if path.is_file() {
                beside.push(self.adopted(&path, stop)?);
            }
        }
        let frames = run.index().frames();
        let moment = |frame: u64| {
            let ns = run.time_ns(frame).ok().flatten()?;
            Some(jiff::Timestamp::from_nanosecond(i128::from(ns)).ok()?.to_string())
        };
        Ok(StreamBlock {
            pieces,
            beside,
            frames,
            rate_hz: run.rate_hz(),
            start_utc: moment(0),
            end_utc: frames.checked_sub(1).and_then(moment),
            damaged: run.report().is_damaged(),
            notes: run.report().notes().iter().map(|note| note.message.clone()).collect(),
        })
    }

    fn adopted(&self, path: &Path, stop: &AtomicBool) -> Result<AdoptedFile, ArchiveError> {
        let path = std::fs::canonicalize(path).map_err(ArchiveError::io(path, "find the file"))?;
        let (sha256, bytes) =
            hashed_until(&path, stop).map_err(stopped_or(stop, &path, "read the file"))?;
        let path = self.layout().relative(&path);
        Ok(AdoptedFile { path, bytes, sha256 })
    }
}

impl Sidecar {
    /// Block `stream`, of a run.
    pub fn stream(&self) -> Option<StreamBlock> {
        StreamBlock::deserialize(self.document().get("stream")?).ok()
    }
}

/// Hash and length of a file of any size; an error as soon as `stop` is set.
pub(crate) fn hashed_until(path: &Path, stop: &AtomicBool) -> io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut len = 0;
    loop {
        go_on(stop)?;
        match file.read(&mut buffer)? {
            0 => break,
            read => {
                hash.update(&buffer[..read]);
                len += read as u64;
            }
        }
    }
    Ok((Hash(hash.finalize().into()).to_string(), len))
}

fn sidecar(
    there: Option<Sidecar>,
    id: i64,
    stream_id: &str,
    filename: &str,
    stream: &StreamBlock,
) -> Sidecar {
    let is_new = there.is_none();
    let mut out = there.unwrap_or_else(|| Sidecar::new(STREAM_KIND));
    // The server's clock is in UTC: it is no unit-local time, so there is no timestamp.
    let event = EventBlock {
        serial: Some(stream_id.to_owned()),
        filename: Some(filename.to_owned()),
        record_type: Some("stream".to_owned()),
        sample_rate: stream.rate_hz,
        record_time_s: stream.rate_hz.map(|rate| stream.frames as f64 / rate),
        assumed: Some(Vec::new()),
        ..EventBlock::default()
    };
    out.set("event", &event);
    out.set("stream", stream);
    let source = SourceBlock {
        kind: Some("stream".to_owned()),
        tool_version: Some(TOOL_VERSION.to_owned()),
        captured_at: out.source().captured_at.or_else(|| Some(crate::now())),
        ..SourceBlock::default()
    };
    out.set("source", &source);
    if is_new {
        out.set("review", &Review { false_trigger: Some(false), ..Review::default() });
        out.set("extensions", &serde_json::Map::new());
    }
    let mut own = out.own();
    own.id = Some(own.id.unwrap_or(id));
    out.set("wavekeep", &own);
    out
}
