//! Streams: facts, samples, overviews, metadata.

use std::ops::Range;

use axum::Extension;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;
use wavekeep_archive::EventRow;
use wavekeep_smurf::{Run, Selection};

use super::{Form, Id};
use crate::auth::Caller;
use crate::extract::{Filters, Paging, Path, Query, optional};
use crate::problem::Problem;
use crate::state::State;
use crate::streams::{Column, OpenRun, View, failed, time};

/// Numbers of an answer of JSON.
pub(super) const MOST_NUMBERS: usize = 2_000_000;

/// The runs that the archive knows: rows as of events, with what is recorded of each in `stream`.
#[utoipa::path(get, path = "/api/v1/streams", tag = "streams", params(Filters, Paging),
    responses((status = 200, description = "The runs", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Query(filters): Query<Filters>,
    Query(paging): Query<Paging>,
) -> Result<Response, Problem> {
    let mut query = paging.of(filters.query(&caller))?;
    query.kind = Some("stream".to_owned());
    state
        .work(move |state| {
            let page = state.archive.query(&query)?;
            let rows: Vec<Value> = page.events.iter().map(|row| listed(state, row)).collect();
            super::json(&json!({
                "total": page.total, "limit": query.limit, "offset": query.offset, "streams": rows,
            }))
        })
        .await
}

/// A row with what its sidecar says of the run; null where that cannot be read.
fn listed(state: &State, row: &EventRow) -> Value {
    let recorded = state.archive.sidecar(row.id).ok().and_then(|sidecar| sidecar.stream());
    let mut listed = json!(row);
    listed["stream"] = json!(recorded.map(|run| json!({
        "frames": run.frames,
        "rate_hz": run.rate_hz,
        "start_utc": run.start_utc,
        "end_utc": run.end_utc,
        "pieces": run.pieces.len(),
        "bytes": run.pieces.iter().map(|piece| piece.bytes).sum::<u64>(),
    })));
    listed
}

pub(super) fn channel_name(run: &Run, index: usize) -> Value {
    let map = run.channel_map(0).ok().and_then(Result::ok);
    let frequency = map.as_ref().and_then(|map| map.detector(index, 1)?.frequency_mhz);
    json!({
        "index": index,
        "name": map.and_then(|map| map.name(index, 1)),
        "frequency_mhz": frequency,
    })
}

/// Gaps that are listed; all are counted.
const MOST_GAPS: usize = 1000;

pub(super) fn gaps(run: &Run) -> Value {
    let gaps = run.gaps().iter().filter(|gap| gap.missing > 0).take(MOST_GAPS);
    gaps.map(|gap| json!({ "before_frames": [gap.frames.start, gap.frames.end], "missing": gap.missing })).collect()
}

/// A run: sections, gaps, rate, channels, where its metadata is.
#[utoipa::path(get, path = "/api/v1/streams/{id}", tag = "streams", params(("id" = i64, Path, description = "The run's number")),
    responses((status = 200, description = "The facts", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn one(Shared(state): Shared<State>, Path(id): Id) -> Result<Response, Problem> {
    state
        .work(move |state| {
            let open = state.run(id)?;
            let (run, index) = (&open.run, open.run.index());
            let sections = index.sections().iter();
            let sections: Vec<Value> = sections
                .map(|section| json!({
                    "first": section.frames.start, "end": section.frames.end, "channels": section.channels,
                }))
                .collect();
            let channels = index.sections().iter().map(|section| section.channels).max().unwrap_or(0);
            let names: Vec<Value> = (0..channels as usize).map(|index| channel_name(run, index)).collect();
            let metadata = run.metadata().map_err(failed)?;
            let places: Vec<u64> = metadata.updates().iter().map(|update| update.place.frame).collect();
            super::json(&json!({
                "event": state.archive.event(id)?,
                "frames": index.frames(),
                "missing_frames": run.missing_frames(),
                "gap_places": run.gaps().iter().filter(|gap| gap.missing > 0).count(),
                "rates": run.rates().iter().take(100).map(|rate| json!({ "frames": [rate.frames.start, rate.frames.end], "rate_hz": rate.hz })).collect::<Vec<_>>(),
                "time_stretches": run.time_stretches().iter().take(100).map(|it| json!({ "frames": [it.frames.start, it.frames.end], "basis": it.basis.code() })).collect::<Vec<_>>(),
                "errored_frames": index.errored_frames(),
                "bytes": index.bytes(),
                "pieces": run.pieces().len(),
                "rate_hz": run.rate_hz(),
                "time_basis": run.time_basis().to_string(),
                "sections": sections,
                "channels": names,
                "gaps": gaps(run),
                "metadata_frames": places,
            }))
        })
        .await
}

/// Which part of a run.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PartParams {
    /// Channels with commas: `3`, `0-15`, `2:107`. Without it, the first 16.
    #[serde(deserialize_with = "optional")]
    channels: Option<String>,
    /// The first frame, by its number in the run.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 0)]
    first: Option<u64>,
    /// The end, exclusive.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 0)]
    end: Option<u64>,
    /// The section; without it, the longest.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 0)]
    pub(super) section: Option<usize>,
}

/// How a part of a run is shown.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ShownParams {
    /// At most so many numbers a channel; without it, 2000 as JSON, and every sample otherwise.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 2, maximum = 100_000)]
    pub(super) points: Option<usize>,
    /// Rows of an overview; without it, 256.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 1, maximum = 4096)]
    rows: Option<usize>,
    /// `json`, `binary` or `arrow`; without it, what `Accept` says.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<Form>)]
    pub(super) format: Option<Form>,
    /// Columns of an overview; without it, 600.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 1, maximum = 8192)]
    columns: Option<usize>,
}

impl PartParams {
    pub(super) fn frames(&self, open: &OpenRun, section: usize) -> Range<u64> {
        let all = &open.run.index().sections()[section].frames;
        let first = self.first.unwrap_or(0).clamp(all.start, all.end);
        first..self.end.unwrap_or(u64::MAX).clamp(first, all.end)
    }

    /// Chooses all channels, whatever was asked for.
    pub(super) fn all_channels(&mut self, channels: usize) {
        self.channels = Some(format!("0-{}", channels.max(1) - 1));
    }

    pub(super) fn selection(&self, channels: usize) -> Result<Selection, Problem> {
        let list =
            self.channels.clone().unwrap_or_else(|| format!("0-{}", channels.clamp(1, 16) - 1));
        let choices = list.split(',').map(|choice| choice.trim().parse()).collect::<Result<_, _>>();
        let choices = choices.map_err(|error: wavekeep_smurf::NotAChannel| {
            Problem::unprocessable("channels", error.to_string())
        })?;
        Ok(Selection { channels: Some(choices), ..Selection::all() })
    }
}

pub(super) fn bounded(
    name: &str,
    value: usize,
    range: std::ops::RangeInclusive<usize>,
) -> Result<usize, Problem> {
    match range.contains(&value) {
        true => Ok(value),
        false => Err(Problem::unprocessable(
            name,
            format!("{name} is {value}: {} to {} were expected", range.start(), range.end()),
        )),
    }
}

/// All channels over time: how far each moves from its smallest to its largest count in each
/// column. Channels that share a row are answered with the largest of them. The answer comes at
/// once: of a long run that was not read yet it is a sample of each column, and `standing` says so.
#[utoipa::path(get, path = "/api/v1/streams/{id}/overview", tag = "streams", params(("id" = i64, Path, description = "The run's number"), PartParams, ShownParams),
    responses((status = 200, description = "The cells", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn overview(
    Shared(state): Shared<State>,
    Path(id): Id,
    Query(params): Query<PartParams>,
    Query(shown): Query<ShownParams>,
) -> Result<Response, Problem> {
    let rows = bounded("rows", shown.rows.unwrap_or(256), 1..=4096)?;
    let columns = bounded("columns", shown.columns.unwrap_or(600), 1..=8192)?;
    bounded("rows × columns", rows * columns, 1..=MOST_NUMBERS)?;
    state
        .work(move |state| {
            let open = state.run(id)?;
            let section = open.section(params.section)?;
            let frames = params.frames(&open, section);
            let view = View { section, frames: frames.clone(), channels: Selection::all(), columns };
            let picture = state.picture(&open, &view)?;
            let columns = picture.columns.len();
            let channels = open.run.index().sections()[section].channels as usize;
            let rows = rows.min(channels);
            let edge = |row: usize| channels * row / rows.max(1);
            let mut cells: Vec<Option<i64>> = Vec::with_capacity(rows * columns);
            for row in 0..rows {
                let mut line = vec![None; columns];
                for channel in edge(row)..edge(row + 1) {
                    for (cell, pair) in line.iter_mut().zip(picture.channel(channel)) {
                        *cell = (*cell).max(pair.map(|[low, high]| i64::from(high) - i64::from(low)));
                    }
                }
                cells.extend(line);
            }
            let edges: Vec<_> = picture.columns.iter().map(Column::ends).collect();
            let axis = time::axis(&open.run, section, &frames)?;
            let groups: Vec<[usize; 2]> = (0..rows).map(|row| [edge(row), edge(row + 1)]).collect();
            super::json(&json!({
                "id": id, "section": section, "first": frames.start, "end": frames.end, "unit": "count",
                "rows": rows, "columns": columns, "row_channels": groups, "column_frames": edges,
                "time": time::time(&open.run, section, &frames, &axis)?,
                "gaps_shortened": picture.is_shortened, "standing": picture.standing(), "cells": cells,
            }))
        })
        .await
}

/// Which moment of the configuration.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct MetadataParams {
    /// The frame; without it, the end of the run.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 0)]
    frame: Option<u64>,
}

/// The configuration at a frame, and every update of it.
#[utoipa::path(get, path = "/api/v1/streams/{id}/metadata", tag = "streams", params(("id" = i64, Path, description = "The run's number"), MetadataParams),
    responses((status = 200, description = "The configuration", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn metadata(
    Shared(state): Shared<State>,
    Path(id): Id,
    Query(params): Query<MetadataParams>,
) -> Result<Response, Problem> {
    state
        .work(move |state| {
            let metadata = state.run(id)?.run.metadata().map_err(failed)?;
            let config =
                params.frame.map_or_else(|| metadata.config(), |frame| metadata.config_at(frame));
            let updates = metadata.updates().iter();
            let updates: Vec<Value> = updates
                .map(|update| json!({ "frame": update.place.frame, "values": update.values }))
                .collect();
            let config: &Map<String, Value> = config.tree();
            super::json(
                &json!({ "id": id, "frame": params.frame, "config": config, "updates": updates }),
            )
        })
        .await
}
