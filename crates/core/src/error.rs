//! Why bytes could not become a recording, by what the caller can do about it.

use std::borrow::Cow;

/// `Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why bytes could not become a recording (or a recording could not become bytes).
///
/// Damage that a decoder survives is not an error: it stands in the [`Report`](crate::Report) of
/// the recording.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes belong to another format: try another one.
    #[error("not a {format}: expected {expected}, found {found}")]
    NotThisFormat {
        /// The format that was tried.
        format: &'static str,
        /// What its files begin with.
        expected: Cow<'static, str>,
        /// What stands there.
        found: String,
    },
    /// The format is right but its content contradicts the format: get another copy of the file.
    #[error("{field} at byte {offset}: expected {expected}, found {found}")]
    Malformed {
        /// Offset of the field from the beginning of the file.
        offset: u64,
        /// The field, by its name in the format's page.
        field: Cow<'static, str>,
        /// What the format asks for.
        expected: Cow<'static, str>,
        /// What stands there.
        found: String,
    },
    /// Understood, but not something that this program reads or writes.
    #[error("{what} is not supported: {advice}")]
    Unsupported {
        /// What was met.
        what: String,
        /// What to do instead.
        advice: String,
    },
    /// Reading stopped: try again, or get another copy of the file.
    #[error("reading stopped at byte {offset}: {reason}")]
    Read {
        /// How far reading came.
        offset: u64,
        /// What the system says.
        reason: String,
    },
    /// A safety limit was reached: raise it if the file can be trusted.
    #[error("{what} is {found}, over the limit of {limit} ({raise})")]
    Limit {
        /// What was counted, with its unit.
        what: Cow<'static, str>,
        /// The limit in force.
        limit: u64,
        /// What the file asks for.
        found: u64,
        /// How the limit is raised.
        raise: &'static str,
    },
}

impl Error {
    /// A short stable word for programs: `not_this_format`, `malformed`, `unsupported`, `limit`, `read`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotThisFormat { .. } => "not_this_format",
            Self::Malformed { .. } => "malformed",
            Self::Unsupported { .. } => "unsupported",
            Self::Limit { .. } => "limit",
            Self::Read { .. } => "read",
        }
    }

    /// Where in the file, when the error has a place.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::Malformed { offset, .. } | Self::Read { offset, .. } => Some(*offset),
            _ => None,
        }
    }
}
