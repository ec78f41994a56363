//! Verification by parts: all events within so many nights, and what was found.

use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use super::{Finding, VerifyOptions};
use crate::journal::stage;
use crate::{Archive, ArchiveError};

/// Runs that are kept.
const MOST_RUNS: usize = 100;
/// Findings of a run that are kept.
const MOST_FINDINGS: usize = 100;
/// Largest file that is read, in bytes.
const MOST_BYTES: u64 = 16 << 20;

/// A part of the archive that was verified.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VerifiedPart {
    /// When it was begun, in UTC.
    pub begun: String,
    /// When it ended, in UTC.
    pub ended: String,
    /// Which part, from 1.
    pub part: u32,
    /// Of how many.
    pub of: u32,
    /// Events that were verified.
    pub events: u64,
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many findings there were.
    pub findings: u64,
    /// The first of them, in sentences that begin with the path.
    pub first_findings: Vec<String>,
}

impl Archive {
    /// Verifies the next part of `of`, until `stop` is set, and keeps what was found, where the archive can
    /// be written to. Index, ledger and tokens are verified whole each time. `kept` are the runs before.
    ///
    /// # Errors
    /// As [`verify_until`](Self::verify_until).
    pub fn verify_next_part(
        &self,
        of: u32,
        kept: &[VerifiedPart],
        stop: &AtomicBool,
    ) -> Result<VerifiedPart, ArchiveError> {
        let of = of.max(1);
        let before = kept.last().filter(|run| run.of == of).map_or(0, |run| run.part);
        let part = before % of + 1;
        let begun = crate::now();
        let options = VerifyOptions::default().with_part(Some((part - 1, of)));
        let found = self.verify_until(None, options, &|_, _| {}, stop)?;
        let sentence =
            |finding: &Finding| format!("{}: {}", finding.path.display(), finding.message);
        let run = VerifiedPart {
            begun,
            ended: crate::now(),
            part,
            of,
            events: found.events,
            files: found.files,
            bytes: found.bytes,
            findings: found.findings.len() as u64,
            first_findings: found.findings.iter().take(MOST_FINDINGS).map(sentence).collect(),
        };
        if !self.is_read_only() {
            self.keep_verified(kept, &run)?;
        }
        Ok(run)
    }

    /// The parts that were verified, the latest at the end. A file that cannot be understood is as none: it
    /// says nothing of the archive.
    ///
    /// # Errors
    /// What the system says.
    pub fn verified_parts(&self) -> Result<Vec<VerifiedPart>, ArchiveError> {
        let path = self.layout().verifications();
        let len = self.files().len(&path).map_err(ArchiveError::io(&path, "look at the file"))?;
        if len.is_none_or(|len| len > MOST_BYTES) {
            return Ok(Vec::new());
        }
        let bytes = self.files().read(&path).map_err(ArchiveError::io(&path, "read the file"))?;
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    fn keep_verified(&self, kept: &[VerifiedPart], run: &VerifiedPart) -> Result<(), ArchiveError> {
        let first = (kept.len() + 1).saturating_sub(MOST_RUNS);
        let all: Vec<&VerifiedPart> = kept.iter().chain([run]).skip(first).collect();
        let path = self.layout().verifications();
        let mut text = serde_json::to_vec_pretty(&all)
            .map_err(|error| ArchiveError::io(&path, "write the file")(error.into()))?;
        text.push(b'\n');
        stage(self.files(), self.layout(), &path, &text)?.publish(self.files(), self.layout())
    }
}
