//! What a file's name says: `UM11719_20260714153012.IDFW`.

use std::fmt;

use wavekeep_core::{Error, UnitLocal};

/// What the ending of a name says that the file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// `.IDFW`: a waveform.
    Waveform,
    /// `.IDFH`: a histogram.
    Histogram,
    /// `.MLG`: a monitor log, no event.
    MonitorLog,
    /// `.IDFW.CDB`: a cache of the vendor's software, no event.
    Cache,
}

impl Ending {
    /// The endings, longest first.
    const ALL: [(Self, &'static str); 4] = [
        (Self::Cache, ".IDFW.CDB"),
        (Self::Waveform, ".IDFW"),
        (Self::Histogram, ".IDFH"),
        (Self::MonitorLog, ".MLG"),
    ];

    /// The ending of `name` without regard to case.
    pub fn of(name: &str) -> Option<Self> {
        let name = name.to_ascii_uppercase();
        Self::ALL.iter().find(|(_, ending)| name.ends_with(ending)).map(|(ending, _)| *ending)
    }

    /// The ending of a name that people have put something behind: `a.IDFW (1)`. A name that merely
    /// mentions a monitor log or a cache is none.
    pub(crate) fn within(name: &str) -> Option<Self> {
        Self::of(name).or_else(|| plain(name).map(|name| name.ending))
    }

    fn text(self) -> &'static str {
        Self::ALL.iter().find(|(ending, _)| *ending == self).map_or("", |(_, text)| text)
    }

    /// Why a file with this ending holds no event; `None` when it does.
    pub(crate) fn refusal(self) -> Option<Error> {
        let (what, advice) = match self {
            Self::Waveform | Self::Histogram => return None,
            Self::MonitorLog => (
                "a monitor log (.MLG)",
                "it lists when the unit was monitoring and holds no event; give the .IDFW and .IDFH files instead",
            ),
            Self::Cache => (
                "a cache of the vendor's software (.IDFW.CDB)",
                "it is made from the .IDFW file of the same name; give that one instead",
            ),
        };
        Some(Error::Unsupported { what: what.to_owned(), advice: advice.to_owned() })
    }
}

/// A name of the form `<SERIAL>_<YYYYMMDDHHMMSS>.<ending>`, taken apart.
///
/// ```
/// use wavekeep_thor::{Ending, ThorName};
///
/// let name: ThorName = "UM11719_20260714153012.IDFW".parse().unwrap();
/// assert_eq!(name.serial, "UM11719");
/// assert_eq!(name.start.to_string(), "2026-07-14 15:30:12");
/// assert_eq!(name.ending, Ending::Waveform);
/// assert_eq!(name.to_string(), "UM11719_20260714153012.IDFW");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ThorName {
    /// Serial number of the unit, as written.
    pub serial: String,
    /// Start by the unit's clock.
    pub start: UnitLocal,
    /// What the ending says.
    pub ending: Ending,
}

/// A name of another form. That is not an error of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name is not of the form <SERIAL>_<YYYYMMDDHHMMSS>.IDFW or .IDFH; it gives no serial number and no time"
)]
pub struct NotAThorName;

impl ThorName {
    /// The name of an event within one that people have put something in front of or behind:
    /// `20260610-SITE-UM11719_20260610115639.IDFW`, `UM11719_20260610115639.IDFW (1)`,
    /// `UM11719_20260610115639 (1).IDFW`.
    pub fn within(name: &str) -> Option<Self> {
        name.parse().ok().or_else(|| plain(name))
    }
}

/// The name without what people have put around it.
fn plain(name: &str) -> Option<ThorName> {
    let upper = name.to_ascii_uppercase();
    let in_digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    upper.match_indices('_').find_map(|(at, _)| {
        let start = moment(name.get(at + 1..at + 15)?)?;
        let behind = &upper[at + 15..];
        let serial_at = upper[..at].rfind(|c: char| !c.is_ascii_alphanumeric());
        let serial = &name[serial_at.map_or(0, |at| at + 1)..at];
        // A copy is numbered in front of the point, too; other digits would be part of the time.
        let point = behind.find(".IDF").filter(|point| in_digits(behind) == 0 && *point <= 24)?;
        let ending = match behind.as_bytes().get(point + 4)? {
            b'W' => Ending::Waveform,
            b'H' => Ending::Histogram,
            _ => return None,
        };
        let rest = &behind[point + 5..];
        let is_joined = rest.starts_with(|c: char| c.is_alphanumeric() || c == '.');
        let fits = !serial.is_empty() && !is_joined;
        fits.then(|| ThorName { serial: serial.to_owned(), start, ending })
    })
}

impl std::str::FromStr for ThorName {
    type Err = NotAThorName;

    fn from_str(name: &str) -> Result<Self, NotAThorName> {
        let ending = Ending::of(name).ok_or(NotAThorName)?;
        let stem = &name[..name.len() - ending.text().len()];
        let (serial, digits) = stem.rsplit_once('_').ok_or(NotAThorName)?;
        let serial_fits =
            !serial.is_empty() && serial.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let start = moment(digits).filter(|_| serial_fits).ok_or(NotAThorName)?;
        Ok(Self { serial: serial.to_owned(), start, ending })
    }
}

impl fmt::Display for ThorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.start.0.strftime("%Y%m%d%H%M%S");
        write!(f, "{}_{start}{}", self.serial, self.ending.text())
    }
}

/// `YYYYMMDDHHMMSS`
fn moment(digits: &str) -> Option<UnitLocal> {
    if digits.len() != 14 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let two = |at: usize| digits[at..at + 2].parse().ok();
    UnitLocal::from_fields(
        (digits[..4].parse().ok()?, two(4)?, two(6)?),
        (two(8)?, two(10)?, two(12)?),
    )
}

/// Where the vendor's software leaves a report of the event `name`, preferred first: Thor's text in
/// the folder `TXT` or moved beside the event, Blastware's print of it, Thor's CSV. Behind them those of
/// the name without what people have put around it.
pub(crate) fn report_names(name: &str) -> Vec<String> {
    let of = |name: &str| {
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
        vec![
            format!("TXT/{name}.txt"),
            format!("{name}.txt"),
            format!("{stem}_{ending}_ASCII.TXT"),
            format!("CSV/{name}.csv"),
            format!("{name}.csv"),
        ]
    };
    match Ending::within(name) {
        Some(Ending::Waveform | Ending::Histogram) => {
            let plain = plain(name).map(|plain| plain.to_string());
            let plain = plain.filter(|plain| !plain.eq_ignore_ascii_case(name));
            of(name).into_iter().chain(plain.iter().flat_map(|plain| of(plain))).collect()
        }
        // Under any other name it is another format's to say what its report is called.
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_serial_time_and_kind_without_regard_to_the_case_of_its_ending() {
        for (name, ending) in [
            ("UM11719_20260714153012.IDFW", Ending::Waveform),
            ("UM11719_20260714153012.idfh", Ending::Histogram),
            ("UM11719_20260714153012.MLG", Ending::MonitorLog),
            ("UM11719_20260714153012.IDFW.CDB", Ending::Cache),
        ] {
            let parsed: ThorName = name.parse().unwrap();
            assert_eq!((parsed.serial.as_str(), parsed.ending), ("UM11719", ending));
            assert_eq!(parsed.start.to_string(), "2026-07-14 15:30:12");
            assert_eq!(parsed.to_string(), name.replace(".idfh", ".IDFH"));
        }
    }

    #[test]
    fn what_people_put_around_a_name_does_not_hide_it() {
        let plain: ThorName = "UM11719_20260610115639.IDFW".parse().unwrap();
        for name in [
            "UM11719_20260610115639.IDFW",
            "20260610-SITE-UM11719_20260610115639.IDFW",
            "SITE_A_UM11719_20260610115639.IDFW",
            "UM11719_20260610115639.IDFW (1)",
            "UM11719_20260610115639 (1).IDFW",
            "UM11719_20260610115639 - Copy.idfw",
            "M\u{fc}hle UM11719_20260610115639.IDFW_old",
        ] {
            assert_eq!(ThorName::within(name), Some(plain.clone()), "{name}");
        }
        for name in [
            "UM11719_20260610115639.IDFW.txt",
            "UM11719_20260610115639.IDFWX",
            "UM11719_202606101156390.IDFW",
            "_20260610115639.IDFW",
            "notes.txt",
        ] {
            assert_eq!(ThorName::within(name), None, "{name}");
        }
    }

    #[test]
    fn a_name_of_another_form_gives_nothing() {
        for name in [
            "",
            ".IDFW",
            "_20260714153012.IDFW",
            "UM11719_20260714153012",
            "UM11719_20260714153012.IDFW.txt",
            "UM11719_20261314153012.IDFW",
            "UM11719_2026071415301.IDFW",
            "UM11719-20260714153012.IDFW",
            "UM 11719_20260714153012.IDFW",
            "ÜM11719_20260714153012.IDFW",
            "UM11719_2026071415301é.IDFW",
            "M529LKIQ.7M0W",
        ] {
            assert_eq!(name.parse::<ThorName>(), Err(NotAThorName), "{name}");
        }
    }

    #[test]
    fn the_report_lies_in_the_folder_of_texts_or_beside_the_event() {
        assert_eq!(
            report_names("a.IDFW"),
            ["TXT/a.IDFW.txt", "a.IDFW.txt", "a_IDFW_ASCII.TXT", "CSV/a.IDFW.csv", "a.IDFW.csv"]
        );
        let names = report_names("20260610-SITE-UM11719_20260610115639.IDFW (1)");
        assert!(names.contains(&"TXT/UM11719_20260610115639.IDFW.txt".to_owned()), "{names:?}");
        assert!(report_names("M529LMOK.DK0W").is_empty());
    }
}
