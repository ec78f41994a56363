//! What people say of an event, as its page prints it.

use wavekeep_archive::{BlastValue, Corrections, EventRow};
use wavekeep_report::{Correction, Review};

/// The review of an event, and what they corrected.
pub fn review_of(row: &EventRow) -> Review {
    let blast = row.blast();
    let shown = |value: Option<BlastValue>| value.map(|value| value.reading.to_string());
    let (charge, distance) = (shown(blast.charge), shown(blast.distance));
    let texts = [&row.project, &row.client, &row.operator, &row.location, &charge, &distance];
    let roles = ["project", "client", "operator", "sensor_location", "charge", "distance"];
    let corrected: Vec<String> = serde_json::from_str(&row.corrected).unwrap_or_default();
    let corrections = Corrections::FIELDS.into_iter().zip(roles.into_iter().zip(texts));
    let corrections = corrections
        .filter(|(field, _)| corrected.iter().any(|of| of == field))
        .map(|(_, (role, text))| Correction { role, text: text.clone() })
        .collect();
    Review {
        false_trigger: row.false_trigger,
        reviewer: row.reviewer.clone(),
        reviewed_at: row.reviewed_at.clone(),
        notes: row.review_notes.clone(),
        corrections,
    }
}
