//! One array's entry: `{"dtype": "<f4", "offset": 4096, "order": "C", "shape": [3, 5]}`.

use std::collections::BTreeSet;

use super::{ArrayInfo, Note, Order, byte_length};
use crate::dtype::Dtype;
use crate::error::{Error, Result};
use crate::json::parse::{Parser, Text};

/// Reads the entry of the array `name` and judges it alone; answers with it the
/// type's spelling if it is not the one that numpy writes.
pub(super) fn read(
    parser: &mut Parser<'_>,
    name: &str,
    notes: &mut Vec<Note>,
) -> Result<(ArrayInfo, Option<String>)> {
    let entry = Entry { name };
    let (start, found) = (parser.offset(), parser.kind());
    if found != "an object" {
        return Err(entry.wrong_type(start, "entry", "an object", found));
    }

    let mut dtype: Option<(Dtype, Option<String>)> = None;
    let mut order: Option<Order> = None;
    let mut offset: Option<u64> = None;
    let mut shape: Option<Vec<usize>> = None;
    let mut unknown: BTreeSet<String> = BTreeSet::new();
    parser.object(|parser, key, at| {
        let repeated = match &*key {
            "dtype" => dtype.is_some(),
            "order" => order.is_some(),
            "offset" => offset.is_some(),
            "shape" => shape.is_some(),
            other => unknown.contains(other),
        };
        if repeated {
            return Err(Error::DuplicateKey { offset: at, key: key.into_owned() });
        }
        match &*key {
            "dtype" => dtype = Some(entry.dtype(parser)?),
            "order" => order = Some(entry.order(parser)?),
            "offset" => offset = Some(entry.number(parser, "offset")?),
            "shape" => shape = Some(entry.shape(parser)?),
            _ => {
                parser.value()?;
                unknown.insert(key.into_owned());
            }
        }
        Ok(())
    })?;

    let missing =
        |field| Error::MissingField { array: Some(name.to_owned()), offset: start, field };
    let (dtype, spelling) = dtype.ok_or_else(|| missing("dtype"))?;
    let offset = offset.ok_or_else(|| missing("offset"))?;
    let shape = shape.ok_or_else(|| missing("shape"))?;
    let Some(byte_length) = byte_length(&shape, &dtype) else {
        return Err(Error::ShapeOverflow {
            array: name.to_owned(),
            shape,
            dtype: dtype.to_string(),
        });
    };
    notes.extend(
        unknown.into_iter().map(|key| Note::UnknownKey { array: Some(name.to_owned()), key }),
    );
    // Absence of the order means row-major.
    let order = order.unwrap_or_default();
    let info = ArrayInfo { name: name.to_owned(), dtype, order, shape, offset, byte_length };
    Ok((info, spelling))
}

struct Entry<'n> {
    name: &'n str,
}

impl Entry<'_> {
    fn dtype(&self, parser: &mut Parser<'_>) -> Result<(Dtype, Option<String>)> {
        let (offset, text) = self.string(parser, "dtype")?;
        if let Some(dtype) = Dtype::parse(&text) {
            return Ok((dtype, None));
        }
        match Dtype::parse_numpy(&text) {
            Some(dtype) => Ok((dtype, Some(text))),
            None => Err(Error::UnknownDtype { array: self.name.to_owned(), offset, found: text }),
        }
    }

    fn order(&self, parser: &mut Parser<'_>) -> Result<Order> {
        let (offset, text) = self.string(parser, "order")?;
        match text.as_str() {
            "C" => Ok(Order::C),
            "F" => Ok(Order::F),
            _ => Err(Error::UnknownOrder { array: self.name.to_owned(), offset, found: text }),
        }
    }

    fn string(&self, parser: &mut Parser<'_>, field: &'static str) -> Result<(u64, String)> {
        let (offset, found) = (parser.offset(), parser.kind());
        if found != "a string" {
            return Err(self.wrong_type(offset, field, "a string", found));
        }
        let text = match parser.string()? {
            Text::Plain(text) => text.into_owned(),
            Text::IllFormed(units) => String::from_utf16_lossy(&units),
        };
        Ok((offset, text))
    }

    fn shape(&self, parser: &mut Parser<'_>) -> Result<Vec<usize>> {
        let (offset, found) = (parser.offset(), parser.kind());
        if found != "a list" {
            return Err(self.wrong_type(offset, "shape", "a list", found));
        }
        let mut shape = Vec::new();
        parser.list(|parser| {
            let at = parser.offset();
            let length = self.number(parser, "shape")?;
            shape.push(usize::try_from(length).map_err(|_| Error::HugeNumber {
                array: self.name.to_owned(),
                offset: at,
                field: "shape",
                found: length.to_string(),
            })?);
            Ok(())
        })?;
        Ok(shape)
    }

    /// A whole number from 0 to the longest possible file.
    fn number(&self, parser: &mut Parser<'_>, field: &'static str) -> Result<u64> {
        let (offset, kind) = (parser.offset(), parser.kind());
        if !matches!(parser.peek(), Some(b'-' | b'0'..=b'9')) {
            return Err(self.wrong_type(offset, field, "a whole number", kind));
        }
        let text = parser.number()?;
        let (array, found) = (self.name.to_owned(), text.to_owned());
        if text.contains(['.', 'e', 'E']) {
            return Err(Error::FractionalNumber { array, offset, field, found });
        }
        if text.starts_with('-') {
            return Err(Error::NegativeNumber { array, offset, field, found });
        }
        match text.parse::<i64>() {
            Ok(number) => Ok(number.unsigned_abs()),
            Err(_) => Err(Error::HugeNumber { array, offset, field, found }),
        }
    }

    fn wrong_type(
        &self,
        offset: u64,
        field: &'static str,
        expected: &'static str,
        found: &'static str,
    ) -> Error {
        Error::WrongType { array: Some(self.name.to_owned()), offset, field, expected, found }
    }
}
