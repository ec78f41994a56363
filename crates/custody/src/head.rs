//! Heads: how large a ledger was at a moment, and the root of its tree.
//!
//! A head is a short text. Anyone who holds one can prove later that the ledger only grew since; who holds
//! the blocks in it too can say where it did not.
//!
//! ```text
//! wavekeep head 1
//! archive 0f6f3a0c9b6e4d1f8f0a5b7c3d2e1f00
//! size 52
//! root 3b1d…
//! time 2026-11-28T13:20:00Z
//! blocks 1
//!   5a0c9b6e4d1f8f0a 0f6f3a0c9b6e4d1f …
//! ```

use std::fmt;
use std::str::FromStr;

use crate::Hash;
use crate::merkle::{Nodes, root};

/// Most blocks of a head: each has the first 8 bytes of the hash of a complete subtree.
const MOST_BLOCKS: u64 = 256;
/// Blocks in a line.
const PER_LINE: usize = 4;
/// Longest text that is read as a head.
const MOST_BYTES: usize = 64 << 10;
const TITLE: &str = "wavekeep head ";

/// A head.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Head {
    /// Which archive's ledger it is of: 32 hexadecimal digits. Empty where only size and root are known.
    pub archive: String,
    /// Number of entries.
    pub size: u64,
    /// The root of their tree.
    pub root: Hash,
    /// When it was taken, in UTC, by the clock of the machine.
    pub time: String,
    /// Where another ledger differs.
    pub blocks: Option<Blocks>,
}

/// The hashes of complete subtrees, shortened: they say where two ledgers differ, and prove nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blocks {
    /// Each is over `1 << level` entries.
    pub level: u32,
    /// The first 8 bytes of their hashes.
    pub starts: Vec<[u8; 8]>,
}

/// Why a text is no head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// Something else.
    #[error("line {line} of a head: {expected} was expected, found {found:?}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
        /// What does.
        found: String,
    },
    /// A newer program wrote it.
    #[error("a head of version {found}: this program knows version 1, use a newer one")]
    Newer {
        /// Its version.
        found: String,
    },
    /// Too long to be one.
    #[error("{bytes} bytes are no head: at most {MOST_BYTES} were expected")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

impl Head {
    /// The head of a tree over `size` leaves.
    ///
    /// # Errors
    /// Why a node could not be read.
    pub fn of<N: Nodes>(
        archive: String,
        nodes: &N,
        size: u64,
        time: String,
    ) -> Result<Self, N::Error> {
        let mut level = 0;
        while size >> level > MOST_BLOCKS {
            level += 1;
        }
        let starts = (0..size >> level).map(|place| Ok(start_of(&nodes.node(level, place)?)));
        let blocks = Blocks { level, starts: starts.collect::<Result<_, _>>()? };
        Ok(Self { archive, size, root: root(nodes, size)?, time, blocks: Some(blocks) })
    }

    /// Without the blocks: what is printed.
    #[must_use]
    pub fn short(&self) -> Self {
        Self { blocks: None, ..self.clone() }
    }

    /// The entries, from 1, in which a ledger of `size` entries differs from this head's, as far as the
    /// blocks say: first and last of each range. Entries behind the last whole block are in no block.
    ///
    /// # Errors
    /// Why a node could not be read.
    pub fn differing<N: Nodes>(&self, nodes: &N, size: u64) -> Result<Vec<(u64, u64)>, N::Error> {
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        let Some(blocks) = &self.blocks else { return Ok(ranges) };
        for (place, start) in (0..size >> blocks.level).zip(&blocks.starts) {
            if start_of(&nodes.node(blocks.level, place)?) == *start {
                continue;
            }
            let (first, last) = ((place << blocks.level) + 1, (place + 1) << blocks.level);
            match ranges.last_mut() {
                Some((_, before)) if *before + 1 == first => *before = last,
                _ => ranges.push((first, last)),
            }
        }
        Ok(ranges)
    }
}

fn start_of(hash: &Hash) -> [u8; 8] {
    let mut start = [0; 8];
    start.copy_from_slice(&hash.0[..8]);
    start
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{TITLE}1")?;
        writeln!(f, "archive {}", self.archive)?;
        writeln!(f, "size {}", self.size)?;
        writeln!(f, "root {}", self.root)?;
        writeln!(f, "time {}", self.time)?;
        let Some(blocks) = &self.blocks else { return Ok(()) };
        writeln!(f, "blocks {}", 1u64 << blocks.level)?;
        for line in blocks.starts.chunks(PER_LINE) {
            f.write_str(" ")?;
            for start in line {
                f.write_str(" ")?;
                start.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
            }
            f.write_str("\n")?;
        }
        Ok(())
    }
}

impl FromStr for Head {
    type Err = HeadError;

    /// Reads a head, or `SIZE:ROOT` as it is printed.
    fn from_str(text: &str) -> Result<Self, HeadError> {
        if text.len() > MOST_BYTES {
            return Err(HeadError::TooLong { bytes: text.len() });
        }
        if let Some((size, root)) = text.trim().split_once(':')
            && let (Ok(size), Ok(root)) = (size.parse(), root.parse())
        {
            let (archive, time) = (String::new(), String::new());
            return Ok(Self { archive, size, root, time, blocks: None });
        }
        // Editors and mail programs change the ends of lines.
        let mut lines = text.lines().map(str::trim_end).enumerate();
        let mut next = |name: &str, expected: &'static str| {
            let (at, line) = lines.next().unwrap_or((text.lines().count(), ""));
            let wrong = || HeadError::Malformed { line: at + 1, expected, found: shortened(line) };
            line.strip_prefix(name).map(|value| (value.to_owned(), wrong())).ok_or_else(wrong)
        };
        let (version, _) = next(TITLE, "\"wavekeep head 1\"")?;
        if version != "1" {
            return Err(HeadError::Newer { found: shortened(&version) });
        }
        let (archive, wrong) = next("archive ", "\"archive\" and 32 hexadecimal digits")?;
        if archive.len() != 32 || !archive.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong);
        }
        let (size, wrong) = next("size ", "\"size\" and a number")?;
        let size: u64 = size.parse().map_err(|_| wrong)?;
        let (root, wrong) = next("root ", "\"root\" and 64 hexadecimal digits")?;
        let root = root.parse().map_err(|_| wrong)?;
        let (time, _) = next("time ", "\"time\" and a moment in UTC")?;
        let rest: Vec<(usize, &str)> = lines.filter(|(_, line)| !line.is_empty()).collect();
        let blocks = blocks(size, &rest)?;
        Ok(Self { archive, size, root, time, blocks })
    }
}

fn blocks(size: u64, lines: &[(usize, &str)]) -> Result<Option<Blocks>, HeadError> {
    let Some(((at, first), lines)) = lines.split_first() else { return Ok(None) };
    let malformed = |at: usize, line: &str, expected| HeadError::Malformed {
        line: at + 1,
        expected,
        found: shortened(line),
    };
    let width = first.strip_prefix("blocks ").and_then(|width| width.parse::<u64>().ok());
    let Some(width) = width.filter(|width| width.is_power_of_two()) else {
        return Err(malformed(*at, first, "\"blocks\" and a power of two, or the end"));
    };
    let mut starts = Vec::new();
    for (at, line) in lines {
        for word in line.split_ascii_whitespace() {
            let start = u64::from_str_radix(word, 16).ok().filter(|_| word.len() == 16);
            let expected = "hashes of 16 hexadecimal digits";
            starts.push(start.ok_or_else(|| malformed(*at, line, expected))?.to_be_bytes());
        }
    }
    if starts.len() as u64 != size / width {
        let at = lines.last().map_or(*at, |(at, _)| *at);
        return Err(malformed(at, &format!("{} hashes", starts.len()), "a hash for each block"));
    }
    Ok(Some(Blocks { level: width.trailing_zeros(), starts }))
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}
