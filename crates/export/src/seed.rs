//! SEED codes and FDSN source identifiers: who recorded, and which channel it is.
//!
//! miniSEED 2 has five letters and digits for a station, two for a location and three for a channel,
//! and ObsPy cuts what is longer. So every identifier is made to fit there, and is the same in
//! version 3, in version 2 and in ObsPy. The network is `XX`, since none is assigned.
//!
//! **Station.** A serial number of two letters and five digits, in any case, is a number: the letters
//! count `AA` = 0, `AB` = 1, … `ZZ` = 675, times 100,000, and the digits are added. The code is that
//! number in base 36, five digits `0`–`9`, `A`–`Z`: `BE11529` is `1SJPL`. There are more such serial
//! numbers (26² × 10⁵) than codes (36⁵): those from `XG00000` on, 60,400,000 and more, begin again at
//! `00000` and have `Z` in their location. [`serial_of`] gives the serial number back.
//! The codes that no number needs, from `ZYKXS` on, are for all other serial numbers, by their
//! CRC-32C; these can coincide, one in 66,176. Up to four letters and digits stay as they are.
//! `UNK`: no serial number is known. `SMRF`: a SMuRF stream.
//!
//! **Channel.** The band by the FDSN's table for sensors with a corner period under 10 s, then the
//! source and the subsource: geophones `P` with `T` (Tran), `Z` (Vert), `R` (Long), microphones `DF`,
//! others `Y`; a name that is none of these gives its first letter or digit as subsource.
//!
//! **Location** of an event's channel: empty, or `0` and the number that its name ends with (`Tran2`:
//! `02`). Where two channels would be the same, the later one takes the next number that is free.
//! The channels of a stream have location and subsource by their index in base 36, the last two
//! digits and the one before: 46,656 channels stay apart.
//!
//! Sources: SEED 2.4 manual; FDSN Source Identifiers 1.0 (docs.fdsn.org).

use std::collections::HashSet;

use wavekeep_core::{Recording, Sensor};

/// Serial numbers of one pair of letters.
const OF_A_PAIR: u32 = 100_000;
/// Codes of five digits in base 36.
const CODES: u32 = 36 * 36 * 36 * 36 * 36;
/// Pairs of letters whose numbers all have a code of their own.
const PAIRS: u32 = CODES / OF_A_PAIR;
/// No serial number is known.
const UNKNOWN: &str = "UNK";
/// The station of streams.
const STREAM: &str = "SMRF";

/// The codes of one channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Identifier {
    /// Up to five letters and digits.
    pub station: String,
    /// None or two letters and digits.
    pub location: String,
    /// Band, source and subsource.
    pub channel: [char; 3],
}

impl Identifier {
    /// The network of all that has none.
    pub const NETWORK: &str = "XX";

    /// The three letters of the channel.
    pub fn channel_code(&self) -> String {
        self.channel.iter().collect()
    }

    /// `FDSN:XX_1SJPL__G_P_Z`.
    pub fn source_id(&self) -> String {
        let [band, source, subsource] = self.channel;
        let Self { station, location, .. } = self;
        format!("FDSN:{}_{station}_{location}_{band}_{source}_{subsource}", Self::NETWORK)
    }
}

/// The station's code, and whether its locations have the `Z`.
pub fn station(serial: Option<&str>) -> (String, bool) {
    let Some(serial) = serial.map(|text| text.trim().to_ascii_uppercase()) else {
        return (UNKNOWN.to_owned(), false);
    };
    if let Some(number) = number_of(&serial) {
        let first = PAIRS * OF_A_PAIR;
        return match number.checked_sub(first) {
            None => (base_36(number, 5), false),
            Some(beyond) => (base_36(beyond, 5), true),
        };
    }
    if serial.is_empty() {
        return (UNKNOWN.to_owned(), false);
    }
    let is_short = serial.len() <= 4 && serial.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_short && serial != UNKNOWN && serial != STREAM {
        return (serial, false);
    }
    let spare = CODES - PAIRS * OF_A_PAIR;
    (base_36(PAIRS * OF_A_PAIR + gnz::checksum(serial.as_bytes()) % spare, 5), false)
}

/// The serial number that a station and a location stand for, if it is one of two letters and five
/// digits.
pub fn serial_of(station: &str, location: &str) -> Option<String> {
    let digits = station.chars().map(|digit| {
        (digit.is_ascii_digit() || digit.is_ascii_uppercase()).then(|| digit.to_digit(36))?
    });
    let digits: Vec<u32> = digits.collect::<Option<_>>()?;
    if digits.len() != 5 {
        return None;
    }
    let code = digits.into_iter().fold(0, |number, digit| number * 36 + digit);
    let number = code + if location.starts_with('Z') { PAIRS * OF_A_PAIR } else { 0 };
    let (pair, digits) = (number / OF_A_PAIR, number % OF_A_PAIR);
    let is_one = pair < if location.starts_with('Z') { 26 * 26 } else { PAIRS };
    let letter = |index: u32| char::from_digit(10 + index, 36).map(|c| c.to_ascii_uppercase());
    let (first, second) = (letter(pair / 26)?, letter(pair % 26)?);
    is_one.then(|| format!("{first}{second}{digits:05}"))
}

/// The codes of an event's channels, in their order; no two are the same.
pub fn of_event(recording: &Recording, rate_hz: f64) -> Vec<Identifier> {
    let serial = recording.serial.as_ref().map(|serial| serial.value.as_str());
    let (station, is_beyond) = self::station(serial);
    let mut taken = HashSet::new();
    let channels = recording.channels.iter().map(|channel| {
        let (name, number) = split(&channel.name);
        let (source, subsource) = match (channel.sensor, name.to_ascii_lowercase().as_str()) {
            (Sensor::Geophone, "tran") => ('P', 'T'),
            (Sensor::Geophone, "vert") => ('P', 'Z'),
            (Sensor::Geophone, "long") => ('P', 'R'),
            (Sensor::Microphone, "micl") => ('D', 'F'),
            (Sensor::Geophone, _) => ('P', initial(&channel.name)),
            (Sensor::Microphone, _) => ('D', initial(&channel.name)),
            (Sensor::Other, _) => ('Y', initial(&channel.name)),
        };
        let channel = [band(rate_hz), source, subsource];
        let identifier = |number| Identifier {
            station: station.clone(),
            location: location(number, is_beyond),
            channel,
        };
        // More channels than locations are no event: they stay the same, and the writer refuses them.
        let free = (number..36 * 36).map(identifier).find(|one| !taken.contains(one));
        let one = free.unwrap_or_else(|| identifier(number));
        taken.insert(one.clone());
        one
    });
    channels.collect()
}

/// The codes of the channel of a stream at `index`; `None` from 46,656 on.
pub fn of_stream(index: usize, rate_hz: f64) -> Option<Identifier> {
    let index = u32::try_from(index).ok().filter(|index| *index < 36 * 36 * 36)?;
    let digits = base_36(index, 3);
    let subsource = digits.chars().next()?;
    Some(Identifier {
        station: STREAM.to_owned(),
        location: digits[1..].to_owned(),
        channel: [band(rate_hz), 'Y', subsource],
    })
}

/// The band code of a sensor whose corner period is under 10 s, by the FDSN's table.
pub fn band(rate_hz: f64) -> char {
    match rate_hz {
        rate if rate >= 5000.0 => 'J',
        rate if rate >= 1000.0 => 'G',
        rate if rate >= 250.0 => 'D',
        rate if rate >= 80.0 => 'E',
        rate if rate >= 10.0 => 'S',
        // The table says "about 1" for L.
        rate if rate > 1.05 => 'M',
        rate if rate >= 0.95 => 'L',
        rate if rate >= 0.1 => 'V',
        rate if rate >= 0.01 => 'U',
        rate if rate >= 0.001 => 'W',
        rate if rate >= 0.0001 => 'R',
        rate if rate >= 0.000_01 => 'P',
        rate if rate >= 0.000_001 => 'T',
        _ => 'Q',
    }
}

/// Two letters and five digits as one number.
fn number_of(serial: &str) -> Option<u32> {
    let (letters, digits) = serial.as_bytes().split_first_chunk::<2>()?;
    let is_one = letters.iter().all(u8::is_ascii_uppercase)
        && digits.len() == 5
        && digits.iter().all(u8::is_ascii_digit);
    is_one.then(|| {
        let pair = letters.iter().fold(0, |pair, letter| pair * 26 + u32::from(letter - b'A'));
        digits.iter().fold(pair, |number, digit| number * 10 + u32::from(digit - b'0'))
    })
}

/// At least `length` digits in base 36.
fn base_36(mut number: u32, length: usize) -> String {
    let mut digits = Vec::new();
    while number > 0 || digits.len() < length {
        digits.push(char::from_digit(number % 36, 36).unwrap_or('0').to_ascii_uppercase());
        number /= 36;
    }
    digits.iter().rev().collect()
}

fn location(number: u32, is_beyond: bool) -> String {
    match (number, is_beyond) {
        (0, false) => String::new(),
        (0..36, true) => format!("Z{}", base_36(number, 1)),
        _ => base_36(number, 2),
    }
}

/// A name without the number that it ends with, and that number where it has at most two digits.
fn split(name: &str) -> (&str, u32) {
    let letters = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    match name[letters.len()..].parse() {
        Ok(number @ 0..100) => (letters.trim_end(), number),
        _ => (name, 0),
    }
}

/// The first letter or digit of a name; `X` without one.
fn initial(name: &str) -> char {
    let mut letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.next().unwrap_or('X').to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wavekeep_core::{Assumed, Basis, Channel, FormatInfo, Kind, Samples, TimeAxis};

    #[test]
    fn serial_numbers_are_told_apart_in_five_letters_and_come_back() {
        assert_eq!(station(Some("BE11529")), ("1SJPL".to_owned(), false));
        assert_eq!(station(Some("be11588")), station(Some(" BE11588 ")));
        // One of every 97 numbers of every pair of letters, and the edges.
        let mut seen = HashSet::new();
        for pair in 0..26 * 26 {
            let letters = [pair / 26, pair % 26].map(|index| char::from(b'A' + index as u8));
            for number in (0..100_000).step_by(997).chain([1, 99_999]) {
                let serial = format!("{}{}{number:05}", letters[0], letters[1]);
                let (code, is_beyond) = station(Some(&serial));
                assert_eq!(code.len(), 5);
                assert!(code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
                let location = if is_beyond { "Z0" } else { "" };
                assert_eq!(serial_of(&code, location), Some(serial), "{code}");
                assert!(seen.insert((code, is_beyond)));
            }
        }
        assert!(!station(Some("XF99999")).1 && station(Some("XG00000")).1);
    }

    #[test]
    fn other_serial_numbers_are_never_taken_for_one_of_two_letters_and_five_digits() {
        for serial in
            ["", "UNKNOWN", "UNK", "SMRF", "12345", "BE1152", "BE115290", "Größe", "smurf", "Ab1"]
        {
            let (code, is_beyond) = station(Some(serial));
            assert!((1..=5).contains(&code.len()) && !is_beyond, "{serial}: {code}");
            assert!(code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
            assert_eq!(serial_of(&code, ""), None, "{serial}: {code}");
        }
        assert_eq!(station(None).0, "UNK");
        assert_eq!(station(Some("ab1")).0, "AB1");
        assert_ne!(station(Some("UNK")).0, "UNK");
        for code in ["1sjpl", "1SJP", "1SJPLL", "1SJP-", "ZYKXS", "ZZZZZ"] {
            assert_eq!(serial_of(code, ""), None, "{code}");
        }
    }

    #[test]
    fn the_channels_of_a_stream_stay_apart() {
        let all: HashSet<Identifier> = (0..46_656).filter_map(|n| of_stream(n, 4000.0)).collect();
        assert_eq!(all.len(), 46_656);
        assert_eq!(of_stream(46_656, 4000.0), None);
        let one = of_stream(1300, 200.0).expect("in range");
        assert_eq!((one.location.as_str(), one.channel_code()), ("04", "EY1".to_owned()));
        assert_eq!(one.source_id(), "FDSN:XX_SMRF_04_E_Y_1");
    }

    #[test]
    fn the_channels_of_an_event_stay_apart() {
        const FORMAT: FormatInfo = FormatInfo { id: "x", name: "x", file_names: &[] };
        let rate = Assumed::stated(1024.0, Basis::Report);
        let time = TimeAxis::Samples { rate_hz: rate, pretrigger_s: rate };
        let channel = |name: &str, sensor| {
            let mut channel = Channel::new(name.to_owned(), Samples::I16(vec![1]));
            channel.sensor = sensor;
            channel
        };
        let channels = vec![
            channel("Tran", Sensor::Geophone),
            channel("Vert2", Sensor::Geophone),
            channel("Tran", Sensor::Geophone),
            channel("MicL", Sensor::Microphone),
            channel("地震", Sensor::Other),
            channel("x1", Sensor::Other),
            channel("x01", Sensor::Other),
        ];
        let recording = Recording { channels, ..Recording::new(&FORMAT, Kind::Waveform, time) };
        let codes: Vec<String> = of_event(&recording, 1024.0)
            .iter()
            .map(|one| format!("{}.{}.{}", one.station, one.location, one.channel_code()))
            .collect();
        let expected = [
            "UNK..GPT",
            "UNK.02.GPZ",
            "UNK.01.GPT",
            "UNK..GDF",
            "UNK..GYX",
            "UNK.01.GYX",
            "UNK.02.GYX",
        ];
        assert_eq!(codes, expected);
    }

    #[test]
    fn bands_follow_the_table_of_the_fdsn() {
        let bands: String =
            [8192.0, 5000.0, 4096.0, 1024.0, 512.0, 100.0, 20.0, 2.0, 1.0, 0.5, 0.01, 1e-7]
                .map(band)
                .iter()
                .collect();
        assert_eq!(bands, "JJGGDESMLVUQ");
    }
}
