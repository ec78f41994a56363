//! Peaks against scaled distance.

use serde::Deserialize;
use wavekeep_archive::{Archive, BlastMedium, Query};
use wavekeep_core::Unit;
use wavekeep_period::{BlastQuestion, ScaledDistanceReport};

use crate::failure::Failure;

/// What is asked of the law of a site, with the names of the HTTP interface.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    medium: String,
    velocity: String,
    limit: Option<f64>,
    distance: Option<String>,
    charge: Option<String>,
}

impl Asked {
    /// The answer as JSON, with all events.
    pub fn answer(&self, archive: &Archive, query: &Query) -> Result<String, Failure> {
        let bad = |error: &dyn std::fmt::Display| Failure::new("BadArgumentError", error);
        let medium: BlastMedium = self.medium.parse().map_err(|error| bad(&error))?;
        let velocity: Unit = self.velocity.parse().map_err(|error| bad(&error))?;
        let (distance, charge) = (self.distance.as_deref(), self.charge.as_deref());
        let question = BlastQuestion::written((medium, velocity), self.limit, distance, charge)
            .map_err(|error| bad(&error))?;
        let report = ScaledDistanceReport::new(archive.scaled_distances(query, medium)?, velocity);
        Ok(report.document(question, 0, usize::MAX).to_string())
    }
}
