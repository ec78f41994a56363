//! A part of an archive, for those who may see no more.

use serde::{Deserialize, Serialize};

use crate::EventRow;

/// The events of some units, and of some projects. A field that is not known makes it unreadable: it could
/// say that there is less.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Scope {
    /// Serial numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<String>,
    /// Projects, as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub projects: Vec<String>,
}

impl Scope {
    /// The events of these units and projects; `None` where there are none of either: no limit.
    pub fn new(units: Vec<String>, projects: Vec<String>) -> Option<Self> {
        (!units.is_empty() || !projects.is_empty()).then_some(Self { units, projects })
    }

    /// Whether an event is in it.
    pub fn has(&self, event: &EventRow) -> bool {
        let is_of_project = event.project.as_ref().is_some_and(|of| self.projects.contains(of));
        is_of_project || self.units.contains(&event.serial)
    }
}
