//! What there is of units, projects, months, monitor logs and imports.

use axum::Extension;
use axum::extract::State as Shared;
use axum::response::Response;
use jiff::civil::DateTime;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use wavekeep_archive::{ImportSession, MonitorLogQuery, Query as ArchiveQuery};
use wavekeep_core::DayOrMoment;

use super::review::file_name;
use crate::auth::Caller;
use crate::extract::{Paging, Query, optional};
use crate::problem::Problem;
use crate::state::State;

macro_rules! summaries {
    ($($(#[$doc:meta])* $name:ident, $matching:ident, $path:literal;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(get, path = $path, tag = "summaries",
            responses((status = 200, description = "The list", body = Vec<Object>),
                (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
        pub async fn $name(
            Shared(state): Shared<State>,
            Extension(caller): Extension<Caller>,
        ) -> Result<Response, Problem> {
            let query = ArchiveQuery::default().with_scope(caller.scope);
            state.work(move |state| super::json(&state.archive.$matching(&query)?)).await
        }
    )*};
}

summaries! {
    /// What there is of each project.
    projects, projects_matching, "/api/v1/projects";
    /// What there is of each location.
    locations, locations_matching, "/api/v1/locations";
    /// What there is of each month by the units' own clocks, the latest first.
    months, months_matching, "/api/v1/months";
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// At most so many; without it, all.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 0)]
    pub limit: Option<usize>,
    /// So many of the first ones are left out.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 0)]
    pub offset: Option<usize>,
}

impl Part {
    fn of<T>(&self, all: impl Iterator<Item = T>) -> Vec<T> {
        all.skip(self.offset.unwrap_or(0)).take(self.limit.unwrap_or(usize::MAX)).collect()
    }
}

/// Of which unit.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct OfUnit {
    /// Serial number.
    #[serde(deserialize_with = "optional")]
    pub serial: Option<String>,
}

/// What there is of each unit. "Largest" leaves false triggers out and says how many.
#[utoipa::path(get, path = "/api/v1/units", tag = "summaries", params(OfUnit, Part),
    responses((status = 200, description = "The list", body = Vec<Object>),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn units(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Query(unit): Query<OfUnit>,
    Query(part): Query<Part>,
) -> Result<Response, Problem> {
    state
        .work(move |state| {
            let query = ArchiveQuery::default().with_scope(caller.scope);
            let all = state.archive.units_matching(&query)?.into_iter();
            let of = all.filter(|one| unit.serial.as_ref().is_none_or(|it| *it == one.serial));
            super::json(&part.of(of))
        })
        .await
}

/// From when to when; whose clock it is says each list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct Period {
    /// Not before: `2026-05-01` or `2026-05-01T13:16:34`.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<String>, example = "2026-05-01")]
    pub from: Option<DayOrMoment>,
    /// Not after; a day without a time counts to its end.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<String>, example = "2026-05-31")]
    pub to: Option<DayOrMoment>,
}

impl Period {
    /// Whether an import was begun in it.
    fn chooses(&self, session: &ImportSession) -> bool {
        // One that cannot be read is no reason to hide an import.
        let Ok(begun) = session.started_at.trim_end_matches('Z').parse::<DateTime>() else {
            return true;
        };
        self.from.is_none_or(|from| begun >= from.first().0)
            && self.to.is_none_or(|to| begun <= to.last().0)
    }
}

/// The imports, the latest first: `from` and `to` are when they began, UTC.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "summaries", params(Period, Part),
    responses((status = 200, description = "The list", body = Vec<Object>),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn sessions(
    Shared(state): Shared<State>,
    Query(period): Query<Period>,
    Query(part): Query<Part>,
) -> Result<Response, Problem> {
    state
        .work(move |state| {
            let all = state.archive.sessions()?.into_iter().map(|mut session| {
                // Where files lie on the machine that serves is nobody's business.
                let names = session.source.split(", ").map(file_name).collect::<Vec<_>>();
                session.source = names.join(", ");
                session
            });
            super::json(&part.of(all.filter(|session| period.chooses(session))))
        })
        .await
}

/// The monitor logs that reports print, the latest first. Times are as written: `from` and `to` are
/// those of the events in whose reports they stand, unit-local.
#[utoipa::path(get, path = "/api/v1/monitor_log", tag = "summaries", params(OfUnit, Period, Paging),
    responses((status = 200, description = "The entries", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn monitor_log(
    Shared(state): Shared<State>,
    Query(unit): Query<OfUnit>,
    Query(period): Query<Period>,
    Query(paging): Query<Paging>,
) -> Result<Response, Problem> {
    let (limit, offset) = paging.window()?;
    state
        .work(move |state| {
            let query = MonitorLogQuery::default()
.with_serial(unit.serial)
.with_from(period.from.map(DayOrMoment::first))
.with_to(period.to.map(DayOrMoment::last))
.with_limit(Some(limit))
.with_offset(offset);
            let entries = state.archive.monitor_log(&query)?;
            super::json(&json!({ "limit": limit, "offset": offset, "count": entries.len(), "monitor_log": entries }))
        })
        .await
}
