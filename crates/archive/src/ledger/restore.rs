//! A damaged ledger, put back as far as its hashes allow it.
//!
//! Each line has the hash of the line before it, and the index has the hashes of all. A line whose hash
//! is not the one that is known is damaged: one flipped bit is found by trying; otherwise a line that
//! stands for it by its hash takes its place, so that the tree, and every head and proof of it, stay good.

use std::collections::HashMap;

use serde_json::json;
use wavekeep_custody::merkle::{Nodes, leaf_hash};
use wavekeep_custody::{Action, Entry, Hash, hash_of_line, lost_line};

use super::tables::{self, Stored};
use super::{Draft, End, check_line};
use crate::archive::Writer;
use crate::journal::stage;
use crate::{Archive, ArchiveError};

/// Longest line in which a flipped bit is looked for: each of its bits is one try.
const TRIED_BYTES: usize = 64 << 10;
/// Lines in which a flipped bit is looked for.
const TRIED_LINES: usize = 200;

/// What became of a damaged ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RestoredLedger {
    /// Entries that were damaged and are as they were.
    pub corrected: Vec<u64>,
    /// Entries whose text is lost.
    pub lost: Vec<u64>,
}

impl Archive {
    /// Writes the ledger again from what is left of it and what the index knows of it; the old one is
    /// expected to be kept aside. The caller holds the lock, and has not followed the ledger.
    pub(crate) fn restore_ledger(
        &self,
        writer: &mut Writer,
    ) -> Result<RestoredLedger, ArchiveError> {
        let path = self.layout().ledger();
        let bytes = self.read_if_there(&path)?.unwrap_or_default();
        let lines: Vec<&[u8]> =
            bytes.split(|byte| *byte == b'\n').filter(|l| !l.is_empty()).collect();
        let by_hash: HashMap<Hash, &[u8]> =
            lines.iter().map(|line| (hash_of_line(line), *line)).collect();
        let expected = self.expected_hashes(writer, &lines)?;
        let mut damaged: Vec<&[u8]> = {
            let known: std::collections::HashSet<&Hash> = expected.iter().collect();
            lines.iter().copied().filter(|line| !known.contains(&hash_of_line(line))).collect()
        };
        damaged.truncate(TRIED_LINES);
        let mut restored = RestoredLedger::default();
        let (mut text, mut end) = (Vec::with_capacity(bytes.len()), End::EMPTY);
        for (number, hash) in (1..).zip(&expected) {
            let line = match by_hash.get(hash) {
                Some(line) => line.to_vec(),
                None => match corrected(&damaged, hash) {
                    Some(line) => {
                        restored.corrected.push(number);
                        line
                    }
                    None => {
                        restored.lost.push(number);
                        lost_line(number, hash).into_bytes()
                    }
                },
            };
            // One that says what no program writes is kept by its hash alone.
            let line = match check_line(&end, &line) {
                Ok(_) => line,
                Err(_) => {
                    restored.lost.push(number);
                    lost_line(number, hash).into_bytes()
                }
            };
            end = end.behind(&line);
            text.extend_from_slice(&line);
            text.push(b'\n');
        }
        // What the index did not know yet goes on from there, or is none of it.
        let mut is_further = false;
        for line in &lines {
            is_further |= matches!(check_line(&end, line), Ok(Some(_)));
            if is_further && check_line(&end, line).is_ok() {
                end = end.behind(line);
                text.extend_from_slice(line);
                text.push(b'\n');
            }
        }
        if text.is_empty() {
            return Ok(restored);
        }
        stage(self.files(), self.layout(), &path, &text)?.publish(self.files(), self.layout())?;
        self.commit(writer, |transaction| tables::clear(transaction))?;
        self.learn_ledger(writer)?;
        let draft = Draft::new(Action::Repair, self.actor().clone())
            .with("corrected", json!(restored.corrected))
            .with("lost", json!(restored.lost));
        self.note(writer, vec![draft])?;
        Ok(restored)
    }

    /// The leaf hashes of the ledger: those that the index has, or, where its own tree does not hold
    /// together, those that the lines give for each other.
    fn expected_hashes(&self, writer: &Writer, lines: &[&[u8]]) -> Result<Vec<Hash>, ArchiveError> {
        let failed = |source| self.index_failed(source);
        let end = tables::end(&writer.connection).unwrap_or(End::EMPTY);
        let stored = Stored(&writer.connection);
        let mut of_index = Vec::new();
        for place in 0..end.entries {
            of_index.push(stored.node(0, place).map_err(failed)?);
        }
        let tree = wavekeep_custody::merkle::Tree::of(of_index.iter().copied());
        let root = wavekeep_custody::merkle::root(&stored, end.entries).map_err(failed)?;
        // Either could be damaged: the lines bear witness to each other's hashes.
        let by_line = lines.iter().map(|line| leaf_hash(line));
        let known: std::collections::HashSet<Hash> = by_line.collect();
        let shared = of_index.iter().filter(|hash| known.contains(hash)).count();
        let holds = tree.root(end.entries) == root && (shared > 0 || lines.is_empty());
        let mut expected = if holds { of_index } else { Vec::new() };
        // Behind what the index knows, each line is what the next one says that it was.
        let last = expected.last();
        let known_lines = lines.iter().rposition(|line| Some(&hash_of_line(line)) == last);
        let behind = known_lines.map_or(expected.len(), |at| at + 1).min(lines.len());
        for (at, line) in lines.iter().enumerate().skip(behind) {
            let next = lines.get(at + 1).and_then(|next| Entry::parse(next).ok());
            let follows = Entry::parse(line).is_ok_and(|entry| {
                entry.entry == expected.len() as u64 + 1
                    && entry.previous == expected.last().copied().unwrap_or(Hash::ZERO)
            });
            match next.filter(|next| next.entry == expected.len() as u64 + 2) {
                Some(next) => expected.push(next.previous),
                None if follows => expected.push(leaf_hash(line)),
                None => break,
            }
        }
        Ok(expected)
    }
}

/// The line that has a hash, out of damaged ones: with one bit flipped back, be it a bit of the line, one
/// that took its end away, or one that put an end into it.
fn corrected(damaged: &[&[u8]], hash: &Hash) -> Option<Vec<u8>> {
    let joined = damaged
        .windows(2)
        .flat_map(|pair| (0..8).map(move |bit| [pair[0], &[b'\n' ^ (1 << bit)], pair[1]].concat()));
    let found = joined.into_iter().find(|line| leaf_hash(line) == *hash);
    found.or_else(|| damaged.iter().find_map(|line| of_one(line, hash)))
}

fn of_one(line: &[u8], hash: &Hash) -> Option<Vec<u8>> {
    if line.len() > TRIED_BYTES {
        return None;
    }
    let mut tried = line.to_vec();
    for at in 0..tried.len() {
        for bit in 0..8 {
            tried[at] ^= 1 << bit;
            if leaf_hash(&tried) == *hash {
                return Some(tried);
            }
            tried[at] ^= 1 << bit;
        }
        let parts = [&line[..at], &line[at + 1..]];
        if let Some(part) = parts.into_iter().find(|part| leaf_hash(part) == *hash) {
            return Some(part.to_vec());
        }
    }
    None
}
