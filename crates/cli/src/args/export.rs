//! Arguments of `wavekeep export`, and of what keeps a lake up to date.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, ValueEnum};
use wavekeep_lake::{FollowOptions, Follower, Lake, Layout, Place};

use super::archive::ArchiveArg;
use super::list::WhichArgs;
use super::values::{new_path, not_negative};

#[derive(Debug, ClapArgs)]
pub struct ExportArgs {
    #[command(flatten)]
    pub archive: ArchiveArg,
    /// What to write.
    #[arg(long = "to", value_name = "TARGET")]
    pub target: ExportTarget,
    /// The lake: a folder, or s3://bucket/prefix.
    #[arg(value_name = "URL", conflicts_with_all = ["output", "force", "ids", "conditions"])]
    pub lake: Option<Place>,
    /// Write the lake with the log of Delta Lake.
    #[arg(long, requires = "lake")]
    pub delta: bool,
    /// Output file; csv goes to standard output by default.
    #[arg(short, long, value_name = "FILE", value_parser = new_path())]
    pub output: Option<PathBuf>,
    /// Replace FILE if it exists.
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub which: WhichArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportTarget {
    /// The table of events.
    Csv,
    /// The table of events.
    Parquet,
    /// The originals with a manifest.
    Zip,
    /// The table of all events, kept up to date in a folder or on S3.
    Lake,
}

/// A lake that is kept up to date beside other work.
#[derive(Debug, ClapArgs)]
pub struct LakeArgs {
    /// Keep the table of all events up to date in this lake, a folder or s3://bucket/prefix, as
    /// `wavekeep export --to lake` does.
    #[arg(long, value_name = "URL", help_heading = LAKE)]
    pub lake: Option<Place>,
    /// Write the lake with the log of Delta Lake.
    #[arg(long, requires = "lake", help_heading = LAKE)]
    pub delta: bool,
    /// Update the lake this long after a change.
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = not_negative, requires = "lake", help_heading = LAKE)]
    pub lake_delay: f64,
}

/// The heading in the help of a command.
const LAKE: &str = "Lake";

impl LakeArgs {
    /// What keeps the lake up to date; `None` where there is none.
    ///
    /// # Errors
    /// When the delay is longer than any.
    pub fn follower(&self) -> anyhow::Result<Option<Follower>> {
        let Some(place) = &self.lake else { return Ok(None) };
        let delay = Duration::try_from_secs_f64(self.lake_delay)?;
        let options = FollowOptions::default().with_delay(delay);
        Ok(Some(Follower::new(lake(place, self.delta), options)))
    }
}

/// The lake that is named.
pub fn lake(place: &Place, is_delta: bool) -> Lake {
    let layout = if is_delta { Layout::Delta } else { Layout::Parquet };
    Lake { place: place.clone(), layout }
}
