//! How much channels of a run move, and at which frequencies.

use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use wavekeep_core::{FrameBlock, FrameStream};
use wavekeep_signal::{DensityEstimate, Deviation, density_segment};

use super::Id;
use super::stream_samples::Part;
use super::streams::{MOST_NUMBERS, PartParams, bounded, channel_name};
use crate::extract::{Path, Query, optional};
use crate::problem::Problem;
use crate::state::State;
use crate::streams::{FRAME_HEAD, failed, time};

/// Samples that are read at a time: 4 MiB.
const BLOCK_SAMPLES: usize = 1 << 20;
/// Bytes of a run that are read for an answer: all channels of its frames pass, whichever are chosen.
const MOST_READ: u64 = 1 << 30;

/// How the density is estimated.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SpectrumParams {
    /// Frames of a segment; without it, the largest power of two of which four fit, at most 16,384.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 16, maximum = 131_072)]
    segment: Option<usize>,
}

/// One-sided amplitude spectral density and RMS of channels in rad, by Welch's method: Hann window, half
/// of each segment in the next one, the mean of each taken off. Where frames are missing it is that of the
/// longest stretch in which none is, and `restriction` says so; a missing frame is never a zero.
#[utoipa::path(get, path = "/api/v1/streams/{id}/spectrum", tag = "streams", params(("id" = i64, Path, description = "The run's number"), PartParams, SpectrumParams),
    responses((status = 200, description = "The densities", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn spectrum(
    Shared(state): Shared<State>,
    Path(id): Id,
    Query(params): Query<PartParams>,
    Query(how): Query<SpectrumParams>,
) -> Result<Response, Problem> {
    let asked = how.segment.map(|it| bounded("segment", it, 16..=1 << 17)).transpose()?;
    state
        .work(move |state| {
            let part = Part::of(state, id, &params)?;
            super::json(&part.spectrum(state, asked)?)
        })
        .await
}

impl Part {
    fn spectrum(&self, state: &State, asked: Option<usize>) -> Result<Value, Problem> {
        let run = &self.open.run;
        let rows = self.indices.len();
        let mut stretch = {
            let stream = run.stream(&self.choose(self.frames.clone())).map_err(failed)?;
            time::longest_whole(stream.frames(), &stream.gaps())
        };
        let (shown, whole) = (self.frames.end - self.frames.start, stretch.end - stretch.start);
        // What one request reads is bounded; what is left out is said.
        let channels = run.index().sections()[self.section].channels;
        let most = (state.limits.samples_at_once / rows.max(1) as u64)
            .min(MOST_READ / (FRAME_HEAD + 4 * u64::from(channels)));
        stretch.end = stretch.end.min(stretch.start + most);
        let frames = stretch.end - stretch.start;
        let stretch = self.frames.start + stretch.start..self.frames.start + stretch.end;
        let segment = asked.unwrap_or_else(|| density_segment(frames));
        bounded("channels × segment", rows.saturating_mul(segment), 0..=MOST_NUMBERS)?;

        let mut stream = run.stream(&self.choose(stretch.clone())).map_err(failed)?;
        let rate_hz = stream.rate_hz();
        let estimate = match rate_hz {
            Some(rate) => DensityEstimate::new(segment, rate).map_err(|error| error.to_string()),
            None => Err("the frame rate is not known, or changes within the frames".to_owned()),
        };
        let mut estimates = vec![estimate.clone().ok(); rows];
        let mut deviations = vec![Deviation::default(); rows];
        let mut block = FrameBlock::default();
        let at_a_time = (BLOCK_SAMPLES / rows.max(1)).max(1);
        while frames > 0 && stream.next_samples(at_a_time, &mut block).map_err(failed)? {
            let samples = block.samples.chunks_exact(block.frames.max(1));
            let held = deviations.iter_mut().zip(&mut estimates);
            for (samples, (deviation, estimate)) in samples.zip(held) {
                deviation.push(samples);
                if let Some(estimate) = estimate {
                    estimate.push(samples.iter().map(|sample| f64::from(*sample)));
                }
            }
        }
        let of_one = self.radians_per_count;
        let mut segments = 0;
        let mut reason = estimate.err();
        let mut channels = Vec::with_capacity(rows);
        for ((index, deviation), estimate) in self.indices.iter().zip(deviations).zip(estimates) {
            let density = match estimate.map(DensityEstimate::finish) {
                Some(Ok(found)) => {
                    segments = found.segments;
                    Some(found.values.iter().map(|value| value * of_one.abs()).collect::<Vec<_>>())
                }
                Some(Err(error)) => {
                    reason = Some(error.to_string());
                    None
                }
                None => None,
            };
            let mut channel = channel_name(run, *index);
            channel["mean"] = json!(deviation.mean().map(|mean| mean * of_one));
            channel["rms"] = json!(deviation.rms().map(|rms| rms * of_one.abs()));
            channel["density"] = json!(density);
            channels.push(channel);
        }
        let mut restriction = Vec::new();
        if whole < shown {
            restriction.push(format!(
                "frames are missing: computed from the longest stretch without a gap, frames {} to {}",
                stretch.start,
                stretch.end.saturating_sub(1).max(stretch.start)
            ));
        }
        if frames < whole {
            restriction.push(format!(
                "computed from the first {frames} of {whole} frames: an answer is made of at most {} samples and {} MiB of the run",
                state.limits.samples_at_once,
                MOST_READ >> 20
            ));
        }
        Ok(json!({
            "id": self.id, "section": self.section, "first": self.frames.start, "end": self.frames.end,
            "unit": "rad", "density_unit": "rad/√Hz", "radians_per_count": of_one, "rate_hz": rate_hz,
            "stretch": [stretch.start, stretch.end],
            "restriction": (!restriction.is_empty()).then(|| restriction.join("; ")),
            "segment": segment, "segments": segments, "window": "hann",
            "resolution_hz": rate_hz.map(|rate| rate / segment as f64),
            "no_density": reason, "channels": channels,
        }))
    }
}
