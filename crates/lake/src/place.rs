//! Where a lake is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use wavekeep_archive::Archive;

use crate::LakeError;
use crate::store::{Bucket, Folder, Store};

/// Where a lake is: a folder, or a prefix in a bucket of S3.
///
/// ```
/// use wavekeep_lake::Place;
///
/// let place: Place = "s3://company/vibration/".parse()?;
/// assert_eq!(place.to_string(), "s3://company/vibration");
/// assert!("gs://company/vibration".parse::<Place>().is_err());
/// # Ok::<(), wavekeep_lake::LakeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder. It is made when there is none.
    Folder(PathBuf),
    /// A bucket of S3, or of a server that speaks its protocol. Endpoint, region and keys come from the
    /// usual `AWS_…` variables of the environment.
    Bucket {
        /// The bucket, which must exist.
        bucket: String,
        /// The names of all objects begin with it and a slash; empty for the whole bucket.
        prefix: String,
    },
}

impl FromStr for Place {
    type Err = LakeError;

    fn from_str(url: &str) -> Result<Self, LakeError> {
        let wrong =
            |reason: &str| LakeError::Place { url: url.to_owned(), reason: reason.to_owned() };
        if url.is_empty() {
            return Err(wrong("it is empty"));
        }
        let Some((scheme, rest)) = url.split_once("://") else {
            return Ok(Self::Folder(PathBuf::from(url)));
        };
        match scheme {
            "s3" => {
                let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                let prefix = prefix.trim_end_matches('/');
                if bucket.is_empty() {
                    return Err(wrong("it names no bucket"));
                }
                if rest.contains(['?', '#', '@', '\\']) || rest.contains(char::is_control) {
                    return Err(wrong(
                        "keys and options come from AWS_… variables, not from the URL",
                    ));
                }
                let is_part = |part: &str| !matches!(part, "" | "." | "..");
                if !prefix.is_empty() && !prefix.split('/').all(is_part) {
                    return Err(wrong("a part of its prefix is empty, `.` or `..`"));
                }
                Ok(Self::Bucket { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
            }
            "file" if rest.starts_with('/') => Ok(Self::Folder(PathBuf::from(rest))),
            "file" => Err(wrong("a file:// URL names a folder of this machine: file:///srv/lake")),
            other => Err(wrong(&format!("{other}:// is not supported"))),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Bucket { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::Bucket { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

impl Place {
    /// The files or objects there, for this process alone where the system can see to that.
    pub(crate) fn open(&self, archive: &Archive) -> Result<Box<dyn Store>, LakeError> {
        match self {
            Self::Folder(folder) => {
                if is_within(folder, archive.layout().root()) {
                    return Err(LakeError::InsideArchive { place: self.to_string() });
                }
                Ok(Box::new(Folder::open(folder)?))
            }
            Self::Bucket { bucket, prefix } => Ok(Box::new(Bucket::open(bucket, prefix)?)),
        }
    }
}

/// Whether a folder, which need not exist, is inside another one.
fn is_within(folder: &Path, root: &Path) -> bool {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let existing = absolute.ancestors().find_map(|parent| std::fs::canonicalize(parent).ok());
    existing.is_some_and(|existing| existing.starts_with(root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_folder_or_a_prefix_in_a_bucket() {
        for (url, shown) in [
            ("lake", "lake"),
            ("/srv/lake", "/srv/lake"),
            ("file:///srv/lake", "/srv/lake"),
            ("s3://bucket", "s3://bucket"),
            ("s3://bucket/", "s3://bucket"),
            ("s3://bucket/a/b/", "s3://bucket/a/b"),
        ] {
            assert_eq!(url.parse::<Place>().unwrap().to_string(), shown, "{url}");
        }
    }

    #[test]
    fn a_url_that_no_lake_can_be_at_is_refused() {
        for url in [
            "",
            "s3://",
            "s3:///x",
            "s3://b//x",
            "s3://b/../x",
            "s3://key:secret@b/x",
            "s3://b/x?region=eu",
            "gs://b/x",
            "https://b/x",
            "file://host/x",
        ] {
            assert!(url.parse::<Place>().is_err(), "{url}");
        }
    }
}
