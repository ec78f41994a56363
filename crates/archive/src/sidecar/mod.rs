//! The sidecar `<filename>.sfm.json`, schema 1: `docs/archive.md`.
//!
//! A sidecar is kept as the document that was read. What is known of it is a typed view; writing a
//! block puts its fields into the document and leaves every other field where it was, at every
//! level, in its order. So whatever another program keeps there survives.

mod blocks;
mod patch;
mod seal;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use blocks::{
    Corrections, DecodeBlock, EventBlock, FlagWord, OwnBlock, PeakValues, ProjectInfo, Review,
    SourceBlock, SourceFile, Stated,
};
pub(crate) use patch::merge_patch;
pub(crate) use seal::{Seal, check_seal};

/// The version of the schema that is written.
pub const SCHEMA_VERSION: u64 = 1;
/// `kind` of an event's sidecar.
pub const EVENT_KIND: &str = "sfm.event";
/// `kind` of a stream's sidecar.
pub const STREAM_KIND: &str = "sfm.stream";
/// Largest sidecar that is read, in bytes.
pub const SIDECAR_BYTES: u64 = 64 << 20;

/// A sidecar.
#[derive(Debug, Clone, PartialEq)]
pub struct Sidecar {
    document: Map<String, Value>,
}

/// Why a sidecar cannot be understood. It is left alone then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SidecarError {
    /// Not JSON, or no object.
    #[error("the sidecar is not a JSON object: {0}")]
    NotJson(String),
    /// Written by a newer program.
    #[error(
        "the sidecar has schema_version {found}, this program knows {SCHEMA_VERSION}: use a newer program; the file was left alone"
    )]
    NewerSchema {
        /// The version that stands there.
        found: String,
    },
    /// Too long to be one.
    #[error("the sidecar has {bytes} bytes: more than {SIDECAR_BYTES}, which no program writes")]
    TooLong {
        /// Its length.
        bytes: u64,
    },
}

impl Sidecar {
    /// A sidecar without blocks.
    pub(crate) fn new(kind: &str) -> Self {
        let mut document = Map::new();
        document.insert("schema_version".to_owned(), SCHEMA_VERSION.into());
        document.insert("kind".to_owned(), kind.into());
        Self { document }
    }

    /// Reads a sidecar. Fields that are not known, or not of the type that they should have, are
    /// kept.
    ///
    /// # Errors
    /// [`SidecarError`]. A missing `schema_version` counts as 1.
    pub fn parse(bytes: &[u8]) -> Result<Self, SidecarError> {
        if bytes.len() as u64 > SIDECAR_BYTES {
            return Err(SidecarError::TooLong { bytes: bytes.len() as u64 });
        }
        // Windows editors put a mark in front.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let document: Map<String, Value> = serde_json::from_slice(bytes)
            .map_err(|error| SidecarError::NotJson(error.to_string()))?;
        match document.get("schema_version") {
            None => {}
            Some(version) if version.as_u64().is_some_and(|v| v <= SCHEMA_VERSION) => {}
            Some(version) if version.as_f64().is_some_and(|v| v <= SCHEMA_VERSION as f64) => {}
            Some(version) => {
                return Err(SidecarError::NewerSchema { found: version.to_string() });
            }
        }
        Ok(Self { document: seal::without_seal(document) })
    }

    /// The sidecar as it is stored: indented, with a line end, and with its own checksum when this
    /// program has a block in it.
    pub fn to_bytes(&self) -> Vec<u8> {
        seal::sealed(&self.document)
    }

    /// The whole document.
    pub fn document(&self) -> &Map<String, Value> {
        &self.document
    }

    /// The whole document.
    pub fn into_value(self) -> Value {
        Value::Object(self.document)
    }

    /// `sfm.event` or `sfm.stream`.
    pub fn kind(&self) -> &str {
        self.document.get("kind").and_then(Value::as_str).unwrap_or(EVENT_KIND)
    }

    /// What is known of the event.
    pub fn event(&self) -> EventBlock {
        self.view("event")
    }

    /// The source file.
    pub fn source_file(&self) -> SourceFile {
        self.view("blastware")
    }

    /// The peaks.
    pub fn peak_values(&self) -> PeakValues {
        self.view("peak_values")
    }

    /// The user notes, as they were typed into the unit.
    pub fn project_info(&self) -> ProjectInfo {
        self.view("project_info")
    }

    /// The user notes with the corrections that people made, and the fields that these changed.
    pub fn corrected_info(&self) -> (ProjectInfo, Vec<&'static str>) {
        let mut info = self.project_info();
        let corrected = self.review().corrections.unwrap_or_default().correct(&mut info);
        (info, corrected)
    }

    /// Where the event came from.
    pub fn source(&self) -> SourceBlock {
        self.view("source")
    }

    /// What people say of the event.
    pub fn review(&self) -> Review {
        self.view("review")
    }

    /// What this program keeps for itself.
    pub fn own(&self) -> OwnBlock {
        self.view("wavekeep")
    }

    /// What the decoder met.
    pub fn decode(&self) -> DecodeBlock {
        let extensions = self.document.get("extensions");
        let decode = extensions.and_then(|extensions| extensions.get("decode"));
        decode.cloned().and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default()
    }

    /// What the vendor's report states, as it was stored; `None` where no report was read.
    pub fn report(&self) -> Option<&Value> {
        let idf = self.document.get("extensions").and_then(|all| all.get("idf_report"));
        let found = self.document.get("bw_report").filter(|report| !report.is_null()).or(idf);
        found.filter(|report| report.is_object())
    }

    /// A text of the report, as it was printed; `None` where it is not stated.
    pub fn reported(&self, what: &str) -> Option<String> {
        let text = self.report()?.get(what)?.as_str()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// A part of the document that can be patched: `review` or `extensions`.
    pub(crate) fn part(&self, name: &str) -> Value {
        self.document.get(name).cloned().unwrap_or_else(|| Value::Object(Map::new()))
    }

    pub(crate) fn set_part(&mut self, name: &str, value: Value) {
        self.document.insert(name.to_owned(), value);
    }

    /// Puts the fields of a block into the document.
    pub(crate) fn set<T: Serialize>(&mut self, block: &str, fields: &T) {
        overlay(&mut self.document, block, fields);
    }

    /// Puts the fields of a block into `extensions`.
    pub(crate) fn set_extension<T: Serialize>(&mut self, block: &str, fields: &T) {
        let extensions = self.document.entry("extensions").or_insert_with(|| Map::new().into());
        if !extensions.is_object() {
            *extensions = Value::Object(Map::new());
        }
        if let Value::Object(extensions) = extensions {
            overlay(extensions, block, fields);
        }
    }

    fn view<T: DeserializeOwned + Default>(&self, block: &str) -> T {
        let block = self.document.get(block).filter(|block| block.is_object());
        block.and_then(|block| T::deserialize(block).ok()).unwrap_or_default()
    }
}

fn overlay<T: Serialize>(document: &mut Map<String, Value>, block: &str, fields: &T) {
    // Blocks are plain structs of numbers, texts and maps: they always have a JSON form.
    let fields = serde_json::to_value(fields).unwrap_or_default();
    match (document.get_mut(block), fields) {
        (Some(Value::Object(there)), Value::Object(fields)) => there.extend(fields),
        (_, fields) => drop(document.insert(block.to_owned(), fields)),
    }
}
