//! Arguments of `wavekeep review` and `wavekeep correct`.

use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Args as ClapArgs};
use wavekeep_archive::Corrections;
use wavekeep_core::{BlastQuantity, BlastValueError};

use super::archive::ArchiveArg;
use super::list::WhichArgs;
use super::values::yes_or_no;

/// The heading in the help.
const BLAST: &str = "Blast";

#[derive(Debug, ClapArgs)]
#[command(group = ArgGroup::new("change").required(true).multiple(true)
    .args(["project", "client", "operator", "location", "charge_kg", "charge_lb", "no_charge", "distance_m",
        "distance_ft", "no_distance", "unit", "as_recorded"]))]
pub struct CorrectArgs {
    /// Numbers of events, as `list` shows them.
    #[arg(value_name = "ID", required_unless_present_any = ["ids", "conditions"])]
    pub events: Vec<i64>,
    #[command(flatten)]
    pub archive: ArchiveArg,
    /// The project.
    #[arg(long, value_name = "TEXT")]
    pub project: Option<String>,
    /// The client.
    #[arg(long, value_name = "TEXT")]
    pub client: Option<String>,
    /// The operator.
    #[arg(long, value_name = "TEXT")]
    pub operator: Option<String>,
    /// The location of the sensor.
    #[arg(long, value_name = "TEXT")]
    pub location: Option<String>,
    /// The maximum charge per delay, in kg.
    #[arg(long, value_name = "KG", value_parser = charge_kg, group = "charge", help_heading = BLAST)]
    pub charge_kg: Option<String>,
    /// The maximum charge per delay, in lb.
    #[arg(long, value_name = "LB", value_parser = charge_lb, group = "charge", help_heading = BLAST)]
    pub charge_lb: Option<String>,
    /// The charge that the report states is none.
    #[arg(long, group = "charge", help_heading = BLAST)]
    pub no_charge: bool,
    /// The distance from blast to sensor, in m.
    #[arg(long, value_name = "M", value_parser = distance_m, group = "distance", help_heading = BLAST)]
    pub distance_m: Option<String>,
    /// The distance from blast to sensor, in ft.
    #[arg(long, value_name = "FT", value_parser = distance_ft, group = "distance", help_heading = BLAST)]
    pub distance_ft: Option<String>,
    /// The distance that the report states is none.
    #[arg(long, group = "distance", help_heading = BLAST)]
    pub no_distance: bool,
    /// Remove earlier corrections of these fields.
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', value_parser = PossibleValuesParser::new(Corrections::FIELDS))]
    pub as_recorded: Vec<String>,
    /// Serial number of the unit to which the events belong.
    #[arg(long, value_name = "SERIAL", requires = "reason")]
    pub unit: Option<String>,
    /// The reason, recorded in the ledger.
    #[arg(long, value_name = "TEXT", requires = "unit")]
    pub reason: Option<String>,
    /// Change the events.
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub which: WhichArgs,
}

impl CorrectArgs {
    /// Charge and distance, as a correction is written: `45 kg`; an empty text says that there is none.
    pub fn blast(&self) -> [(BlastQuantity, Option<String>); 2] {
        let of = |values: [&Option<String>; 2], none: bool| {
            let given = values.into_iter().flatten().next().cloned();
            given.or_else(|| none.then(String::new))
        };
        [
            (BlastQuantity::Charge, of([&self.charge_kg, &self.charge_lb], self.no_charge)),
            (BlastQuantity::Distance, of([&self.distance_m, &self.distance_ft], self.no_distance)),
        ]
    }
}

fn charge_kg(number: &str) -> Result<String, BlastValueError> {
    with_unit(BlastQuantity::Charge, number, 0)
}

fn charge_lb(number: &str) -> Result<String, BlastValueError> {
    with_unit(BlastQuantity::Charge, number, 1)
}

fn distance_m(number: &str) -> Result<String, BlastValueError> {
    with_unit(BlastQuantity::Distance, number, 0)
}

fn distance_ft(number: &str) -> Result<String, BlastValueError> {
    with_unit(BlastQuantity::Distance, number, 1)
}

/// A number with the unit of its option.
fn with_unit(
    quantity: BlastQuantity,
    number: &str,
    unit: usize,
) -> Result<String, BlastValueError> {
    let text = format!("{} {}", number.trim(), quantity.units()[unit]);
    Ok(quantity.parse(&text)?.to_string())
}

#[derive(Debug, ClapArgs)]
pub struct ReviewArgs {
    /// Numbers of events, as `list` shows them.
    #[arg(value_name = "ID", required_unless_present_any = ["ids", "conditions", "log"])]
    pub events: Vec<i64>,
    #[command(flatten)]
    pub archive: ArchiveArg,
    #[command(flatten)]
    pub which: WhichArgs,
    /// Mark the events as false triggers, or with `no` as no false triggers.
    #[arg(long, value_name = "YES|NO", num_args = 0..=1, default_missing_value = "yes", require_equals = true, value_parser = yes_or_no)]
    pub false_trigger: Option<bool>,
    /// Mark the events as reviewed, without other changes.
    #[arg(long)]
    pub reviewed: bool,
    /// Notes of the reviewer.
    #[arg(long, value_name = "TEXT")]
    pub notes: Option<String>,
    /// Name of the reviewer; by default the user of the system.
    #[arg(long, value_name = "NAME")]
    pub reviewer: Option<String>,
    /// Undo the last change; for several events, their latest common review.
    #[arg(long, conflicts_with_all = ["false_trigger", "reviewed", "notes"])]
    pub undo: bool,
    /// Show the review log, the latest first.
    #[arg(long, conflicts_with_all = ["false_trigger", "reviewed", "notes", "undo"])]
    pub log: bool,
    /// Change the events selected by --id and --where.
    #[arg(long)]
    pub yes: bool,
}
