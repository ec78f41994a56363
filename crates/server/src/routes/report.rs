//! The report of a period.

use std::io::{BufWriter, Write};
use std::sync::atomic::AtomicBool;

use axum::Extension;
use axum::extract::State as Shared;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use wavekeep_archive::Archive;
use wavekeep_core::DayOrMoment;
use wavekeep_period::{
    Format, Language, Levels, Paper, Period, PeriodError, PeriodReport, PeriodRequest,
    ReportOptions,
};
use wavekeep_report::Standing;

use super::curves::curve_of;
use super::export::{rewound, sent};
use super::files::PaperWord;
use crate::auth::Caller;
use crate::extract::{Filters, Query, finite, optional};
use crate::problem::Problem;
use crate::state::State;
use crate::temporary;
use crate::units::UnitParams;

/// Events of a report of the server, at most.
const MOST_EVENTS: usize = 5000;
/// Event pages of its appendix, at most.
const MOST_PAGES: usize = 200;

/// What a report is written as, for the description of the interface: [`Format`] reads it.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "only its schema is used")]
enum FormatWord {
    /// The document.
    Pdf,
    /// A workbook.
    Xlsx,
    /// The table of events.
    Csv,
}

/// Languages of reports, for the description of the interface: [`Language`] reads them.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "only its schema is used")]
pub(super) enum LanguageWord {
    /// English.
    En,
    /// German.
    De,
    /// French.
    Fr,
    /// Spanish.
    Es,
    /// Portuguese.
    Pt,
}

/// How a report of a period is made.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ReportParams {
    /// The days, unit-local: a month, a year, a day, or the first and the last day
    /// (`2026-05-04..2026-05-17`); 366 at most.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = String, required = true, example = "2026-05")]
    period: Option<Period>,
    /// `pdf`, `xlsx` or `csv`; without it, `pdf`.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<FormatWord>)]
    format: Option<Format>,
    /// `en`, `de`, `fr`, `es` or `pt`; without it, `en`.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<LanguageWord>)]
    language: Option<Language>,
    /// Id of the curve for ground vibration; `none` for none. Without it and `air_curve`, the alarm levels of the
    /// archive apply, or `usbm-drywall` where none was ever set.
    #[serde(deserialize_with = "optional")]
    curve: Option<String>,
    /// Id of the curve for air overpressure; without it, none.
    #[serde(deserialize_with = "optional")]
    air_curve: Option<String>,
    /// Distance to the blast in feet, for curves that go by it.
    #[serde(deserialize_with = "finite")]
    #[param(minimum = 0)]
    distance_ft: Option<f64>,
    /// An event within a level whose value is at least this share of it is near the level; without it, 80.
    #[serde(deserialize_with = "finite")]
    #[param(minimum = 0)]
    warn_percent: Option<f64>,
    /// Event pages of the appendix, at most; without it, 50.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 0, maximum = 200)]
    appendix: Option<usize>,
    /// `a4` or `letter`.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<PaperWord>)]
    paper: Option<PaperWord>,
    /// The day that is printed as that of printing; without it, today by the server's clock.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<String>, example = "2026-06-01")]
    print_date: Option<DayOrMoment>,
}

impl ReportParams {
    fn period(&self) -> Result<Period, Problem> {
        self.period.ok_or_else(|| {
            let detail =
                "period is missing: a month such as 2026-05, or its first and its last day";
            Problem::unprocessable("period", detail)
        })
    }

    /// The levels that the events are held against.
    fn levels(&self, archive: &Archive) -> Result<Levels, Problem> {
        if self.distance_ft.is_some_and(|distance| distance < 0.0) {
            return Err(Problem::unprocessable("distance", "distance_ft must not be negative"));
        }
        let named = |id: &str| curve_of(Some(id)).cloned();
        let (ground, air) = (self.curve.as_deref(), self.air_curve.as_deref());
        Ok(Levels::asked(archive, ground, air, named)?.at_distance_ft(self.distance_ft))
    }

    fn options(&self, units: UnitParams, state: &State) -> Result<ReportOptions, Problem> {
        let pages = self.appendix.unwrap_or_else(|| ReportOptions::default().appendix_pages);
        if pages > MOST_PAGES {
            let detail = format!("appendix is {pages}: it has at most {MOST_PAGES} pages");
            return Err(Problem::unprocessable("appendix", detail));
        }
        let paper = match self.paper {
            Some(PaperWord::Letter) => Paper::Letter,
            Some(PaperWord::A4) | None => Paper::A4,
        };
        let today = || jiff::Zoned::now().date();
        let printed = self.print_date.map(|day| day.first().0.date());
        Ok(ReportOptions::default()
            .with_language(self.language.unwrap_or_default())
            .with_paper(paper)
            .with_units(units.drawn())
            .with_print_date(Some(printed.unwrap_or_else(today)))
            .with_letterhead(state.letterhead.clone())
            .with_appendix_pages(pages))
    }
}

/// The report of the events of a period: summary, what was monitored, charts, all events, source files
/// with their checksums, and the event pages of those above or near a level. `X-Wavekeep-Events` says how
/// many events there are, false triggers left out, `X-Wavekeep-Exceeding` how many of them are above a
/// level.
#[utoipa::path(get, path = "/api/v1/report", tag = "files", params(ReportParams, Filters, UnitParams),
    responses(
        (status = 200, description = "The report", content(
            (Vec<u8> = "application/pdf"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (String = "text/csv"))),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn report(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Query(params): Query<ReportParams>,
    Query(filters): Query<Filters>,
    Query(units): Query<UnitParams>,
) -> Result<Response, Problem> {
    let period = params.period()?;
    let warn = params.warn_percent.unwrap_or(80.0);
    if warn <= 0.0 {
        return Err(Problem::unprocessable("warn_percent", "warn_percent must be above 0"));
    }
    let request = PeriodRequest::new(period)
        .with_query(filters.query(&caller))
        .with_most_events(MOST_EVENTS)
        .with_warn_percent(Some(warn));
    let options = params.options(units, &state)?;
    let format = params.format.unwrap_or_default();
    let (file, len, counts) = state
        .work(move |state| {
            let mut out = BufWriter::new(state.temporaries.export(&state.archive)?);
            let archive = &state.archive;
            let request = request.with_levels(params.levels(archive)?);
            let report = PeriodReport::gather(archive, &request, &AtomicBool::new(false));
            let report = report?;
            let written = match format {
                Format::Pdf => out.write_all(&report.pdf(archive, &options)?),
                Format::Xlsx => out.write_all(&report.xlsx(&options)?),
                Format::Csv => report.csv(options.units, &mut out).map(drop),
            };
            written.map_err(|error| temporary::failed(&error))?;
            let (file, len) = rewound(out).map_err(|error| temporary::failed(&error))?;
            let content = report.content();
            let counts = [content.counted().count() as u64, content.of_standing(Standing::Exceeds)];
            Ok((file, len, counts))
        })
        .await?;
    let name = format!("report-{}.{}", period.short(), format.word());
    let mut response = sent(file, len, format.media_type(), &name);
    for (name, count) in ["x-wavekeep-events", "x-wavekeep-exceeding"].into_iter().zip(counts) {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from(count));
    }
    Ok(response)
}

impl From<PeriodError> for Problem {
    fn from(error: PeriodError) -> Self {
        match error {
            PeriodError::Archive(error) => error.into(),
            PeriodError::OtherCurve { .. } => Self::unprocessable("curve", error.to_string()),
            PeriodError::TooMany { .. } => Self::unprocessable("too_many", error.to_string()),
            error => Self::internal(&error),
        }
    }
}
