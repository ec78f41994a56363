//! What a recording is asked for with.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use wavekeep_recorder::chain::{ChainConfig, SampleWidth, Shape};

use crate::extract::object;
use crate::problem::Problem;

/// Channels of a frame.
const MOST_CHANNELS: u32 = 65_536;
/// Seconds after which a recording of the emulator ends when the request gives no end.
const DEFAULT_SECONDS: f64 = 60.0;
/// Numbers of the filter's state: 64 MiB.
const MOST_STATE: usize = 4 << 20;

/// A recording that is asked for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RecordingForm {
    /// Where frames come from.
    pub source: SourceForm,
    /// Settings of the chain before the writer, as `wavekeep record --print-chain` prints them.
    /// Without them frames of a run or a bridge pass as they are, and those of the emulator are its
    /// samples.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub chain: Option<Value>,
    /// Data frames that are taken from the source at each `Open`; without it, all that come.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub frames: Option<u64>,
    /// How long to record after each `Open`. Without it and without `frames`, the emulator is
    /// recorded for 60 s; a run ends by itself, a bridge never.
    #[serde(default)]
    #[schema(exclusive_minimum = 0, maximum = 31_536_000)]
    pub seconds: Option<f64>,
    /// Whether to record until `Close`, however long that is; excludes `frames` and `seconds`.
    #[serde(default)]
    pub until_closed: bool,
    /// Variables of the DataWriter by their names. Without `DataFile`, `AutoName` gives one.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub variables: Map<String, Value>,
    /// Whether to open at once.
    #[serde(default = "yes")]
    pub open: bool,
}

fn yes() -> bool {
    true
}

/// Where frames come from.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum SourceForm {
    /// Frames that the server makes.
    Emulator(EmulatorForm),
    /// The records of a run of the archive, metadata too.
    Run {
        /// The run's number.
        id: i64,
    },
    /// The frames of a stream bridge of Rogue, from `Open` to `Close`.
    Bridge(BridgeForm),
}

/// A stream bridge of Rogue. The server must have been started with its addresses (`--bridge`).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BridgeForm {
    /// `tcp://host:port` of the data, and of metadata among it: of a Rogue `TcpServer` at port P it
    /// is port P + 1.
    pub address: String,
    /// Another address, from which all is metadata.
    #[serde(default)]
    pub metadata: Option<String>,
    /// Whether the server listens at these addresses, and the sender connects.
    #[serde(default)]
    pub bind: bool,
}

impl Default for SourceForm {
    fn default() -> Self {
        Self::Emulator(EmulatorForm::default())
    }
}

impl RecordingForm {
    /// All that comes from a source, when it is opened.
    pub fn of(source: SourceForm) -> Self {
        Self {
            source,
            chain: None,
            frames: None,
            seconds: None,
            until_closed: true,
            variables: Map::new(),
            open: false,
        }
    }
}

/// The frames of the emulator.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct EmulatorForm {
    /// Channels of a frame.
    #[schema(minimum = 1, maximum = 65_536)]
    pub channels: u32,
    /// Frames a second; 0 for as fast as they can be written, which wants `frames`.
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub rate_hz: f64,
    /// `Zeros`, `ChannelNumber`, `Random`, `Square`, `Sawtooth`, `Triangle`, `Sine` or `DropFrame`.
    #[schema(value_type = String)]
    pub shape: Shape,
    /// Amplitude in counts.
    pub amplitude: u32,
    /// Offset in counts.
    pub offset: i32,
    /// Period in frames.
    #[schema(minimum = 2)]
    pub period: u64,
}

impl Default for EmulatorForm {
    fn default() -> Self {
        Self {
            channels: 512,
            rate_hz: 4000.0,
            shape: Shape::Sine,
            amplitude: 8192,
            offset: 0,
            period: 400,
        }
    }
}

impl RecordingForm {
    /// Seconds after which the recording ends, `None` when nothing but its source, its number of
    /// frames or `Close` ends it.
    pub fn end_s(&self) -> Option<f64> {
        let is_emulator = matches!(self.source, SourceForm::Emulator(_));
        let has_end = self.frames.is_some() || !is_emulator;
        self.seconds.or((!has_end && !self.until_closed).then_some(DEFAULT_SECONDS))
    }

    /// The chain's settings, bounded: nobody's request decides how much memory the server takes.
    ///
    /// # Errors
    /// When a number cannot be.
    pub fn config(&self) -> Result<Option<ChainConfig>, Problem> {
        let given = self.chain.clone().map(object::<ChainConfig>).transpose()?;
        let config = match &self.source {
            SourceForm::Run { .. } | SourceForm::Bridge(_) => given,
            SourceForm::Emulator(emulator) => {
                let base = given.unwrap_or_else(ChainConfig::passing);
                let input_emulator = base
                    .input_emulator
                    .with_enabled(true)
                    .with_shape(emulator.shape)
                    .with_amplitude(emulator.amplitude)
                    .with_offset(emulator.offset)
                    .with_period(emulator.period);
                Some(base.with_input(SampleWidth::I16).with_input_emulator(input_emulator))
            }
        };
        self.bounded(config.as_ref())?;
        Ok(config)
    }

    fn bounded(&self, config: Option<&ChainConfig>) -> Result<(), Problem> {
        let refused = |kind: &str, detail: String| Err(Problem::unprocessable(kind, detail));
        if self.frames == Some(0) {
            return refused("frames", "frames is 0: 1 or more were expected".to_owned());
        }
        if self.seconds.is_some_and(|seconds| !(seconds > 0.0 && seconds <= 31_536_000.0)) {
            return refused("seconds", "seconds: above 0, at most a year was expected".to_owned());
        }
        if self.until_closed && (self.frames.is_some() || self.seconds.is_some()) {
            let detail = "until_closed: neither frames nor seconds was expected beside it";
            return refused("until_closed", detail.to_owned());
        }
        let mut channels = MOST_CHANNELS;
        if let SourceForm::Emulator(emulator) = &self.source {
            channels = emulator.channels;
            if !(1..=MOST_CHANNELS).contains(&channels) {
                let detail = format!("channels is {channels}: 1 to {MOST_CHANNELS} were expected");
                return refused("channels", detail);
            }
            if !(0.0..=1e6).contains(&emulator.rate_hz) {
                let detail = "rate_hz: 0 to 1000000 frames a second were expected";
                return refused("rate_hz", detail.to_owned());
            }
            if emulator.rate_hz == 0.0 && self.frames.is_none() {
                let detail = "without a rate the disk would be full in no time: give frames, \
                    the number to record, or rate_hz";
                return refused("rate_hz", detail.to_owned());
            }
        }
        let Some(config) = config else { return Ok(()) };
        if config.mapper.payload_size > MOST_CHANNELS
            || config.mapper.mask.as_ref().is_some_and(|mask| mask.len() > MOST_CHANNELS as usize)
        {
            let detail = format!("the mapper passes at most {MOST_CHANNELS} channels");
            return refused("chain", detail);
        }
        let mapped = config.mapper.mask.as_ref().map_or(channels as usize, Vec::len);
        if config.filter.enabled && config.filter.order.saturating_mul(mapped) > MOST_STATE {
            let detail = format!("filter order × channels is more than {MOST_STATE}");
            return refused("chain", detail);
        }
        Ok(())
    }
}
