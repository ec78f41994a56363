//! What can go wrong.

use wavekeep_archive::ArchiveError;
use wavekeep_report::DrawError;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeriodError {
    /// The archive cannot be asked.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// There are more events than a report holds.
    #[error(
        "{events} events match: a report holds at most {most}; choose a shorter period, or one unit or project"
    )]
    TooMany {
        /// Events that match.
        events: u64,
        /// Events of a report, at most.
        most: usize,
    },
    /// A curve judges something else than it was given for.
    #[error("the curve {id:?} judges {judges}: it cannot be the level for {wanted}")]
    OtherCurve {
        /// The curve.
        id: String,
        /// What it judges.
        judges: &'static str,
        /// What it was given for.
        wanted: &'static str,
    },
    /// A page could not be drawn.
    #[error(transparent)]
    Draw(#[from] DrawError),
    /// The workbook could not be written.
    #[error("the workbook could not be written: {0}")]
    Workbook(String),
    /// It was stopped.
    #[error("the report was stopped")]
    Stopped,
}
