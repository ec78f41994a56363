//! Reports of periods.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use pyo3::prelude::*;
use serde::Deserialize;
use wavekeep_archive::{Archive, Query};
use wavekeep_core::{DayOrMoment, Unit};
use wavekeep_export::publish;
use wavekeep_period::{
    Format, Levels, Paper, PeriodError, PeriodReport, PeriodRequest, ReportOptions, read_template,
};
use wavekeep_report::Units;
use wavekeep_signal::Curve;

use crate::failure::{Failure, detached};

/// What is asked of a report, with the names of the HTTP interface.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    period: String,
    format: String,
    language: String,
    curve: Option<String>,
    air_curve: Option<String>,
    distance_ft: Option<f64>,
    warn_percent: f64,
    appendix: usize,
    paper: String,
    velocity: String,
    print_date: String,
}

fn bad(error: impl ToString) -> Failure {
    Failure::new("BadArgumentError", error)
}

impl From<PeriodError> for Failure {
    fn from(error: PeriodError) -> Self {
        match error {
            PeriodError::Archive(error) => error.into(),
            PeriodError::TooMany { .. } | PeriodError::OtherCurve { .. } => bad(error),
            error => Self::new("ArchiveError", error),
        }
    }
}

impl Asked {
    /// The bytes of the report.
    pub fn write(
        &self,
        archive: &Archive,
        query: Query,
        template: Option<&Path>,
        stop: &AtomicBool,
    ) -> Result<Vec<u8>, Failure> {
        let named = |id: &str| {
            let curve = Curve::built_in(id).cloned();
            curve.ok_or_else(|| bad(format!("there is no curve {id:?}")))
        };
        if self.warn_percent.is_nan() || self.warn_percent <= 0.0 {
            return Err(bad(format!(
                "warn_percent is {}: it has to be above 0",
                self.warn_percent
            )));
        }
        if self.distance_ft.is_some_and(|distance| distance.is_nan() || distance < 0.0) {
            return Err(bad("distance_ft must not be negative"));
        }
        let printed: DayOrMoment = self.print_date.parse().map_err(bad)?;
        let letterhead = template.map(read_template).transpose().map_err(bad)?;
        let (ground, air) = (self.curve.as_deref(), self.air_curve.as_deref());
        let levels = Levels::asked(archive, ground, air, named)?;
        let request = PeriodRequest::new(self.period.parse().map_err(bad)?)
            .with_query(query)
            .with_levels(levels.at_distance_ft(self.distance_ft))
            .with_warn_percent(Some(self.warn_percent));
        let velocity: Unit = self.velocity.parse().map_err(bad)?;
        let options = ReportOptions::default()
            .with_language(self.language.parse().map_err(bad)?)
            .with_paper(if self.paper == "letter" { Paper::Letter } else { Paper::A4 })
            .with_units(match velocity {
                Unit::MillimetrePerSecond => Units::METRIC,
                _ => Units::IMPERIAL,
            })
            .with_print_date(Some(printed.first().0.date()))
            .with_letterhead(letterhead.unwrap_or_default())
            .with_appendix_pages(self.appendix);
        let report = PeriodReport::gather(archive, &request, stop)?;
        Ok(match self.format.parse::<Format>().map_err(bad)? {
            Format::Pdf => report.pdf(archive, &options)?,
            Format::Xlsx => report.xlsx(&options)?,
            Format::Csv => {
                let mut bytes = Vec::new();
                report
                    .csv(options.units, &mut bytes)
                    .map_err(|error| Failure::new("Error", error))?;
                bytes
            }
        })
    }
}

/// Writes the whole of a file, or nothing.
#[pyfunction]
pub fn write_whole(py: Python<'_>, path: PathBuf, data: &[u8], overwrite: bool) -> PyResult<()> {
    detached(py, || {
        publish(&path, overwrite, |out| Ok(out.write_all(data)?))?;
        Ok(())
    })
}
