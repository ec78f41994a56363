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
    /// Create the archive if it does not exist.
    #[arg(long, conflicts_with = "read_only")]
    pub create: bool,
    /// Serve without changes to the archive; needs no write access.
    #[arg(long)]
    pub read_only: bool,
    /// Address and port. Beyond loopback, the archive must have tokens.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Require tokens on loopback even if the archive has none yet.
    #[arg(long)]
    pub require_tokens: bool,
    /// TLS certificate chain, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Private key of the certificate, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// A stream bridge of Rogue that recordings may use, tcp://host:port; repeatable. Requests can name
    /// only these addresses.
    #[arg(long = "bridge", value_name = "ADDRESS")]
    pub bridges: Vec<Address>,
    /// Maximum requests per second from one address.
    #[arg(long, value_name = "PER_SECOND")]
    pub rate: Option<std::num::NonZeroU32>,
    /// Maximum size of an uploaded file; the limit for a request is the same, but at least 1 GiB.
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 30)]
    pub max_file_bytes: u64,
    /// Log a line for each request: method, path, status, time, address.
    #[arg(long)]
    pub log_requests: bool,
    /// Log one JSON document per line.
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
    /// Create a token and print it once; only its hash is stored.
    Add {
        /// Name of its owner, recorded with reviews and imports.
        name: String,
        /// read, review, import or admin.
        #[arg(long, value_name = "ROLE", default_value = "read")]
        role: Role,
        /// Create the archive if it does not exist.
        #[arg(long)]
        create: bool,
    },
    /// List the names and roles of tokens.
    List,
    /// Revoke a token; a running server refuses it immediately.
    Revoke {
        /// Name of its owner.
        name: String,
    },
}
