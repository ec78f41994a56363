//! GNZ files, mapped. Format: docs/formats/gnz.md.

use std::fs;
use std::path::Path;

use gnz::{Gnz, Order};
use wavekeep_core::{ArrayOrder, FormatInfo, Match, Note, NoteKind, Report};

use super::{ArrayFile, ArrayFormat, ArrayLimits, Entry, Held, source_of};
use crate::OpenError;
use crate::open::io_error;

/// The plug.
pub(crate) struct GnzFile;

static INFO: FormatInfo =
    FormatInfo { id: "gnz", name: "GNZ file of aligned arrays", file_names: &["*.gnz"] };

impl ArrayFormat for GnzFile {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn detect(&self, head: &[u8], _: Option<&str>) -> Match {
        if gnz::Container::of(head).is_some() { Match::ByContent } else { Match::No }
    }

    fn open(&self, path: &Path, _: &ArrayLimits) -> Result<ArrayFile, OpenError> {
        let len =
            fs::metadata(path).map_err(|source| io_error(path, "read the file", source))?.len();
        let gnz = Gnz::open(path)
            .map_err(|source| OpenError::Gnz { path: path.to_owned(), source: Box::new(source) })?;
        let entries = gnz.infos().iter().map(|info| Entry {
            name: info.name.clone(),
            dtype: info.dtype.to_string(),
            order: match info.order {
                Order::C => ArrayOrder::RowMajor,
                Order::F => ArrayOrder::ColumnMajor,
            },
            shape: info.shape.clone(),
            member: 0,
            range: 0..0,
        });
        let entries = entries.collect();
        let mut report = Report::default();
        for note in gnz.notes() {
            report.push(Note::new(NoteKind::Disagreement, code(note), note.to_string()));
        }
        Ok(ArrayFile {
            format: &INFO,
            source: source_of(path, len),
            entries,
            metadata: gnz.metadata().clone(),
            held: Held::Gnz(Box::new(gnz)),
            report,
        })
    }
}

fn code(note: &gnz::Note) -> &'static str {
    match note {
        gnz::Note::Misaligned { .. } => "gnz_misaligned",
        gnz::Note::PaddingCut { .. } => "gnz_padding_cut",
        gnz::Note::UnknownKey { .. } => "gnz_unknown_key",
        gnz::Note::ForeignChecksums { .. } => "gnz_foreign_checksums",
        gnz::Note::Spelling { .. } => "gnz_spelling",
        gnz::Note::NoVersion => "gnz_no_version",
        gnz::Note::NullMetadata => "gnz_null_metadata",
        _ => "gnz_note",
    }
}
