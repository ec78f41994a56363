//! What elements are in the file.
//!
//! | elements | dataset | as h5py shows it |
//! |---|---|---|
//! | integers, floats | the same, in either byte order | the same |
//! | truth values | enumeration of FALSE and TRUE | bool |
//! | complex | compound of `r` and `i` | complex |
//! | `\|S` | text of a fixed length | bytes |
//! | `<U` | the same text in UTF-8, of a fixed length | bytes; `.asstr()` gives text |
//! | dates and spans | int64, with CF's `units` and numpy's type string as attribute `dtype` | `.view(dataset.attrs["dtype"])` gives dates |
//! | `\|V` | opaque | void |
//! | records | compound | records |

use gnz::{ByteOrder as Order, Dtype, Kind};
use rust_hdf5::format::messages::datatype::{ByteOrder, CompoundMember, DatatypeMessage};
use wavekeep_core::{Structured, StructuredField};

use crate::dataset::{Elements, Variable};
use crate::table::text::utf8;
use crate::{ExportError, Target};

const TARGET: Target = Target::Hdf5;

/// How an element is stored.
pub(super) struct Stored {
    pub message: DatatypeMessage,
    /// Parts of an element that are stored as other bytes than numpy has them.
    changed: Vec<Changed>,
}

struct Changed {
    offset: usize,
    bytes: usize,
    change: Change,
}

#[derive(Clone, Copy)]
enum Change {
    /// Truth values are 0 or 1.
    Bool,
    /// UTF-32 becomes UTF-8, which is never longer, filled with zeros.
    Text(Order),
}

impl Stored {
    /// # Errors
    /// When the file has no such type.
    pub(super) fn of(variable: &Variable<'_>) -> Result<Self, ExportError> {
        let mut changed = Vec::new();
        let message = match &variable.elements {
            Elements::Structured(records) => compound(variable, records, 0, &mut changed)?,
            _ => simple(variable, variable.dtype(TARGET)?, 0, &mut changed)?,
        };
        Ok(Self { message, changed })
    }

    /// Whether some of it is stored as other bytes.
    pub(super) fn differs(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Puts what is stored into the place of the elements.
    ///
    /// # Errors
    /// When an element that should be text is none.
    pub(super) fn convert(
        &self,
        variable: &Variable<'_>,
        elements: &mut [u8],
    ) -> Result<(), ExportError> {
        let size = variable.elements.item_size().unwrap_or(1).max(1);
        for Changed { offset, bytes, change } in &self.changed {
            for element in elements.chunks_exact_mut(size) {
                let part = &mut element[*offset..offset + bytes];
                match change {
                    Change::Bool => part.iter_mut().for_each(|byte| *byte = u8::from(*byte != 0)),
                    Change::Text(order) => {
                        let text = utf8(part, *order).ok_or_else(|| {
                            let advice = "it holds what is not text: write npz or gnz";
                            variable.refused(TARGET, advice)
                        })?;
                        part.fill(0);
                        part[..text.len()].copy_from_slice(text.as_bytes());
                    }
                }
            }
        }
        Ok(())
    }
}

fn simple(
    variable: &Variable<'_>,
    dtype: &Dtype,
    offset: usize,
    changed: &mut Vec<Changed>,
) -> Result<DatatypeMessage, ExportError> {
    let order = match dtype.byte_order() {
        Order::Big => ByteOrder::BigEndian,
        Order::Little | Order::Irrelevant => ByteOrder::LittleEndian,
    };
    // Sizes of elements are below 2^31.
    let size = dtype.item_size() as u32;
    if size == 0 {
        let advice = "write npz or gnz, which hold elements of no bytes";
        return Err(variable.refused(TARGET, advice));
    }
    let integer = |signed| DatatypeMessage::FixedPoint {
        size,
        byte_order: order,
        signed,
        bit_offset: 0,
        bit_precision: 8 * size as u16,
    };
    let mut change = |change| {
        changed.push(Changed { offset, bytes: dtype.item_size(), change });
    };
    Ok(match dtype.kind() {
        Kind::Bool => {
            change(Change::Bool);
            DatatypeMessage::bool_type()
        }
        Kind::Int | Kind::Datetime | Kind::Timedelta => integer(true),
        Kind::Uint => integer(false),
        Kind::Float if size <= 8 => float(size, order),
        Kind::Complex if size <= 16 => {
            let half = size / 2;
            let member = |(name, offset): (&str, u32)| CompoundMember {
                name: name.to_owned(),
                offset,
                datatype: float(half, order),
            };
            DatatypeMessage::compound(size, [("r", 0), ("i", half)].map(member).into())
        }
        Kind::Bytes => DatatypeMessage::FixedString { size, padding: 1, charset: 0 },
        Kind::Unicode => {
            change(Change::Text(dtype.byte_order()));
            DatatypeMessage::FixedString { size, padding: 1, charset: 1 }
        }
        Kind::Void => DatatypeMessage::Opaque { size, tag: String::new() },
        Kind::Float | Kind::Complex => {
            let advice = "long double differs between machines: convert it to f8 where it was made, or write npz or gnz";
            return Err(variable.refused(TARGET, advice));
        }
    })
}

fn compound(
    variable: &Variable<'_>,
    records: &Structured,
    offset: usize,
    changed: &mut Vec<Changed>,
) -> Result<DatatypeMessage, ExportError> {
    let no_size = || variable.refused(TARGET, "write npz, which holds records of any size");
    let mut members = Vec::new();
    for field in &records.fields {
        let datatype = member(variable, field, offset + field.offset, changed)?;
        let place = u32::try_from(field.offset).map_err(|_| no_size())?;
        members.push(CompoundMember { name: field.name.clone(), offset: place, datatype });
    }
    match u32::try_from(records.item_size) {
        Ok(size) if size > 0 && !members.is_empty() => Ok(DatatypeMessage::compound(size, members)),
        _ => Err(no_size()),
    }
}

fn member(
    variable: &Variable<'_>,
    field: &StructuredField,
    offset: usize,
    changed: &mut Vec<Changed>,
) -> Result<DatatypeMessage, ExportError> {
    let first = changed.len();
    let base = match (field.record(), Dtype::parse(&field.dtype)) {
        (Some(records), _) => compound(variable, &records, offset, changed)?,
        (None, Some(dtype)) => simple(variable, &dtype, offset, changed)?,
        (None, None) => return Err(variable.refused(TARGET, "write npz, which holds it")),
    };
    if field.shape.is_empty() {
        return Ok(base);
    }
    let count: usize = field.shape.iter().product();
    let lengths = field.shape.iter().map(|length| u32::try_from(*length).ok().filter(|it| *it > 0));
    let Some(lengths) = lengths.collect::<Option<Vec<u32>>>() else {
        return Err(variable.refused(TARGET, "write npz, which holds arrays of any length"));
    };
    // Each element of the field is changed like the first.
    let of_first: Vec<(usize, usize, Change)> =
        changed[first..].iter().map(|it| (it.offset, it.bytes, it.change)).collect();
    for element in 1..count {
        let shift = element * field.item_size;
        changed.extend(of_first.iter().map(|&(at, bytes, change)| Changed {
            offset: at + shift,
            bytes,
            change,
        }));
    }
    Ok(DatatypeMessage::array(lengths, base))
}

fn float(size: u32, order: ByteOrder) -> DatatypeMessage {
    let mut message = match size {
        2 => DatatypeMessage::f16_type(),
        4 => DatatypeMessage::f32_type(),
        _ => DatatypeMessage::f64_type(),
    };
    if let DatatypeMessage::FloatingPoint { byte_order, .. } = &mut message {
        *byte_order = order;
    }
    message
}
