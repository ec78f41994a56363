//! The archive over HTTP: `docs/api.md` is the page for those who ask it.
//!
//! | module | what it holds |
//! |---|---|
//! | `app`, `guards` | all paths; bounds, counters and headers around them |
//! | `routes` | one file a resource |
//! | `auth` | tokens and roles |
//! | `problem`, `extract`, `units` | errors as RFC 9457; what requests carry |
//! | `state`, `cache`, `streams`, `live` | what requests share |
//! | `recordings` | recordings that the server runs, each on a thread of its own |
//! | `health` | whether the server can do what it is asked for |
//! | `lake` | a lake of the events, which is kept up to date on a thread of its own |
//! | `plot`, `arrow` | `sfm.plot.v1`, and samples as they travel |
//! | `serve`, `connections`, `tls` | listening, answering, stopping |
//! | `silence`, `stalled`, `rate` | clients that say nothing, those that take nothing, and those that ask too much |
//! | `temporary` | files of uploads and exports, bounded in number and bytes |
#![forbid(unsafe_code)]

mod app;
mod arrow;
mod auth;
mod cache;
mod connections;
mod extract;
mod guards;
mod health;
mod intake;
mod lake;
mod live;
mod metrics;
mod options;
mod parameters;
mod plot;
mod problem;
mod rate;
mod recordings;
mod routes;
mod serve;
mod silence;
mod stalled;
mod state;
mod streams;
mod temporary;
mod tls;
mod units;
mod upload;

pub use app::openapi;
pub use guards::REQUESTS;
pub use options::Limits;
pub use serve::{ServeError, ServeOptions, Server, asked_to_stop};
pub use tls::TlsFiles;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
