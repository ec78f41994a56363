//! The writer: opening, writing, splitting, closing.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::Zoned;
use jiff::civil::DateTime;

use super::bandwidth::Bandwidth;
use super::error::WriterError;
use super::frame::Frame;
use super::layer::{Disk, FileLayer};
use super::piece::{Failure, Piece, Place};

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It is in the file.
    Written,
    /// It is in the buffer: in the file after the next [`flush`](DataWriter::flush) or
    /// [`close`](DataWriter::close) that succeeds.
    Buffered,
    /// It was not to be written: it is empty, or errored while `DropErrors` is set.
    Skipped,
}

/// Records frames into a file or a run of files.
///
/// Each method is one variable or command of the DataWriter's control surface and names it;
/// [`get`](Self::get), [`set`](Self::set) and [`command`](Self::command) reach them by name.
/// Without a buffer every frame is in the file when [`write`](Self::write) returns. Dropping an
/// open writer closes it, without anybody to tell of an error: call [`close`](Self::close).
#[derive(Debug)]
pub struct DataWriter<L: FileLayer = Disk> {
    layer: L,
    data_file: PathBuf,
    overwrite: bool,
    buffer_size: usize,
    max_file_size: u64,
    drop_errors: bool,
    raw_mode: bool,
    session: Option<Session<L::File>>,
    current_size: u64,
    total_size: u64,
    frame_count: u64,
    bandwidth: Bandwidth,
}

/// What belongs to an open run.
#[derive(Debug)]
struct Session<F> {
    name: PathBuf,
    piece: Piece<F>,
    /// The number of the piece; `None` when the run was opened as one file.
    number: Option<u64>,
    overwrite: bool,
}

impl DataWriter {
    /// A writer to the machine's file system, with nothing open.
    pub fn new() -> Self {
        Self::with_layer(Disk)
    }
}

impl Default for DataWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl<L: FileLayer> DataWriter<L> {
    /// A writer to another file system.
    pub fn with_layer(layer: L) -> Self {
        Self {
            layer,
            data_file: PathBuf::new(),
            overwrite: false,
            buffer_size: 0,
            max_file_size: 0,
            drop_errors: false,
            raw_mode: false,
            session: None,
            current_size: 0,
            total_size: 0,
            frame_count: 0,
            bandwidth: Bandwidth::default(),
        }
    }

    /// `DataFile`: the path.
    pub fn data_file(&self) -> &Path {
        &self.data_file
    }

    /// `DataFile`: the path that the next `Open` uses.
    pub fn set_data_file(&mut self, path: impl Into<PathBuf>) {
        self.data_file = path.into();
    }

    /// `Overwrite`: whether `Open` replaces files that exist. Not a variable of Rogue, which always
    /// does.
    pub fn overwrite(&self) -> bool {
        self.overwrite
    }

    /// `Overwrite`: for the next `Open`.
    pub fn set_overwrite(&mut self, overwrite: bool) {
        self.overwrite = overwrite;
    }

    /// `IsOpen`: whether frames are being recorded.
    pub fn is_open(&self) -> bool {
        self.session.is_some()
    }

    /// `BufferSize`: bytes held back before the file system is called; 0 = none.
    pub fn buffer_size(&self) -> usize {
        self.buffer_size
    }

    /// `BufferSize`: empties the buffer and changes its size. Never changes what is written.
    ///
    /// # Errors
    /// As [`flush`](Self::flush); the size is changed in any case.
    pub fn set_buffer_size(&mut self, bytes: usize) -> Result<(), WriterError> {
        self.buffer_size = bytes;
        self.flush()
    }

    /// `MaxFileSize`: bytes of a piece at most; 0 = no splitting.
    pub fn max_file_size(&self) -> u64 {
        self.max_file_size
    }

    /// Sets it. While a file is open it takes effect at the next record, as in Rogue: behind a first
    /// piece `name` without a number comes `name.2`.
    ///
    /// # Errors
    /// [`WriterError::Exists`] when a file is in the way of the pieces to come; nothing changes then.
    pub fn set_max_file_size(&mut self, bytes: u64) -> Result<(), WriterError> {
        // A first piece without a number is open: those that will follow it must be free.
        let opened = self.session.as_ref().filter(|session| session.number.is_none());
        if let Some(name) = opened.map(|session| session.name.clone()).filter(|_| bytes > 0) {
            self.clear_the_way(&name)?;
        }
        self.max_file_size = bytes;
        Ok(())
    }

    /// `CurrentSize`: bytes in the present piece, those in the buffer included. After `Close`, of
    /// the last piece.
    pub fn current_size(&self) -> u64 {
        self.current_size
    }

    /// `TotalSize`: bytes in all pieces since `Open`, those in the buffer included.
    pub fn total_size(&self) -> u64 {
        self.total_size
    }

    /// `FrameCount`: records on all channels since `Open`, those in the buffer included.
    pub fn frame_count(&self) -> u64 {
        self.frame_count
    }

    /// `Bandwidth`: bytes of records that were taken in the last second, in bytes per second.
    pub fn bandwidth(&self) -> f64 {
        self.bandwidth.bytes_per_s(Instant::now())
    }

    /// `DropErrors`: whether frames whose error is not 0 are left out.
    pub fn drop_errors(&self) -> bool {
        self.drop_errors
    }

    /// `DropErrors`: holds from the next frame on. A frame that is only flagged is written, as by
    /// Rogue.
    pub fn set_drop_errors(&mut self, drop_errors: bool) {
        self.drop_errors = drop_errors;
    }

    /// `RawMode`: whether only payloads are written, without record headers.
    pub fn raw_mode(&self) -> bool {
        self.raw_mode
    }

    /// `RawMode`: for the next `Open`.
    ///
    /// # Errors
    /// [`WriterError::WhileOpen`]: a file of both kinds could never be read.
    pub fn set_raw_mode(&mut self, raw_mode: bool) -> Result<(), WriterError> {
        if self.is_open() && raw_mode != self.raw_mode {
            return Err(WriterError::WhileOpen { name: "RawMode" });
        }
        self.raw_mode = raw_mode;
        Ok(())
    }

    /// `AutoName`: sets `DataFile` to `data_YYYYMMDD_HHMMSS.dat`, local time, in its present
    /// folder.
    pub fn auto_name(&mut self) {
        self.auto_name_at(Zoned::now().datetime());
    }

    /// `AutoName` at a given local time.
    pub fn auto_name_at(&mut self, local: DateTime) {
        let name = local.strftime("data_%Y%m%d_%H%M%S.dat").to_string();
        let text = self.data_file.as_os_str().as_encoded_bytes();
        match text.last().is_some_and(|&last| std::path::is_separator(last.into())) {
            true => self.data_file.push(name),
            false => self.data_file.set_file_name(name),
        }
    }

    /// `Open`: creates the file (`DataFile`, or `DataFile.1` when `MaxFileSize` is set) and sets
    /// all counters to zero. A file that is open is closed when the new one is there.
    ///
    /// With `Overwrite`, pieces of an older split run of this name are removed: they would be
    /// read as the end of this one.
    ///
    /// # Errors
    /// [`WriterError::NoDataFile`], [`WriterError::Exists`], [`WriterError::Create`], and what
    /// [`close`](Self::close) gives for the file that was open, after which nothing is open. Where
    /// there is no new file, what was open goes on; with `Overwrite`, it is closed before.
    pub fn open(&mut self) -> Result<(), WriterError> {
        let name = self.data_file.clone();
        if name.file_name().is_none() {
            return Err(WriterError::NoDataFile);
        }
        // What is to be replaced may be what is open.
        if self.overwrite {
            self.close()?;
        }
        let number = (self.max_file_size > 0).then_some(1);
        if number.is_some() {
            self.clear_the_way(&name)?;
        }
        let piece = create(&mut self.layer, &name, number, self.overwrite)?;
        if let Err(error) = self.close() {
            // It holds nothing; that it stays is no worse than what is reported.
            let _ = self.layer.remove(piece.path());
            return Err(error);
        }
        self.session = Some(Session { name, piece, number, overwrite: self.overwrite });
        (self.current_size, self.total_size, self.frame_count) = (0, 0, 0);
        self.bandwidth = Bandwidth::default();
        Ok(())
    }

    /// Writes one frame as a record.
    ///
    /// # Errors
    /// [`WriterError::NotOpen`]; [`WriterError::LargerThanPiece`] and
    /// [`WriterError::PayloadTooLarge`], after which recording goes on; and what
    /// [`WriterError::ends_recording`] says, after which the file is closed at a record boundary.
    /// In all cases the frame is not in the file.
    pub fn write(&mut self, frame: Frame<'_>) -> Result<Outcome, WriterError> {
        if frame.payload.is_empty() || self.drop_errors && frame.error != 0 {
            return Ok(Outcome::Skipped);
        }
        if !self.is_open() {
            return Err(WriterError::NotOpen);
        }
        let bytes = frame.payload.len() as u64;
        let header = frame.header().ok_or(WriterError::PayloadTooLarge { bytes })?.to_bytes();
        let header = if self.raw_mode { &[] } else { &header[..] };
        let length = header.len() as u64 + bytes;
        self.make_room(length)?;
        let Some(session) = &mut self.session else { return Err(WriterError::NotOpen) };
        let place = session.piece.push(header, frame.payload, self.buffer_size);
        let place = place.map_err(|failure| self.fail(failure))?;
        self.current_size += length;
        self.total_size += length;
        self.frame_count += 1;
        self.bandwidth.add(Instant::now(), length);
        Ok(match place {
            Place::File => Outcome::Written,
            Place::Buffer => Outcome::Buffered,
        })
    }

    /// Hands the buffer to the file system; what was [`Outcome::Buffered`] is then in the file.
    ///
    /// # Errors
    /// [`WriterError::Write`] or [`WriterError::WriteAndCut`]; the file is closed then.
    pub fn flush(&mut self) -> Result<(), WriterError> {
        match &mut self.session {
            None => Ok(()),
            Some(session) => session.piece.flush().map_err(|failure| self.fail(failure)),
        }
    }

    /// `Close`: flushes, syncs file and folder, closes. The counters stay until the next `Open`.
    ///
    /// # Errors
    /// As [`flush`](Self::flush), or [`WriterError::Sync`]. Nothing is open afterwards, whatever
    /// happened.
    pub fn close(&mut self) -> Result<(), WriterError> {
        self.finish_piece()?;
        self.session = None;
        Ok(())
    }

    /// Flushes and syncs the present piece; nothing is open after an error.
    fn finish_piece(&mut self) -> Result<(), WriterError> {
        self.flush()?;
        let Some(mut session) = self.session.take() else { return Ok(()) };
        let path = session.piece.path().to_owned();
        let synced = session.piece.sync().and_then(|()| self.layer.sync_folder_of(&path));
        synced.map_err(|source| WriterError::Sync { path, source })?;
        self.session = Some(session);
        Ok(())
    }

    /// Begins the next piece when the present one cannot take `length` bytes more.
    fn make_room(&mut self, length: u64) -> Result<(), WriterError> {
        let max = self.max_file_size;
        if max == 0 {
            return Ok(());
        }
        if length > max {
            return Err(WriterError::LargerThanPiece { bytes: length, max });
        }
        if self.current_size + length <= max {
            return Ok(());
        }
        self.finish_piece()?;
        let Some(session) = self.session.take() else { return Err(WriterError::NotOpen) };
        let Session { name, number, overwrite, .. } = session;
        let number = Some(number.unwrap_or(1) + 1);
        let piece = create(&mut self.layer, &name, number, overwrite)?;
        self.session = Some(Session { name, piece, number, overwrite });
        self.current_size = 0;
        Ok(())
    }

    fn fail(&mut self, failure: Failure) -> WriterError {
        self.session = None;
        self.current_size -= failure.lost_bytes;
        self.total_size -= failure.lost_bytes;
        self.frame_count -= failure.lost_frames;
        failure.error
    }

    /// Sees to it that no older piece can be taken for one of this run.
    fn clear_the_way(&mut self, name: &Path) -> Result<(), WriterError> {
        let failed = |action, path: &Path, source| WriterError::Create {
            action,
            path: path.to_owned(),
            source,
        };
        let pieces =
            self.layer.pieces(name).map_err(|source| failed("look for pieces of", name, source))?;
        for path in pieces {
            if !self.overwrite {
                return Err(WriterError::Exists { path });
            }
            self.layer
                .remove(&path)
                .map_err(|source| failed("remove the old piece", &path, source))?;
        }
        Ok(())
    }
}

impl<L: FileLayer> Drop for DataWriter<L> {
    fn drop(&mut self) {
        // There is nobody left to tell; who wants to know calls `close`.
        let _ = self.close();
    }
}

fn create<L: FileLayer>(
    layer: &mut L,
    name: &Path,
    number: Option<u64>,
    overwrite: bool,
) -> Result<Piece<L::File>, WriterError> {
    let mut path = OsString::from(name);
    if let Some(number) = number {
        path.push(format!(".{number}"));
    }
    let path = PathBuf::from(path);
    match layer.create(&path, overwrite) {
        Ok(file) => Ok(Piece::new(path, file)),
        Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {
            Err(WriterError::Exists { path })
        }
        Err(source) => Err(WriterError::Create { action: "create", path, source }),
    }
}
