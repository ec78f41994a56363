//! Command-line arguments.

mod alerts;
mod archive;
mod backup;
mod config;
mod correct;
mod custody;
mod export;
mod import;
mod level;
mod list;
mod oidc;
mod period;
mod places;
mod record;
mod recordings;
mod scaled_distance;
mod serve;
mod values;
mod verify;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use wavekeep_core::Unit;
use wavekeep_export::{Target, Units};
use wavekeep_period::Language;
use wavekeep_signal::{Curve, DEFAULT_CURVE, MotionQuantity, Window};

use crate::log::LogOptions;
pub use alerts::{AlertsArgs, AlertsCommand};
pub use archive::ArchiveCommand;
pub use backup::{BackupArgs, RestoreArgs};
pub use config::{ConfigArgs, ConfigCommand};
pub use correct::{CorrectArgs, ReviewArgs};
pub use custody::{
    HeadArgs, KeyArgs, KeyCommand, LeaveArgs, LedgerArgs, ProveArgs, PurgeArgs, RemoveArgs,
    RetainArgs, SigningArgs, StampArgs, TrustArgs,
};
pub use export::{ExportArgs, ExportTarget, lake};
pub use import::{ImportArgs, WatchArgs};
pub use level::{LevelArgs, LevelCommand, LevelPlaceArgs, SetLevelArgs};
pub use list::{By, Chosen, Condition, FromArchiveArgs, ListArgs};
pub use period::PeriodArgs;
pub use places::{PlanArgs, PlanCommand, TrendArgs, UnitArgs};
pub use record::{Origin, RecordArgs};
pub use recordings::{InputArgs, LimitArgs, SelectionArgs, SetupArgs};
pub use scaled_distance::ScaledDistanceArgs;
pub use serve::{ServeArgs, TokenArgs, TokenCommand};
pub use values::near;
use values::{new_path, positive};
pub use verify::{RebuildArgs, RepairArgs, VerifyArgs};

/// Opens, checks, plots, converts and archives instrument recordings.
///
/// Folders are searched for recordings; formats are detected by content. A bad file does not stop the
/// others.
#[derive(Debug, Parser)]
#[command(name = "wavekeep", version, propagate_version = true, after_help = EXIT_CODES)]
pub struct Args {
    /// Print one JSON document per input, one per line.
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub json: bool,
    /// When to use colour.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = GLOBAL)]
    pub color: Color,
    /// Configuration file: options of serve, watch and record, and the archive of all commands. By
    /// default /etc/wavekeep/config.toml, on Windows %PROGRAMDATA%\wavekeep\config.toml.
    #[arg(long, global = true, value_name = "FILE", help_heading = GLOBAL)]
    pub config: Option<PathBuf>,
    /// Show no progress and no summary.
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    pub quiet: bool,
    #[command(subcommand)]
    pub command: Command,
}

impl Args {
    /// How the log is written.
    pub fn log(&self) -> LogOptions {
        match &self.command {
            Command::Serve(serve) => LogOptions {
                levels: serve.log.clone(),
                requests: serve.log_requests,
                json: serve.log_json,
            },
            _ => LogOptions::default(),
        }
    }
}

/// The heading above the options that every command has.
pub const GLOBAL: &str = "Global options";

const EXIT_CODES: &str = "\
Exit codes: 0 done · 1 failed · 2 wrong usage · 3 done, but data was damaged or incomplete";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Describe recordings: channels, rate, times, peaks, damage, assumptions.
    #[command(after_help = "\
Examples:
  wavekeep info M529LKIQ.7M0W
  wavekeep info --json events/ | jq .measurements.peak_vector_sum
  wavekeep info --range sensitive --velocity mm/s M529LKIQ.7M0W")]
    Info(InfoArgs),
    /// Convert recordings and arrays to CSV, JSON, GNZ, HDF5, Parquet, miniSEED, npy, npz, …
    #[command(after_help = "\
Events can be written to every target; arrays (.gnz, .npy, .npz, .safetensors) and streams to all
except json, miniseed, miniseed3 and wav. A single input to csv or json goes to standard output
unless -o names a file; otherwise files are named after the input, in the current folder or the
folder -o. Without --to, the extension of -o selects the target. `-` as the input is standard
input, `-o -` is standard output.

Examples:
  wavekeep convert M529LKIQ.7M0W --to csv
  wavekeep convert M529LKIQ.7M0W -o event.h5
  wavekeep convert events/ --to parquet -o tables/
  wavekeep convert M529LKIQ.7M0W --to csv --units raw --channels Vert,MicL --start 0 --end 0.5
  wavekeep convert run.dat --to gnz --channels 0-15,2:107 --frames 0..480000
  wavekeep convert run.dat --to csv --channels 0-3 --follow
  wavekeep convert arrays.gnz --to npz
  wavekeep convert arrays.npy --to gnz
  wavekeep convert arrays.npz --to csv --channels '\"a,b\",0'
  wavekeep convert model.safetensors --to npz --as-f32")]
    Convert(ConvertArgs),
    /// Plot recordings as SVG, PNG or PDF.
    #[command(after_help = "\
Examples:
  wavekeep plot M529LKIQ.7M0W
  wavekeep plot M529LKIQ.7M0W --kind limits --curve osmre --format svg
  wavekeep plot M529LKIQ.7M0W -o traces.pdf
  wavekeep plot events/ --kind all --theme dark -o plots/
  wavekeep plot M529LKIQ.7M0W --quantity displacement --velocity mm/s
  wavekeep plot M529LKIQ.7M0W --kind spectrum --window hann
  wavekeep plot M529LKIQ.7M0W --kind third-octaves
  wavekeep plot --archive fleet --where min-ppv=0.5 -o plots/
  wavekeep plot run.dat
  wavekeep plot run.dat --channels 0-3,2:107 --start 10 --end 12")]
    Plot(PlotArgs),
    /// Write the one-page event report as PDF, or the report of a month or another period.
    #[command(after_help = "\
With --period, one report of an archive's events in that time is written: summary, what was monitored,
charts, all events, source files with their checksums, and the event pages of those above or near a
level. It goes to report-PERIOD.pdf unless -o names a file; the extension of -o, or --format, selects
pdf, xlsx or csv. `--curve none` compares with no level.

Examples:
  wavekeep report M529LKIQ.7M0W
  wavekeep report M529LKIQ.7M0W --curve din-2 --velocity mm/s -o report.pdf
  wavekeep report events/ --curves permits.toml --curve permit-7 -o reports/
  wavekeep report --archive fleet --id 17,20-25 -o reports/
  wavekeep report --archive fleet --where project=Quarry --period 2026-05 -o may.pdf
  wavekeep report --archive fleet --period 2026-05 --language de --template office.toml \\
      --curve din-2 --velocity mm/s -o mai.pdf
  wavekeep report --archive fleet --period 2026-05-04..2026-05-17 -o weeks.xlsx")]
    Report(ReportArgs),
    /// Check files: lengths, times, names, segments, and the samples in the report.
    #[command(after_help = "\
Examples:
  wavekeep check M529LKIQ.7M0W
  wavekeep check --json events/ | jq 'select(.status != \"whole\")'")]
    Check(CheckArgs),
    /// Recover the undamaged parts of a stream or GNZ file into a new file, and verify it.
    #[command(after_help = "\
Examples:
  wavekeep recover run.dat -o clean.dat
  wavekeep recover cut.gnz -o whole.gnz")]
    Recover(RecoverArgs),
    /// Record a stream: from an instrument, the emulator, another run or standard input.
    #[command(after_help = "\
The variables of the writer are those of Rogue's DataWriter: DataFile, BufferSize, MaxFileSize,
DropErrors, RawMode, Overwrite. `--print-chain` prints the default chain settings.

Examples:
  wavekeep record -o run.dat --from emulator --channels 512 --shape sine --period 400 --frames 40000
  wavekeep record -o pieces.dat --from run.dat --set MaxFileSize=1000000000
  wavekeep record -o filtered.dat --from raw.dat --chain chain.json
  nc instrument 9000 | wavekeep record -o data/ --auto-name --from -
  wavekeep record -o run.dat --from tcp://smurf:8001 --metadata tcp://smurf:8003
  wavekeep record -o data/ --from tcp://smurf:8001 --control 9002 --wait-for-open")]
    Record(Box<RecordArgs>),
    #[command(flatten)]
    Archive(ArchiveCommand),
    /// Serve an archive over HTTP: events, plots, reviews, streams, imports, live changes.
    #[command(after_help = "\
Examples:
  wavekeep serve --archive events/
  wavekeep serve --archive events/ --listen 0.0.0.0:8080
  wavekeep serve --archive events/ --bridge tcp://smurf:8001
  wavekeep serve --archive events/ --lake s3://company/vibration
  RUST_LOG=info wavekeep serve --archive events/ --log-requests --log-json")]
    Serve(ServeArgs),
    /// Create, list or revoke the access tokens of a server.
    #[command(after_help = "\
Examples:
  wavekeep token add kim --role review --archive events/
  wavekeep token list --archive events/
  wavekeep token revoke kim --archive events/")]
    Token(TokenArgs),
    /// Check rules of alerts, or send a test message to every target.
    #[command(after_help = "\
Alerts are sent by `wavekeep serve --alerts FILE`; docs/alerts.md describes the rules.

Examples:
  wavekeep alerts check alerts.toml
  wavekeep alerts test alerts.toml")]
    Alerts(AlertsArgs),
    /// Check the configuration, or show every option with its source.
    #[command(after_help = "\
The file holds a table for each of serve, watch and record, with their options as keys, and the
archive of all commands. Environment variables take precedence over it (WAVEKEEP_SERVE_LISTEN is
--listen of serve), and flags over those.

Examples:
  wavekeep config check
  wavekeep config check new.toml
  wavekeep config show serve")]
    Config(ConfigArgs),
    /// Decode the built-in samples into tables, plots and a report, and serve their archive.
    #[command(after_help = "\
Examples:
  wavekeep demo
  wavekeep demo -o /tmp/wavekeep-demo")]
    Demo(DemoArgs),
    /// Print a completion script for a shell.
    #[command(after_help = "\
Examples:
  wavekeep completions bash > ~/.local/share/bash-completion/completions/wavekeep")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages and the Markdown reference of all commands.
    #[command(hide = true)]
    Reference {
        /// The folder: man1/ and commands.md are written into it.
        folder: PathBuf,
    },
}

#[derive(Debug, ClapArgs)]
pub struct InfoArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub velocity: VelocityArg,
}

#[derive(Debug, ClapArgs)]
pub struct CheckArgs {
    #[command(flatten)]
    pub input: InputArgs,
}

#[derive(Debug, ClapArgs)]
pub struct RecoverArgs {
    /// The damaged file.
    #[arg(value_name = "FILE")]
    pub path: PathBuf,
    /// The new file.
    #[arg(short, long, value_name = "OUT", value_parser = new_path())]
    pub output: PathBuf,
    /// Replace OUT if it exists.
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, ClapArgs)]
pub struct DemoArgs {
    /// Output folder.
    #[arg(short, long, value_name = "DIR", value_parser = new_path(), default_value = "demo")]
    pub output: PathBuf,
    /// Do not serve the archive.
    #[arg(long)]
    pub no_serve: bool,
    /// Address of the server; another port is used if this one is taken.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: std::net::SocketAddr,
}

#[derive(Debug, ClapArgs)]
pub struct ConvertArgs {
    #[command(flatten)]
    pub input: InputArgs,
    /// Target; by default selected by the extension of -o.
    #[arg(long, value_name = "TARGET", value_parser = target_parser())]
    pub to: Option<Target>,
    #[command(flatten)]
    pub output: OutputArgs,
    /// raw: the integers of the format; physical: in/s and psi, for a stream rad. By default physical for
    /// events and raw for streams.
    #[arg(long, value_name = "UNITS")]
    pub units: Option<Units>,
    #[command(flatten)]
    pub velocity: VelocityArg,
    /// Unit of air pressures: psi, Pa or dB(L). By default, samples are in psi, or in Pa beside mm/s, and
    /// peaks of histograms in dB(L).
    #[arg(long, value_name = "UNIT", value_parser = pressure_unit)]
    pub pressure: Option<Unit>,
    /// For events as csv: comment lines (#) with assumptions, damage and units.
    #[arg(long)]
    pub header: bool,
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// For arrays: convert types that numpy does not have (BF16, F8_E4M3, F8_E5M2, …) to F32, without loss;
    /// other types are unchanged.
    #[arg(long)]
    pub as_f32: bool,
    /// Follow a stream that is being written, in whole frames; only for csv.
    #[arg(long)]
    pub follow: bool,
    /// Write a GNZ without the CRC-32C of each array.
    #[arg(long)]
    pub no_checksums: bool,
    /// Write HDF5 and Zarr without compression.
    #[arg(long)]
    pub no_compress: bool,
    /// With --follow: stop after this many seconds without a new frame; by default never.
    #[arg(long, value_name = "SECONDS", requires = "follow", value_parser = positive)]
    pub idle: Option<f64>,
}

#[derive(Debug, ClapArgs)]
#[command(mut_arg("paths", |paths| paths.required(false).required_unless_present_any(["archive", "ids", "conditions"])))]
pub struct PlotArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub events: FromArchiveArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    /// Kind of plot; by default traces of a waveform, bars of a histogram, and for a stream traces, or an
    /// overview if it has more than 16 channels.
    #[arg(long, value_name = "KIND")]
    pub kind: Option<PlotKind>,
    /// Quantity of the traces of an event: the recorded velocity, or what is computed from it.
    #[arg(long, value_name = "QUANTITY", default_value = "velocity")]
    pub quantity: QuantityArg,
    /// Window of amplitude spectra; amplitudes are divided by its coherent gain.
    #[arg(long, value_name = "WINDOW", default_value = "none")]
    pub window: WindowArg,
    /// Picture format; by default the extension of -o, or png.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<PictureFormat>,
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Width of a PNG in pixels.
    #[arg(long, value_name = "PIXELS", default_value_t = 1600, value_parser = clap::value_parser!(u32).range(100..=10_000))]
    pub width: u32,
    /// Colours of the picture.
    #[arg(long, value_name = "THEME", default_value = "light")]
    pub theme: ThemeArg,
    #[command(flatten)]
    pub curve: CurveArgs,
    #[command(flatten)]
    pub velocity: VelocityArg,
}

#[derive(Debug, ClapArgs)]
#[command(mut_arg("paths", |paths| paths.required(false).required_unless_present_any(["archive", "ids", "conditions", "period"])))]
pub struct ReportArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub events: FromArchiveArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    /// Size of the page.
    #[arg(long, value_name = "PAPER", default_value = "a4")]
    pub paper: PaperArg,
    /// Language of the report. Texts of the instrument and names of curves stay as they are.
    #[arg(long, value_name = "CODE", default_value = "en", value_parser = period::language())]
    pub language: Language,
    #[command(flatten)]
    pub curve: CurveArgs,
    #[command(flatten)]
    pub velocity: VelocityArg,
    #[command(flatten)]
    pub period: PeriodArgs,
}

/// Reads the word of a target, lists all of them in the help, and suggests a near one.
fn target_parser() -> impl clap::builder::TypedValueParser<Value = Target> {
    use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
    let values = Target::ALL.map(|target| {
        let value = PossibleValue::new(target.word()).help(target.description());
        value.aliases(target.aliases())
    });
    PossibleValuesParser::new(values).try_map(|word| word.parse::<Target>())
}

/// Where results go.
#[derive(Debug, ClapArgs)]
pub struct OutputArgs {
    /// Output file, or folder for several inputs; - is standard output.
    #[arg(short, long, value_name = "FILE|DIR", value_parser = new_path())]
    pub output: Option<PathBuf>,
    /// Replace files that exist.
    #[arg(long)]
    pub force: bool,
}

/// The limit curve for verdicts.
#[derive(Debug, ClapArgs)]
pub struct CurveArgs {
    /// Limit curve.
    #[arg(long, value_name = "ID", help = curve_help())]
    pub curve: Option<String>,
    /// TOML file with custom curves.
    #[arg(long, value_name = "FILE")]
    pub curves: Option<PathBuf>,
    /// Distance to the blast in feet, for curves that depend on it.
    #[arg(long, value_name = "FEET", value_parser = positive)]
    pub distance_ft: Option<f64>,
}

/// The unit of velocities.
#[derive(Debug, ClapArgs)]
pub struct VelocityArg {
    /// Unit of velocities: in/s or mm/s.
    #[arg(long, value_name = "UNIT", default_value = "in/s", value_parser = velocity_unit)]
    pub velocity: Unit,
}

/// What can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlotKind {
    /// The traces of a waveform.
    Traces,
    /// The bars of a histogram.
    Histogram,
    /// Amplitude spectra.
    Spectrum,
    /// One-third-octave bands of IEC 61260-1.
    ThirdOctaves,
    /// PPV against frequency with a limit curve.
    Limits,
    /// All channels of a stream over time, by the range of their samples.
    Overview,
    /// All kinds that apply to the recording.
    All,
}

impl PlotKind {
    /// The word for it, in file names.
    pub fn word(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Histogram => "histogram",
            Self::Spectrum => "spectrum",
            Self::ThirdOctaves => "third-octaves",
            Self::Limits => "limits",
            Self::Overview => "overview",
            Self::All => "all",
        }
    }
}

/// What of the ground's motion traces show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QuantityArg {
    /// As recorded, with the microphone.
    Velocity,
    /// The difference quotient of the velocity, in g.
    Acceleration,
    /// The integral of the velocity, in inches or millimetres.
    Displacement,
    /// The vector sum of the three geophones.
    VectorSum,
}

impl QuantityArg {
    /// What has to be computed; `None` for what was recorded.
    pub fn computed(self) -> Option<MotionQuantity> {
        match self {
            Self::Velocity => None,
            Self::Acceleration => Some(MotionQuantity::Acceleration),
            Self::Displacement => Some(MotionQuantity::Displacement),
            Self::VectorSum => Some(MotionQuantity::VectorSum),
        }
    }
}

/// What the samples of a spectrum are multiplied by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WindowArg {
    /// No window.
    None,
    /// Hann: separates close frequencies.
    Hann,
    /// Flat top: true amplitudes between two lines.
    FlatTop,
}

impl WindowArg {
    /// The window.
    pub fn window(self) -> Window {
        match self {
            Self::None => Window::None,
            Self::Hann => Window::Hann,
            Self::FlatTop => Window::FlatTop,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PictureFormat {
    Svg,
    Png,
    Pdf,
}

impl PictureFormat {
    /// What file names of pictures end with.
    pub const EXTENSIONS: [&'static str; 3] = ["png", "svg", "pdf"];

    /// The kind of picture of files that end so.
    pub fn of_extension(extension: &str) -> Option<Self> {
        [Self::Svg, Self::Png, Self::Pdf].into_iter().find(|it| it.extension() == extension)
    }

    /// What its file names end with.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Pdf => "pdf",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ThemeArg {
    Light,
    Dark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PaperArg {
    A4,
    Letter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// When standard output is a terminal and NO_COLOR is not set.
    Auto,
    Always,
    Never,
}

impl Color {
    /// Makes all printing follow the choice.
    pub fn apply(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

fn velocity_unit(text: &str) -> Result<Unit, String> {
    match text.parse() {
        Ok(unit @ (Unit::InchPerSecond | Unit::MillimetrePerSecond)) => Ok(unit),
        _ => Err("must be in/s or mm/s".to_owned()),
    }
}

fn pressure_unit(text: &str) -> Result<Unit, String> {
    match text.parse() {
        Ok(unit @ (Unit::Psi | Unit::Pascal | Unit::DecibelLinear)) => Ok(unit),
        _ => Err("must be psi, Pa or dB(L)".to_owned()),
    }
}

/// The help of `--curve`, with the ids of all built-in curves.
fn curve_help() -> String {
    let ids: Vec<&str> = Curve::all_built_in().iter().map(|curve| &*curve.id).collect();
    format!(
        "Id of a built-in limit curve or of one in --curves [default: {DEFAULT_CURVE}; for --period the levels of the archive, where it has any]. Built-in: {}",
        ids.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
