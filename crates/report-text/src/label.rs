//! Labels of fields, compared without regard to case, blanks and punctuation: `Tran PPV`,
//! `TranPPV` and `tran_ppv` are one.

/// The channels of a sensor, in the order of the formats.
pub const CHANNELS: [&str; 4] = ["Tran", "Vert", "Long", "MicL"];
/// Place of the microphone in [`CHANNELS`].
pub(crate) const MICROPHONE: usize = 3;

/// Words that name a channel, longest first.
const CHANNEL_WORDS: [(&str, usize); 11] = [
    ("longitudinal", 2),
    ("transverse", 0),
    ("microphone", MICROPHONE),
    ("vertical", 1),
    ("tran", 0),
    ("vert", 1),
    ("long", 2),
    ("micl", MICROPHONE),
    ("mica", MICROPHONE),
    ("micc", MICROPHONE),
    ("mic", MICROPHONE),
];

/// Labels that are known and kept as written: nothing is taken from their values.
const KEPT_AS_WRITTEN: [&str; 20] = [
    "channel",
    "filename",
    "gpslocation",
    "gpsposition",
    "geotriggerlevel",
    "mictriggerlevel",
    "triggerlevel",
    "triggersource",
    "jobnumber",
    "microphone",
    "micweighting",
    "microphoneweighting",
    "notes",
    "posteventnotes",
    "ppvdb",
    "ppvponderated",
    "recordstopmode",
    "sensorcheck",
    "setup",
    "version",
];

/// What a label says that its value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    Event(EventField),
    /// Of a channel of sensor 1, or of a further one.
    Channel {
        sensor: u32,
        channel: usize,
        field: ChannelField,
    },
    VectorSum {
        sensor: u32,
        field: SumField,
    },
    TitleNote(u32),
    TitleString(u32),
    KeptAsWritten,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventField {
    Type,
    Date,
    Time,
    Trigger,
    GeophoneRange,
    RecordTime,
    Pretrigger,
    Rate,
    Units,
    Serial,
    Firmware,
    Battery,
    Calibration,
    Software,
    StartDate,
    StartTime,
    StopDate,
    StopTime,
    Intervals,
    IntervalSize,
    ScaledDistance,
    GpsDistance,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChannelField {
    Ppv,
    Pspl,
    ZcFrequency,
    TimeOfPeak,
    PeakTime,
    PeakDate,
    PeakAcceleration,
    PeakDisplacement,
    TestFrequency,
    TestRatio,
    TestAmplitude,
    TestResults,
    KeptAsWritten,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SumField {
    Value,
    Time,
    Date,
}

const EVENT_FIELDS: [(&str, EventField); 34] = [
    ("eventtype", EventField::Type),
    ("eventdate", EventField::Date),
    ("eventtime", EventField::Time),
    ("trigger", EventField::Trigger),
    ("georange", EventField::GeophoneRange),
    ("geophonerange", EventField::GeophoneRange),
    ("recordtime", EventField::RecordTime),
    ("pretriggerlength", EventField::Pretrigger),
    ("pretrigger", EventField::Pretrigger),
    ("samplerate", EventField::Rate),
    ("units", EventField::Units),
    ("serialnumber", EventField::Serial),
    ("serialno", EventField::Serial),
    ("firmware", EventField::Firmware),
    ("firmwareversion", EventField::Firmware),
    ("batterylevel", EventField::Battery),
    ("battery", EventField::Battery),
    ("batteryvoltage", EventField::Battery),
    ("calibration", EventField::Calibration),
    ("calibrationdate", EventField::Calibration),
    ("lastcalibration", EventField::Calibration),
    ("pcswversion", EventField::Software),
    ("softwareversion", EventField::Software),
    ("histogramstartdate", EventField::StartDate),
    ("histogramstarttime", EventField::StartTime),
    ("histogramstopdate", EventField::StopDate),
    ("histogramfinishdate", EventField::StopDate),
    ("histogramstoptime", EventField::StopTime),
    ("histogramfinishtime", EventField::StopTime),
    ("numberofintervals", EventField::Intervals),
    ("intervalsize", EventField::IntervalSize),
    ("histograminterval", EventField::IntervalSize),
    ("scaleddistance", EventField::ScaledDistance),
    ("gpsdistance", EventField::GpsDistance),
];

const CHANNEL_FIELDS: [(&str, ChannelField); 17] = [
    ("ppv", ChannelField::Ppv),
    ("pspl", ChannelField::Pspl),
    ("zcfreq", ChannelField::ZcFrequency),
    ("zcfrequency", ChannelField::ZcFrequency),
    ("timeofpeak", ChannelField::TimeOfPeak),
    ("peaktime", ChannelField::PeakTime),
    ("peakdate", ChannelField::PeakDate),
    ("peakacceleration", ChannelField::PeakAcceleration),
    ("peakdisplacement", ChannelField::PeakDisplacement),
    ("testfreq", ChannelField::TestFrequency),
    ("testfrequency", ChannelField::TestFrequency),
    ("testratio", ChannelField::TestRatio),
    ("testamplitude", ChannelField::TestAmplitude),
    ("testresults", ChannelField::TestResults),
    ("ppvponderated", ChannelField::KeptAsWritten),
    ("ppvdb", ChannelField::KeptAsWritten),
    ("sensorcheck", ChannelField::KeptAsWritten),
];

/// A label without case, blanks and punctuation.
pub(crate) fn key(label: &str) -> String {
    label.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A word that names a channel at the beginning of a key, and what is behind it.
fn channel_words(key: &str) -> impl Iterator<Item = (usize, &str)> {
    CHANNEL_WORDS
        .iter()
        .filter_map(move |(word, channel)| Some((*channel, key.strip_prefix(word)?)))
}

/// The number at the beginning of a key, 1 where there is none, and what is behind it.
fn sensor_number(key: &str) -> Option<(u32, &str)> {
    let digits = key.bytes().take_while(u8::is_ascii_digit).count();
    match digits {
        0 => Some((1, key)),
        _ => Some((key[..digits].parse().ok().filter(|number| *number > 0)?, &key[digits..])),
    }
}

/// The channel that a key is the name of, and the number of its sensor: `tran`, `micl1`.
pub(crate) fn channel_of(key: &str) -> Option<(usize, u32)> {
    channel_words(key).find_map(|(channel, rest)| {
        let (sensor, rest) = sensor_number(rest)?;
        rest.is_empty().then_some((channel, sensor))
    })
}

/// The field of a channel that a key names without the channel.
pub(crate) fn channel_field(key: &str) -> Option<ChannelField> {
    CHANNEL_FIELDS.iter().find(|(name, _)| *name == key).map(|(_, field)| *field)
}

impl Label {
    pub(crate) fn of(key: &str) -> Self {
        if let Some((_, field)) = EVENT_FIELDS.iter().find(|(name, _)| *name == key) {
            return Self::Event(*field);
        }
        if KEPT_AS_WRITTEN.contains(&key) {
            return Self::KeptAsWritten;
        }
        let of_channel = channel_words(key).find_map(|(channel, rest)| {
            let (sensor, rest) = sensor_number(rest)?;
            Some(Self::Channel { sensor, channel, field: channel_field(rest)? })
        });
        of_channel.or_else(|| vector_sum(key)).or_else(|| title(key)).unwrap_or(Self::Unknown)
    }

    /// Whether its text has a number behind it whose marks say something.
    pub(crate) fn is_number(self) -> bool {
        match self {
            Self::Event(field) => matches!(
                field,
                EventField::GeophoneRange
                    | EventField::RecordTime
                    | EventField::Pretrigger
                    | EventField::Rate
            ),
            Self::Channel { field, .. } => !matches!(
                field,
                ChannelField::PeakTime
                    | ChannelField::PeakDate
                    | ChannelField::TestResults
                    | ChannelField::KeptAsWritten
            ),
            Self::VectorSum { field, .. } => field == SumField::Value,
            _ => false,
        }
    }

    /// Whether a text that has it is a report: no other text has such labels.
    pub(crate) fn is_of_reports(self) -> bool {
        match self {
            Self::Event(field) => !matches!(
                field,
                EventField::Trigger
                    | EventField::Battery
                    | EventField::ScaledDistance
                    | EventField::GpsDistance
            ),
            Self::Channel { .. } | Self::VectorSum { .. } => true,
            Self::TitleNote(_) | Self::TitleString(_) | Self::KeptAsWritten | Self::Unknown => {
                false
            }
        }
    }

    /// Whether its name is of several words, so that the way it is written tells the form.
    pub(crate) fn has_words(self) -> bool {
        match self {
            Self::Event(field) => !matches!(
                field,
                EventField::Trigger
                    | EventField::Units
                    | EventField::Firmware
                    | EventField::Battery
                    | EventField::Calibration
            ),
            Self::Channel { .. } | Self::VectorSum { .. } => true,
            _ => false,
        }
    }
}

/// `Peak Vector Sum`, `… Time` (also misprinted `… TimeSum`), `… Date`, and each with a number.
fn vector_sum(key: &str) -> Option<Label> {
    if key == "timeofpeakvectorsum" {
        return Some(Label::VectorSum { sensor: 1, field: SumField::Time });
    }
    let (sensor, rest) = sensor_number(key.strip_prefix("peakvectorsum")?)?;
    let name = rest.trim_end_matches(|c: char| c.is_ascii_digit());
    let sensor = match &rest[name.len()..] {
        "" => sensor,
        digits => digits.parse().ok().filter(|number| *number > 0)?,
    };
    let field = match name {
        "" => SumField::Value,
        "time" | "timesum" => SumField::Time,
        "date" => SumField::Date,
        _ => return None,
    };
    Some(Label::VectorSum { sensor, field })
}

fn title(key: &str) -> Option<Label> {
    let number = |text: &str| if text.is_empty() { Some(0) } else { text.parse().ok() };
    let note = key.strip_prefix("titlenote").and_then(number).map(Label::TitleNote);
    note.or_else(|| key.strip_prefix("titlestring").and_then(number).map(Label::TitleString))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(label: &str) -> Label {
        Label::of(&key(label))
    }

    #[test]
    fn one_label_is_written_in_many_ways() {
        for label in ["Tran PPV", "TranPPV", "tran_ppv", "TRAN P.P.V.", "Tran1 PPV", "Tran 1 PPV"] {
            let ppv = Label::Channel { sensor: 1, channel: 0, field: ChannelField::Ppv };
            assert_eq!(of(label), ppv, "{label}");
        }
        for label in ["MicL PSPL", "MicPSPL", "MicL1 PSPL", "MicA PSPL", "Microphone PSPL"] {
            let pspl = Label::Channel { sensor: 1, channel: MICROPHONE, field: ChannelField::Pspl };
            assert_eq!(of(label), pspl, "{label}");
        }
        for label in ["Peak Vector Sum Time", "Peak Vector Sum TimeSum", "Peak Vector Sum 1 Time"] {
            assert_eq!(of(label), Label::VectorSum { sensor: 1, field: SumField::Time }, "{label}");
        }
    }

    #[test]
    fn a_further_sensor_is_told_by_its_number() {
        let ppv = Label::Channel { sensor: 2, channel: 1, field: ChannelField::Ppv };
        assert_eq!(of("Vert2 PPV"), ppv);
        assert_eq!(of("Peak Vector Sum 2"), Label::VectorSum { sensor: 2, field: SumField::Value });
        assert_eq!(channel_of("tran2"), Some((0, 2)));
    }

    #[test]
    fn other_labels_are_unknown() {
        for label in ["", "Weather", "Transport", "Tran0 PPV", "Tran", "PPV Tran", "Longitude"] {
            assert_eq!(of(label), Label::Unknown, "{label}");
        }
    }
}
