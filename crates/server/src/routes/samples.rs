//! Samples of an event.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array};
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};
use wavekeep_archive::{travel_unit, travel_values};
use wavekeep_core::{ChannelChoice, Recording, Selection, SelectionError, TimeAxis};

use super::events::checked_points;
use super::{BINARY, Form, Id, answer, say};
use crate::arrow::{ARROW, Table, facts};
use crate::extract::{Path, Query, finite, optional};
use crate::plot::{self, Samples};
use crate::problem::Problem;
use crate::quantity::QuantityParams;
use crate::state::State;

/// Which samples, and how they travel.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SampleParams {
    /// Channels by name or place, with commas: `Tran,Vert` or `0-2`. Without it, all.
    #[serde(deserialize_with = "optional")]
    pub channels: Option<String>,
    /// From this time on, in seconds from the trigger.
    #[serde(deserialize_with = "finite")]
    pub start: Option<f64>,
    /// Up to this time, exclusive.
    #[serde(deserialize_with = "finite")]
    pub end: Option<f64>,
    /// At most so many numbers a channel.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 2, maximum = 1_000_000)]
    pub points: Option<usize>,
    /// `physical` (in/s and psi; the default) or `raw` (the integers of the format).
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<UnitsWord>)]
    pub units: Option<UnitsWord>,
    /// `json`, `binary` or `arrow`; without it, what `Accept` says.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<Form>)]
    pub format: Option<Form>,
}

/// In what samples travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum UnitsWord {
    /// in/s and psi.
    Physical,
    /// Counts.
    Raw,
}

impl std::str::FromStr for UnitsWord {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "physical" => Ok(Self::Physical),
            "raw" => Ok(Self::Raw),
            _ => Err("physical or raw was expected"),
        }
    }
}

impl SampleParams {
    fn selection(&self) -> Result<Selection, SelectionError> {
        let channels = self.channels.as_deref().map(ChannelChoice::parse_list);
        Ok(Selection {
            channels: channels.transpose()?.unwrap_or_default(),
            indices: None,
            start_s: self.start,
            end_s: self.end,
        })
    }
}

/// Samples: as JSON, as little-endian doubles with missing ones as NaN, or as an Arrow stream with
/// missing ones as nulls.
///
/// As `application/octet-stream` the channels follow each other; `X-Wavekeep-Shape`,
/// `X-Wavekeep-Channels` and `X-Wavekeep-Units` say what the bytes are.
#[utoipa::path(get, path = "/api/v1/events/{id}/samples", tag = "events", params(("id" = i64, Path, description = "The event's number"), SampleParams, QuantityParams),
    responses((status = 200, description = "The samples", content((Object = "application/json"), (Vec<u8> = "application/octet-stream"), (Vec<u8> = "application/vnd.apache.arrow.stream"))),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn samples(
    Shared(state): Shared<State>,
    Path(id): Id,
    Query(params): Query<SampleParams>,
    Query(quantity): Query<QuantityParams>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let form = Form::of(params.format, &headers)?;
    let points = checked_points(params.points)?;
    let raw = params.units == Some(UnitsWord::Raw);
    let selection = params.selection()?;
    let quantity = quantity.computed();
    if let Some(quantity) = quantity.filter(|_| raw) {
        let detail = format!("units=raw with quantity={quantity}: computed values have no counts");
        return Err(Problem::unprocessable("units", detail));
    }
    state
        .work(move |state| {
            let decoded = state.decoded_as(id, quantity)?;
            let part = decoded.recording.select(&selection)?;
            match form {
                Form::Binary => binary(&part, raw, points),
                Form::Arrow => Ok(answer(ARROW, table(id, &part, raw, points).bytes()?)),
                Form::Json => super::json(&document(id, &part, raw, points)?),
            }
        })
        .await
}

fn document(id: i64, part: &Recording, raw: bool, points: Option<usize>) -> Result<Value, Problem> {
    let mut channels = Map::new();
    for channel in &part.channels {
        let samples = Samples::new(channel, raw, points);
        let values = serde_json::to_value(&samples).map_err(|error| Problem::internal(&error))?;
        let unit = if raw { json!("count") } else { json!(travel_unit(channel)) };
        let one = json!({ "unit": unit, samples.name(): values });
        channels.insert(channel.name.to_string(), one);
    }
    Ok(json!({
        "id": id,
        "units": if raw { "raw" } else { "physical" },
        "time_axis": plot::time_axis(part),
        "channels": channels,
        "gaps": plot::gaps(part),
    }))
}

fn binary(part: &Recording, raw: bool, points: Option<usize>) -> Result<Response, Problem> {
    let mut bytes = Vec::new();
    let mut push = |value: Option<f64>| bytes.extend(value.unwrap_or(f64::NAN).to_le_bytes());
    let mut buckets = None;
    for channel in &part.channels {
        buckets = Samples::new(channel, raw, points).buckets();
        match buckets {
            Some(buckets) => {
                for pair in plot::pairs(channel, raw, buckets) {
                    push(pair.map(|pair| pair[0]));
                    push(pair.map(|pair| pair[1]));
                }
            }
            None => travel_values(channel, raw).for_each(&mut push),
        }
    }
    let rows = part.channels.len();
    let columns = bytes.len() / 8 / rows.max(1);
    let shape = match buckets {
        Some(_) => format!("{rows},{},2", columns / 2),
        None => format!("{rows},{columns}"),
    };
    let list = |of: &dyn Fn(&wavekeep_core::Channel) -> String| {
        part.channels.iter().map(of).collect::<Vec<_>>().join(",")
    };
    let channels = list(&|channel| channel.name.to_string());
    let units = list(&|channel| match raw {
        true => "count".to_owned(),
        false => travel_unit(channel).to_string(),
    });
    let mut response = answer(BINARY, bytes);
    let facts = [
        ("x-wavekeep-dtype", "<f8".to_owned()),
        ("x-wavekeep-shape", shape),
        ("x-wavekeep-channels", channels),
        ("x-wavekeep-units", units),
        ("x-wavekeep-t0", part.time.seconds(0).map_or_else(String::new, |t0| t0.to_string())),
        ("x-wavekeep-dt", part.time.step_s().map_or_else(String::new, |dt| dt.to_string())),
    ];
    say(&mut response, facts);
    Ok(response)
}

/// A column for the time, one for each channel; of buckets two, for the smallest and the largest.
fn table(id: i64, part: &Recording, raw: bool, points: Option<usize>) -> Table {
    let buckets = part.channels.iter().find_map(|one| Samples::new(one, raw, points).buckets());
    let longest = part.channels.iter().map(wavekeep_core::Channel::len).max().unwrap_or(0);
    let rows = buckets.unwrap_or(longest);
    let rate = match &part.time {
        TimeAxis::Samples { rate_hz, .. } => Some(rate_hz),
        TimeAxis::Intervals { .. } => None,
    };
    let mut table = Table::new(facts([
        ("event", Some(id.to_string())),
        ("serial", part.serial.as_ref().map(|serial| serial.value.clone())),
        ("filename", part.source.name.clone()),
        (
            "start_unit_local",
            part.start.and_then(|start| json!(start.value).as_str().map(str::to_owned)),
        ),
        ("rate_hz", rate.map(|rate| rate.value.to_string())),
        ("rate_assumed", rate.map(|rate| rate.is_assumed().to_string())),
        ("t0_s", part.time.seconds(0).map(|t0| t0.to_string())),
        ("dt_s", part.time.step_s().map(|dt| dt.to_string())),
        ("samples", Some(longest.to_string())),
    ]));
    let times = (0..rows).map(|row| match buckets {
        Some(buckets) => part.time.seconds(longest * row / buckets.max(1)),
        None => part.time.seconds(row),
    });
    table.push(
        "time_s".to_owned(),
        facts([("unit", Some("s".to_owned()))]),
        Arc::new(Float64Array::from_iter(times)),
    );
    for channel in &part.channels {
        let unit = if raw { "count".to_owned() } else { travel_unit(channel).to_string() };
        let said = facts([
            ("unit", Some(unit)),
            ("count_value", Some(channel.scale.of_one().to_string())),
            ("count_unit", Some(channel.unit().to_string())),
        ]);
        let mut push = |name: String, values: Vec<Option<f64>>| {
            // A channel that is shorter than the others has nothing there.
            let values = values.into_iter().chain(std::iter::repeat(None)).take(rows);
            let column: ArrayRef = match raw {
                true => Arc::new(Int64Array::from_iter(values.map(|v| v.map(|v| v as i64)))),
                false => Arc::new(Float64Array::from_iter(values)),
            };
            table.push(name, said.clone(), column);
        };
        match buckets {
            Some(buckets) => {
                let pairs = plot::pairs(channel, raw, buckets);
                for (end, which) in [("min", 0), ("max", 1)] {
                    let values = pairs.iter().map(|pair| Some((*pair)?[which])).collect();
                    push(format!("{}_{end}", channel.name), values);
                }
            }
            None => push(channel.name.to_string(), travel_values(channel, raw).collect()),
        }
    }
    table
}
