//! Pictures of plans against their sums in the ledger.

use wavekeep_custody::Hash;

use super::{FindingKind, Verification};
use crate::layout::TEMPORARY_PREFIX;
use crate::{Archive, ArchiveError};

impl Archive {
    pub(super) fn verify_plans(&self, found: &mut Verification) -> Result<(), ArchiveError> {
        self.while_nobody_writes(|| {
            let (named, others) = self.plan_files()?;
            for (path, sum) in named {
                let shown = self.relative(&path);
                match self.read_if_there(&path) {
                    Ok(Some(bytes)) => {
                        found.files += 1;
                        found.bytes += bytes.len() as u64;
                        if Hash::of(&bytes).to_string() != sum {
                            let message = "the picture of a plan has other bytes than those that \
                                were set: take it from a backup, or set the plan again";
                            found.finding(shown, FindingKind::FileDiffers, message);
                        }
                    }
                    Ok(None) => {
                        let message = "the picture of a plan is gone: take it from a backup, or set \
                            the plan again";
                        found.finding(shown, FindingKind::FileMissing, message);
                    }
                    Err(ArchiveError::Link { source, .. }) => {
                        found.finding(shown, FindingKind::Link, source.to_string());
                    }
                    Err(error) => return Err(error),
                }
            }
            for path in others {
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                match name.is_some_and(|name| name.starts_with(TEMPORARY_PREFIX)) {
                    true => found.leftover(self.relative(&path)),
                    false => found.others.push(self.relative(&path)),
                }
            }
            Ok(())
        })
    }
}
