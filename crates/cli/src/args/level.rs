//! Arguments of `wavekeep level`.

use std::path::PathBuf;

use clap::{ArgGroup, Args as ClapArgs, Subcommand};
use wavekeep_archive::{Hours, LevelPlace};
use wavekeep_core::DayOrMoment;

use super::archive::ArchiveArg;
use super::values::positive;

#[derive(Debug, ClapArgs)]
pub struct LevelArgs {
    #[command(subcommand)]
    pub command: LevelCommand,
}

#[derive(Debug, Subcommand)]
pub enum LevelCommand {
    /// List the levels that are in force, or with --all every level that was ever set.
    List {
        #[command(flatten)]
        archive: ArchiveArg,
        /// List levels that were replaced or ended too.
        #[arg(long)]
        all: bool,
    },
    /// Set the level of a project, a location or a unit, or of the whole archive.
    Set(SetLevelArgs),
    /// End the level of a project, a location or a unit: that of the wider place applies again.
    End {
        #[command(flatten)]
        archive: ArchiveArg,
        #[command(flatten)]
        place: LevelPlaceArgs,
        /// End only the level for the ground.
        #[arg(long, conflicts_with = "air")]
        ground: bool,
        /// End only the level for the air.
        #[arg(long)]
        air: bool,
    },
}

/// Of which events, and when.
#[derive(Debug, ClapArgs)]
pub struct LevelPlaceArgs {
    /// Project, as written or corrected.
    #[arg(long, value_name = "PROJECT")]
    pub project: Option<String>,
    /// Location of the sensor, as written or corrected.
    #[arg(long, value_name = "LOCATION")]
    pub location: Option<String>,
    /// Serial number of the unit.
    #[arg(long, value_name = "SERIAL")]
    pub unit: Option<String>,
    /// From this unit-local time on; without it, always.
    #[arg(long, value_name = "TIME")]
    pub from: Option<DayOrMoment>,
    /// Only at these hours of the day, unit-local: 22:00-06:00.
    #[arg(long, value_name = "HH:MM-HH:MM")]
    pub hours: Option<Hours>,
    /// The reason, recorded in the ledger: a permit, a letter.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

impl LevelPlaceArgs {
    /// The place.
    pub fn place(&self) -> LevelPlace {
        LevelPlace::default()
            .with_project(self.project.clone())
            .with_location(self.location.clone())
            .with_serial(self.unit.clone())
    }
}

#[derive(Debug, ClapArgs)]
#[command(group = ArgGroup::new("limit").required(true).multiple(true).args(["curve", "air_curve", "air_db"]))]
pub struct SetLevelArgs {
    #[command(flatten)]
    pub archive: ArchiveArg,
    #[command(flatten)]
    pub place: LevelPlaceArgs,
    /// Limit curve for the ground: see docs/curves.md.
    #[arg(long, value_name = "ID")]
    pub curve: Option<String>,
    /// Limit curve for the air.
    #[arg(long, value_name = "ID", conflicts_with = "air_db")]
    pub air_curve: Option<String>,
    /// Limit for the air overpressure, in dB(L).
    #[arg(long, value_name = "DB", value_parser = positive)]
    pub air_db: Option<f64>,
    /// File with custom limit curves, whose text the ledger keeps.
    #[arg(long, value_name = "FILE")]
    pub curves: Option<PathBuf>,
    /// Distance to the blast in feet, for curves that go by it.
    #[arg(long, value_name = "FEET", value_parser = positive)]
    pub distance_ft: Option<f64>,
    /// Warn from this share of the limit on, in per cent.
    #[arg(long, value_name = "PERCENT", default_value_t = 80.0, value_parser = positive)]
    pub warn: f64,
}
