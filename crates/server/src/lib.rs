//! The archive over HTTP: `docs/api.md` documents the API.
//!
//! | module | what it holds |
//! |---|---|
//! | `app`, `guards` | all paths; limits, counters and headers of every request |
//! | `routes` | one file per resource |
//! | `auth`, `audit` | tokens and roles; who asked for what |
//! | `oidc`, `cookie` | sign-in with an identity provider; what browsers have of it |
//! | `problem`, `extract`, `units` | errors as RFC 9457; what requests carry |
//! | `state`, `cache`, `streams`, `live` | what requests share |
//! | `recordings` | recordings that the server runs, each on a thread of its own |
//! | `health`, `metrics` | whether the server can do what it is asked for; all that Prometheus reads |
//! | `verification` | the verification of a part of the archive every night |
//! | `lake` | a lake of the events, which is kept up to date on a thread of its own |
//! | `plot`, `quantity`, `arrow` | `sfm.plot.v1`, what it is of, and samples as they travel |
//! | `serve`, `listen`, `connections`, `tls` | listening, answering, stopping |
//! | `proxy` | reverse proxies: clients, hosts, users and the path that they state |
//! | `idle`, `stalled`, `rate` | clients that send nothing, that read nothing, and that send too many requests |
//! | `upload`, `intake` | the files of a request; imports that wait and share a change |
//! | `temporary` | files of uploads and exports, bounded in number and bytes |
#![forbid(unsafe_code)]

mod alerts;
mod app;
mod arrow;
mod audit;
mod auth;
mod beside;
mod cache;
mod connections;
mod cookie;
mod extract;
mod guards;
mod health;
mod idle;
mod intake;
mod judging;
mod lake;
mod listen;
mod live;
mod metrics;
mod oidc;
mod options;
mod parameters;
mod plot;
mod problem;
mod proxy;
mod quantity;
mod rate;
mod recordings;
mod routes;
mod serve;
mod stalled;
mod state;
mod streams;
mod temporary;
mod tls;
mod units;
mod upload;
mod verification;

pub use app::openapi;
pub use audit::AuditOptions;
pub use axum::http::HeaderName;
pub use guards::REQUESTS;
pub use listen::{Listen, Place};
pub use metrics::{Exposition, Family, Kind as MetricKind, process as process_metrics};
pub use oidc::{ClientSecret, Issuer, OidcOptions, RoleOf, Who};
pub use options::Limits;
pub use proxy::{Network, ProxyOptions, PublicUrl, UserHeader};
pub use serve::{Reload, ServeError, ServeOptions, Server, asked_to_stop};
pub use tls::TlsFiles;
pub use verification::VerifyPlan;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
