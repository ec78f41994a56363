//! One drawing, as SVG, PNG or PDF; the event page; the report of a period.
//!
//! Every drawing is made once, as SVG, and becomes PNG and PDF from there: the three never differ.
//! The font is embedded, no font of the machine is used, and the same recording gives the same
//! bytes everywhere. What is missing, saturated, assumed or unknown is marked by a shape *and* in
//! words; nothing depends on colour alone.
//!
//! ```
//! use wavekeep_core::*;
//! use wavekeep_report::{Drawing, PageOptions, Style, Theme, Units, event_report};
//! use wavekeep_signal::{Curve, measure};
//!
//! static FORMAT: FormatInfo = FormatInfo { id: "demo", name: "demonstration", file_names: &[] };
//! let vert = Channel {
//!     sensor: Sensor::Geophone,
//!     ..Channel::new("Vert", Samples::I16(vec![0, 4, 12, 4, 0, -4, -8, -4, 0]))
//!         .with_scale(Scale::ratio(1.0, 200.0, Unit::InchPerSecond))
//! };
//! let time = TimeAxis::Samples {
//!     rate_hz: Assumed::by_default(1024.0),
//!     pretrigger_s: Assumed::by_default(0.0),
//! };
//! let recording =
//!     Recording { channels: vec![vert], ..Recording::new(&FORMAT, Kind::Waveform, time) };
//! let measured = measure(&recording);
//!
//! let dark = Style::default().with_theme(Theme::Dark).with_units(Units::METRIC);
//! let traces = Drawing::traces(&recording, &measured, dark)?;
//! assert!(traces.svg().contains("PPV 1.52 mm/s"));
//!
//! let curve = Curve::built_in("osmre");
//! let options = PageOptions::default().with_curve(curve);
//! let page = event_report(&recording, &measured, options);
//! assert!(page.pdf()?.starts_with(b"%PDF"));
//! # Ok::<(), wavekeep_report::DrawError>(())
//! ```
#![forbid(unsafe_code)]

mod attenuation;
mod axis;
mod bands;
mod bars;
mod canvas;
mod clock;
mod drawing;
mod facts;
mod frame_across;
mod language;
mod ledger;
mod logo;
mod overview;
mod page;
mod panel;
mod period;
mod plan;
mod ppv_frequency;
mod render;
mod review;
mod sheets;
mod spectra;
mod stream_traces;
mod style;
mod table;
mod text;
mod traces;
mod verdict_words;
mod words;

pub use attenuation::{AttenuationChart, AttenuationPoint};
pub use drawing::{DrawError, Drawing, StreamCaption};
pub use language::{Language, UnknownLanguage, Words};
pub use ledger::LedgerState;
pub use logo::{Logo, LogoError};
pub use page::{PageFoot, PageOptions, event_report};
pub use period::{
    Appendix, EventKind, Letterhead, NotAPeriod, PeakOf, Period, PeriodContent, PeriodEvent,
    PeriodLedger, PeriodLevels, PeriodOptions, PeriodPages, PeriodPeak, PeriodUnit, Signatory,
    Standing,
};
pub use plan::plan_picture;
pub use review::{Correction, Review};
pub use style::{Paper, Style, Theme, Units};
pub use text::one_line;
pub use wavekeep_core::Stretch;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
