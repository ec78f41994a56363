//! What requests carry, with problems where it cannot be read.

use std::fmt;
use std::str::FromStr;

use axum::extract::{FromRequest, FromRequestParts};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use utoipa::{IntoParams, ToSchema};
use wavekeep_archive::{ImportedSince, Outcomes, Query as ArchiveQuery, Sort, TextFields};
use wavekeep_core::DayOrMoment;

use crate::auth::Caller;
use crate::problem::Problem;

/// The query of a request.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub struct Query<T>(pub T);

/// The parameters of a path.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub struct Path<T>(pub T);

/// A body of JSON: `application/json` or any `application/…+json`.
#[derive(Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(Problem))]
pub struct Json<T>(pub T);

/// A parameter that may be absent; an empty one is absent too, as forms send them.
pub fn optional<'de, D: Deserializer<'de>, T: FromStr>(
    deserializer: D,
) -> Result<Option<T>, D::Error>
where
    T::Err: fmt::Display,
{
    let text: Option<String> = Option::deserialize(deserializer)?;
    let text = text.filter(|text| !text.is_empty());
    let parsed = text
        .map(|text| text.parse().map_err(|error| D::Error::custom(format!("{text:?}: {error}"))));
    parsed.transpose()
}

/// As [`optional`], for numbers that can be in a recording.
pub fn finite<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    match optional(deserializer)? {
        Some(number) if !f64::is_finite(number) => {
            Err(D::Error::custom("a finite number was expected"))
        }
        number => Ok(number),
    }
}

/// As it stands in a body.
pub fn object<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, Problem> {
    serde_json::from_value(value).map_err(|error| Problem::unprocessable("body", error.to_string()))
}

/// Which events.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
#[non_exhaustive]
pub struct Filters {
    /// Serial number of the unit.
    #[serde(deserialize_with = "optional")]
    pub serial: Option<String>,
    /// Project, as written.
    #[serde(deserialize_with = "optional")]
    pub project: Option<String>,
    /// Location of the sensor, as written.
    #[serde(deserialize_with = "optional")]
    pub location: Option<String>,
    /// `waveform`, `histogram`, `stream` or `unknown`.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<KindWord>)]
    pub kind: Option<KindWord>,
    /// Not before, unit-local: `2026-05-01` or `2026-05-01T13:16:34`, without a zone.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<String>, example = "2026-05-01")]
    pub from: Option<DayOrMoment>,
    /// Not after, unit-local; a day without a time counts to its end.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<String>, example = "2026-05-31")]
    pub to: Option<DayOrMoment>,
    /// Only events with a PPV of at least this, in in/s.
    #[serde(deserialize_with = "finite", alias = "min_ppv")]
    pub min_ppv_in_s: Option<f64>,
    /// Only events with a PPV of at most this, in in/s.
    #[serde(deserialize_with = "finite")]
    pub max_ppv_in_s: Option<f64>,
    /// Only false triggers, or none of them.
    #[serde(deserialize_with = "optional")]
    pub false_trigger: Option<bool>,
    /// Only events that somebody reviewed, or that nobody did.
    #[serde(deserialize_with = "optional")]
    pub reviewed: Option<bool>,
    /// Only events of which the alarm levels say one of these: `exceeds`, `warns`, `no_verdict`, `within`,
    /// `no_level`, separated by commas. Events that are not judged yet are left out.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<String>, example = "exceeds,warns")]
    pub verdict: Option<Outcomes>,
    /// As `verdict`, of the air overpressure alone.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<String>, example = "exceeds")]
    pub air_verdict: Option<Outcomes>,
    /// Only events whose data is damaged or missing, or none of them.
    #[serde(deserialize_with = "optional")]
    pub damaged: Option<bool>,
    /// Only events with a sensor at its limit, or none of them.
    #[serde(deserialize_with = "optional")]
    pub saturated: Option<bool>,
    /// Only events with a report, or those without.
    #[serde(deserialize_with = "optional")]
    pub has_report: Option<bool>,
    /// Only events that have none of these texts: `project`, `client`, `operator`, `location`, separated by
    /// commas.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<String>, example = "project")]
    pub without: Option<TextFields>,
    /// Only events that came into the archive at this time or later: `2026-05-01`, `2026-05-01T06:00:00Z`
    /// (UTC), `today` or `yesterday` (since its beginning, UTC).
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<String>, example = "yesterday")]
    pub imported_since: Option<ImportedSince>,
    /// Contained in project, client, operator, location or notes, or at the beginning of file name
    /// or serial number; without regard to case.
    #[serde(deserialize_with = "optional")]
    pub text: Option<String>,
    /// Only events that changed after this: the `changed` of the last one that is known, 0 for all.
    #[serde(deserialize_with = "optional")]
    pub changed_since: Option<i64>,
}

/// Kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum KindWord {
    /// Samples around a trigger.
    Waveform,
    /// Peaks of intervals.
    Histogram,
    /// A run of a stream.
    Stream,
    /// Nothing says.
    Unknown,
}

impl KindWord {
    const fn word(self) -> &'static str {
        match self {
            Self::Waveform => "waveform",
            Self::Histogram => "histogram",
            Self::Stream => "stream",
            Self::Unknown => "unknown",
        }
    }
}

impl FromStr for KindWord {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let all = [Self::Waveform, Self::Histogram, Self::Stream, Self::Unknown];
        let found = all.into_iter().find(|kind| kind.word() == word);
        found.ok_or("one of waveform, histogram, stream, unknown was expected")
    }
}

impl Filters {
    /// The question to the archive, of one who asks for no more than it may see.
    pub fn query(&self, caller: &Caller) -> ArchiveQuery {
        ArchiveQuery::default()
            .with_scope(caller.scope.clone())
            .with_serial(self.serial.clone())
            .with_project(self.project.clone())
            .with_location(self.location.clone())
            .with_kind(self.kind.map(|kind| kind.word().to_owned()))
            .with_from(self.from.map(DayOrMoment::first))
            .with_to(self.to.map(DayOrMoment::last))
            .with_min_ppv_in_s(self.min_ppv_in_s)
            .with_max_ppv_in_s(self.max_ppv_in_s)
            .with_false_trigger(self.false_trigger)
            .with_reviewed(self.reviewed)
            .with_verdicts(self.verdict.as_ref().map(|of| of.0.clone()))
            .with_air_verdicts(self.air_verdict.as_ref().map(|of| of.0.clone()))
            .with_damaged(self.damaged)
            .with_saturated(self.saturated)
            .with_has_report(self.has_report)
            .with_without(self.without.as_ref().map(|of| of.0.clone()).unwrap_or_default())
            .with_imported_since(self.imported_since.map(|of| of.0))
            .with_text(self.text.clone())
            .with_changed_since(self.changed_since)
    }
}

/// Most events of an answer.
pub const MOST_EVENTS: usize = 10_000;
/// Most events of an answer of Arrow, which takes a tenth of the memory.
const MOST_IN_ARROW: usize = 100_000;

/// Which part of the events, in which order.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
#[non_exhaustive]
pub struct Paging {
    /// The order, the largest first with `-` before it. Without it, the latest first.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<SortWord>)]
    pub sort: Option<Sort>,
    /// At most so many; without it, 100.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 0, maximum = 100000)]
    pub limit: Option<usize>,
    /// Only those that follow the event of this number in the order: the last one of the page before.
    #[serde(deserialize_with = "optional")]
    pub after_id: Option<i64>,
    /// So many of the first ones are left out.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 0, maximum = 1_000_000_000)]
    pub offset: Option<usize>,
}

/// Orders of events, for the description of the interface: [`Sort`] reads them.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only its schema is used")]
enum SortWord {
    /// The earliest first.
    #[schema(rename = "timestamp")]
    Timestamp,
    /// The latest first.
    #[schema(rename = "-timestamp")]
    TimestampDescending,
    /// The smallest margin below the limit first: the worst event.
    #[schema(rename = "margin")]
    Margin,
    /// The largest margin first.
    #[schema(rename = "-margin")]
    MarginDescending,
    /// The smallest PPV first.
    #[schema(rename = "ppv")]
    Ppv,
    /// The largest PPV first.
    #[schema(rename = "-ppv")]
    PpvDescending,
    /// In the order in which they came in.
    #[schema(rename = "id")]
    Id,
    /// The last one that came in first.
    #[schema(rename = "-id")]
    IdDescending,
    /// In the order of changes.
    #[schema(rename = "changed")]
    Changed,
    /// The last one that changed first.
    #[schema(rename = "-changed")]
    ChangedDescending,
}

impl Paging {
    /// Limit and offset.
    ///
    /// # Errors
    /// When more is asked for than an answer holds.
    pub fn window(&self) -> Result<(usize, usize), Problem> {
        self.window_of(MOST_EVENTS)
    }

    fn window_of(&self, most: usize) -> Result<(usize, usize), Problem> {
        let (limit, offset) = (self.limit.unwrap_or(100), self.offset.unwrap_or(0));
        if limit > most {
            let detail = format!(
                "limit is {limit}: an answer holds at most {most}; ask again with after_id, or use /api/v1/export"
            );
            return Err(Problem::unprocessable("limit", detail));
        }
        if offset > 1_000_000_000 {
            return Err(Problem::unprocessable("offset", "offset is at most 1000000000"));
        }
        Ok((limit, offset))
    }

    /// The question with this part of its answer.
    ///
    /// # Errors
    /// As [`window`](Self::window).
    pub fn of(&self, query: ArchiveQuery) -> Result<ArchiveQuery, Problem> {
        self.within(self.window()?, query)
    }

    /// As [`of`](Self::of), for an answer of Arrow, which holds more.
    ///
    /// # Errors
    /// As [`window`](Self::window).
    pub fn of_arrow(&self, query: ArchiveQuery) -> Result<ArchiveQuery, Problem> {
        self.within(self.window_of(MOST_IN_ARROW)?, query)
    }

    fn within(
        &self,
        (limit, offset): (usize, usize),
        mut query: ArchiveQuery,
    ) -> Result<ArchiveQuery, Problem> {
        query.limit = Some(limit);
        query.offset = offset;
        query.after_id = self.after_id;
        query.sort = self.sort.unwrap_or_default();
        Ok(query)
    }
}
