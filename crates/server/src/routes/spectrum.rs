//! The spectrum of an event: lines, and one-third-octave bands.

use std::str::FromStr;

use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};
use wavekeep_archive::travel_unit;
use wavekeep_core::{Channel, TimeAxis};
use wavekeep_signal::{Window, third_octaves, windowed_spectrum};

use super::Id;
use crate::extract::{Path, Query, optional};
use crate::problem::Problem;
use crate::state::State;

/// How a spectrum is computed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SpectrumParams {
    /// `none` (the default), `hann` or `flat_top`: what the samples are multiplied by before the
    /// lines are computed. Amplitudes are divided by its coherent gain.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<WindowWord>)]
    pub window: Option<WindowWord>,
    /// `third_octave`: also the one-third-octave band levels, which are computed without a window.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<BandsWord>)]
    pub bands: Option<BandsWord>,
}

/// The windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum WindowWord {
    /// No window.
    None,
    /// Hann.
    Hann,
    /// Flat top.
    FlatTop,
}

impl FromStr for WindowWord {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "none" => Ok(Self::None),
            "hann" => Ok(Self::Hann),
            "flat_top" => Ok(Self::FlatTop),
            _ => Err("none, hann or flat_top was expected"),
        }
    }
}

/// The widths of bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum BandsWord {
    /// A third of an octave.
    ThirdOctave,
}

impl FromStr for BandsWord {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "third_octave" => Ok(Self::ThirdOctave),
            _ => Err("third_octave was expected"),
        }
    }
}

/// Amplitude spectra of a waveform's channels, and their one-third-octave band levels.
#[utoipa::path(get, path = "/api/v1/events/{id}/spectrum", tag = "events", params(("id" = i64, Path, description = "The event's number"), SpectrumParams),
    responses((status = 200, description = "The spectra", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn spectrum(
    Shared(state): Shared<State>,
    Path(id): Id,
    Query(params): Query<SpectrumParams>,
) -> Result<Response, Problem> {
    let window = match params.window {
        None | Some(WindowWord::None) => Window::None,
        Some(WindowWord::Hann) => Window::Hann,
        Some(WindowWord::FlatTop) => Window::FlatTop,
    };
    state
        .work(move |state| {
            let decoded = state.decoded(id)?;
            let TimeAxis::Samples { rate_hz, .. } = decoded.recording.time else {
                let detail = "a histogram has no spectrum: it holds peaks, not samples";
                return Err(Problem::conflict("no_spectrum", detail));
            };
            let mut channels = Map::new();
            for channel in &decoded.recording.channels {
                let mut one = lines(channel, rate_hz.value, window);
                if params.bands.is_some() {
                    one["third_octaves"] = bands(channel, rate_hz.value);
                }
                channels.insert(channel.name.to_string(), one);
            }
            super::json(&json!({
                "id": id, "rate_hz": rate_hz.value, "rate_assumed": rate_hz.is_assumed(),
                "window": window, "coherent_gain": window.coherent_gain(), "channels": channels,
            }))
        })
        .await
}

/// The factor from the unit of a channel to the one in which it travels.
fn factor(channel: &Channel) -> f64 {
    channel.unit().convert(1.0, travel_unit(channel)).unwrap_or(f64::NAN)
}

fn lines(channel: &Channel, rate_hz: f64, window: Window) -> Value {
    let factor = factor(channel);
    match windowed_spectrum(channel, rate_hz, window) {
        Ok(found) => {
            let frequencies: Vec<f64> =
                (0..found.amplitudes.len()).map(|k| k as f64 * found.resolution_hz).collect();
            let amplitudes: Vec<f64> =
                found.amplitudes.iter().map(|value| value * factor).collect();
            json!({
                "unit": travel_unit(channel),
                "frequencies_hz": frequencies,
                "amplitudes": amplitudes,
                "resolution_hz": found.resolution_hz,
                "dominant_hz": found.dominant.map(|line| line.hz),
                "dominant_amplitude": found.dominant.map(|line| line.amplitude * factor),
                "restriction": found.restriction,
                "flag": found.flag,
            })
        }
        Err(none) => json!({
            "unit": travel_unit(channel), "frequencies_hz": [], "amplitudes": [],
            "resolution_hz": null, "dominant_hz": null, "dominant_amplitude": null,
            "restriction": none.to_string(), "flag": null,
        }),
    }
}

fn bands(channel: &Channel, rate_hz: f64) -> Value {
    let factor = factor(channel);
    match third_octaves(channel, rate_hz) {
        Ok(mut found) => {
            for band in &mut found.bands {
                band.rms *= factor;
            }
            json!({
                "unit": travel_unit(channel),
                "bands": found.bands,
                "below_rms": found.below_rms * factor,
                "above_rms": found.above_rms * factor,
                "mean": found.mean * factor,
                "restriction": found.restriction,
                "flag": found.flag,
            })
        }
        Err(none) => json!({
            "unit": travel_unit(channel), "bands": [], "below_rms": null, "above_rms": null,
            "mean": null, "restriction": none.to_string(), "flag": null,
        }),
    }
}
