//! Who is signed in to a server by an identity provider: a server keeps it here, so that people stay signed
//! in over a restart. Of the secret that a browser has, only the hash is kept.

use serde::{Deserialize, Serialize};

use crate::journal::stage_private;
use crate::{Archive, ArchiveError};

/// Largest file that is read, in bytes.
const MOST_BYTES: u64 = 16 << 20;

/// Somebody whom an identity provider signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// SHA-256, in hexadecimal, of the secret that the browser has.
    pub sha256: String,
    /// The name that reviews carry.
    pub user: String,
    /// The user's groups at that time, as far as the server gave them a role.
    pub groups: Vec<String>,
    /// The provider and the name by which it knows the server: another one signed nobody in.
    pub provider: String,
    /// From when on the user has to sign in again, in seconds since 1970.
    pub ends_at_s: i64,
}

impl Archive {
    /// Those who are signed in, or were until their time was over. A file that cannot be understood is as
    /// none: they sign in again.
    ///
    /// # Errors
    /// What the system says.
    pub fn signed_in(&self) -> Result<Vec<SignedIn>, ArchiveError> {
        let path = self.layout().signed_in();
        let len = self.files().len(&path).map_err(ArchiveError::io(&path, "look at the file"))?;
        if len.is_none_or(|len| len > MOST_BYTES) {
            return Ok(Vec::new());
        }
        let bytes = self.files().read(&path).map_err(ArchiveError::io(&path, "read the file"))?;
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// Changes the list of those who are signed in. Several servers may have an archive open: `change` is
    /// given what all of them keep.
    ///
    /// # Errors
    /// What the system says; nothing was changed then.
    pub fn change_signed_in(
        &self,
        change: impl FnOnce(&mut Vec<SignedIn>),
    ) -> Result<(), ArchiveError> {
        self.with_lock_as_it_is(|_| {
            let mut all = self.signed_in()?;
            change(&mut all);
            let path = self.layout().signed_in();
            let mut text = serde_json::to_vec(&all)
                .map_err(|error| ArchiveError::io(&path, "write the file")(error.into()))?;
            text.push(b'\n');
            let staged = stage_private(self.files(), self.layout(), &path, &text)?;
            staged.publish(self.files(), self.layout())
        })
    }
}
