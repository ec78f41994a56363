//! What the vendor's report says about a recording, as values.

use serde::Serialize;

use crate::{BlastStatement, Frequency, Reading, Unit, UnitLocal};

/// Everything that a report of the vendor states, typed; `None` where it says nothing or `N/A`.
///
/// It wins over what is computed from the samples wherever one of the two is shown, and both stay
/// available.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Statement {
    /// `Full Waveform`, `Histogram`, …
    pub event_type: Option<String>,
    /// Date and time of the event, or of the start of a histogram.
    pub start: Option<UnitLocal>,
    /// What triggered, as written.
    pub trigger: Option<String>,
    /// Range of the geophones, in in/s or mm/s.
    pub geophone_range: Option<Reading>,
    /// Seconds recorded from the trigger on.
    pub record_time_s: Option<f64>,
    /// Seconds before the trigger, positive.
    pub pretrigger_s: Option<f64>,
    /// Samples per second and channel.
    pub rate_hz: Option<f64>,
    /// The system of units, as written.
    pub units: Option<String>,
    /// Serial number, without the firmware that may follow it.
    pub serial: Option<String>,
    /// Firmware or model behind the serial number, as written.
    pub firmware: Option<String>,
    /// Battery, as written.
    pub battery: Option<String>,
    /// Date and place of the last calibration, as written.
    pub calibration: Option<String>,
    /// Version of the vendor's software, as written.
    pub software: Option<String>,
    /// The user's notes in their order.
    pub notes: Vec<UserNote>,
    /// What it says of the blast: charge and distance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blast: Option<BlastStatement>,
    /// The kind of microphone, as written: `ISEE Linear Microphone`, `A-weight Microphone`.
    pub microphone: Option<String>,
    /// What it says of each channel.
    pub channels: Vec<ChannelStatement>,
    /// Peak vector sum.
    pub peak_vector_sum: Option<Reading>,
    /// Its time, in seconds from the trigger.
    pub peak_vector_sum_time_s: Option<f64>,
    /// Its moment, for a histogram.
    pub peak_vector_sum_at: Option<UnitLocal>,
    /// What it says of a histogram as a whole.
    pub histogram: Option<HistogramStatement>,
    /// Rows of the monitor log.
    pub monitor_log: Vec<MonitorLogEntry>,
    /// Every field as written, in order: what is not understood is here too.
    pub fields: Vec<(String, String)>,
}

impl Statement {
    /// What it says of the channel `name`, without regard to case.
    pub fn channel(&self, name: &str) -> Option<&ChannelStatement> {
        self.channels.iter().find(|channel| channel.name.eq_ignore_ascii_case(name))
    }

    /// What it says of a part of the recording: without all that was measured of the whole. What is
    /// [as written](Self::fields) stays.
    #[must_use]
    pub fn of_a_part(mut self) -> Self {
        for channel in &mut self.channels {
            channel.peak = None;
            channel.zc_frequency = None;
            channel.time_of_peak_s = None;
            channel.peak_at = None;
            channel.peak_acceleration = None;
            channel.peak_displacement = None;
        }
        self.peak_vector_sum = None;
        self.peak_vector_sum_time_s = None;
        self.peak_vector_sum_at = None;
        self
    }

    /// The unit of the microphone's weighted levels; `None` where nothing says that they are
    /// weighted. The unit of a printed level decides, otherwise the words for the microphone.
    pub fn weighting(&self) -> Option<Unit> {
        let of_peak = |channel: &ChannelStatement| channel.peak.map(|peak| peak.unit);
        let peaks = || self.channels.iter().filter_map(of_peak);
        if let Some(weighted) = peaks().find(|unit| unit.is_weighted()) {
            return Some(weighted);
        }
        let is_linear = peaks().any(|unit| unit == Unit::DecibelLinear);
        self.microphone.as_deref().filter(|_| !is_linear).and_then(weighting_by_words)
    }
}

/// The weighting that the words for a microphone name: `A-weight Microphone` is dB(A).
pub fn weighting_by_words(words: &str) -> Option<Unit> {
    let words = words.to_ascii_lowercase().replace([' ', '_'], "-");
    [("a-weight", Unit::DecibelA), ("c-weight", Unit::DecibelC)]
        .into_iter()
        .find(|(weighting, _)| words.contains(weighting))
        .map(|(_, unit)| unit)
}

/// A note that the user typed into the instrument: its label is free text too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserNote {
    /// What its position or its label means: `project`, `client`, `operator`, `sensor_location`, or
    /// `notes` for anything else.
    pub role: &'static str,
    /// The label, as written.
    pub label: String,
    /// The note, as written.
    pub text: String,
}

/// What a report states of one channel.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ChannelStatement {
    /// `Tran`, `Vert`, `Long` or `MicL`.
    pub name: String,
    /// PPV of a geophone, PSPL of a microphone.
    pub peak: Option<Reading>,
    /// Zero-crossing frequency of the peak.
    pub zc_frequency: Option<Frequency>,
    /// Seconds from the trigger to the peak.
    pub time_of_peak_s: Option<f64>,
    /// Moment of the peak, for a histogram.
    pub peak_at: Option<UnitLocal>,
    /// Peak acceleration.
    pub peak_acceleration: Option<Reading>,
    /// Peak displacement.
    pub peak_displacement: Option<Reading>,
    /// Sensor check: frequency of the test.
    pub test_frequency: Option<Frequency>,
    /// Sensor check: ratio of overswing.
    pub test_ratio: Option<f64>,
    /// Sensor check: amplitude of a microphone's test.
    pub test_amplitude: Option<Reading>,
    /// Sensor check: `Passed`, `Failed`, as written.
    pub test_results: Option<String>,
}

/// What a report states of a histogram as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct HistogramStatement {
    /// Start of the first interval.
    pub start: Option<UnitLocal>,
    /// End of the last interval.
    pub stop: Option<UnitLocal>,
    /// Number of intervals (a fraction is printed when the last one was cut short).
    pub intervals: Option<f64>,
    /// Length of an interval in seconds.
    pub interval_s: Option<f64>,
}

/// One row of a monitor log, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MonitorLogEntry {
    /// Start.
    pub start: String,
    /// Stop.
    pub stop: String,
    /// What happened.
    pub text: String,
}
