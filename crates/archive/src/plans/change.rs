//! What happened to a plan, as the ledger has it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wavekeep_custody::Entry;

use super::{Placement, PlanPicture};

/// What was done to a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum PlanDone {
    /// A location was placed on it, or taken off.
    Place {
        /// The location.
        location: String,
        /// Shares of width and height; `None` where it was taken off.
        place: Option<[f64; 2]>,
        /// SHA-256 of the picture on which it was placed.
        picture: String,
    },
    /// Its picture was set, or taken away.
    Picture {
        /// The picture.
        picture: Option<PlanPicture>,
    },
}

impl PlanDone {
    /// The picture that was set.
    pub(super) fn picture(&self) -> Option<&PlanPicture> {
        match self {
            Self::Picture { picture } => picture.as_ref(),
            Self::Place { .. } => None,
        }
    }

    /// The same as it was before anything was done.
    pub(super) fn nothing(&self) -> Self {
        match self {
            Self::Picture { .. } => Self::Picture { picture: None },
            Self::Place { location, picture, .. } => {
                let (location, picture) = (location.clone(), picture.clone());
                Self::Place { location, place: None, picture }
            }
        }
    }
}

/// A change of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PlanChange {
    /// The entry in the ledger.
    pub entry: u64,
    /// When, in UTC.
    pub at: String,
    /// Who.
    pub who: String,
    /// The project; `None` is the whole archive.
    pub project: Option<String>,
    /// What.
    #[serde(flatten)]
    pub done: PlanDone,
    /// The entry that it takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undoes: Option<u64>,
}

impl PlanChange {
    /// The picture that was set.
    pub fn picture(&self) -> Option<&PlanPicture> {
        self.done.picture()
    }

    pub(super) fn new(project: Option<&str>, done: PlanDone) -> Self {
        let (at, who) = (String::new(), String::new());
        Self { entry: 0, at, who, project: project.map(str::to_owned), done, undoes: None }
    }

    /// What an entry says; `None` where this program does not understand it.
    pub(super) fn of(entry: Entry) -> Option<Self> {
        let said = entry.more.get("plan")?;
        let project = match said.get("project") {
            None | Some(Value::Null) => None,
            Some(project) => Some(project.as_str()?.to_owned()),
        };
        let done = PlanDone::deserialize(said).ok()?;
        let undoes = entry.more.get("undoes").and_then(Value::as_u64);
        Some(Self { entry: entry.entry, at: entry.at, who: entry.who, project, done, undoes })
    }

    /// What the entry says of it.
    pub(super) fn said(&self) -> Value {
        // Plain data: it always has a JSON form.
        let mut said = serde_json::to_value(&self.done).unwrap_or_default();
        if let Some(project) = &self.project {
            said["project"] = json!(project);
        }
        said
    }

    /// Whether another change is of the same picture or place.
    pub(super) fn is_of_same(&self, other: &Self) -> bool {
        let is_same = match (&self.done, &other.done) {
            (PlanDone::Picture { .. }, PlanDone::Picture { .. }) => true,
            (PlanDone::Place { location, .. }, PlanDone::Place { location: of, .. }) => {
                location == of
            }
            _ => false,
        };
        is_same && self.project == other.project
    }

    /// Where the location is on a picture.
    pub(super) fn placement(&self, sha256: &str) -> Option<Placement> {
        let PlanDone::Place { location, place: Some([x, y]), picture } = &self.done else {
            return None;
        };
        let is_on = |share: &f64| (0.0..=1.0).contains(share);
        (is_on(x) && is_on(y)).then(|| Placement {
            location: location.clone(),
            x: *x,
            y: *y,
            on_this_picture: picture == sha256,
            entry: self.entry,
            at: self.at.clone(),
            who: self.who.clone(),
        })
    }
}
