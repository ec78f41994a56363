//! Proofs of single events.

use std::collections::BTreeMap;

use wavekeep_custody::merkle::{inclusion, root};
use wavekeep_custody::proof::{Proof, ProofEntry};
use wavekeep_custody::{Entry, Hash, Head};

use super::tables::{self, Place, Stored};
use crate::layout::{EventFiles, GNZ_SUFFIX, HDF5_SUFFIX};
use crate::name::is_beside;
use crate::{Archive, ArchiveError};

impl Archive {
    /// A proof of what the ledger has of an event, without signature and time stamp: its entries up to
    /// `head`, or up to now, each with its path to the root, and the files that the last of them names
    /// and that are as it has them. Arrays are left out: they can be derived again.
    ///
    /// # Errors
    /// [`ArchiveError::NoEvent`] where the ledger has no entry of it up to the head;
    /// [`ArchiveError::NotOfThis`] when the head is none of this ledger.
    pub fn prove(&self, id: i64, head: Option<&Head>) -> Result<Proof, ArchiveError> {
        let head = match head {
            Some(head) => head.clone(),
            None => self.head()?,
        };
        let size = head.size;
        let (places, of_ledger) = self.ask(|connection| {
            let moment = connection.unchecked_transaction()?;
            let nodes = Stored(connection);
            let is_shorter = tables::end(connection)?.entries < size;
            let of_ledger = if is_shorter { None } else { Some(root(&nodes, size)?) };
            let mut places: Vec<(Place, Vec<Hash>)> = Vec::new();
            if of_ledger == Some(head.root) {
                for place in tables::of_event(connection, id)? {
                    if place.entry <= size {
                        places
                            .push((place, inclusion(&nodes, place.entry.saturating_sub(1), size)?));
                    }
                }
            }
            moment.commit()?;
            Ok((places, of_ledger))
        })?;
        if of_ledger != Some(head.root) {
            return Err(ArchiveError::NotOfThis { size });
        }
        let (mut entries, mut last) = (Vec::new(), None);
        for (place, path) in places {
            let line = self.ledger_line(&place)?;
            let entry = Entry::parse(&line);
            let entry = entry.map_err(|error| {
                self.ledger_wrong(&format!("entry {} cannot be read: {error}", place.entry))
            })?;
            let text = String::from_utf8_lossy(&line).into_owned();
            entries.push(ProofEntry { entry: place.entry, text, path });
            last = Some(entry);
        }
        let last = last.ok_or(ArchiveError::NoEvent { id })?;
        let event = last.event.clone().ok_or(ArchiveError::NoEvent { id })?;
        // Since the head it may have gone to another unit.
        let files = match self.read_at_place(id, |_, place| self.files_as(&last, place)) {
            Err(ArchiveError::NoEvent { .. }) => {
                self.files_as(&last, &self.layout().event(&event.serial, &event.filename))?
            }
            files => files?,
        };
        let head = head.to_string();
        Ok(Proof { event, entries, head, signature: None, stamp: None, files })
    }

    /// The files at a place that are as an entry has them, without arrays. One that changed since proves
    /// nothing.
    fn files_as(
        &self,
        entry: &Entry,
        place: &EventFiles,
    ) -> Result<BTreeMap<String, Vec<u8>>, ArchiveError> {
        let mut files = BTreeMap::new();
        for (name, sum) in &entry.files {
            if !is_beside(name) || name.ends_with(HDF5_SUFFIX) || name.ends_with(GNZ_SUFFIX) {
                continue;
            }
            if let Some(bytes) = self.read_if_there(&place.named(name))?
                && Hash::of(&bytes) == *sum
            {
                files.insert(name.clone(), bytes);
            }
        }
        Ok(files)
    }
}
