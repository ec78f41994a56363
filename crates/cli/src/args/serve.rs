//! Arguments of `wavekeep serve` and `wavekeep token`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use wavekeep_archive::Role;
use wavekeep_link::Address;

use super::archive::{ArchiveArg, LakeArgs};

#[derive(Debug, ClapArgs)]
pub struct ServeArgs {
    #[command(flatten)]
    pub archive: ArchiveArg,
    /// Make the archive when there is none.
    #[arg(long, conflicts_with = "read_only")]
    pub create: bool,
    /// Change nothing and write nothing into the archive: no write access is needed.
    #[arg(long)]
    pub read_only: bool,
    /// Address and port. Beyond loopback the archive must have tokens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Ask for tokens on loopback too, though the archive has none yet.
    #[arg(long)]
    pub require_tokens: bool,
    /// Certificate for TLS, in PEM, with those that lead from it to a root.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Private key of the certificate, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// A stream bridge of Rogue that recordings may be made from, tcp://host:port; may be repeated.
    /// Requests can name these addresses and no others.
    #[arg(long = "bridge", value_name = "ADDRESS")]
    pub bridges: Vec<Address>,
    /// Requests a second that one address may send; more are refused for a while.
    #[arg(long, value_name = "PER_SECOND")]
    pub rate: Option<std::num::NonZeroU32>,
    /// Bytes of one file that is sent, at most; a request has as many, or 1 GiB if that is more.
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 30)]
    pub max_file_bytes: u64,
    /// Log a line for each request: method, path, status, time, address.
    #[arg(long)]
    pub log_requests: bool,
    /// Log one JSON document a line.
    #[arg(long)]
    pub log_json: bool,
    #[command(flatten)]
    pub lake: LakeArgs,
}

#[derive(Debug, ClapArgs)]
pub struct TokenArgs {
    /// Folder of the archive.
    #[arg(long, value_name = "DIR", global = true, env = "WAVEKEEP_ARCHIVE")]
    pub archive: Option<PathBuf>,
    #[command(subcommand)]
    pub command: TokenCommand,
}

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it, this once: only its hash is kept.
    Add {
        /// Whose it is; reviews are signed with it.
        name: String,
        /// read, review, import or admin.
        #[arg(long, value_name = "ROLE", default_value = "read")]
        role: Role,
    },
    /// Show whose tokens there are.
    List,
    /// Take a token away; a server that runs refuses it from then on.
    Revoke {
        /// Whose it is.
        name: String,
    },
}
