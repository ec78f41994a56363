//! The blocks of a sidecar, typed.
//!
//! A field that is missing or of another type reads as "not known": the document keeps what stands
//! there.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use wavekeep_core::{BlastQuantity, Flag, Reading};

/// Block `event`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EventBlock {
    /// Serial number of the unit, or the stream's name.
    #[serde(deserialize_with = "lenient")]
    pub serial: Option<String>,
    /// Name of the source file.
    #[serde(deserialize_with = "lenient")]
    pub filename: Option<String>,
    /// Start by the unit's own clock, ISO 8601 without a zone; of a waveform, the trigger.
    #[serde(deserialize_with = "lenient")]
    pub timestamp: Option<String>,
    /// `waveform`, `histogram` or `stream`.
    #[serde(deserialize_with = "lenient")]
    pub record_type: Option<String>,
    /// Samples per second and channel.
    #[serde(deserialize_with = "lenient", alias = "sample_rate_hz")]
    pub sample_rate: Option<f64>,
    /// Seconds from the trigger to the end; of a histogram, from start to stop.
    #[serde(deserialize_with = "lenient", alias = "record_time")]
    pub record_time_s: Option<f64>,
    /// Samples (or intervals) of each channel, missing ones included.
    #[serde(deserialize_with = "lenient")]
    pub sample_counts: Option<BTreeMap<String, u64>>,
    /// Seconds before the trigger, positive.
    #[serde(deserialize_with = "lenient", alias = "pre_trigger")]
    pub pretrigger_s: Option<f64>,
    /// Length of a histogram's interval in seconds.
    #[serde(deserialize_with = "lenient")]
    pub interval_s: Option<f64>,
    /// Range of the geophones in in/s.
    #[serde(deserialize_with = "lenient", alias = "geo_range")]
    pub geo_range_in_s: Option<f64>,
    /// Names of the fields that nothing in the input stated.
    #[serde(deserialize_with = "lenient")]
    pub assumed: Option<Vec<String>>,
}

/// Block `blastware`: the source file, of whatever format.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SourceFile {
    /// Its name in the archive.
    #[serde(deserialize_with = "lenient")]
    pub filename: Option<String>,
    /// Its length in bytes.
    #[serde(deserialize_with = "lenient")]
    pub filesize: Option<u64>,
    /// Its SHA-256 in hexadecimal.
    #[serde(deserialize_with = "lenient")]
    pub sha256: Option<String>,
    /// Whether it is in the archive.
    #[serde(deserialize_with = "lenient")]
    pub available: Option<bool>,
}

/// Block `peak_values`. What a report states wins over what is computed. A peak that is over the
/// range has the range as its number and a flag.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PeakValues {
    /// PPV of the transverse channel in in/s.
    #[serde(deserialize_with = "lenient")]
    pub tran: Option<f64>,
    /// PPV of the vertical channel in in/s.
    #[serde(deserialize_with = "lenient")]
    pub vert: Option<f64>,
    /// PPV of the longitudinal channel in in/s.
    #[serde(deserialize_with = "lenient")]
    pub long: Option<f64>,
    /// Peak vector sum in in/s. A histogram has one only when a report states it.
    #[serde(deserialize_with = "lenient")]
    pub peak_vector_sum: Option<f64>,
    /// PSPL in psi.
    #[serde(deserialize_with = "lenient")]
    pub mic_psi: Option<f64>,
    /// PSPL in dB(L).
    #[serde(deserialize_with = "lenient")]
    pub mic_db_l: Option<f64>,
    /// A-weighted level in dB(A), which is none in dB(L) or psi.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub mic_db_a: Option<f64>,
    /// C-weighted level in dB(C), which is none in dB(L) or psi.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub mic_db_c: Option<f64>,
    /// The same peaks as they are shown, in the unit and with the decimals of the report or the
    /// converter: `tran`, `vert`, `long`, `peak_vector_sum`, `mic`.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub readings: Option<BTreeMap<String, Reading>>,
    /// What is special about a peak, by the name of its field.
    #[serde(deserialize_with = "lenient")]
    pub flags: Option<BTreeMap<String, FlagWord>>,
    /// The unit of each field.
    #[serde(deserialize_with = "lenient")]
    pub units: Option<BTreeMap<String, String>>,
}

/// A flag as it is written: `saturated`, `above_range`, `below_range`, `incomplete`, `impossible`, or
/// another program's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FlagWord(pub String);

impl From<Flag> for FlagWord {
    fn from(flag: Flag) -> Self {
        Self(flag.word().replace(' ', "_"))
    }
}

impl FlagWord {
    pub(crate) fn flag(&self) -> Option<Flag> {
        match self.0.as_str() {
            "saturated" => Some(Flag::Saturated),
            "above_range" => Some(Flag::AboveRange),
            "below_range" => Some(Flag::BelowRange),
            "incomplete" => Some(Flag::Incomplete),
            "impossible" => Some(Flag::Impossible),
            _ => None,
        }
    }
}

/// Block `project_info`: the notes that the user typed into the unit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ProjectInfo {
    /// Project.
    #[serde(deserialize_with = "lenient")]
    pub project: Option<String>,
    /// Client.
    #[serde(deserialize_with = "lenient")]
    pub client: Option<String>,
    /// Operator.
    #[serde(deserialize_with = "lenient")]
    pub operator: Option<String>,
    /// Location of the sensor.
    #[serde(deserialize_with = "lenient")]
    pub sensor_location: Option<String>,
    /// Further notes.
    #[serde(deserialize_with = "lenient")]
    pub notes: Option<String>,
    /// The labels as written, by the name of the field.
    #[serde(deserialize_with = "lenient")]
    pub labels: Option<BTreeMap<String, String>>,
}

/// Block `source`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SourceBlock {
    /// `sfm-live`, `sfm-ach`, `bw-import`, `idf-import` or `stream`.
    #[serde(deserialize_with = "lenient")]
    pub kind: Option<String>,
    /// The program that derived the files.
    #[serde(deserialize_with = "lenient")]
    pub tool_version: Option<String>,
    /// When the event came in, in UTC.
    #[serde(deserialize_with = "lenient")]
    pub captured_at: Option<String>,
    /// The file of raw frames.
    #[serde(deserialize_with = "lenient")]
    pub a5_pickle_filename: Option<String>,
    /// The file of the vendor's report.
    #[serde(deserialize_with = "lenient")]
    pub txt_filename: Option<String>,
}

/// Block `review`: it belongs to people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Review {
    /// Whether the event is no event.
    #[serde(deserialize_with = "lenient")]
    pub false_trigger: Option<bool>,
    /// Who said so.
    #[serde(deserialize_with = "lenient")]
    pub reviewer: Option<String>,
    /// When, in UTC; null where nobody has looked.
    #[serde(deserialize_with = "lenient")]
    pub reviewed_at: Option<String>,
    /// Free text.
    #[serde(deserialize_with = "lenient")]
    pub notes: Option<String>,
    /// Texts of the user notes that people set or corrected.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub corrections: Option<Corrections>,
}

/// What people say in place of the notes that were typed into the unit, and of the blast. An empty text says
/// that there is none; what is absent is not corrected.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Corrections {
    /// Project.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Client.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Operator.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// Location of the sensor.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Maximum charge per delay with its unit: `45 kg`, `99.2 lb`.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub charge: Option<String>,
    /// Distance from blast to sensor with its unit: `320 m`, `1050 ft`.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub distance: Option<String>,
}

impl Corrections {
    /// The fields, as they are named in rows and patches.
    pub const FIELDS: [&'static str; 6] =
        ["project", "client", "operator", "location", "charge", "distance"];

    /// What is said of the blast.
    pub(crate) fn of_blast(&self, quantity: BlastQuantity) -> Option<&str> {
        match quantity {
            BlastQuantity::Charge => self.charge.as_deref(),
            BlastQuantity::Distance => self.distance.as_deref(),
        }
    }

    /// Puts the corrections in the place of the notes; gives the names of the fields that it changes.
    pub(crate) fn correct(self, notes: &mut ProjectInfo) -> Vec<&'static str> {
        let all = [
            (self.project, &mut notes.project),
            (self.client, &mut notes.client),
            (self.operator, &mut notes.operator),
            (self.location, &mut notes.sensor_location),
        ];
        let mut corrected = Vec::new();
        for ((correction, note), name) in all.into_iter().zip(Self::FIELDS) {
            let Some(correction) = correction else { continue };
            let correction = (!correction.is_empty()).then_some(correction);
            if *note != correction {
                *note = correction;
                corrected.push(name);
            }
        }
        corrected
    }
}

/// `extensions.decode`: what the decoder met.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DecodeBlock {
    /// Format of the source.
    #[serde(deserialize_with = "lenient")]
    pub format: Option<String>,
    /// Whether data is damaged or missing.
    #[serde(deserialize_with = "lenient")]
    pub damaged: Option<bool>,
    /// Whether report and samples contradict each other.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub contradicted: Option<bool>,
    /// Missing samples: a list of `first` and `count` by channel.
    #[serde(deserialize_with = "lenient")]
    pub gaps: Option<BTreeMap<String, Value>>,
    /// Missing samples over all channels.
    #[serde(deserialize_with = "lenient")]
    pub missing_samples: Option<u64>,
    /// Damage, disagreements and assumptions.
    #[serde(deserialize_with = "lenient")]
    pub warnings: Option<Vec<Value>>,
}

/// Block `wavekeep`: what this program needs to do the same again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct OwnBlock {
    /// Number of the event in the index. It is never given to another event.
    #[serde(deserialize_with = "lenient")]
    pub id: Option<i64>,
    /// The name under which the event came, where it could not keep it.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub original_name: Option<String>,
    /// Further names under which the same bytes came: an event that a unit sent and somebody saved by
    /// hand is one event.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub other_names: Option<Vec<String>>,
    /// The units that it was of before it was moved to another one.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub earlier_units: Option<Vec<String>>,
    /// SHA-256 of the `.h5` that was written. One with another sum is another program's.
    #[serde(deserialize_with = "lenient")]
    pub hdf5_sha256: Option<String>,
    /// SHA-256 of the `.gnz` that was written, where somebody asked for one: it is made again with
    /// the other derived files.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub gnz_sha256: Option<String>,
    /// SHA-256 of the other files beside the source (reports, raw frames), by name.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub files: Option<BTreeMap<String, String>>,
    /// Who sent the event: the name of a token, or the user of the machine.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub sent_by: Option<String>,
    /// Who sent the report, where it came later.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub report_sent_by: Option<String>,
    /// What the caller stated when the event was saved.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub stated: Option<Stated>,
}

/// What a caller states about an event. It wins over file, name and report, now and whenever the
/// event is derived again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stated {
    /// Serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Range of the geophones: `normal` or `sensitive`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// Samples per second and channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_hz: Option<f64>,
    /// Seconds before the trigger, positive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pretrigger_s: Option<f64>,
}

/// A value of another type than it should have is not known.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}
