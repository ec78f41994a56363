//! `wavekeep info`

use std::io::Write;

use serde_json::{Map, Value, json};
use wavekeep_core::{Reading, Recording, Structured, Unit};
use wavekeep_formats::{ArrayFile, Opened};
use wavekeep_signal::{Measurements, measure};

use super::stream;
use crate::args::{Args, InfoArgs};
use crate::exit::Account;
use crate::inputs::{self, Done, Found, Inputs};
use crate::render::{self, Row};
use crate::terminal;

/// What is printed of one input.
enum Printed {
    /// A line of JSON.
    Json(String),
    /// A page for one recording.
    Card(String),
    /// A row of the table for several.
    Row(Box<Row>),
}

/// Prints what the recordings are.
pub fn run(args: &Args, command: &InfoArgs) -> anyhow::Result<Account> {
    let alone = matches!(command.input.paths.as_slice(), [path] if !path.is_dir());
    let velocity = command.velocity.velocity;
    let mut table = Vec::new();
    let account = inputs::for_each(
        args,
        &Inputs::of(&command.input, None)?,
        |file, opened| {
            Ok(match opened {
                Opened::Event(recording) => Done {
                    damaged: recording.report.status().is_finding(),
                    result: event(args.json, alone, velocity, file, &recording),
                },
                Opened::Arrays(arrays) => Done {
                    damaged: arrays.report().is_damaged(),
                    result: if args.json {
                        Printed::Json(arrays_document(file, &arrays).to_string())
                    } else {
                        Printed::Card(render::arrays(&arrays))
                    },
                },
                Opened::Stream(run) => {
                    let report = stream::report(file, &run)?;
                    let damaged = report.is_damaged();
                    let result = if args.json {
                        let mut document = Map::new();
                        document.insert("path".to_owned(), json!(file.shown()));
                        document.extend(stream::facts(file, &run)?);
                        Printed::Json(Value::Object(document).to_string())
                    } else {
                        Printed::Card(render::stream(&run, &report))
                    };
                    Done { damaged, result }
                }
            })
        },
        |out, _, printed| {
            match printed {
                Printed::Json(line) => writeln!(out, "{line}")?,
                Printed::Card(card) => write!(out, "{card}")?,
                Printed::Row(row) => table.push(*row),
            }
            Ok(())
        },
    )?;
    if !table.is_empty() {
        writeln!(terminal::stdout(), "{}", render::table(&table, velocity))?;
    }
    Ok(account)
}

fn event(json: bool, alone: bool, velocity: Unit, file: &Found, recording: &Recording) -> Printed {
    let measurements = measure(recording);
    if json {
        Printed::Json(document(file, recording, &measurements, velocity).to_string())
    } else if alone {
        Printed::Card(render::card(recording, &measurements, velocity))
    } else {
        let name = file.relative.display().to_string();
        Printed::Row(Box::new(Row::new(name, recording, &measurements, velocity)))
    }
}

/// The facts of the recording, its path in front and what was measured behind.
fn document(
    file: &Found,
    recording: &Recording,
    measurements: &Measurements,
    velocity: Unit,
) -> Value {
    let mut document = Map::new();
    document.insert("path".to_owned(), json!(file.shown()));
    if let Value::Object(facts) = wavekeep_export::facts(recording) {
        document.extend(facts);
    }
    let mut measured = json!(measurements);
    in_one_unit(&mut measured, velocity);
    document.insert("measurements".to_owned(), measured);
    Value::Object(document)
}

/// Gives all velocities in the unit that was asked for, and lengths in the one that goes with it:
/// what a report states in mm/s and what the samples give in in/s can be compared then.
fn in_one_unit(value: &mut Value, velocity: Unit) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| in_one_unit(item, velocity)),
        Value::Object(members) => {
            let number = members.get("value").and_then(Value::as_f64);
            let unit = members.get("unit").and_then(Value::as_str).and_then(|it| it.parse().ok());
            if let (Some(number), Some(unit)) = (number, unit) {
                let wanted = render::unit_for(unit, velocity);
                if let Ok(converted) = Reading::new(number, unit).to(wanted)
                    && unit != wanted
                {
                    members.insert("value".to_owned(), json!(converted.value));
                    members.insert("unit".to_owned(), json!(converted.unit));
                }
            }
            members.values_mut().for_each(|member| in_one_unit(member, velocity));
        }
        _ => {}
    }
}

/// The fields of records, and in those that are records theirs.
fn fields(records: &Structured) -> Value {
    let fields = records.fields.iter().map(|field| {
        let mut facts = json!({
            "name": field.name,
            "dtype": field.dtype,
            "offset": field.offset,
            "item_size": field.item_size,
            "shape": field.shape,
        });
        if let Some(title) = &field.title {
            facts["title"] = json!(title);
        }
        if let Some(records) = field.record() {
            facts["fields"] = self::fields(&records);
        }
        facts
    });
    fields.collect()
}

/// The arrays without their elements, and what the file says beside them.
fn arrays_document(file: &Found, arrays: &ArrayFile) -> Value {
    let list = arrays.infos().map(|array| {
        let mut facts = json!({
            "name": array.name,
            "dtype": array.dtype,
            "order": array.order.letter(),
            "shape": array.shape,
            "bytes": array.bytes,
        });
        if let Ok(records) = Structured::parse(array.dtype) {
            facts["item_size"] = records.item_size.into();
            facts["fields"] = fields(&records);
        }
        facts
    });
    json!({
        "path": file.shown(),
        "format": arrays.format().id,
        "format_name": arrays.format().name,
        "kind": "arrays",
        "source": arrays.source(),
        "arrays": list.collect::<Vec<_>>(),
        // The text of GNZ's own metadata is JSON.
        "metadata": serde_json::from_str(&gnz::Value::from(arrays.metadata().clone()).to_string())
            .unwrap_or(Value::Null),
        "report": { "damaged": arrays.report().is_damaged(), "notes": arrays.report().notes() },
    })
}
