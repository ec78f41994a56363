//! Facts and metadata as attributes, each by its own type.

use gnz::Object;
use serde_json::Value;
use wavekeep_core::{Assumed, Basis, Recording, TimeAxis};

use super::objects::{Attribute, Objects};
use super::plain;
use crate::ExportError;
use crate::facts::{assumed, facts};

/// Longest name of an attribute in bytes: its message has 64 KiB for the name and all else.
const NAME_BYTES: usize = 1024;
/// The attribute with all metadata.
const METADATA: &str = "metadata";

/// Sets the attributes of the root. A fact that may be assumed has its basis beside it, as
/// `<fact>_basis`; facts in the format's own words carry the format's word: `blastware.end_key`.
pub(super) fn of_recording(
    objects: &mut dyn Objects,
    recording: &Recording,
) -> Result<(), ExportError> {
    let facts = facts(recording);
    let mut root = Root { objects };
    root.text("format", recording.format.id)?;
    root.text("format_name", recording.format.name)?;
    root.text("kind", facts["kind"].as_str().unwrap_or_default())?;
    root.text("clock", "unit-local: the instrument's own, no time zone is known")?;
    root.text("program", concat!("wavekeep ", env!("CARGO_PKG_VERSION")))?;
    if let Some(serial) = &recording.serial {
        root.text("serial", &serial.value)?;
        root.basis("serial", serial)?;
    }
    for (name, moment) in [("start", &recording.start), ("stop", &recording.stop)] {
        if let Some(moment) = moment {
            root.text(name, &moment.value.0.to_string())?;
            root.basis(name, moment)?;
        }
    }
    match &recording.time {
        TimeAxis::Samples { rate_hz, pretrigger_s } => {
            root.real("rate_hz", rate_hz)?;
            root.real("pretrigger_s", pretrigger_s)?;
        }
        TimeAxis::Intervals { start, length_s } => {
            if let Some(start) = start {
                root.text("interval_start", &start.value.0.to_string())?;
                root.basis("interval_start", start)?;
            }
            if let Some(length_s) = length_s {
                root.real("interval_length_s", length_s)?;
            }
        }
    }
    if let Some(range) = &recording.range {
        root.text("range", &range.value.to_string())?;
        root.set("range_in_per_s", Attribute::Real(range.value.in_per_s()))?;
        root.basis("range", range)?;
    }
    if let Some(name) = &recording.source.name {
        root.text("source_name", name)?;
    }
    root.set("source_bytes", integer(recording.source.bytes))?;
    if let Some(sha256) = &recording.source.sha256 {
        root.text("source_sha256", sha256)?;
    }
    root.set("damaged", Attribute::Flag(recording.report.is_damaged()))?;
    let notes: Vec<&str> =
        recording.report.notes().iter().map(|note| note.message.as_str()).collect();
    root.texts("notes", &notes)?;
    root.texts("assumed", &assumed(recording))?;
    for (key, value) in &recording.metadata {
        root.metadata(&format!("{}.{key}", recording.format.id), value)?;
    }
    root.text("facts", &facts.to_string())
}

/// The root group, with the checks that strings need.
struct Root<'s> {
    objects: &'s mut dyn Objects,
}

impl Root<'_> {
    fn set(&mut self, name: &str, value: Attribute<'_>) -> Result<(), ExportError> {
        self.objects.attribute("/", name, &value)
    }

    fn text(&mut self, name: &str, text: &str) -> Result<(), ExportError> {
        self.set(name, Attribute::Text(&whole(text)))
    }

    fn texts(&mut self, name: &str, texts: &[&str]) -> Result<(), ExportError> {
        let whole: Vec<String> = texts.iter().map(|text| whole(text)).collect();
        let whole: Vec<&str> = whole.iter().map(String::as_str).collect();
        self.set(name, Attribute::Texts(&whole))
    }

    fn real(&mut self, name: &str, value: &Assumed<f64>) -> Result<(), ExportError> {
        self.set(name, Attribute::Real(value.value))?;
        self.basis(name, value)
    }

    fn basis<T>(&mut self, name: &str, value: &Assumed<T>) -> Result<(), ExportError> {
        let word = match value.basis {
            Basis::File => "file",
            Basis::FileName => "file_name",
            Basis::Report => "report",
            Basis::Option => "option",
            Basis::Assumed => "assumed",
        };
        self.text(&format!("{name}_basis"), word)
    }

    /// A fact of the format; lists and objects are in `facts` only.
    fn metadata(&mut self, name: &str, value: &Value) -> Result<(), ExportError> {
        let name = whole(name);
        match value {
            Value::String(text) => self.text(&name, text),
            value => plain(value).map_or(Ok(()), |value| self.set(&name, value)),
        }
    }
}

/// Sets the metadata of a stream or of arrays; what has no place as an attribute of its own stands in
/// the JSON.
pub(super) fn of_metadata(objects: &mut dyn Objects, metadata: &Object) -> Result<(), ExportError> {
    if metadata.is_empty() {
        return Ok(());
    }
    for (key, value) in metadata.iter() {
        if key.is_empty() || key.len() > NAME_BYTES || key.contains('\0') || key == METADATA {
            continue;
        }
        let attribute = match value {
            gnz::Value::String(text) if !text.contains('\0') => Attribute::Text(text),
            gnz::Value::Bool(flag) => Attribute::Flag(*flag),
            gnz::Value::Float(number) => Attribute::Real(*number),
            gnz::Value::Integer(number) => match number.to_i64() {
                Some(number) => Attribute::Integer(number),
                None => continue,
            },
            _ => continue,
        };
        objects.attribute("/", key, &attribute)?;
    }
    let json = gnz::Value::from(metadata.clone()).to_string();
    objects.attribute("/", METADATA, &Attribute::Text(&json))
}

/// Sets an attribute of an array, when it is text, a number or a truth value.
pub(super) fn set(
    objects: &mut dyn Objects,
    path: &str,
    name: &str,
    value: &Value,
) -> Result<(), ExportError> {
    match value {
        Value::String(text) => objects.attribute(path, name, &Attribute::Text(&whole(text))),
        value => plain(value).map_or(Ok(()), |value| objects.attribute(path, name, &value)),
    }
}

/// HDF5 ends a string at its first zero byte: it is shown instead of cutting the text.
fn whole(text: &str) -> String {
    text.replace('\0', "\u{2400}")
}

fn integer(bytes: u64) -> Attribute<'static> {
    Attribute::Integer(i64::try_from(bytes).unwrap_or(i64::MAX))
}
