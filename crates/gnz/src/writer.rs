//! Writing: what goes into a file, and whole files.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::dtype::Dtype;
use crate::element::Element;
use crate::error::{Error, Result};
use crate::header::{ALIGNMENT, ArrayInfo, MAGIC, Order, PREFIX, byte_length};
use crate::integrity::{CHECKSUM_KEY, Checksums, checksum};
use crate::json::print::{depth, text_of};
use crate::json::{Object, Value};
use crate::layout::{Layout, lay_out};
use crate::limits::Limits;
use crate::publish::{Beside, refuse_existing};
use crate::reader::io_error;
use crate::streaming::Streaming;
use crate::write_behind::WriteBehind;

/// Bytes between two calls back about progress.
const CHUNK: usize = 4 << 20;

/// How far a write has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes handed to the system so far.
    pub written: u64,
    /// Bytes of the whole file.
    pub total: u64,
}

/// Collects arrays and metadata, then writes them as one file.
///
/// Data is borrowed, not copied. Whole arrays come first in the file, then
/// declared ones, each in the order in which they were added.
///
/// ```
/// use gnz::{Gnz, Writer};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("event.gnz");
/// let samples = [0.25f32, 0.5, 0.75];
/// let mut writer = Writer::new();
/// writer.set("rate", 1024.0);
/// writer.add("Tran", &[3], &samples)?;
/// writer.checksums(true);
/// writer.write(&path)?;
///
/// let gnz = Gnz::open(&path)?;
/// assert_eq!(gnz.view::<f32>("Tran")?.elements(), samples);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct Writer<'a> {
    metadata: Object,
    /// The metadata as it is to be printed, where that is not by our order of keys.
    metadata_text: Option<String>,
    whole: Vec<(ArrayInfo, Cow<'a, [u8]>)>,
    declared: Vec<ArrayInfo>,
    names: HashSet<String>,
    checksums: bool,
    overwrite: bool,
    limits: Limits,
    progress: Option<Box<dyn FnMut(Progress) + 'a>>,
}

/// Everything about a file but its data.
pub(crate) struct Plan {
    pub(crate) arrays: Vec<ArrayInfo>,
    pub(crate) metadata: Object,
    pub(crate) checksums: Option<Checksums>,
    pub(crate) layout: Layout,
}

impl<'a> Writer<'a> {
    /// A file without arrays and metadata.
    pub fn new() -> Writer<'a> {
        Writer::default()
    }

    /// Sets one metadata key.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<Value>) -> &mut Self {
        self.metadata.insert(key, value);
        self.metadata_text = None;
        self
    }

    /// Replaces all metadata.
    pub fn metadata(&mut self, metadata: Object) -> &mut Self {
        self.metadata = metadata;
        self.metadata_text = None;
        self
    }

    /// Replaces all metadata by a JSON text, an object or `null`, that is written as it stands.
    ///
    /// For text whose keys are in another order than ours: Python sorts keys that are numbers
    /// before it makes text of them. With [`checksums`](Self::checksums) the text is printed anew.
    ///
    /// # Errors
    ///
    /// Those of reading JSON, and [`Error::WrongType`] for anything else than an object or `null`.
    pub fn metadata_text(&mut self, text: &str) -> Result<&mut Self> {
        self.metadata = match text.parse()? {
            Value::Object(object) => object,
            Value::Null => Object::new(),
            other => {
                return Err(Error::WrongType {
                    array: None,
                    offset: 0,
                    field: "metadata",
                    expected: "an object",
                    found: other.kind(),
                });
            }
        };
        self.metadata_text = Some(text.to_owned());
        Ok(self)
    }

    /// Adds an array in row-major order. `shape` is empty for a scalar.
    ///
    /// # Errors
    ///
    /// [`Error::NameTaken`], [`Error::LengthMismatch`] if `data` is not as long
    /// as `shape` says, [`Error::ShapeOverflow`].
    pub fn add<T: Element>(
        &mut self,
        name: impl Into<String>,
        shape: &[usize],
        data: &'a [T],
    ) -> Result<&mut Self> {
        let bytes = bytemuck::cast_slice(data);
        self.add_bytes(name, T::dtype(), Order::C, shape, bytes)
    }

    /// Adds an array as bytes that are already of the type and in the order
    /// stated. For types without a Rust twin, and for copying from file to file.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub fn add_bytes(
        &mut self,
        name: impl Into<String>,
        dtype: Dtype,
        order: Order,
        shape: &[usize],
        bytes: impl Into<Cow<'a, [u8]>>,
    ) -> Result<&mut Self> {
        let bytes = bytes.into();
        let info = self.describe(name.into(), dtype, order, shape)?;
        if bytes.len() != info.byte_length {
            return Err(Error::LengthMismatch {
                array: info.name,
                expected: info.byte_length,
                found: bytes.len(),
            });
        }
        self.whole.push((info, bytes));
        Ok(self)
    }

    /// Declares an array in row-major order that is filled while the file is
    /// open for [`stream`](Self::stream)ing; until then it is all zeros.
    ///
    /// # Errors
    ///
    /// [`Error::NameTaken`], [`Error::ShapeOverflow`].
    pub fn declare(
        &mut self,
        name: impl Into<String>,
        dtype: Dtype,
        shape: &[usize],
    ) -> Result<&mut Self> {
        let info = self.describe(name.into(), dtype, Order::C, shape)?;
        self.declared.push(info);
        Ok(self)
    }

    /// Stores a CRC-32C of every array under the reserved metadata key. Costs
    /// one more pass over the data. Off by default.
    pub fn checksums(&mut self, yes: bool) -> &mut Self {
        self.checksums = yes;
        self
    }

    /// Replaces an existing file, which stays valid until the new one is
    /// whole. Off by default.
    pub fn overwrite(&mut self, yes: bool) -> &mut Self {
        self.overwrite = yes;
        self
    }

    /// Other limits than the default ones; readers will need them too.
    pub fn limits(&mut self, limits: Limits) -> &mut Self {
        self.limits = limits;
        self
    }

    /// Calls back after every few megabytes handed to the system.
    pub fn progress(&mut self, callback: impl FnMut(Progress) + 'a) -> &mut Self {
        self.progress = Some(Box::new(callback));
        self
    }

    /// Writes the file: beside its destination, synced, then renamed, so that
    /// the name never stands for half a file.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`] unless overwriting was asked for, [`Error::NotFilled`]
    /// if arrays were declared, [`Error::HeaderTooLong`], [`Error::TooDeep`],
    /// [`Error::ReservedKey`], [`Error::FileTooLarge`], [`Error::Io`]. Nothing
    /// is left behind.
    pub fn write(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        self.all_filled()?;
        let plan = self.plan()?;
        refuse_existing(path, self.overwrite)?;
        let beside = Beside::create(path)?;
        beside.reserve(plan.layout.file_end)?;
        // Gathers small arrays; large chunks pass it by without a copy.
        let mut sink = BufWriter::with_capacity(1 << 18, WriteBehind::new(beside.file()));
        self.emit(&plan, &mut sink)
            .and_then(|()| sink.flush())
            .map_err(|source| io_error("write", path, source))?;
        drop(sink);
        beside.publish(path, self.overwrite)
    }

    /// The file as bytes.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write), without the ones about files.
    pub fn to_vec(&mut self) -> Result<Vec<u8>> {
        self.all_filled()?;
        let plan = self.plan()?;
        let mut bytes = Vec::new();
        let length = usize::try_from(plan.layout.file_end).unwrap_or(usize::MAX);
        bytes.try_reserve_exact(length).map_err(|_| Error::OutOfMemory {
            array: "the whole file".to_owned(),
            bytes: length,
        })?;
        // Writing to a vector cannot fail.
        self.emit(&plan, &mut bytes).ok();
        Ok(bytes)
    }

    /// Writes the file to anything that takes bytes, front to back.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); errors of `sink` name the path `name`, which
    /// is only used for that.
    pub fn write_to(&mut self, sink: &mut impl Write, name: impl AsRef<Path>) -> Result<()> {
        self.all_filled()?;
        let plan = self.plan()?;
        self.emit(&plan, sink)
            .and_then(|()| sink.flush())
            .map_err(|source| io_error("write", name.as_ref(), source))
    }

    /// Creates the file with its final size and keeps it open, so that the
    /// declared arrays can be filled. It gets its name when it is finished.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write), except [`Error::NotFilled`]. A disk that
    /// cannot hold the whole file is refused here, not in the middle.
    pub fn stream(&mut self, path: impl AsRef<Path>) -> Result<Streaming> {
        let path = path.as_ref();
        let plan = self.plan()?;
        refuse_existing(path, self.overwrite)?;
        let beside = Beside::create(path)?;
        beside.reserve(plan.layout.file_end)?;
        self.emit(&plan, &mut WriteBehind::new(beside.file()))
            .map_err(|source| io_error("write", path, source))?;
        Streaming::new(beside, path.to_owned(), plan, self.overwrite)
    }

    fn describe(
        &mut self,
        name: String,
        dtype: Dtype,
        order: Order,
        shape: &[usize],
    ) -> Result<ArrayInfo> {
        let Some(byte_length) = byte_length(shape, &dtype) else {
            return Err(Error::ShapeOverflow {
                array: name,
                shape: shape.to_vec(),
                dtype: dtype.to_string(),
            });
        };
        if !self.names.insert(name.clone()) {
            return Err(Error::NameTaken { array: name });
        }
        Ok(ArrayInfo { name, dtype, order, shape: shape.to_vec(), offset: 0, byte_length })
    }

    fn all_filled(&self) -> Result<()> {
        match self.declared.first() {
            None => Ok(()),
            Some(info) => Err(Error::NotFilled { array: info.name.clone() }),
        }
    }

    /// Lays the file out. Sums of whole arrays are taken here, those of
    /// declared ones are marked as to come.
    fn plan(&self) -> Result<Plan> {
        let mut metadata = self.metadata.clone();
        if metadata.get(CHECKSUM_KEY).is_some() {
            return Err(Error::ReservedKey { key: CHECKSUM_KEY });
        }
        // The header's own object is one level more.
        if depth(&metadata) >= self.limits.depth {
            return Err(Error::TooDeep { offset: PREFIX, limit: self.limits.depth });
        }
        let mut arrays: Vec<ArrayInfo> = self.whole.iter().map(|(info, _)| info.clone()).collect();
        arrays.extend_from_slice(&self.declared);
        let checksums = self.checksums.then(|| {
            let mut sums = Checksums::unfinished(arrays.iter().map(|info| info.name.as_str()));
            for (info, bytes) in &self.whole {
                sums.set(&info.name, checksum(bytes));
            }
            sums.put(&mut metadata);
            sums
        });
        let text = match &self.metadata_text {
            Some(text) if !self.checksums => text.clone(),
            _ => text_of(&metadata),
        };
        let layout = lay_out(&mut arrays, &text, &self.limits)?;
        Ok(Plan { arrays, metadata, checksums, layout })
    }

    /// Writes header and whole arrays, each up to its padding's end.
    fn emit(&mut self, plan: &Plan, sink: &mut dyn Write) -> io::Result<()> {
        let total = plan.layout.file_end;
        let mut written = 0;
        let mut put = |sink: &mut dyn Write, bytes: &[u8]| {
            for chunk in bytes.chunks(CHUNK) {
                sink.write_all(chunk)?;
                written += chunk.len() as u64;
                if let Some(callback) = self.progress.as_mut()
                    && (chunk.len() == CHUNK || written == total)
                {
                    callback(Progress { written, total });
                }
            }
            Ok::<(), io::Error>(())
        };
        let header = plan.header();
        put(sink, &header)?;
        for (_, bytes) in &self.whole {
            put(sink, bytes)?;
            put(sink, padding(bytes.len()))?;
        }
        Ok(())
    }
}

impl Plan {
    /// Magic, length, text and padding.
    pub(crate) fn header(&self) -> Vec<u8> {
        let text = self.layout.text.as_bytes();
        // The layout kept the text below the limit, which is a u32.
        let length = text.len() as u32;
        let mut header = Vec::new();
        header.extend_from_slice(&MAGIC);
        header.extend_from_slice(&length.to_le_bytes());
        header.extend_from_slice(text);
        header.extend_from_slice(padding(header.len()));
        header
    }
}

/// The zeros that follow `length` bytes.
fn padding(length: usize) -> &'static [u8] {
    const ZEROS: [u8; ALIGNMENT as usize] = [0; ALIGNMENT as usize];
    let past = length % ZEROS.len();
    if past == 0 { &[] } else { &ZEROS[past..] }
}

impl fmt::Debug for Writer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole: Vec<&ArrayInfo> = self.whole.iter().map(|(info, _)| info).collect();
        f.debug_struct("Writer")
            .field("metadata", &self.metadata)
            .field("whole", &whole)
            .field("declared", &self.declared)
            .finish_non_exhaustive()
    }
}
