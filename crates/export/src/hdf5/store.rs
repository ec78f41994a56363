//! The file, as the library `rust-hdf5` writes it: groups, datasets in chunks, attributes, dimensions.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use rayon::prelude::*;
use rust_hdf5::{CompoundType, DatatypeMessage, H5Dataset, H5File, H5Group, H5Type, HBool};
use tempfile::{NamedTempFile, TempPath};

use super::datatype::Stored;
use crate::chunks::{Grid, chunk_of_windows, chunk_shape};
use crate::dataset::{Gap, Variable};
use crate::elements::{WrittenOrder, write_row_major};
use crate::{ExportError, Target};

/// Deflating takes most of the time of a file: level 2 takes a third of the default 6's.
const DEFLATE_LEVEL: u32 = 2;
/// Chunks that are deflated together: memory for them is bounded.
const CHUNKS_AT_ONCE: usize = 16;
/// What netCDF writes as the name of a dimension that has no values.
const NO_VARIABLE: &str = "This is a netCDF dimension but not a netCDF variable.";

/// The value of an attribute.
pub(crate) enum Attribute<'a> {
    Text(&'a str),
    Texts(&'a [&'a str]),
    Real(f64),
    Integer(i64),
    Bytes(&'a [u8]),
    Flag(bool),
}

/// A temporary file. It goes when this goes.
pub(crate) struct Scratch {
    file: File,
    /// Where a file that is open keeps its name.
    path: Option<TempPath>,
}

/// Where Linux keeps files in memory.
const MEMORY: &str = "/dev/shm";

impl Scratch {
    /// A file among the temporary ones; in memory, where there is such a place, when it stays small:
    /// the library reads and writes it some hundred times.
    pub(crate) fn new(is_small: bool) -> io::Result<Self> {
        let file = match is_small {
            // There is no such place, or it is full: containers have little of it.
            true => NamedTempFile::new_in(MEMORY).or_else(|_| NamedTempFile::new())?,
            false => NamedTempFile::new()?,
        };
        let (file, path) = file.into_parts();
        Ok(Self { file, path: Some(path) })
    }

    pub(crate) fn path(&self) -> &Path {
        self.path.as_deref().unwrap_or(Path::new(""))
    }

    /// Writes the whole file to `out`.
    pub(crate) fn copy_to(mut self, out: &mut dyn Write) -> io::Result<()> {
        self.file.rewind()?;
        io::copy(&mut self.file, out).map(drop)
    }

    /// Without its name it goes even when the program is killed.
    fn hide(&mut self) {
        if cfg!(unix) {
            drop(self.path.take());
        }
    }
}

/// A file that is being written. Paths are absolute, without a trailing slash.
pub(crate) struct Store {
    file: H5File,
    groups: HashMap<String, H5Group>,
    datasets: HashMap<String, H5Dataset>,
    compress: bool,
}

pub(crate) fn failed(error: impl std::fmt::Display) -> ExportError {
    ExportError::Library { target: Target::Hdf5.word(), message: error.to_string() }
}

impl Store {
    /// Begins the file `path`; its datasets are shuffled and deflated when `compress` says so.
    pub(crate) fn create(path: &Path, compress: bool) -> Result<Self, ExportError> {
        // Nobody else knows the file, and some network file systems refuse locks.
        let file = H5File::options().no_locking().create(path).map_err(failed)?;
        let groups = HashMap::from([("/".to_owned(), file.root_group())]);
        Ok(Self { file, groups, datasets: HashMap::new(), compress })
    }

    /// The same in a temporary file, which loses its name at once.
    pub(crate) fn in_scratch(scratch: &mut Scratch, compress: bool) -> Result<Self, ExportError> {
        let store = Self::create(scratch.path(), compress)?;
        scratch.hide();
        Ok(store)
    }

    /// Creates the groups that lead to `path`.
    pub(crate) fn groups(&mut self, path: &str) -> Result<(), ExportError> {
        for (end, _) in path.match_indices('/').skip(1) {
            self.group(&path[..end])?;
        }
        Ok(())
    }

    /// Creates a group when it is not there; the one that it lies in is.
    fn group(&mut self, path: &str) -> Result<(), ExportError> {
        if self.groups.contains_key(path) {
            return Ok(());
        }
        let (parent, name) = self.parent(path)?;
        let group = parent.create_group(name).map_err(failed)?;
        self.groups.insert(path.to_owned(), group);
        Ok(())
    }

    fn parent<'p>(&self, path: &'p str) -> Result<(&H5Group, &'p str), ExportError> {
        let (group, name) =
            path.rsplit_once('/').ok_or_else(|| failed(format_args!("{path} has no group")))?;
        let group = if group.is_empty() { "/" } else { group };
        let found = self.groups.get(group);
        Ok((found.ok_or_else(|| failed(format_args!("no group {group}")))?, name))
    }

    /// Creates a dataset: chunked, shuffled and deflated when it has elements and that is wanted. One that
    /// comes in windows of so many frames is filled later.
    pub(crate) fn dataset(
        &mut self,
        path: &str,
        variable: &Variable<'_>,
        window: Option<usize>,
    ) -> Result<(), ExportError> {
        let stored = Stored::of(variable)?;
        let shape = &*variable.shape;
        let size = variable.elements.item_size().unwrap_or(1);
        let is_chunked = self.compress && !shape.is_empty() && variable.len() > 0;
        let (group, name) = self.parent(path)?;
        let builder = group.new_dataset::<u8>().datatype(stored.message.clone());
        let dataset = if is_chunked {
            let chunk = match window {
                Some(frames) => chunk_of_windows(shape, size, frames),
                None => chunk_shape(shape, size),
            };
            let builder = builder.shape(shape).chunk(&chunk).shuffle_deflate(DEFLATE_LEVEL);
            let dataset = builder.create(name).map_err(failed)?;
            if !variable.comes_later() {
                let grid = Grid::new(shape, chunk);
                fill(&dataset, variable, &stored, &grid, |number| number)?;
            }
            dataset
        } else {
            let builder = if shape.is_empty() { builder.scalar() } else { builder.shape(shape) };
            let dataset = builder.create(name).map_err(failed)?;
            // The library refuses to write nothing.
            if variable.len() > 0 {
                whole(&dataset, variable, &stored)?;
            }
            dataset
        };
        self.datasets.insert(path.to_owned(), dataset);
        Ok(())
    }

    /// Writes the chunks of a window, which begins at frame `first`, of a dataset of `whole`.
    pub(crate) fn window(
        &self,
        path: &str,
        whole: &[usize],
        variable: &Variable<'_>,
        first: usize,
        frames: usize,
    ) -> Result<(), ExportError> {
        let stored = Stored::of(variable)?;
        let size = variable.elements.item_size().unwrap_or(1);
        let grid = Grid::new(whole, chunk_of_windows(whole, size, frames));
        let here = grid.over(&variable.shape);
        let number = |number| grid.number_in_window(&here, number, first);
        fill(self.found(path)?, variable, &stored, &here, number)
    }

    /// Makes a dataset the dimension that its name says.
    pub(crate) fn dimension(&self, path: &str) -> Result<(), ExportError> {
        let name = path.trim_start_matches('/');
        self.found(path)?.set_scale(Some(name)).map_err(failed)
    }

    /// Creates a dimension that has a length and no values, as netCDF has them.
    pub(crate) fn hollow_dimension(&mut self, path: &str, len: usize) -> Result<(), ExportError> {
        let (group, name) = self.parent(path)?;
        let builder = group.new_dataset::<f32>().shape([len]);
        // Chunks that nobody writes take no space.
        let builder = if len > 0 { builder.chunk(&[len.min(1 << 20)]) } else { builder };
        let dataset = builder.create(name).map_err(failed)?;
        dataset.set_scale(Some(&format!("{NO_VARIABLE}{len:10}"))).map_err(failed)?;
        self.datasets.insert(path.to_owned(), dataset);
        Ok(())
    }

    /// Says that an axis of a dataset is a dimension.
    pub(crate) fn attach(
        &self,
        path: &str,
        axis: usize,
        dimension: &str,
    ) -> Result<(), ExportError> {
        self.found(path)?.attach_scale(axis, self.found(dimension)?).map_err(failed)
    }

    fn found(&self, path: &str) -> Result<&H5Dataset, ExportError> {
        self.datasets.get(path).ok_or_else(|| failed(format_args!("nothing at {path}")))
    }

    /// Creates a table of gaps: channel, first, count.
    pub(crate) fn gaps(&mut self, path: &str, gaps: &[Gap]) -> Result<(), ExportError> {
        // Strings of a fixed length end with a zero byte in the longest one too.
        let width = gaps.iter().map(|gap| gap.name.len()).max().unwrap_or(0) + 1;
        let text = DatatypeMessage::fixed_string_utf8(width as u32);
        let row = CompoundType {
            members: vec![
                ("channel".to_owned(), text, 0),
                ("first".to_owned(), u64::hdf5_type(), width as u32),
                ("count".to_owned(), u64::hdf5_type(), width as u32 + 8),
            ],
            total_size: width as u32 + 16,
        };
        let (group, name) = self.parent(path)?;
        let builder = group.new_dataset::<u8>().shape([gaps.len()]).datatype(row.to_datatype());
        let dataset = builder.create(name).map_err(failed)?;
        let mut bytes = Vec::new();
        for Gap { name, range, .. } in gaps {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend(std::iter::repeat_n(0, width - name.len()));
            bytes.extend((range.start as u64).to_le_bytes());
            bytes.extend((range.len() as u64).to_le_bytes());
        }
        if !bytes.is_empty() {
            dataset.write_raw_bytes(&bytes).map_err(failed)?;
        }
        self.datasets.insert(path.to_owned(), dataset);
        Ok(())
    }

    /// Makes `name` in a group another name of the dataset at `target`.
    pub(crate) fn link(&self, group: &str, name: &str, target: &str) -> Result<(), ExportError> {
        let group =
            self.groups.get(group).ok_or_else(|| failed(format_args!("no group {group}")))?;
        group.link(name, target).map_err(failed)
    }

    /// Sets an attribute of what stands at `path`; `/` is the root.
    pub(crate) fn attribute(
        &self,
        path: &str,
        name: &str,
        value: &Attribute<'_>,
    ) -> Result<(), ExportError> {
        if let Some(group) = self.groups.get(path) {
            return match value {
                Attribute::Text(text) => group.set_attr_string(name, text),
                Attribute::Texts(texts) => group.set_attr_string_array(name, texts),
                Attribute::Real(real) => group.set_attr_numeric(name, real),
                Attribute::Integer(integer) => group.set_attr_numeric(name, integer),
                Attribute::Flag(flag) => group.set_attr_numeric(name, &HBool::from(*flag)),
                Attribute::Bytes(_) => Ok(()),
            }
            .map_err(failed);
        }
        let dataset = self.found(path)?;
        let scalar = || dataset.new_attr::<u8>().shape(()).create(name);
        match value {
            Attribute::Text(text) => scalar().and_then(|attribute| attribute.write_string(text)),
            Attribute::Texts(texts) => dataset
                .new_attr::<u8>()
                .shape([texts.len()])
                .create(name)
                .and_then(|attribute| attribute.write_string_array(texts)),
            Attribute::Real(real) => scalar().and_then(|attribute| attribute.write_numeric(real)),
            Attribute::Integer(integer) => {
                scalar().and_then(|attribute| attribute.write_numeric(integer))
            }
            Attribute::Bytes(bytes) => dataset
                .new_attr::<u8>()
                .shape([bytes.len()])
                .create(name)
                .and_then(|attribute| attribute.write_array(bytes)),
            Attribute::Flag(flag) => {
                scalar().and_then(|attribute| attribute.write_numeric(&HBool::from(*flag)))
            }
        }
        .map_err(failed)
    }

    /// Closes the file; its owner syncs it.
    pub(crate) fn finish(self) -> Result<(), ExportError> {
        let Self { file, groups, datasets, .. } = self;
        drop((groups, datasets));
        file.close_no_sync().map_err(failed)
    }
}

/// Writes all chunks; some are shuffled and deflated at the same time.
fn fill(
    dataset: &H5Dataset,
    variable: &Variable<'_>,
    stored: &Stored,
    grid: &Grid<'_>,
    number_in_file: impl Fn(usize) -> usize,
) -> Result<(), ExportError> {
    let size = variable.elements.item_size().unwrap_or(1);
    let chunk = |number: usize| {
        let mut elements = grid.gather(variable, number)?;
        stored.convert(variable, &mut elements)?;
        Ok::<_, ExportError>(deflated(&shuffled(&elements, size))?)
    };
    for first in (0..grid.len()).step_by(CHUNKS_AT_ONCE) {
        let numbers = first..grid.len().min(first + CHUNKS_AT_ONCE);
        let chunks: Vec<_> = numbers.clone().into_par_iter().map(chunk).collect();
        for (number, chunk) in numbers.zip(chunks) {
            dataset.write_chunk_raw(number_in_file(number), &chunk?, 0).map_err(failed)?;
        }
    }
    Ok(())
}

/// The first bytes of all elements, then the second ones, and so on.
fn shuffled(elements: &[u8], size: usize) -> Vec<u8> {
    let count = elements.len() / size.max(1);
    let mut shuffled = vec![0; elements.len()];
    if let ([], elements) = (elements.as_chunks::<4>().1, elements.as_chunks::<4>().0)
        && size == 4
    {
        let (first, rest) = shuffled.split_at_mut(count);
        let (second, rest) = rest.split_at_mut(count);
        let (third, fourth) = rest.split_at_mut(count);
        let planes = first.iter_mut().zip(second).zip(third).zip(fourth);
        for ((((a, b), c), d), element) in planes.zip(elements) {
            [*a, *b, *c, *d] = *element;
        }
        return shuffled;
    }
    for (byte, plane) in shuffled.chunks_exact_mut(count.max(1)).enumerate() {
        for (to, element) in plane.iter_mut().zip(elements.chunks_exact(size)) {
            *to = element[byte];
        }
    }
    shuffled
}

fn deflated(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder =
        ZlibEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::new(DEFLATE_LEVEL));
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Writes all elements of a contiguous dataset: from where they lie, unless they are stored otherwise.
fn whole(dataset: &H5Dataset, variable: &Variable<'_>, stored: &Stored) -> Result<(), ExportError> {
    let mut elements = match variable.is_row_major() {
        true => variable.whole()?,
        false => {
            let mut rows = Vec::new();
            write_row_major(variable, WrittenOrder::Stored, &mut rows)?;
            Cow::Owned(rows)
        }
    };
    if stored.differs() {
        stored.convert(variable, elements.to_mut())?;
    }
    dataset.write_raw_bytes(&elements).map_err(failed)
}
