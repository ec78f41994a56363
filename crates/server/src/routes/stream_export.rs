//! A part of a run as a file for another program.

use std::io::BufWriter;
use std::str::FromStr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::Response;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use wavekeep_archive::{Archive, TEMPORARY_PREFIX};
use wavekeep_core::FrameStream;
use wavekeep_export::{ExportError, ExportOptions, StreamError, Target, Units, write_stream};

use super::export::{parts, rewound};
use super::files::attachment;
use super::stream_samples::Part;
use super::streams::PartParams;
use super::{BINARY, Id};
use crate::extract::{Path, Query, optional};
use crate::problem::Problem;
use crate::state::State;
use crate::streams::failed;
use crate::temporary::{self, Temporary};

/// Bytes of the arrays of a file, header fields among them.
const MOST_BYTES: u64 = 256 << 20;
/// A folder that is so old belongs to no export.
const ABANDONED: Duration = Duration::from_secs(3600);

/// What a part of a run is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum StreamFile {
    /// A row for each frame.
    Csv,
    /// The samples alone, channels × frames.
    Npy,
    /// All arrays with their metadata, to be mapped.
    Gnz,
    /// All arrays with dimensions.
    Hdf5,
    /// A column for each channel.
    Parquet,
}

impl FromStr for StreamFile {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "csv" => Ok(Self::Csv),
            "npy" => Ok(Self::Npy),
            "gnz" => Ok(Self::Gnz),
            "hdf5" | "h5" => Ok(Self::Hdf5),
            "parquet" => Ok(Self::Parquet),
            _ => Err("csv, npy, gnz, hdf5 or parquet was expected"),
        }
    }
}

impl StreamFile {
    const fn target(self) -> Target {
        match self {
            Self::Csv => Target::Csv,
            Self::Npy => Target::Npy,
            Self::Gnz => Target::Gnz,
            Self::Hdf5 => Target::Hdf5,
            Self::Parquet => Target::Parquet,
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Hdf5 => "application/x-hdf5",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Npy | Self::Gnz => BINARY,
        }
    }
}

/// In which numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum StreamUnits {
    /// The counts of the run.
    Raw,
    /// Radians.
    Physical,
}

impl FromStr for StreamUnits {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "raw" => Ok(Self::Raw),
            "physical" => Ok(Self::Physical),
            _ => Err("raw or physical was expected"),
        }
    }
}

/// How a part of a run is written.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct StreamFileParams {
    /// `csv`, `npy`, `gnz`, `hdf5` or `parquet`; without it, `csv`.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<StreamFile>)]
    to: Option<StreamFile>,
    /// `raw` for counts or `physical` for rad; without it, `raw`.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<StreamUnits>)]
    units: Option<StreamUnits>,
}

/// Some channels and frames of a run as a file, as `wavekeep convert` writes it: every sample and the
/// fields of every frame. At most 16 Mi samples and 256 MiB in all; more is refused.
#[utoipa::path(get, path = "/api/v1/streams/{id}/export", tag = "streams", params(("id" = i64, Path, description = "The run's number"), PartParams, StreamFileParams),
    responses((status = 200, description = "The file", content(
            (String = "text/csv"), (Vec<u8> = "application/octet-stream"), (Vec<u8> = "application/x-hdf5"), (Vec<u8> = "application/vnd.apache.parquet"))),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn export(
    Shared(state): Shared<State>,
    Path(id): Id,
    Query(params): Query<PartParams>,
    Query(how): Query<StreamFileParams>,
) -> Result<Response, Problem> {
    let to = how.to.unwrap_or(StreamFile::Csv);
    let units = match how.units.unwrap_or(StreamUnits::Raw) {
        StreamUnits::Raw => Units::Raw,
        StreamUnits::Physical => Units::Physical,
    };
    let (file, len, name) = state
        .work(move |state| {
            let part = Part::of(state, id, &params)?;
            let name = part.file_name(to.target());
            let (file, len) = part.file(state, to.target(), units)?;
            Ok((file, len, name))
        })
        .await?;
    let mut response = Response::new(Body::from_stream(parts(file)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(to.content_type()));
    headers.insert(CONTENT_DISPOSITION, attachment(&name));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(len));
    Ok(response)
}

impl Part {
    /// `run_100-199.csv`: which frames it holds.
    fn file_name(&self, target: Target) -> String {
        let run = self.open.run.name().file_stem().unwrap_or_default().to_string_lossy();
        let last = self.frames.end.saturating_sub(1).max(self.frames.start);
        format!("{run}_{}-{last}.{}", self.frames.start, target.extension())
    }

    /// The finished file from its beginning, and its length.
    fn file(
        &self,
        state: &State,
        target: Target,
        units: Units,
    ) -> Result<(Temporary, u64), Problem> {
        self.whole_answer()?;
        let mut stream = self.open.run.stream(&self.choose(self.frames.clone())).map_err(failed)?;
        if stream.frames() == 0 {
            return Err(Problem::unprocessable(
                "frames",
                "no frame is chosen: look at first and end",
            ));
        }
        let sample = if units == Units::Raw { 4 } else { 8 };
        let fields: u64 = stream.fields().iter().map(|it| (it.item_size * it.rows) as u64).sum();
        let bytes = (fields + sample * self.indices.len() as u64).saturating_mul(stream.frames());
        if bytes > MOST_BYTES {
            let detail = format!(
                "the file would hold {bytes} bytes, at most {MOST_BYTES} are allowed: ask for fewer frames with first and end"
            );
            return Err(Problem::unprocessable("frames", detail));
        }
        let mut out = BufWriter::new(state.temporaries.export(&state.archive)?);
        let facts = stream.facts().map_err(failed)?;
        let folder = folder_for(&state.archive).map_err(|error| temporary::failed(&error))?;
        let path = folder.path().join("part").with_extension(target.extension());
        let options = ExportOptions::default().with_units(units);
        let written = write_stream(&mut stream, facts, target, &path, &options, false, |_| {});
        written.map_err(|error| match error {
            StreamError::Source(error) => failed(error),
            StreamError::Export(ExportError::File { source, .. } | ExportError::Write(source)) => {
                temporary::failed(&source)
            }
            error => Problem::internal(&error),
        })?;
        let copied =
            std::fs::File::open(&path).and_then(|mut file| std::io::copy(&mut file, &mut out));
        copied.and_then(|_| rewound(out)).map_err(|error| temporary::failed(&error))
    }
}

/// A folder for the file while it is made: beside the archive, as all that is made for an answer, but
/// nothing is written into one that is only read. What a server that was killed left is removed first.
fn folder_for(archive: &Archive) -> std::io::Result<tempfile::TempDir> {
    if archive.is_read_only() {
        return tempfile::tempdir();
    }
    let prefix = format!("{TEMPORARY_PREFIX}export-");
    let own = archive.layout().own_folder();
    for entry in std::fs::read_dir(&own)?.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(&prefix);
        // One that is filled right now is younger.
        let age = entry.metadata().and_then(|facts| facts.modified()).ok();
        let age = age.and_then(|changed| changed.elapsed().ok()).unwrap_or_default();
        if is_ours && age > ABANDONED {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    tempfile::Builder::new().prefix(&prefix).tempdir_in(own)
}
