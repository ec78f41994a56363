//! What a lake has, as it stands in the lake itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::LakeError;
use crate::changes::Seen;
use crate::delta::Log;
use crate::month::Month;
use crate::part::Part;
use crate::store::{Stamp, Store, When};

/// The folder of a lake in which this program keeps its own; readers pass over it.
pub(crate) const OWN_FOLDER: &str = "_wavekeep";
/// Where the state stands.
const STATE: &str = "_wavekeep/lake.json";
/// The only format so far.
const VERSION: u64 = 1;

/// How a lake is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// One Parquet file a month, under a name that stays: any reader of Parquet finds them by their
    /// folder.
    #[default]
    Parquet,
    /// Parquet files under unique names, and the log of Delta Lake, which says which of them count.
    Delta,
}

impl Layout {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Delta => "delta",
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a lake has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Version of this format.
    version: u64,
    /// The archive, by the name that its ledger drew.
    pub(crate) archive: String,
    pub(crate) layout: Layout,
    /// The program that wrote the files.
    pub(crate) program: String,
    /// Up to where changes of the archive are in the files. `None` until the first update ends.
    pub(crate) seen: Option<Seen>,
    /// The file of each month that has events.
    pub(crate) parts: BTreeMap<Month, Part>,
    /// Months whose files are being replaced. After an update that was cut short these may be old,
    /// new or absent.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) writing: BTreeSet<Month>,
    /// Months that another update may still be replacing, where nothing keeps two of them apart: until
    /// which moment, in milliseconds since 1970, whatever is found there is written anew.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) contested: BTreeMap<Month, i64>,
    /// The log of Delta Lake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) delta: Option<Log>,
}

/// The part of a state that says whether the rest can be understood.
#[derive(Deserialize)]
struct Version {
    version: u64,
}

impl State {
    /// Of a lake that has nothing yet.
    pub(crate) fn new(archive: String, layout: Layout) -> Self {
        Self {
            version: VERSION,
            archive,
            layout,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            seen: None,
            parts: BTreeMap::new(),
            writing: BTreeSet::new(),
            contested: BTreeMap::new(),
            delta: (layout == Layout::Delta).then(Log::default),
        }
    }

    /// The state of a lake of `archive`; `None` where there is none.
    pub(crate) fn read(
        store: &dyn Store,
        place: &str,
        archive: &str,
        layout: Layout,
    ) -> Result<Option<(Self, Stamp)>, LakeError> {
        let Some((content, stamp)) = store.get(STATE)? else { return Ok(None) };
        let damaged = |error: serde_json::Error| LakeError::Damaged {
            file: store.shown(STATE),
            what: error.to_string(),
        };
        let Version { version } = serde_json::from_slice(&content).map_err(damaged)?;
        if version != VERSION {
            let file = store.shown(STATE);
            return Err(LakeError::Newer { file, found: version, known: VERSION });
        }
        let state: Self = serde_json::from_slice(&content).map_err(damaged)?;
        let place = place.to_owned();
        if state.archive != archive {
            let (found, expected) = (state.archive, archive.to_owned());
            return Err(LakeError::OtherArchive { place, found, expected });
        }
        if state.layout != layout {
            return Err(LakeError::OtherLayout { place, found: state.layout.word() });
        }
        if state.delta.is_some() != (layout == Layout::Delta) {
            let what = format!("what it says of the log does not go with the layout {layout}");
            return Err(LakeError::Damaged { file: store.shown(STATE), what });
        }
        Ok(Some((state, stamp)))
    }

    /// Writes the state over the one of `before`; the first one where there is none.
    pub(crate) fn write(
        &self,
        store: &dyn Store,
        place: &str,
        before: Option<&Stamp>,
    ) -> Result<Stamp, LakeError> {
        let damaged = |error: serde_json::Error| LakeError::Damaged {
            file: store.shown(STATE),
            what: error.to_string(),
        };
        let mut content = serde_json::to_vec(self).map_err(damaged)?;
        content.push(b'\n');
        let written = store.put(STATE, content, before.map_or(When::Absent, When::Unchanged))?;
        written.ok_or_else(|| LakeError::Overtaken { place: place.to_owned() })
    }
}
