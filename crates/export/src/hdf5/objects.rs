//! What a file is made of, however it is put together: by the library in a file ([`Store`]), or whole in
//! memory ([`Memory`]).
//!
//! [`Store`]: super::store::Store
//! [`Memory`]: super::memory::Memory

use rust_hdf5::format::messages::datatype::{CompoundMember, DatatypeMessage};

use crate::dataset::{Gap, Variable};
use crate::{ExportError, Target};

/// What netCDF writes as the name of a dimension that has no values.
const NO_VARIABLE: &str = "This is a netCDF dimension but not a netCDF variable.";

/// The value of an attribute.
pub(super) enum Attribute<'a> {
    Text(&'a str),
    Texts(&'a [&'a str]),
    Real(f64),
    Integer(i64),
    Bytes(&'a [u8]),
    Flag(bool),
}

/// Groups, datasets, dimensions and attributes. Paths are absolute, without a trailing slash; `/` is the
/// root.
pub(super) trait Objects {
    /// Creates a group when it is not there; the one that it lies in is.
    fn group(&mut self, path: &str) -> Result<(), ExportError>;

    /// Creates a dataset: chunked and deflated when it has elements and that is wanted. One that comes in
    /// windows of so many frames is filled later.
    fn dataset(
        &mut self,
        path: &str,
        variable: &Variable<'_>,
        window: Option<usize>,
    ) -> Result<(), ExportError>;

    /// Makes a dataset the dimension that its name says.
    fn dimension(&mut self, path: &str) -> Result<(), ExportError>;

    /// Creates a dimension that has a length and no values, as netCDF has them.
    fn hollow_dimension(&mut self, path: &str, len: usize) -> Result<(), ExportError>;

    /// Says that an axis of a dataset is a dimension.
    fn attach(&mut self, path: &str, axis: usize, dimension: &str) -> Result<(), ExportError>;

    /// Creates a dataset of one axis, of rows as they are stored.
    fn rows(
        &mut self,
        path: &str,
        datatype: DatatypeMessage,
        len: usize,
        bytes: &[u8],
    ) -> Result<(), ExportError>;

    /// Makes `name` in a group another name of the dataset at `target`.
    fn link(&mut self, group: &str, name: &str, target: &str) -> Result<(), ExportError>;

    /// Sets an attribute of what stands at `path`.
    fn attribute(
        &mut self,
        path: &str,
        name: &str,
        value: &Attribute<'_>,
    ) -> Result<(), ExportError>;
}

pub(super) fn failed(error: impl std::fmt::Display) -> ExportError {
    ExportError::Library { target: Target::Hdf5.word(), message: error.to_string() }
}

pub(super) fn nothing_at(path: &str) -> ExportError {
    failed(format_args!("nothing at {path}"))
}

/// A path as the group that it lies in and its name there.
pub(super) fn split(path: &str) -> Result<(&str, &str), ExportError> {
    match path.rsplit_once('/') {
        Some(("", name)) => Ok(("/", name)),
        Some((group, name)) => Ok((group, name)),
        None => Err(failed(format_args!("{path} has no group"))),
    }
}

/// The name of a dimension that has a length and no values.
pub(super) fn hollow_name(len: usize) -> String {
    format!("{NO_VARIABLE}{len:10}")
}

/// Creates the groups that lead to `path`.
pub(super) fn groups(objects: &mut dyn Objects, path: &str) -> Result<(), ExportError> {
    path.match_indices('/').skip(1).try_for_each(|(end, _)| objects.group(&path[..end]))
}

/// Creates a table of gaps: channel, first, count.
pub(super) fn gaps(objects: &mut dyn Objects, path: &str, gaps: &[Gap]) -> Result<(), ExportError> {
    // Strings of a fixed length end with a zero byte in the longest one too.
    let width = gaps.iter().map(|gap| gap.name.len()).max().unwrap_or(0) + 1;
    let member = |name: &str, offset: usize, datatype| CompoundMember {
        name: name.to_owned(),
        offset: offset as u32,
        datatype,
    };
    let members = vec![
        member("channel", 0, DatatypeMessage::fixed_string_utf8(width as u32)),
        member("first", width, DatatypeMessage::u64_type()),
        member("count", width + 8, DatatypeMessage::u64_type()),
    ];
    let row = DatatypeMessage::compound(width as u32 + 16, members);
    let mut bytes = Vec::new();
    for Gap { name, range, .. } in gaps {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend(std::iter::repeat_n(0, width - name.len()));
        bytes.extend((range.start as u64).to_le_bytes());
        bytes.extend((range.len() as u64).to_le_bytes());
    }
    objects.rows(path, row, gaps.len(), &bytes)
}
