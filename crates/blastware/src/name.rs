//! The code in an event file's name: serial number, time, kind.
//!
//! `<P><sss><SSSS>.<AB>0[T]`: `M529LKIQ.7M0W` is unit BE11529 at 2026-05-01 13:16:34, a waveform.

use std::fmt;

use jiff::civil::{self, DateTime};
use wavekeep_core::UnitLocal;

/// Seconds in the unit that the last digit of the stem counts: 36 × 36.
const STEM_UNIT_S: i64 = 1296;
/// Four base-36 digits.
const STEM_LIMIT: i64 = 36 * 36 * 36 * 36;

/// What the letter at the end of a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TypeLetter {
    /// `W`: a waveform.
    Waveform,
    /// `H`: a histogram.
    Histogram,
    /// `M`, `E` or `C`: these occur; what they mean is open.
    Other(char),
    /// No letter: the file was saved by hand.
    Absent,
}

/// A name of the new firmware's form, taken apart.
///
/// ```
/// use wavekeep_blastware::EventName;
///
/// let name: EventName = "M529LKIQ.7M0W".parse().unwrap();
/// assert_eq!(name.serial(), "BE11529");
/// assert_eq!(name.start().to_string(), "2026-05-01 13:16:34");
/// assert_eq!(name.to_string(), "M529LKIQ.7M0W");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventName {
    serial_number: u32,
    seconds: i64,
    /// What the letter at the end says.
    pub type_letter: TypeLetter,
}

/// A name that does not follow the code. That is not an error of the file: old firmware named its
/// files in another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name is not of the form <P><sss><SSSS>.<AB>0[T]; it gives no serial number and no time"
)]
pub struct NotAnEventName;

/// A serial number or time that the code cannot express.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameRange {
    /// Prefix letters run from B (0) to Z (24).
    #[error("serial number {0} is over 24999, the last that a name can carry")]
    Serial(u32),
    /// Before 1985, or after the four digits of the stem run out (2038-03).
    #[error("{0} is outside of the years 1985 to 2038 that a name can carry")]
    Start(UnitLocal),
}

fn epoch() -> DateTime {
    civil::date(1985, 1, 1).at(0, 0, 0, 0)
}

impl EventName {
    /// The name of an event.
    ///
    /// # Errors
    /// [`NameRange`] when the code has no digits for the serial number or the time.
    pub fn new(
        serial_number: u32,
        start: UnitLocal,
        type_letter: TypeLetter,
    ) -> Result<Self, NameRange> {
        if serial_number > 24_999 {
            return Err(NameRange::Serial(serial_number));
        }
        let seconds = start.0.duration_since(epoch()).as_secs();
        if !(0..STEM_LIMIT * STEM_UNIT_S).contains(&seconds) {
            return Err(NameRange::Start(start));
        }
        Ok(Self { serial_number, seconds, type_letter })
    }

    /// The number on the unit's plate.
    pub fn serial_number(&self) -> u32 {
        self.serial_number
    }

    /// The serial number as people write it: `BE11529`.
    pub fn serial(&self) -> String {
        format!("BE{}", self.serial_number)
    }

    /// Start of the event by the unit's clock.
    pub fn start(&self) -> UnitLocal {
        UnitLocal(epoch() + jiff::SignedDuration::from_secs(self.seconds))
    }
}

impl EventName {
    /// The code of an event in a name that people have put something in front of or behind:
    /// `Blast 14 M529LMOK.DK0W`, `M529LMOK.DK0W (1)`, `M529LMOK (1).DK0W`.
    pub fn within(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        parse(&upper).or_else(|| parse(&plain(&upper)?))
    }
}

/// The name of an event in capitals without what people have put around it.
fn plain(name: &str) -> Option<String> {
    let is_code = |byte: &u8| byte.is_ascii_alphanumeric();
    let bytes = name.as_bytes();
    name.match_indices('.').find_map(|(dot, _)| {
        let extension: Vec<u8> = bytes[dot + 1..].iter().copied().take_while(is_code).collect();
        // What has an extension of its own behind it is another file: the event's report.
        if bytes.get(dot + 1 + extension.len()) == Some(&b'.') {
            return None;
        }
        // A copy is numbered in front of the point, too.
        let in_front = name[..dot].trim_end_matches(|c: char| !c.is_alphanumeric());
        let stem = stem(in_front).or_else(|| {
            let at = in_front.rfind([' ', '_', '-', '('])?;
            stem(in_front[..at].trim_end_matches(|c: char| !c.is_alphanumeric()))
        })?;
        let extension = String::from_utf8(extension).ok()?;
        let plain = format!("{stem}.{extension}");
        parse(&plain).map(|_| plain)
    })
}

/// The eight characters of a stem at the end of `text`, with nothing joined to them.
fn stem(text: &str) -> Option<&str> {
    let at = text.len().checked_sub(8)?;
    let stem = text.get(at..)?;
    let is_joined = text[..at].ends_with(|c: char| c.is_alphanumeric());
    (!is_joined && stem.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(stem)
}

impl std::str::FromStr for EventName {
    type Err = NotAnEventName;

    fn from_str(name: &str) -> Result<Self, NotAnEventName> {
        parse(&name.to_ascii_uppercase()).ok_or(NotAnEventName)
    }
}

/// The serial number that the eight characters of a stem begin with, for files of a unit that are no events:
/// `M529LKIQ` is of BE11529. The facts are those of events' names.
pub fn serial_of_stem(stem: &str) -> Option<String> {
    let upper = stem.to_ascii_uppercase();
    let is_stem = upper.len() == 8 && upper.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let number = is_stem.then(|| serial_number(upper.as_bytes())).flatten()?;
    Some(format!("BE{number}"))
}

/// The number that a stem of eight characters begins with.
fn serial_number(stem: &[u8]) -> Option<u32> {
    let thousands = stem[0].checked_sub(b'B').filter(|_| stem[0] <= b'Z')?;
    let hundreds = stem[1..4].iter().try_fold(0u32, |number, &digit| {
        digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
    })?;
    Some(u32::from(thousands) * 1000 + hundreds)
}

fn parse(name: &str) -> Option<EventName> {
    let (stem, extension) = name.split_once('.')?;
    let (stem, extension) = (stem.as_bytes(), extension.as_bytes());
    if stem.len() != 8 {
        return None;
    }
    let serial_number = serial_number(stem)?;
    let (remainder_digits, type_letter) = match extension {
        [a, b, b'0'] => ([*a, *b], TypeLetter::Absent),
        [a, b, b'0', letter] => ([*a, *b], type_letter(*letter)?),
        _ => return None,
    };
    let remainder = base36(&remainder_digits)?;
    if remainder >= STEM_UNIT_S {
        return None;
    }
    Some(EventName {
        serial_number,
        seconds: base36(&stem[4..])? * STEM_UNIT_S + remainder,
        type_letter,
    })
}

fn type_letter(letter: u8) -> Option<TypeLetter> {
    match letter {
        b'W' => Some(TypeLetter::Waveform),
        b'H' => Some(TypeLetter::Histogram),
        b'M' | b'E' | b'C' => Some(TypeLetter::Other(char::from(letter))),
        _ => None,
    }
}

fn base36(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, &digit| {
        Some(number * 36 + i64::from(char::from(digit).to_digit(36)?))
    })
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = char::from(b'B' + (self.serial_number / 1000) as u8);
        let digit = |number: i64| {
            char::from_digit((number % 36) as u32, 36).unwrap_or('0').to_ascii_uppercase()
        };
        let (stem, rest) = (self.seconds / STEM_UNIT_S, self.seconds % STEM_UNIT_S);
        write!(f, "{prefix}{:03}", self.serial_number % 1000)?;
        for place in [36 * 36 * 36, 36 * 36, 36, 1] {
            write!(f, "{}", digit(stem / place))?;
        }
        write!(f, ".{}{}0", digit(rest / 36), digit(rest))?;
        match self.type_letter {
            TypeLetter::Waveform => f.write_str("W"),
            TypeLetter::Histogram => f.write_str("H"),
            TypeLetter::Other(letter) => write!(f, "{letter}"),
            TypeLetter::Absent => Ok(()),
        }
    }
}

/// The names of the report that the vendor's software leaves beside the event `name`, the one
/// that it writes on call-home first; behind them those of the name without what people have put
/// around it.
pub(crate) fn report_names(name: &str) -> Vec<String> {
    let of = |name: &str| {
        let mut names = vec![format!("{name}.TXT")];
        if let Some((stem, extension)) = name.rsplit_once('.') {
            names.insert(0, format!("{stem}_{extension}_ASCII.TXT"));
        }
        names
    };
    let upper = name.to_ascii_uppercase();
    let plain = plain(&upper);
    // The same event, saved by hand, has no letter for its kind.
    let by_hand = plain.as_deref().and_then(|plain| plain.strip_suffix(['W', 'H', 'M', 'E', 'C']));
    let others = [plain.as_deref(), by_hand].into_iter().flatten().filter(|other| *other != upper);
    of(name).into_iter().chain(others.flat_map(of)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_names_give_their_serial_and_time() {
        for (name, serial, start) in [
            ("M529LIY6.N00", "BE11529", "2026-04-01 00:28:12"),
            ("M529LKIQ.7M0W", "BE11529", "2026-05-01 13:16:34"),
            ("M529LK44.AB0", "BE11529", "2026-04-23 15:56:35"),
            ("M529LL1L.JQ0", "BE11529", "2026-05-11 17:50:14"),
            ("N844L6Z8.ZR0H", "BE12844", "2025-08-11 07:33:27"),
            ("K558LKZU.RE0H", "BE9558", "2026-05-10 19:14:02"),
            ("T190LD5Q.LK0W", "BE18190", "2025-12-09 11:00:56"),
        ] {
            let parsed: EventName = name.parse().unwrap();
            assert_eq!(parsed.serial(), serial, "{name}");
            assert_eq!(parsed.start().to_string(), start, "{name}");
            assert_eq!(parsed.to_string(), name);
        }
    }

    #[test]
    fn prefixes_of_other_units_give_their_serial_number() {
        for (prefix, number) in [("H907", 6907), ("P036", 14036), ("T003", 18003)] {
            let parsed: EventName = format!("{prefix}LKIQ.7M0W").parse().unwrap();
            assert_eq!(parsed.serial_number(), number);
        }
    }

    #[test]
    fn a_name_of_another_kind_gives_nothing() {
        for name in [
            "",
            ".",
            "M529LKIQ",
            "M529LKIQ.7M1W",
            "M529LKIQ.7M0X",
            "M529LKIQ.ZZ9",
            "A529LKIQ.7M0W",
            "M5X9LKIQ.7M0W",
            "M529LKI.7M0W",
            "M529LKIQ.7M0WW",
            "M529LKIQ.-10W",
            "évèn.123",
            "M529LKIQ.MLG",
        ] {
            assert_eq!(name.parse::<EventName>(), Err(NotAnEventName), "{name}");
        }
    }

    #[test]
    fn what_people_put_around_a_name_does_not_hide_it() {
        let plain: EventName = "M529LMOK.DK0W".parse().unwrap();
        for name in [
            "M529LMOK.DK0W",
            "M529LMOK.DK0W (1)",
            "M529LMOK (1).DK0W",
            "M529LMOK - Copy.DK0W",
            "Blast 14 M529LMOK.DK0W",
            "20260612-SITE-M529LMOK.DK0W",
            "site_A_m529lmok.dk0w",
            "v1.2 M529LMOK.DK0W_old",
        ] {
            assert_eq!(EventName::within(name), Some(plain), "{name}");
        }
        for name in [
            "XM529LMOK.DK0W",
            "M529LMOK.DK0WX",
            "M529LMOK.DK0W.TXT",
            "M529LMOK_DK0W_ASCII.TXT",
            "M529LMOK.DK0W.a5.pkl",
            "M529LMOK",
            "report.txt",
            "é.W",
        ] {
            assert_eq!(EventName::within(name), None, "{name}");
        }
        let names = report_names("Blast 14 M529LMOK.DK0W");
        assert!(names.contains(&"M529LMOK_DK0W_ASCII.TXT".to_owned()), "{names:?}");
    }

    #[test]
    fn what_the_code_cannot_carry_is_refused() {
        let start = |year| UnitLocal::from_fields((year, 6, 1), (0, 0, 0)).unwrap();
        let letter = TypeLetter::Waveform;
        assert!(matches!(EventName::new(25_000, start(2026), letter), Err(NameRange::Serial(_))));
        assert!(matches!(EventName::new(1, start(1984), letter), Err(NameRange::Start(_))));
        assert!(matches!(EventName::new(1, start(2060), letter), Err(NameRange::Start(_))));
    }

    #[test]
    fn the_call_home_report_is_preferred() {
        assert_eq!(
            report_names("M529LKIQ.7M0W"),
            [
                "M529LKIQ_7M0W_ASCII.TXT",
                "M529LKIQ.7M0W.TXT",
                "M529LKIQ_7M0_ASCII.TXT",
                "M529LKIQ.7M0.TXT"
            ]
        );
        assert_eq!(report_names("M529LKIQ.7M0"), ["M529LKIQ_7M0_ASCII.TXT", "M529LKIQ.7M0.TXT"]);
        assert_eq!(report_names("noextension"), ["noextension.TXT"]);
    }

    proptest! {
        #[test]
        fn every_serial_and_second_survives_its_name(
            serial in 0u32..25_000, seconds in 0..STEM_LIMIT * STEM_UNIT_S, letter in 0usize..6
        ) {
            let letter = [
                TypeLetter::Waveform, TypeLetter::Histogram, TypeLetter::Absent,
                TypeLetter::Other('M'), TypeLetter::Other('E'), TypeLetter::Other('C'),
            ][letter];
            let start = UnitLocal(epoch() + jiff::SignedDuration::from_secs(seconds));
            let name = EventName::new(serial, start, letter).unwrap();
            let parsed: EventName = name.to_string().parse().unwrap();
            prop_assert_eq!(parsed, name);
            prop_assert_eq!((parsed.serial_number(), parsed.start()), (serial, start));
        }

        #[test]
        fn any_string_is_a_name_or_not_one(name in "\\PC{0,16}") {
            let _ = name.parse::<EventName>();
        }
    }
}
