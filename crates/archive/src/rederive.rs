//! Derived files of many events again, with an account of what changes.

use std::path::PathBuf;

use derive_setters::Setters;
use serde::Serialize;
use serde_json::Value;

use crate::derived::is_same_derived;
use crate::facts::{TOOL_VERSION, is_newer};
use crate::remake::RemakeOptions;
use crate::sidecar::Sidecar;
use crate::{Archive, ArchiveError, Query};

/// Which events are derived again, and how.
#[derive(Debug, Clone, Default, PartialEq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct RederiveOptions {
    /// Which events.
    pub query: Query,
    /// Those of the present decoder too.
    pub all: bool,
    /// What becomes of an `.h5` of another program, and whether anything is changed.
    pub remake: RemakeOptions,
}

/// How a value changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Becomes {
    /// Another value.
    Other,
    /// There was none.
    New,
    /// There is none any more.
    Vanished,
    /// It gets worse: assumed instead of stated, incomplete, or more samples are missing.
    Worse,
}

/// A value that changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// Its path in the sidecar: `peak_values.vert`.
    pub field: String,
    /// How it changes.
    pub becomes: Becomes,
    /// The value before.
    pub before: Value,
    /// The value after.
    pub after: Value,
}

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Rederived {
    /// Its number.
    pub id: i64,
    /// Its source file, relative to the root.
    pub path: PathBuf,
    /// The values that change.
    pub differences: Vec<Difference>,
    /// Why there is no new `.h5`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_hdf5: Option<String>,
    /// Why it was not derived again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How it went for all events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RederiveAccount {
    /// Events that were derived again, or would be.
    pub events: u64,
    /// Events that an up-to-date decoder derived: left alone.
    pub up_to_date: u64,
    /// Events that a newer program derived: left alone.
    pub newer: u64,
    /// Values that become others.
    pub other: u64,
    /// Values that appear.
    pub new: u64,
    /// Values that vanish.
    pub vanished: u64,
    /// Values that get worse.
    pub worse: u64,
    /// Files of arrays of another program that were left alone, or could not be written.
    pub without_hdf5: u64,
    /// Events that failed.
    pub failed: u64,
}

impl Archive {
    /// Derives the files of events again that an older decoder derived: arrays, sidecar, row.
    /// `listener` hears of each event.
    ///
    /// # Errors
    /// When the index fails; what is wrong with one event is in its answer.
    pub fn rederive(
        &self,
        options: &RederiveOptions,
        listener: &mut dyn FnMut(&Rederived),
    ) -> Result<RederiveAccount, ArchiveError> {
        let mut account = RederiveAccount::default();
        let mut chosen = Vec::new();
        self.each_event::<ArchiveError>(&options.query, &mut |row| {
            let is_old = row.tool_version.as_deref() != Some(TOOL_VERSION);
            if row.kind == "stream" {
                return Ok(());
            }
            let event = self.layout().event(&row.serial, &row.filename);
            let wants_gnz = options.remake.gnz && self.read_if_there(&event.gnz())?.is_none();
            if is_newer(row.tool_version.as_deref()) {
                account.newer += 1;
                return Ok(());
            }
            match options.all || is_old || wants_gnz {
                true => chosen.push((row.id, self.relative(&event.source()))),
                false => account.up_to_date += 1,
            }
            Ok(())
        })?;
        for (id, path) in chosen {
            let mut one =
                Rederived { id, path, differences: Vec::new(), without_hdf5: None, error: None };
            match self.regenerate(id, options.remake) {
                Ok(remade) => {
                    account.events += 1;
                    one.differences = differences(&remade.before, &remade.after);
                    account.without_hdf5 += u64::from(remade.without_hdf5.is_some());
                    one.without_hdf5 = remade.without_hdf5;
                }
                Err(error) => {
                    account.failed += 1;
                    one.error = Some(error.to_string());
                }
            }
            for difference in &one.differences {
                *match difference.becomes {
                    Becomes::Other => &mut account.other,
                    Becomes::New => &mut account.new,
                    Becomes::Vanished => &mut account.vanished,
                    Becomes::Worse => &mut account.worse,
                } += 1;
            }
            listener(&one);
        }
        Ok(account)
    }
}

/// The derived values that differ.
fn differences(before: &Sidecar, after: &Sidecar) -> Vec<Difference> {
    let mut out = Vec::new();
    for block in ["event", "peak_values", "project_info"] {
        let null = Value::Null;
        let (was, is) = (before.document().get(block), after.document().get(block));
        compare(block, was.unwrap_or(&null), is.unwrap_or(&null), &mut out);
    }
    let missing = |sidecar: &Sidecar| sidecar.decode().missing_samples;
    let (was, is) = (missing(before), missing(after));
    if was != is && was.is_some() {
        let becomes = if is > was { Becomes::Worse } else { Becomes::Other };
        let field = "extensions.decode.missing_samples".to_owned();
        out.push(Difference { field, becomes, before: was.into(), after: is.into() });
    }
    out
}

fn compare(field: &str, before: &Value, after: &Value, out: &mut Vec<Difference>) {
    if let (Value::Object(before), Value::Object(after)) = (before, after) {
        let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
        names.sort();
        names.dedup();
        let null = Value::Null;
        for name in names {
            let (was, is) = (before.get(name), after.get(name));
            let field = format!("{field}.{name}");
            compare(&field, was.unwrap_or(&null), is.unwrap_or(&null), out);
        }
        return;
    }
    if is_same_derived(before, after) {
        return;
    }
    let becomes = match (before, after) {
        // Names of assumed fields: a longer list knows less.
        (Value::Array(before), Value::Array(after)) => {
            match after.iter().any(|name| !before.contains(name)) {
                true => Becomes::Worse,
                false => Becomes::Other,
            }
        }
        (_, Value::String(flag)) if field.contains(".flags.") && flag == "incomplete" => {
            Becomes::Worse
        }
        (Value::Null, _) => Becomes::New,
        (_, Value::Null) if field.contains(".flags.") => Becomes::Other,
        (_, Value::Null) => Becomes::Vanished,
        _ => Becomes::Other,
    };
    let (before, after) = (before.clone(), after.clone());
    out.push(Difference { field: field.to_owned(), becomes, before, after });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn becomes(before: Value, after: Value) -> Vec<(String, Becomes)> {
        let mut out = Vec::new();
        compare("peak_values", &before, &after, &mut out);
        out.into_iter().map(|difference| (difference.field, difference.becomes)).collect()
    }

    #[test]
    fn values_that_vanish_or_get_worse_are_told_from_others() {
        assert_eq!(
            becomes(
                json!({"vert": 1.0, "tran": 2.0, "long": null, "flags": {}}),
                json!({"vert": 1.5, "tran": null, "long": 1.0, "flags": {"vert": "incomplete"}}),
            ),
            [
                ("peak_values.flags.vert".to_owned(), Becomes::Worse),
                ("peak_values.long".to_owned(), Becomes::New),
                ("peak_values.tran".to_owned(), Becomes::Vanished),
                ("peak_values.vert".to_owned(), Becomes::Other),
            ]
        );
        // The last bits depend on the C library: nobody has to look at them.
        let last_bits = becomes(
            json!({"mic": 0.006_599_499_689_499_845}),
            json!({"mic": 0.006_599_499_689_499_852}),
        );
        assert_eq!(last_bits, []);
        assert_eq!(
            becomes(json!({"assumed": []}), json!({"assumed": ["range"]})),
            [("peak_values.assumed".to_owned(), Becomes::Worse)]
        );
    }
}
