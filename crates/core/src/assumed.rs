//! A value and who stated it.

use serde::Serialize;

/// Who stated a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The recording itself states it.
    File,
    /// The name of the file states it.
    FileName,
    /// The vendor's report that belongs to the recording states it.
    Report,
    /// The caller stated it (an option of the program, an argument of a function).
    Option,
    /// Nobody stated it: a default was taken.
    Assumed,
}

/// A value that a recording may not hold itself, together with who stated it.
///
/// It is stored and shown with its [`Basis`] everywhere, so that a default never looks like a
/// fact.
///
/// ```
/// use wavekeep_core::{Assumed, Basis};
///
/// let rate_hz = Assumed::by_default(1024.0);
/// assert!(rate_hz.is_assumed());
/// assert_eq!(rate_hz.or_stated(Some(2048.0), Basis::Report).value, 2048.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Assumed<T> {
    /// The value.
    pub value: T,
    /// Who stated it.
    pub basis: Basis,
}

impl<T> Assumed<T> {
    /// A default that nobody stated.
    pub const fn by_default(value: T) -> Self {
        Self { value, basis: Basis::Assumed }
    }

    /// A value that `basis` states.
    pub const fn stated(value: T, basis: Basis) -> Self {
        Self { value, basis }
    }

    /// Whether nobody stated the value.
    pub fn is_assumed(&self) -> bool {
        self.basis == Basis::Assumed
    }

    /// `stated` when there is one, otherwise `self`.
    #[must_use]
    pub fn or_stated(self, stated: Option<T>, basis: Basis) -> Self {
        match stated {
            Some(value) => Self { value, basis },
            None => self,
        }
    }
}
