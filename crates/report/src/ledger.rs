//! The state of an archive's ledger, as the event page prints it.

use crate::language::Words;
use crate::text::one_line;

/// What the ledger of an archive has of an event, and its head. Printed on paper, both prove later what
/// stood in the archive on that day: they are never shortened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerState {
    /// Which archive's ledger it is: 32 hexadecimal digits.
    pub archive: String,
    /// Number of the event's latest entry.
    pub entry: u64,
    /// Hash of the leaf of that entry: 64 hexadecimal digits.
    pub leaf: String,
    /// When the head was taken, in UTC.
    pub time: String,
    /// Number of entries of the ledger.
    pub size: u64,
    /// Root of the ledger's tree: 64 hexadecimal digits.
    pub root: String,
}

impl LedgerState {
    /// The two lines at the foot of the page.
    pub(crate) fn lines(&self, words: &Words) -> [String; 2] {
        let Self { archive, entry, leaf, time, size, root } = self;
        let [archive, leaf, time, root] = [archive, leaf, time, root].map(|text| one_line(text));
        let entries = words.counted("ledger.entry_count", *size);
        [
            words.filled(
                "ledger.of_event",
                &[("archive", &archive), ("entry", entry), ("leaf", &leaf)],
            ),
            words.filled("ledger.head", &[("time", &time), ("entries", &entries), ("root", &root)]),
        ]
    }
}
