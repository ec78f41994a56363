//! Arguments of `wavekeep serve` and `wavekeep token`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use jiff::civil::Time;
use tracing_subscriber::filter::Targets;
use wavekeep_archive::Role;
use wavekeep_link::Address;
use wavekeep_server::{HeaderName, Listen, Network, ProxyOptions, PublicUrl, UserHeader};

use super::archive::ArchiveArg;
use super::export::LakeArgs;
use super::oidc::OidcArgs;
use super::values::{Expiry, time_of_day, web_address};

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
    /// Where to listen: ADDRESS:PORT, localhost:PORT, :PORT for all addresses, unix:PATH for a Unix socket,
    /// or systemd for the socket of a .socket unit. Beyond this machine, the archive must have tokens.
    #[arg(long, value_name = "PLACE", default_value = "127.0.0.1:8080")]
    pub listen: Listen,
    #[command(flatten)]
    pub proxy: ProxyArgs,
    #[command(flatten)]
    pub oidc: Box<OidcArgs>,
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
    /// Verify a part of the archive every day at this time of the machine, such as 02:30. The results are in
    /// /health, /metrics and /api/v1/verification.
    #[arg(long, value_name = "HH:MM", value_parser = time_of_day)]
    pub verify_at: Option<Time>,
    /// Verify everything within this many days.
    #[arg(long, value_name = "DAYS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=365), requires = "verify_at")]
    pub verify_days: u32,
    /// Note who asked for what in this file: a line of JSON for each request that changes something or is
    /// refused. SIGHUP opens it again, after it was renamed.
    #[arg(long, value_name = "FILE")]
    pub audit: Option<PathBuf>,
    /// With --audit: note requests that only read, too.
    #[arg(long, requires = "audit")]
    pub audit_reads: bool,
    /// With --audit: send the lines to this address, http:// or https://.
    #[arg(long, value_name = "URL", requires = "audit", value_parser = web_address)]
    pub audit_webhook: Option<String>,
    /// TOML file with letterhead, logo, texts and signatures of the reports of periods.
    #[arg(long, value_name = "FILE")]
    pub report_template: Option<PathBuf>,
    /// Send alerts by the rules in this file: see docs/alerts.md. SIGHUP reads it again.
    #[arg(long, value_name = "FILE", conflicts_with = "read_only")]
    pub alerts: Option<PathBuf>,
    /// Levels of the log, of all or by module, such as info or wavekeep_server=debug,warn; by default those of
    /// RUST_LOG, or warn.
    #[arg(long, value_name = "LEVELS")]
    pub log: Option<Targets>,
    /// Log a line for each request: method, path, status, time, address.
    #[arg(long)]
    pub log_requests: bool,
    /// Log one JSON document per line.
    #[arg(long)]
    pub log_json: bool,
    #[command(flatten)]
    pub lake: LakeArgs,
}

/// What stands in front of the server.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Behind a proxy")]
pub struct ProxyArgs {
    /// Where users find the server, such as https://office.example/wavekeep/. Its path may reach the server
    /// or be taken off by the proxy.
    #[arg(long, value_name = "URL")]
    pub public_url: Option<PublicUrl>,
    /// A proxy whose X-Forwarded-For, -Proto and -Host or Forwarded headers are used: an address or a network
    /// such as 10.0.0.0/8; repeatable. The other end of a Unix socket is 127.0.0.1.
    #[arg(long = "trusted-proxy", value_name = "NETWORK")]
    pub trusted_proxies: Vec<Network>,
    /// The header in which a trusted proxy states the user whom it signed in. The proxy has to remove this
    /// header from requests of clients.
    #[arg(long, value_name = "NAME", requires = "trusted_proxies")]
    pub user_header: Option<HeaderName>,
    /// The role of a user of --user-header, as NAME=ROLE; repeatable.
    #[arg(long = "user-role", value_name = "NAME=ROLE", requires = "user_header", value_parser = user_role)]
    pub user_roles: Vec<(String, Role)>,
    /// The role of all other users of --user-header; without it they are refused.
    #[arg(long, value_name = "ROLE", requires = "user_header")]
    pub other_users: Option<Role>,
}

impl ProxyArgs {
    /// The options of the server.
    pub fn options(&self) -> ProxyOptions {
        let header = self.user_header.clone().map(|name| UserHeader {
            name,
            roles: self.user_roles.iter().cloned().collect(),
            others: self.other_users,
        });
        ProxyOptions::default()
            .with_public_url(self.public_url.clone())
            .with_trusted(self.trusted_proxies.clone())
            .with_user_header(header)
    }
}

fn user_role(text: &str) -> Result<(String, Role), String> {
    let (name, role) = text
        .rsplit_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| format!("{text:?} is not of the form NAME=ROLE"))?;
    let role: Role =
        role.parse().map_err(|error: <Role as std::str::FromStr>::Err| error.to_string())?;
    Ok((name.to_owned(), role))
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
        /// Refuse the token from then on: 90d for so many days, or a day, at whose end (UTC) it expires.
        #[arg(long, value_name = "DAYS|DATE")]
        expires: Option<Expiry>,
        /// Only for the events of this unit; repeatable. With roles read and review.
        #[arg(long = "unit", value_name = "SERIAL")]
        units: Vec<String>,
        /// Only for the events of this project; repeatable. With roles read and review.
        #[arg(long = "project", value_name = "NAME")]
        projects: Vec<String>,
    },
    /// List tokens: role, when they were made, expire and were last used, and the name.
    List,
    /// Revoke a token; a running server refuses it immediately.
    Revoke {
        /// Name of its owner.
        name: String,
    },
}
