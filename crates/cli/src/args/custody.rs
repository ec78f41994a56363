//! Arguments of the commands that prove what an archive holds.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::archive::ArchiveArg;
use super::list::WhichArgs;
use super::values::new_path;

/// How signatures and time stamps are checked.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct TrustArgs {
    /// Public key for checking the signature: a minisign file, or the key itself. Repeatable.
    #[arg(long = "public-key", value_name = "KEY")]
    pub public_keys: Vec<String>,
    /// Certificates of trusted time-stamp authorities (PEM or DER).
    #[arg(long = "ca", value_name = "FILE")]
    pub authorities: Vec<PathBuf>,
    /// Intermediate certificates, if the time stamp does not include them.
    #[arg(long = "ca-between", value_name = "FILE")]
    pub between: Vec<PathBuf>,
}

/// How a head is signed.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct SigningArgs {
    /// Sign with this secret key, made by `wavekeep key new` or minisign.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// File with the password of the key in its first line.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub password_file: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct HeadArgs {
    #[command(flatten)]
    pub archive: ArchiveArg,
    /// Write the head to FILE and its signature to FILE.minisig, instead of printing it.
    #[arg(short, long, value_name = "FILE", value_parser = new_path())]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub signing: SigningArgs,
    /// Replace FILE if it exists.
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, ClapArgs)]
pub struct LedgerArgs {
    /// Numbers of events; without them, the whole ledger.
    #[arg(value_name = "ID")]
    pub events: Vec<i64>,
    #[command(flatten)]
    pub archive: ArchiveArg,
    /// Maximum number of entries, the latest first.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,
}

#[derive(Debug, ClapArgs)]
pub struct ProveArgs {
    /// Number of the event, as `list` shows it.
    #[arg(value_name = "ID")]
    pub event: i64,
    #[command(flatten)]
    pub archive: ArchiveArg,
    /// The proof, a zip archive.
    #[arg(short, long, value_name = "FILE", value_parser = new_path())]
    pub output: PathBuf,
    /// Use this head, with FILE.minisig and FILE.tsr if they exist, instead of the current head.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub head: Option<PathBuf>,
    #[command(flatten)]
    pub signing: SigningArgs,
    /// Replace FILE if it exists.
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, ClapArgs)]
pub struct StampArgs {
    /// The file to stamp: a head.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Request the time stamp from this authority over HTTP.
    #[arg(long, value_name = "URL", group = "how")]
    pub url: Option<String>,
    /// Write the request to FILE.tsq, to send it to an authority from another machine.
    #[arg(long, group = "how")]
    pub request: bool,
    /// Import the response of an authority.
    #[arg(long, value_name = "ANSWER", group = "how")]
    pub answer: Option<PathBuf>,
    #[command(flatten)]
    pub trust: TrustArgs,
    /// Replace files that exist.
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, ClapArgs)]
pub struct KeyArgs {
    #[command(subcommand)]
    pub command: KeyCommand,
}

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Create a key pair: FILE is secret, FILE.pub is public.
    New {
        /// File for the secret key, outside of the archive.
        #[arg(short, long, value_name = "FILE", value_parser = new_path())]
        output: PathBuf,
        /// File with a password in its first line, which encrypts the secret key.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Print the public key of a key file.
    Show {
        /// A key file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// File with the password of a secret key in its first line.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
}

#[derive(Debug, ClapArgs)]
pub struct LeaveArgs {
    /// Numbers of events, as `list` shows them.
    #[arg(value_name = "ID", required = true)]
    pub events: Vec<i64>,
    #[command(flatten)]
    pub archive: ArchiveArg,
    /// The reason, recorded in the ledger.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

#[derive(Debug, ClapArgs)]
pub struct RemoveArgs {
    /// Numbers of events, as `list` shows them.
    #[arg(value_name = "ID")]
    pub events: Vec<i64>,
    #[command(flatten)]
    pub archive: ArchiveArg,
    /// The reason, recorded in the ledger.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Remove them; their files are kept in .wavekeep/removed/ until they are purged.
    #[arg(long)]
    pub yes: bool,
    /// With --yes: delete their files at once.
    #[arg(long, requires = "yes")]
    pub now: bool,
    #[command(flatten)]
    pub which: WhichArgs,
}

#[derive(Debug, ClapArgs)]
pub struct PurgeArgs {
    #[command(flatten)]
    pub archive: ArchiveArg,
    /// Keep the files of events that were removed less than this many days ago.
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    pub grace: u32,
    /// Delete the files.
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, ClapArgs)]
pub struct RetainArgs {
    /// Rules in TOML: which events are kept for how long.
    #[arg(value_name = "RULES")]
    pub rules: PathBuf,
    #[command(flatten)]
    pub archive: ArchiveArg,
    /// Remove the events; their files are kept in .wavekeep/removed/ until they are purged.
    #[arg(long)]
    pub yes: bool,
}
