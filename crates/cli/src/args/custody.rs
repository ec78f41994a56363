//! Arguments of the commands that prove what an archive holds.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::archive::ArchiveArg;

/// With what signatures and time stamps are checked.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct TrustArgs {
    /// A public key that made the signature: a file of minisign's, or the key itself. More than one may
    /// be given.
    #[arg(long = "public-key", value_name = "KEY")]
    pub public_keys: Vec<String>,
    /// Certificates of time-stamp authorities that are trusted (PEM or DER).
    #[arg(long = "ca", value_name = "FILE")]
    pub authorities: Vec<PathBuf>,
    /// Certificates between the authority's and a trusted one, where the stamp does not include them.
    #[arg(long = "ca-between", value_name = "FILE")]
    pub between: Vec<PathBuf>,
}

/// With what a head is signed.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct SigningArgs {
    /// Sign it with this secret key, as `wavekeep key new` or minisign makes one.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// A file with the password of the key, in its first line.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub password_file: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct HeadArgs {
    #[command(flatten)]
    pub archive: ArchiveArg,
    /// Write it into a file, and its signature into FILE.minisig; it is printed otherwise.
    #[arg(short, long, value_name = "FILE")]
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
    /// At most so many entries, the latest first.
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
    /// Where the proof goes: a zip archive.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Prove it by this head, with FILE.minisig and FILE.tsr where they lie beside it, instead of the head
    /// of now.
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
    /// The file that is stamped: a head.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Ask this authority over HTTP.
    #[arg(long, value_name = "URL", group = "how")]
    pub url: Option<String>,
    /// Write the request into FILE.tsq, to be sent to an authority from another machine.
    #[arg(long, group = "how")]
    pub request: bool,
    /// Take an authority's answer in.
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
    /// Make a key pair: FILE is secret, FILE.pub is for everybody.
    New {
        /// Where the secret key goes: outside of the archive.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// A file with a password in its first line: the secret key is encrypted with it.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Print the public key of a secret or public one.
    Show {
        /// A key file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// A file with the password of a secret key, in its first line.
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
    /// Why: it stands in the ledger.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

#[derive(Debug, ClapArgs)]
pub struct RemoveArgs {
    #[command(flatten)]
    pub leave: LeaveArgs,
    /// Delete their files.
    #[arg(long)]
    pub yes: bool,
}
