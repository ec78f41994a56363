//! When tokens were last used. A server keeps it in memory and writes it now and then: what is lost with the
//! power is a minute.

use std::collections::BTreeMap;

use crate::journal::stage_private;
use crate::{Archive, ArchiveError};

/// Largest file that is read, in bytes.
const MOST_BYTES: u64 = 16 << 20;

impl Archive {
    /// When tokens were last used, in UTC, by the SHA-256 of the token. A file that cannot be understood is as
    /// none.
    ///
    /// # Errors
    /// What the system says.
    pub fn token_uses(&self) -> Result<BTreeMap<String, String>, ArchiveError> {
        let path = self.layout().token_uses();
        let len = self.files().len(&path).map_err(ArchiveError::io(&path, "look at the file"))?;
        if len.is_none_or(|len| len > MOST_BYTES) {
            return Ok(BTreeMap::new());
        }
        let bytes = self.files().read(&path).map_err(ArchiveError::io(&path, "read the file"))?;
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// Keeps when tokens were used: the latest of what is kept and what is given, of tokens that there are.
    ///
    /// # Errors
    /// What the system says.
    pub fn note_token_uses(&self, uses: &BTreeMap<String, String>) -> Result<(), ArchiveError> {
        // Several servers may have an archive open.
        self.with_lock_as_it_is(|_| {
            let mut all = self.token_uses()?;
            for (token, at) in uses {
                let latest = all.entry(token.clone()).or_default();
                if *latest < *at {
                    latest.clone_from(at);
                }
            }
            let tokens = self.tokens()?;
            all.retain(|token, _| tokens.iter().any(|entry| entry.sha256 == *token));
            let path = self.layout().token_uses();
            let mut text = serde_json::to_vec_pretty(&all)
                .map_err(|error| ArchiveError::io(&path, "write the file")(error.into()))?;
            text.push(b'\n');
            let staged = stage_private(self.files(), self.layout(), &path, &text)?;
            staged.publish(self.files(), self.layout())
        })
    }
}
