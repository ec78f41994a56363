//! What a patch may do.

use serde_json::{Map, Value};
use wavekeep_core::{BlastQuantity, BlastValueError};

use crate::ledger::LINE_BYTES;
use crate::sidecar::{Corrections, Sidecar};

/// The parts of a sidecar that a patch may change.
pub(super) const PARTS: [&str; 2] = ["review", "extensions"];

/// Why a patch was refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// It is no JSON object.
    #[error("the patch is {found}: expected an object with \"review\" or \"extensions\"")]
    NotAnObject {
        /// What it is.
        found: &'static str,
    },
    /// It names a block that is derived from the files.
    #[error(
        "{name:?} cannot be patched: only \"review\" and \"extensions\" belong to people, all else is derived from the files"
    )]
    NotPatchable {
        /// The block.
        name: String,
    },
    /// It corrects a field that people cannot correct.
    #[error(
        "review.corrections.{name} cannot be set: expected {}",
        crate::sidecar::Corrections::FIELDS.join(", ")
    )]
    NotCorrectable {
        /// The field.
        name: String,
    },
    /// A charge or a distance is none that a blast can have.
    #[error("review.corrections.{quantity} cannot be {found:?}: {why}")]
    NotABlastValue {
        /// The field.
        quantity: BlastQuantity,
        /// What was given.
        found: String,
        /// Why not.
        why: BlastValueError,
    },
    /// A field would get a value of a type that it cannot have.
    #[error("{field} would become {found}: expected {expected} or null")]
    WrongType {
        /// The field.
        field: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What the patch makes of it.
        found: &'static str,
    },
    /// Objects and lists would stand in each other too deep.
    #[error(
        "review and extensions would have {found} levels of objects and lists: at most {most} are kept"
    )]
    TooDeep {
        /// Levels that there would be.
        found: usize,
        /// Levels that there may be.
        most: usize,
    },
    /// The sidecar would become too long.
    #[error(
        "the sidecar would have {found} bytes: at most {most} are kept, keep large data in a file of its own"
    )]
    TooLong {
        /// Bytes that it would have.
        found: usize,
        /// Bytes that it may have.
        most: usize,
    },
    /// What would be written could not be read again.
    #[error("what would be written could not be read again: {why}")]
    NotReadable {
        /// Why not.
        why: String,
    },
}

/// Most levels of objects and lists in a sidecar that a patch may lead to. Readers bound them: a
/// sidecar with more could not be read any more.
const MOST_LEVELS: usize = 64;
/// Most bytes of a sidecar that a patch may lead to.
const MOST_BYTES: usize = 16 << 20;

/// The members of a patch.
pub(super) fn checked(patch: &Value) -> Result<Map<String, Value>, PatchError> {
    let Value::Object(patch) = patch else {
        return Err(PatchError::NotAnObject { found: kind_of(patch) });
    };
    if let Some(name) = patch.keys().find(|name| !PARTS.contains(&name.as_str())) {
        return Err(PatchError::NotPatchable { name: name.clone() });
    }
    for (part, value) in patch {
        if !value.is_object() {
            let field = if part == "review" { "review" } else { "extensions" };
            let (expected, found) = ("an object", kind_of(value));
            return Err(PatchError::WrongType { field, expected, found });
        }
    }
    let corrections = patch.get("review").and_then(|review| review.get("corrections"));
    for (name, value) in corrections.and_then(Value::as_object).into_iter().flatten() {
        if !Corrections::FIELDS.contains(&name.as_str()) {
            return Err(PatchError::NotCorrectable { name: name.clone() });
        }
        let text = value.as_str().filter(|text| !text.is_empty());
        if let (Some(quantity), Some(text)) = (BlastQuantity::named(name), text)
            && let Err(why) = quantity.parse(text)
        {
            let found = text.chars().take(80).collect();
            return Err(PatchError::NotABlastValue { quantity, found, why });
        }
    }
    Ok(patch.clone())
}

/// Whether a review has members of the types that it may have.
pub(super) fn check_review(review: &Value) -> Result<(), PatchError> {
    let wrong = |field, expected, value: &Value| {
        Err(PatchError::WrongType { field, expected, found: kind_of(value) })
    };
    match review.get("false_trigger") {
        None | Some(Value::Null | Value::Bool(_)) => {}
        Some(other) => return wrong("review.false_trigger", "true or false", other),
    }
    for (name, field) in [
        ("reviewer", "review.reviewer"),
        ("reviewed_at", "review.reviewed_at"),
        ("notes", "review.notes"),
    ] {
        match review.get(name) {
            None | Some(Value::Null | Value::String(_)) => {}
            Some(other) => return wrong(field, "a text", other),
        }
    }
    let corrections = match review.get("corrections") {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Object(corrections)) => corrections,
        Some(other) => return wrong("review.corrections", "an object", other),
    };
    match corrections.values().find(|value| !matches!(value, Value::Null | Value::String(_))) {
        Some(other) => wrong("a member of review.corrections", "a text", other),
        None => Ok(()),
    }
}

/// Reads back what is about to be written: a sidecar or a line of the log that cannot be read would
/// take the event away for good. One that another program made too deep or too long may stay so.
pub(super) fn check_result(
    earlier: &Sidecar,
    sidecar: &Sidecar,
    bytes: &[u8],
    line: &str,
) -> Result<(), PatchError> {
    let deepest = |sidecar: &Sidecar| {
        sidecar.document().values().map(levels).max().map_or(0, |levels| levels + 1)
    };
    let (was, found) = (deepest(earlier), deepest(sidecar));
    if found > MOST_LEVELS && found > was {
        return Err(PatchError::TooDeep { found, most: MOST_LEVELS });
    }
    if bytes.len() > MOST_BYTES && bytes.len() > earlier.to_bytes().len() {
        return Err(PatchError::TooLong { found: bytes.len(), most: MOST_BYTES });
    }
    let unreadable = |why: String| PatchError::NotReadable { why };
    let read = Sidecar::parse(bytes).map_err(|error| unreadable(error.to_string()))?;
    if read != *sidecar {
        return Err(unreadable("it would not be read as it is".to_owned()));
    }
    if line.len() > LINE_BYTES {
        return Err(PatchError::TooLong { found: line.len(), most: LINE_BYTES });
    }
    let entry = wavekeep_custody::Entry::parse(line.as_bytes());
    entry.map_err(|error| unreadable(error.to_string()))?;
    Ok(())
}

/// How deep objects and lists stand in each other.
fn levels(value: &Value) -> usize {
    // Not by recursion: what comes from outside does not decide how much of the stack is used.
    let (mut deepest, mut left) = (0, vec![(value, 1)]);
    while let Some((value, level)) = left.pop() {
        let below: Vec<&Value> = match value {
            Value::Array(all) => all.iter().collect(),
            Value::Object(all) => all.values().collect(),
            _ => continue,
        };
        deepest = deepest.max(level);
        left.extend(below.into_iter().map(|value| (value, level + 1)));
    }
    deepest
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
