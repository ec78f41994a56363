//! Arguments of `wavekeep scaled-distance`.

use clap::Args as ClapArgs;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use wavekeep_archive::BlastMedium;
use wavekeep_core::{BlastQuantity, BlastValueError, Reading};

use super::archive::ArchiveArg;
use super::list::WhichArgs;
use super::values::positive;
use super::{OutputArgs, ThemeArg, VelocityArg};

/// The heading in the help.
const FORECAST: &str = "Forecast";

#[derive(Debug, ClapArgs)]
pub struct ScaledDistanceArgs {
    #[command(flatten)]
    pub archive: ArchiveArg,
    #[command(flatten)]
    pub which: WhichArgs,
    /// What carries the vibration: ground (PPV against R / √W) or air (PSPL against R / ∛W).
    #[arg(long, value_name = "MEDIUM", default_value = "ground", value_parser = medium())]
    pub medium: BlastMedium,
    /// A limit of the peak: of the ground in the unit of --velocity, of the air in dB(L). Alone, it lists the
    /// permissible charges at the distances of the events.
    #[arg(long, value_name = "VALUE", value_parser = positive, help_heading = FORECAST)]
    pub limit: Option<f64>,
    /// A distance from blast to sensor, with its unit (250 m, 820 ft): with --limit, the permissible charge;
    /// with --charge, the peak.
    #[arg(long, value_name = "DISTANCE", value_parser = distance, help_heading = FORECAST)]
    pub distance: Option<Reading>,
    /// A maximum charge per delay, with its unit (45 kg, 99 lb): with --limit, the distance from which on it
    /// is permitted.
    #[arg(long, value_name = "CHARGE", value_parser = charge, help_heading = FORECAST)]
    pub charge: Option<Reading>,
    #[command(flatten)]
    pub velocity: VelocityArg,
    #[command(flatten)]
    pub output: OutputArgs,
    /// Colours of the chart.
    #[arg(long, value_name = "THEME", default_value = "light")]
    pub theme: ThemeArg,
    /// Width of a PNG in pixels.
    #[arg(long, value_name = "PIXELS", default_value_t = 1600)]
    pub width: u32,
}

fn medium() -> impl TypedValueParser<Value = BlastMedium> {
    let words = BlastMedium::ALL.map(BlastMedium::word);
    PossibleValuesParser::new(words).try_map(|word| word.parse::<BlastMedium>())
}

fn distance(text: &str) -> Result<Reading, BlastValueError> {
    BlastQuantity::Distance.parse(text)
}

fn charge(text: &str) -> Result<Reading, BlastValueError> {
    BlastQuantity::Charge.parse(text)
}
