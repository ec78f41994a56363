//! From the first bytes of a file to entries and metadata.

use std::collections::{BTreeMap, BTreeSet};

use super::entry;
use super::{ArrayInfo, Container, Note, PREFIX};
use crate::dtype::Dtype;
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

/// Which container it is and the length of the header's text, after magic and length were judged.
///
/// `start` is the first bytes of the file, at least 8 if it has as many.
pub(crate) fn text_length(
    start: &[u8],
    file_length: u64,
    limits: &Limits,
) -> Result<(Container, usize)> {
    let too_short = || Error::TooShort { length: file_length };
    let (magic, rest) = start.split_first_chunk::<4>().ok_or_else(too_short)?;
    let container = Container::of(magic).ok_or(Error::BadMagic { found: *magic })?;
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
        .map(|length| (container, length))
        .ok_or(Error::HeaderPastEnd { length: length.into(), file_length })
}

/// The container and its header's text. `start` is the first bytes of the file, at least up to
/// the header's end if the file has as many.
pub(crate) fn text<'a>(
    start: &'a [u8],
    file_length: u64,
    limits: &Limits,
) -> Result<(Container, &'a str)> {
    let (container, length) = text_length(start, file_length, limits)?;
    let text = start
        .get(PREFIX as usize..)
        .and_then(|rest| rest.get(..length))
        .ok_or(Error::HeaderPastEnd { length: length as u64, file_length: start.len() as u64 })?;
    match std::str::from_utf8(text) {
        Ok(text) => Ok((container, text)),
        Err(error) => {
            let at = error.valid_up_to();
            Err(Error::NotUtf8 { offset: PREFIX + at as u64, found: text[at] })
        }
    }
}

/// Reads the header's text.
pub(crate) fn parse(
    text: &str,
    container: Container,
    limits: &Limits,
    faults: Faults,
) -> Result<Parsed> {
    // A later version may well have other fields: then the version is the
    // reason, not the field that looked wrong first.
    fields(text, container, limits, faults)
        .map_err(|fault| foreign_version(text, container, limits).unwrap_or(fault))
}

fn fields(text: &str, container: Container, limits: &Limits, faults: Faults) -> Result<Parsed> {
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
                metadata = Some(match parser.value()? {
                    Value::Object(object) => object,
                    Value::Null => {
                        notes.push(Note::NullMetadata);
                        Object::new()
                    }
                    _ => return Err(wrong_type(offset, "metadata", found)),
                });
            }
            "version" => {
                read_version(parser, container)?;
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
    match (versioned, container) {
        (true, _) => {}
        (false, Container::Gnz) => notes.push(Note::NoVersion),
        // Its versions are different formats.
        (false, Container::Gzcm) => return Err(missing("version")),
    }
    // A name is how the successor writes its types.
    notes.extend(arrays.spellings.into_iter().filter(|_| container == Container::Gnz).map(
        |(found, spelled)| Note::Spelling {
            array: spelled.first,
            arrays: spelled.arrays,
            found,
            dtype: spelled.dtype,
        },
    ));
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
    /// Types that are not spelled as numpy writes them, by their spelling.
    spellings: BTreeMap<String, Spelled>,
}

/// The arrays whose type is spelled in the same unusual way.
struct Spelled {
    first: String,
    arrays: usize,
    dtype: Dtype,
}

fn read_arrays(parser: &mut Parser<'_>, faults: Faults, notes: &mut Vec<Note>) -> Result<Arrays> {
    let (offset, found) = (parser.offset(), parser.kind());
    if found != "an object" {
        return Err(wrong_type(offset, "arrays", found));
    }
    let mut arrays = Arrays { good: Vec::new(), bad: Vec::new(), spellings: BTreeMap::new() };
    // Names with their offsets: repetition is found by one sort at the end.
    let mut names: Vec<(String, u64)> = Vec::new();
    parser.object(|parser, name, offset| {
        names.push((name.clone().into_owned(), offset));
        let mark = parser.mark();
        match entry::read(parser, &name, notes) {
            Ok((info, spelling)) => {
                if let Some(spelling) = spelling {
                    let spelled = arrays.spellings.entry(spelling).or_insert_with(|| Spelled {
                        first: info.name.clone(),
                        arrays: 0,
                        dtype: info.dtype.clone(),
                    });
                    spelled.arrays += 1;
                }
                arrays.good.push(info);
            }
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

fn read_version(parser: &mut Parser<'_>, container: Container) -> Result<()> {
    let offset = parser.offset();
    match (parser.value()?, container) {
        (Value::Integer(number), _) if number.to_i64() == Some(1) => Ok(()),
        (other, Container::Gnz) => {
            Err(Error::UnsupportedVersion { offset, found: other.to_string() })
        }
        (other, Container::Gzcm) => {
            let content = match other.as_i64() {
                Some(3 | 4) => "its arrays are stored as compressed tiles",
                _ => "it is not the layout of GNZ",
            };
            Err(Error::SuccessorVersion { offset, found: other.to_string(), content })
        }
    }
}

/// The error for a version that is not 1, if the text is JSON enough to tell.
fn foreign_version(text: &str, container: Container, limits: &Limits) -> Option<Error> {
    let mut parser = Parser::new(text, PREFIX, limits.depth);
    let mut found = None;
    let walked = parser.object(|parser, key, _| {
        if key == "version" {
            found = read_version(parser, container).err();
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
