//! The file, as the library `rust-hdf5` writes it: groups, datasets in chunks, attributes, dimensions.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::Path;

use rayon::prelude::*;
use rust_hdf5::{DatatypeMessage, H5Dataset, H5File, H5Group, HBool};
use tempfile::{NamedTempFile, TempPath};

use super::datatype::Stored;
use super::objects::{Attribute, Objects, failed, hollow_name, nothing_at, split};
use super::squeeze::{Effort, deflated, shuffled};
use crate::ExportError;
use crate::chunks::{Grid, chunk_of_windows, chunk_shape};
use crate::dataset::Variable;
use crate::elements::{WrittenOrder, write_row_major};

/// Chunks that are deflated together: memory for them is bounded.
const CHUNKS_AT_ONCE: usize = 16;
/// A temporary file. It goes when this goes.
pub(crate) struct Scratch {
    file: File,
    /// Where a file that is open keeps its name.
    path: Option<TempPath>,
}

impl Scratch {
    /// A file among the temporary ones.
    pub(crate) fn new() -> io::Result<Self> {
        let (file, path) = NamedTempFile::new()?.into_parts();
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

    fn parent<'p>(&self, path: &'p str) -> Result<(&H5Group, &'p str), ExportError> {
        let (group, name) = split(path)?;
        Ok((self.groups.get(group).ok_or_else(|| nothing_at(group))?, name))
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

    fn found(&self, path: &str) -> Result<&H5Dataset, ExportError> {
        self.datasets.get(path).ok_or_else(|| nothing_at(path))
    }

    /// Closes the file; its owner syncs it.
    pub(crate) fn finish(self) -> Result<(), ExportError> {
        let Self { file, groups, datasets, .. } = self;
        drop((groups, datasets));
        file.close_no_sync().map_err(failed)
    }
}

impl Objects for Store {
    fn group(&mut self, path: &str) -> Result<(), ExportError> {
        if self.groups.contains_key(path) {
            return Ok(());
        }
        let (parent, name) = self.parent(path)?;
        let group = parent.create_group(name).map_err(failed)?;
        self.groups.insert(path.to_owned(), group);
        Ok(())
    }

    fn dataset(
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
            let builder = builder.shape(shape).chunk(&chunk).shuffle_deflate(Effort::Quick.level());
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

    fn dimension(&mut self, path: &str) -> Result<(), ExportError> {
        let name = path.trim_start_matches('/');
        self.found(path)?.set_scale(Some(name)).map_err(failed)
    }

    fn hollow_dimension(&mut self, path: &str, len: usize) -> Result<(), ExportError> {
        let (group, name) = self.parent(path)?;
        let builder = group.new_dataset::<f32>().shape([len]);
        // Chunks that nobody writes take no space.
        let builder = if len > 0 { builder.chunk(&[len.min(1 << 20)]) } else { builder };
        let dataset = builder.create(name).map_err(failed)?;
        dataset.set_scale(Some(&hollow_name(len))).map_err(failed)?;
        self.datasets.insert(path.to_owned(), dataset);
        Ok(())
    }

    fn attach(&mut self, path: &str, axis: usize, dimension: &str) -> Result<(), ExportError> {
        self.found(path)?.attach_scale(axis, self.found(dimension)?).map_err(failed)
    }

    fn rows(
        &mut self,
        path: &str,
        datatype: DatatypeMessage,
        len: usize,
        bytes: &[u8],
    ) -> Result<(), ExportError> {
        let (group, name) = self.parent(path)?;
        let builder = group.new_dataset::<u8>().shape([len]).datatype(datatype);
        let dataset = builder.create(name).map_err(failed)?;
        if !bytes.is_empty() {
            dataset.write_raw_bytes(bytes).map_err(failed)?;
        }
        self.datasets.insert(path.to_owned(), dataset);
        Ok(())
    }

    fn link(&mut self, group: &str, name: &str, target: &str) -> Result<(), ExportError> {
        let group = self.groups.get(group).ok_or_else(|| nothing_at(group))?;
        group.link(name, target).map_err(failed)
    }

    fn attribute(
        &mut self,
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
        Ok::<_, ExportError>(deflated(&shuffled(&elements, size), Effort::Quick)?)
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
