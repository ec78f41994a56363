//! `wavekeep info`

use std::io::Write;

use serde_json::{Map, Value, json};
use wavekeep_core::{Recording, Unit};
use wavekeep_signal::{Measurements, measure};

use crate::args::{Args, InfoArgs};
use crate::exit::Account;
use crate::inputs::{self, Found};
use crate::render::{self, Row};

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
        &command.input,
        |file, recording| Ok(print(args.json, alone, velocity, file, &recording)),
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
        writeln!(anstream::stdout(), "{}", render::table(&table, velocity))?;
    }
    Ok(account)
}

fn print(json: bool, alone: bool, velocity: Unit, file: &Found, recording: &Recording) -> Printed {
    let measurements = measure(recording);
    if json {
        Printed::Json(document(file, recording, &measurements).to_string())
    } else if alone {
        Printed::Card(render::card(recording, &measurements, velocity))
    } else {
        let name = file.relative.display().to_string();
        Printed::Row(Box::new(Row::new(name, recording, &measurements, velocity)))
    }
}

/// The facts of the recording, its path in front and what was measured behind.
fn document(file: &Found, recording: &Recording, measurements: &Measurements) -> Value {
    let mut document = Map::new();
    document.insert("path".to_owned(), json!(file.path));
    if let Value::Object(facts) = wavekeep_export::facts(recording) {
        document.extend(facts);
    }
    document.insert("measurements".to_owned(), json!(measurements));
    Value::Object(document)
}
