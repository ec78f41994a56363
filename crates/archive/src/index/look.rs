//! The index for programs that only look: no write access is needed, and nothing is left behind.
//!
//! SQLite's log (WAL) is there while a program has the index open for writing, or after one was
//! killed; then SQLite itself keeps readers and the writer apart. Without a log the file alone is
//! read as if it never changed, which needs no files beside it; whether it has changed is looked at
//! after each question.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::place::Identity;

/// What tells whether a connection is still good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    file: Identity,
    /// Length and time of the last change; nothing while there is a log, which SQLite looks after.
    content: Option<(u64, Option<SystemTime>)>,
}

impl Stamp {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let found = fs::metadata(path)?;
        let content = (!has_log(path)).then(|| (found.len(), found.modified().ok()));
        Ok(Self { file: Identity::at(path)?, content })
    }
}

fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    fs::metadata(PathBuf::from(log)).is_ok_and(|found| found.len() > 0)
}

/// Opens the index to be read. `None` where there is none, or SQLite cannot read it without writing
/// beside it.
pub(super) fn open(path: &Path) -> rusqlite::Result<Option<(Stamp, Connection)>> {
    let Ok(stamp) = Stamp::of(path) else { return Ok(None) };
    let how = if stamp.content.is_some() { "immutable=1" } else { "mode=ro" };
    let uri = format!("file:{}?{how}", encoded(path));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let opened = Connection::open_with_flags(uri, flags).and_then(|connection| {
        super::reading(&connection)?;
        // The file is opened by the first question only.
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(connection)
    });
    match opened {
        Ok(connection) => Ok(Some((stamp, connection))),
        Err(error) if needs_to_write(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether SQLite would have to write beside the index to read it.
fn needs_to_write(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    let codes = [
        ErrorCode::CannotOpen,
        ErrorCode::ReadOnly,
        ErrorCode::DiskFull,
        ErrorCode::SystemIoFailure,
    ];
    code.is_some_and(|code| codes.contains(&code))
}

/// A path as a part of a URI. SQLite takes that of Windows as it is, `\\?\C:\…` too, where its separators
/// are encoded.
fn encoded(path: &Path) -> String {
    let mut text = String::new();
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b':' => {
                text.push(byte.into());
            }
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}
