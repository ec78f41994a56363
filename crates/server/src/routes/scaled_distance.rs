//! Peaks against scaled distance, and the law of a site.

use axum::Extension;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use wavekeep_archive::BlastMedium;
use wavekeep_period::{BlastQuestion, ScaledDistanceReport};
use wavekeep_report::{Drawing, Theme};

use super::answer;
use super::stream_picture::ThemeWord;
use crate::auth::Caller;
use crate::extract::{Filters, MOST_EVENTS, Query, finite, optional};
use crate::problem::Problem;
use crate::state::State;
use crate::units::UnitParams;

/// Events that a law is found from, at most.
const MOST_OF_LAW: u64 = 200_000;
/// Width of a PNG in pixels.
const WIDTH_PX: u32 = 1600;

/// What carries the vibration, for the description of the interface: [`BlastMedium`] reads it.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "only its schema is used")]
enum MediumWord {
    /// PPV against R / √W.
    Ground,
    /// PSPL against R / ∛W.
    Air,
}

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ScaledDistanceFormat {
    /// The law, forecasts and events.
    Json,
    /// The table of events.
    Csv,
    /// The chart.
    Svg,
    /// The chart.
    Png,
    /// The chart.
    Pdf,
}

impl std::str::FromStr for ScaledDistanceFormat {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "json" => Ok(Self::Json),
            "csv" => Ok(Self::Csv),
            "svg" => Ok(Self::Svg),
            "png" => Ok(Self::Png),
            "pdf" => Ok(Self::Pdf),
            _ => Err("json, csv, svg, png or pdf was expected"),
        }
    }
}

/// What is asked of the law.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ScaledDistanceParams {
    /// `ground` (PPV against R / √W) or `air` (PSPL against R / ∛W); without it, `ground`.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<MediumWord>)]
    medium: Option<BlastMedium>,
    /// A limit of the peak: of the ground in the unit of velocity, of the air in dB(L). With a distance, the
    /// permissible charge is answered, with a charge the distance from which on it is permitted, alone a table
    /// of charges.
    #[serde(deserialize_with = "finite")]
    #[param(minimum = 0)]
    limit: Option<f64>,
    /// A distance from blast to sensor with its unit.
    #[serde(deserialize_with = "optional")]
    #[param(example = "250 m")]
    distance: Option<String>,
    /// A maximum charge per delay with its unit.
    #[serde(deserialize_with = "optional")]
    #[param(example = "45 kg")]
    charge: Option<String>,
    /// `json`, `csv`, or the chart as `svg`, `png` or `pdf`; without it, `json`.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<ScaledDistanceFormat>)]
    format: Option<ScaledDistanceFormat>,
    /// Of the chart: `light` or `dark`.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<ThemeWord>)]
    theme: Option<ThemeWord>,
    /// At most so many events in the answer as JSON; without it, 1000. The law is of all.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 0, maximum = 10000)]
    rows: Option<usize>,
    /// So many of the first events are left out of the answer as JSON.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 0)]
    offset: Option<usize>,
}

/// The peaks of events against their scaled distances, the attenuation law that they follow, and what it says
/// of a blast: see `docs/scaled-distance.md`. Events that do not count are listed with the reason.
#[utoipa::path(get, path = "/api/v1/scaled_distance", tag = "events", params(ScaledDistanceParams, Filters, UnitParams),
    responses(
        (status = 200, description = "`law` (null, and the reason in `no_law`, where there is none), `counted`, `left_out` by reason, `forecasts`, `events` of `total`, all in `units`; or a table or a chart", content(
            (Object = "application/json"), (String = "text/csv"), (String = "image/svg+xml"), (Vec<u8> = "image/png"), (Vec<u8> = "application/pdf"))),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn scaled_distance(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Query(params): Query<ScaledDistanceParams>,
    Query(filters): Query<Filters>,
    Query(units): Query<UnitParams>,
) -> Result<Response, Problem> {
    let velocity = units.drawn().velocity();
    let medium = params.medium.unwrap_or_default();
    let (distance, charge) = (params.distance.as_deref(), params.charge.as_deref());
    let question = BlastQuestion::written((medium, velocity), params.limit, distance, charge)
        .map_err(|error| Problem::unprocessable("value", error.to_string()))?;
    let rows = params.rows.unwrap_or(1000).min(MOST_EVENTS);
    state
        .work(move |state| {
            let query = filters.query(&caller);
            let total = state.archive.query(&query.clone().with_limit(Some(0)))?.total;
            if total > MOST_OF_LAW {
                let detail = format!(
                    "{total} events match: a law is found from at most {MOST_OF_LAW}, narrow the filters"
                );
                return Err(Problem::unprocessable("too_many", detail));
            }
            let found =
                state.archive.scaled_distances(&query, medium)?;
            let report = ScaledDistanceReport::new(found, velocity);
            let theme = match params.theme {
                Some(ThemeWord::Dark) => Theme::Dark,
                _ => Theme::Light,
            };
            let title = filters.project.clone().or(filters.location.clone()).or(filters.serial.clone());
            let drawing = || {
                let title = title.as_deref().unwrap_or("All events");
                Drawing::attenuation(&report.chart(title, question.limit), theme)
            };
            let failed = |error| Problem::internal(&error);
            match params.format.unwrap_or(ScaledDistanceFormat::Json) {
                ScaledDistanceFormat::Json => {
                    super::json(&report.document(question, params.offset.unwrap_or(0), rows))
                }
                ScaledDistanceFormat::Csv => {
                    let mut table = Vec::new();
                    let written = report.found().write_csv(report.units(), &mut table);
                    written.map_err(|error| Problem::internal(&error))?;
                    Ok(answer("text/csv; charset=utf-8", table))
                }
                ScaledDistanceFormat::Svg => {
                    Ok(answer("image/svg+xml", drawing().svg().as_bytes().to_vec()))
                }
                ScaledDistanceFormat::Png => {
                    Ok(answer("image/png", drawing().png(WIDTH_PX).map_err(failed)?))
                }
                ScaledDistanceFormat::Pdf => {
                    Ok(answer("application/pdf", drawing().pdf().map_err(failed)?))
                }
            }
        })
        .await
}
