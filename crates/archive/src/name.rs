//! Names that come from outside and become names of files and folders here.
//!
//! A name is taken as it is or refused with the reason; it is never restored, because a restored name
//! would pair with no report and give no serial number.

use std::fmt;

/// Longest name in bytes: file systems allow 255, and suffixes come behind it.
pub const NAME_BYTES: usize = 200;

/// Names that Windows gives to devices, whatever extension follows.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Ends of names that belong to the files beside an event.
const OURS: [&str; 4] = [".sfm.json", ".h5", ".gnz", ".a5.pkl"];

/// A name that cannot leave its folder, on any system.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SafeName(String);

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {name:?} cannot be stored: {why}")]
pub struct NameError {
    /// `the file name` or `the serial number`.
    pub what: &'static str,
    /// The name, cut where it is long.
    pub name: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl SafeName {
    /// The name of a source file.
    ///
    /// # Errors
    /// [`NameError`] when it could name another place, is a device, is too long, or ends like the
    /// files that the archive itself puts beside an event.
    pub fn file(name: &str) -> Result<Self, NameError> {
        let lower = name.to_lowercase();
        let ours = OURS.iter().any(|suffix| lower.ends_with(suffix));
        match fault(name).or(ours.then_some("it ends like a file that belongs to an event")) {
            Some(why) => Err(refused("the file name", name, why)),
            None => Ok(Self(name.to_owned())),
        }
    }

    /// The serial number of a unit or the name of a stream: a folder below the root.
    ///
    /// # Errors
    /// [`NameError`], as [`file`](Self::file).
    pub fn folder(name: &str) -> Result<Self, NameError> {
        match fault(name) {
            Some(why) => Err(refused("the serial number", name, why)),
            None => Ok(Self(name.to_owned())),
        }
    }

    /// Why an event cannot go to the folder of events whose unit is not known.
    pub(crate) fn refused_unit(serial: &str) -> NameError {
        refused("the serial number", serial, "it stands for units that are not known")
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name under which other bytes of the same name are kept: the first 8 digits of their
    /// SHA-256 behind the stem, so that the extension stays what it is.
    pub(crate) fn with_sha(&self, sha256: &str) -> Self {
        let short = sha256.get(..8).unwrap_or(sha256);
        Self(match self.0.rsplit_once('.') {
            Some((stem, extension)) => format!("{stem}-{short}.{extension}"),
            None => format!("{}-{short}", self.0),
        })
    }
}

impl fmt::Display for SafeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a name that a sidecar gives is that of a file beside it. Unlike [`SafeName::file`], the
/// archive's own suffixes are no fault.
pub(crate) fn is_beside(name: &str) -> bool {
    fault(name).is_none()
}

fn refused(what: &'static str, name: &str, why: &'static str) -> NameError {
    NameError { what, name: name.chars().take(80).collect(), why }
}

/// Why Windows has no file of this name, or another one than was meant: `nul.csv` is no file but a
/// device, `a.csv:b` a part of `a.csv` that no folder lists, and `a.csv.` is `a.csv`.
pub fn fault_on_windows(name: &str) -> Option<&'static str> {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let port = |prefix: &str| {
        let digits = stem.strip_prefix(prefix).unwrap_or_default();
        let mut digits = digits.chars();
        matches!((digits.next(), digits.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
    };
    if name.contains(['/', '\\', ':']) {
        Some("it contains a separator of folders or a drive letter")
    } else if name.contains(['*', '?', '"', '<', '>', '|']) {
        Some("it contains a character that not every file system allows")
    } else if name.ends_with(['.', ' ']) {
        Some("it ends with a blank or a dot")
    } else if DEVICES.contains(&stem.as_str()) || port("com") || port("lpt") {
        Some("it is the name of a device on Windows")
    } else {
        None
    }
}

fn fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("it is empty")
    } else if name.len() > NAME_BYTES {
        Some("it is longer than 200 bytes")
    } else if name.chars().any(invisible) {
        Some("it contains a control character or one that cannot be seen")
    } else if name.starts_with('.') {
        Some("it begins with a dot")
    } else if name.starts_with(' ') {
        Some("it begins with a blank")
    } else {
        fault_on_windows(name)
    }
}

/// Control characters, and those that hide or turn what a person reads.
fn invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}'
            | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::path::{Component, Path};

    use super::*;

    #[test]
    fn names_that_could_leave_the_folder_are_refused() {
        for name in [
            "",
            ".",
            "..",
            "../x",
            "a/b",
            "a\\b",
            "C:x",
            "C:\\x",
            "/etc/passwd",
            "\0",
            "a\nb",
            "a\u{202e}b",
            "nul",
            "NUL.txt",
            "con .a",
            "com1",
            "LPT9.0",
            "COM¹",
            "x.",
            "x ",
            " x",
            ".hidden",
            "a*b",
            "M529LKIQ.7M0W.sfm.json",
            "x.H5",
            "x.a5.pkl",
        ] {
            assert!(SafeName::file(name).is_err(), "{name:?}");
        }
        assert!(SafeName::file(&"x".repeat(201)).is_err());
        assert!(SafeName::folder("..").is_err());
    }

    #[test]
    fn real_names_are_taken_as_they_are() {
        for name in [
            "M529LKIQ.7M0W",
            "M529LIY6.N00",
            "UM11719_20231219162723.IDFW",
            "Größe 1",
            "地震",
            "comet.1",
            "a..b",
        ] {
            assert_eq!(SafeName::file(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn other_bytes_of_the_same_name_keep_their_extension() {
        let name = SafeName::file("M529LKIQ.7M0W").unwrap();
        assert_eq!(name.with_sha("0123456789abcdef").as_str(), "M529LKIQ-01234567.7M0W");
    }

    proptest! {
        #[test]
        fn whatever_is_taken_is_one_component_of_a_path(name in any::<String>()) {
            for taken in [SafeName::file(&name), SafeName::folder(&name)].into_iter().flatten() {
                let components: Vec<_> = Path::new(taken.as_str()).components().collect();
                prop_assert!(matches!(components[..], [Component::Normal(_)]));
                prop_assert_eq!(taken.as_str(), &name);
            }
        }
    }
}
