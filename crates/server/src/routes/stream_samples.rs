//! Samples of a part of a run, as JSON, as little-endian numbers, or as an Arrow stream.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{Int32Array, UInt64Array};
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};
use wavekeep_core::{FrameBlock, FrameStream};
use wavekeep_smurf::Selection;

use super::streams::{MOST_NUMBERS, PartParams, ShownParams, bounded, channel_name, gaps};
use super::{BINARY, Form, Id, answer, say};
use crate::arrow::{ARROW, Table, facts};
use crate::extract::{Path, Query};
use crate::problem::Problem;
use crate::state::State;
use crate::streams::{OpenRun, Picture, View, failed, time};

/// Samples of an answer of bytes: 64 MiB.
pub(super) const MOST_SAMPLES: usize = 16 << 20;

/// What every form of samples says of them.
pub(super) struct Part {
    pub(super) id: i64,
    pub(super) open: Arc<OpenRun>,
    pub(super) section: usize,
    pub(super) frames: Range<u64>,
    selection: Selection,
    pub(super) indices: Vec<usize>,
    pub(super) radians_per_count: f64,
}

impl Part {
    pub(super) fn of(state: &State, id: i64, params: &PartParams) -> Result<Self, Problem> {
        let open = state.run(id)?;
        let section = open.section(params.section)?;
        let frames = params.frames(&open, section);
        let channels = open.run.index().sections()[section].channels as usize;
        let selection = params.selection(channels)?;
        let whole = selection.clone().section(section).frames(frames.clone());
        let stream = open.run.stream(&whole).map_err(failed)?;
        let (indices, scale) = (stream.indices().to_vec(), stream.scale());
        let radians_per_count = scale.of_one();
        drop(stream);
        Ok(Self { id, open, section, frames, selection, indices, radians_per_count })
    }

    /// These channels of some frames.
    pub(super) fn choose(&self, frames: Range<u64>) -> Selection {
        self.selection.clone().section(self.section).frames(frames)
    }

    /// Every sample, all frames of the first channel first.
    fn samples(&self) -> Result<FrameBlock, Problem> {
        let whole = self.choose(self.frames.clone());
        let mut stream = self.open.run.stream(&whole).map_err(failed)?;
        let count = usize::try_from(stream.frames()).unwrap_or(usize::MAX);
        let mut block = FrameBlock::default();
        if !stream.next_samples(count.max(1), &mut block).map_err(failed)? {
            block.samples.clear();
            block.frames = 0;
        }
        Ok(block)
    }

    pub(super) fn picture(&self, state: &State, columns: usize) -> Result<Picture, Problem> {
        let view = View {
            section: self.section,
            frames: self.frames.clone(),
            channels: self.selection.clone(),
            columns,
        };
        state.picture(&self.open, &view)
    }

    pub(super) fn count(&self) -> usize {
        usize::try_from(self.frames.end - self.frames.start).unwrap_or(usize::MAX)
    }

    pub(super) fn name(&self, index: usize) -> String {
        let section = self.open.run.index().section_of(self.frames.start);
        let map = self.open.run.channel_map(section).ok().and_then(Result::ok);
        map.and_then(|map| map.name(index, 1)).unwrap_or_else(|| index.to_string())
    }

    fn names(&self) -> String {
        self.indices.iter().map(|index| self.name(*index)).collect::<Vec<_>>().join(",")
    }

    fn json(&self, state: &State, points: Option<usize>) -> Result<Response, Problem> {
        let run = &self.open.run;
        let points = points.unwrap_or(2000);
        let numbers = self.indices.len().saturating_mul(points);
        bounded("channels × points", numbers, 1..=MOST_NUMBERS)?;
        let mut answer = json!({
            "id": self.id, "section": self.section, "first": self.frames.start, "end": self.frames.end, "unit": "count",
            "radians_per_count": self.radians_per_count, "rate_hz": run.rate_hz(), "gaps": gaps(run),
        });
        let axis = time::axis(run, self.section, &self.frames)?;
        answer["time"] = time::time(run, self.section, &self.frames, &axis)?;
        let mut channels = Vec::new();
        let mut push = |index: usize, name: &str, values: Value| {
            let mut channel = channel_name(run, index);
            channel[name] = values;
            channels.push(channel);
        };
        if self.count() <= points {
            let block = self.samples()?;
            if axis.len() > axis.frames() {
                answer["places"] = (0..axis.frames()).map(|frame| axis.place(frame)).collect();
                answer["places_in_all"] = json!(axis.len());
            }
            for (row, index) in self.indices.iter().enumerate() {
                push(
                    *index,
                    "samples",
                    json!(&block.samples[row * block.frames..][..block.frames]),
                );
            }
        } else {
            let picture = self.picture(state, points / 2)?;
            answer["columns"] = picture.columns.iter().map(|column| json!(column.ends())).collect();
            answer["gaps_shortened"] = json!(picture.is_shortened);
            answer["standing"] = picture.standing();
            for (row, index) in self.indices.iter().enumerate() {
                push(*index, "pairs", json!(picture.channel(row)));
            }
        }
        answer["channels"] = json!(channels);
        super::json(&answer)
    }

    /// Refuses what is more than an answer of numbers holds.
    pub(super) fn whole_answer(&self) -> Result<(), Problem> {
        let samples = self.indices.len().saturating_mul(self.count());
        if samples <= MOST_SAMPLES {
            return Ok(());
        }
        let detail = format!(
            "{samples} samples are asked for, an answer holds at most {MOST_SAMPLES}: \
             ask for fewer channels, or in parts with first and end"
        );
        Err(Problem::unprocessable("samples", detail))
    }

    /// Little-endian int32. Of pairs without a frame the smallest is larger than the largest.
    fn binary(&self, state: &State, points: Option<usize>) -> Result<Response, Problem> {
        let rows = self.indices.len();
        let mut bytes = Vec::new();
        let mut picture = None;
        let shape = match points {
            Some(points) if self.count() > points => {
                let made = picture.insert(self.picture(state, points / 2)?);
                for row in 0..rows {
                    for pair in made.channel(row) {
                        let [low, high] = pair.unwrap_or([i32::MAX, i32::MIN]);
                        bytes.extend(low.to_le_bytes());
                        bytes.extend(high.to_le_bytes());
                    }
                }
                format!("{rows},{},2", made.columns.len())
            }
            _ => {
                self.whole_answer()?;
                let block = self.samples()?;
                bytes.extend(block.samples.iter().flat_map(|sample| sample.to_le_bytes()));
                format!("{rows},{}", block.frames)
            }
        };
        let mut response = answer(BINARY, bytes);
        let rate = self.open.run.rate_hz();
        let said = [
            ("x-wavekeep-dtype", "<i4".to_owned()),
            ("x-wavekeep-shape", shape),
            ("x-wavekeep-channels", self.names()),
            ("x-wavekeep-units", "count".to_owned()),
            ("x-wavekeep-frames", format!("{},{}", self.frames.start, self.frames.end)),
            ("x-wavekeep-rate-hz", rate.map_or_else(String::new, |rate| rate.to_string())),
        ];
        say(&mut response, said);
        if let Some(picture) = picture {
            say(&mut response, [("x-wavekeep-standing", picture.standing().to_string())]);
        }
        Ok(response)
    }

    /// A row for each frame, or for each column of a picture.
    fn arrow(&self, state: &State, points: Option<usize>) -> Result<Response, Problem> {
        let run = &self.open.run;
        let start = run.time_ns(self.frames.start).map_err(failed)?;
        let mut said = facts([
            ("stream", Some(self.id.to_string())),
            ("section", Some(self.section.to_string())),
            ("first_frame", Some(self.frames.start.to_string())),
            ("end_frame", Some(self.frames.end.to_string())),
            ("rate_hz", run.rate_hz().map(|rate| rate.to_string())),
            ("start_unix_ns", start.map(|start| start.to_string())),
            ("time_basis", Some(run.time_basis().to_string())),
            ("gaps", Some(gaps(run).to_string())),
        ]);
        let column = || {
            facts([
                ("unit", Some("count".to_owned())),
                ("count_value", Some(self.radians_per_count.to_string())),
                ("count_unit", Some("rad".to_owned())),
            ])
        };
        let table = match points {
            Some(points) if self.count() > points => {
                let picture = self.picture(state, points / 2)?;
                said.insert("standing".to_owned(), picture.standing().to_string());
                let mut table = Table::new(said);
                for (name, end) in [("first_frame", 0), ("end_frame", 1)] {
                    let frames = picture.columns.iter().map(|column| Some(column.ends()?[end]));
                    table.push(
                        name.to_owned(),
                        facts([]),
                        Arc::new(UInt64Array::from_iter(frames)),
                    );
                }
                for (row, index) in self.indices.iter().enumerate() {
                    for (name, end) in [("min", 0), ("max", 1)] {
                        let pairs = picture.channel(row).iter().map(|pair| Some((*pair)?[end]));
                        let name = format!("{}_{name}", self.name(*index));
                        table.push(name, column(), Arc::new(Int32Array::from_iter(pairs)));
                    }
                }
                table
            }
            _ => {
                self.whole_answer()?;
                let block = self.samples()?;
                let mut table = Table::new(said);
                let frames = self.frames.start..self.frames.start + block.frames as u64;
                let frames = UInt64Array::from_iter_values(frames);
                table.push("frame".to_owned(), facts([]), Arc::new(frames));
                for (row, index) in self.indices.iter().enumerate() {
                    let samples = &block.samples[row * block.frames..][..block.frames];
                    let samples = Int32Array::from_iter_values(samples.iter().copied());
                    table.push(self.name(*index), column(), Arc::new(samples));
                }
                table
            }
        };
        Ok(answer(ARROW, table.bytes()?))
    }
}

/// Samples of a run in counts. As JSON: all of them when they are few, else pairs of the smallest
/// and the largest of each column; `standing` says whether every frame was read for them. As
/// little-endian int32 or Arrow: every sample, or pairs when `points` is given.
#[utoipa::path(get, path = "/api/v1/streams/{id}/samples", tag = "streams", params(("id" = i64, Path, description = "The run's number"), PartParams, ShownParams),
    responses((status = 200, description = "The samples", content((Object = "application/json"), (Vec<u8> = "application/octet-stream"), (Vec<u8> = "application/vnd.apache.arrow.stream"))),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn samples(
    Shared(state): Shared<State>,
    Path(id): Id,
    Query(params): Query<PartParams>,
    Query(shown): Query<ShownParams>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let form = Form::of(shown.format, &headers)?;
    let points = shown.points.map(|points| bounded("points", points, 2..=100_000)).transpose()?;
    state
        .work(move |state| {
            let part = Part::of(state, id, &params)?;
            match form {
                Form::Json => part.json(state, points),
                Form::Binary => part.binary(state, points),
                Form::Arrow => part.arrow(state, points),
            }
        })
        .await
}
