//! Arguments of `wavekeep verify`, `repair` and `rebuild`.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use wavekeep_archive::VerifyOptions;

use super::archive::ArchiveArg;
use super::custody::TrustArgs;
use super::list::FilterArgs;
use super::values::share;

#[derive(Debug, ClapArgs)]
pub struct VerifyArgs {
    /// Check this proof from `wavekeep prove` instead of an archive.
    #[arg(value_name = "PROOF", conflicts_with_all = ["since", "ledger", "share", "hashes"])]
    pub proof: Option<PathBuf>,
    /// Folder of the archive.
    #[arg(long, value_name = "DIR", env = "WAVEKEEP_ARCHIVE", required_unless_present = "proof")]
    pub archive: Option<PathBuf>,
    /// A head of the ledger that was kept elsewhere, or SIZE:ROOT as printed: check that the archive only
    /// grew since.
    #[arg(long, value_name = "HEAD")]
    pub since: Option<String>,
    /// Verify only the ledger, no files.
    #[arg(long, conflicts_with_all = ["share", "hashes"])]
    pub ledger: bool,
    #[command(flatten)]
    pub trust: TrustArgs,
    #[command(flatten)]
    pub depth: VerifyDepthArgs,
    #[command(flatten)]
    pub filter: FilterArgs,
}

/// How much is verified of what is selected.
#[derive(Debug, ClapArgs)]
pub struct VerifyDepthArgs {
    /// Verify only this share of the events: 0.1 is a tenth, the same one each time.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub share: Option<f64>,
    /// With --share: select another share.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Compare checksums, sidecars and index only; decode nothing.
    #[arg(long)]
    pub hashes: bool,
}

impl VerifyDepthArgs {
    /// The options of the archive.
    pub fn options(&self) -> VerifyOptions {
        VerifyOptions::default()
            .with_share(self.share)
            .with_seed(self.seed)
            .with_without_decoding(self.hashes)
    }
}

#[derive(Debug, ClapArgs)]
pub struct RepairArgs {
    #[command(flatten)]
    pub archive: ArchiveArg,
}

#[derive(Debug, ClapArgs)]
pub struct RebuildArgs {
    #[command(flatten)]
    pub archive: ArchiveArg,
    /// Only rebuild the index, from the sidecars and the ledger.
    #[arg(long, conflicts_with_all = ["dry_run", "all", "replace_arrays", "gnz"])]
    pub index: bool,
    /// Change nothing; show what would change.
    #[arg(long)]
    pub dry_run: bool,
    /// Include events derived by the current decoder.
    #[arg(long)]
    pub all: bool,
    /// Replace .h5 and .gnz files of other programs.
    #[arg(long)]
    pub replace_arrays: bool,
    /// Write a .gnz for each event that has none: arrays for memory mapping.
    #[arg(long)]
    pub gnz: bool,
    #[command(flatten)]
    pub filter: FilterArgs,
}
