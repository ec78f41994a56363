//! A run: its pieces, what lies beside them, and where everything is.

pub(crate) mod channel_map;
pub(crate) mod check;
mod facts;
pub(crate) mod follow;
pub(crate) mod identity;
mod notes;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use derive_setters::Setters;
use wavekeep_core::{Note, NoteKind, Report};

use crate::error::Result;
use crate::files::mask::{Mask, read_frequencies};
use crate::files::pieces::{Pieces, beside};
use crate::files::store::Store;
use crate::index::Index;
use crate::index::clock::{TimeBasis, TimeStretch};
use crate::index::counting;
use crate::index::findings::{Counting, Gap};
use crate::index::saved;
use crate::index::scan::Scan;
use crate::run::channel_map::Detectors;
use crate::wire::header::{FrameHeader, HEADER_LEN, HeaderView};
use crate::wire::record::RECORD_HEADER_LEN;

/// How a run is opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct OpenOptions {
    /// Read the named file alone, even if it is one piece of many.
    pub one_piece: bool,
    /// Use an index that lies beside the run if it belongs to these very files.
    pub use_index: bool,
    /// Use it, and put one there if it does not. That nothing can be written there is no error.
    pub keep_index: bool,
    /// Never map a file, neither for the pass over its headers nor, as [`Run::read`] does, for large
    /// results: for programs that must not end when somebody shortens a file while it is being
    /// read, or when a disk fails.
    pub unmapped: bool,
    /// The channel that metadata is on, where it is not channel 1.
    pub metadata_channel: Option<u8>,
}

/// By how much rates may differ that are one: less than clocks do in the long run.
const SAME_RATE: f64 = 1e-3;

/// Frames a second, over some frames.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Rate {
    /// The frames, by their numbers in the run.
    pub frames: Range<u64>,
    /// Frames a second.
    pub hz: f64,
}

/// A run that was opened: one file, or all pieces of one recording.
///
/// Opening makes one pass over the headers of the records. Data is read when it is asked for.
///
/// ```
/// use wavekeep_smurf::{Run, Selection};
///
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/split.dat");
/// let run = Run::open(path)?; // split.dat.1 … split.dat.4
/// assert_eq!((run.pieces().len(), run.index().frames()), (4, 40));
///
/// let reading = run.read::<i32>(&Selection::channels([3, 0]).frames(10..20))?;
/// assert_eq!((reading.channels(), reading.frames()), (2, 10));
/// assert_eq!(reading.channel(0)[0], 3 * 65537 + 10 * 1001 + i32::MIN);
/// # Ok::<(), wavekeep_smurf::Error>(())
/// ```
#[derive(Debug)]
pub struct Run {
    pub(crate) stores: Vec<Store>,
    pub(crate) index: Index,
    bare: PathBuf,
    missing: Vec<u64>,
    /// The channel of the metadata, when it is not the usual one.
    metadata_channel: Option<u8>,
    mask: Option<Mask>,
    frequencies: Option<Vec<f64>>,
    beside: Report,
    counting: OnceLock<Counting>,
    /// The detectors of the section that was asked for last.
    map: Mutex<Option<(usize, Detectors)>>,
}

impl Run {
    /// Opens a run by the name of any of its pieces, or by the name that they have in common.
    ///
    /// # Errors
    /// [`Error::NoSuchRun`](crate::Error::NoSuchRun) and [`Error::Io`](crate::Error::Io). Damage in the files is no error.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, OpenOptions::default())
    }

    /// As [`open`](Self::open), with options.
    ///
    /// # Errors
    /// As `open`.
    pub fn open_with(path: impl AsRef<Path>, options: OpenOptions) -> Result<Self> {
        let path = path.as_ref();
        let pieces = if options.one_piece { Pieces::one(path) } else { Pieces::of(path)? };
        let stores = open_all(&pieces.paths, options.unmapped)?;
        let name = if options.one_piece { path } else { &pieces.bare };
        let kept = saved::path_beside(name);
        let index = match options.metadata_channel {
            // An index is kept of runs that are read in the usual way.
            Some(channel) => Scan::whole(&stores, Some(channel))?,
            None if options.keep_index => saved::load_or_make(&kept, &stores)?,
            None if options.use_index => saved::load_or_scan(&kept, &stores)?,
            None => Scan::whole(&stores, None)?,
        };
        Ok(Self {
            metadata_channel: options.metadata_channel,
            ..Self::assemble(pieces, stores, index)
        })
    }

    /// As [`open`](Self::open), with an index that is kept at `index`: used if it belongs to these
    /// very files, put there if it does not. Files are never mapped: who keeps indices serves
    /// others, and must not end with one of them.
    ///
    /// # Errors
    /// As `open`. That nothing can be written there is no error.
    pub fn open_with_index(path: impl AsRef<Path>, index: &Path) -> Result<Self> {
        let pieces = Pieces::of(path.as_ref())?;
        let stores = open_all(&pieces.paths, true)?;
        let index = saved::load_or_make(index, &stores)?;
        Ok(Self::assemble(pieces, stores, index))
    }

    /// Keeps the index at `path`, for [`open_with_index`](Self::open_with_index).
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep_index(&self, path: &Path) -> std::io::Result<()> {
        saved::save(path, &self.index)
    }

    /// A run whose pieces are in memory.
    ///
    /// # Errors
    /// None for memory; the signature is that of [`open`](Self::open).
    pub fn from_bytes(pieces: impl IntoIterator<Item = Vec<u8>>) -> Result<Self> {
        let stores: Vec<Store> = pieces
            .into_iter()
            .enumerate()
            .map(|(number, bytes)| {
                let name = PathBuf::from(format!("memory.dat.{}", number + 1));
                Store::from_bytes(name, Arc::from(bytes))
            })
            .collect();
        let index = Scan::whole(&stores, None)?;
        let bare = PathBuf::from("memory.dat");
        let (missing, beside) = (Vec::new(), Report::default());
        Ok(Self {
            stores,
            index,
            bare,
            missing,
            metadata_channel: None,
            mask: None,
            frequencies: None,
            beside,
            counting: OnceLock::new(),
            map: Mutex::default(),
        })
    }

    pub(crate) fn assemble(pieces: Pieces, stores: Vec<Store>, index: Index) -> Self {
        let mut report = Report::default();
        let Pieces { bare, missing, .. } = pieces;
        let mask = noted(Mask::read(&beside(&bare, "_mask.txt")), &mut report);
        let frequencies = noted(read_frequencies(&beside(&bare, "_freq.txt")), &mut report);
        Self {
            stores,
            index,
            bare,
            missing,
            metadata_channel: None,
            mask,
            frequencies,
            beside: report,
            counting: OnceLock::new(),
            map: Mutex::default(),
        }
    }

    /// The files, in the order in which they were written.
    pub fn pieces(&self) -> Vec<&Path> {
        self.stores.iter().map(Store::path).collect()
    }

    /// The name that the pieces have in common.
    pub fn name(&self) -> &Path {
        &self.bare
    }

    /// Where everything is.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Which channels were recorded, if a mask file lies beside the run or
    /// [`set_mask`](Self::set_mask) gave one.
    pub fn mask(&self) -> Option<&Mask> {
        self.mask.as_ref()
    }

    /// Gives the run a mask.
    pub fn set_mask(&mut self, mask: Mask) {
        self.mask = Some(mask);
        self.map = Mutex::default();
    }

    /// Frequencies in MHz by sample index, if a file with them lies beside the run.
    pub fn frequencies_mhz(&self) -> Option<&[f64]> {
        self.frequencies.as_deref()
    }

    /// Damage, gaps, missing pieces and assumptions, as notes. Metadata is judged when it is read:
    /// [`metadata`](Self::metadata) has notes of its own.
    pub fn report(&self) -> Report {
        let names: Vec<String> = self
            .stores
            .iter()
            .map(|store| store.path().file_name().unwrap_or_default().display().to_string())
            .collect();
        let mut report = self.index.report(&names);
        notes::of_counter(self.counting(), &mut report);
        notes::of_clocks(&self.index, &mut report);
        for number in &self.missing {
            report.damage(
                "piece_missing",
                format!("{}: number {number} of its pieces is missing", self.bare.display()),
            );
        }
        self.beside.notes().iter().cloned().for_each(|note| report.push(note));
        if let Some(mask) = self.mask().filter(|_| self.index.frames > 0) {
            self.note_misfits(mask, &mut report);
        }
        report
    }

    /// Sections that the mask does not fit.
    fn note_misfits(&self, mask: &Mask, report: &mut Report) {
        let lines = mask.channels().len() as u64;
        let fits = |channels: u32| [lines, 2 * lines].contains(&channels.into());
        let misfits = || self.index.sections().iter().filter(|it| !fits(it.channels));
        if let Some(first) = misfits().next() {
            let many = match misfits().count() {
                1 => String::new(),
                many => format!("; so {many} sections"),
            };
            let message = format!(
                "the mask lists {lines} channels, which is neither one nor half of the samples of {first}{many}: \
                 it is not used there"
            );
            report.push(Note::new(NoteKind::Disagreement, "mask_length", message));
        }
    }

    /// The header of one frame; `None` past the last one.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io), [`Error::Shrunk`](crate::Error::Shrunk).
    pub fn header(&self, frame: u64) -> Result<Option<FrameHeader>> {
        let bytes = self.header_bytes(frame)?;
        Ok(bytes.as_ref().map(|bytes| HeaderView(bytes).parse()))
    }

    fn header_bytes(&self, frame: u64) -> Result<Option<[u8; HEADER_LEN]>> {
        let Some((piece, offset)) = self.index.record_at(frame) else { return Ok(None) };
        let mut bytes = [0; HEADER_LEN];
        self.stores[piece].read_at(offset + RECORD_HEADER_LEN as u64, &mut bytes)?;
        Ok(Some(bytes))
    }

    /// What frame_counter shows: how it goes on, and where frames are missing.
    pub fn counting(&self) -> &Counting {
        self.counting.get_or_init(|| {
            let steps = &self.index.steps;
            let factors = match counting::is_plain(steps) {
                true => Vec::new(),
                // What cannot be read explains nothing; reading the metadata reports it.
                false => self.downsampling_factors().unwrap_or_default(),
            };
            counting::judge(steps, self.index.frames, &factors)
        })
    }

    /// Where frame_counter does not go on as usual.
    pub fn gaps(&self) -> &[Gap] {
        &self.counting().gaps
    }

    /// Frames that frame_counter shows to be missing.
    pub fn missing_frames(&self) -> u64 {
        self.counting().missing
    }

    /// How the times of all frames are got.
    pub fn time_basis(&self) -> TimeBasis {
        self.index.clock.basis(self.index.frames)
    }

    /// How times are got, stretch by stretch.
    pub fn time_stretches(&self) -> Vec<TimeStretch> {
        self.index.clock.stretches(self.index.frames)
    }

    /// Frames a second, as the server's clock saw them, when they are the same all over the run;
    /// `None` when they are not, or nothing says it.
    pub fn rate_hz(&self) -> Option<f64> {
        self.rate_hz_of(&(0..self.index.frames))
    }

    /// As [`rate_hz`](Self::rate_hz), of some frames.
    pub fn rate_hz_of(&self, frames: &Range<u64>) -> Option<f64> {
        let mut rates = self.rates().into_iter().filter(|rate| {
            rate.frames.start < frames.end.max(frames.start + 1) && frames.start < rate.frames.end
        });
        let first = rates.next()?.hz;
        rates.all(|rate| (rate.hz - first).abs() <= first * SAME_RATE).then_some(first)
    }

    /// Frames a second, stretch by stretch: another one begins where the step of frame_counter
    /// changes.
    pub fn rates(&self) -> Vec<Rate> {
        let rate = |frames: &Range<u64>, mean: f64| {
            let ns = self.index.clock.ns_per_count(frames.start)? * mean;
            Some(Rate { frames: frames.clone(), hz: 1e9 / ns })
        };
        let stretches = self.counting().stretches.iter();
        stretches.filter_map(|stretch| rate(&stretch.frames, stretch.mean)).collect()
    }

    /// UNIX time in ns of one frame; `None` past the last one.
    ///
    /// # Errors
    /// As [`header`](Self::header).
    pub fn time_ns(&self, frame: u64) -> Result<Option<u64>> {
        let bytes = self.header_bytes(frame)?;
        let header = bytes.as_ref().map(HeaderView);
        Ok(header.map(|header| self.index.clock.time_ns(frame, header)))
    }
}

/// What lies beside a run and cannot be read does not keep the run from being read.
fn noted<T>(read: Result<Option<T>>, report: &mut Report) -> Option<T> {
    read.unwrap_or_else(|error| {
        report.push(Note::new(NoteKind::Disagreement, "file_beside", error.to_string()));
        None
    })
}

fn open_all(paths: &[PathBuf], unmapped: bool) -> Result<Vec<Store>> {
    let mut stores = Store::open_all(paths)?;
    if unmapped {
        stores.iter_mut().for_each(Store::never_map);
    }
    Ok(stores)
}
