//! Arguments of `wavekeep correct`.

use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Args as ClapArgs};
use wavekeep_archive::Corrections;

use super::archive::ArchiveArg;
use super::list::WhichArgs;

#[derive(Debug, ClapArgs)]
#[command(group = ArgGroup::new("change").required(true).multiple(true)
    .args(["project", "client", "operator", "location", "unit", "as_recorded"]))]
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
