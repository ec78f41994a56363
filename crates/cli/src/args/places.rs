//! Arguments of `wavekeep trend`, `wavekeep unit` and `wavekeep plan`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use wavekeep_core::DayOrMoment;

use super::archive::ArchiveArg;
use super::list::FilterArgs;

#[derive(Debug, ClapArgs)]
pub struct TrendArgs {
    #[command(flatten)]
    pub archive: ArchiveArg,
    #[command(flatten)]
    pub filter: FilterArgs,
}

#[derive(Debug, ClapArgs)]
pub struct UnitArgs {
    /// Serial number of the unit.
    #[arg(value_name = "SERIAL")]
    pub serial: String,
    #[command(flatten)]
    pub archive: ArchiveArg,
    /// Last of the 90 days for which it is shown when the unit monitored; by default today.
    #[arg(long, value_name = "DAY")]
    pub to: Option<DayOrMoment>,
    /// Months after which a unit is calibrated again.
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub calibration_months: u32,
}

#[derive(Debug, ClapArgs)]
pub struct PlanArgs {
    #[command(subcommand)]
    pub command: PlanCommand,
}

#[derive(Debug, Subcommand)]
pub enum PlanCommand {
    /// List plans and the locations on them, or with --history all that was changed.
    List {
        #[command(flatten)]
        archive: ArchiveArg,
        /// List every change, the latest last.
        #[arg(long)]
        history: bool,
    },
    /// Set the picture of a project's plan, or of the plan of the whole archive.
    Set {
        /// PNG, JPEG or SVG picture; an SVG is drawn and kept as PNG.
        #[arg(value_name = "PICTURE")]
        picture: PathBuf,
        #[command(flatten)]
        archive: ArchiveArg,
        #[command(flatten)]
        of: PlanOfArgs,
    },
    /// Take a plan away; its picture is kept, and `undo` brings it back.
    Remove {
        #[command(flatten)]
        archive: ArchiveArg,
        #[command(flatten)]
        of: PlanOfArgs,
    },
    /// Place a location on a plan.
    Place {
        /// Location of the sensor, as written or corrected.
        #[arg(value_name = "LOCATION")]
        location: String,
        /// From the left edge of the picture, as a share of its width: 0 to 1.
        #[arg(value_name = "X", required_unless_present = "off")]
        x: Option<f64>,
        /// From the upper edge of the picture, as a share of its height: 0 to 1.
        #[arg(value_name = "Y", required_unless_present = "off")]
        y: Option<f64>,
        /// Take the location off the plan.
        #[arg(long, conflicts_with_all = ["x", "y"])]
        off: bool,
        #[command(flatten)]
        archive: ArchiveArg,
        #[command(flatten)]
        of: PlanOfArgs,
    },
    /// Take the last change of a plan's picture or of a place back.
    Undo {
        /// Entry of the ledger, as `plan list --history` shows it.
        #[arg(value_name = "ENTRY")]
        entry: u64,
        #[command(flatten)]
        archive: ArchiveArg,
    },
}

/// Of which plan.
#[derive(Debug, ClapArgs)]
pub struct PlanOfArgs {
    /// Project, as written or corrected; by default the whole archive.
    #[arg(long, value_name = "PROJECT")]
    pub project: Option<String>,
}
