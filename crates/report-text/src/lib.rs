//! The texts that the vendor's software writes beside an event: Blastware's report, Thor's report
//! and Thor's CSV, in any encoding and number format that real exports have.
//!
//! One reader serves all forms. `docs/formats/blastware.md` section 5 and `docs/formats/thor.md`
//! say what is known of them; this crate says what of a text it did not understand.
//!
//! | module | what it holds |
//! |---|---|
//! | `encoding`, `lines` | bytes to lines: UTF-8, UTF-16, Windows-1252; LF, CRLF, CR |
//! | `cells` | lines to cells: quoted or bare, with tabs, commas, semicolons or blanks |
//! | `label` | what labels mean, however they are written |
//! | `number` | numbers with point or comma |
//! | `printed` | printed values: a number with its flag and unit |
//! | `date` | dates and times |
//! | `heading` | columns of tables, their units |
//! | `rows` | rows of tables |
//! | `reader` | all of it, line by line |
//! | `statement`, `sensor`, `moment` | fields to a [`Statement`](wavekeep_core::Statement) |
//! | `blast` | scaled distance, distance and charge |
//! | `intervals` | a histogram's table over its intervals |
//! | `tally` | printed samples against counts, as they are read |
//!
//! ```
//! use wavekeep_report_text::{Context, Form, read};
//!
//! const FORM: Form = Form { name: "report", expected: "fields", microphone: None };
//! let text = "\"Geo Range : 254,0 mm/s\"\r\n\"Tran PPV : 7,493 mm/s\"\r\nWeather : rain\r\n";
//! let context = Context { form: &FORM, file_start: None, limit_bytes: 1 << 20 };
//! let report = read(&mut text.as_bytes(), &context, None)?;
//!
//! assert_eq!(report.statement.channel("Tran").unwrap().peak.unwrap().value, 7.493);
//! assert_eq!(report.not_understood.kept, [(3, "Weather : rain".to_owned())]);
//! # Ok::<(), wavekeep_core::Error>(())
//! ```
#![forbid(unsafe_code)]

mod blast;
mod cells;
mod date;
mod encoding;
mod heading;
mod intervals;
mod label;
mod lines;
mod moment;
mod not_understood;
mod number;
mod printed;
mod reader;
mod rows;
mod sensor;
mod statement;
mod tally;

pub use date::{DateOrder, PrintedDate, leading_date, order_of, printed_date, printed_time};
pub use encoding::to_windows_1252;
pub use heading::LevelKind;
pub use intervals::{Grouping, state_intervals};
pub use label::CHANNELS;
pub use not_understood::NotUnderstood;
pub use number::{DecimalMark, NoValue, PrintedNumber};
pub use printed::{Printed, UnitText};
pub use reader::{Context, Form, NOTES, ReportText, read};
pub use rows::{IntervalRow, SampleColumn, SampleTable};
pub use statement::NOTE_ROLES;
pub use tally::{Pair, Tally};

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
