//! The originals of a question in a zip archive, with a manifest of their SHA-256.

use std::io::{Seek, Write};

use serde::Serialize;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::ExportFailure;
use crate::index::EventRow;
use crate::layout::EventFiles;
use crate::name::is_beside;
use crate::remake::sha256;
use crate::{Archive, ArchiveError, Query};

/// The name of the manifest: lines of `sha256sum`, which `sha256sum -c` checks.
pub const MANIFEST: &str = "SHA256SUMS";

/// What a zip archive of originals holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Originals {
    /// Events.
    pub events: u64,
    /// Files: sources, reports, raw frames, sidecars.
    pub files: u64,
    /// Bytes of these files.
    pub bytes: u64,
    /// Files that are not as they came in, or not there: they are left out, or put in as they are.
    pub damaged: Vec<String>,
    /// Streams: too large to be copied.
    pub streams: u64,
}

impl Archive {
    /// Writes the sources of the events that answer, with the reports and raw frames that came with
    /// them and their sidecars, as a zip archive with a [`MANIFEST`]. Each file is hashed on its way
    /// and held against the sum that it had when it came in.
    ///
    /// # Errors
    /// [`ExportFailure`].
    pub fn export_originals(
        &self,
        query: &Query,
        out: &mut (impl Write + Seek),
    ) -> Result<Originals, ExportFailure> {
        let failed = |error: zip::result::ZipError| ExportFailure::Library {
            what: "zip archive",
            message: error.to_string(),
        };
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            // The same archive gives the same bytes.
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(0o644);
        let mut zip = ZipWriter::new(out);
        let mut originals = Originals::default();
        let mut manifest = String::new();
        self.each_event(query, &mut |row| {
            if row.kind == "stream" {
                originals.streams += 1;
                return Ok(());
            }
            let read = match self.read_at_place(row.id, |row, place| self.originals_at(row, place))
            {
                // It was taken out meanwhile.
                Err(ArchiveError::NoEvent { .. }) => return Ok(()),
                read => read?,
            };
            originals.events += 1;
            originals.damaged.extend(read.damaged);
            for OriginalFile { name, bytes, sha256 } in read.files {
                zip.start_file(&name, options).map_err(failed)?;
                zip.write_all(&bytes)?;
                manifest.push_str(&format!("{sha256}  {name}\n"));
                originals.files += 1;
                originals.bytes += bytes.len() as u64;
            }
            Ok::<(), ExportFailure>(())
        })?;
        zip.start_file(MANIFEST, options).map_err(failed)?;
        zip.write_all(manifest.as_bytes())?;
        zip.finish().map_err(failed)?;
        Ok(originals)
    }

    /// The originals of an event, as they lie at a place.
    fn originals_at(&self, row: &EventRow, place: &EventFiles) -> Result<OfEvent, ArchiveError> {
        let mut of = OfEvent::default();
        let own = match self.read_sidecar(&place.sidecar()) {
            Ok(sidecar) => sidecar.own(),
            Err(error) => {
                of.damaged.push(error.to_string());
                crate::OwnBlock::default()
            }
        };
        let sums = own.files.unwrap_or_default();
        let beside = [&row.txt_filename, &row.a5_pickle_filename];
        let beside = beside.into_iter().flatten().filter(|name| is_beside(name));
        let mut files = vec![(place.source(), row.sha256.clone())];
        files.extend(beside.map(|name| (place.named(name), sums.get(name).cloned())));
        files.push((place.sidecar(), None));
        for (path, sum) in files {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let name = format!("{}/{name}", row.serial);
            let bytes = match self.read_if_there(&path) {
                Ok(Some(bytes)) => bytes,
                Ok(None) => {
                    of.damaged.push(format!("{name}: is gone"));
                    continue;
                }
                Err(error @ ArchiveError::Link { .. }) => {
                    of.damaged.push(format!("{name}: {error}"));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let sha256 = sha256(&bytes);
            if sum.is_some_and(|sum| sum != sha256) {
                of.damaged.push(format!("{name}: has other bytes than those that came in"));
            }
            of.files.push(OriginalFile { name, bytes, sha256 });
        }
        Ok(of)
    }
}

/// The originals of one event, and what is wrong with them.
#[derive(Debug, Default)]
struct OfEvent {
    files: Vec<OriginalFile>,
    damaged: Vec<String>,
}

/// A file of the zip archive.
#[derive(Debug)]
struct OriginalFile {
    name: String,
    bytes: Vec<u8>,
    sha256: String,
}
