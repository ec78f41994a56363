//! The beginning of a ledger, and what is found without an entry.
//!
//! An archive that has no ledger yet, of an earlier version or another program, gets one from what it
//! has: from here on it is watched over.

use std::collections::BTreeMap;

use rayon::prelude::*;
use wavekeep_custody::{Action, Hash};

use super::{Draft, End, Lines, facts_of, files_of, review_member, tables};
use crate::archive::Writer;
use crate::index::EventRow;
use crate::layout::{HDF5_SUFFIX, SIDECAR_SUFFIX};
use crate::name::is_beside;
use crate::remake::sha256;
use crate::sidecar::{STREAM_KIND, Sidecar};
use crate::{Actor, Archive, ArchiveError, ReviewEntry, index, review};

/// Events whose entries are made at once.
const AT_ONCE: usize = 2048;

impl Archive {
    /// Begins the ledger: its first entry, the reviews that there are, and what is found of every event
    /// of the index. It is there as a whole or not at all.
    pub(super) fn begin_ledger(&self, writer: &mut Writer) -> Result<(), ArchiveError> {
        let by = self.actor().clone();
        let mut name = [0; 16];
        let path = self.layout().ledger();
        getrandom::fill(&mut name).map_err(|error| {
            let source = std::io::Error::other(error.to_string());
            ArchiveError::io(&path, "draw a random number for the ledger")(source)
        })?;
        let name: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
        let reviews = self.earlier_reviews(writer)?;
        let ids = index::ids(&writer.connection).map_err(|source| self.index_failed(source))?;
        let begin = Draft::new(Action::Begin, by.clone())
            .with("archive", name)
            .with("found", ids.len() as u64)
            .with("reviews", reviews.len() as u64);
        let mut drafts = vec![begin];
        for (review, is_intact) in &reviews {
            let place = (review.serial.as_str(), review.filename.as_str());
            let draft = Draft::of(Action::Review, by.clone(), review.event_id, place.0, place.1);
            let draft = draft.with("review", review_member(review, true));
            drafts.push(match is_intact {
                true => draft,
                false => draft.with("note", "its line in the review log had been altered"),
            });
        }
        // Staged in parts: it may be as large as all sidecars together.
        let staged = crate::journal::stage(self.files(), self.layout(), &path, b"")?;
        let temporary = self.layout().root().join(staged.temporary());
        let mut offset = 0;
        let mut write = |lines: &Lines| -> Result<(), ArchiveError> {
            let mut text = String::new();
            lines.texts().for_each(|line| {
                text.push_str(line);
                text.push('\n');
            });
            let written = self.files().extend(&temporary, offset, text.as_bytes());
            written.map_err(ArchiveError::io(&path, "write the ledger"))?;
            offset += text.len() as u64;
            Ok(())
        };
        let written = (|| {
            let mut lines = Lines::new(End::EMPTY);
            drafts.into_iter().for_each(|draft| lines.push(draft, None));
            write(&lines)?;
            let mut end = lines.end;
            let mut last = lines.of_events;
            for some in ids.chunks(AT_ONCE) {
                let mut lines = Lines::new(end);
                for draft in self.found(&writer.connection, some, &by)? {
                    let earlier =
                        draft.event.as_ref().and_then(|event| last.get(&event.id)).copied();
                    lines.push(draft, earlier);
                }
                write(&lines)?;
                end = lines.end;
                last.extend(lines.of_events);
            }
            Ok(())
        })();
        if let Err(error) = written {
            crate::journal::discard(self.files(), self.layout(), vec![staged]);
            return Err(error);
        }
        staged.publish(self.files(), self.layout())?;
        self.learn_ledger(writer).map(drop)
    }

    /// The reviews of the log of earlier versions, and those that the index alone has, by their numbers;
    /// whether each is as it was written.
    fn earlier_reviews(&self, writer: &Writer) -> Result<Vec<(ReviewEntry, bool)>, ArchiveError> {
        let table = review::log(&writer.connection, None, usize::MAX);
        let table = table.map_err(|source| self.index_failed(source))?;
        let mut all: BTreeMap<i64, (ReviewEntry, bool)> =
            table.into_iter().map(|review| (review.number, (review, true))).collect();
        for (review, is_intact) in review::read_log(self)? {
            if is_intact || !all.contains_key(&review.number) {
                all.insert(review.number, (review, is_intact));
            }
        }
        Ok(all.into_values().collect())
    }

    /// Notes the events of the index that the ledger does not have: another program put them there.
    pub(crate) fn note_found(&self, writer: &mut Writer) -> Result<u64, ArchiveError> {
        let missing = tables::not_in_ledger(&writer.connection);
        let missing = missing.map_err(|source| self.index_failed(source))?;
        let by = self.actor().clone();
        for some in missing.chunks(AT_ONCE) {
            let drafts = self.found(&writer.connection, some, &by)?;
            self.note(writer, drafts)?;
        }
        Ok(missing.len() as u64)
    }

    /// What is found of events.
    fn found(
        &self,
        connection: &rusqlite::Connection,
        ids: &[i64],
        by: &Actor,
    ) -> Result<Vec<Draft>, ArchiveError> {
        let rows = ids.iter().map(|id| index::event(connection, *id));
        let rows: Vec<Option<EventRow>> =
            rows.collect::<rusqlite::Result<_>>().map_err(|source| self.index_failed(source))?;
        let found = rows.into_par_iter().flatten().map(|row| {
            let event = self.layout().event(&row.serial, &row.filename);
            let bytes = self.read_if_there(&event.sidecar())?;
            let read = bytes.and_then(|bytes| Some((Sidecar::parse(&bytes).ok()?, bytes)));
            let (sidecar, mut files) = match read {
                Some((sidecar, bytes)) => {
                    let files = files_of(&row.filename, &sidecar, Hash::of(&bytes));
                    (sidecar, files)
                }
                // What the index knows of it is all that there is.
                None => {
                    let sidecar = self.sidecar_from_index(&row)?;
                    let mut files = files_of(&row.filename, &sidecar, Hash::ZERO);
                    files.remove(&format!("{}{SIDECAR_SUFFIX}", row.filename));
                    (sidecar, files)
                }
            };
            self.hash_others(&row, &sidecar, &mut files)?;
            let mut draft =
                Draft::of(Action::Found, by.clone(), row.id, &row.serial, &row.filename);
            draft.files = files;
            Ok(draft.with("facts", facts_of(&sidecar)))
        });
        found.collect()
    }

    /// Hashes the files of an event of which no sum is noted.
    fn hash_others(
        &self,
        row: &EventRow,
        sidecar: &Sidecar,
        files: &mut BTreeMap<String, Hash>,
    ) -> Result<(), ArchiveError> {
        if sidecar.kind() == STREAM_KIND {
            return Ok(());
        }
        let event = self.layout().event(&row.serial, &row.filename);
        let source = sidecar.source();
        let mut names = vec![row.filename.clone(), format!("{}{HDF5_SUFFIX}", row.filename)];
        names.extend([source.txt_filename, source.a5_pickle_filename].into_iter().flatten());
        for name in names.into_iter().filter(|name| is_beside(name)) {
            if files.contains_key(&name) || name.ends_with(SIDECAR_SUFFIX) {
                continue;
            }
            if let Some(bytes) = self.read_if_there(&event.named(&name))?
                && let Ok(sum) = sha256(&bytes).parse()
            {
                files.insert(name, sum);
            }
        }
        Ok(())
    }
}
