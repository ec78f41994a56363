//! What the layout asks of an HDF5 library, and the library that gives it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Seek, Write};

use rust_hdf5::{CompoundType, DatatypeMessage, H5Dataset, H5File, H5Group, H5Type, HBool};
use tempfile::{NamedTempFile, TempPath};

use crate::hdf5::datatype::{ElementKind, message};

/// Result with what the library said.
pub(crate) type Stored<T = ()> = Result<T, String>;

/// Elements of a chunk: 64 KiB of single precision.
const CHUNK: usize = 1 << 14;
/// Deflating takes most of the time of a file: level 2 takes a third of the default 6's.
const DEFLATE_LEVEL: u32 = 2;

/// A one-dimensional array.
pub(crate) enum Array<'a> {
    Single(&'a [f32]),
    Double(&'a [f64]),
    Byte(&'a [u8]),
    /// A table (channel, first, count).
    Gaps(&'a [(&'a str, u64, u64)]),
}

/// The value of an attribute.
pub(crate) enum Attribute<'a> {
    Text(&'a str),
    Texts(&'a [&'a str]),
    Real(f64),
    Integer(i64),
    Flag(bool),
}

/// A file that is complete. It goes when this goes.
pub(crate) struct Finished(Scratch);

impl Finished {
    /// Writes the whole file to `out`.
    pub(crate) fn copy_to(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut file = &self.0.file;
        file.rewind()?;
        io::copy(&mut file, out).map(drop)
    }
}

/// A temporary file that somebody else has open too.
struct Scratch {
    file: File,
    /// Where a file that is open keeps its name.
    _path: Option<TempPath>,
}

/// An HDF5 file that is being written. Paths are absolute, without a trailing slash.
pub(crate) trait Store: Sized {
    /// Creates a group below the root.
    fn group(&mut self, name: &str) -> Stored;

    /// Creates a dataset: chunked, shuffled and deflated when it has elements.
    fn array(&mut self, path: &str, array: Array<'_>) -> Stored;

    /// Creates a contiguous dataset of any shape from its elements in row-major order.
    fn elements(&mut self, path: &str, kind: ElementKind, shape: &[usize], bytes: &[u8]) -> Stored;

    /// Creates a dataset of doubles that holds no element, for its attributes.
    fn hollow(&mut self, path: &str) -> Stored;

    /// Makes `path` another name of the dataset at `target`.
    fn link(&mut self, group: &str, name: &str, target: &str) -> Stored;

    /// Sets an attribute of what stands at `path`; `/` is the root.
    fn attribute(&mut self, path: &str, name: &str, value: Attribute<'_>) -> Stored;

    /// Closes the file.
    fn finish(self) -> Stored<Finished>;
}

/// The store of `rust-hdf5`, which writes to paths only: the file is a temporary one until it is
/// finished.
pub(crate) struct RustHdf5 {
    scratch: Scratch,
    file: H5File,
    groups: HashMap<String, H5Group>,
    datasets: HashMap<String, H5Dataset>,
}

/// Where Linux keeps files in memory.
const MEMORY: &str = "/dev/shm";

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl RustHdf5 {
    /// A file among the temporary ones.
    pub(crate) fn create() -> Stored<Self> {
        Self::at(NamedTempFile::new())
    }

    /// A file in memory, for a small one: the library reads and writes it some hundred times. An
    /// error where the system has no such place.
    pub(crate) fn create_in_memory() -> Stored<Self> {
        Self::at(NamedTempFile::new_in(MEMORY))
    }

    fn at(temporary: io::Result<NamedTempFile>) -> Stored<Self> {
        let (scratch, path) = temporary.map_err(said)?.into_parts();
        // Nobody else knows the file, and some network file systems refuse locks.
        let file = H5File::options().no_locking().create(&path);
        let file = file.map_err(said)?;
        // Without its name it goes even when the program is killed.
        let path = match cfg!(unix) {
            true => path.close().map(|()| None).map_err(said)?,
            false => Some(path),
        };
        let scratch = Scratch { file: scratch, _path: path };
        let groups = HashMap::from([("/".to_owned(), file.root_group())]);
        Ok(Self { scratch, file, groups, datasets: HashMap::new() })
    }

    fn dataset<T: H5Type>(&self, path: &str, values: &[T]) -> Stored<H5Dataset> {
        let (group, name) = self.parent(path)?;
        let mut builder = group.new_dataset::<T>().shape([values.len()]);
        if !values.is_empty() {
            builder = builder.chunk(&[values.len().min(CHUNK)]).shuffle_deflate(DEFLATE_LEVEL);
        }
        let dataset = builder.create(name).map_err(said)?;
        // The library refuses to write nothing.
        if !values.is_empty() {
            dataset.write_raw(values).map_err(said)?;
        }
        Ok(dataset)
    }

    fn gaps(&self, path: &str, rows: &[(&str, u64, u64)]) -> Stored<H5Dataset> {
        let (group, name) = self.parent(path)?;
        // Strings of a fixed length end with a zero byte in the longest one too.
        let width = rows.iter().map(|row| row.0.len()).max().unwrap_or(0) + 1;
        let text = DatatypeMessage::fixed_string_utf8(width as u32);
        let row = CompoundType {
            members: vec![
                ("channel".to_owned(), text, 0),
                ("first".to_owned(), u64::hdf5_type(), width as u32),
                ("count".to_owned(), u64::hdf5_type(), width as u32 + 8),
            ],
            total_size: width as u32 + 16,
        };
        let dataset = group
            .new_dataset::<u8>()
            .shape([rows.len()])
            .datatype(row.to_datatype())
            .create(name)
            .map_err(said)?;
        let mut bytes = Vec::new();
        for (channel, first, count) in rows {
            bytes.extend_from_slice(channel.as_bytes());
            bytes.extend(std::iter::repeat_n(0, width - channel.len()));
            bytes.extend(first.to_le_bytes());
            bytes.extend(count.to_le_bytes());
        }
        if !bytes.is_empty() {
            dataset.write_raw_bytes(&bytes).map_err(said)?;
        }
        Ok(dataset)
    }

    fn parent<'p>(&self, path: &'p str) -> Stored<(&H5Group, &'p str)> {
        let (group, name) = path.rsplit_once('/').ok_or_else(|| format!("{path} has no group"))?;
        let group = if group.is_empty() { "/" } else { group };
        let found = self.groups.get(group).ok_or_else(|| format!("no group {group}"))?;
        Ok((found, name))
    }
}

impl Store for RustHdf5 {
    fn group(&mut self, name: &str) -> Stored {
        let group = self.file.create_group(name).map_err(said)?;
        self.groups.insert(format!("/{name}"), group);
        Ok(())
    }

    fn array(&mut self, path: &str, array: Array<'_>) -> Stored {
        let dataset = match array {
            Array::Single(values) => self.dataset(path, values),
            Array::Double(values) => self.dataset(path, values),
            Array::Byte(values) => self.dataset(path, values),
            Array::Gaps(rows) => self.gaps(path, rows),
        }?;
        self.datasets.insert(path.to_owned(), dataset);
        Ok(())
    }

    fn elements(&mut self, path: &str, kind: ElementKind, shape: &[usize], bytes: &[u8]) -> Stored {
        let (group, name) = self.parent(path)?;
        let builder = group.new_dataset::<u8>().datatype(message(kind));
        let builder = if shape.is_empty() { builder.scalar() } else { builder.shape(shape) };
        let dataset = builder.create(name).map_err(said)?;
        if !bytes.is_empty() {
            dataset.write_raw_bytes(bytes).map_err(said)?;
        }
        self.datasets.insert(path.to_owned(), dataset);
        Ok(())
    }

    fn hollow(&mut self, path: &str) -> Stored {
        let (group, name) = self.parent(path)?;
        let dataset = group.new_dataset::<f64>().null().create(name).map_err(said)?;
        self.datasets.insert(path.to_owned(), dataset);
        Ok(())
    }

    fn link(&mut self, group: &str, name: &str, target: &str) -> Stored {
        let group = self.groups.get(group).ok_or_else(|| format!("no group {group}"))?;
        group.link(name, target).map_err(said)
    }

    fn attribute(&mut self, path: &str, name: &str, value: Attribute<'_>) -> Stored {
        if let Some(group) = self.groups.get(path) {
            return match value {
                Attribute::Text(text) => group.set_attr_string(name, text),
                Attribute::Texts(texts) => group.set_attr_string_array(name, texts),
                Attribute::Real(real) => group.set_attr_numeric(name, &real),
                Attribute::Integer(integer) => group.set_attr_numeric(name, &integer),
                Attribute::Flag(flag) => group.set_attr_numeric(name, &HBool::from(flag)),
            }
            .map_err(said);
        }
        let dataset = self.datasets.get(path).ok_or_else(|| format!("nothing at {path}"))?;
        let scalar = || dataset.new_attr::<u8>().shape(()).create(name);
        match value {
            Attribute::Text(text) => scalar().and_then(|attribute| attribute.write_string(text)),
            Attribute::Texts(texts) => dataset
                .new_attr::<u8>()
                .shape([texts.len()])
                .create(name)
                .and_then(|attribute| attribute.write_string_array(texts)),
            Attribute::Real(real) => scalar().and_then(|attribute| attribute.write_numeric(&real)),
            Attribute::Integer(integer) => {
                scalar().and_then(|attribute| attribute.write_numeric(&integer))
            }
            Attribute::Flag(flag) => {
                scalar().and_then(|attribute| attribute.write_numeric(&HBool::from(flag)))
            }
        }
        .map_err(said)
    }

    fn finish(self) -> Stored<Finished> {
        let Self { scratch, file, groups, datasets } = self;
        drop((groups, datasets));
        // The bytes are read back at once and synced by whoever stores them.
        file.close_no_sync().map_err(said)?;
        Ok(Finished(scratch))
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    fn written(mut store: RustHdf5) -> Vec<u8> {
        store.array("/Vert", Array::Single(&[1.0, f32::NAN, -2.5])).unwrap();
        store.attribute("/Vert", "units", Attribute::Text("in/s")).unwrap();
        let mut bytes = Vec::new();
        store.finish().unwrap().copy_to(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_file_is_the_same_on_disk_and_in_memory() {
        let on_disk = written(RustHdf5::create().unwrap());
        assert!(on_disk.starts_with(b"\x89HDF\r\n\x1a\n"));
        assert_eq!(written(RustHdf5::create_in_memory().unwrap()), on_disk);
    }
}
