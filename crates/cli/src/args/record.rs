//! Arguments of `wavekeep record`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args as ClapArgs, ValueEnum};
use wavekeep_recorder::chain::Shape;

use wavekeep_link::Address;
use wavekeep_link::control::DEFAULT_PREFIX;

use super::values::{new_path, not_negative, positive};

#[derive(Debug, ClapArgs)]
pub struct RecordArgs {
    /// Keep a file of metrics up to date, for the textfile collector of Prometheus's node_exporter.
    #[arg(long, value_name = "FILE")]
    pub metrics_file: Option<PathBuf>,
    /// Output file; with --auto-name or --wait-for-open a folder.
    #[arg(short, long, value_name = "FILE|DIR", value_parser = new_path(), required_unless_present_any = ["print_chain", "wait_for_open"])]
    pub output: Option<PathBuf>,
    /// Source of the frames: `emulator`, a run, - for records on standard input, or tcp://host:port for a
    /// stream bridge of Rogue.
    #[arg(long, value_name = "SOURCE", default_value = "emulator")]
    pub from: Origin,
    /// Name the file `data_YYYYMMDD_HHMMSS.dat`, in local time.
    #[arg(long)]
    pub auto_name: bool,
    /// Set a variable of the writer: BufferSize, MaxFileSize, DropErrors, RawMode, Overwrite.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub variables: Vec<Variable>,
    /// Process data frames with the chain settings in this JSON file.
    #[arg(long, value_name = "FILE")]
    pub chain: Option<PathBuf>,
    /// Print the chain settings as JSON, from --chain or the defaults, without recording.
    #[arg(long)]
    pub print_chain: bool,
    /// Stop after this many frames from the source.
    #[arg(long, value_name = "N")]
    pub frames: Option<u64>,
    /// Stop after this time.
    #[arg(long, value_name = "SECONDS", value_parser = positive)]
    pub seconds: Option<f64>,
    #[command(flatten)]
    pub instrument: InstrumentArgs,
    #[command(flatten)]
    pub emulator: EmulatorArgs,
}

/// The stream bridge, and control while recording.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "At the instrument")]
pub struct InstrumentArgs {
    /// Another bridge, whose frames are all metadata. Without it, metadata is detected by content.
    #[arg(long, value_name = "ADDRESS")]
    pub metadata: Option<Address>,
    /// Bind the addresses of --from and --metadata: the sender connects (a TcpClient of Rogue).
    #[arg(long)]
    pub bind: bool,
    /// Answer Rogue's JSON requests at this address: tcp://host:port, or a port of 127.0.0.1.
    /// Anyone who can reach it controls the recording.
    #[arg(long, value_name = "ADDRESS", value_parser = control_address)]
    pub control: Option<Address>,
    /// The path of the DataWriter in requests.
    #[arg(long, value_name = "PATH", default_value = DEFAULT_PREFIX, requires = "control")]
    pub control_prefix: String,
    /// Start without an open file and wait for `Open` over --control. Frames are read but not written until
    /// then, and between `Close` and the next `Open`.
    #[arg(long, requires = "control", conflicts_with = "auto_name")]
    pub wait_for_open: bool,
    /// Folder that contains every DataFile set over --control; by default the folder of -o.
    #[arg(long, value_name = "DIR", requires = "control")]
    pub root: Option<PathBuf>,
}

fn control_address(text: &str) -> Result<Address, String> {
    match text.parse::<u16>() {
        Ok(port) => format!("tcp://127.0.0.1:{port}").parse(),
        Err(_) => text.parse(),
    }
    .map_err(|error: wavekeep_link::AddressError| error.to_string())
}

/// The frames of the emulator.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Emulator")]
pub struct EmulatorArgs {
    /// Number of channels.
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub channels: u32,
    /// Frames per second; 0 is as fast as possible.
    #[arg(long, value_name = "HZ", default_value_t = 4000.0, value_parser = not_negative)]
    pub rate: f64,
    /// Waveform of the samples.
    #[arg(long, value_name = "SHAPE", default_value = "sine")]
    pub shape: ShapeArg,
    /// Amplitude in counts.
    #[arg(long, value_name = "COUNTS", default_value_t = 8192, value_parser = clap::value_parser!(u32).range(1..=65_535))]
    pub amplitude: u32,
    /// Offset in counts.
    #[arg(long, value_name = "COUNTS", default_value_t = 0, allow_negative_numbers = true)]
    pub offset: i16,
    /// Period in frames.
    #[arg(long, value_name = "FRAMES", default_value_t = 400, value_parser = clap::value_parser!(u64).range(2..))]
    pub period: u64,
}

/// Where frames come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Frames that the program makes.
    Emulator,
    /// Records on standard input.
    Stdin,
    /// The records of a run, metadata too.
    Run(PathBuf),
    /// The frames of a stream bridge.
    Bridge(Address),
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "emulator" => Ok(Self::Emulator),
            "-" => Ok(Self::Stdin),
            address if address.starts_with("tcp://") => address
                .parse()
                .map(Self::Bridge)
                .map_err(|error: wavekeep_link::AddressError| error.to_string()),
            path => Ok(Self::Run(path.into())),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Emulator => f.write_str("emulator"),
            Self::Stdin => f.write_str("standard input"),
            Self::Run(path) => path.display().fmt(f),
            Self::Bridge(address) => address.fmt(f),
        }
    }
}

/// `NAME=VALUE`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub name: String,
    pub value: String,
}

impl FromStr for Variable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| format!("{text:?} is not of the form NAME=VALUE"))?;
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

/// What an emulator makes; its formulas are in `docs/formats/smurf.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ShapeArg {
    Zeros,
    ChannelNumber,
    Random,
    Square,
    Sawtooth,
    Triangle,
    Sine,
}

impl From<ShapeArg> for Shape {
    fn from(shape: ShapeArg) -> Self {
        match shape {
            ShapeArg::Zeros => Self::Zeros,
            ShapeArg::ChannelNumber => Self::ChannelNumber,
            ShapeArg::Random => Self::Random,
            ShapeArg::Square => Self::Square,
            ShapeArg::Sawtooth => Self::Sawtooth,
            ShapeArg::Triangle => Self::Triangle,
            ShapeArg::Sine => Self::Sine,
        }
    }
}
