//! npz: a zip archive whose members are npy files, stored or deflated.
//!
//! Sizes that stand in the archive are not believed: when it is opened each member is unpacked as a
//! stream that keeps the header alone, and all of them together may not grow over [`ArrayLimits`]. zip
//! compares each with its CRC-32. Elements of a stored member are mapped, wherever they lie; those of a
//! deflated one are unpacked again when they are asked for: a small archive can hold arrays that fill the
//! memory. Stored members count for nothing as long as they are together no longer than the file.
//!
//! Members that are not called `*.npy` are passed over and reported, and so are those that are pickled,
//! damaged, encrypted or packed in a way that is not known: each costs itself.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use gnz::{FileMap, Object};
use wavekeep_core::{Error, FormatInfo, Match, Note, NoteKind, Report};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::npy_header::HEADER_BYTES;
use super::{
    ArrayFile, ArrayFormat, ArrayLimits, Entry, Held, decode_error, npy, over_limit, source_of,
};
use crate::OpenError;
use crate::open::io_error;

/// The plug.
pub(crate) struct Npz;

static INFO: FormatInfo =
    FormatInfo { id: "npz", name: "NumPy archive of arrays", file_names: &["*.npz"] };

/// First bytes of a member, and of the end of an archive that has none.
const MEMBER: &[u8] = b"PK\x03\x04";
const END: &[u8] = b"PK\x05\x06";
const SUFFIX: &str = ".npy";

impl ArrayFormat for Npz {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    /// Other programs also keep zip archives (documents, packages): the first member or the name
    /// of the file has to say that this one is of arrays.
    fn detect(&self, head: &[u8], name: Option<&str>) -> Match {
        let is_called_so = || {
            name.and_then(|name| name.rsplit_once('.'))
                .is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("npz"))
        };
        let begins_so = head.starts_with(MEMBER) && first_member(head).is_some_and(is_array)
            || (head.starts_with(MEMBER) || head.starts_with(END)) && is_called_so();
        if begins_so { Match::ByContent } else { Match::No }
    }

    fn open(&self, path: &Path, limits: &ArrayLimits) -> Result<ArrayFile, OpenError> {
        let file = File::open(path).map_err(|source| io_error(path, "open the file", source))?;
        let len = file.metadata().map_err(|source| io_error(path, "read the file", source))?;
        let members =
            Members::read(BufReader::new(&file), len.len(), limits).map_err(
                |fault| match fault {
                    Fault::Io(source) => io_error(path, "read the file", source),
                    Fault::Content(source) => decode_error(path, source),
                },
            )?;
        let map = FileMap::of(&file).map_err(|source| io_error(path, "map the file", source))?;
        Ok(ArrayFile {
            format: &INFO,
            source: source_of(path, len.len()),
            entries: members.entries,
            held: Held::Packed(Box::new(Packed {
                file: Mutex::new(file),
                map,
                members: members.members,
            })),
            metadata: Object::new(),
            report: members.report,
        })
    }
}

/// The name of the member that begins the archive, as far as it is in `head`.
fn first_member(head: &[u8]) -> Option<&[u8]> {
    let len = u16::from_le_bytes(head.get(26..28)?.try_into().ok()?);
    head.get(30..30 + usize::from(len))
}

fn is_array(name: &[u8]) -> bool {
    name.ends_with(SUFFIX.as_bytes())
}

/// The members of an open archive.
#[derive(Debug)]
pub(super) struct Packed {
    /// Kept open: what another file of its name holds is not what was checked.
    file: Mutex<File>,
    map: FileMap,
    members: Vec<Member>,
}

/// One of them.
#[derive(Debug)]
struct Member {
    /// Its place in the archive.
    place: usize,
    /// Its length, unpacked.
    len: u64,
    /// Where it lies in the file, if it is stored.
    start: Option<u64>,
    /// Its bytes, once they were asked for; nothing where they are not what they were any more.
    bytes: OnceLock<Option<Vec<u8>>>,
}

impl Packed {
    /// The bytes of a member.
    pub(super) fn member(&self, number: usize) -> Option<&[u8]> {
        let member = self.members.get(number)?;
        if let Some(start) = member.start {
            let start = usize::try_from(start).ok()?;
            return self.map.get(start..start.checked_add(usize::try_from(member.len).ok()?)?);
        }
        member
            .bytes
            .get_or_init(|| {
                // A thread that panicked left the file at some place, which does not matter.
                let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
                member.unpack(&file)
            })
            .as_deref()
    }
}

impl Member {
    fn unpack(&self, file: &File) -> Option<Vec<u8>> {
        let mut archive = ZipArchive::new(BufReader::new(file)).ok()?;
        let packed = archive.by_index(self.place).ok()?;
        let mut bytes = Vec::new();
        packed.take(self.len + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 == self.len).then_some(bytes)
    }
}

#[derive(Default)]
struct Members {
    entries: Vec<Entry>,
    members: Vec<Member>,
    report: Report,
}

/// Bytes that may still be read.
struct Left {
    /// Of those that are unpacked, into memory when they are asked for.
    unpacked: u64,
    /// Of those that are mapped.
    stored: u64,
}

enum Fault {
    Io(io::Error),
    Content(Error),
}

impl Members {
    /// Reads the members of a file of `len` bytes.
    fn read(file: impl Read + Seek, len: u64, limits: &ArrayLimits) -> Result<Self, Fault> {
        let mut archive = ZipArchive::new(file).map_err(|error| fault("the archive", error))?;
        let mut members = Self::default();
        let mut left = Left { unpacked: limits.bytes, stored: len };
        let mut first_fault = None;
        for place in 0..archive.len() {
            match members.add(&mut archive, place, &mut left, limits) {
                Ok(()) => {}
                Err(Fault::Content(error)) if !matches!(error, Error::Limit { .. }) => {
                    let message = format!("a member was left out: {error}");
                    members.report.push(Note::new(NoteKind::Damage, "npz_member", message));
                    first_fault.get_or_insert(Fault::Content(error));
                }
                Err(fault) => return Err(fault),
            }
        }
        if let Some(fault) = first_fault.filter(|_| members.entries.is_empty()) {
            return Err(fault);
        }
        // Of entries of one name the library keeps the last and says nothing.
        let (kept, start) = (archive.len() as u64, archive.central_directory_start());
        let stated = directory_entries(archive.into_inner(), start).map_err(Fault::Io)?;
        if stated != kept {
            return Err(Fault::Content(Error::Malformed {
                offset: start,
                field: "the archive's directory".into(),
                expected: format!("{stated} members of different names").into(),
                found: format!("{kept} names"),
            }));
        }
        Ok(members)
    }

    /// Checks a member and notes its array.
    fn add(
        &mut self,
        archive: &mut ZipArchive<impl Read + Seek>,
        place: usize,
        left: &mut Left,
        limits: &ArrayLimits,
    ) -> Result<(), Fault> {
        let named = archive.name_for_index(place).and_then(Result::ok);
        let what =
            named.map_or_else(|| format!("member {place}"), |name| format!("member {name:?}"));
        let mut member = archive.by_index(place).map_err(|error| fault(&what, error))?;
        let full_name = member.name().map_err(|error| fault(&what, error))?.into_owned();
        let Some(name) = full_name.strip_suffix(SUFFIX) else {
            self.pass_over(&full_name);
            return Ok(());
        };
        let unreadable = |error: io::Error| match error.kind() {
            // What is said of the content (a wrong CRC-32, bad deflate) has no kind of its own.
            io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::Unsupported
            | io::ErrorKind::Other => {
                Fault::Content(malformed(&full_name, "whole content", &error.to_string()))
            }
            _ => Fault::Io(error),
        };
        let start = match member.compression() {
            CompressionMethod::Stored => member.data_start(),
            _ => None,
        };
        // Members may share their bytes: what is read is no more than the file all the same.
        let left = if start.is_some() { &mut left.stored } else { &mut left.unpacked };
        let mut head = Vec::new();
        let allowed = left.saturating_add(1);
        (&mut member).take(HEADER_BYTES.min(allowed)).read_to_end(&mut head).map_err(unreadable)?;
        let rest = (&mut member).take(allowed - head.len() as u64);
        let len =
            head.len() as u64 + io::copy(&mut { rest }, &mut io::sink()).map_err(unreadable)?;
        *left = left.checked_sub(len).ok_or_else(|| match start {
            None => Fault::Content(over_limit(limits, limits.bytes.saturating_add(1))),
            Some(_) => Fault::Content(malformed(&full_name, "bytes of its own", "shared ones")),
        })?;
        if len != member.size() {
            let stated = format!("{} bytes, as its entry states", member.size());
            let found = format!("{len} bytes");
            return Err(Fault::Content(malformed(&full_name, &stated, &found)));
        }
        let whole = usize::try_from(len).unwrap_or(usize::MAX);
        let entry = npy::entry(name, self.members.len(), &head, whole)
            .map_err(|error| Fault::Content(of_member(&full_name, error)))?;
        if entry.range.end < whole {
            // Of a large member only the beginning was kept.
            let known = head.get(entry.range.end..).unwrap_or_default();
            let mut note = npy::behind(known, whole - entry.range.end);
            note.message = format!("member {full_name:?}: {}", note.message);
            self.report.push(note);
        }
        self.entries.push(entry);
        self.members.push(Member { place, len, start, bytes: OnceLock::new() });
        Ok(())
    }

    fn pass_over(&mut self, name: &str) {
        let message = format!("member {name:?} is not an npy file and was passed over");
        self.report.push(Note::new(NoteKind::Disagreement, "npz_foreign_member", message));
    }
}

/// How many entries the directory at `start` has, which the library has read without complaint.
fn directory_entries(mut file: impl Read + Seek, start: u64) -> io::Result<u64> {
    const HEAD: usize = 46;
    file.seek(SeekFrom::Start(start))?;
    let mut count = 0;
    loop {
        let mut head = Vec::with_capacity(HEAD);
        (&mut file).take(HEAD as u64).read_to_end(&mut head)?;
        if head.len() < HEAD || !head.starts_with(b"PK\x01\x02") {
            return Ok(count);
        }
        count += 1;
        // Name, extra field and comment follow.
        let lengths =
            [28, 30, 32].map(|at| i64::from(u16::from_le_bytes([head[at], head[at + 1]])));
        file.seek_relative(lengths.iter().sum())?;
    }
}

fn malformed(member: &str, expected: &str, found: &str) -> Error {
    Error::Malformed {
        offset: 0,
        field: format!("member {member:?}").into(),
        expected: expected.to_owned().into(),
        found: found.to_owned(),
    }
}

/// The same error, saying in which member; its offset counts from the member's beginning.
fn of_member(member: &str, error: Error) -> Error {
    match error {
        Error::Malformed { offset, field, expected, found } => Error::Malformed {
            offset,
            field: format!("member {member:?}, {field}").into(),
            expected,
            found,
        },
        Error::Unsupported { what, advice } => {
            Error::Unsupported { what: format!("member {member:?}: {what}"), advice }
        }
        Error::Limit { what, limit, found, raise } => {
            Error::Limit { what: format!("member {member:?}: {what}").into(), limit, found, raise }
        }
        other => other,
    }
}

fn fault(what: &str, error: ZipError) -> Fault {
    match error {
        ZipError::Io(source) if source.kind() != io::ErrorKind::UnexpectedEof => Fault::Io(source),
        ZipError::UnsupportedArchive(why) => Fault::Content(Error::Unsupported {
            what: format!("{what}: {why}"),
            advice: "write it with numpy.savez or numpy.savez_compressed".to_owned(),
        }),
        other => Fault::Content(Error::Malformed {
            offset: 0,
            field: what.to_owned().into(),
            expected: "a zip archive".into(),
            found: other.to_string(),
        }),
    }
}
