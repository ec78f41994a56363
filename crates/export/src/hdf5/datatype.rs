//! The types of elements beside plain singles, doubles and bytes.

use rust_hdf5::format::messages::datatype::{ByteOrder, CompoundMember, DatatypeMessage};

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ElementKind {
    /// A byte, 0 or 1: h5py's enumeration of FALSE and TRUE.
    Bool,
    /// A two's complement or unsigned integer of 1, 2, 4 or 8 bytes.
    Integer { bytes: u32, is_signed: bool, is_big_endian: bool },
    /// An IEEE float of 2, 4 or 8 bytes.
    Float { bytes: u32, is_big_endian: bool },
    /// Two floats of 4 or 8 bytes: h5py's compound of `r` and `i`.
    Complex { float_bytes: u32, is_big_endian: bool },
    /// Text of a fixed length, filled with zeros.
    Text { bytes: u32, is_utf8: bool },
    /// Opaque bytes.
    Opaque { bytes: u32 },
}

/// The library's message for a type.
pub(super) fn message(kind: ElementKind) -> DatatypeMessage {
    match kind {
        ElementKind::Bool => DatatypeMessage::bool_type(),
        ElementKind::Integer { bytes, is_signed, is_big_endian } => DatatypeMessage::FixedPoint {
            size: bytes,
            byte_order: byte_order(is_big_endian),
            signed: is_signed,
            bit_offset: 0,
            bit_precision: 8 * bytes as u16,
        },
        ElementKind::Float { bytes, is_big_endian } => float(bytes, is_big_endian),
        ElementKind::Complex { float_bytes, is_big_endian } => DatatypeMessage::compound(
            2 * float_bytes,
            [("r", 0), ("i", float_bytes)]
                .map(|(name, offset)| CompoundMember {
                    name: name.to_owned(),
                    offset,
                    datatype: float(float_bytes, is_big_endian),
                })
                .into(),
        ),
        ElementKind::Text { bytes, is_utf8 } => {
            DatatypeMessage::FixedString { size: bytes, padding: 1, charset: u8::from(is_utf8) }
        }
        ElementKind::Opaque { bytes } => {
            DatatypeMessage::Opaque { size: bytes, tag: String::new() }
        }
    }
}

fn byte_order(is_big_endian: bool) -> ByteOrder {
    if is_big_endian { ByteOrder::BigEndian } else { ByteOrder::LittleEndian }
}

fn float(bytes: u32, is_big_endian: bool) -> DatatypeMessage {
    let mut message = match bytes {
        2 => DatatypeMessage::f16_type(),
        4 => DatatypeMessage::f32_type(),
        _ => DatatypeMessage::f64_type(),
    };
    if let DatatypeMessage::FloatingPoint { byte_order: order, .. } = &mut message {
        *order = byte_order(is_big_endian);
    }
    message
}
