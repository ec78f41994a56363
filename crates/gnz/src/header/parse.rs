//! From the first bytes of a file to entries and metadata.

use std::collections::BTreeSet;

use super::entry;
use super::{ArrayInfo, MAGIC, Note, PREFIX};
use crate::error::{Error, Result};
use crate::json::parse::Parser;
use crate::json::{Object, Value};
use crate::limits::Limits;

/// What to do with an entry that breaks a rule of its own.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Faults {
    /// The file is refused.
    Refuse,
    /// The entry is set aside, for recovery.
    Collect,
}

/// What the text says, not yet compared with the file.
pub(crate) struct Parsed {
    /// In the order of the text.
    pub(crate) arrays: Vec<ArrayInfo>,
    pub(crate) metadata: Object,
    pub(crate) notes: Vec<Note>,
    /// Entries that were set aside, by name.
    pub(crate) faults: Vec<(String, Error)>,
}

/// Length of the header's text, after magic and length were judged.
///
/// `start` is the first bytes of the file, at least 8 if it has as many.
pub(crate) fn text_length(start: &[u8], file_length: u64, limits: &Limits) -> Result<usize> {
    let too_short = || Error::TooShort { length: file_length };
    let (magic, rest) = start.split_first_chunk::<4>().ok_or_else(too_short)?;
    if *magic != MAGIC {
        return Err(Error::BadMagic { found: *magic });
    }
    let (length, _) = rest.split_first_chunk::<4>().ok_or_else(too_short)?;
    let length = u32::from_le_bytes(*length);
    if length > limits.header_bytes {
        return Err(Error::HeaderTooLong {
            length: length.into(),
            limit: limits.header_bytes.into(),
        });
    }
    usize::try_from(length)
        .ok()
        .filter(|_| PREFIX + u64::from(length) <= file_length)
        .ok_or(Error::HeaderPastEnd { length: length.into(), file_length })
}

/// The header's text. `start` is the first bytes of the file, at least up to
/// the header's end if the file has as many.
pub(crate) fn text<'a>(start: &'a [u8], file_length: u64, limits: &Limits) -> Result<&'a str> {
    let length = text_length(start, file_length, limits)?;
    let text = start
        .get(PREFIX as usize..)
        .and_then(|rest| rest.get(..length))
        .ok_or(Error::HeaderPastEnd { length: length as u64, file_length: start.len() as u64 })?;
    std::str::from_utf8(text).map_err(|error| {
        let at = error.valid_up_to();
        Error::NotUtf8 { offset: PREFIX + at as u64, found: text[at] }
    })
}

/// Reads the header's text.
pub(crate) fn parse(text: &str, limits: &Limits, faults: Faults) -> Result<Parsed> {
    let result = fields(text, limits, faults);
    match result {
        // A later version may well have other fields: then the version is the
        // reason, not the field that looked wrong first.
        Err(fault) if !matches!(fault, Error::UnsupportedVersion { .. }) => {
            Err(foreign_version(text, limits).unwrap_or(fault))
        }
        _ => result,
    }
}

fn fields(text: &str, limits: &Limits, faults: Faults) -> Result<Parsed> {
    let mut parser = Parser::new(text, PREFIX, limits.depth);
    let start = parser.offset();
    if !matches!(parser.peek(), Some(b'{') | None) && !matches!(parser.kind(), "no JSON value") {
        return Err(Error::NotAnObject { offset: start, found: parser.kind() });
    }

    let mut arrays: Option<Arrays> = None;
    let mut metadata: Option<Object> = None;
    let mut versioned = false;
    let mut notes = Vec::new();
    let mut unknown: BTreeSet<String> = BTreeSet::new();
    parser.object(|parser, key, offset| {
        let repeated = match &*key {
            "arrays" => arrays.is_some(),
            "metadata" => metadata.is_some(),
            "version" => versioned,
            other => unknown.contains(other),
        };
        if repeated {
            return Err(Error::DuplicateKey { offset, key: key.into_owned() });
        }
        match &*key {
            "arrays" => arrays = Some(read_arrays(parser, faults, &mut notes)?),
            "metadata" => {
                let (offset, found) = (parser.offset(), parser.kind());
                let Value::Object(object) = parser.value()? else {
                    return Err(wrong_type(offset, "metadata", found));
                };
                metadata = Some(object);
            }
            "version" => {
                read_version(parser)?;
                versioned = true;
            }
            _ => {
                parser.value()?;
                unknown.insert(key.into_owned());
            }
        }
        Ok(())
    })?;
    parser.end()?;

    let missing = |field| Error::MissingField { array: None, offset: start, field };
    let arrays = arrays.ok_or_else(|| missing("arrays"))?;
    if !versioned {
        return Err(missing("version"));
    }
    notes.extend(unknown.into_iter().map(|key| Note::UnknownKey { array: None, key }));
    Ok(Parsed {
        arrays: arrays.good,
        metadata: metadata.unwrap_or_default(),
        notes,
        faults: arrays.bad,
    })
}

struct Arrays {
    good: Vec<ArrayInfo>,
    bad: Vec<(String, Error)>,
}

fn read_arrays(parser: &mut Parser<'_>, faults: Faults, notes: &mut Vec<Note>) -> Result<Arrays> {
    let (offset, found) = (parser.offset(), parser.kind());
    if found != "an object" {
        return Err(wrong_type(offset, "arrays", found));
    }
    let mut arrays = Arrays { good: Vec::new(), bad: Vec::new() };
    // Names with their offsets: repetition is found by one sort at the end.
    let mut names: Vec<(String, u64)> = Vec::new();
    parser.object(|parser, name, offset| {
        names.push((name.clone().into_owned(), offset));
        let mark = parser.mark();
        match entry::read(parser, &name, notes) {
            Ok(info) => arrays.good.push(info),
            Err(fault) if faults == Faults::Refuse => return Err(fault),
            Err(fault) => {
                // Whatever is no JSON fails here a second time, and for good.
                parser.rewind(mark);
                parser.value()?;
                arrays.bad.push((name.into_owned(), fault));
            }
        }
        Ok(())
    })?;
    names.sort();
    match names.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(Error::DuplicateArray { offset: pair[1].1, array: pair[1].0.clone() }),
        None => Ok(arrays),
    }
}

fn read_version(parser: &mut Parser<'_>) -> Result<()> {
    let offset = parser.offset();
    match parser.value()? {
        Value::Integer(number) if number.to_i64() == Some(1) => Ok(()),
        other => Err(Error::UnsupportedVersion { offset, found: other.to_string() }),
    }
}

/// The error for a version that is not 1, if the text is JSON enough to tell.
fn foreign_version(text: &str, limits: &Limits) -> Option<Error> {
    let mut parser = Parser::new(text, PREFIX, limits.depth);
    let mut found = None;
    let walked = parser.object(|parser, key, _| {
        if key == "version" {
            found = read_version(parser).err();
        } else {
            parser.value()?;
        }
        Ok(())
    });
    walked.ok().and(found)
}

fn wrong_type(offset: u64, field: &'static str, found: &'static str) -> Error {
    Error::WrongType { array: None, offset, field, expected: "an object", found }
}
