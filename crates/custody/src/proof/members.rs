//! The members of a proof's zip file, which may come from anybody: few, of known names and bounded sizes.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};

use sha2::{Digest, Sha256};
use zip::read::ZipFile;
use zip::{ExtraField, ZipArchive};

use super::{
    FILES, HEAD, JSON, MOST_FILES, MOST_JSON, MOST_NAME, MOST_TEXT, ProofError, README, SIGNATURE,
    STAMP,
};
use crate::Hash;

/// Most bytes of the zip file's directory.
const MOST_DIRECTORY: u32 = 4 << 20;
/// Bytes of the record at the end of a zip file without a comment, and of that of a large one before it.
const END: usize = 22;
const LARGE_END: usize = 20;

/// The name is UTF-8.
const UTF8_FLAG: u16 = 1 << 11;
/// The others that change nothing: how well it is packed, and where its sizes stand.
const PLAIN_FLAGS: u16 = UTF8_FLAG | 1 << 1 | 1 << 2 | 1 << 3;

/// What was read.
pub(super) struct Members {
    pub(super) json: Vec<u8>,
    pub(super) head: Vec<u8>,
    pub(super) signature: Option<Vec<u8>>,
    pub(super) stamp: Option<Vec<u8>>,
    /// The hash of each file, or why it cannot be read.
    pub(super) files: BTreeMap<String, Result<Hash, String>>,
}

/// Reads all members. Files are hashed and not kept.
pub(super) fn read(
    mut reader: impl Read + Seek,
    most_file_bytes: u64,
) -> Result<Members, ProofError> {
    ending(&mut reader)?;
    let not_a_zip =
        |error: zip::result::ZipError| ProofError::NotAZip { reason: error.to_string() };
    let mut zip = ZipArchive::new(reader).map_err(not_a_zip)?;
    if zip.has_duplicate_names() || zip.has_overlapping_entries().map_err(not_a_zip)? {
        return Err(ProofError::Twice);
    }
    // What another program would read from the headers before each member is the same.
    zip.validate_header_consistency().map_err(not_a_zip)?;
    let mut texts = BTreeMap::new();
    let mut files = BTreeMap::new();
    let mut left = most_file_bytes;
    for index in 0..zip.len() {
        let mut member = match zip.by_index(index) {
            Ok(member) => member,
            Err(error) => {
                let member = format!("member {}", index + 1);
                return Err(ProofError::Damaged { member, reason: error.to_string() });
            }
        };
        let name = name_of(&member)?;
        if let Some(file) = name.strip_prefix(FILES) {
            let too_large = || ProofError::TooLarge {
                member: "all files together".to_owned(),
                most: most_file_bytes,
            };
            left = left.checked_sub(member.size()).ok_or_else(too_large)?;
            files.insert(file.to_owned(), hashed(&mut member));
            continue;
        }
        let most = if name == JSON { MOST_JSON } else { MOST_TEXT };
        if member.size() > most {
            return Err(ProofError::TooLarge { member: name, most });
        }
        let mut bytes = Vec::new();
        let size = member.size();
        match (&mut member).take(size + 1).read_to_end(&mut bytes) {
            Ok(_) if bytes.len() as u64 == size => texts.insert(name, bytes),
            Ok(_) => return Err(ProofError::Damaged { member: name, reason: other_size(size) }),
            Err(error) => {
                return Err(ProofError::Damaged { member: name, reason: error.to_string() });
            }
        };
    }
    let mut needed = |member| texts.remove(member).ok_or(ProofError::Missing { member });
    needed(README)?;
    let (json, head) = (needed(JSON)?, needed(HEAD)?);
    let (signature, stamp) = (texts.remove(SIGNATURE), texts.remove(STAMP));
    Ok(Members { json, head, signature, stamp, files })
}

fn other_size(size: u64) -> String {
    format!("{size} bytes were expected, found another number")
}

/// A zip file of a proof is plain: at its end one record, which is not followed by a comment, so that all
/// programs find the same directory. The number of members is bounded before any of them is read.
fn ending(reader: &mut (impl Read + Seek)) -> Result<(), ProofError> {
    let not_a_zip = |reason: &str| ProofError::NotAZip { reason: reason.to_owned() };
    let failed = |error: std::io::Error| ProofError::NotAZip { reason: error.to_string() };
    let length = reader.seek(SeekFrom::End(0)).map_err(failed)?;
    let both = (END + LARGE_END) as u64;
    if length < both {
        return Err(not_a_zip("this file is too short"));
    }
    let mut bytes = [0; END + LARGE_END];
    reader.seek(SeekFrom::Start(length - both)).map_err(failed)?;
    reader.read_exact(&mut bytes).map_err(failed)?;
    let (large, end) = bytes.split_at(LARGE_END);
    if !end.starts_with(b"PK\x05\x06") || end[20..] != [0, 0] {
        return Err(not_a_zip("this file does not end like one (without a comment)"));
    }
    if large.starts_with(b"PK\x06\x07") {
        return Err(not_a_zip("this is one for more than 4 GiB"));
    }
    let short = |at: usize| u16::from_le_bytes([end[at], end[at + 1]]);
    let long = |at: usize| u32::from_le_bytes([end[at], end[at + 1], end[at + 2], end[at + 3]]);
    if short(4) != 0 || short(6) != 0 || short(8) != short(10) {
        return Err(not_a_zip("this is a part of one"));
    }
    let found = usize::from(short(10));
    let most = MOST_FILES + 5;
    if found > most {
        return Err(ProofError::TooMany { found, most });
    }
    let (size, start) = (long(12), long(16));
    if size > MOST_DIRECTORY || u64::from(size) + u64::from(start) + END as u64 != length {
        return Err(not_a_zip("its directory has another size or place than its end says"));
    }
    reader.rewind().map_err(failed)
}

/// The name of a member, when it is one that proofs have.
fn name_of<R: Read>(member: &ZipFile<'_, R>) -> Result<String, ProofError> {
    let raw = member.name_raw();
    let bad = |reason| {
        let name = String::from_utf8_lossy(raw).chars().take(80).collect();
        ProofError::BadName { name, reason }
    };
    let name = std::str::from_utf8(raw).map_err(|_| bad("the name is not UTF-8"))?;
    let flags = member.flags().as_u16();
    if flags & !PLAIN_FLAGS != 0 {
        return Err(bad("it is encrypted, or packed in a way that proofs are not"));
    }
    if !name.is_ascii() && flags & UTF8_FLAG == 0 {
        return Err(bad("the name is not marked as UTF-8"));
    }
    if member.extra_data_fields().any(|field| matches!(field, ExtraField::UnicodePath(_))) {
        return Err(bad("it has a second name"));
    }
    match name {
        README | JSON | HEAD | SIGNATURE | STAMP => {}
        _ => match name.strip_prefix(FILES) {
            Some(file) => is_file_name(file)?,
            None => return Err(bad("only files below files/ have other names")),
        },
    }
    Ok(name.to_owned())
}

/// Whether the name of a file stays below the folder into which a proof is unpacked.
pub(super) fn is_file_name(name: &str) -> Result<(), ProofError> {
    let reason = match name {
        _ if name.len() > MOST_NAME => "the name is too long",
        _ if name.chars().any(|char| char.is_control() || matches!(char, '\\' | ':')) => {
            "the name has characters that names of files in proofs have not"
        }
        _ if name.split('/').any(|part| matches!(part, "" | "." | "..")) => {
            "the name leads elsewhere, or is that of a folder"
        }
        _ => return Ok(()),
    };
    let name = name.chars().take(80).collect();
    Err(ProofError::BadName { name, reason })
}

/// The SHA-256 of a member, and no more bytes than it says it has.
fn hashed<R: Read>(member: &mut ZipFile<'_, R>) -> Result<Hash, String> {
    let size = member.size();
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    let mut read = 0u64;
    let mut bounded = member.take(size + 1);
    loop {
        match bounded.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                read += count as u64;
                hash.update(&buffer[..count]);
            }
            Err(error) => return Err(error.to_string()),
        }
    }
    match read == size {
        true => Ok(Hash(hash.finalize().into())),
        false => Err(other_size(size)),
    }
}
