//! Streams: facts, samples, overviews, metadata.

use std::ops::Range;

use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;
use wavekeep_core::{FrameBlock, FrameStream};
use wavekeep_signal::Envelope;
use wavekeep_smurf::{Run, Selection};

use super::Id;
use crate::extract::{Filters, Paging, Path, Query, optional};
use crate::problem::Problem;
use crate::state::State;
use crate::streams::{OpenRun, failed, steps_within};

/// Samples that are read for one answer without an envelope: 64 MiB.
const READ_AT_ONCE: u64 = 16 << 20;
/// Numbers of an answer.
const MOST_NUMBERS: usize = 2_000_000;

/// The runs that the archive knows.
#[utoipa::path(get, path = "/api/v1/streams", tag = "streams", params(Filters, Paging),
    responses((status = 200, description = "The runs", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    Shared(state): Shared<State>,
    Query(filters): Query<Filters>,
    Query(paging): Query<Paging>,
) -> Result<Response, Problem> {
    let mut query = paging.of(filters.query())?;
    query.kind = Some("stream".to_owned());
    state
        .work(move |state| {
            let page = state.archive.query(&query)?;
            super::json(&json!({
                "total": page.total, "limit": query.limit, "offset": query.offset, "streams": page.events,
            }))
        })
        .await
}

fn channel_name(run: &Run, index: usize) -> Value {
    let place = run.mask().and_then(|mask| mask.band_and_channel(index));
    json!({ "index": index, "name": place.map(|(band, channel)| format!("{band}:{channel}")) })
}

fn gaps(run: &Run) -> Value {
    let gaps = run.index().gaps(None).into_iter();
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
                "missing_frames": index.missing_frames(),
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
    section: Option<usize>,
    /// At most so many numbers a channel; without it, 2000.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 2, maximum = 100_000)]
    points: Option<usize>,
    /// Rows of an overview; without it, 256.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 1, maximum = 4096)]
    rows: Option<usize>,
    /// Columns of an overview; without it, 600.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 1, maximum = 8192)]
    columns: Option<usize>,
}

impl PartParams {
    fn frames(&self, open: &OpenRun, section: usize) -> Range<u64> {
        let all = &open.run.index().sections()[section].frames;
        let first = self.first.unwrap_or(0).clamp(all.start, all.end);
        first..self.end.unwrap_or(u64::MAX).clamp(first, all.end)
    }

    fn selection(&self, channels: usize) -> Result<Selection, Problem> {
        let list =
            self.channels.clone().unwrap_or_else(|| format!("0-{}", channels.clamp(1, 16) - 1));
        let choices = list.split(',').map(|choice| choice.trim().parse()).collect::<Result<_, _>>();
        let choices = choices.map_err(|error: wavekeep_smurf::NotAChannel| {
            Problem::unprocessable("channels", error.to_string())
        })?;
        Ok(Selection { channels: Some(choices), ..Selection::all() })
    }
}

fn bounded(
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

/// The envelope that an answer is cut from, the frames of its steps counted from `offset`.
struct Cut {
    envelope: std::sync::Arc<Envelope>,
    /// The first frame of the envelope, by its number in the run.
    offset: u64,
    steps: Range<usize>,
    /// The row of each channel that is asked for.
    rows: Vec<usize>,
}

/// What is short is read for itself; what is long is cut from the envelope of the whole section.
fn cut(
    open: &OpenRun,
    section: usize,
    frames: &Range<u64>,
    selection: &Selection,
    steps: usize,
) -> Result<Cut, Problem> {
    let selection = selection.clone().section(section).frames(frames.clone());
    let mut stream = open.run.stream(&selection).map_err(failed)?;
    let channels = open.run.index().sections()[section].channels;
    let samples = (frames.end - frames.start).saturating_mul(u64::from(channels.max(1)));
    if samples <= READ_AT_ONCE {
        let rows = (0..stream.channels()).collect();
        let envelope = Envelope::of(&mut stream, steps, |_| {}).map_err(failed)?;
        let steps = 0..envelope.steps();
        return Ok(Cut { envelope: envelope.into(), offset: frames.start, steps, rows });
    }
    let rows = stream.indices().to_vec();
    let envelope = open.whole(section)?;
    let offset = open.run.index().sections()[section].frames.start;
    let steps = steps_within(&envelope, &(frames.start - offset..frames.end - offset));
    Ok(Cut { envelope, offset, steps, rows })
}

impl Cut {
    /// The steps of each column, nearly equal in number.
    fn columns(&self, most: usize) -> Vec<Range<usize>> {
        let (first, len) = (self.steps.start, self.steps.len());
        let columns = most.min(len);
        let edge = |column: usize| first + len * column / columns.max(1);
        (0..columns).map(|column| edge(column)..edge(column + 1)).collect()
    }

    /// First frame and end of a column; null where all are missing.
    fn frames(&self, column: &Range<usize>) -> Option<[u64; 2]> {
        let there = column
            .clone()
            .map(|step| self.envelope.frames(step))
            .filter(|frames| !frames.is_empty());
        let all = there.reduce(|all, next| all.start..next.end)?;
        Some([self.offset + all.start, self.offset + all.end])
    }

    fn extremes(&self, row: usize, columns: &[Range<usize>]) -> Vec<Option<[i32; 2]>> {
        let steps: Vec<Option<(i32, i32)>> = self.envelope.channel(row).collect();
        let of = |column: &Range<usize>| {
            let there = steps[column.clone()].iter().flatten();
            there
                .copied()
                .reduce(|all, next| (all.0.min(next.0), all.1.max(next.1)))
                .map(|(low, high)| [low, high])
        };
        columns.iter().map(of).collect()
    }
}

/// Samples of a run in counts: all of them when they are few, else pairs of the smallest and the
/// largest of each column, no peak left out.
#[utoipa::path(get, path = "/api/v1/streams/{id}/samples", tag = "streams", params(("id" = i64, Path, description = "The run's number"), PartParams),
    responses((status = 200, description = "The samples", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn samples(
    Shared(state): Shared<State>,
    Path(id): Id,
    Query(params): Query<PartParams>,
) -> Result<Response, Problem> {
    let points = bounded("points", params.points.unwrap_or(2000), 2..=100_000)?;
    state
        .work(move |state| {
            let open = state.run(id)?;
            let section = open.section(params.section)?;
            let frames = params.frames(&open, section);
            let selection = params.selection(open.run.index().sections()[section].channels as usize)?;
            let whole = selection.clone().section(section).frames(frames.clone());
            let mut stream = open.run.stream(&whole).map_err(failed)?;
            let (indices, scale) = (stream.indices().to_vec(), stream.scale());
            bounded("channels × points", indices.len().saturating_mul(points), 1..=MOST_NUMBERS)?;
            let mut answer = json!({
                "id": id, "section": section, "first": frames.start, "end": frames.end, "unit": "count",
                "radians_per_count": scale.of_one(), "rate_hz": open.run.rate_hz(), "gaps": gaps(&open.run),
            });
            let count = usize::try_from(stream.frames()).unwrap_or(usize::MAX);
            let mut channels = Vec::new();
            let mut push = |index: usize, name: &str, values: Value| {
                let mut channel = channel_name(&open.run, index);
                channel[name] = values;
                channels.push(channel);
            };
            if count <= points {
                let mut block = FrameBlock::default();
                let read = stream.next_samples(count.max(1), &mut block).map_err(failed)?;
                for (row, index) in indices.iter().enumerate() {
                    let values = if read { &block.samples[row * block.frames..][..block.frames] } else { &[] };
                    push(*index, "samples", json!(values));
                }
            } else {
                let cut = cut(&open, section, &frames, &selection, points / 2)?;
                let columns = cut.columns(points / 2);
                answer["columns"] = columns.iter().map(|column| json!(cut.frames(column))).collect();
                for (row, index) in cut.rows.iter().zip(&indices) {
                    push(*index, "pairs", json!(cut.extremes(*row, &columns)));
                }
            }
            answer["channels"] = json!(channels);
            super::json(&answer)
        })
        .await
}

/// All channels over time: how far each moves from its smallest to its largest count in each
/// column. Channels that share a row are answered with the largest of them.
#[utoipa::path(get, path = "/api/v1/streams/{id}/overview", tag = "streams", params(("id" = i64, Path, description = "The run's number"), PartParams),
    responses((status = 200, description = "The cells", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn overview(
    Shared(state): Shared<State>,
    Path(id): Id,
    Query(params): Query<PartParams>,
) -> Result<Response, Problem> {
    let rows = bounded("rows", params.rows.unwrap_or(256), 1..=4096)?;
    let columns = bounded("columns", params.columns.unwrap_or(600), 1..=8192)?;
    bounded("rows × columns", rows * columns, 1..=MOST_NUMBERS)?;
    state
        .work(move |state| {
            let open = state.run(id)?;
            let section = open.section(params.section)?;
            let frames = params.frames(&open, section);
            let cut = cut(&open, section, &frames, &Selection::all(), columns)?;
            let columns = cut.columns(columns);
            let channels = cut.rows.len();
            let rows = rows.min(channels);
            let edge = |row: usize| channels * row / rows.max(1);
            let mut cells: Vec<Option<i64>> = Vec::with_capacity(rows * columns.len());
            for row in 0..rows {
                let mut line = vec![None; columns.len()];
                for channel in edge(row)..edge(row + 1) {
                    let extremes = cut.extremes(cut.rows[channel], &columns);
                    for (cell, pair) in line.iter_mut().zip(extremes) {
                        *cell = (*cell).max(pair.map(|[low, high]| i64::from(high) - i64::from(low)));
                    }
                }
                cells.extend(line);
            }
            let axis: Vec<_> = columns.iter().map(|column| cut.frames(column)).collect();
            let groups: Vec<[usize; 2]> = (0..rows).map(|row| [edge(row), edge(row + 1)]).collect();
            super::json(&json!({
                "id": id, "section": section, "first": frames.start, "end": frames.end, "unit": "count",
                "rows": rows, "columns": columns.len(), "row_channels": groups, "column_frames": axis,
                "gaps_shortened": cut.envelope.axis().is_shortened(), "cells": cells,
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
