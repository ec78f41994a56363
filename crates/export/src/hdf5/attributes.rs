//! The facts of a recording as attributes of the root, each by its own type.

use serde_json::Value;
use wavekeep_core::{Assumed, Basis, Recording, TimeAxis};

use crate::facts::assumed;
use crate::hdf5::store::{Attribute, Store, Stored};

/// Sets the attributes of the root. A fact that may be assumed has its basis beside it, as
/// `<fact>_basis`; facts in the format's own words carry the format's word: `blastware.end_key`.
pub(super) fn of_recording(store: &mut impl Store, recording: &Recording, facts: &Value) -> Stored {
    let mut root = Root { store };
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
struct Root<'s, S> {
    store: &'s mut S,
}

impl<S: Store> Root<'_, S> {
    fn set(&mut self, name: &str, value: Attribute<'_>) -> Stored {
        self.store.attribute("/", name, value)
    }

    fn text(&mut self, name: &str, text: &str) -> Stored {
        self.set(name, Attribute::Text(&whole(text)))
    }

    fn texts(&mut self, name: &str, texts: &[&str]) -> Stored {
        let whole: Vec<String> = texts.iter().map(|text| whole(text)).collect();
        let whole: Vec<&str> = whole.iter().map(String::as_str).collect();
        self.set(name, Attribute::Texts(&whole))
    }

    fn real(&mut self, name: &str, value: &Assumed<f64>) -> Stored {
        self.set(name, Attribute::Real(value.value))?;
        self.basis(name, value)
    }

    fn basis<T>(&mut self, name: &str, value: &Assumed<T>) -> Stored {
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
    fn metadata(&mut self, name: &str, value: &Value) -> Stored {
        let name = whole(name);
        match value {
            Value::String(text) => self.text(&name, text),
            Value::Bool(flag) => self.set(&name, Attribute::Flag(*flag)),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => self.set(&name, Attribute::Integer(integer)),
                (None, Some(real)) => self.set(&name, Attribute::Real(real)),
                (None, None) => Ok(()),
            },
            Value::Null | Value::Array(_) | Value::Object(_) => Ok(()),
        }
    }
}

/// HDF5 ends a string at its first zero byte: it is shown instead of cutting the text.
fn whole(text: &str) -> String {
    text.replace('\0', "\u{2400}")
}

fn integer(bytes: u64) -> Attribute<'static> {
    Attribute::Integer(i64::try_from(bytes).unwrap_or(i64::MAX))
}
