//! The picture of a part of a run as a file, drawn as `wavekeep plot` draws it.

use std::str::FromStr;

use axum::extract::State as Shared;
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::Response;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use wavekeep_core::FrameStream;
use wavekeep_report::{Drawing, StreamCaption, Theme};

use super::files::attachment;
use super::stream_samples::Part;
use super::streams::{MOST_NUMBERS, PartParams, bounded};
use super::{Id, answer};
use crate::extract::{Path, Query, optional};
use crate::problem::Problem;
use crate::state::State;
use crate::streams::{failed, time};

/// Steps of time of a trace: one for each point of the paper.
const TRACE_STEPS: usize = 880;
/// Steps of time of an overview.
const OVERVIEW_STEPS: usize = 600;
/// Pixels of a PNG from left to right.
const WIDTH_PX: u32 = 1920;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident, $expected:literal { $($(#[$word_doc:meta])* $word:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
        #[schema(rename_all = "snake_case")]
        pub enum $name { $($(#[$word_doc])* $word,)* }

        impl FromStr for $name {
            type Err = &'static str;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word { $($text => Ok(Self::$word),)* _ => Err($expected) }
            }
        }
    )*};
}

words! {
    /// What is drawn.
    StreamPicture, "overview or traces was expected" {
        /// All channels as colours.
        Overview = "overview",
        /// The chosen channels, a panel each.
        Traces = "traces",
    }
    /// The kind of file.
    PictureFile, "svg or png was expected" {
        /// Lines and text.
        Svg = "svg",
        /// Pixels.
        Png = "png",
    }
    /// Light or dark.
    ThemeWord, "light or dark was expected" {
        /// Dark ink on white.
        Light = "light",
        /// Light ink on near-black.
        Dark = "dark",
    }
}

/// Which picture.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PictureParams {
    /// `overview` or `traces`; without it, `overview`.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<StreamPicture>)]
    kind: Option<StreamPicture>,
    /// `svg` or `png`; without it, `svg`.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<PictureFile>)]
    to: Option<PictureFile>,
    /// `light` or `dark`; without it, `light`.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<ThemeWord>)]
    theme: Option<ThemeWord>,
}

/// A part of a run as SVG or PNG: all channels over time, or the traces of some (at most 16). Where not
/// every frame was read yet, the picture says so.
#[utoipa::path(get, path = "/api/v1/streams/{id}/picture", tag = "streams", params(("id" = i64, Path, description = "The run's number"), PartParams, PictureParams),
    responses((status = 200, description = "The picture", content((String = "image/svg+xml"), (Vec<u8> = "image/png"))),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn picture(
    Shared(state): Shared<State>,
    Path(id): Id,
    Query(mut params): Query<PartParams>,
    Query(how): Query<PictureParams>,
) -> Result<Response, Problem> {
    let kind = how.kind.unwrap_or(StreamPicture::Overview);
    let to = how.to.unwrap_or(PictureFile::Svg);
    let theme = match how.theme.unwrap_or(ThemeWord::Light) {
        ThemeWord::Light => Theme::Light,
        ThemeWord::Dark => Theme::Dark,
    };
    state
        .work(move |state| {
            if kind == StreamPicture::Overview {
                let open = state.run(id)?;
                let section = open.section(params.section)?;
                params.all_channels(open.run.index().sections()[section].channels as usize);
            }
            let part = Part::of(state, id, &params)?;
            let drawing = part.drawing(state, kind, theme)?;
            let (mut response, extension) = match to {
                PictureFile::Svg => (answer("image/svg+xml", drawing.svg().to_owned()), "svg"),
                PictureFile::Png => {
                    let png = drawing.png(WIDTH_PX).map_err(|error| Problem::internal(&error))?;
                    (answer("image/png", png), "png")
                }
            };
            let word = if kind == StreamPicture::Overview { "overview" } else { "traces" };
            let name = format!("stream_{id}_{word}.{extension}");
            response.headers_mut().insert(CONTENT_DISPOSITION, attachment(&name));
            Ok(response)
        })
        .await
}

impl Part {
    fn drawing(
        &self,
        state: &State,
        kind: StreamPicture,
        theme: Theme,
    ) -> Result<Drawing, Problem> {
        let run = &self.open.run;
        let steps = match kind {
            StreamPicture::Overview => OVERVIEW_STEPS,
            StreamPicture::Traces => TRACE_STEPS,
        };
        let numbers = self.indices.len().saturating_mul(steps);
        bounded("channels × columns", numbers, 1..=4 * MOST_NUMBERS)?;
        if self.count() == 0 {
            return Err(Problem::unprocessable(
                "frames",
                "no frame is chosen: look at first and end",
            ));
        }
        let picture = self.picture(state, steps)?;
        let axis = time::axis(run, self.section, &self.frames)?;
        let missing = axis.len() - axis.frames();
        let envelope = picture.envelope(axis, self.frames.start);
        let envelope =
            envelope.ok_or_else(|| Problem::unprocessable("channels", "no channel is chosen"))?;
        let stream = run.stream(&self.choose(self.frames.clone())).map_err(failed)?;
        let mut about = format!(
            "frames {} to {} of {} channels",
            self.frames.start,
            self.frames.end - 1,
            self.indices.len()
        );
        if let Some(rate) = stream.rate_hz() {
            about += &format!(" at {rate:.1} Hz");
        }
        if let Some(start) =
            time::time(run, self.section, &self.frames, envelope.axis())?["start_utc"].as_str()
        {
            about += &format!(", from {start}");
        }
        if missing > 0 {
            about += ", with gaps";
        }
        if !picture.is_complete() {
            about += ", from a sample of the frames: peaks may be missing";
        }
        let caption = StreamCaption {
            title: run.name().file_name().unwrap_or_default().to_string_lossy().into_owned(),
            about,
            channels: (0..stream.channels()).map(|row| stream.channel_name(row)).collect(),
            scale: stream.scale(),
            rate_hz: stream.rate_hz(),
        };
        let drawing = match kind {
            StreamPicture::Overview => Drawing::overview(&envelope, &caption, theme),
            StreamPicture::Traces => Drawing::stream_traces(&envelope, &caption, theme),
        };
        drawing.map_err(|error| Problem::unprocessable("picture", error.to_string()))
    }
}
