//! The report of a period from an archive: which events there were, what was monitored, what the levels
//! say, as PDF in five languages, as XLSX and as CSV.
//!
//! ```no_run
//! use std::sync::atomic::AtomicBool;
//! use wavekeep_archive::{Archive, Query};
//! use wavekeep_period::{Levels, PeriodReport, PeriodRequest, ReportOptions};
//! use wavekeep_signal::Curve;
//!
//! let archive = Archive::open_to_read("fleet")?;
//! let levels = Levels::new(Curve::built_in("din-2").cloned(), None)?;
//! let request = PeriodRequest::new("2026-05".parse()?)
//!     .with_query(Query::default().with_project(Some("Quarry".to_owned())))
//!     .with_levels(levels);
//! let report = PeriodReport::gather(&archive, &request, &AtomicBool::new(false))?;
//! let pdf = report.pdf(&archive, &ReportOptions::default())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | `request` | which events, and what they are held against |
//! | `gather` | the events of the archive as the report has them |
//! | `levels` | the levels for an event |
//! | `scaled_distance` | peaks against scaled distance: chart and document |
//! | `template` | letterhead and texts of a company |
//! | `pdf`, `xlsx`, `csv` | the files |
#![forbid(unsafe_code)]

mod csv;
mod error;
mod format;
mod gather;
mod levels;
mod pdf;
mod request;
mod review;
mod scaled_distance;
mod template;
mod xlsx;

pub use csv::CSV_COLUMNS;
pub use error::PeriodError;
pub use format::{Format, UnknownFormat};
pub use gather::PeriodReport;
pub use levels::{EventLevel, EventLevels, Levels, NO_CURVE};
pub use pdf::ReportOptions;
pub use request::PeriodRequest;
pub use review::review_of;
pub use scaled_distance::{BlastQuestion, BlastQuestionError, ScaledDistanceReport};
pub use template::{TemplateError, read_template};
pub use wavekeep_report::{Language, Letterhead, Paper, Period};

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
