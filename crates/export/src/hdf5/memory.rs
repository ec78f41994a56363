//! A small file, put together in memory.
//!
//! The library works on a file, which it reads and writes some hundred times, and gives each object and each
//! list of attributes a block of its own: of an event of three seconds that is twice what its samples take.
//! Here objects are collected, and written once: the library's own encoders give the bytes of each message.
//!
//! | part | what it is |
//! |---|---|
//! | superblock | version 3 |
//! | object headers | version 2, links and attributes within, the root's first |
//! | global heap | one collection: texts, and the dimensions of each axis |
//! | chunks | one a dataset, deflated; shuffled before where that makes it smaller |
//!
//! Source: HDF5 File Format Specification 3.0.

use std::collections::HashMap;

use rust_hdf5::format::global_heap::{GlobalHeapCollection, encode_vlen_reference};
use rust_hdf5::format::messages::attr_info::AttributeInfoMessage;
use rust_hdf5::format::messages::attribute::AttributeMessage;
use rust_hdf5::format::messages::data_layout::DataLayoutMessage;
use rust_hdf5::format::messages::dataspace::DataspaceMessage;
use rust_hdf5::format::messages::datatype::{CompoundMember, DatatypeMessage};
use rust_hdf5::format::messages::fill_value::FillValueMessage;
use rust_hdf5::format::messages::filter::FilterPipeline;
use rust_hdf5::format::messages::group_info::GroupInfoMessage;
use rust_hdf5::format::messages::link::LinkMessage;
use rust_hdf5::format::messages::link_info::LinkInfoMessage;
use rust_hdf5::format::messages::{
    MSG_ATTR_INFO, MSG_ATTRIBUTE, MSG_DATA_LAYOUT, MSG_DATASPACE, MSG_DATATYPE, MSG_FILL_VALUE,
    MSG_FILTER_PIPELINE, MSG_GROUP_INFO, MSG_LINK, MSG_LINK_INFO, MSG_OBJ_REF_COUNT,
};
use rust_hdf5::format::object_header::ObjectHeader;
use rust_hdf5::format::superblock::SuperblockV2V3;
use rust_hdf5::format::{FormatContext, FormatResult, UNDEF_ADDR};

use super::datatype::Stored;
use super::objects::{Attribute, Objects, failed, hollow_name, nothing_at, split};
use super::squeeze::{Effort, squeezed};
use crate::ExportError;
use crate::dataset::Variable;

/// Bytes of a dataset that is kept in one chunk: h5py reads with a cache of this size.
pub(super) const CHUNK_BYTES: usize = 1 << 20;

/// The objects of a file, the root first.
pub(super) struct Memory {
    objects: Vec<Object>,
    paths: HashMap<String, usize>,
    compress: bool,
}

struct Object {
    body: Body,
    attributes: Vec<Named>,
    /// How many names it has.
    links: u32,
}

enum Body {
    /// Names, and the places of what they name.
    Group(Vec<(String, usize)>),
    Dataset {
        datatype: DatatypeMessage,
        shape: Vec<u64>,
        elements: Elements,
    },
}

/// What there is of a dataset's elements.
enum Elements {
    /// All of them, one behind the other; nothing of none.
    Plain(Vec<u8>),
    /// One chunk, deflated.
    Chunk { bytes: Vec<u8>, filters: FilterPipeline },
    /// A length alone: they read as zeros.
    Hollow,
}

impl Elements {
    /// What lies in the file.
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Plain(bytes) | Self::Chunk { bytes, .. } => bytes,
            Self::Hollow => &[],
        }
    }
}

/// An attribute.
struct Named {
    name: String,
    /// The length of its axis, if it has one.
    len: Option<usize>,
    value: Value,
}

enum Value {
    /// As it is stored.
    Plain(DatatypeMessage, Vec<u8>),
    Texts(Vec<String>),
    /// The dimension of each axis (`DIMENSION_LIST`).
    Dimensions(Vec<Option<usize>>),
    /// The datasets and axes that a dimension is of (`REFERENCE_LIST`).
    Uses(Vec<(usize, u32)>),
}

/// Where parts of the file stand.
struct Places {
    objects: Vec<u64>,
    chunks: Vec<u64>,
    heap: u64,
}

impl Memory {
    /// A file with a root alone; its datasets are deflated when `compress` says so.
    pub(super) fn new(compress: bool) -> Self {
        let root = Object { body: Body::Group(Vec::new()), attributes: Vec::new(), links: 1 };
        Self { objects: vec![root], paths: HashMap::from([("/".to_owned(), 0)]), compress }
    }

    fn found(&self, path: &str) -> Result<usize, ExportError> {
        self.paths.get(path).copied().ok_or_else(|| nothing_at(path))
    }

    fn add(&mut self, path: &str, body: Body) -> Result<(), ExportError> {
        let (group, name) = split(path)?;
        let place = self.objects.len();
        self.name(group, name, place)?;
        self.paths.insert(path.to_owned(), place);
        self.objects.push(Object { body, attributes: Vec::new(), links: 1 });
        Ok(())
    }

    fn name(&mut self, group: &str, name: &str, place: usize) -> Result<(), ExportError> {
        let group = self.found(group)?;
        match &mut self.objects[group].body {
            Body::Group(links) if !links.iter().any(|(there, _)| there == name) => {
                links.push((name.to_owned(), place));
                Ok(())
            }
            _ => Err(failed(format_args!("{name} cannot be put into its group"))),
        }
    }

    fn set(&mut self, place: usize, name: &str, len: Option<usize>, value: Value) {
        let attributes = &mut self.objects[place].attributes;
        attributes.retain(|attribute| attribute.name != name);
        attributes.push(Named { name: name.to_owned(), len, value });
    }

    fn set_dimension(&mut self, place: usize, name: &str) {
        // Both end with a zero byte, as the library for dimensions writes them.
        for (attribute, text) in [("CLASS", "DIMENSION_SCALE"), ("NAME", name)] {
            let bytes = [text.as_bytes(), &[0]].concat();
            let datatype = DatatypeMessage::fixed_string(bytes.len() as u32);
            self.set(place, attribute, None, Value::Plain(datatype, bytes));
        }
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// When a part is too long for the format.
    pub(super) fn bytes(self) -> Result<Vec<u8>, ExportError> {
        self.encoded().map_err(failed)
    }

    fn encoded(self) -> FormatResult<Vec<u8>> {
        let context = FormatContext::default_v3();
        let superblock = SuperblockV2V3::size_for(context.sizeof_addr) as u64;
        let nowhere = vec![0; self.objects.len()];
        let unplaced = Places { objects: nowhere.clone(), chunks: nowhere, heap: 0 };
        // Addresses have a fixed size: the lengths of all parts are known before their places.
        let (headers, heap) = self.headers(&unplaced)?;
        let mut end = superblock;
        let mut next = |bytes: usize| {
            let place = end;
            end += bytes as u64;
            place
        };
        let objects = headers.iter().map(|header| next(header.len())).collect();
        let heap_bytes = if heap.is_empty() { 0 } else { heap.encoded_size(&context) };
        let heap = next(heap_bytes);
        let chunks = self.objects.iter().map(|object| next(object.stored().len())).collect();
        let places = Places { objects, chunks, heap };
        let superblock = SuperblockV2V3 {
            version: 3,
            sizeof_offsets: context.sizeof_addr,
            sizeof_lengths: context.sizeof_size,
            file_consistency_flags: 0,
            base_address: 0,
            superblock_extension_address: UNDEF_ADDR,
            end_of_file_address: end,
            root_group_object_header_address: places.objects[0],
        };
        let (headers, heap) = self.headers(&places)?;
        let mut file = superblock.encode();
        headers.iter().for_each(|header| file.extend_from_slice(header));
        if heap_bytes > 0 {
            file.extend(heap.encode_at_size(&context, heap_bytes)?);
        }
        self.objects.iter().for_each(|object| file.extend_from_slice(object.stored()));
        Ok(file)
    }

    /// The headers of all objects, and the heap that they point into.
    fn headers(&self, places: &Places) -> FormatResult<(Vec<Vec<u8>>, GlobalHeapCollection)> {
        let mut heap = GlobalHeapCollection::new();
        let headers = (0..self.objects.len()).map(|place| self.header(place, places, &mut heap));
        Ok((headers.collect::<FormatResult<_>>()?, heap))
    }

    fn header(
        &self,
        place: usize,
        places: &Places,
        heap: &mut GlobalHeapCollection,
    ) -> FormatResult<Vec<u8>> {
        let context = FormatContext::default_v3();
        let object = &self.objects[place];
        let mut header = ObjectHeader::new();
        let mut add = |kind, message| header.add_message(kind, 0, message);
        match &object.body {
            Body::Group(links) => {
                add(MSG_LINK_INFO, LinkInfoMessage::compact().encode(&context));
                add(MSG_GROUP_INFO, GroupInfoMessage::default().encode());
                for (name, place) in links {
                    let link = LinkMessage::hard(name, places.objects[*place]);
                    add(MSG_LINK, link.encode(&context));
                }
            }
            Body::Dataset { datatype, shape, elements } => {
                let space = match shape.as_slice() {
                    [] => DataspaceMessage::scalar(),
                    shape => DataspaceMessage::simple(shape),
                };
                add(MSG_DATASPACE, space.encode(&context));
                add(MSG_DATATYPE, datatype.encode(&context));
                add(MSG_FILL_VALUE, FillValueMessage::default().encode());
                let at = places.chunks[place];
                let whole = || {
                    let size = u64::from(datatype.element_size());
                    shape.iter().copied().chain([size]).collect()
                };
                let layout = match elements {
                    Elements::Plain(bytes) if bytes.is_empty() => {
                        DataLayoutMessage::contiguous_unallocated(0)
                    }
                    Elements::Plain(bytes) => DataLayoutMessage::contiguous(at, bytes.len() as u64),
                    Elements::Chunk { bytes, filters } => {
                        add(MSG_FILTER_PIPELINE, filters.encode());
                        let bytes = bytes.len() as u64;
                        DataLayoutMessage::chunked_v4_single_filtered(whole(), at, bytes, 0)
                    }
                    Elements::Hollow => DataLayoutMessage::chunked_v4_single(whole(), UNDEF_ADDR),
                };
                add(MSG_DATA_LAYOUT, layout.encode(&context));
            }
        }
        if object.links > 1 {
            // Version 0 of the message.
            add(MSG_OBJ_REF_COUNT, [&[0][..], &object.links.to_le_bytes()].concat());
        }
        if !object.attributes.is_empty() {
            // The library counts attributes only where it is said that they are in the header.
            add(MSG_ATTR_INFO, AttributeInfoMessage::compact().encode(&context));
        }
        for attribute in &object.attributes {
            add(MSG_ATTRIBUTE, attribute.message(places, heap)?);
        }
        header.encode()
    }
}

impl Object {
    /// What of it lies in the file beside its header.
    fn stored(&self) -> &[u8] {
        match &self.body {
            Body::Group(_) => &[],
            Body::Dataset { elements, .. } => elements.bytes(),
        }
    }
}

impl Named {
    fn message(&self, places: &Places, heap: &mut GlobalHeapCollection) -> FormatResult<Vec<u8>> {
        let context = FormatContext::default_v3();
        let mut in_heap = |bytes: Vec<u8>, count: usize| {
            // What is empty is nowhere.
            let (at, index) = match bytes.is_empty() {
                true => (0, 0),
                false => (places.heap, heap.add_object(bytes)?.into()),
            };
            Ok(encode_vlen_reference(count as u32, at, index, &context))
        };
        let reference = || DatatypeMessage::object_reference(&context);
        let (datatype, data) = match &self.value {
            Value::Plain(datatype, bytes) => (datatype.clone(), bytes.clone()),
            Value::Texts(texts) => {
                let all = texts.iter().map(|text| in_heap(text.clone().into_bytes(), text.len()));
                let all = all.collect::<FormatResult<Vec<_>>>()?;
                (DatatypeMessage::vlen_string_utf8(), all.concat())
            }
            Value::Dimensions(axes) => {
                let all = axes.iter().map(|axis| match axis {
                    Some(place) => in_heap(places.objects[*place].to_le_bytes().to_vec(), 1),
                    None => in_heap(Vec::new(), 0),
                });
                let all = all.collect::<FormatResult<Vec<_>>>()?;
                let list = DatatypeMessage::VarLenSequence { base: Box::new(reference()) };
                (list, all.concat())
            }
            Value::Uses(uses) => {
                let member = |name: &str, offset, datatype| CompoundMember {
                    name: name.to_owned(),
                    offset,
                    datatype,
                };
                let members = vec![
                    member("dataset", 0, reference()),
                    member("dimension", 8, DatatypeMessage::u32_type()),
                ];
                let rows = uses.iter().map(|(place, axis)| {
                    [&places.objects[*place].to_le_bytes()[..], &axis.to_le_bytes(), &[0; 4]]
                        .concat()
                });
                (DatatypeMessage::compound(16, members), rows.collect::<Vec<_>>().concat())
            }
        };
        let dataspace = match self.len {
            Some(len) => DataspaceMessage::simple(&[len as u64]),
            None => DataspaceMessage::scalar(),
        };
        let name = self.name.clone();
        Ok(AttributeMessage { name, datatype, dataspace, data }.encode(&context))
    }
}

impl Objects for Memory {
    fn group(&mut self, path: &str) -> Result<(), ExportError> {
        match self.paths.contains_key(path) {
            true => Ok(()),
            false => self.add(path, Body::Group(Vec::new())),
        }
    }

    fn dataset(
        &mut self,
        path: &str,
        variable: &Variable<'_>,
        _window: Option<usize>,
    ) -> Result<(), ExportError> {
        let stored = Stored::of(variable)?;
        let mut bytes = variable.whole()?.into_owned();
        stored.convert(variable, &mut bytes)?;
        let is_chunked = self.compress && !variable.shape.is_empty() && !bytes.is_empty();
        let elements = match is_chunked {
            true => {
                let size = variable.elements.item_size().unwrap_or(1);
                let (bytes, is_shuffled) = squeezed(&bytes, size)?;
                let level = Effort::Small.level();
                let filters = match is_shuffled {
                    true => FilterPipeline::shuffle_deflate(size as u32, level),
                    false => FilterPipeline::deflate(level),
                };
                Elements::Chunk { bytes, filters }
            }
            false => Elements::Plain(bytes),
        };
        let shape = variable.shape.iter().map(|len| *len as u64).collect();
        self.add(path, Body::Dataset { datatype: stored.message, shape, elements })
    }

    fn dimension(&mut self, path: &str) -> Result<(), ExportError> {
        let place = self.found(path)?;
        self.set_dimension(place, path.trim_start_matches('/'));
        Ok(())
    }

    fn hollow_dimension(&mut self, path: &str, len: usize) -> Result<(), ExportError> {
        let elements = if len > 0 { Elements::Hollow } else { Elements::Plain(Vec::new()) };
        let datatype = DatatypeMessage::f32_type();
        self.add(path, Body::Dataset { datatype, shape: vec![len as u64], elements })?;
        let place = self.found(path)?;
        self.set_dimension(place, &hollow_name(len));
        Ok(())
    }

    fn attach(&mut self, path: &str, axis: usize, dimension: &str) -> Result<(), ExportError> {
        let (place, of) = (self.found(path)?, self.found(dimension)?);
        let Body::Dataset { shape, .. } = &self.objects[place].body else {
            return Err(nothing_at(path));
        };
        let mut axes = vec![None; shape.len()];
        for attribute in &self.objects[place].attributes {
            if let Value::Dimensions(there) = &attribute.value {
                axes.clone_from(there);
            }
        }
        *axes.get_mut(axis).ok_or_else(|| nothing_at(path))? = Some(of);
        self.set(place, "DIMENSION_LIST", Some(axes.len()), Value::Dimensions(axes));
        let uses =
            self.objects[of].attributes.iter().find_map(|attribute| match &attribute.value {
                Value::Uses(uses) => Some(uses.clone()),
                _ => None,
            });
        let mut uses = uses.unwrap_or_default();
        uses.push((place, axis as u32));
        self.set(of, "REFERENCE_LIST", Some(uses.len()), Value::Uses(uses));
        Ok(())
    }

    fn rows(
        &mut self,
        path: &str,
        datatype: DatatypeMessage,
        len: usize,
        bytes: &[u8],
    ) -> Result<(), ExportError> {
        let elements = Elements::Plain(bytes.to_vec());
        self.add(path, Body::Dataset { datatype, shape: vec![len as u64], elements })
    }

    fn link(&mut self, group: &str, name: &str, target: &str) -> Result<(), ExportError> {
        let place = self.found(target)?;
        self.name(group, name, place)?;
        self.objects[place].links += 1;
        Ok(())
    }

    fn attribute(
        &mut self,
        path: &str,
        name: &str,
        value: &Attribute<'_>,
    ) -> Result<(), ExportError> {
        let place = self.found(path)?;
        let number = |datatype, bytes: &[u8]| Value::Plain(datatype, bytes.to_vec());
        let (len, value) = match value {
            Attribute::Text(text) => (None, Value::Texts(vec![(*text).to_owned()])),
            Attribute::Texts(texts) => {
                let all: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
                (Some(all.len()), Value::Texts(all))
            }
            Attribute::Real(real) => {
                (None, number(DatatypeMessage::f64_type(), &real.to_le_bytes()))
            }
            Attribute::Integer(integer) => {
                (None, number(DatatypeMessage::i64_type(), &integer.to_le_bytes()))
            }
            Attribute::Bytes(bytes) => {
                (Some(bytes.len()), number(DatatypeMessage::u8_type(), bytes))
            }
            Attribute::Flag(flag) => {
                (None, number(DatatypeMessage::bool_type(), &[u8::from(*flag)]))
            }
        };
        self.set(place, name, len, value);
        Ok(())
    }
}
